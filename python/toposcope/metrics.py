"""Distances: the metrics by name or as objects, and the matrix of all pairwise distances."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._native import calling
from .device_metrics import KINDS, distances_on_device, is_on_device
from .library_metrics import LibraryMetric, between, pairwise
from .points import as_matrix, as_points

__all__ = ["Cosine", "LibraryMetric", "Mahalanobis", "MetricLike", "RelativeNeighborhood", "distances"]

# The codes of include/toposcope.h.
_CODES = {
    "euclidean": 0,
    "sqeuclidean": 1,
    "cosine": 2,
    "angular": 3,
    "correlation": 4,
    "cityblock": 5,
    "chebyshev": 6,
    "mahalanobis": 7,
    "precomputed": 8,
}
_ALIASES = {"l2": "euclidean", "l1": "cityblock", "manhattan": "cityblock", "infinity": "chebyshev"}
_COVARIANCES = {"ledoit-wolf": 0, "oas": 1, "empirical": 2}
_SHRUNK, _GIVEN = 3, 4
_SCALINGS = {"max": 0, "geometric": 1, "min": 2}
_DUPLICATES = {"error": 0, "first-positive": 1}


@dataclass(frozen=True)
class Cosine:
    """The cosine distance 1 - x.y / (\\|x\\| \\|y\\|), with a choice of what becomes of zero vectors.

    The triangle inequality fails for it; Rips persistence is defined all the same.

    Parameters
    ----------
    zeros : {"error", "drop"}
        A vector of length zero (a sample in which every ReLU is dead) has no direction. "drop" leaves such points out;
        ``idx_perm`` and ``meta["dropped"]`` of the result say which.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.distances([[1, 0], [0, 0], [0, 2]], metric=ts.Cosine(zeros="drop"))
    array([[0., 1.],
           [1., 0.]], dtype=float32)
    """

    zeros: str = "error"

    def __post_init__(self) -> None:
        _choice("zeros", self.zeros, ("error", "drop"))

    def __str__(self) -> str:
        return "cosine"


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """The Mahalanobis distance sqrt((x - y)' S^-1 (x - y)), computed as whitening and then the Euclidean distance.

    With n points in d >= n - 1 coordinates the empirical covariance is singular, and its pseudo-inverse makes every
    distance sqrt(2 (n - 1)). So the default shrinks it; ``meta`` reports by how much.

    Parameters
    ----------
    covariance : {"ledoit-wolf", "oas", "empirical"}, float, or (d, d) array_like
        How S is estimated (Ledoit and Wolf 2004; Chen, Wiesel, Eldar and Hero 2010; no shrinkage), a fixed shrinkage
        from 0 to 1, or S itself, symmetric but for the rounding of single precision. "empirical" and a number divide
        by n - 1; the other two, as in scikit-learn, by n.
    reference : (m, d) array_like, optional
        The points that S is estimated from; by default the points themselves.

    Examples
    --------
    Distances do not change under invertible affine maps:

    >>> import numpy as np, toposcope as ts
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> A = np.array([[2.0, 1, 0], [0, 1, 0], [0, 3, 0.5]])
    >>> metric = ts.Mahalanobis("empirical")
    >>> bool(np.allclose(ts.distances(X, metric), ts.distances(X @ A + 7, metric), rtol=1e-5))
    True
    """

    covariance: Any = "ledoit-wolf"
    reference: Any = None

    def __post_init__(self) -> None:
        c = self.covariance
        if isinstance(c, str):
            _choice("covariance", c, tuple(_COVARIANCES))
        elif np.ndim(c) == 0 and not (isinstance(c, (int, float, np.number)) and 0 <= c <= 1):
            raise ValueError(
                f"covariance={c!r} is no shrinkage: it must be from 0 to 1, a name of "
                f"{_names(_COVARIANCES)}, or a matrix."
            )

    def __str__(self) -> str:
        return "mahalanobis"


@dataclass(frozen=True)
class RelativeNeighborhood:
    """The relative-neighbourhood normalisation: d(x, y) divided by a scale of the k-th nearest neighbours.

    With ``scaling="max"``, d(x, y) / max(d(x, x_k), d(y, y_k)), where x_k is the k-th nearest neighbour of x, x itself
    not counted. Densities are evened out, and the pairs at distance <= 1 are the union k-nearest-neighbour graph. The
    result is no metric, and does not change when all distances are scaled.

    Parameters
    ----------
    metric : str, metric object or callable
        The metric underneath.
    k : int
        The number of neighbours, from 1 to n - 1.
    scaling : {"max", "geometric", "min"}
        With "max" a single point midway between two clusters bridges them; the others are less forgiving.
    duplicates : {"error", "first-positive"}
        What to do where a point has more than k duplicates: stop, or divide by the distance of its nearest neighbour
        at a positive distance.
    reference : (m, d) array_like or tensor, optional
        The points among which neighbours are looked for; by default the points themselves. The whole cloud where the
        points are a subsample of it: of reference points at distance zero, one is taken to be the point itself. With
        ``metric="precomputed"``, the (n, m) distances of the points from the reference points. The covariance of the
        Mahalanobis distance is still that of the points, unless `Mahalanobis` has a reference of its own.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.distances([[0.0], [1.0], [3.0]], ts.RelativeNeighborhood("euclidean", k=1))
    array([[0. , 1. , 1.5],
           [1. , 0. , 1. ],
           [1.5, 1. , 0. ]], dtype=float32)

    A subsample keeps the scales of its cloud:

    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(40, 3))
    >>> whole = ts.distances(X, ts.RelativeNeighborhood("euclidean", k=5))
    >>> part = ts.distances(X[:9], ts.RelativeNeighborhood("euclidean", k=5, reference=X))
    >>> bool(np.array_equal(part, whole[:9, :9]))
    True
    """

    metric: Any = "euclidean"
    k: int = 15
    scaling: str = "max"
    duplicates: str = "error"
    reference: Any = None

    def __post_init__(self) -> None:
        _choice("scaling", self.scaling, tuple(_SCALINGS))
        _choice("duplicates", self.duplicates, tuple(_DUPLICATES))
        try:
            k = operator.index(self.k)
        except TypeError:
            raise TypeError(f"k={self.k!r} is not an integer: it is the number of neighbours, at least 1.") from None
        if k < 1:
            raise ValueError(f"k={k} neighbours are too few: k must be at least 1 and less than the number of points.")
        if isinstance(self.metric, RelativeNeighborhood):
            raise TypeError("RelativeNeighborhood is already a normalisation: give it the metric underneath.")

    def __str__(self) -> str:
        extra = "" if self.scaling == "max" else f", {self.scaling}"
        return f"{metric_name(self.metric)}, k={self.k}{extra}"


MetricLike = str | Cosine | Mahalanobis | RelativeNeighborhood | LibraryMetric | Callable[[Any, Any], float]


def distances(
    X: Any,
    metric: MetricLike = "euclidean",
    *,
    n_threads: int | None = None,
    progress: Any = None,
) -> NDArray[np.float32]:
    """All pairwise distances.

    Parameters
    ----------
    X : (n, d) array_like or tensor
        Points; with ``metric="precomputed"`` an (n, n) matrix, which is checked. Distances of a tensor on a GPU are
        computed there, by PyTorch, for every metric by name but "mahalanobis".
    metric : str, metric object or callable
        "euclidean", "sqeuclidean", "cosine", "angular" (the angle in half turns), "correlation", "cityblock",
        "chebyshev", "mahalanobis", "precomputed"; `Cosine`, `Mahalanobis`, `RelativeNeighborhood`; any other name that
        SciPy or scikit-learn knows, with parameters as `LibraryMetric`; or a function of two points.
    n_threads : int, optional
        By default all processors of this process.
    progress : bool or callable, optional
        True for a progress bar, or a function of the work done and the work there is.

    Returns
    -------
    (n, n) ndarray of float32
        Symmetric to the last bit, zero on the diagonal.

    Raises
    ------
    ValueError
        For input that is not finite, zero vectors under "cosine", a singular covariance, k out of range.
    TypeError
        For input that holds no real numbers.

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.distances([[0, 0], [3, 4]])
    array([[0., 5.],
           [5., 0.]], dtype=float32)
    """
    return measured(X, metric, n_threads=n_threads, progress=progress)[0]


def measured(
    X: Any, metric: MetricLike, *, n_threads: int | None = None, progress: Any = None
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The distances, and what was done to get them."""
    request = Request(X, metric)
    with calling(**request.words) as core, reporting(progress, "distances") as report:
        matrix, facts = core.distances(request.array, request.code, threads(n_threads), report)
    return matrix, request.meta(facts)


