"""The components that there are at a value of the filtration, and how they flow from one layer to the next: no ink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .bars import Floats, Indices, read_bars

OTHERS = -1
"""The number of what is gathered from components that are too small to show."""


def merges(result: Any, apart: bool = False) -> tuple[int, Floats, Indices]:
    """Which points are joined, and when: the single-linkage merges behind H0.

    Parameters
    ----------
    result : RipsResult
        Of the n points that it used, in their order.
    apart : bool
        Leave out the merges at 0, for which the result needs its points.

    Returns
    -------
    n : int
    deaths : (m,) float64
        In ascending order. Merges at 0 come first: points at one place share a bar, so that no bar tells of them.
    edges : (m, 2) int64
        The two points joined, as positions among the points used.

    Examples
    --------
    >>> import toposcope as ts
    >>> merges(ts.rips([[0.0], [0.0], [3.0]], maxdim=0))
    (3, array([0., 3.]), array([[1, 0],
           [0, 2]]))
    """
    bars, edges = read_bars(result, [0]).dimensions[0], np.asarray(result.edges[0])
    own = np.unique(edges[:, 0])
    rows = np.unique(getattr(result, "idx_perm", own))
    order = np.flatnonzero(bars.finite)
    order = order[np.argsort(bars.deaths[order], kind="stable")]
    dying = np.searchsorted(rows, edges[order, 2:])
    if apart or len(rows) == len(own):
        return len(rows), bars.deaths[order], dying
    # A point without a bar is where that one is whose component, just before it merges, is the smallest around it.
    home = np.full(len(rows), -1)
    members = [np.searchsorted(rows, result.cycle(0, bar)) for bar in range(len(bars))]
    for bar in sorted(range(len(bars)), key=lambda bar: -len(members[bar])):
        home[members[bar]] = np.searchsorted(rows, edges[bar, 0])
    without = np.flatnonzero(~np.isin(rows, own))
    return (
        len(rows),
        np.concatenate([np.zeros(len(without)), bars.deaths[order]]),
        np.concatenate([np.column_stack([without, home[without]]), dying]),
    )


def components_at(result: Any, value: float) -> Indices:
    """The component of each point at a value of the filtration: points are together when edges up to it join them.

    Parameters
    ----------
    result : RipsResult
        Of the n points that it used, in their order.
    value : float
        In units of the distances, rounded to single precision as they are.

    Returns
    -------
    (n,) int64
        Components are numbered by size, the largest is 0; of equals that with the first point comes first.

    Examples
    --------
    >>> import toposcope as ts
    >>> r = ts.rips([[0.0], [5.0], [6.0], [20.0]], maxdim=0)
    >>> components_at(r, 1.0), components_at(r, 5.0)
    (array([1, 0, 0, 2]), array([0, 0, 0, 1]))
    """
    n, deaths, edges = merges(result)
    parent = np.arange(n)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for u, v in edges[deaths <= np.float32(value)]:
        parent[root(u)] = root(v)
    roots = np.array([root(i) for i in range(n)], dtype=np.int64)
    _, first, member, size = np.unique(roots, return_index=True, return_inverse=True, return_counts=True)
    rank = np.empty(len(size), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(size))
    return rank[member.ravel()]


@dataclass(frozen=True)
class Block:
    """A component in one stage of a flow: its number (or `OTHERS`), its points, and its extent in points."""

    number: int
    members: Indices
    bottom: float
    top: float


@dataclass(frozen=True)
class Ribbon:
    """The points that go from one block to one in the next stage: the extents where it starts and where it ends."""

    stage: int
    first: int
    second: int
    members: Indices
    start: tuple[float, float]
    end: tuple[float, float]


def flow(partitions: Sequence[Indices], least: int = 2, gap: float = 0.02) -> tuple[list[list[Block]], list[Ribbon]]:
    """Where the blocks and ribbons of an alluvial diagram lie.

    Parameters
    ----------
    partitions : sequence of (n,) int arrays
        The component of each of the same n points, one array a stage (a layer).
    least : int
        Smaller components are gathered in one block, `OTHERS`, at the bottom.
    gap : float
        Space between blocks, as a share of n.

    Returns
    -------
    stages : list of list of Block
        From the bottom up. Blocks stand where their points stood in the stage before, on average, so that few ribbons
        cross.
    ribbons : list of Ribbon

    Examples
    --------
    >>> stages, ribbons = flow([np.array([0, 0, 1, 1]), np.array([0, 0, 0, 0])])
    >>> [len(blocks) for blocks in stages], [len(ribbon.members) for ribbon in ribbons]
    ([2, 1], [2, 2])
    """
    stages: list[list[Block]] = []
    height = np.zeros(len(partitions[0]) if len(partitions) else 0)
    for partition in partitions:
        numbers, counts = np.unique(partition, return_counts=True)
        small = np.isin(partition, numbers[counts < least])
        shown = np.where(small, OTHERS, partition)
        order = sorted(np.unique(shown), key=lambda number: _standing(number, shown, height, bool(stages)))
        blocks, level = [], 0.0
        for number in order:
            members = np.flatnonzero(shown == number)
            members = members[np.argsort(height[members], kind="stable")]
            blocks.append(Block(int(number), members, level, level + len(members)))
            level += len(members) + gap * len(partition)
        height = height.copy()
        for block in blocks:
            height[block.members] = block.bottom + 0.5 + np.arange(len(block.members))
        stages.append(blocks)
    return stages, [ribbon for at in range(len(stages) - 1) for ribbon in _ribbons(at, stages[at], stages[at + 1])]


def _standing(number: int, shown: Indices, height: Floats, later: bool) -> tuple[bool, float]:
    members = np.flatnonzero(shown == number)
    return number != OTHERS, float(height[members].mean()) if later else -float(number)


def _ribbons(stage: int, before: list[Block], after: list[Block]) -> list[Ribbon]:
    left, right = [block.bottom for block in before], [block.bottom for block in after]
    out = []
    for i, first in enumerate(before):
        for j, second in enumerate(after):
            members = np.intersect1d(first.members, second.members)
            if not len(members):
                continue
            start, end = (left[i], left[i] + len(members)), (right[j], right[j] + len(members))
            left[i], right[j] = start[1], end[1]
            out.append(Ribbon(stage, i, j, members, start, end))
    return out


def convex_hull(points: Floats) -> Indices:
    """Positions of the corners of the convex hull of planar points, anticlockwise (Andrew's monotone chain, 1979).

    Points on a side are left out; of points on a line the two ends are given.

    >>> convex_hull(np.array([[0.0, 0], [1, 0], [2, 0], [1, 1], [1, 0.5]])).tolist()
    [0, 2, 3]
    """
    order = np.unique(points, axis=0, return_index=True)[1]  # from left to right, each place once

    def chain(places: Indices) -> list[int]:
        corners: list[int] = []
        for place in places:
            while len(corners) > 1 and _turn(points[corners[-2]], points[corners[-1]], points[place]) <= 0:
                corners.pop()
            corners.append(int(place))
        return corners

    lower, upper = chain(order), chain(order[::-1])
    return np.array(list(dict.fromkeys(lower[:-1] + upper[:-1])) or order[:1].tolist(), dtype=np.int64)


def _turn(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
