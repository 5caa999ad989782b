"""Arrays from files of the common kinds."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .points import is_sparse

__all__ = ["read_array"]


def read_array(path: str | os.PathLike[str], key: str | None = None) -> Any:
    """The array that a file holds; where ``scipy.sparse.save_npz`` wrote it, the sparse matrix.

    No code of the file is run: pickled objects are refused.

    Parameters
    ----------
    path : path
        ``.npy``; ``.npz``, ``.pt``, ``.pth`` or ``.safetensors``, in which there may be several arrays by name;
        ``.csv`` (commas), ``.tsv`` (tabs) or ``.txt`` (spaces), with or without a line of headings.
    key : str, optional
        The name of the array where a file has several.

    Raises
    ------
    FileNotFoundError, ValueError
        One sentence on what is wrong with the file.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "points.csv")
    >>> with open(path, "w") as file:
    ...     _ = file.write("x,y\\n0,1\\n2,3\\n")
    >>> read_array(path)
    array([[0., 1.],
           [2., 3.]])
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"There is no file {str(path)!r}.")
    if path.is_dir():
        raise ValueError(f"{str(path)!r} is a folder: name a file.")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise ValueError(f"{str(path)!r} is of no known kind: it must end with {', '.join(_READERS)}.")
    try:
        content = reader(path)
    except ImportError:
        raise
    except Exception as error:  # whatever a reader makes of a broken file
        reason = (str(error).strip() or repr(error)).splitlines()[0]
        raise ValueError(f"{str(path)!r} cannot be read as {path.suffix}: {reason}") from error
    if is_sparse(content) and key is None:
        return content
    array = _chosen(content, key, path) if isinstance(content, Mapping) else content
    if not isinstance(content, Mapping) and key is not None:
        raise ValueError(f"{str(path)!r} holds a single array: leave the name {key!r} away.")
    if hasattr(array, "detach"):
        array = array.detach().cpu()
        array = (array.float() if array.is_floating_point() and array.element_size() < 4 else array).numpy()
    return np.asarray(array)


def _chosen(content: Mapping[str, Any], key: str | None, path: Path) -> Any:
    names = [name for name, value in content.items() if hasattr(value, "shape")]
    if key is None and len(names) == 1:
        return content[names[0]]
    if key in names:
        return content[key]
    there = f"it has {', '.join(map(repr, names[:20]))}" if names else "it has none"
    if key is None:
        raise ValueError(f"{str(path)!r} does not hold one array: name one; {there}.")
    raise ValueError(f"{str(path)!r} has no array {key!r}: {there}.")


def _npz(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if {"format", "shape", "data"} <= arrays.keys():
        try:
            from scipy.sparse import load_npz
        except ImportError:
            raise ImportError(f"{str(path)!r} is a sparse matrix, which needs SciPy: pip install scipy.") from None
        return load_npz(path)
    return arrays


def _text(delimiter: str | None) -> Callable[[Path], NDArray[Any]]:
    def read(path: Path) -> NDArray[Any]:
        with path.open(encoding="utf-8-sig") as file:
            words = file.readline().split(delimiter)
        headings = 0 if all(map(_is_number, words)) else 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # an empty file: its shape says so
            return np.loadtxt(path, delimiter=delimiter, skiprows=headings, ndmin=2, encoding="utf-8-sig")

    return read


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return not word.strip()
    return True


def _torch(path: Path) -> Any:
    try:
        import torch
    except ImportError:
        raise ImportError(f"{str(path)!r} is a file of PyTorch, which is not installed: pip install torch.") from None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:  # PyTorch tells how to load it unsafely
        raise ValueError("it holds more than tensors: save the tensor alone, or a dict of tensors.") from None


def _safetensors(path: Path) -> dict[str, Any]:
    try:
        from safetensors.numpy import load_file
    except ImportError:
        raise ImportError(f"{str(path)!r} needs the package safetensors: pip install safetensors.") from None
    return load_file(path)


_READERS: dict[str, Callable[[Path], Any]] = {
    ".npy": lambda path: np.load(path, allow_pickle=False),
    ".npz": _npz,
    ".csv": _text(","),
    ".tsv": _text("\t"),
    ".txt": _text(None),
    ".pt": _torch,
    ".pth": _torch,
    ".safetensors": _safetensors,
}
