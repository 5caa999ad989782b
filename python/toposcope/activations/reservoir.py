"""Which samples are kept: the same in every layer, in every order of the loader, in bounded memory.

Every point (sample id, position) has a pseudo-random priority, a hash of the seed and of its identity, and the points
of lowest priority stay: a uniform sample without replacement (bottom-k sampling; Cohen and Kaplan 2007). Unlike
Vitter's reservoir (algorithm R) the choice depends neither on the order of the data nor on the size of the batches, so
that two models seen with the same data and seed keep the same samples. A point that comes again has the priority that
it had: it was kept then, or it is turned away now.

Points are told apart by their priorities, which are 64 bits. For whole numbers as ids they differ for certain (the hash
permutes the words); for text, and for positions within samples, two of n points agree with a chance below n^2 / 2^65.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rows import Column

__all__ = ["Offer", "Reservoir", "Slots", "priorities"]

Slots = NDArray[np.int64] | slice

_Kept = tuple[NDArray[np.int64], NDArray[np.int64]]  # rows of a batch, and their slots

_AHEAD = 2048  # samples that are decided on at a time, at least
_NEVER = 2**63 - 1


@dataclass
class Offer:
    """What a batch changes: its points ``rows`` go into ``slots``. Nothing is changed until `Reservoir.accept`."""

    rows: NDArray[np.int64] | range
    slots: Slots
    ids: NDArray[Any] | None  # None: numbered as they come
    positions: NDArray[np.int64] | None
    priority: NDArray[np.uint64] | None  # None where nothing has to be told apart
    repeated: int
    new: bool = False  # none of them can come again


class Reservoir:
    """At most ``capacity`` points (all of them for None), each in a slot of its own.

    Examples
    --------
    >>> r = Reservoir(capacity=3, seed=0)
    >>> for batch in np.arange(100).reshape(10, 10):
    ...     r.accept(r.offer(batch))
    >>> again = Reservoir(capacity=3, seed=0)
    >>> again.accept(again.offer(np.arange(100)[::-1]))
    >>> sorted(r.ids) == sorted(again.ids)
    True
    """

    def __init__(self, capacity: int | None, seed: int):
        self.capacity, self.seed = capacity, seed
        self.held = 0
        self.seen = 0
        self.repeated = 0
        self._ids, self._positions, self._priority = Column("ids"), Column("positions"), Column("priorities")
        self._highest = np.uint64(2**64 - 1)  # of the kept ones, once the reservoir is full
        self._known: set[int] = set()  # the priorities that are held
        self._following: _Following | None = None  # decides on samples without ids, once there are too many

    @property
    def numbered(self) -> bool:
        """Whether the samples are the numbers of their slots."""
        return self._ids.empty and self._takes_all(self.seen)

    @property
    def ids(self) -> NDArray[Any]:
        """The sample of every slot."""
        if not self._ids.empty:
            return self._ids.first(self.held)
        return np.arange(self.held) if self.numbered else self._decider(self.seen).held_of(self.seen)

    @property
    def positions(self) -> NDArray[np.int64] | None:
        """Which point of its sample every slot holds, where samples have several."""
        return None if self._positions.empty else self._positions.first(self.held)

    def next_ids(self, count: int) -> NDArray[np.int64]:
        """Numbers for samples that came without ids."""
        return np.arange(self.seen, self.seen + count)

    def offer(self, ids: NDArray[Any], positions: NDArray[np.int64] | None = None, *, new: bool = False) -> Offer:
        """Choose among the kept points and those of a batch.

        Parameters
        ----------
        ids : (m,) ndarray
            The sample of every point of the batch.
        positions : (m,) ndarray, optional
            Which point of its sample it is, where samples have several.
        new : bool
            None of these points can have been here before, and none comes twice.
        """
        self._ids.check(ids)
        if new and self.capacity is None:
            return self._added(np.arange(len(ids)), ids, positions, None, 0, new)
        priority, rows, repeated = priorities(ids, positions, self.seed), np.arange(len(ids)), 0
        if self.held == self.capacity:
            rows = np.flatnonzero(priority <= self._highest)
            priority = priority[rows]
        if not new:
            fresh = self._fresh(priority)
            if fresh is not None:
                repeated = len(rows) - len(fresh)
                rows, priority = rows[fresh], priority[fresh]
        if len(rows) < len(ids):
            ids, positions = ids[rows], None if positions is None else positions[rows]
        if self.capacity is None or self.held + len(rows) <= self.capacity:
            return self._added(rows, ids, positions, priority, repeated, new)
        both = np.concatenate([self._priority.first(self.held), priority]) if self.held else priority
        order = both.argpartition(self.capacity - 1)
        stays, leaves = order[: self.capacity], order[self.capacity :]
        chosen = np.sort(stays[stays >= self.held]) - self.held
        free = leaves[leaves < self.held]
        if self.held < self.capacity:
            free = np.concatenate([free, np.arange(self.held, self.capacity)])
        return Offer(
            rows[chosen],
            free[: len(chosen)],
            ids[chosen],
            None if positions is None else positions[chosen],
            priority[chosen],
            repeated,
            new,
        )

    def offer_following(self, count: int) -> Offer:
        """The same for so many samples without ids, one point each, where that is so of all passes."""
        end = self.seen + count
        if self._takes_all(end):
            return self._added(range(count), None, None, None, 0, True)
        following, self._following = self._decider(end), None
        rows, slots = following.kept_among(self.seen, end)
        self._following = following  # an interrupt leaves none, rather than one that is half-way
        return Offer(rows, slots, None, None, None, 0, True)

    def accept(self, offer: Offer, samples: int = 0) -> None:
        """Let an offer be true: its points have been stored. ``samples`` are those that the batch had."""
        self.repeated += offer.repeated
        self.seen += samples
        if not len(offer.rows):
            return
        slots = offer.slots
        if offer.priority is not None:
            if not offer.new:
                if not isinstance(slots, slice):
                    replaced = slots[slots < self.held]
                    self._known.difference_update(self._priority.first(self.held)[replaced].tolist())
                self._known.update(offer.priority.tolist())
            self._priority.put(slots, offer.priority)
        if offer.ids is not None:
            self._ids.put(slots, offer.ids)
        if offer.positions is not None:
            self._positions.put(slots, offer.positions)
        if isinstance(slots, slice):
            self.held = slots.stop
        else:  # some had to leave, or be turned away
            assert self.capacity is not None
            self.held = self.capacity
        if self.held == self.capacity and offer.priority is not None:
            self._highest = self._priority.first(self.held).max()

    def _takes_all(self, count: int) -> bool:
        """Whether so many samples all stay."""
        return self.capacity is None or count <= self.capacity

    def _decider(self, end: int) -> _Following:
        """One that can tell what is held after ``end`` samples: a new one, if it has gone on for a pass that failed."""
        assert self.capacity is not None
        if self._following is not None and self._following.begun < end:
            return self._following
        return _Following(self.capacity, self.seed)

    def _added(
        self,
        rows: NDArray[np.int64] | range,
        ids: NDArray[Any] | None,
        positions: NDArray[np.int64] | None,
        priority: NDArray[np.uint64] | None,
        repeated: int,
        new: bool,
    ) -> Offer:
        """The offer of all of some points, after those that are held."""
        return Offer(rows, slice(self.held, self.held + len(rows)), ids, positions, priority, repeated, new)

    def _fresh(self, priority: NDArray[np.uint64]) -> NDArray[np.int64] | None:
        """The first of each point that is not held; None for all."""
        keys = priority.tolist()
        distinct = set(keys)
        if len(distinct) == len(keys) and self._known.isdisjoint(distinct):
            return None
        first = np.sort(np.unique(priority, return_index=True)[1])
        held = np.fromiter(map(self._known.__contains__, priority[first].tolist()), bool, len(first))
        return first[~held]


class _Following:
    """Which of the samples 0, 1, 2, ... stay, each of which may take the slot of one before it.

    A sample stays until there are ``capacity`` of lower priority: that does not depend on batches, and is decided for a
    stretch of samples ahead.
    """

    def __init__(self, capacity: int, seed: int):
        self._capacity, self._seed = capacity, seed
        self.begun = self._decided = capacity  # where the last stretch begins and ends
        # Of the samples held when it began and those that may come in, in their order: their number and key (those of
        # highest key stay), their slot, and the sample that takes it.
        self._numbers = self._slots = np.arange(capacity)
        self._keys = ~priorities(self._numbers, None, seed)
        self._until = np.full(capacity, _NEVER)
        self._kept: dict[tuple[int, int], _Kept] = {}  # of some batches: their first samples and ends

    def kept_among(self, first: int, end: int) -> _Kept:
        """Which samples of the batch from ``first`` to ``end`` stay at its end, as its rows, and their slots."""
        if (first, end) not in self._kept:
            self._decide(end)
            self._kept = self._kept_in_batches(first, end - first)
        return self._kept[first, end]

    def held_of(self, count: int) -> NDArray[np.int64]:
        """The sample in every slot after so many samples."""
        self._decide(count)
        held = (self._numbers < count) & (self._until >= count)
        return self._numbers[held][self._slots[held].argsort()]

    def _kept_in_batches(self, first: int, size: int) -> dict[tuple[int, int], _Kept]:
        """The same of a batch and of those of its size that may follow it in the stretch."""
        step = max(1, size)
        bounds = first + size * np.arange(1 + max(1, (self._decided - first) // step))
        row = (self._numbers - first) % step
        kept = (self._numbers >= first) & (self._until >= self._numbers - row + size)
        row, slots, parts = row[kept], self._slots[kept], np.searchsorted(self._numbers[kept], bounds)
        return {
            batch: (row[begin:end], slots[begin:end])
            for batch, (begin, end) in zip(pairwise(bounds.tolist()), pairwise(parts.tolist()), strict=True)
        }

    def _decide(self, end: int) -> None:
        while self._decided < end:
            self._decide_stretch()

    def _decide_stretch(self) -> None:
        held = self._until == _NEVER
        numbers = np.arange(self._decided, self._decided + max(_AHEAD, self._capacity))
        keys = ~priorities(numbers, None, self._seed)
        held_keys = self._keys[held]
        may_come = keys > held_keys.min()
        self.begun, self._decided = self._decided, int(numbers[-1]) + 1
        self._numbers = np.concatenate([self._numbers[held], numbers[may_come]])
        self._keys = np.concatenate([held_keys, keys[may_come]])
        coming, leaving = _exchanged(self._keys, self._capacity)

        self._until = self._numbers.copy()  # turned away
        self._until[: self._capacity] = self._until[coming] = _NEVER
        self._until[leaving] = self._numbers[coming]
        before = np.arange(len(self._keys))  # whose slot each has taken
        before[self._capacity :] = 0
        before[coming] = leaving
        while before.max() >= self._capacity:
            before = before[before]
        self._slots = self._slots[held][before]


def _exchanged(keys: NDArray[np.uint64], held: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of keys, of which the first are held and each of the others comes in where it is higher than the lowest of those
    held, which leaves for it: the places of those that come in, and of those that leave for them.

    Those that leave are the lowest of all that ever are held, in ascending order. While too many are thought to come
    in, these are too low: who is not above them does not come in, and as the last one who does not never is, the right
    ones are left.
    """
    coming, ascending = np.arange(held, len(keys)), keys.argsort()
    is_held = np.ones(len(keys), bool)
    while True:
        leaving = ascending[: len(coming)]
        higher = keys[coming] > keys[leaving]
        if higher.all():
            return coming, leaving
        is_held[coming[~higher]] = False
        coming, ascending = coming[higher], ascending[is_held[ascending]]


