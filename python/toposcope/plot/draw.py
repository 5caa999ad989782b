"""Diagram and barcode in matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .bars import read_bars
from .geometry import LANES, Band, Frame, barcode_bands, diagram_points, frame

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
    _levels(ax, extent, horizontal=True)
    many = sum(len(bars) for bars in barcode)
    faint = float(np.clip(20 / np.sqrt(max(many, 1)), 0.15, 0.6))
    for points in diagram_points(barcode, extent):
        tint, mark = palette.color(points.dimension), palette.mark(points.dimension)
        long = np.argsort(points.finite[:, 0] - points.finite[:, 1], kind="stable")
        # The longest are drawn last and in full; of thousands of others one sees where they are dense.
        for places, size, alpha, level in (
            (points.finite[long[LANES:]], 7, faint, 3),
            (points.finite[long[:LANES]], 24 if many <= 200 else 14, 0.85, 4),
            (points.infinite, 26, 1.0, 5),
        ):
            ax.scatter(
                places[:, 0], places[:, 1], s=size, color=tint, marker=mark, alpha=alpha, linewidths=0, zorder=level,
                clip_on=False,
            )  # fmt: skip
        ax.scatter(
            points.censored[:, 0], points.censored[:, 1], s=30, facecolors=[_face(ax)], edgecolors=tint, marker=mark,
            linewidths=1.2, zorder=5, clip_on=False,
        )  # fmt: skip
        ax.scatter([], [], s=24, color=tint, marker=mark, linewidths=0, label=_counted(points.dimension, len(points)))
    if not many:
        _nothing(ax, 0.33, 0.67)
    ax.set(xlabel="birth", ylabel="death", xlim=ends, ylim=ends)
    ax.set_aspect("equal", adjustable="box")
    _clean(ax)
    if legend and len(barcode):
        ax.legend(loc="lower right", frameon=False, handletextpad=0.2, borderaxespad=0.4, labelcolor="markerfacecolor")
    return ax


def plot_barcode(
    source: Any,
    *,
    dims: Iterable[int] | None = None,
    order: str = "birth",
    lanes: int = LANES,
    ax: Axes | None = None,
    at: float | Sequence[float] = (),
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
    at : float, or sequence of them
        Values of the filtration at which a cursor is drawn: those at which pictures beside this one are cut.
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
    whole = bands[-1].end if bands else 1.0
    _levels(ax, extent)
    for band in bands:
        _draw_band(ax, band, whole)
    for above, below in pairwise(bands):
        ax.axhline((above.end + below.top) / 2, color=_ink(ax), alpha=0.2, linewidth=0.6)
    ax.set(xlabel="distance", xlim=(extent.bottom, extent.top))
    ax.set_ylim(whole + 0.6, -0.6)
    ax.set_yticks([(band.top + band.end) / 2 for band in bands], [_name(band) for band in bands])
    ax.tick_params(axis="y", length=0)
    _clean(ax)
    ax.spines["left"].set_visible(False)
    for tick, band in zip(ax.get_yticklabels(), bands, strict=True):
        tick.set_color(palette.color(band.dimension))
    for value in np.atleast_1d(np.asarray(at, dtype=np.float64)):
        ax.axvline(value, color=_ink(ax), alpha=0.75, linewidth=1.0, zorder=5)
    if legend:
        _explain(ax, bands)
    return ax


def _draw_band(ax: Axes, band: Band, whole: float) -> None:
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
    thin = np.where(width[: band.lanes] > 0, 0.3, 1.2)  # in points: bars of no width stay visible
    ax.add_collection(PolyCollection(list(corners[: band.lanes]), facecolors=tint, edgecolors=tint, linewidths=thin))
    middle = y + height / 2
    own = np.arange(len(x)) < band.lanes
    points = float(height[0] / whole * ax.get_window_extent().height * 72 / ax.figure.dpi) if band.lanes else 0.0
    for chosen, style in ((own & band.infinite, "infinite"), (own & band.censored, "censored")):
        ax.scatter(band.right[chosen], middle[chosen], **_tip(style, tint, ax, float(np.clip(2 * points, 5.5, 14))))


def _tip(style: str, tint: Any, ax: Axes, size: float = 6.0) -> dict[str, Any]:
    """How the end of a bar is marked that does not die; ``size`` in points."""
    if style == "infinite":
        return {"marker": ">", "s": size**2, "color": tint, "linewidths": 0, "zorder": 4, "clip_on": False}
    size = 0.75 * size
    return {
        "marker": "o", "s": size**2, "facecolors": [_face(ax)], "edgecolors": [tint], "linewidths": 1.2, "zorder": 4,
        "clip_on": False,
    }  # fmt: skip


def _name(band: Band) -> str:
    return _counted(band.dimension, len(band.bar), "\n")


def _counted(dimension: int, number: int, between: str = "  ") -> str:
    """A dimension and how many bars it has: "H₁  2 bars"."""
    bars = "no bars" if number == 0 else "1 bar" if number == 1 else f"{_count(number)} bars"
    return palette.name(dimension) + between + bars


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


def _levels(ax: Axes, extent: Frame, *, horizontal: bool = False) -> None:
    """Dashed lines for the deaths that are not numbers, named at their ends."""
    ink = _ink(ax)
    # Side by side the two names need room: that of the threshold ends at its line where ∞ stands beyond it.
    beside = "center" if extent.infinity is None else "right"
    for value, text, size, align in (
        (extent.infinity, "∞", "large", "center"),
        (extent.threshold, "threshold", "small", beside),
    ):
        if value is None:
            continue
        style: dict[str, Any] = {"color": ink, "alpha": 0.5, "linewidth": 0.8, "linestyle": (0, (4, 3)), "zorder": 1}
        put: dict[str, Any] = {"textcoords": "offset points", "color": ink, "fontsize": size}
        if horizontal:
            ax.axhline(value, **style)
            ax.annotate(text, (1, value), xytext=(4, 0), xycoords=("axes fraction", "data"), va="center", **put)
        else:
            ax.axvline(value, **style)
            ax.annotate(
                text, (value, 1), xytext=(0, 2), xycoords=("data", "axes fraction"), ha=align, va="bottom", **put
            )


def _nothing(ax: Axes, x: float = 0.5, y: float = 0.5) -> None:
    """Says in an empty picture that there is nothing, so that it does not look like a mistake."""
    ax.text(x, y, "no bars", transform=ax.transAxes, ha="center", va="center", color=_ink(ax), alpha=0.6)


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]


def _ink(ax: Axes) -> Any:
    """The colour that the user's style gives to text on these axes: ours follows it, light or dark."""
    return ax.xaxis.label.get_color()


def _face(ax: Axes) -> Any:
    """What lies behind hollow marks: the axes' background, or where that is clear, the figure's."""
    from matplotlib.colors import to_rgba

    clear = ax.patch.get_alpha() == 0 or to_rgba(ax.get_facecolor())[3] == 0
    return ax.figure.get_facecolor() if clear else ax.get_facecolor()


def _clean(ax: Axes) -> None:
    ax.spines[["top", "right"]].set_visible(False)


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u2009")
