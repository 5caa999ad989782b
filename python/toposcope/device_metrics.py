"""Distances of tensors that live on a GPU or another device: computed there by PyTorch, in single precision.

By differences, never by products of matrices: so TensorFloat-32 has no part in it, whatever PyTorch's switches say, and
near-duplicates keep their digits. The same functions run on any device; the tests run them on the CPU.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._native import too_small, without_direction

__all__ = ["KINDS", "distances_on_device", "is_on_device"]

_EXPONENTS = {"euclidean": 2.0, "sqeuclidean": 2.0, "cityblock": 1.0, "chebyshev": float("inf")}
_DIRECTIONS = ("cosine", "angular", "correlation")
KINDS = (*_EXPONENTS, *_DIRECTIONS)


def is_on_device(X: Any) -> bool:
    """Whether X is a PyTorch tensor in the memory of a device other than the processor.

    >>> is_on_device([[0, 1]])
    False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(X, torch.Tensor) and X.device.type not in ("cpu", "meta")


def distances_on_device(X: Any, kind: str) -> tuple[NDArray[np.float32], str]:
    """All distances of the rows of a tensor, and a sentence about how they were computed.

    Parameters
    ----------
    X : (n, d) torch.Tensor
        On any device. Half precision is widened; double precision is computed in double and rounded once.
    kind : str
        One of `KINDS`.

    Returns
    -------
    (n, n) ndarray of float32
    str

    Raises
    ------
    ValueError
        For numbers that are not finite, zero vectors where a direction is needed, distances beyond single precision.
    """
    torch = sys.modules["torch"]
    with torch.no_grad():
        x = X.detach() if X.layout == torch.strided else X.detach().to_dense()
        if x.dtype != torch.float64:
            x = x.to(torch.float32)
        _refuse(~torch.isfinite(x), "X has a number that is not finite at row {}, column {}: remove or replace it.")
        if kind in _DIRECTIONS:
            x = _directions(x, kind, torch)
        d = torch.cdist(x, x, p=_EXPONENTS.get(kind, 2.0), compute_mode="donot_use_mm_for_euclid_dist")
        if kind == "sqeuclidean":
            d = d * d
        elif kind == "angular":
            d = 2 * torch.atan2(d, (4 - d * d).clamp(min=0).sqrt()) / torch.pi
        elif kind in _DIRECTIONS:
            d = (d * d / 2).clamp(max=2)
        d = d.to(torch.float32)
        # Last: PyTorch's functions may round an entry otherwise where it falls into another lane.
        d = torch.maximum(d, d.T).fill_diagonal_(0)
        _refuse(
            ~torch.isfinite(d),
            "The distance of rows {} and {} of X is too large for single precision (3.4e38): scale X down.",
        )
        least = torch.finfo(torch.float32).tiny
        is_tiny = len(d) > 1 and kind in _EXPONENTS and float(d.max()) < least
        if is_tiny and bool((x != x[0]).any()):
            raise ValueError(too_small("X", least))
        precision = "double" if x.dtype == torch.float64 else "single"
        return d.cpu().numpy(), f"PyTorch {torch.__version__} on {X.device}, {precision} precision, no TF32"


def _directions(x: Any, kind: str, torch: Any) -> Any:
    """Unit vectors; of the vectors less their means for the correlation."""
    wide = x if x.device.type == "mps" else x.to(torch.float64)  # Apple's GPUs have no double precision
    if kind == "correlation":
        constant = (x == x[:, :1]).all(dim=1)
        wide = wide - wide.mean(dim=1, keepdim=True)
    else:
        constant = (x == 0).all(dim=1)
    zeros = constant.nonzero()
    if len(zeros):
        raise ValueError(without_direction("X", len(zeros), int(zeros[0]), kind))
    wide = wide / wide.abs().amax(dim=1, keepdim=True)
    return (wide / torch.linalg.vector_norm(wide, dim=1, keepdim=True)).to(x.dtype)


def _refuse(wrong: Any, sentence: str) -> None:
    if bool(wrong.any()):
        i, j = wrong.nonzero()[0].tolist()
        raise ValueError(sentence.format(i, j))
