"""Two diagrams of one dimension, and which bars correspond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..diagrams import as_diagram
from . import palette
from .bars import Bars, Floats, Indices, read_bars
from .draw import _axes, _clean, _face, _ink, _nothing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def match_bars(first: Floats, second: Floats, distance: str = "wasserstein") -> tuple[Indices, float]:
    """A best matching of two finite diagrams, in which bars may also be matched with the diagonal.

    Parameters
    ----------
    first, second : (m, 2) and (n, 2) arrays
        Finite births and deaths.
    distance : "wasserstein" or "bottleneck"
        What is least: the sum of the distances of matched points, or the greatest of them. Distances are those of the
        larger coordinate (the supremum norm); that of a point from the diagonal is half its persistence.

    Returns
    -------
    pairs : (p, 2) int64
        Positions in ``first`` and ``second``; -1 stands for the diagonal. Every bar is in one pair.
    cost : float
        The distance.

    Notes
    -----
    The (m + n)-square assignment problem of Edelsbrunner and Harer, *Computational Topology* (2010), VIII.4, solved by
    SciPy: m + n up to some thousands.

    Examples
    --------
    >>> import numpy as np
    >>> pairs, cost = match_bars(np.array([[0.0, 4.0]]), np.array([[0.0, 5.0], [1.0, 1.5]]))
    >>> pairs.tolist(), cost
    ([[0, 0], [-1, 1]], 1.25)
    """
    if distance not in ("wasserstein", "bottleneck"):
        raise ValueError(f"distance is {distance!r}: use 'wasserstein' or 'bottleneck'")
    first, second = _finite_diagram("first", first), _finite_diagram("second", second)
    m, n = len(first), len(second)
    cost = np.zeros((m + n, n + m))
    cost[:m, :n] = np.abs(first[:, None, :] - second[None, :, :]).max(-1)
    cost[:m, n:] = ((first[:, 1] - first[:, 0]) / 2)[:, None]
    cost[m:, :n] = ((second[:, 1] - second[:, 0]) / 2)[None, :]
    if distance == "wasserstein":
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(cost)
        total = float(cost[rows, columns].sum())
    else:
        rows, columns, total = _bottleneck(cost)
    kept = (rows < m) | (columns < n)
    pairs = np.column_stack([np.where(rows < m, rows, -1), np.where(columns < n, columns, -1)])[kept]
    return pairs.astype(np.int64), total


def _finite_diagram(name: str, diagram: Any) -> Floats:
    pairs = as_diagram(diagram, name)
    if np.isinf(pairs).any():
        raise ValueError(f"{name} has a bar that never dies: match finite bars, diagram[np.isfinite(diagram).all(1)]")
    return pairs


def _bottleneck(cost: Floats) -> tuple[Indices, Indices, float]:
    """The least value at which the entries up to it hold a perfect matching, by bisection, and that matching."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    size = len(cost)
    if size == 0:
        return np.empty(0, np.int64), np.empty(0, np.int64), 0.0
    values = np.unique(cost)
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        matched = maximum_bipartite_matching(csr_matrix(cost <= values[middle]), perm_type="column")
        low, high = (low, middle) if (matched >= 0).all() else (middle + 1, high)
    matched = maximum_bipartite_matching(csr_matrix(cost <= values[low]), perm_type="column")
    return np.arange(size), matched.astype(np.int64), float(values[low])


def plot_matching(
    first: Any,
    second: Any,
    dim: int = 1,
    *,
    distance: str = "wasserstein",
    names: tuple[str, str] = ("first", "second"),
    ax: Axes | None = None,
    legend: bool = True,
) -> Axes:
    """Draw two diagrams of one dimension over each other, and a best matching between them.

    Bars without a death take no part, and are not drawn.

    Parameters
    ----------
    first, second : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays
        Full marks are bars of ``first``, hollow ones bars of ``second``.
    dim : int
        The homology dimension.
    distance : "wasserstein" or "bottleneck"
        As in `match_bars`. The pair that decides a bottleneck distance is drawn thick.
    names : pair of str
        What the two are called in the legend.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.
    legend : bool
        Whether to say which marks are whose.

    Returns
    -------
    matplotlib Axes
        The axes drawn on; the distance is in its title.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_matching
    >>> ax = plot_matching([np.array([[0.0, 4.0]])], [np.array([[0.0, 5.0]])], dim=0, distance="bottleneck")
    >>> ax.get_title()
    'bottleneck distance in H₀: 1'
    """
    from matplotlib.collections import LineCollection

    a, b = (_finite(read_bars(source, [dim]).dimensions[0]) for source in (first, second))
    pairs, cost = match_bars(a, b, distance)
    lines = matching_lines(a, b, pairs)
    ax = _axes(ax, (4.6, 4.6))
    ink, tint, mark = _ink(ax), palette.color(dim), palette.mark(dim)
    both = np.concatenate([a, b]) if len(a) + len(b) else np.array([[0.0, 1.0]])
    low, high = float(both.min()), float(both.max())
    margin = 0.05 * ((high - low) or 1.0)
    ends = [low - margin, high + margin]
    ax.fill_between(ends, ends, ends[0], color=ink, alpha=0.06, linewidth=0, zorder=0)
    ax.plot(ends, ends, color=ink, alpha=0.45, linewidth=0.8, zorder=1)
    length = np.abs(lines[:, 0] - lines[:, 1]).max(-1)
    worst = np.isclose(length, cost) & (distance == "bottleneck") & (length > 0)
    ax.add_collection(
        LineCollection(list(lines), colors=[ink], alpha=0.6, linewidths=np.where(worst, 2.5, 0.8), zorder=2)
    )
    ax.scatter(a[:, 0], a[:, 1], s=22, color=tint, marker=mark, linewidths=0, zorder=3, label=names[0])
    ax.scatter(
        b[:, 0], b[:, 1], s=30, facecolors=[_face(ax)], edgecolors=tint, marker=mark, linewidths=1.1, zorder=3,
        label=names[1],
    )  # fmt: skip
    if not len(lines):
        _nothing(ax, 0.33, 0.67)
    title = f"{'Wasserstein' if distance == 'wasserstein' else distance} distance in {palette.name(dim)}: {cost:.4g}"
    ax.set(xlabel="birth", ylabel="death", xlim=ends, ylim=ends, title=title)
    ax.set_aspect("equal", adjustable="box")
    _clean(ax)
    if legend:
        ax.legend(loc="lower right", frameon=False, handletextpad=0.2, borderaxespad=0.4)
    return ax


def matching_lines(first: Floats, second: Floats, pairs: Indices) -> Floats:
    """(p, 2, 2): the two ends of each pair; that on the diagonal is the middle of the bar."""
    lines = np.empty((len(pairs), 2, 2))
    for place, (i, j) in enumerate(pairs):
        lines[place, 0] = first[i] if i >= 0 else second[j].mean()
        lines[place, 1] = second[j] if j >= 0 else first[i].mean()
    return lines


def _finite(bars: Bars) -> Floats:
    return np.column_stack([bars.births[bars.finite], bars.deaths[bars.finite]])
