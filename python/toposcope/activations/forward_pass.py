"""One forward pass: which of its samples are kept, and what every layer gave of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .. import _native
from .reduction import Index, Points, Reduction, Room
from .reservoir import Offer, Reservoir
from .tensors import plain

__all__ = ["ForwardPass"]


class ForwardPass:
    """What the hooks of one pass gather; nothing of it counts before the pass has ended well.

    Which points are kept is decided once a pass, for all layers alike: before the first layer is called, where every
    sample is one point and their number is known, else when the first layer has given its output.

    Parameters
    ----------
    reservoir : Reservoir
        That of the capture.
    ids, labels : (B,) ndarray, optional
        Of the samples of the batch. Ids go on counting where there are none.
    mask : (B, tokens) tensor of bool, optional
        False for padding.
    size : int or None
        The number of samples of the batch, if it is known before the first layer is called.
    classes : (c,) ndarray, optional
        Samples of other labels are left out.
    spreads : bool
        Whether one sample may give several points.
    rooms : dict of str to (n, d) ndarray
        The rows of the layers, where the points of this pass may be written at once.
    usual : Pass
        Tells hooks in C of this pass, where every layer is to give one point of each sample that is kept and there is
        no mask (yet).

    Attributes
    ----------
    calls : dict of str to int
        How often each layer was called.
    staged : dict of str to (m, d) array or tensor
        What they gave; the room of a layer where it has been written to that.
    """

    offer: Offer | None = None
    spread = False
    ended_well = False
    _all = False  # whether one point of every sample is kept
    _padded: bool | None = None  # whether the mask leaves anything out, once that has been asked for
    _identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
    _index: Index | None = None

    def __init__(
        self,
        reservoir: Reservoir,
        ids: NDArray[Any] | None,
        labels: NDArray[Any] | None,
        mask: torch.Tensor | None,
        size: int | None,
        classes: NDArray[Any] | None,
        spreads: bool,
        rooms: dict[str, Room],
        usual: _native.Pass,
    ):
        self.reservoir, self.ids, self.labels, self.classes = reservoir, ids, labels, classes
        self.mask, self._rooms, self._spreads, self._usual = mask, rooms, spreads, usual
        self.calls: dict[str, int] = {}
        self.staged: dict[str, Points] = {}
        self.size: int | None = None
        if size is not None and not spreads:
            self.size = size
            self._choose(None)

    def heed(self, mask: torch.Tensor | None) -> None:
        """Take the mask that a model is called with inside the pass."""
        self.mask = mask
        if mask is not None:
            self._usual.end()

    def stage(self, key: str, output: torch.Tensor, reduction: Reduction) -> None:
        """Reduce what a layer has given to the kept points of this pass, and copy them."""
        shape = output.shape
        if self.offer is None or shape[0] != self.size:
            self._check_size(plain(output))
        reduction.check(shape)
        if self.offer is None or self._spreads:
            self._agree_on_points(reduction.identities(shape, self.mask))
        mask = None if self.mask is None else self._mask_for(output, reduction)
        if self._all:
            self.staged[key] = reduction.points(output, mask=mask)
        elif len(self.offer.rows):  # type: ignore[union-attr]
            self.staged[key] = reduction.points(output, self._kept(), mask)
        else:
            self.staged[key] = output.new_empty(0)

    def kept_labels(self) -> NDArray[Any] | None:
        """The labels of the points that are kept."""
        if self.labels is None or self.offer is None or self._all:
            return self.labels
        rows = self.offer.rows
        return self.labels[rows if self._identities is None else self._identities[0][rows]]

    def _choose(self, identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> None:
        """Decide which points stay: one a sample, or those of ``identities``."""
        assert self.size is not None
        self._identities, self.spread = identities, identities is not None
        if self.ids is None and self.classes is None and not self._spreads:
            self.offer = self.reservoir.offer_following(self.size)
        else:
            self.offer = self._offered(identities)
        self._all = identities is None and 0 < len(self.offer.rows) == self.size
        if self.mask is None and not self._spreads and self.size:
            rows, slots = None if self._all else np.asarray(self.offer.rows), self.offer.slots
            first = slots.start if isinstance(slots, slice) else -1
            self._usual.begin(self.size, rows, first, self.calls, self.staged, self._rooms)

    def _offered(self, identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> Offer:
        assert self.size is not None
        ids = self.reservoir.next_ids(self.size) if self.ids is None else self.ids
        labels, positions = self.labels, None
        if identities is not None:
            samples, positions = identities
            ids, labels = ids[samples], None if labels is None else labels[samples]
        new = self.ids is None
        if self.classes is None or labels is None:
            return self.reservoir.offer(ids, positions, new=new)
        if (labels.dtype.kind == "U") != (self.classes.dtype.kind == "U"):
            raise TypeError(f"labels such as {labels[:1].tolist()} are never among classes={self.classes.tolist()}.")
        wanted = np.flatnonzero(np.isin(labels, self.classes))
        offer = self.reservoir.offer(ids[wanted], None if positions is None else positions[wanted], new=new)
        offer.rows = wanted[offer.rows]
        return offer

    def _agree_on_points(self, identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> None:
        """The first layer says which points there are; all others must have the same."""
        if self.offer is None:
            self._choose(identities)
        elif not self._same(identities):
            raise ValueError(
                f"it gives {self._count(identities)} points and {next(iter(self.staged))!r} gives "
                f"{self._count(self._identities)}, but every layer must give the same: capture layers with different "
                "numbers of positions one by one, or reduce to one point a sample"
            )

    def _mask_for(self, output: torch.Tensor, reduction: Reduction) -> torch.Tensor | None:
        """The mask of an output; None where it leaves nothing out."""
        assert self.mask is not None
        reduction.check_mask(self.mask, output.shape)
        if self._padded is None:
            self._padded = not bool(self.mask.all())
        return self.mask.to(output.device) if self._padded else None

    def _kept(self) -> Index:
        """Samples and positions of the kept points."""
        if self._index is None:
            assert self.offer is not None
            rows = np.asarray(self.offer.rows)
            self._index = Index(*([rows] if self._identities is None else [part[rows] for part in self._identities]))
        return self._index

    def _same(self, identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> bool:
        if identities is None or self._identities is None:
            return identities is self._identities
        return all(np.array_equal(a, b) for a, b in zip(identities, self._identities, strict=True))

    def _count(self, identities: tuple[NDArray[np.int64], NDArray[np.int64]] | None) -> int | None:
        return self.size if identities is None else len(identities[0])

    def _check_size(self, output: torch.Tensor) -> None:
        count = output.shape[0]
        if self.offer is not None and count == self.size:
            return
        if self.size is None:
            self.size = count
        for name, values in (("ids", self.ids), ("labels", self.labels)):
            if values is not None and len(values) != self.size:
                raise ValueError(
                    f"there are {len(values)} {name} and {self.size} samples in the batch: give one for each"
                )
        if count != self.size:
            raise ValueError(
                f"its output is {tuple(output.shape)} for a batch of {self.size} samples, so its rows are not the "
                "samples: give batch_dim= if they are another dimension, select= for another part of the output, or "
                "take another layer"
            )
