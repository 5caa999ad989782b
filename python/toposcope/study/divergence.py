"""Representation Topology Divergence: what changes in topology when one set of distances replaces another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..persistence import rips
from ..points import as_matrix
from .parts import scale_of

__all__ = ["cross_barcode", "topology_divergence"]


def cross_barcode(
    a: NDArray[Any], b: NDArray[Any], dim: int = 1, *, n_threads: int | None = None
) -> NDArray[np.float64]:
    """The R-Cross-Barcode of two sets of distances between the same points (Barannikov et al. 2022).

    It is the persistence of the mapping cone of the inclusion of the Vietoris-Rips filtration of ``a`` into that of
    min(a, b). For ``dim=1`` bars are components of a that b joins earlier, and loops of min(a, b) that a lacks.

    Parameters
    ----------
    a, b : (n, n) array_like
        Distances on a common scale.
    dim : int
        From 1.
    n_threads : int, optional
        As in `rips`.

    Returns
    -------
    (m, 2) ndarray
        Longest bar first. Empty where a <= b.

    Examples
    --------
    Two points apart in ``a`` that are near one another in ``b``:

    >>> import numpy as np
    >>> cross_barcode(np.array([[0, 3.0], [3, 0]]), np.array([[0, 1.0], [1, 0]]))
    array([[1., 3.]])
    """
    a, b = (as_matrix(m, name).astype(np.float32) for m, name in ((a, "a"), (b, "b")))
    n = len(a)
    if a.shape != b.shape:
        raise ValueError(f"a and b are {a.shape} and {b.shape}: give two square matrices on the same points.")
    if dim < 1:
        raise ValueError(f"dim={dim} is out of range: cross-barcodes begin at 1.")
    # The mapping cylinder as a flag complex: points of a, their copies in min(a, b), and the prisms between them,
    # which hold the edge from point i to copy j for i <= j only. Its cone over a: one more point, joined to a at 0.
    far = np.float32(np.inf)
    prism = np.where(np.triu(np.ones((n, n), bool)), a, far)
    apex_a, apex_b = np.zeros((n, 1), np.float32), np.full((n, 1), far)
    cone = np.block([[a, prism, apex_a], [prism.T, np.minimum(a, b), apex_b], [apex_a.T, apex_b.T, np.zeros((1, 1))]])
    return rips(np.asarray(cone, np.float32), dim, metric="precomputed", n_threads=n_threads).dgms[dim]


def topology_divergence(
    a: NDArray[Any],
    b: NDArray[Any],
    dim: int = 1,
    *,
    scale: str | float | None = "q90",
    n_threads: int | None = None,
) -> float:
    """The Representation Topology Divergence: the mean, over both directions, of the total length of cross-barcodes.

    Parameters
    ----------
    a, b : (n, n) array_like
        Distances between the same points, in the same order.
    dim : int
        From 1.
    scale : str, float or None
        What each matrix is divided by first, as in `triangulate`.
    n_threads : int, optional

    Returns
    -------
    float
        0 where both have the same topology at every scale, for the same points.

    References
    ----------
    S. Barannikov, I. Trofimov, N. Balabin, E. Burnaev, Representation Topology Divergence: a method for comparing
    neural network representations, ICML 2022.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> D = ts.distances(np.random.default_rng(0).normal(size=(50, 3)))
    >>> topology_divergence(D, 2 * D)
    0.0
    """
    a, b = (as_matrix(m, name).astype(np.float32) for m, name in ((a, "a"), (b, "b")))
    a, b = (m / np.float32(scale_of(m, scale)) for m in (a, b))
    totals = []
    for bars in (cross_barcode(a, b, dim, n_threads=n_threads), cross_barcode(b, a, dim, n_threads=n_threads)):
        length = bars[:, 1] - bars[:, 0]
        totals.append(length.sum() if np.isfinite(length).all() else np.inf)
    return float(np.mean(totals))
