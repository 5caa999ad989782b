"""Points: whatever holds numbers (NumPy, PyTorch, pandas, DLPack, lists) as one NumPy array that the core reads."""

from __future__ import annotations

import numbers
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_array", "as_matrix", "as_numbers", "as_points", "entries_of", "is_sparse", "is_sparse_tensor"]


def as_points(X: Any, name: str = "X") -> NDArray[Any]:
    """Points as an (n, d) array of float32 or float64, without a copy where that is possible.

    Parameters
    ----------
    X : (n, d) array_like
        An array of any layout and stride, a tensor on any device (also one that requires gradients, or of half
        precision), a data frame, nested lists, or an object with ``__dlpack__`` or ``__array_interface__``.
    name : str
        What to call it in messages.

    Returns
    -------
    (n, d) ndarray
        float32 for input in single or half precision (bfloat16 and float16 are exact in it), float64 for all else.

    Raises
    ------
    TypeError
        For objects, strings, dates, complex numbers, masked or sparse arrays.
    ValueError
        For another number of dimensions than two.

    Examples
    --------
    >>> import numpy as np
    >>> as_points([[0, 1], [2, 3]]).dtype
    dtype('float64')
    >>> as_points(np.ones((3, 2), np.float16)).dtype
    dtype('float32')
    """
    array = as_array(X, name)
    if array.ndim != 2:
        if array.ndim == 1 and array.size == 0:
            return np.empty((0, 0), np.float64)
        what = f"of shape {array.shape}" if array.ndim else f"a single {type(X).__name__}"
        raise ValueError(
            f"{name} must be two-dimensional, (points, coordinates), not {what}: "
            f"{_advice(array, name if name.isidentifier() else 'X')}"
        )
    return as_numbers(array, name)


def as_matrix(D: Any, name: str = "X") -> NDArray[Any]:
    """A square matrix as `as_points` gives it.

    Raises
    ------
    ValueError
        Also where the matrix is not square.
    TypeError
        Also for a sparse one: what is absent from it would have to be a distance of 0.

    Examples
    --------
    >>> as_matrix([[0, 1], [1, 0]]).shape
    (2, 2)
    """
    if is_sparse(D) or is_sparse_tensor(D):
        raise TypeError(
            f"{name} is a sparse matrix of distances, in which absent pairs are never joined: ts.rips takes it with "
            "metric='precomputed'; here give a full one, with inf for those pairs."
        )
    array = as_array(D, name)
    if (array.ndim == 1 and array.size) or (array.ndim == 2 and array.shape[0] != array.shape[1]):
        raise ValueError(
            f"{name} must be a square matrix of distances, (n, n), not of shape {array.shape}: "
            "give points with another metric than 'precomputed', or "
            "scipy.spatial.distance.squareform(D) for a condensed one."
        )
    return as_points(array, name)


def is_sparse(X: Any) -> bool:
    """Whether X is a sparse matrix of SciPy.

    >>> is_sparse([[0, 1], [1, 0]])
    False
    """
    return hasattr(X, "tocoo") and hasattr(X, "nnz")


def is_sparse_tensor(X: Any) -> bool:
    """Whether X is a sparse tensor of PyTorch.

    >>> is_sparse_tensor([[0, 1], [1, 0]])
    False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(X, torch.Tensor) and not X.is_nested and X.layout != torch.strided


def entries_of(X: Any, name: str = "X") -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Rows, columns and values of the entries of a sparse matrix of SciPy or PyTorch, as often as they are there.

    Raises
    ------
    TypeError, ValueError
        For values that are no real numbers, or are arrays themselves.
    """
    if is_sparse(X):
        entries = X.tocoo()
        rows, columns, values = entries.row, entries.col, entries.data
    else:
        X = X.detach().to_sparse_coo()
        rows, columns = X._indices().cpu().numpy()  # of a tensor that need not be coalesced, which would add them up
        values = as_array(X._values(), name)
    values = as_numbers(values.reshape(len(rows), -1 if len(rows) else 1), name)
    return rows.astype(np.int64), columns.astype(np.int64), values[:, 0]


def _advice(array: NDArray[Any], name: str) -> str:
    if array.ndim == 1:
        return f"{name}.reshape(-1, 1) makes points on a line of it."
    if array.ndim == 0:
        return "give one row for each point."
    return (
        f"{name}.reshape(len({name}), -1) makes one point of each entry; for activations choose how to reduce "
        "(ts.capture)."
    )


def as_array(X: Any, name: str) -> NDArray[Any]:
    """Whatever holds an array as a NumPy array of any shape and element type."""
    if isinstance(X, np.ma.MaskedArray):
        if np.ma.is_masked(X):
            raise TypeError(
                f"{name} is a masked array with {np.ma.count_masked(X)} masked entries: fill or drop them first."
            )
        return X.data
    if isinstance(X, np.ndarray):
        return X
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(X, torch.Tensor):
        return _from_torch(X, torch, name)
    if is_sparse(X):
        raise TypeError(
            f"{name} is a sparse array, which is understood as distances only (metric='precomputed'): "
            "use .toarray() for points."
        )
    if hasattr(X, "__dlpack__") and not hasattr(X, "__array__") and not hasattr(X, "__array_interface__"):
        return _from_dlpack(X, name)
    try:
        return np.asarray(X)
    except (ValueError, TypeError, RuntimeError) as error:  # RuntimeError: a list of tensors that require gradients
        raise ValueError(f"{name} is no table of numbers: {str(error).rstrip('.')}.") from None


def _from_dlpack(X: Any, name: str) -> NDArray[Any]:
    """The array behind a DLPack object that is nothing else: it says itself why it cannot be read."""
    try:
        return np.from_dlpack(X)
    except (BufferError, RuntimeError, ValueError, TypeError) as error:
        raise TypeError(
            f"{name} cannot be read by DLPack ({str(error).rstrip('.')}): give a NumPy array or a PyTorch tensor of it."
        ) from None


def _from_torch(X: Any, torch: Any, name: str) -> NDArray[Any]:
    if X.device.type == "meta":
        raise TypeError(f"{name} is on PyTorch's meta device, which holds no numbers: give a tensor with data.")
    if X.is_nested:
        raise TypeError(f"{name} is a nested tensor, whose rows may be of different lengths: give one of equal rows.")
    X = X.detach()
    if X.layout != torch.strided:
        X = X.to_dense()
    if X.is_quantized:
        X = X.dequantize()
    if X.is_floating_point() and X.element_size() < 4:  # half precision, bfloat16, eight bits
        X = X.float()
    return X.cpu().resolve_conj().resolve_neg().numpy()


def as_numbers(array: NDArray[Any], name: str) -> NDArray[Any]:
    """Float32 or float64, aligned, in native byte order."""
    kind = array.dtype.kind
    if kind == "O":
        for place, value in np.ndenumerate(array):
            if not isinstance(value, numbers.Number) or (isinstance(value, numbers.Complex) and value.imag):
                raise TypeError(
                    f"{name} holds {value!r} at row {place[0]}, column {place[1]}, which is not a real number: "
                    "give an array of floats."
                )
        array = array.astype(np.float64)
    elif kind not in "fiub":
        raise TypeError(
            f"{name} has the element type {array.dtype}, which is not a real number: give an array of floats."
        )
    if array.dtype.kind == "f" and array.dtype.itemsize <= 4:
        target = np.float32
    else:
        target = np.float64
    if array.dtype == target and array.flags.aligned:  # in this byte order; most arrays are
        return array
    return np.require(array, target, ["ALIGNED"])
