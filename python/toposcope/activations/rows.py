"""Where the rows of the layers lie: in memory, or in files that the system reads and writes when memory runs out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Budget", "Column", "Rows"]

_CHUNK = 1 << 24  # bytes that are moved at a time


class Budget:
    """The memory that all layers together may take, in bytes (None: any amount), and the folder for what exceeds it."""

    def __init__(self, limit: int | None, directory: str | Path | None):
        self.limit, self.directory = limit, directory
        self.taken = 0
        self.spilled = False

    def array(self, shape: tuple[int, int], dtype: Any, before: int) -> NDArray[Any]:
        """Zeros, instead of an array of ``before`` bytes in memory: in a nameless file where memory does not do."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if self.limit is None or self.taken - before + size <= self.limit or size == 0:
            self.taken += size - before
            return np.zeros(shape, dtype)
        self.taken -= before
        self.spilled = True
        with tempfile.TemporaryFile(dir=self.directory, prefix="toposcope-") as file:
            return np.memmap(file, dtype, "w+", shape=shape)  # the mapping outlives the file object and its name


class Rows:
    """A growing (n, d) array of one layer, filled by slots in any order.

    Examples
    --------
    >>> rows = Rows(width=2, dtype="float32", capacity=None, budget=Budget(None, None))
    >>> rows.put(np.array([1, 0]), np.array([[3, 4], [1, 2]]))
    >>> rows.ordered(np.array([0, 1])).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """

    def __init__(self, width: int, dtype: Any, capacity: int | None, budget: Budget):
        self.width, self.dtype, self.capacity, self._budget = width, np.dtype(dtype), capacity, budget
        self._array = np.zeros((0, width), self.dtype)

    def put(self, slots: NDArray[np.int64] | slice, values: NDArray[Any]) -> None:
        """Write ``values`` (m, d) to the rows ``slots`` (m,), or to a slice of them."""
        needed = _end(slots)
        if needed > len(self._array):
            length = max(needed, 2 * len(self._array), 64)
            self._resize(length if self.capacity is None else max(needed, min(length, self.capacity)))
        self._array[slots] = values

    def ordered(self, slots: NDArray[np.int64]) -> NDArray[Any]:
        """The rows of ``slots`` in that order; the store is empty afterwards."""
        source, before = self._array, self._in_memory()
        if before:
            out: NDArray[Any] = np.empty((len(slots), self.width), self.dtype)
        else:
            out = self._budget.array((len(slots), self.width), self.dtype, before)
        step = max(1, _CHUNK // max(1, self.width * self.dtype.itemsize))
        for first in range(0, len(slots), step):
            part = slice(first, first + step)
            np.take(source, slots[part], axis=0, out=out[part], mode="clip")  # other modes go through a buffer
        self._budget.taken -= before
        self._array = np.zeros((0, self.width), self.dtype)
        return out

    def _resize(self, length: int) -> None:
        grown = self._budget.array((length, self.width), self.dtype, self._in_memory())
        grown[: len(self._array)] = self._array
        self._array = grown

    def _in_memory(self) -> int:
        return 0 if isinstance(self._array, np.memmap) else self._array.nbytes


class Column:
    """A growing array with one entry a row (ids, labels), whose type widens with what is put into it.

    Examples
    --------
    >>> labels = Column("labels")
    >>> labels.put(slice(0, 2), np.array(["cat", "dog"]))
    >>> labels.put(slice(2, 3), np.array(["horse"]))
    >>> labels.first(3).tolist()
    ['cat', 'dog', 'horse']
    """

    def __init__(self, name: str):
        self._name = name
        self._array: NDArray[Any] | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was put here yet."""
        return self._array is None

    def check(self, values: NDArray[Any]) -> None:
        """Refuse text among numbers, which NumPy would turn into text."""
        if self._array is not None and (self._array.dtype.kind == "U") != (values.dtype.kind == "U"):
            kinds = ("text", "numbers") if values.dtype.kind == "U" else ("numbers", "text")
            raise TypeError(f"{self._name} are {kinds[0]} now and were {kinds[1]} before: give one kind.")

    def put(self, slots: NDArray[np.int64] | slice, values: NDArray[Any]) -> None:
        """Write ``values`` (m,) to the entries ``slots`` (m,), or to a slice of them."""
        old = self._array if self._array is not None else values[:0]
        needed, dtype = _end(slots), np.result_type(old, values)
        if needed > len(old) or dtype != old.dtype:
            grown = np.zeros((max(needed, 2 * len(old)) if needed > len(old) else len(old), *values.shape[1:]), dtype)
            grown[: len(old)] = old
            old = grown
        old[slots] = values
        self._array = old

    def first(self, count: int) -> NDArray[Any]:
        """The first entries."""
        return np.empty(0) if self._array is None else self._array[:count]


def _end(slots: NDArray[np.int64] | slice) -> int:
    return int(slots.stop) if isinstance(slots, slice) else int(slots.max(initial=-1)) + 1
