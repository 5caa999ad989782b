"""The samples of a layer in the plane, to see where a loop runs. Nothing is computed from it: distances come from the
full space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def planar(name: str, value: Any, advice: str = "give (n, 2) coordinates in the plane") -> NDArray[np.float64]:
    """``value`` as (n, 2) coordinates, or an error that names it.

    >>> planar("embedding", [[0, 1], [2, 3]]).shape
    (2, 2)
    """
    try:
        plane = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a {type(value).__name__} that holds no numbers: {advice}") from None
    if plane.ndim != 2 or plane.shape[1] != 2:
        raise ValueError(f"{name} has shape {plane.shape}: {advice}")
    if not np.isfinite(plane).all():
        row = int(np.flatnonzero(~np.isfinite(plane).all(1))[0])
        raise ValueError(f"{name}: point {row} has a coordinate that is not finite: leave it out")
    return plane


def principal_plane(points: Any) -> tuple[NDArray[np.float64], float]:
    """Coordinates of points in the plane of their two first principal components.

    Each axis points to where its largest coordinate is positive, so that the picture does not depend on the sign that
    the linear algebra happens to give.

    Parameters
    ----------
    points : (n, d) array

    Returns
    -------
    plane : (n, 2) float64
        In units of the points; a second column of zeros where there is no second direction.
    share : float
        Their share of the variance, 0 to 1; 1 where all points coincide.

    Examples
    --------
    >>> import numpy as np
    >>> plane, share = principal_plane(np.array([[0.0, 0, 0], [2, 0, 0], [4, 0, 0]]))
    >>> np.abs(plane[:, 0]).round(6), round(share, 6)
    (array([2., 0., 2.]), 1.0)
    """
    centred = np.asarray(points, dtype=np.float64)
    centred = centred - centred.mean(0) if len(centred) else centred
    n, d = centred.shape
    plane = np.zeros((n, 2))
    if n == 0 or d == 0:
        return plane, 1.0
    # The Gram matrix is (n, n), however many coordinates there are.
    values, vectors = np.linalg.eigh(centred @ centred.T if n <= d else centred.T @ centred)
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    kept = min(2, len(values))
    top = vectors[:, :kept] * np.sqrt(values[:kept]) if n <= d else centred @ vectors[:, :kept]
    plane[:, :kept] = top
    largest = plane[np.abs(plane).argmax(0), [0, 1]]
    plane *= np.where(largest < 0, -1.0, 1.0)
    total = float(values.sum())
    return plane, float(values[:2].sum()) / total if total > 0 else 1.0
