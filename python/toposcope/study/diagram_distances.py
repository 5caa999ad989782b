"""Distances between persistence diagrams: bottleneck by SciPy's matching, Wasserstein by GUDHI's hera."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagrams import as_diagram

__all__ = ["diagram_distance"]


def diagram_distance(
    a: NDArray[np.float64], b: NDArray[np.float64], distance: str = "bottleneck", order: float = 1.0
) -> float:
    """The bottleneck or Wasserstein distance of two diagrams.

    Parameters
    ----------
    a, b : (m, 2) ndarray
        Bars without a death are matched with one another by their births; unequal numbers of them give inf.
    distance : {"bottleneck", "wasserstein"}
        Both with the maximum norm between points of the diagrams. The bottleneck distance is exact up to rounding;
        the Wasserstein distance (hera's auction algorithm) to a relative error of 0.01.
    order : float
        Of the Wasserstein distance, from 1.

    Returns
    -------
    float

    Examples
    --------
    >>> import numpy as np
    >>> diagram_distance(np.array([[0.0, 4.0]]), np.array([[0.0, 3.0]]))
    1.0
    >>> diagram_distance(np.array([[0.0, 4.0]]), np.empty((0, 2)), "wasserstein")
    2.0
    """
    a, b = as_diagram(a, "a"), as_diagram(b, "b")
    essential_a, essential_b = np.isinf(a[:, 1]), np.isinf(b[:, 1])
    if essential_a.sum() != essential_b.sum():
        return float("inf")
    births = np.abs(np.sort(a[essential_a, 0]) - np.sort(b[essential_b, 0]))
    a, b = a[~essential_a], b[~essential_b]
    if distance == "bottleneck":
        return max(_bottleneck(a, b), float(births.max(initial=0)))
    if distance == "wasserstein":
        return float((_wasserstein(a, b, order) ** order + (births**order).sum()) ** (1 / order))
    raise ValueError(f"distance={distance!r} is unknown: it must be 'bottleneck' or 'wasserstein'.")


def _bottleneck(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """The bottleneck distance of finite bars: exact, and fast where most bars are short.

    Bars that can go to the diagonal anyway only matter as partners of longer ones, so every question "is the distance
    at most x?" is a matching of the few bars longer than 2x. The answer is one of finitely many candidates
    (half-lengths and distances between bars) and most often the lower bound of `_reach`. Where all births are equal
    (H0), matching in order of length is best. GUDHI's hera gives the same values (a test compares) and takes longer;
    `gudhi.bottleneck_distance` of GUDHI 3.13 gives two of a thousand small random pairs wrong.
    """
    if not len(a) or not len(b):
        return float(np.ptp(np.concatenate([a, b]), axis=1).max(initial=0)) / 2
    if (a[:, 0] == b[0, 0]).all() and (b[:, 0] == b[0, 0]).all():
        return _bottleneck_of_lengths(a[:, 1] - a[:, 0], b[:, 1] - b[:, 0])
    lower = max(_reach(a, b), _reach(b, a))
    if _within(a, b, lower):
        return lower
    upper = lower * 1.1 + np.finfo(float).tiny
    while not _within(a, b, upper):
        lower, upper = upper, upper * 1.1
    candidates = np.append(_candidates(a, b, lower, upper), upper)
    low, high = 0, len(candidates) - 1  # the last is within
    while low < high:
        middle = (low + high) // 2
        if _within(a, b, candidates[middle]):
            high = middle
        else:
            low = middle + 1
    return float(candidates[low])


def _within(a: NDArray[np.float64], b: NDArray[np.float64], distance: float) -> bool:
    """Whether the bottleneck distance is at most this: all long bars of either have partners in the other.

    When that holds both ways, one matching does both (Mendelsohn and Dulmage 1958).
    """
    return _matches(a, b, distance) and _matches(b, a, distance)


def _bottleneck_of_lengths(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Bars born together: the k longest are matched in order, the others go to the diagonal, for the best k.

    Where k is best, any matching that takes a bar longer than twice the distance can be put in order by exchanges.
    """
    size = max(len(a), len(b)) + 1
    a, b = (np.pad(np.sort(x)[::-1], (0, size - len(x))) for x in (a, b))
    matched = np.concatenate([[0.0], np.maximum.accumulate(np.abs(a - b))[:-1]])
    return float(np.maximum(matched, np.maximum(a, b) / 2).min())


def _reach(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """A lower bound: each bar goes to the diagonal or to some bar of the other diagram."""
    from scipy.spatial import KDTree

    nearest, _ = KDTree(b).query(a, p=np.inf)
    return float(np.minimum(nearest, (a[:, 1] - a[:, 0]) / 2).max())


def _matches(a: NDArray[np.float64], b: NDArray[np.float64], distance: float) -> bool:
    """Whether all bars of ``a`` that are too long for the diagonal have partners in ``b`` within the distance."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    long = a[(a[:, 1] - a[:, 0]) / 2 > distance]
    if not len(long):
        return True
    near = np.maximum(*(np.abs(long[:, None, i] - b[:, i]) for i in (0, 1))) <= distance
    near = near[near.sum(1) < len(long)]  # a bar with so many partners always finds one that is free
    if not near.any(axis=1).all():
        return False
    graph = csr_array(near.astype(np.int8))
    return bool((maximum_bipartite_matching(graph, perm_type="column") >= 0).all())


def _candidates(a: NDArray[np.float64], b: NDArray[np.float64], lower: float, upper: float) -> NDArray[np.float64]:
    """All values that the distance can have between two bounds, in order."""
    found = []
    for x, other in ((a, b), (b, a)):
        half = (x[:, 1] - x[:, 0]) / 2
        found.append(half)
        for long in x[half > lower]:
            found.append(np.abs(other - long).max(1))
    values = np.concatenate(found)
    return np.unique(values[(values > lower) & (values <= upper)])


def _wasserstein(a: NDArray[np.float64], b: NDArray[np.float64], order: float) -> float:
    if not order >= 1:
        raise ValueError(f"order={order!r} is out of range: it must be at least 1.")
    if not len(a) or not len(b):  # all bars to the diagonal, at half their length
        half = (np.concatenate([a, b])[:, 1] - np.concatenate([a, b])[:, 0]) / 2
        return float((half**order).sum() ** (1 / order))
    from gudhi.hera import wasserstein_distance

    return float(wasserstein_distance(a, b, order=order, internal_p=np.inf, delta=0.01))


def distances_between(diagrams: list[Any], distance: str, order: float, n_jobs: int | None, progress: Any) -> Any:
    """The symmetric matrix of distances between all diagrams."""
    from .running import Task, run

    def row(i: int, _threads: int | None) -> list[float]:
        return [diagram_distance(diagrams[i], other, distance, order) for other in diagrams[i + 1 :]]

    count = len(diagrams)
    values = np.zeros((count, count))
    tasks: list[Task] = [(i, row, (i,)) for i in range(count)]
    for i, ended, error in run(tasks, n_jobs, progress, distance):
        if error is not None:
            raise error
        values[i, i + 1 :] = values[i + 1 :, i] = ended
    return values
