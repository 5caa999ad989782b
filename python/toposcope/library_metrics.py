"""Metrics that SciPy, scikit-learn or the user computes: other names, with their parameters, and functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LibraryMetric", "between", "pairwise"]


class LibraryMetric:
    """A metric of ``scipy.spatial.distance`` or ``sklearn.metrics.pairwise_distances`` with parameters.

    A name alone, such as ``metric="canberra"``, does where there are none. The library computes in double precision.

    Parameters
    ----------
    name : str
        "minkowski", "seuclidean", "hamming", "nan_euclidean", ...: any name that one of the two libraries knows.
    **parameters
        What the library takes with it: ``p``, ``w``, ``V``, ``missing_values``, ...

    Examples
    --------
    >>> import toposcope as ts
    >>> ts.distances([[0, 0], [1, 1]], ts.LibraryMetric("minkowski", p=3)).round(4)
    array([[0.    , 1.2599],
           [1.2599, 0.    ]], dtype=float32)
    """

    def __init__(self, name: str, **parameters: Any):
        if not isinstance(name, str):
            raise TypeError(f"name={name!r} is no name of a metric: give a string, such as 'minkowski'.")
        self.name, self.parameters = name, parameters

    def __str__(self) -> str:
        scalars = (f"{key}={value}" for key, value in self.parameters.items() if np.ndim(value) == 0)
        return ", ".join([self.name, *scalars])

    def __repr__(self) -> str:
        return f"LibraryMetric({', '.join([repr(self.name), *(f'{k}={v!r}' for k, v in self.parameters.items())])})"


def pairwise(points: NDArray[Any], metric: Any, known: str) -> NDArray[Any]:
    """All distances, (n, n).

    Parameters
    ----------
    points : (n, d) ndarray
    metric : str, LibraryMetric or callable
    known : str
        The names that need no library, for the message.
    """
    from_scipy, from_sklearn = _libraries(metric, known)
    if len(points) < 2:
        return np.zeros((len(points), len(points)))

    def by_scipy(metric: Any, parameters: dict[str, Any]) -> NDArray[Any]:
        return from_scipy.squareform(from_scipy.pdist(points, metric, **parameters), checks=False)

    def by_sklearn(metric: Any, parameters: dict[str, Any]) -> NDArray[Any]:
        matrix = from_sklearn(points, metric=metric, **parameters)
        matrix = np.maximum(matrix, matrix.T)
        np.fill_diagonal(matrix, 0)
        return matrix

    return _defined(_computed(metric, known, by_scipy, by_sklearn), metric, "X")


def between(points: NDArray[Any], others: NDArray[Any], metric: Any, known: str) -> NDArray[Any]:
    """The distances of points (rows) from others (columns), with parameters as `pairwise` has them for the points."""
    from_scipy, from_sklearn = _libraries(metric, known)

    def by_scipy(metric: Any, parameters: dict[str, Any]) -> NDArray[Any]:
        if metric in ("seuclidean", "se", "s") and "V" not in parameters:  # pdist takes the variances of the points
            parameters = {**parameters, "V": np.var(np.asarray(points, np.float64), axis=0, ddof=1)}
        return from_scipy.cdist(points, others, metric, **parameters)

    def by_sklearn(metric: Any, parameters: dict[str, Any]) -> NDArray[Any]:
        return from_sklearn(points, others, metric=metric, **parameters)

    return _defined(_computed(metric, known, by_scipy, by_sklearn), metric, "X and reference")


def _libraries(metric: Any, known: str) -> tuple[Any, Any]:
    try:
        import scipy.spatial.distance as from_scipy
    except ImportError:
        raise ValueError(
            f"metric={_shown(metric)} is none of {known}, and other names and functions need SciPy, which is not "
            "installed: pip install scipy."
        ) from None
    try:
        from sklearn.metrics import pairwise_distances as from_sklearn
    except ImportError:
        from_sklearn = None
    return from_scipy, from_sklearn


def _computed(metric: Any, known: str, by_scipy: Callable, by_sklearn: Callable) -> NDArray[Any]:
    if callable(metric):
        return by_scipy(metric, {})
    name, parameters = (metric, {}) if isinstance(metric, str) else (metric.name, metric.parameters)
    try:
        return by_scipy(name, parameters)
    except (ValueError, TypeError, np.linalg.LinAlgError) as error:
        if "Unknown Distance Metric" not in str(error):
            raise type(error)(f"metric={_shown(metric)} is refused by SciPy: {_sentence(error)}") from None
    try:
        return by_sklearn(name, parameters)
    except (ValueError, TypeError) as error:
        if not _is_known_to_sklearn(name):
            raise ValueError(
                f"metric={_shown(metric)} is unknown: it must be one of {known}, a name that SciPy or "
                "scikit-learn knows, or a function."
            ) from None
        raise type(error)(f"metric={_shown(metric)} is refused by scikit-learn: {_sentence(error)}") from None


def _is_known_to_sklearn(name: str) -> bool:
    try:
        from sklearn.metrics.pairwise import distance_metrics
    except ImportError:
        return False
    return name in distance_metrics()


def _defined(matrix: NDArray[Any], metric: Any, what: str) -> NDArray[Any]:
    undefined = np.argwhere(np.isnan(matrix))
    if len(undefined):
        i, j = undefined[0]
        raise ValueError(
            f"metric={_shown(metric)} gives no number (NaN) for rows {i} and {j} of {what}: it is not defined for "
            "them, so leave them out or take another metric."
        )
    return matrix


def _shown(metric: Any) -> str:
    return repr(getattr(metric, "__name__", metric))


def _sentence(error: Exception) -> str:
    """What a library's message of several lines begins with, as one sentence."""
    first = str(error).strip().splitlines()[0]
    # Generated bindings go on with the types that they take.
    return first.partition(" The following argument types")[0].rstrip(".: ") + "."