class Request:
    """Points and a metric, as the core takes them.

    Attributes
    ----------
    array : (n, d) ndarray
    code : tuple
        The metric, as ``_core`` reads it.
    kept : (n,) ndarray of int, or None
        The rows of the input that are left, where some were dropped.
    words : dict
        What messages call things.
    computed : str, or None
        Where and how the distances were computed, if not by the core.
    """

    def __init__(self, X: Any, metric: MetricLike):
        self.name = metric_name(metric)
        self.kept: NDArray[np.int64] | None = None
        self.computed: str | None = None
        self._facts: dict[str, Any] | None = None
        self._has_reference = isinstance(metric, RelativeNeighborhood) and metric.reference is not None
        neighbors, scaling, duplicates, around = 0, 0, 0, None
        self.words: dict[str, Any] = {}
        if isinstance(metric, RelativeNeighborhood):
            neighbors, scaling = operator.index(metric.k), _SCALINGS[metric.scaling]
            duplicates = _DUPLICATES[metric.duplicates]
            self.words["k"] = neighbors
            around, metric = metric.reference, metric.metric
        if isinstance(metric, type):
            raise TypeError(f"metric={metric.__name__} is a class: give what it makes, {metric.__name__}(...).")
        self.words["metric"] = metric_name(metric)
        base, covariance, shrinkage, matrix, reference = self._base(X, metric)
        self._is_whitened = base == _CODES["mahalanobis"]
        self.words["precomputed"] = base == _CODES["precomputed"]
        if around is not None:
            around = self._around(X, metric, around)
            self.words["reference"] = len(around) if metric != "precomputed" else around.shape[1]
        self.code = (base, covariance, shrinkage, matrix, reference, neighbors, scaling, duplicates, around)
        if neighbors and around is None and neighbors >= len(self.array):
            raise ValueError(
                f"k={neighbors} neighbours were asked of {len(self.array)} points: k must be at least 1 and less than "
                "the number of points."
            )

    def _base(self, X: Any, metric: MetricLike) -> tuple[int, int, float, Any, Any]:
        nothing = (0, 0.0, None, None)
        if isinstance(metric, Cosine):
            self.array = as_points(X)
            if metric.zeros == "drop":
                alive = np.any(self.array != 0, axis=1)
                if not alive.all():
                    self.kept, self.dropped = np.flatnonzero(alive), np.flatnonzero(~alive)
                    self.array = self.array[alive]
            return (_CODES["cosine"], *nothing)
        if isinstance(metric, str) and metric == "mahalanobis":
            metric = Mahalanobis()
        if isinstance(metric, Mahalanobis):
            self.array = as_points(X)
            return (_CODES["mahalanobis"], *self._covariance(metric))
        if isinstance(metric, str):
            name = _ALIASES.get(metric, metric)
            if name in KINDS and is_on_device(X) and not self._has_reference and np.ndim(X) == 2:
                self.array, self.computed = distances_on_device(X, name)
                return (_CODES["precomputed"], *nothing)
            if name in _CODES:
                self.array = as_matrix(X) if name == "precomputed" else as_points(X)
                return (_CODES[name], *nothing)
        elif not callable(metric) and not isinstance(metric, LibraryMetric):
            raise TypeError(
                f"metric={metric!r} is no metric: give a name, a metric object such as "
                f"ts.Mahalanobis(), or a function of two points."
            )
        self.array = pairwise(as_points(X), metric, _names(set(_CODES) | set(_ALIASES)))
        return (_CODES["precomputed"], *nothing)

    def _around(self, X: Any, metric: MetricLike, reference: Any) -> NDArray[Any]:
        """The reference of the normalisation: points, or, with given distances, the distances from it."""
        around = as_points(reference, "reference")
        _refuse_not_finite(around, "reference")
        if metric == "precomputed":
            if len(around) != len(self.array):
                raise ValueError(
                    f"reference has {len(around)} rows and X has {len(self.array)}: with metric='precomputed' it holds "
                    "the distances of the points, one a row, from the reference points, one a column."
                )
            return around
        points = self.array if not self.words["precomputed"] else as_points(X)
        if around.shape[1] != points.shape[1]:
            raise ValueError(
                f"reference has {around.shape[1]} coordinates and X has {points.shape[1]}: they must agree."
            )
        if self.words["precomputed"]:
            return between(points, around, metric, _names(set(_CODES) | set(_ALIASES)))
        if self.name.startswith(("cosine", "angular")) and not around.any(axis=1).all():
            if not (isinstance(metric, Cosine) and metric.zeros == "drop"):
                raise ValueError(
                    "reference has zero vectors, for which the distance is not defined: drop them with "
                    "metric=ts.Cosine(zeros='drop'), or use another metric."
                )
            around = around[around.any(axis=1)]
        return around

    def _covariance(self, metric: Mahalanobis) -> tuple[int, float, Any, Any]:
        columns = self.array.shape[1]
        reference = None
        if metric.reference is not None:
            reference = as_points(metric.reference, "reference")
            if reference.shape[1] != columns:
                raise ValueError(
                    f"reference has {reference.shape[1]} coordinates and X has {columns}: they must agree."
                )
            _refuse_not_finite(reference, "reference")
        c = metric.covariance
        if isinstance(c, str):
            self.words["covariance"] = "not shrunk" if c == "empirical" else "shrunk"
            return (_COVARIANCES[c], 0.0, None, reference)
        if np.ndim(c) == 0:
            self.words["covariance"] = "shrunk" if c else "not shrunk"
            return (_SHRUNK, float(c), None, reference)
        self.words["covariance"] = "given"
        matrix = np.require(as_points(c, "covariance"), np.float64, ["C", "ALIGNED"])
        if matrix.shape != (columns, columns):
            raise ValueError(
                f"covariance is {matrix.shape[0]} x {matrix.shape[1]} and X has {columns} coordinates: they must agree."
            )
        _refuse_not_finite(matrix, "covariance")
        deviations = np.sqrt(abs(np.diag(matrix)))
        rounding = 2.0**-20 * np.outer(deviations, deviations)  # of products in single precision
        apart = np.argwhere(abs(matrix - matrix.T) > rounding)
        if len(apart):
            i, j = apart[0]
            raise ValueError(
                f"covariance is not symmetric: row {i}, column {j} is {matrix[i, j]:g}, and differs from row {j}, "
                f"column {i}; make it symmetric, for instance by (S + S.T) / 2."
            )
        return (_GIVEN, 0.0, (matrix + matrix.T) / 2, reference)

    def restrict(
        self, rows: NDArray[np.int64], distances: Callable[[], tuple[NDArray[np.float32], dict[str, Any]]]
    ) -> None:
        """Leave some of the points. What is estimated from the cloud stays that of the whole cloud.

        ``distances`` computes all distances and their facts, where neighbours have to be looked for before points are
        left out.
        """
        base, covariance, shrinkage, matrix, reference, neighbors, *rest = self.code
        if neighbors:
            matrix, self._facts = distances()
            self.array = np.ascontiguousarray(matrix[np.ix_(rows, rows)])
            self.code = (_CODES["precomputed"], 0, 0.0, None, None, 0, 0, 0, None)
        elif base == _CODES["precomputed"]:
            self.array = np.ascontiguousarray(self.array[np.ix_(rows, rows)])
        else:
            if base == _CODES["mahalanobis"] and matrix is None and reference is None:
                reference = self.array
            self.array = self.array[rows]
            self.code = (base, covariance, shrinkage, matrix, reference, neighbors, *rest)

    def meta(self, facts: dict[str, Any]) -> dict[str, Any]:
        """What was done, for people: what does not apply is left out."""
        done: dict[str, Any] = {"metric": self.name}
        if self._is_whitened:
            facts = self._facts or facts
            done |= {key: facts[key] for key in ("shrinkage", "rank", "condition", "dimension")}
        if self.kept is not None:
            done["dropped"] = self.dropped
        if self.computed is not None:
            done["distances"] = self.computed
        return done


