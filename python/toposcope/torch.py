"""Differentiable persistence for PyTorch: births and deaths are distances, so that gradients follow their edges.

The birth of a bar is the length of one edge and its death that of another. Where these edges do not change, which is
almost everywhere, diagrams are differentiable: the gradient goes to the four points at the ends of the two edges
(Gabrielsson et al., A topology layer for machine learning, 2020; Carriere et al., Optimizing persistent homology based
functions, 2021). Filtration and persistence are computed by `toposcope.rips`, on the CPU; gradients live where the
points do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from .persistence import rips

__all__ = ["rips_diagrams", "rips_loss"]


def rips_diagrams(
    X: torch.Tensor,
    maxdim: int = 1,
    *,
    metric: str = "euclidean",
    thresh: float = float("inf"),
    coeff: int = 2,
    n_threads: int | None = None,
) -> list[torch.Tensor]:
    """Vietoris-Rips persistence diagrams through which gradients flow.

    Parameters
    ----------
    X : (n, d) tensor
        Points; with ``metric="precomputed"``, (n, n) symmetric distances.
    maxdim, thresh, coeff, n_threads
        As in `toposcope.rips`.
    metric : {"euclidean", "cosine", "cityblock", "chebyshev", "precomputed"}

    Returns
    -------
    list of (m, 2) tensor
        In the order of `toposcope.rips`, in the dtype and on the device of ``X``. Bars without a death have inf there,
        and births in H0 are 0: no gradient goes to either.

    Notes
    -----
    Births and deaths are distances computed again in the precision of ``X``; edges are found in single precision. At
    ties the gradient is that of the edges that the engine chose, one of several subgradients.

    Examples
    --------
    >>> import torch, toposcope.torch
    >>> X = torch.tensor([[0.0, 0], [1, 0], [1, 1], [0, 1.1]], requires_grad=True)
    >>> loops = toposcope.torch.rips_diagrams(X)[1]
    >>> (loops[:, 1] - loops[:, 0]).sum().backward()
    >>> X.grad.shape
    torch.Size([4, 2])
    """
    if not isinstance(X, torch.Tensor) or X.ndim != 2 or not X.is_floating_point():
        what = f"{X.dtype} of shape {tuple(X.shape)}" if isinstance(X, torch.Tensor) else type(X).__name__
        raise TypeError(f"X is {what}: give a tensor of floats, (n, d).")
    if metric not in _LENGTHS:
        raise ValueError(f"metric={metric!r} has no gradient here: it must be one of {', '.join(_LENGTHS)}.")
    r = rips(X.detach(), maxdim, thresh, coeff, metric, n_threads=n_threads)
    return [_diagram(X, edges, dim, _LENGTHS[metric]) for dim, edges in enumerate(r.edges)]


def rips_loss(
    X: torch.Tensor,
    dim: int = 1,
    *,
    power: float = 1.0,
    skip: int = 0,
    bars: int | None = None,
    metric: str = "euclidean",
    thresh: float = float("inf"),
    n_threads: int | None = None,
) -> torch.Tensor:
    """The total persistence of one dimension: minimise it to remove features, its negative to open them.

    Parameters
    ----------
    X : (n, d) tensor
    dim : int
        0 draws components together, 1 closes loops.
    power : float
        Of the length of every bar.
    skip : int
        The longest bars that are left alone, features that are wanted.
    bars : int, optional
        So many bars after those skipped; by default all.
    metric, thresh, n_threads
        As in `rips_diagrams`.

    Returns
    -------
    () tensor
        Sum of (death - birth)^power. 0, still with a graph, where there is no such bar.

    Examples
    --------
    Two noisy clusters, drawn together by their gap alone:

    >>> import torch, toposcope.torch
    >>> X = torch.tensor([[0.0], [1], [5], [6]], requires_grad=True)
    >>> loss = toposcope.torch.rips_loss(X, dim=0, bars=1)
    >>> loss.backward()
    >>> loss.item(), X.grad.ravel().tolist()
    (4.0, [0.0, -1.0, 1.0, 0.0])
    """
    if dim < 0 or skip < 0 or (bars is not None and bars < 0):
        raise ValueError(f"dim={dim}, skip={skip} and bars={bars} must not be negative.")
    diagram = rips_diagrams(X, dim, metric=metric, thresh=thresh, n_threads=n_threads)[dim]
    finite = diagram[torch.isfinite(diagram[:, 1])]
    stop = None if bars is None else skip + bars
    lengths = (finite[:, 1] - finite[:, 0])[skip:stop]
    return (lengths**power).sum() + 0 * X.sum()


def _diagram(X: torch.Tensor, edges: Any, dim: int, length: Any) -> torch.Tensor:
    at = torch.from_numpy(np.ascontiguousarray(edges)).to(X.device)
    if dim == 0:
        births = X.new_zeros(len(at))
    else:
        births = length(X, at[:, 0], at[:, 1])
    dies = at[:, 2] >= 0
    deaths = X.new_full((len(at),), float("inf"))
    deaths = deaths.masked_scatter(dies, length(X, at[dies, 2], at[dies, 3]))
    return torch.stack([births, deaths], dim=1)


def _euclidean(X: torch.Tensor, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    return torch.linalg.vector_norm(X[i] - X[j], dim=1)


def _cosine(X: torch.Tensor, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    unit = torch.nn.functional.normalize(X, dim=1)
    return 1 - (unit[i] * unit[j]).sum(1)


def _cityblock(X: torch.Tensor, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    return (X[i] - X[j]).abs().sum(1)


def _chebyshev(X: torch.Tensor, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    return (X[i] - X[j]).abs().amax(1)


def _precomputed(X: torch.Tensor, i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    return (X[i, j] + X[j, i]) / 2


_LENGTHS = {
    "euclidean": _euclidean,
    "cosine": _cosine,
    "cityblock": _cityblock,
    "chebyshev": _chebyshev,
    "precomputed": _precomputed,
}
