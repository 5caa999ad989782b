"""The Vietoris-Rips complex of a small planar cloud at one value of its filtration: what there is to draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .bars import Barcode, Floats, Indices

TRIANGLES = 200_000
"""More triangles than this are not worth drawing, and a mistake more often than a wish."""


@dataclass(frozen=True)
class Complex:
    """Vertices 0 ... n-1, ``edges`` (e, 2) and ``triangles`` (t, 3) as indices, each row ascending."""

    value: float
    edges: Indices
    triangles: Indices


def complex_at(distances: NDArray[np.floating], value: float) -> Complex:
    """The edges and triangles whose sides are all at most ``value`` long.

    Parameters
    ----------
    distances : (n, n) array
    value : float, in units of the distances

    Examples
    --------
    >>> import numpy as np
    >>> square = pairwise(np.array([[0, 0], [1, 0], [1, 1], [0, 1]]))
    >>> [len(complex_at(square, r).edges) for r in (0.5, 1.0, 1.5)]
    [0, 4, 6]
    >>> [len(complex_at(square, r).triangles) for r in (0.5, 1.0, 1.5)]
    [0, 0, 4]
    """
    # In single precision, as the engine takes distances and thresholds: at its birth a bar's edge is there.
    joined = np.triu(np.asarray(distances, np.float32) <= np.float32(value), 1)
    edges = np.argwhere(joined)
    found: list[Indices] = []
    many = 0
    for a, b in edges:
        above = np.flatnonzero(joined[a] & joined[b])
        many += len(above)
        if many > TRIANGLES:
            raise ValueError(f"more than {TRIANGLES} triangles at {value:g}: draw fewer points, or a smaller radius")
        found.append(np.column_stack([np.full(len(above), a), np.full(len(above), b), above]))
    triangles = np.concatenate(found) if found else np.empty((0, 3), np.int64)
    return Complex(float(value), edges.astype(np.int64), triangles.astype(np.int64))


def pairwise(points: NDArray[np.floating]) -> Floats:
    """(n, n) Euclidean distances of (n, d) points."""
    points = np.asarray(points, dtype=np.float64)
    return np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(-1))


def telling_radii(distances: Floats, barcode: Barcode, count: int = 4) -> list[float]:
    """``count`` (2 or more) values that show a cloud grow: below its loops, the longest loop's life, and it filled in.

    Without a loop that dies they are quantiles of the lengths at which components merge.
    """
    finite = {bars.dimension: np.flatnonzero(bars.finite) for bars in barcode}
    by_dimension = {bars.dimension: bars for bars in barcode}
    merges = by_dimension[0].deaths[finite[0]] if 0 in finite else distances[np.triu_indices(len(distances), 1)]
    if len(merges) == 0:
        return [0.0] * count
    if 1 not in finite or len(finite[1]) == 0:
        return [float(q) for q in np.quantile(merges, np.linspace(0.1, 1.0, count))]
    loops = by_dimension[1]
    longest = finite[1][np.argmax(loops.lengths[finite[1]])]
    born, died = float(loops.births[longest]), float(loops.deaths[longest])
    before = min(float(np.quantile(merges, 0.25)), born)
    return [before, *(float(v) for v in np.linspace(born, (born + died) / 2, count - 2)), 1.02 * died]
