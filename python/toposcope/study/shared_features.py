"""What metrics and layers agree on: loops and components that appear in several, by the points that they have."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..metrics import metric_name
from ..persistence import RipsResult, rips
from .arguments import as_study, as_vector
from .components import cophenetic
from .parts import Options, distances_of
from .running import Task, run_all
from .tables import table_of

if TYPE_CHECKING:
    from .collection import Study

__all__ = ["consensus", "overlap"]


def overlap(points: NDArray[np.int64], others: NDArray[np.int64], near: NDArray[Any] | None = None) -> float:
    """How far two sets of points overlap, from 0 to 1.

    Parameters
    ----------
    points, others : (m,) ndarray of int
    near : (n, k) ndarray of int, optional
        The neighbours of each point. With them a point counts where it or a neighbour is in the other set (two
        representatives of one loop need not share a point), and the smaller share of the two directions is the overlap;
        without, it is the Jaccard index.

    Examples
    --------
    >>> overlap(np.array([0, 1, 2]), np.array([1, 2, 3]))
    0.5
    """
    points, others = as_vector("points", points), as_vector("others", others)
    if not len(points) or not len(others):
        return 0.0
    if near is None:
        return len(np.intersect1d(points, others)) / len(np.union1d(points, others))

    def share(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
        return float(np.mean(np.isin(near[a], b).any(axis=1) | np.isin(a, b)))

    return min(share(points, others), share(others, points))


def consensus(
    study: Study,
    layer: str | None = None,
    dim: int = 1,
    *,
    metric: Any = None,
    model: str | None = None,
    bars: int | None = None,
    neighbors: int = 5,
    threshold: float = 0.5,
    n_jobs: int | None = None,
    progress: Any = None,
) -> Any:
    """For every bar of some parts of a study: in which of the other parts does the same feature appear?

    Most often the parts are the metrics of one layer; they may as well be the layers under one metric, or all parts.
    Bars of two parts are paired one to one for the greatest total overlap of their points (Hungarian method).
    Components (H0) are sets, compared as such. A loop (H1) is known by a representative, which is not unique, so that
    points count where a near neighbour in either part is in the other loop.

    Parameters
    ----------
    study : Study
        With its points.
    layer : str, optional
        Only parts of this layer; and so ``metric`` and ``model``. At least one of the three chooses, or the study has
        few parts.
    dim : {0, 1}
    bars : int, optional
        Look at so many of the longest bars of each part; by default at all, which for loops takes some seconds a part
        of a thousand points.
    neighbors : int
        How many neighbours count as near, for loops.
    threshold : float
        The overlap from which two bars are called the same feature.
    n_jobs, progress
        As in `triangulate`.

    Returns
    -------
    pandas.DataFrame, or a list of dict without pandas
        One row a part and bar, essential bars excepted: (model), layer, metric, bar, birth, death (scaled), points (an
        array), score (the mean overlap with its partners in all other parts, from 0 to 1 where all agree fully),
        metrics or, where a metric is chosen, layers, or else parts (how many show it, this one included), group
        (features that are the same in several parts share a number; 0 is the one most agreed on).

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import consensus
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> X[:20] += 20
    >>> study = ts.triangulate({"two blobs": X}, ["euclidean", "cityblock", "chebyshev"])
    >>> rows = consensus(study, "two blobs", dim=0, bars=1)
    >>> list(rows["metrics"]), list(rows["group"]), {len(points) for points in rows["points"]}
    ([3, 3, 3], [0, 0, 0], {20})
    """
    if dim not in (0, 1):
        raise ValueError(f"dim={dim} has no sets of points to compare: it must be 0 or 1.")
    keys = _chosen(as_study(study), model, layer, metric)
    tasks: list[Task] = [
        (key, _features, (*study.source(key), study[key].options, dim, bars, neighbors)) for key in keys
    ]
    found = dict(run_all(tasks, n_jobs, progress, "representatives"))
    features = [found[key] for key in keys]
    first = np.cumsum([0, *(len(of.bars) for of in features)])
    pairs = [_matched(a, b, i, j) for (a, i), (b, j) in combinations(zip(features, first, strict=False), 2)]
    one, two, overlaps = (np.concatenate(column) for column in zip(_nothing(), *pairs, strict=True))
    same = overlaps >= threshold
    count = int(first[-1])
    scores = np.bincount(one, overlaps, count) + np.bincount(two, overlaps, count)
    shown = 1 + np.bincount(one[same], minlength=count) + np.bincount(two[same], minlength=count)
    part = np.repeat(np.arange(len(features)), np.diff(first))
    groups = _groups(one[same], two[same], overlaps[same], part)
    counted = "metrics" if layer is not None and metric is None else "layers" if metric is not None else "parts"
    rows = []
    for key, of, start in zip(keys, features, first, strict=False):
        names = dict(zip(("model", "layer", "metric")[-len(key) :], key, strict=True))
        for at, (bar, points) in enumerate(zip(of.bars, of.points, strict=True), start):
            birth, death = study[key].scaled(dim)[bar]
            row = {"bar": bar, "birth": birth, "death": death, "points": points}
            score = float(scores[at]) / (len(keys) - 1) if len(keys) > 1 else 1.0
            rows.append(names | row | {"score": score, counted: int(shown[at]), "group": int(groups[at])})
    return table_of(rows)


def _chosen(study: Study, model: Any, layer: Any, metric: Any) -> list[tuple[str, ...]]:
    for name, there, what in ((model, study.models, "model"), (layer, study.layers, "layer")):
        if name is not None and str(name) not in there:
            raise KeyError(f"The study has no {what} {name!r}: it has {', '.join(there) or 'one without a name'}.")
    of_metric = None if metric is None else metric_name(metric)
    if of_metric is not None and of_metric not in study.metrics:
        raise KeyError(f"The study has no metric {of_metric!r}: it has {', '.join(study.metrics)}.")
    return [
        key
        for key in study
        if key[-1] == (of_metric or key[-1])
        and key[-2] == (key[-2] if layer is None else str(layer))
        and key[0] == (key[0] if model is None else str(model))
    ]


class _Features(NamedTuple):
    """The bars of one part that have a death, longest first, and their points. (What never dies in H0 is the cloud.)

    Attributes
    ----------
    bars : list of int
    points : list of (m,) ndarray
    near : (n, k) ndarray, or None
        For loops: each point, and its nearest neighbours; rows that the metric dropped are their own neighbours.
    n : int
    """

    bars: list[int]
    points: list[NDArray[np.int64]]
    near: NDArray[np.int64] | None
    n: int

    def members(self) -> NDArray[np.float32]:
        """1 where a point is of a bar: (bars, n)."""
        member = np.zeros((len(self.bars), self.n), np.float32)
        for row, points in zip(member, self.points, strict=True):
            row[points] = 1
        return member

    def neighborhoods(self) -> NDArray[np.float32]:
        """1 where the second point is near the first: (n, n)."""
        near = np.zeros((self.n, self.n), np.float32)
        if self.near is not None:
            np.put_along_axis(near, self.near, 1, axis=1)
        return near


def _features(
    X: NDArray[Any],
    metric: Any,
    options: Options,
    dim: int,
    bars: int | None,
    neighbors: int,
    n_threads: int | None,
) -> _Features:
    matrix, rows, _ = distances_of(X, metric, n_threads)
    r = rips(matrix, dim, options.thresh, options.coeff, "precomputed", n_threads=n_threads)
    chosen = np.flatnonzero(np.isfinite(r.dgms[dim][:, 1]))[:bars].tolist()
    if dim == 0:
        return _Features(chosen, [rows[side] for side in _smaller_sides(r, matrix, chosen)], None, len(X))
    nearest = np.argsort(matrix, axis=1, kind="stable")[:, 1 : neighbors + 1]
    near = np.repeat(np.arange(len(X))[:, None], 1 + nearest.shape[1], axis=1)
    near[rows, 1:] = rows[nearest]
    return _Features(chosen, [rows[r.cycle(1, bar)] for bar in chosen], near, len(X))


def _smaller_sides(r: RipsResult, matrix: NDArray[Any], bars: list[int]) -> Iterator[NDArray[np.int64]]:
    """The components that end with these bars: of two that meet, the smaller one (which of them ends is convention)."""
    heights = cophenetic(matrix)
    for bar in bars:
        sides = [np.flatnonzero(heights[end] < r.dgms[0][bar, 1]) for end in r.edges[0][bar, 2:]]
        yield min(sides, key=lambda side: (len(side), side[0]))


def _nothing() -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)


def _matched(a: _Features, b: _Features, first_a: int, first_b: int) -> tuple[Any, Any, Any]:
    """The partners of the bars of two parts, by their numbers, and how far they overlap."""
    from scipy.optimize import linear_sum_assignment

    if not a.bars or not b.bars:
        return _nothing()
    overlaps = _overlaps(a, b)
    i, j = linear_sum_assignment(-overlaps)
    return i + first_a, j + first_b, overlaps[i, j].astype(float)


def _overlaps(a: _Features, b: _Features) -> NDArray[np.float32]:
    """`overlap` of every bar of one part with every bar of another: (bars, bars)."""
    in_a, in_b = a.members(), b.members()
    sizes_a, sizes_b = in_a.sum(1), in_b.sum(1)
    if a.near is None:
        common = in_a @ in_b.T
        return common / (sizes_a[:, None] + sizes_b - common)
    near = np.maximum(a.neighborhoods(), b.neighborhoods()).T
    of_a = in_a @ (in_b @ near > 0).T / sizes_a[:, None]
    of_b = in_b @ (in_a @ near > 0).T / sizes_b[:, None]
    return np.minimum(of_a, of_b.T)


def _groups(one: NDArray[Any], two: NDArray[Any], overlaps: NDArray[Any], part: NDArray[Any]) -> NDArray[np.int64]:
    """Connected features, numbered from the group that most parts show, then by the total of their overlaps."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    graph = csr_array((np.ones(len(one), np.int8), (one, two)), shape=(len(part), len(part)))
    many, label = connected_components(graph, directed=False)
    label = label.astype(np.int64)
    shown = np.bincount(np.unique(np.stack([label, part]), axis=1)[0], minlength=many)
    order = np.lexsort((-np.bincount(label[one], overlaps, many), -shown))
    rank = np.empty(many, np.int64)
    rank[order] = np.arange(many)
    return rank[label]
