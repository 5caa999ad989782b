"""Diagram and barcode in matplotlib."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .bars import read_bars
from .geometry import LANES, Band, barcode_bands, diagram_points, frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ESSENTIAL = "never dies"
CENSORED = "alive at the threshold"


def plot_diagram(
    source: Any, *, dims: Iterable[int] | None = None, ax: Axes | None = None, legend: bool = True
) -> Axes:
    """Draw a persistence diagram: one point a bar, at (birth, death).

    Bars that never die lie on a line of their own, marked ∞, above all others; censored bars, which were alive at the
    threshold, are hollow and lie on the threshold. The scales of both axes are equal.

    Parameters
    ----------
    source : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays
        Diagrams H0, H1, ...; births and deaths in units of the distances.
    dims : iterable of int, optional
        The homology dimensions to draw; all by default.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.
    legend : bool
        Whether to name the dimensions and count their bars.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_diagram
    >>> ax = plot_diagram([np.array([[0.0, 1.0], [0.0, np.inf]]), np.array([[1.0, 1.5]])])
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('birth', 'death')
    """
    barcode = read_bars(source, dims)
    extent = frame(barcode)
    ax = _axes(ax, (4.6, 4.6))
    ink = _ink(ax)
    ends = [extent.bottom, extent.top]
    ax.fill_between(ends, ends, extent.bottom, color=ink, alpha=0.06, linewidth=0, zorder=0)
    ax.plot(ends, ends, color=ink, alpha=0.45, linewidth=0.8, zorder=1)
    _level(ax, extent.infinity, "∞", horizontal=True)
    _level(ax, extent.threshold, "thresh", horizontal=True)
    many = sum(len(bars) for bars in barcode)
    size = float(np.clip(2600 / max(many, 1), 7, 26))
    alpha = float(np.clip(6 / np.sqrt(max(many, 1)), 0.35, 0.85))
    for points in diagram_points(barcode, extent):
        tint, mark = palette.color(points.dimension), palette.mark(points.dimension)
        label = f"{palette.name(points.dimension)}  {_count(len(points))}"
        for drawn, opacity, area in ((points.finite, alpha, size), (points.infinite, 1.0, max(size, 22.0))):
            ax.scatter(
                drawn[:, 0], drawn[:, 1], s=area, color=tint, marker=mark, alpha=opacity, linewidths=0,
                zorder=3 + points.dimension, clip_on=False,
            )  # fmt: skip
        ax.scatter(
            points.censored[:, 0], points.censored[:, 1], s=size * 1.4, facecolors="none", edgecolors=tint, marker=mark,
            linewidths=1.1, zorder=3 + points.dimension, clip_on=False,
        )  # fmt: skip
        ax.scatter([], [], s=24, color=tint, marker=mark, linewidths=0, label=label)
    ax.set(xlabel="birth", ylabel="death", xlim=ends, ylim=ends)
    ax.set_aspect("equal", adjustable="box")
    _clean(ax)
    if legend and len(barcode):
        ax.legend(loc="lower right", frameon=False, handletextpad=0.3, borderaxespad=0.6)
    return ax


def plot_barcode(
    source: Any,
    *,
    dims: Iterable[int] | None = None,
    order: str = "birth",
    lanes: int = LANES,
    ax: Axes | None = None,
    legend: bool = True,
) -> Axes:
    """Draw a barcode: one horizontal bar a class, from its birth to its death, one band a homology dimension.

    Bars that never die end in an arrow, censored ones in an open circle at the threshold. Every bar is drawn: the
    longest ``lanes`` of a dimension in a lane each, the others together as the block below them.

    Parameters
    ----------
    source : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays
        Diagrams H0, H1, ...; births and deaths in units of the distances.
    dims : iterable of int, optional
        The homology dimensions to draw; all by default.
    order : "birth" or "length"
        From the top of a band: by birth and then death, or longest first.
    lanes : int
        How many bars of a dimension get a lane of their own.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.
    legend : bool
        Whether to explain arrows and circles, where there are any.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_barcode
    >>> ax = plot_barcode([np.array([[0.0, 1.0], [0.0, np.inf]]), np.empty((0, 2))])
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['H₀\\n2 bars', 'H₁\\nno bars']
    """
    barcode = read_bars(source, dims)
    extent = frame(barcode)
    bands = barcode_bands(barcode, extent, order=order, lanes=lanes)
    ax = _axes(ax, (6.0, 4.2))
    _level(ax, extent.infinity, "∞", horizontal=False)
    _level(ax, extent.threshold, "thresh", horizontal=False)
    for band in bands:
        _draw_band(ax, band)
    for above, below in pairwise(bands):
        ax.axhline((above.end + below.top) / 2, color=_ink(ax), alpha=0.2, linewidth=0.6)
    ax.set(xlabel="distance", xlim=(extent.bottom, extent.top))
    ax.set_ylim((bands[-1].end if bands else 1.0) + 0.6, -0.6)
    ax.set_yticks([(band.top + band.end) / 2 for band in bands], [_name(band) for band in bands])
    ax.tick_params(axis="y", length=0)
    _clean(ax)
    ax.spines["left"].set_visible(False)
    for tick, band in zip(ax.get_yticklabels(), bands, strict=True):
        tick.set_color(palette.color(band.dimension))
    if legend:
        _explain(ax, bands)
    return ax


def _draw_band(ax: Axes, band: Band) -> None:
    from matplotlib.collections import PolyCollection

    tint = palette.color(band.dimension)
    x, width, y, height = band.left, band.right - band.left, band.bottom, band.height
    corners = np.stack(
        [
            np.stack([x, y], -1),
            np.stack([x + width, y], -1),
            np.stack([x + width, y + height], -1),
            np.stack([x, y + height], -1),
        ],
        axis=1,
    )
    ax.add_collection(PolyCollection(list(corners[band.lanes :]), facecolors=tint, linewidths=0, alpha=0.55))
    # A hairline keeps bars of no width visible.
    ax.add_collection(PolyCollection(list(corners[: band.lanes]), facecolors=tint, edgecolors=tint, linewidths=0.5))
    middle = y + height / 2
    own = np.arange(len(x)) < band.lanes
    for chosen, style in ((own & band.infinite, "infinite"), (own & band.censored, "censored")):
        ax.scatter(band.right[chosen], middle[chosen], **_tip(style, tint, ax))


def _tip(style: str, tint: str, ax: Axes) -> dict[str, Any]:
    if style == "infinite":
        return {"marker": ">", "s": 26, "color": tint, "linewidths": 0, "zorder": 4, "clip_on": False}
    face = ax.get_facecolor()
    return {"marker": "o", "s": 18, "facecolors": [face], "edgecolors": tint, "linewidths": 1.1, "zorder": 4}


def _name(band: Band) -> str:
    bars = "no bars" if len(band.bar) == 0 else "1 bar" if len(band.bar) == 1 else f"{_count(len(band.bar))} bars"
    return f"{palette.name(band.dimension)}\n{bars}"


def _explain(ax: Axes, bands: list[Band]) -> None:
    entries = []
    if any(band.infinite.any() for band in bands):
        entries.append(ax.scatter([], [], label=ESSENTIAL, **_tip("infinite", _ink(ax), ax)))
    if any(band.censored.any() for band in bands):
        entries.append(ax.scatter([], [], label=CENSORED, **_tip("censored", _ink(ax), ax)))
    if entries:
        ax.legend(
            handles=entries, loc="lower right", bbox_to_anchor=(1.0, 1.06), ncols=2, frameon=False,
            handletextpad=0.1, fontsize="small", borderaxespad=0.1,
        )  # fmt: skip


def _level(ax: Axes, value: float | None, text: str, *, horizontal: bool) -> None:
    """A dashed line for the deaths that are not numbers, named at its end."""
    if value is None:
        return
    ink = _ink(ax)
    style = {"color": ink, "alpha": 0.5, "linewidth": 0.8, "linestyle": (0, (4, 3)), "zorder": 1}
    if horizontal:
        ax.axhline(value, **style)
        ax.annotate(
            text, (1, value), xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
            va="center", color=ink, fontsize="large" if text == "∞" else "small",
        )  # fmt: skip
    else:
        ax.axvline(value, **style)
        ax.annotate(
            text, (value, 1), xycoords=("data", "axes fraction"), xytext=(0, 1), textcoords="offset points",
            ha="center", va="bottom", color=ink, fontsize="large" if text == "∞" else "small",
        )  # fmt: skip


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def _ink(ax: Axes) -> Any:
    """The colour that the user's style gives to text on these axes: ours follows it, light or dark."""
    return ax.xaxis.label.get_color()


def _clean(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")