def metric_name(metric: MetricLike) -> str:
    """What tables and plots call a metric."""
    if callable(metric) and not isinstance(metric, (str, type)):
        return getattr(metric, "__name__", type(metric).__name__)
    return _ALIASES.get(metric, metric) if isinstance(metric, str) else str(metric)


def threads(n_threads: int | None) -> int:
    """The number of threads as the core takes it: 0 for all."""
    if n_threads is None or n_threads == -1:
        return 0
    try:
        count = operator.index(n_threads)
    except TypeError:
        raise TypeError(
            f"n_threads={n_threads!r} is not an integer: give a number of threads, or None for all processors."
        ) from None
    if not 1 <= count <= 1024:
        raise ValueError(f"n_threads={count} is out of range: it must be from 1 to 1024, or None for all processors.")
    return count


class reporting:
    """A progress function for the core, of what the user gave: None, True (a bar) or a function (done, total)."""

    def __init__(self, progress: Any, title: str):
        self.progress, self.title, self.bar = progress, title, None
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise TypeError(
                f"progress={progress!r} is neither True nor a function of the work done and the work there is."
            )

    def __enter__(self) -> Callable[[int, int], object] | None:
        if self.progress is None or self.progress is False:
            return None
        if self.progress is not True:
            return self.progress
        from tqdm.auto import tqdm

        bar = self.bar = tqdm(desc=self.title, unit="", unit_scale=True, leave=False)

        def report(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return report

    def __exit__(self, *exception: object) -> None:
        if self.bar is not None:
            self.bar.close()


def _refuse_not_finite(array: NDArray[Any], name: str) -> None:
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        i, j = wrong[0]
        raise ValueError(f"{name} has {array[i, j]} at row {i}, column {j}: leave out or replace what is not finite.")


def _choice(what: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{what}={value!r} is unknown: it must be one of {_names(choices)}.")


def _names(names: Any) -> str:
    return ", ".join(repr(name) for name in sorted(names))