def priorities(ids: NDArray[Any], positions: NDArray[np.int64] | None, seed: int) -> NDArray[np.uint64]:
    """A hash of 64 bits of every identity: equal for equal (seed, id, position), else as good as random."""
    if ids.dtype.kind in "iub":
        number = ids.astype(np.int64).view(np.uint64)
    else:
        digests = (hashlib.blake2b(str(i).encode(), digest_size=8).digest() for i in ids.tolist())
        number = np.frombuffer(b"".join(digests), "<u8").astype(np.uint64)
    number ^= _start(seed)
    _mix(number)
    if positions is not None:
        number ^= positions.astype(np.int64).view(np.uint64)
    return _mix(number)


@functools.lru_cache
def _start(seed: int) -> NDArray[np.uint64]:
    return _mix(np.array([seed % 2**64], np.uint64))


_GAMMA, _FACTOR, _FACTOR_2 = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], np.uint64)
_SHIFT, _SHIFT_2, _SHIFT_3 = np.array([30, 27, 31], np.uint64)


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """In place, the output function of SplitMix64 (Steele, Lea and Flood 2014), which permutes the 64-bit words."""
    x += _GAMMA  # arrays wrap around
    x ^= x >> _SHIFT
    x *= _FACTOR
    x ^= x >> _SHIFT_2
    x *= _FACTOR_2
    x ^= x >> _SHIFT_3
    return x
