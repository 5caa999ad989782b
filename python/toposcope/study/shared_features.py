"""What metrics agree on: loops and components that appear under several, by the points that they run through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .components import cophenetic
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
    if not len(points) or not len(others):
        return 0.0
    if near is None:
        return len(np.intersect1d(points, others)) / len(np.union1d(points, others))

    def share(a: NDArray[np.int64], b: NDArray[np.int64]) -> float:
        return float(np.mean(np.isin(near[a], b).any(axis=1) | np.isin(a, b)))

    return min(share(points, others), share(others, points))


def consensus(
    study: Study,
    layer: str,
    dim: int = 1,
    *,
    model: str | None = None,
    bars: int = 10,
    neighbors: int = 5,
    threshold: float = 0.5,
) -> Any:
    """For each of the longest bars of a layer: under which other metrics does the same feature appear?

    Bars of two metrics are paired one to one for the greatest total overlap of their points (Hungarian method).
    Components (H0) are sets, compared as such. A loop (H1) is known by a representative, which is not unique, so that
    points count where a near neighbour under either metric is in the other loop.

    Parameters
    ----------
    study : Study
        With its points.
    layer : str
    dim : {0, 1}
    model : str, optional
        Where the study has several.
    bars : int
        The longest bars of each metric that are looked at.
    neighbors : int
        How many neighbours count as near, for loops.
    threshold : float
        The overlap from which two bars are called the same feature.

    Returns
    -------
    pandas.DataFrame, or a list of dict without pandas
        One row a metric and bar: metric, bar, birth, death (scaled), points (an array), score (the mean overlap with
        the partners under all other metrics: 1 where all agree fully), metrics (how many show it, this one included),
        group (features that are the same under several metrics share a number; 0 is the one most agreed on).

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
    keys: dict[str, tuple[Any, ...]] = {m: ((model, layer, m) if study.models else (layer, m)) for m in study.metrics}
    keys = {m: key for m, key in keys.items() if key in study}
    if not keys:
        raise KeyError(f"The study has no layer {layer!r}: it has {', '.join(study.layers)}.")
    found = [(m, bar, points) for m, key in keys.items() for bar, points in _features(study, key, dim, bars)]
    near = {m: _neighbors(study, key, neighbors) for m, key in keys.items()} if dim == 1 else None
    scores = np.eye(len(found))
    of_metric = {m: [i for i, feature in enumerate(found) if feature[0] == m] for m in keys}
    for a in keys:
        for b in list(keys)[list(keys).index(a) + 1 :]:
            _match(scores, found, of_metric[a], of_metric[b], near)
    groups = _groups(scores >= threshold, found, scores)
    rows = []
    for i, (m, bar, points) in enumerate(found):
        birth, death = study[keys[m]].scaled(dim)[bar]
        partners = scores[i].sum() - 1
        rows.append(
            {
                "metric": m,
                "bar": bar,
                "birth": birth,
                "death": death,
                "points": points,
                "score": partners / (len(keys) - 1) if len(keys) > 1 else 1.0,
                "metrics": 1 + int((scores[i] >= threshold).sum() - 1),
                "group": groups[i],
            }
        )
    return table_of(rows)


def _features(study: Study, key: tuple[Any, ...], dim: int, bars: int) -> list[tuple[int, NDArray[np.int64]]]:
    """The longest bars with a death, and their points. (In H0 the bar without one is the whole cloud.)

    Where two components meet, which of them ends is a convention; the smaller one is taken.
    """
    part = study[key]
    chosen = np.flatnonzero(np.isfinite(part.dgms[dim][:, 1]))[:bars].tolist()
    if dim == 1:
        return [(bar, part.cycle(1, bar)) for bar in chosen]
    heights = cophenetic(study.distances(*key))
    features = []
    for bar in chosen:
        ends = np.searchsorted(part.idx_perm, part.edges[0][bar, 2:])
        sides = [np.flatnonzero(heights[end] < part.dgms[0][bar, 1]) for end in ends]
        features.append((bar, part.idx_perm[min(sides, key=lambda side: (len(side), side[0]))]))
    return features


def _neighbors(study: Study, key: tuple[str, ...], count: int) -> NDArray[np.int64]:
    """The rows of the nearest neighbours of each row: (n, count); rows that the metric dropped have themselves."""
    part, matrix = study[key], study.distances(*key)
    count = min(count, len(matrix) - 1)
    order = np.argsort(matrix, axis=1, kind="stable")[:, 1 : count + 1]
    near = np.repeat(np.arange(study.meta["n"])[:, None], count, axis=1)
    near[part.idx_perm] = part.idx_perm[order]
    return near


def _match(scores: NDArray[np.float64], found: list[Any], of_a: list[int], of_b: list[int], near: Any) -> None:
    from scipy.optimize import linear_sum_assignment

    both = None if near is None or not of_a or not of_b else np.hstack([near[found[i[0]][0]] for i in (of_a, of_b)])
    values = np.array([[overlap(found[i][2], found[j][2], both) for j in of_b] for i in of_a]).reshape(
        len(of_a), len(of_b)
    )
    for i, j in zip(*linear_sum_assignment(-values), strict=True):
        scores[of_a[i], of_b[j]] = scores[of_b[j], of_a[i]] = values[i, j]


def _groups(same: NDArray[np.bool_], found: list[Any], scores: NDArray[np.float64]) -> list[int]:
    """Connected features, numbered from the one under most metrics, then by the total of its scores."""
    from scipy.sparse.csgraph import connected_components

    count, label = connected_components(same, directed=False)
    members = [np.flatnonzero(label == g) for g in range(count)]
    order = sorted(
        range(count),
        key=lambda g: (-len({found[i][0] for i in members[g]}), -scores[np.ix_(members[g], members[g])].sum()),
    )
    rank = {g: at for at, g in enumerate(order)}
    return [rank[g] for g in label]
