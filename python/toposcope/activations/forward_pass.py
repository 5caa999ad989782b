"""One forward pass: which of its samples are kept, and what every layer gave of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .reduction import Reduction
from .reservoir import Offer, Reservoir

__all__ = ["ForwardPass"]


class ForwardPass:
    """What the hooks of one pass gather; nothing of it counts before the pass has ended well.

    Parameters
    ----------
    reservoir : Reservoir
        That of the capture: asked once a pass, by the first layer that is called, for all layers alike.
    ids, labels : (B,) ndarray, optional
        Of the samples of the batch. Ids go on counting where there are none.
    mask : (B, tokens) tensor of bool, optional
        False for padding.
    size : int, optional
        The number of samples, where it is known before the first layer is called.
    classes : (c,) ndarray, optional
        Samples of other labels are left out.
    """

    def __init__(
        self,
        reservoir: Reservoir,
        ids: NDArray[Any] | None,
        labels: NDArray[Any] | None,
        mask: torch.Tensor | None,
        size: int | None,
        classes: NDArray[Any] | None,
    ):
        self.reservoir, self.ids, self.labels, self.mask, self.size = reservoir, ids, labels, mask, size
        self.classes = classes
        self.calls: Counter[int] = Counter()
        self.fired: dict[str, None] = {}
        self.staged: dict[str, NDArray[np.float32]] = {}
        self.offer: Offer | None = None
        self.spread: bool | None = None
        self.ended_well = False
        self._points: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def stage(self, key: str, output: torch.Tensor, reduction: Reduction) -> None:
        """Reduce what a layer has given to the kept points of this pass, and copy them."""
        self._check_size(output)
        identities = reduction.identities(output.shape, self.mask)
        self.spread = identities is not None if self.spread is None else self.spread
        if identities is None:
            identities = np.arange(len(output)), np.zeros(len(output), np.int64)
        samples, positions = identities
        if self._points is None or self.offer is None:
            self._points = identities
            self.offer = self._choose(samples, positions)
        elif not all(np.array_equal(a, b) for a, b in zip(identities, self._points, strict=True)):
            raise ValueError(
                f"it gives {len(samples)} points and {next(iter(self.fired))!r} gives {len(self._points[0])}, but "
                "every layer must give the same: capture layers with different numbers of positions one by one, "
                "or reduce to one point a sample"
            )
        self.fired[key] = None
        rows = self.offer.rows
        if len(rows):
            mask = None if self.mask is None else self.mask.to(output.device)
            points = reduction.points(output, samples[rows], positions[rows], mask)
            self.staged[key] = points.cpu().numpy()

    def labels_of(self, rows: NDArray[np.int64]) -> NDArray[Any] | None:
        """The labels of some points of this pass."""
        if self.labels is None or self._points is None:
            return None
        return self.labels[self._points[0][rows]]

    def _choose(self, samples: NDArray[np.int64], positions: NDArray[np.int64]) -> Offer:
        assert self.size is not None
        ids = np.arange(self.reservoir.seen, self.reservoir.seen + self.size) if self.ids is None else self.ids
        if self.classes is None or self.labels is None:
            return self.reservoir.offer(ids[samples], positions)
        wanted = np.flatnonzero(np.isin(self.labels[samples], self.classes))
        offer = self.reservoir.offer(ids[samples[wanted]], positions[wanted])
        offer.rows = wanted[offer.rows]
        return offer

    def _check_size(self, output: torch.Tensor) -> None:
        if self.size is None:
            self.size = len(output)
        for name, values in (("ids", self.ids), ("labels", self.labels)):
            if values is not None and len(values) != self.size:
                raise ValueError(
                    f"there are {len(values)} {name} and {self.size} samples in the batch: give one for each"
                )
        if len(output) != self.size:
            raise ValueError(
                f"its output is {tuple(output.shape)} for a batch of {self.size} samples, so its rows are not the "
                "samples: give batch_dim= if they are another dimension, select= for another part of the output, or "
                "take another layer"
            )
