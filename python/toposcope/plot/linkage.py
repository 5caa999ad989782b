"""H0 as a tree: components merging, which is single-linkage clustering."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .bars import Floats, read_bars
from .clusters import components_at, merges
from .draw import _axes, _clean, _ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def linkage_matrix(result: Any) -> Floats:
    """The merges of H0 as SciPy's linkage matrix: (n - 1, 4), each row the two clusters, the height, and the size.

    Parameters
    ----------
    result : RipsResult
        With the edges of its bars, of a filtration in which everything becomes one component.

    Raises
    ------
    ValueError
        Where more than one component is left at the end: there is no single tree.

    Examples
    --------
    >>> import toposcope as ts
    >>> linkage_matrix(ts.rips([[0.0], [1.0], [3.0]], maxdim=0))
    array([[0., 1., 1., 2.],
           [2., 3., 2., 3.]])
    """
    left = int((~read_bars(result, [0]).dimensions[0].finite).sum())
    if left == 0:
        raise ValueError("there is no point, so there is no tree: give a result of one point or more")
    if left > 1:
        raise ValueError(f"{left} components are left at the end, so there is no single tree: use no threshold")
    n, deaths, edges = merges(result)
    parent, cluster, size = np.arange(n), np.arange(n), np.ones(n)
    out = np.empty((n - 1, 4))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for step, (death, ends) in enumerate(zip(deaths, edges, strict=True)):
        a, b = (root(int(end)) for end in ends)
        low, high = sorted((cluster[a], cluster[b]))
        parent[b] = a
        size[a] += size[b]
        cluster[a] = n + step
        out[step] = low, high, death, size[a]
    return out


def plot_dendrogram(result: Any, *, cut: float | None = None, labels: Any = None, ax: Axes | None = None) -> Axes:
    """Draw the single-linkage tree: where components merge as the filtration grows. Its heights are the deaths in H0.

    Parameters
    ----------
    result : RipsResult
        Computed without a threshold.
    cut : float, optional
        Draw a line at this value, and the components that there are below it in colours, the larger ones with the
        number that `components_at` gives them.
    labels : (n,) sequence, optional
        Names of the points below their leaves; none by default.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Examples
    --------
    >>> import toposcope as ts
    >>> from toposcope.plot import plot_dendrogram
    >>> plot_dendrogram(ts.rips([[0.0], [1.0], [3.0]], maxdim=0)).get_ylabel()
    'distance'
    """
    leaves = len(linkage_matrix(result)) + 1
    if labels is not None and len(labels) != leaves:
        raise ValueError(f"there are {len(labels)} labels for {leaves} points: give one a point")
    ax = _axes(ax, (7.0, 3.6))
    order, middles = draw_tree(ax, result, cut)
    if labels is not None:
        ax.set_xticks(5 + 10 * np.arange(leaves), [str(labels[leaf]) for leaf in order], rotation=90)
    else:
        ax.set_xticks([x for x, _ in middles], [f"C{number}" for _, number in middles], fontweight="bold")
    ax.tick_params(axis="x", length=0)
    return ax


def draw_tree(ax: Axes, result: Any, cut: float | None) -> tuple[list[int], list[tuple[float, int]]]:
    """The tree without names; gives the points from left to right, and the places and numbers of larger components."""
    from matplotlib.collections import LineCollection
    from scipy.cluster.hierarchy import dendrogram

    links = linkage_matrix(result)
    n = len(links) + 1
    ax.set(ylabel="distance", xticks=[], xlim=(0, 10 * n))
    _clean(ax)
    ax.spines["bottom"].set_visible(False)
    if n == 1:
        return [0], []
    tree = dendrogram(links, no_plot=True, color_threshold=-np.inf)
    forks = np.stack([np.asarray(tree["icoord"]), np.asarray(tree["dcoord"])], axis=-1)
    heights = forks[:, :, 1].max(1)
    below = heights <= (np.inf if cut is None else np.float32(cut))
    colors = np.full(len(forks), palette.color(0), dtype=object)
    middles = []
    if cut is not None:
        ax.axhline(cut, color=_ink(ax), linestyle=(0, (4, 3)), linewidth=0.9)
        colors[~below] = palette.GRAY
        part = components_at(result, cut)
        for group in _groups(forks, below):
            left, right = forks[group, :, 0].min(), forks[group, :, 0].max()  # of leaves, which stand at 5, 15, ...
            number = int(part[tree["leaves"][int(left // 10)]])
            colors[group] = palette.component_color(number)
            if right - left > 0.4 * n and number < len(palette.COMPONENTS):
                middles.append((float(left + right) / 2, number))
    ax.add_collection(LineCollection(list(forks), colors=list(colors), linewidths=1.1))
    ax.set_ylim(0, 1.05 * float(heights.max()) or 1.0)
    return tree["leaves"], middles


def _groups(forks: Floats, below: np.ndarray) -> list[np.ndarray]:
    """The forks below the cut by the component that they belong to, left to right: their extents do not overlap."""
    inside = np.flatnonzero(below)
    order = inside[np.argsort(forks[inside, :, 0].min(1), kind="stable")]
    groups: list[list[int]] = []
    reach = -np.inf
    for fork in order:
        left, right = forks[fork, :, 0].min(), forks[fork, :, 0].max()
        if left > reach:
            groups.append([])
        groups[-1].append(int(fork))
        reach = max(reach, right)
    return [np.array(group) for group in groups]
