"""H0 in more detail: the tree of components, how pure they are, and the dimension that their deaths show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..persistence import rips
from ..points import as_matrix
from .arguments import as_labels

__all__ = ["cophenetic", "intrinsic_dimension", "purity", "separation", "single_linkage"]


def single_linkage(distances: NDArray[Any]) -> NDArray[np.float64]:
    """The single-linkage tree, in SciPy's format: its heights are the deaths of H0.

    Parameters
    ----------
    distances : (n, n) array_like

    Returns
    -------
    (n - 1, 4) ndarray
        For ``scipy.cluster.hierarchy``: two clusters, the height, the size.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    matrix = as_matrix(distances, "distances").astype(float)
    return linkage(squareform(matrix, checks=False), "single") if len(matrix) > 1 else np.empty((0, 4))


def cophenetic(distances: NDArray[Any]) -> NDArray[np.float64]:
    """The scale at which each two points join one component: (n, n).

    >>> cophenetic([[0, 1, 5], [1, 0, 2], [5, 2, 0]])
    array([[0., 1., 2.],
           [1., 0., 2.],
           [2., 2., 0.]])
    """
    from scipy.cluster.hierarchy import cophenet
    from scipy.spatial.distance import squareform

    tree = single_linkage(distances)
    return squareform(cophenet(tree)) if len(tree) else np.zeros((len(distances), len(distances)))


def purity(distances: NDArray[Any], labels: Any) -> dict[str, NDArray[Any]]:
    """How pure the components of H0 are at each scale.

    Parameters
    ----------
    distances : (n, n) array_like
    labels : (n,) array_like

    Returns
    -------
    dict
        scale : (n,) ndarray, 0 and then the deaths of H0 in order; components : (n,) ndarray, how many there are from
        this scale on; purity : (n,) ndarray, the share of points that are of the most frequent class of their
        component. Many small components are pure by chance: compare with `class_structure`.

    Examples
    --------
    >>> p = purity([[0, 1, 5], [1, 0, 2], [5, 2, 0]], ["a", "a", "b"])
    >>> p["components"], p["purity"].round(2)
    (array([3, 2, 1]), array([1.  , 1.  , 0.67]))
    """
    tree = single_linkage(distances)
    n = len(tree) + 1
    names, values = np.unique(as_labels(labels, n), return_inverse=True)
    counts = np.zeros((2 * n - 1, len(names)), np.int64)
    counts[np.arange(n), values] = 1
    most = n
    pure = [1.0]
    for at, (left, right) in enumerate(tree[:, :2].astype(int)):
        counts[n + at] = counts[left] + counts[right]
        most += counts[n + at].max() - counts[left].max() - counts[right].max()
        pure.append(most / n)
    return {
        "scale": np.concatenate([[0.0], tree[:, 2]]),
        "components": np.arange(n, 0, -1),
        "purity": np.array(pure),
    }


def separation(distances: NDArray[Any], labels: Any) -> float:
    """How much later components join samples of different classes than samples of one class.

    Parameters
    ----------
    distances : (n, n) array_like
    labels : (n,) array_like
        At least two classes, one of them with two samples.

    Returns
    -------
    float
        The mean scale at which two samples of different classes join one component, less that of two samples of the
        same class, over that of all pairs. About 0 where labels mean nothing: `class_structure` tests it.

    Examples
    --------
    >>> round(separation([[0, 1, 5, 5], [1, 0, 5, 5], [5, 5, 0, 1], [5, 5, 1, 0]], ["a", "a", "b", "b"]), 3)
    1.091
    """
    return Separation(distances, labels)()


class Separation:
    """`separation` of one cloud, for these labels or for others with as many of each class."""

    def __init__(self, distances: NDArray[Any], labels: Any):
        self._heights = cophenetic(distances)
        n = len(self._heights)
        self.classes = np.unique(as_labels(labels, n), return_inverse=True)[1].ravel()
        sizes = np.bincount(self.classes)
        self._same_pairs, self._pairs = float((sizes * (sizes - 1.0)).sum()), n * (n - 1.0)
        if len(sizes) < 2 or self._same_pairs == 0:
            raise ValueError("labels must name at least two classes, one of them with two samples.")
        self._members, self._total = np.eye(len(sizes)), self._heights.sum()

    def __call__(self, classes: NDArray[np.int64] | None = None) -> float:
        member = self._members[self.classes if classes is None else classes]
        same = float(np.einsum("ic,ic->", self._heights @ member, member))
        different = (self._total - same) / (self._pairs - self._same_pairs)
        mean = self._total / self._pairs
        return float((different - same / self._same_pairs) / mean) if mean > 0 else 0.0


def intrinsic_dimension(
    distances: NDArray[Any],
    alpha: float = 1.0,
    *,
    sizes: Sequence[int] | None = None,
    resamples: int = 10,
    seed: int = 0,
) -> float:
    """The persistent-homology dimension: how the sum of the deaths of H0 grows with the number of points.

    For n points of a d-dimensional measure, the sum of death^alpha grows as n^((d - alpha) / d) (Steele 1988 for the
    minimum spanning tree; H. Adams et al. 2020 and B. Schweinhart 2020 for persistent homology). The slope of its
    logarithm over subsamples without repeats gives d.

    Parameters
    ----------
    distances : (n, n) array_like
    alpha : float
        Less than the dimension.
    sizes : sequence of int, optional
        Of the subsamples; by default eight from n / 10 to n / 2, evenly in their logarithms.
    resamples, seed : int
        Subsamples of each size.

    Returns
    -------
    float
        The dimension; inf where the sum grows as fast as the number of points.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> square = np.random.default_rng(0).uniform(size=(600, 2))
    >>> 1.8 < intrinsic_dimension(ts.distances(square)) < 2.2
    True
    """
    matrix = as_matrix(distances, "distances")
    n = len(matrix)
    if sizes is None:
        sizes = np.unique(np.geomspace(n / 10, n / 2, 8).astype(int)).tolist()
    if len(sizes) < 2 or min(sizes) < 2 or max(sizes) > n:
        raise ValueError(f"sizes={list(sizes)} of {n} points: give at least two sizes from 2 to the number of points.")
    rng = np.random.default_rng(seed)
    logs = []
    for size in sizes:
        for _ in range(resamples):
            rows = rng.choice(n, size, replace=False)
            deaths = rips(matrix[np.ix_(rows, rows)], 0, metric="precomputed").dgms[0][:, 1]
            total = (deaths[np.isfinite(deaths)] ** alpha).sum()
            if total <= 0:
                raise ValueError("The points coincide, so that they show no dimension.")
            logs.append((np.log(size), np.log(total)))
    x, y = np.array(logs).T
    slope = float(np.polyfit(x, y, 1)[0])
    return alpha / (1 - slope) if slope < 1 else float("inf")
