"""From the output of a layer to points: one a sample, or one a token, patch or spatial position.

Every output is first seen as (samples, positions, channels): positions are tokens or pixels. Nothing is flattened or
averaged without being asked for.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

__all__ = ["Reduce", "Reduction", "channels_of"]

Reduce = str | Callable[[torch.Tensor], torch.Tensor] | None

_ANYWHERE = {
    "mean": "the mean over the positions",
    "max": "the maximum over the positions",
    "top-norm": "the position with the greatest norm",
    "flatten": "all positions one after the other",
    "positions": "every position a point",
}
_OF_TOKENS = {
    "cls": "the first token",
    "last": "the last token",
    "tokens": "every token a point",
    "patches": "every token but the class and register tokens a point",
}
_KNOWN = {**_OF_TOKENS, **_ANYWHERE}
_SHORT = 256  # positions
_SPREADING = ("positions", "tokens", "patches")
_CHANNELS_FIRST = (
    nn.Conv1d,
    nn.ConvTranspose1d,
    nn.BatchNorm1d,
    nn.InstanceNorm1d,
    nn.MaxPool1d,
    nn.AvgPool1d,
    nn.AdaptiveAvgPool1d,
    nn.AdaptiveMaxPool1d,
)


def channels_of(module: nn.Module, asked: str | None) -> str | None:
    """Where the channels of a module's output are: "first", "last", or None for what its shape suggests.

    Outputs of shape (samples, a, b) are taken for tokens, (samples, tokens, channels), except after the
    one-dimensional convolutions, pools and normalisations of PyTorch.
    """
    while isinstance(module, nn.Sequential) and len(module):
        module = module[-1]
    return asked or ("first" if isinstance(module, _CHANNELS_FIRST) else None)


@dataclass(frozen=True)
class Reduction:
    """How outputs of one layer become points.

    Parameters
    ----------
    choice : str, callable or None
        The name of a reduction, or a function of the output (samples, ...) that returns (samples, d).
    channels : "first", "last" or None
        By default last for three dimensions, first for more.
    prefix : int
        How many tokens come before the patches.

    Examples
    --------
    >>> x = torch.arange(12.0).reshape(2, 3, 2)
    >>> Reduction("mean").points(x).tolist()
    [[2.0, 3.0], [8.0, 9.0]]
    >>> Reduction("tokens").points(x, samples=torch.tensor([1, 0]), positions=torch.tensor([2, 0])).tolist()
    [[10.0, 11.0], [0.0, 1.0]]
    """

    choice: Reduce
    channels: str | None = None
    prefix: int = 1
    _checked: set[int] = field(default_factory=set, init=False, repr=False, compare=False)  # numbers of dimensions

    def __post_init__(self) -> None:
        if self.choice is not None and not callable(self.choice) and self.choice not in _KNOWN:
            raise ValueError(f"reduce={self.choice!r} is unknown: {_list(_KNOWN)}, or a function.")
        if self.channels not in (None, "first", "last"):
            raise ValueError(f"channels={self.channels!r} is unknown: give 'first', 'last' or None.")

    @property
    def spreads(self) -> bool:
        """Whether one sample may give several points."""
        return self.choice in _SPREADING and not callable(self.choice)

    def check(self, shape: torch.Size) -> None:
        """Refuse outputs that need another choice."""
        dimensions = len(shape)
        if dimensions in self._checked:
            return
        choices = _KNOWN if self._tokens(shape) else _ANYWHERE
        if dimensions <= 2 or callable(self.choice) or self.choice in choices:
            self._checked.add(dimensions)
            return
        what = f"its output is {tuple(shape)}, and "
        what += "a choice is needed" if self.choice is None else f"reduce={self.choice!r} is for tokens"
        raise ValueError(f"{what}: give reduce=, {_list(choices)}, or a function (samples, ...) -> (samples, d)")

    def identities(
        self, shape: torch.Size, mask: torch.Tensor | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Which points an output of this shape has: samples (m,) and positions (m,); None for one a sample."""
        if not self.spreads or len(shape) < 3:
            return None
        there = np.ones((shape[0], self._positions(shape)), bool)
        if mask is not None and self._tokens(shape):
            there &= _fitting(mask, shape).cpu().numpy()
        if self.choice == "patches":
            there[:, : self.prefix] = False
        samples, positions = np.nonzero(there)
        return samples, positions

    def points(
        self,
        output: torch.Tensor,
        samples: torch.Tensor | None = None,
        positions: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Chosen points (m, d) of an output, in single precision; never a view of it: later modules may write to it.

        Parameters
        ----------
        output : (samples, ...) tensor
        samples : (m,) tensor of int, optional
            Which samples, on the same device; None for all.
        positions : (m,) tensor of int, optional
            Which point of each, where one sample gives several.
        mask : (samples, tokens) tensor of bool, optional
            False for padding.
        """
        if callable(self.choice):
            return _copied(self._called(output), samples)
        dimensions = output.dim()
        if dimensions <= 2:
            return _copied(output if dimensions == 2 else output.unsqueeze(1), samples)
        if self.choice == "mean" and not self._last(dimensions):
            return _mean_of_images(output, samples)
        if self.choice == "flatten":
            return _copied(output, samples).flatten(1)
        cells = self._cells(output)
        if self.choice in _SPREADING:
            return cells[samples, positions].float()
        if mask is not None and self._tokens(output.shape):
            mask = _fitting(mask, output.shape)
            empty = torch.nonzero(~mask.any(1))
            if len(empty):
                raise ValueError(f"the mask leaves no token of sample {int(empty[0])} of the batch: leave it out")
        else:
            mask = None
        if samples is None:
            return self._reduced(cells, mask)
        if 3 * samples.shape[0] > output.shape[0]:  # copying so many samples whole would cost more than to reduce all
            return self._reduced(cells, mask).index_select(0, samples)
        return self._reduced(cells.index_select(0, samples), None if mask is None else mask[samples])

    def _reduced(self, cells: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
        """(samples, positions, channels) -> (samples, channels), in a new tensor."""
        if mask is None and cells.shape[1] == 1:
            return _copied(cells[:, 0])
        if self.choice == "mean" and mask is None:
            return cells.mean(1, dtype=torch.float32)
        if self.choice == "mean":
            there = mask.unsqueeze(-1)  # type: ignore[union-attr]
            return torch.where(there, cells, 0).sum(1, dtype=torch.float32) / there.sum(1)
        if self.choice == "max":
            if mask is not None:
                cells = cells.masked_fill(~mask.unsqueeze(-1), -torch.inf)
            return cells.amax(1).float()
        if self.choice == "top-norm":
            norms = torch.linalg.vector_norm(cells, dim=2, dtype=torch.float32)  # the squares overflow in half
            if mask is not None:
                norms = norms.masked_fill(~mask, -torch.inf)
            place = norms.argmax(1)
        elif mask is None:
            return _copied(cells.select(1, 0 if self.choice == "cls" else -1))
        elif self.choice == "cls":
            place = mask.int().argmax(1)
        else:
            place = cells.shape[1] - 1 - mask.flip(1).int().argmax(1)
        return cells[torch.arange(len(cells), device=cells.device), place].float()

    def _called(self, output: torch.Tensor) -> torch.Tensor:
        found = self.choice(output)  # type: ignore[operator,misc]
        if not isinstance(found, torch.Tensor) or found.dim() != 2 or len(found) != len(output):
            got = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
            raise ValueError(f"the function given as reduce= returned {got}, not a tensor ({len(output)}, d)")
        return found.detach()

    def _cells(self, output: torch.Tensor) -> torch.Tensor:
        """(samples, positions, channels), a view."""
        if self._last(output.dim()):
            return output if output.dim() == 3 else output.flatten(1, -2)
        return output.flatten(2).transpose(1, 2)

    def _positions(self, shape: torch.Size) -> int:
        return int(np.prod(shape[1:-1] if self._last(len(shape)) else shape[2:]))

    def _last(self, dimensions: int) -> bool:
        return (self.channels or ("last" if dimensions == 3 else "first")) == "last"

    def _tokens(self, shape: torch.Size) -> bool:
        return len(shape) == 3 and self._last(3)


def _copied(values: torch.Tensor, rows: torch.Tensor | None = None) -> torch.Tensor:
    """Rows (None: all) in single precision and in memory of their own."""
    if rows is not None:
        return values.index_select(0, rows).float()
    return values.clone() if values.dtype == torch.float32 else values.float()


def _mean_of_images(output: torch.Tensor, samples: torch.Tensor | None) -> torch.Tensor:
    """(samples, channels, ...) -> (samples, channels): over all positions, of all samples or of some."""
    few = samples is not None and 3 * samples.shape[0] <= output.shape[0]
    if few:
        output = output.index_select(0, samples)  # type: ignore[arg-type]
    n, channels, *sides = output.shape
    count = math.prod(sides)
    if count == 1:
        values = output.view(n, channels)
        return values.float() if few else _copied(values, samples)
    if count <= _SHORT and output.dtype is torch.float32 and output.is_cpu and output.is_contiguous():
        # PyTorch's mean of short rows takes several times as long; mv, unlike @, has no lower precision in autocast.
        means = output.view(n * channels, count).mv(_equal_weights(count)).view(n, channels)
    else:
        means = output.flatten(2).mean(2, dtype=torch.float32)
    return means if few or samples is None else means.index_select(0, samples)


@functools.lru_cache(maxsize=64)
def _equal_weights(count: int) -> torch.Tensor:
    return torch.full((count,), 1 / count, dtype=torch.float32, device="cpu")


def _fitting(mask: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    if tuple(mask.shape) != tuple(shape[:2]):
        raise ValueError(
            f"the attention mask is {tuple(mask.shape)} and its output {tuple(shape)}: give mask=False to leave the "
            "mask out, or cap.mask(m) with one of (samples, tokens)"
        )
    return mask


def _list(choices: dict[str, str]) -> str:
    return ", ".join(f"{name!r} ({meaning})" for name, meaning in choices.items())
