"""A representative loop over an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .draw import _axes, _clean, _ink
from .embedding import planar

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_loop(
    source: Any, embedding: Any, bar: int = 0, *, labels: Any = None, ax: Axes | None = None, legend: bool = True
) -> Axes:
    """Draw a representative loop of a bar in H1 over a planar embedding of the points.

    The loop is one of many round the same hole, and lives in the full space: where it crosses itself here, the
    embedding has folded it. The edge that bears the class is dotted, the one that fills it in is drawn through.

    Parameters
    ----------
    source : RipsResult, or (m,) sequence of int
        The result, of which ``cycle(1, bar)`` is drawn, or the indices round a loop themselves.
    embedding : (n, 2) array
        Where the points are drawn.
    bar : int
        Which bar of H1; 0 is the longest.
    labels : (n,) sequence, optional
        Classes, for the colours of the points.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.
    legend : bool
        Whether to name the classes, when they are ten or fewer.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        When the embedding is not planar, or the loop has an index that it does not.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_loop
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> ax = plot_loop([0, 1, 2, 3], square)
    >>> ax.get_lines()[0].get_xydata().tolist() == [*square.tolist(), [0.0, 0.0]]
    True
    """
    plane = planar("embedding", embedding)
    has_cycle = hasattr(source, "cycle")
    if not has_cycle and (np.ndim(source) != 1 or not isinstance(source, Sequence | np.ndarray)):
        raise TypeError(f"no loop in a {type(source).__name__}: pass the result of rips(), or the indices round a loop")
    loop = np.asarray(source.cycle(1, bar) if has_cycle else source, dtype=np.int64)
    if len(loop) and not (0 <= loop.min() and loop.max() < len(plane)):
        raise ValueError(f"the loop runs through point {loop.max()}, and the embedding has {len(plane)} points")
    ax = _axes(ax, (5.0, 5.0))
    ink, tint = _ink(ax), palette.color(1)
    draw_points(ax, plane, labels, legend)
    ring = plane[np.r_[loop, loop[:1]]]
    ax.plot(ring[:, 0], ring[:, 1], color=tint, linewidth=1.8, zorder=3)
    ax.scatter(plane[loop, 0], plane[loop, 1], s=34, facecolors="none", edgecolors=tint, linewidths=1.3, zorder=4)
    if has_cycle:
        a, b, c, d = source.edges[1][bar]
        ax.plot(*plane[[a, b]].T, color=ink, linestyle=":", linewidth=1.6, zorder=3)
        if c >= 0:
            ax.plot(*plane[[c, d]].T, color=ink, linewidth=1.0, alpha=0.7, zorder=3)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
    _clean(ax)
    ax.spines[["left", "bottom"]].set_visible(False)
    return ax


def draw_points(ax: Axes, plane: Any, labels: Any, legend: bool) -> None:
    """The points of an embedding, with the colours and shapes of their classes."""
    if labels is None:
        ax.scatter(plane[:, 0], plane[:, 1], s=12, color=_ink(ax), alpha=0.35, linewidths=0, zorder=2)
        return
    names = np.asarray(labels).astype(str)
    if len(names) != len(plane):
        raise ValueError(f"there are {len(names)} labels for {len(plane)} points: give one a point")
    classes = np.unique(names)
    for place, name in enumerate(classes):
        chosen = plane[names == name]
        ax.scatter(chosen[:, 0], chosen[:, 1], **_class_mark(place, len(classes)), zorder=2)
    if legend:
        name_classes(ax, classes)


def name_classes(ax: Axes, classes: Any) -> None:
    """A legend of the classes, each with its mark, where they are few enough to tell apart."""
    if len(classes) > len(palette.LABELS):
        return
    marks = [
        ax.scatter([], [], label=name, **_class_mark(place, len(classes), 34)) for place, name in enumerate(classes)
    ]
    ax.legend(handles=marks, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5), handletextpad=0.1)


def _class_mark(place: int, many: int, size: float = 16) -> dict[str, Any]:
    return {
        "s": size,
        "color": palette.label_color(place, many),
        "marker": palette.label_mark(place),
        "linewidths": 0,
    }
