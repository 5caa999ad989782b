"""Which samples are kept: the same in every layer, in every order of the loader, in bounded memory.

Every point (sample id, position) has a pseudo-random priority, a hash of the seed and of its identity, and the points
of lowest priority stay: a uniform sample without replacement (bottom-k sampling; Cohen and Kaplan 2007). Unlike
Vitter's reservoir (algorithm R) the choice depends neither on the order of the data nor on the size of the batches, so
that two models seen with the same data and seed keep the same samples. A point that comes again has the priority that
it had: it was kept then, or it is turned away now.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Offer", "Reservoir", "priorities"]


@dataclass
class Offer:
    """What a batch changes: its points ``rows`` go into ``slots``. Nothing is changed until `Reservoir.accept`."""

    rows: NDArray[np.int64]
    slots: NDArray[np.int64]
    keys: list[tuple[Any, int]]
    priority: NDArray[np.uint64]
    repeated: int


class Reservoir:
    """At most ``capacity`` points (all of them for None), each in a slot of its own.

    Examples
    --------
    >>> r = Reservoir(capacity=3, seed=0)
    >>> for batch in np.arange(100).reshape(10, 10):
    ...     r.accept(r.offer(batch, np.zeros(10, int)))
    >>> forwards = sorted(key for key, _ in r.keys)
    >>> again = Reservoir(capacity=3, seed=0)
    >>> again.accept(again.offer(np.arange(100)[::-1], np.zeros(100, int)))
    >>> forwards == sorted(key for key, _ in again.keys)
    True
    """

    def __init__(self, capacity: int | None, seed: int):
        self.capacity, self.seed = capacity, seed
        self.keys: list[tuple[Any, int]] = []
        self.seen = 0
        self.repeated = 0
        self._slot: dict[tuple[Any, int], int] = {}
        self._priority = np.empty(0, np.uint64)

    def offer(self, ids: NDArray[Any], positions: NDArray[np.int64]) -> Offer:
        """Choose among the kept points and those of a batch.

        Parameters
        ----------
        ids, positions : (m,) ndarray
            The identity of every point of the batch.
        """
        keys = list(zip(ids.tolist(), positions.tolist(), strict=True))
        new: dict[tuple[Any, int], int] = {}
        for row, key in enumerate(keys):
            if key not in self._slot:
                new.setdefault(key, row)
        rows = np.fromiter(new.values(), np.int64, len(new))
        priority = priorities(ids[rows], positions[rows], self.seed)
        repeated = len(keys) - len(rows)
        held = len(self.keys)
        if self.capacity is None or held + len(rows) <= self.capacity:
            return Offer(rows, np.arange(held, held + len(rows)), [keys[r] for r in rows], priority, repeated)
        both = np.concatenate([self._priority[:held], priority])
        stays = np.zeros(len(both), bool)
        stays[np.argsort(both, kind="stable")[: self.capacity]] = True
        chosen = np.flatnonzero(stays[held:])
        free = np.concatenate([np.flatnonzero(~stays[:held]), np.arange(held, self.capacity)])
        rows = rows[chosen]
        return Offer(rows, free[: len(rows)], [keys[r] for r in rows], priority[chosen], repeated)

    def accept(self, offer: Offer, points: int = 0) -> None:
        """Let an offer be true: its points have been stored."""
        self.repeated += offer.repeated
        self.seen += points
        highest = int(offer.slots.max(initial=-1)) + 1
        if highest > len(self._priority):
            grown = np.empty(max(highest, 2 * len(self._priority)), np.uint64)
            grown[: len(self.keys)] = self._priority[: len(self.keys)]
            self._priority = grown
        for slot, key in zip(offer.slots.tolist(), offer.keys, strict=True):
            if slot < len(self.keys):
                del self._slot[self.keys[slot]]
                self.keys[slot] = key
            else:
                self.keys.append(key)
            self._slot[key] = slot
        self._priority[offer.slots] = offer.priority


def priorities(ids: NDArray[Any], positions: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A hash of 64 bits of every identity: equal for equal (seed, id, position), else as good as random."""
    if ids.dtype.kind in "iub":
        number = ids.astype(np.int64).view(np.uint64)
    else:
        digests = (hashlib.blake2b(str(i).encode(), digest_size=8).digest() for i in ids.tolist())
        number = np.fromiter((int.from_bytes(d, "little") for d in digests), np.uint64, len(ids))
    start = np.uint64(seed % 2**64)
    return _mix(_mix(_mix(start) ^ number) ^ positions.astype(np.int64).view(np.uint64))


def _mix(x: Any) -> Any:
    """The output function of SplitMix64 (Steele, Lea and Flood 2014), which permutes the 64-bit words."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
