"""Where the points of a diagram and the bars of a barcode lie: numbers only, no ink.

What cannot be drawn where it is, is drawn at a place of its own: a bar that never dies ends at ``Frame.infinity``,
above every finite value; a censored one ends at the threshold, where its fate was not followed further.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .bars import Barcode, Bars, Flags, Floats, Indices

MARGIN = 0.05
"""Empty space around the data, as a share of its extent."""

LANES = 56
"""So many bars of one dimension, the longest, get a lane of their own in a barcode; the others share a thin block."""

GAP, EMPTY, FEW = 2.0, 3.0, 8.0
"""The space between two bands and the height of one without bars, in lanes; fewer bars than FEW get wider lanes."""

SLIM, CROWDED = 30.0, 90.0
"""A bar takes 0.8 of its lane, and at most 1 / SLIM of the whole height, so that few bars do not become slabs. When the
whole is more than CROWDED lanes high, bars touch: where a lane is few pixels high, gaps between bars only flicker."""


@dataclass(frozen=True)
class Frame:
    """The extent of a picture, the same for births and deaths.

    ``low`` and ``high`` bound the finite values; ``infinity`` is where an infinite death is drawn, or None when there
    is none; ``threshold`` is where a censored one is drawn, or None; ``bottom`` and ``top`` are the limits of the axes.
    """

    low: float
    high: float
    infinity: float | None
    threshold: float | None
    bottom: float
    top: float


@dataclass(frozen=True)
class DiagramPoints:
    """One dimension of a diagram. Each (., 2) array holds places (birth, death); ``*_bar`` are their bars."""

    dimension: int
    finite: Floats
    finite_bar: Indices
    infinite: Floats
    infinite_bar: Indices
    censored: Floats
    censored_bar: Indices

    def __len__(self) -> int:
        return len(self.finite) + len(self.infinite) + len(self.censored)


@dataclass(frozen=True)
class Band:
    """One dimension of a barcode: a rectangle a bar.

    ``left``, ``right``, ``bottom``, ``height`` (m,) are the rectangles; y grows downwards from ``top`` to ``end``.
    ``bar`` (m,) is the bar each stands for; ``infinite`` and ``censored`` (m,) say how it ends. The first ``lanes`` of
    them have a lane of their own, the others share the block below.
    """

    dimension: int
    top: float
    end: float
    lanes: int
    bar: Indices
    left: Floats
    right: Floats
    bottom: Floats
    height: Floats
    infinite: Flags
    censored: Flags


def frame(barcode: Barcode) -> Frame:
    """The extent that shows every bar of ``barcode``.

    >>> import numpy as np
    >>> from toposcope.plot.bars import read_bars
    >>> f = frame(read_bars([np.array([[0.0, 2.0], [0.0, np.inf]])]))
    >>> f.low, f.high, f.infinity > f.high, f.threshold
    (0.0, 2.0, True, None)
    """
    values = [0.0]
    censored = any(bars.censored.any() for bars in barcode)
    essential = any(bars.essential.any() for bars in barcode)
    for bars in barcode:
        values += [*_extremes(bars.births), *_extremes(bars.deaths[bars.finite])]
    if censored and barcode.threshold is not None:
        values.append(barcode.threshold)
    low, high = min(values), max(values)
    if high == low:
        high = low + 1.0
    extent = high - low
    threshold = None
    if censored:
        threshold = high + MARGIN * extent if barcode.threshold is None else barcode.threshold
        high = max(high, threshold)
    infinity = high + 2 * MARGIN * extent if essential else None
    top = (high if infinity is None else infinity) + MARGIN * extent
    return Frame(low, high, infinity, threshold, low - MARGIN * extent, top)


def diagram_points(barcode: Barcode, within: Frame | None = None) -> list[DiagramPoints]:
    """Where each bar lies in the diagram, one element a dimension."""
    extent = within or frame(barcode)
    return [_points(bars, extent) for bars in barcode]


def barcode_bands(
    barcode: Barcode,
    within: Frame | None = None,
    *,
    order: str = "birth",
    lanes: int = LANES,
    crowded: float = CROWDED,
) -> list[Band]:
    """Where each bar lies in the barcode, one band a dimension, H0 at the top (y = 0).

    Parameters
    ----------
    order : "birth" or "length"
        Sorting within a band, from the top: by birth and then death, or longest first.
    lanes : int
        So many bars a dimension, the longest, get a lane each, one unit high (up to two when they are few).
        The others, too thin to see one by one, share a block of a quarter of the height of all lanes.
    crowded : float
        From so many lanes on, in all dimensions together, bars touch.

    Notes
    -----
    ``toposcope/report/pictures.js`` draws the same barcode, by the same rules.

    >>> import numpy as np
    >>> from toposcope.plot.bars import read_bars
    >>> (band,) = barcode_bands(read_bars([np.array([[0.0, 1.0], [0.0, 3.0]])]))
    >>> band.bottom + band.height / 2, band.right
    (array([1., 3.]), array([1., 3.]))
    """
    if order not in ("birth", "length"):
        raise ValueError(f"order is {order!r}: use 'birth' or 'length'")
    extent = within or frame(barcode)
    bands: list[Band] = []
    top = 0.0
    for bars in barcode:
        band = _band(bars, extent, top, order, lanes)
        bands.append(band)
        top = band.end + GAP
    return [_inked(band, bands[-1].end, crowded) for band in bands]


def betti_curve(bars: Bars, extent: Frame) -> tuple[Floats, Indices]:
    """The number of bars alive at each value: a step function with steps at ``grid``, constant to the right of each.

    A bar is alive on [birth, death).

    Returns
    -------
    grid : (s,) float64, ascending, from ``extent.low`` to ``extent.high``
    alive : (s,) int64

    >>> import numpy as np
    >>> from toposcope.plot.bars import read_bars
    >>> barcode = read_bars([np.array([[0.0, 1.0], [0.0, 3.0]])])
    >>> betti_curve(barcode.dimensions[0], frame(barcode))
    (array([0., 1., 3.]), array([2, 1, 0]))
    """
    grid = np.unique(np.concatenate([[extent.low, extent.high], bars.births, bars.deaths[bars.finite]]))
    grid = grid[grid <= extent.high]
    born = np.searchsorted(np.sort(bars.births), grid, side="right")
    dead = np.searchsorted(np.sort(bars.deaths), grid, side="right")
    return grid, (born - dead).astype(np.int64)


def _extremes(values: Floats) -> list[float]:
    return [float(values.min()), float(values.max())] if len(values) else []


def _points(bars: Bars, extent: Frame) -> DiagramPoints:
    def place(mask: Flags, height: float | None) -> tuple[Floats, Indices]:
        deaths = bars.deaths[mask] if height is None else np.full(int(mask.sum()), height)
        return np.column_stack([bars.births[mask], deaths]), np.flatnonzero(mask)

    finite = place(bars.finite, None)
    infinite = place(bars.essential, extent.infinity)
    censored = place(bars.censored, extent.threshold)
    return DiagramPoints(bars.dimension, *finite, *infinite, *censored)


def _band(bars: Bars, extent: Frame, top: float, order: str, lanes: int) -> Band:
    longest = np.argsort(-bars.lengths, kind="stable")
    own, shared = longest[:lanes], longest[lanes:]
    if order == "birth":
        own, shared = (chosen[np.lexsort((bars.deaths[chosen], bars.births[chosen]))] for chosen in (own, shared))
    bar = np.concatenate([own, shared]).astype(np.int64)
    lane = float(np.clip(FEW / max(len(own), 1), 1.0, 2.0))
    block = 0.25 * lanes if len(shared) else 0.0
    thin = block / max(len(shared), 1)
    bottom = np.concatenate(
        [top + lane * np.arange(len(own)), top + lane * len(own) + 0.5 + thin * np.arange(len(shared))]
    )
    height = np.concatenate([np.full(len(own), lane), np.full(len(shared), thin)])
    right = bars.deaths[bar].copy()
    if extent.infinity is not None:
        right[bars.essential[bar]] = extent.infinity
    if extent.threshold is not None:
        right[bars.censored[bar]] = extent.threshold
    end = top + max(lane * len(own) + (0.5 + block if len(shared) else 0.0), EMPTY)
    return Band(
        bars.dimension, top, end, len(own), bar, bars.births[bar], right, bottom, height,
        bars.essential[bar], bars.censored[bar],
    )  # fmt: skip


def _inked(band: Band, whole: float, crowded: float) -> Band:
    """The band with bars as high as they are drawn, in the middle of their lanes; ``whole`` is the picture's height."""
    own = slice(0, band.lanes)
    bottom, height = band.bottom.copy(), band.height.copy()
    if whole <= crowded:
        height[own] = np.minimum(0.8 * height[own], whole / SLIM)
        bottom[own] += (band.height[own] - height[own]) / 2
    return replace(band, bottom=bottom, height=height)
