"""What all passes of a capture gave so far, and the activations that it becomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .forward_pass import ForwardPass
from .recorded import Activations
from .reduction import Points, Room
from .reservoir import Reservoir, Slots
from .rows import Budget, Column, Rows

__all__ = ["Recording"]

_HELD = 1 << 20  # numbers of all layers together
_GREATEST_HALF = float(np.finfo(np.float16).max)


class Recording:
    """The rows of every layer, kept together: all layers hold the same samples at any time.

    Parameters
    ----------
    reservoir : Reservoir
        Which points are kept, and where.
    dtype : "float32" or "float16"
        How rows are stored.
    budget : Budget
        How much of them in memory.
    """

    def __init__(self, reservoir: Reservoir, dtype: str, budget: Budget):
        self.reservoir, self.budget = reservoir, budget
        self.passes = 0
        self.expected_passes = 0  # if it is known
        self.called: set[str] = set()
        self._dtype = np.dtype(dtype)
        self._half = self._dtype == np.float16
        self._rows: dict[str, Rows] = {}
        self.rooms: dict[str, Room] = {}  # where rows of the next passes may be written before these are added
        self._widths: dict[str, int] = {}
        self._held: list[tuple[Slots, dict[str, Points]]] = []  # what passes gave, and where it goes
        self._rows_held = 0
        self._labels = Column("labels")
        self._given = False, False  # whether ids and labels were, once there was a pass
        self._expected: set[str] = set()
        self._spread = False

    @property
    def has_ids(self) -> bool:
        """Whether ids were given."""
        return self._given[0]

    def check_given(self, ids: Any, labels: Any) -> None:
        """Refuse ids or labels of a pass, where the passes before had none, or that it has none, where they had."""
        given = ids is not None, labels is not None
        if self.passes and given != self._given:
            name = "ids" if given[0] != self._given[0] else "labels"
            raise RuntimeError(f"Some passes have {name} and some have none: call cap.label before every model(x).")

    def add(self, passed: ForwardPass) -> None:
        """Store what a pass gave; all of it, or nothing where something is wrong."""
        self._check(passed)
        offer = passed.offer
        if offer is not None:
            if len(offer.rows):
                self._hold(passed.staged, offer.slots, len(offer.rows), passed.kept_labels())
            self._spread = passed.spread
            self.reservoir.accept(offer, passed.size or 0)
        self.called.update(passed.calls)
        self.passes += 1

    def missing(self, keys: Sequence[str]) -> list[str]:
        """Those of some keys that no pass gave."""
        return [key for key in keys if key not in self._expected]

    def activations(self, layers: Sequence[str], meta: dict[str, Any]) -> Activations:
        """All of it, in the order of the ids; the recording is empty afterwards.

        Parameters
        ----------
        layers : sequence of str
            The names of the layers in the order of the model.
        """
        if not self.reservoir.held:
            raise RuntimeError("No sample was kept: none has a label among classes=, or the batches were empty.")
        self._settle()
        self.rooms = {}
        ids, positions = self.reservoir.ids, self.reservoir.positions
        order: NDArray[np.int64] | slice = slice(None)
        if not self.reservoir.numbered:
            order = np.argsort(ids, kind="stable") if positions is None else np.lexsort((positions, ids))
            if np.array_equal(order, np.arange(len(order))):
                order = slice(None)
        place = {name: number for number, name in enumerate(layers)}
        keys = sorted(self._rows, key=lambda key: (place[key.partition("#")[0]], int(key.partition("#")[2] or 0)))
        arrays = {key: self._rows.pop(key).ordered(None if isinstance(order, slice) else order) for key in keys}
        return Activations(
            arrays,
            None if self._labels.empty else self._labels.first(self.reservoir.held)[order],
            ids[order],
            positions[order] if positions is not None and self._spread else None,
            meta | {"in_files": self.budget.spilled},
        )

    def _check(self, passed: ForwardPass) -> None:
        if not self.passes:
            self._given = passed.ids is not None, passed.labels is not None
            self._expected = set(passed.staged)
        elif passed.staged.keys() != self._expected:
            odd = sorted(passed.staged.keys() ^ self._expected)
            raise RuntimeError(
                f"Pass {self.passes} called other layers than the passes before ({', '.join(odd)}), so that rows "
                "would not be the same samples: capture these layers by themselves."
            )

    def _hold(self, points: dict[str, Points], slots: Slots, count: int, labels: NDArray[Any] | None) -> None:
        """Take what a pass gave. It is moved into the rows with what the next passes give, many at a time."""
        for key, values in points.items():
            if values is self.rooms.get(key):
                continue  # it has been written to the rows
            if isinstance(values, torch.Tensor) and values.is_meta:
                raise ValueError(f"The layer {key!r} is on the meta device, which has no values: load the model first.")
            width = values.shape[1]
            before = self._widths.setdefault(key, width)
            if width != before:
                raise ValueError(
                    f"The layer {key!r} gives {width} coordinates and gave {before} before: choose a "
                    "reduction that does not depend on the size of the input, such as reduce='mean'."
                )
            if self._half and _beyond_half(values):
                raise ValueError(f"The layer {key!r} has values beyond the range of float16: give dtype='float32'.")
        if labels is not None:
            self._labels.check(labels)
            self._labels.put(slots, labels)
        self._held.append((slots, points))
        self._rows_held += count
        makes_room = not self._rows and any(isinstance(values, np.ndarray) for values in points.values())
        if makes_room or self._rows_held * sum(self._widths.values()) > _HELD:
            self._settle()

    def _settle(self) -> None:
        """Move what is held into the rows. Of passes that fill one slot the last one stays."""
        if not self._held:
            return
        slots = _joined([slots for slots, _ in self._held])
        for key, width in self._widths.items():
            parts = [points[key] for _, points in self._held]
            if key not in self._rows:
                expected = self._expected_rows(len(parts[0]))
                all_there = isinstance(slots, slice) and slots.stop >= expected
                self._rows[key] = Rows(width, self._dtype, self.budget, 0 if all_there else expected)
            if not self._rows[key].has(parts, slots):
                room = self.rooms.get(key)
                taken = [part[s] if part is room else part for part, (s, _) in zip(parts, self._held, strict=True)]
                self._rows[key].put(slots, _single(taken))
            self.rooms[key] = self._rows[key].room()
        self._held, self._rows_held = [], 0

    def _expected_rows(self, of_one_pass: int) -> int:
        count = self.expected_passes * of_one_pass
        capacity = self.reservoir.capacity
        return count if capacity is None else min(capacity, count) if count else capacity


def _beyond_half(values: Points) -> bool:
    sizes = np.abs(values) if isinstance(values, np.ndarray) else values.abs()
    return bool((sizes > _GREATEST_HALF).any())


def _single(parts: list[Points]) -> NDArray[np.float32]:
    """What several passes gave, one after the other, in single precision."""
    arrays = [part if isinstance(part, np.ndarray) else part.cpu().float().numpy() for part in parts]
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def _joined(slots: list[Slots]) -> Slots:
    """The slots of several passes, one after the other; slices follow each other."""
    if all(isinstance(part, slice) for part in slots):
        return slice(slots[0].start, slots[-1].stop)  # type: ignore[union-attr]
    return np.concatenate([np.arange(s.start, s.stop) if isinstance(s, slice) else s for s in slots])
