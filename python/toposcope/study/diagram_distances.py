"""Distances between persistence diagrams, by GUDHI's implementations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    import gudhi

    return float(gudhi.bottleneck_distance(a, b))  # exact but for rounding; e=0 costs five times as much


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
