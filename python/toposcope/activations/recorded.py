"""Activations: what a capture gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import safetensors_file

__all__ = ["Activations"]

_OF_OTHER_KINDS = {".npz", ".npy", ".pt", ".pth", ".pkl", ".h5", ".csv", ".json", ".parquet"}


class Activations(Mapping[str, NDArray[Any]]):
    """The points of some layers, row by row of the same samples.

    A mapping of layer names to (n, d) arrays of float32: row i of every layer belongs to sample ``ids[i]``.

    Parameters
    ----------
    layers : Mapping of str to (n, d) array_like
        Stored as they are if float32 or float16; all else becomes float32.
    labels : (n,) array_like, optional
        The class of every row.
    ids : (n,) array_like, optional
        What sample of the data every row is; 0 ... n - 1 by default.
    positions : (n,) array_like of int, optional
        Where one sample gives several points (tokens, patches, spatial positions): which of them a row is.
    meta : dict, optional
        What was done: anything that JSON can hold.

    Raises
    ------
    ValueError
        Where the layers, labels or ids have different lengths.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> acts = ts.Activations({"fc": np.eye(3)}, labels=[0, 1, 1], ids=[7, 3, 5])
    >>> acts
    Activations(n=3, labels, fc: 3)
    >>> acts["fc"].dtype, acts.ids.tolist()
    (dtype('float32'), [7, 3, 5])
    >>> acts.of_class(1).ids.tolist()
    [3, 5]
    """

    def __init__(
        self,
        layers: Mapping[str, Any],
        labels: Any = None,
        ids: Any = None,
        positions: Any = None,
        meta: dict[str, Any] | None = None,
    ):
        self._layers = {str(name): _stored(name, values) for name, values in layers.items()}
        if not self._layers:
            raise ValueError("Activations need at least one layer.")
        self.n = len(next(iter(self._layers.values())))
        self.ids: NDArray[Any] = np.arange(self.n) if ids is None else vector("ids", ids)
        self.labels: NDArray[Any] | None = None if labels is None else vector("labels", labels)
        self.positions: NDArray[np.int64] | None = None if positions is None else np.asarray(positions, np.int64)
        self.meta: dict[str, Any] = dict(meta or {})
        columns = {**self._layers, "labels": self.labels, "ids": self.ids, "positions": self.positions}
        for name, values in columns.items():
            if values is not None and len(values) != self.n:
                raise ValueError(
                    f"{name} has {len(values)} rows and {next(iter(self._layers))} has {self.n}: "
                    "every layer must hold the same samples."
                )

    def __getitem__(self, layer: str) -> NDArray[Any]:
        if layer not in self._layers:
            raise KeyError(f"There is no layer {layer!r}: the layers are {', '.join(self._layers)}.")
        values = self._layers[layer]
        return values.astype(np.float32) if values.dtype == np.float16 else values

    def __iter__(self) -> Iterator[str]:
        return iter(self._layers)

    def __len__(self) -> int:
        return len(self._layers)

    __eq__ = object.__eq__  # the same activations, as a key or in a list; arrays have no single truth
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {values.shape[1]}" for name, values in self._layers.items())
        return f"Activations(n={self.n}, {'labels, ' if self.labels is not None else ''}{shapes})"

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of the layers, with their points in the plane as small SVG."""
        from ..plot import activations_html

        return activations_html(self)

    @property
    def layers(self) -> tuple[str, ...]:
        """The names of the layers, in the order of the model."""
        return tuple(self._layers)

    def select(self, rows: Any) -> Activations:
        """Some rows of every layer.

        Parameters
        ----------
        rows : array_like of int or bool
            Which rows, as NumPy understands them.
        """
        rows = np.asarray(rows)
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.int64)

        def of(values: NDArray[Any] | None) -> Any:
            return None if values is None else values[rows]

        layers = {name: of(values) for name, values in self._layers.items()}
        return Activations(layers, of(self.labels), of(self.ids), of(self.positions), self.meta)

    def of_class(self, label: Any) -> Activations:
        """The rows of one class.

        Raises
        ------
        ValueError
            Where there are no labels, or none of this class.
        """
        if self.labels is None:
            raise ValueError("There are no labels: call cap.label(y) before model(x), or give Activations(labels=...).")
        rows = np.flatnonzero(self.labels == label)
        if not len(rows):
            known = ", ".join(map(str, np.unique(self.labels).tolist()))
            raise ValueError(f"No sample has the label {label!r}: the labels are {known}.")
        return self.select(rows)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a safetensors file, layer by layer, in the precision in which they are stored.

        Layers are tensors under their names; ids, labels and what was done are there too. Any reader of safetensors
        opens it.

        Raises
        ------
        ValueError
            For a path that ends as files of another kind do.
        """
        if Path(path).suffix.lower() in _OF_OTHER_KINDS:
            raise ValueError(f"{str(path)!r} would be a safetensors file: let its name end in .safetensors.")
        columns = {"ids": self.ids, "labels": self.labels, "positions": self.positions}
        safetensors_file.write(path, self._layers, columns, self.meta)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Activations:
        """Read what `save` has written (or any safetensors file of matrices of equal length).

        Raises
        ------
        ValueError
            Where the file is none of that kind.

        Examples
        --------
        >>> import numpy as np, toposcope as ts, tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "fc.safetensors"
        >>> ts.Activations({"fc": np.eye(2)}, labels=["cat", "dog"]).save(path)
        >>> ts.Activations.load(path).labels.tolist()
        ['cat', 'dog']
        """
        layers, columns, meta = safetensors_file.read(path)
        return cls(layers, columns.get("labels"), columns.get("ids"), columns.get("positions"), meta)


def vector(name: str, values: Any) -> NDArray[Any]:
    """Labels or ids as an array of numbers or text, one entry a sample (never objects, which cannot be stored)."""
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    array = np.atleast_1d(np.asarray(values))
    if array.dtype == object:
        if not all(isinstance(value, str) for value in array.ravel()):
            raise TypeError(f"{name} must be numbers or strings, one for each sample, not {array.ravel()[0]!r}.")
        array = array.astype(str)
    if array.ndim != 1:
        raise ValueError(
            f"{name} must be of shape (samples,), one for each sample, not {array.shape}"
            + (": of one-hot rows give .argmax(1)." if array.ndim == 2 else ".")
        )
    if array.dtype.kind not in "iufbU":
        raise TypeError(f"{name} must be numbers or strings, one for each sample, not {array.dtype}.")
    return array


def _stored(name: str, values: Any) -> NDArray[Any]:
    if hasattr(values, "detach"):
        values = values.detach().float().cpu().numpy()
    array = np.asanyarray(values)
    if array.dtype not in (np.float32, np.float16):
        array = array.astype(np.float32)
    if array.ndim != 2:
        raise ValueError(f"The layer {name!r} must be of shape (samples, coordinates), not {array.shape}.")
    return array
