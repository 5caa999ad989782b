"""Where the rows of the layers lie: in memory, or in files that the system reads and writes when memory runs out."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Budget", "Column", "Rows"]

_CHUNK = 1 << 24  # bytes that are moved at a time
_GUESS = 1 << 30  # bytes that are asked for by a guess at most; the system gives them when they are written to


class Budget:
    """The memory that all layers together may take, in bytes (None: any amount), and the folder for what exceeds it."""

    def __init__(self, limit: int | None, directory: str | Path | None):
        self.limit, self.directory = limit, directory
        self.taken = 0
        self.spilled = False

    def allows(self, more: int) -> bool:
        """Whether so many bytes fit into memory."""
        return self.limit is None or self.taken + more <= self.limit

    def array(self, shape: tuple[int, int], dtype: Any, before: int) -> NDArray[Any]:
        """An array to be filled, instead of ``before`` bytes in memory: a nameless file where memory does not do."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        self.taken -= before
        if size == 0 or self.allows(size):
            self.taken += size
            return np.empty(shape, dtype)
        self.spilled = True
        with tempfile.TemporaryFile(dir=self.directory, prefix="toposcope-") as file:
            return np.memmap(file, dtype, "w+", shape=shape)  # the mapping outlives the file object and its name


class Rows:
    """A growing (n, d) array of one layer, filled by slots: new rows in order, older ones in any.

    Rows beyond those that were expected wait as they came, batch by batch, until they are as many as the array holds;
    then it grows.

    Parameters
    ----------
    width, dtype : int, str
        Of the rows.
    budget : Budget
        Of all layers.
    expected : int
        How many rows there will be, by a guess.

    Examples
    --------
    >>> rows = Rows(width=2, dtype="float32", budget=Budget(None, None))
    >>> rows.put(slice(0, 2), np.array([[1, 2], [3, 4]]))
    >>> rows.put(np.array([0]), np.array([[5, 6]]))
    >>> rows.ordered(np.array([1, 0])).tolist()
    [[3.0, 4.0], [5.0, 6.0]]
    """

    def __init__(self, width: int, dtype: Any, budget: Budget, expected: int = 0):
        self.width, self.dtype, self._budget = width, np.dtype(dtype), budget
        size = expected * width * self.dtype.itemsize
        self._array = budget.array((expected if size <= _GUESS and budget.allows(size) else 0, width), self.dtype, 0)
        self._held = 0  # rows of the array that are in use
        self._waiting: list[NDArray[Any]] = []
        self._waiting_bytes = 0

    def room(self) -> NDArray[Any] | None:
        """The array, to whose unused rows may be written; they count once they are `put`. None if it is in a file."""
        return None if isinstance(self._array, np.memmap) else self._array

    def has(self, parts: list[Any], slots: NDArray[np.int64] | slice) -> bool:
        """Take the rows ``slots``, if all parts of them have been written to the `room`, for which it stands."""
        if not isinstance(slots, slice) or any(part is not self._array for part in parts):
            return False
        self._held = slots.stop
        return True

    def put(self, slots: NDArray[np.int64] | slice, values: NDArray[Any]) -> None:
        """Write ``values`` (m, d) to the rows ``slots`` (m,). A slice is of new rows, after those that there are.

        The values belong to the store afterwards: it may keep them as they are, and write to them.
        """
        if not isinstance(slots, slice):
            self._settle(end=int(slots.max(initial=-1)) + 1)
            self._array[slots] = values
        elif slots.stop <= len(self._array):
            self._array[slots] = values
            self._held = slots.stop
        else:
            values = values.astype(self.dtype, copy=False)
            self._waiting.append(values)
            self._waiting_bytes += values.nbytes
            self._budget.taken += values.nbytes
            if self._waiting_bytes > max(_CHUNK, self._array.nbytes) or not self._budget.allows(0):
                self._settle()

    def ordered(self, slots: NDArray[np.int64] | None) -> NDArray[Any]:
        """The rows of ``slots`` in that order (None: as they are); the store is empty afterwards."""
        self._settle()
        source, before = self._array[: self._held], self._in_memory()
        full = 8 * self._held >= 7 * len(self._array)  # else too much would be held by what is returned
        self._array = np.zeros((0, self.width), self.dtype)
        if slots is None:
            if full:
                return source
            slots = np.arange(len(source))
        if before:
            out: NDArray[Any] = np.empty((len(slots), self.width), self.dtype)
        else:
            out = self._budget.array((len(slots), self.width), self.dtype, before)
        step = max(1, _CHUNK // max(1, self.width * self.dtype.itemsize))
        for first in range(0, len(slots), step):
            part = slice(first, first + step)
            np.take(source, slots[part], axis=0, out=out[part], mode="clip")  # other modes go through a buffer
        self._budget.taken -= before
        return out

    def _settle(self, end: int = 0) -> None:
        """Move what waits into the array, which has room for ``end`` rows then."""
        needed = max(end, self._held + sum(map(len, self._waiting)))
        if len(self._waiting) == 1 and len(self._waiting[0]) == needed and self._budget.allows(0):
            self._budget.taken -= self._in_memory()
            self._array, self._held = self._waiting.pop(), needed  # nothing is there but these
            self._waiting_bytes = 0
            return
        if needed > len(self._array):
            in_file = isinstance(self._array, np.memmap)
            length = max(needed, 2 * len(self._array)) if in_file else needed
            grown = self._budget.array((length, self.width), self.dtype, self._in_memory() + self._waiting_bytes)
            grown[: self._held] = self._array[: self._held]
            self._array = grown
        elif self._waiting:
            self._budget.taken -= self._waiting_bytes
        for values in self._waiting:
            self._array[self._held : self._held + len(values)] = values
            self._held += len(values)
        self._held = max(self._held, end)
        self._waiting, self._waiting_bytes = [], 0

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
        needed = _end(slots)
        dtype = old.dtype if old.dtype == values.dtype else np.result_type(old, values)
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
