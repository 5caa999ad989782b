"""Components over layers, over an embedding, and in the matrix of distances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import palette
from .bars import Indices, read_bars
from .clusters import OTHERS, Block, Ribbon, components_at, convex_hull, flow
from .draw import _axes, _clean, _face, _ink
from .embedding import planar
from .linkage import draw_tree, linkage_matrix
from .loops import draw_points, name_classes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_flow(
    results: Mapping[Any, Any],
    values: float | Sequence[float],
    *,
    labels: Any = None,
    least: int = 2,
    ax: Axes | None = None,
) -> Axes:
    """Draw how components flow from layer to layer: an alluvial diagram.

    Each column is a layer, cut at a value of its filtration: the line through the barcode of H0 below it. Each block
    is one of the components there, as high as it has points; ribbons are the points that two components share. Large
    blocks have the number of their component, as `components_at` gives it, or the class of most of their points.

    Parameters
    ----------
    results : mapping of name -> RipsResult
        Layers of the same n samples, in order: ``{layer: study[layer, "euclidean"] for layer in study.layers}``.
    values : float, or one a layer
        Where each filtration is cut, in units of its distances.
    labels : (n,) sequence, optional
        Classes: each block is divided by them. Without labels ribbons have the colour of the block that they leave.
    least : int
        Components with fewer points are gathered in one empty block at the bottom.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Raises
    ------
    ValueError
        When the layers do not have the same number of points, or values or labels do not fit.

    Examples
    --------
    >>> import toposcope as ts
    >>> from toposcope.plot import plot_flow
    >>> apart, together = ts.rips([[0.0], [1], [5], [6]], maxdim=0), ts.rips([[0.0], [1], [2], [3]], maxdim=0)
    >>> ax = plot_flow({"first": apart, "second": together}, 1.0)
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['first\\n≤ 1', 'second\\n≤ 1']
    """
    if not isinstance(results, Mapping):
        raise TypeError(f"results is a {type(results).__name__}: give a mapping from layers to results, in order")
    names = list(results)
    if np.ndim(values) > 1:
        raise ValueError(f"values has shape {np.shape(values)}: give one number a layer, or a single one")
    cuts = [float(values)] * len(names) if np.ndim(values) == 0 else [float(v) for v in values]  # type: ignore[arg-type, union-attr]
    if len(cuts) != len(names):
        raise ValueError(f"there are {len(cuts)} values for {len(names)} layers: give one a layer, or a single one")
    partitions = [components_at(results[name], cut) for name, cut in zip(names, cuts, strict=True)]
    sizes = sorted({len(partition) for partition in partitions})
    if len(sizes) > 1:
        raise ValueError(f"the layers have {sizes[0]} to {sizes[-1]} points: a flow needs the same ones in each")
    n = sizes[0] if sizes else 0
    kinds, classes = (None, None) if labels is None else np.unique(np.asarray(labels).astype(str), return_inverse=True)
    if classes is not None and len(classes) != n:
        raise ValueError(f"there are {len(classes)} labels for {n} points: give one a point")
    stages, ribbons = flow(partitions, least)
    ax = _axes(ax, (max(4.0, 1.5 * len(names)), 4.6))
    for ribbon in ribbons:
        number = stages[ribbon.stage][ribbon.first].number
        tint = _ink(ax) if number == OTHERS else _tint(number, classes, ribbon.members)
        _ribbon(ax, ribbon, tint, 0.08 if number == OTHERS else 0.4)
    for x, blocks in enumerate(stages):
        for block in blocks:
            _block(ax, x, block, classes)
            if block.number != OTHERS and block.top - block.bottom > 0.04 * n:
                _name(ax, x + WIDTH + 0.03, (block.bottom + block.top) / 2, _told(block, kinds, classes), "left")
        _small_barcode(ax, x, results[names[x]], cuts[x], n)
    ax.set_xticks(range(len(names)), [f"{name}\n≤ {cut:.3g}" for name, cut in zip(names, cuts, strict=True)])
    ax.set(yticks=[], xlim=(-0.42, max(len(names) - 1, 0) + 0.42))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if kinds is not None:
        name_classes(ax, kinds)
    return ax


WIDTH = 0.07
"""Half the width of a block, in stages."""

BARCODE, APART, REACH = 0.2, 0.06, 0.32
"""The height of the small barcodes and their distance from the blocks, as shares of n; half their width, in stages."""


def _small_barcode(ax: Axes, x: int, result: Any, cut: float, n: int) -> None:
    """The barcode of H0 of one layer as an outline, shortest bar at the top, and the line at which it is cut."""
    bars = read_bars(result, [0]).dimensions[0]
    deaths = np.sort(bars.deaths[bars.finite])
    reach = float(deaths.max(initial=0.0)) or 1.0
    ends = np.append(deaths, np.full(len(bars) - len(deaths), reach)) / reach
    top = -APART * n
    levels = top - BARCODE * n * np.arange(len(ends) + 1) / max(len(ends), 1)
    ax.fill_betweenx(np.repeat(levels, 2)[1:-1], x - REACH, x - REACH + 2 * REACH * np.repeat(ends, 2),
                     color=palette.color(0), alpha=0.75, linewidth=0, zorder=2)  # fmt: skip
    place = x - REACH + 2 * REACH * min(cut / reach, 1.0)
    ax.plot([place, place], [top + 0.02 * n, top - (BARCODE + 0.02) * n], color=_ink(ax), linewidth=1.0, zorder=3)


def _told(block: Block, kinds: Any, classes: Any) -> str:
    """What stands beside a block: the class of more than half of its points, or its component."""
    if classes is None:
        return _component(block.number)
    counts = np.bincount(classes[block.members])
    return str(kinds[counts.argmax()]) if 2 * counts.max() > len(block.members) else ""


def _counted(many: int) -> str:
    return "1 component" if many == 1 else f"{many} components"


def _component(number: int) -> str:
    """The name of a component; none beyond those that have a colour of their own."""
    return f"C{number}" if number < len(palette.COMPONENTS) else ""


def _block(ax: Axes, x: int, block: Block, classes: Any) -> None:
    edge = {"facecolor": "none", "edgecolor": _ink(ax), "linewidth": 0.6, "zorder": 4}
    ax.bar(x, block.top - block.bottom, 2 * WIDTH, block.bottom, **edge)
    if block.number == OTHERS:
        return
    if classes is None:
        ax.bar(x, block.top - block.bottom, 2 * WIDTH, block.bottom, color=_tint(block.number, None, None), zorder=3)
        return
    level, many = block.bottom, int(classes.max()) + 1
    for label in np.unique(classes[block.members]):
        count = int((classes[block.members] == label).sum())
        ax.bar(x, count, 2 * WIDTH, level, color=palette.label_color(int(label), many), zorder=3)
        level += count


def _ribbon(ax: Axes, ribbon: Ribbon, tint: Any, alpha: float) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x0, x1 = ribbon.stage + WIDTH, ribbon.stage + 1 - WIDTH
    middle = (x0 + x1) / 2
    (a, b), (c, d) = ribbon.start, ribbon.end
    points = [(x0, a), (middle, a), (middle, c), (x1, c), (x1, d), (middle, d), (middle, b), (x0, b), (x0, a)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    ax.add_patch(PathPatch(Path(points, codes), facecolor=tint, alpha=alpha, linewidth=0, zorder=2))


def _name(ax: Axes, x: float, y: float, text: str, align: Literal["left", "center"] = "center") -> None:
    """A name within the picture, legible on what lies below it."""
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground=_face(ax))]
    ax.text(x, y, text, ha=align, va="center", color=_ink(ax), fontsize="small", fontweight="bold", zorder=6,
            path_effects=halo)  # fmt: skip


def _tint(number: int, classes: Any, members: Any) -> str:
    if classes is not None and members is not None:
        return palette.label_color(int(np.bincount(classes[members]).argmax()), int(classes.max()) + 1)
    return palette.component_color(number)


def plot_hulls(
    result: Any, embedding: Any, value: float, *, labels: Any = None, least: int = 3, ax: Axes | None = None
) -> Axes:
    """Draw the components at a value of the filtration as convex hulls over a planar embedding of the points.

    Hulls may overlap where components do not: they are apart in the full space, and drawn in the plane. The
    largest have the number of their component, as `components_at` gives it.

    Parameters
    ----------
    result : RipsResult
        Of n points.
    embedding : (n, 2) array
        Where they are drawn.
    value : float
        Where the filtration is cut, in units of the distances.
    labels : (n,) sequence, optional
        Classes, for the colours of the points.
    least : int
        Components with fewer points get no hull.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Examples
    --------
    >>> import toposcope as ts
    >>> from toposcope.plot import plot_hulls
    >>> points = [[0.0, 0], [1, 0], [0, 1], [9, 9]]
    >>> ax = plot_hulls(ts.rips(points, maxdim=0), points, 1.5)
    >>> ax.get_title()
    '2 components at 1.5, 1 of them with 3 points or more'
    """
    plane = planar("embedding", embedding)
    part = components_at(result, value)
    if len(part) != len(plane):
        raise ValueError(f"the embedding has {len(plane)} points and the result {len(part)}: give one place a point")
    ax = _axes(ax, (5.0, 5.0))
    draw_points(ax, plane, labels, legend=True)
    sizes = np.bincount(part)
    for number in np.flatnonzero(sizes >= least):
        members = plane[part == number]
        ring = members[convex_hull(members)]
        tint = palette.component_color(int(number)) if labels is None else _ink(ax)
        ax.fill(*ring.T, facecolor=tint, alpha=0.12, zorder=1)
        ax.fill(*ring.T, facecolor="none", edgecolor=tint, linewidth=1.2, zorder=3)
        _name(ax, float(members[:, 0].mean()), float(members[:, 1].mean()), _component(int(number)))
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(xticks=[], yticks=[])
    _clean(ax)
    ax.spines[["left", "bottom"]].set_visible(False)
    shown = int((sizes >= least).sum())
    ax.set_title(
        f"{_counted(len(sizes))} at {value:.3g}, {shown} of them with {least} points or more", fontsize="medium"
    )
    return ax


def plot_clustermap(result: Any, distances: Any, *, cut: float | None = None, ax: Axes | None = None) -> Axes:
    """Draw the matrix of distances in the order of the single-linkage tree, with the tree above it.

    With ``cut``, the components that there are at that value have a colour in the tree, and a square in the matrix with
    the number that `components_at` gives them.

    Parameters
    ----------
    result : RipsResult
        Computed without a threshold.
    distances : (n, n) array
        The distances that it was computed from.
    cut : float, optional
        A value of the filtration, in units of the distances.
    ax : matplotlib Axes, optional
        Where to draw, divided up; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes of the matrix; the tree is in its first child axes.

    Examples
    --------
    >>> import toposcope as ts
    >>> from toposcope.plot import plot_clustermap
    >>> points = [[0.0], [5.0], [1.0], [6.5]]
    >>> ax = plot_clustermap(ts.rips(points, maxdim=0), ts.distances(points))
    >>> ax.images[0].get_array()[0].tolist()
    [0.0, 1.0, 5.0, 6.5]
    """
    matrix = np.asarray(distances, dtype=np.float64)
    order = leaf_order(result)
    if matrix.shape != (len(order), len(order)):
        raise ValueError(
            f"distances have shape {matrix.shape} for {len(order)} points: give ({len(order)}, {len(order)})"
        )
    ax = _axes(ax, (5.6, 6.4))
    most = float(matrix.max(initial=0.0, where=np.isfinite(matrix))) or 1.0
    image = ax.imshow(matrix[np.ix_(order, order)], cmap="cividis_r", vmin=0, vmax=most, interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    tree = ax.inset_axes((0, 1.01, 1, 0.25))
    draw_tree(tree, result, cut)
    if cut is not None:
        _squares(ax, components_at(result, cut)[order])
    ax.figure.colorbar(image, ax=ax, shrink=0.7, label="distance")
    return ax


def _squares(ax: Axes, part: Indices) -> None:
    """A square round each component of two points or more; ``part`` in the order of the rows, where each is a run."""
    from matplotlib.patches import Rectangle

    starts = np.flatnonzero(np.diff(part, prepend=-1))
    for start, stop in zip(starts, np.append(starts[1:], len(part)), strict=True):
        size, number = int(stop - start), int(part[start])
        if size > 1:
            corner = (start - 0.5, start - 0.5)
            ax.add_patch(Rectangle(corner, size, size, fill=False, edgecolor=_face(ax), linewidth=1.6, zorder=3))
            if size > 0.05 * len(part):
                _name(ax, start + size / 2 - 0.5, start + size / 2 - 0.5, _component(number))


def leaf_order(result: Any) -> Indices:
    """The points in the order of the leaves of the single-linkage tree: (n,)."""
    from scipy.cluster.hierarchy import leaves_list

    links = linkage_matrix(result)
    return leaves_list(links).astype(np.int64) if len(links) else np.zeros(1, np.int64)
