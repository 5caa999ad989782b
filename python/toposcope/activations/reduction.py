"""From the output of a layer to points: one a sample, or one a token, patch or spatial position.

Every output is first seen as (samples, positions, channels): positions are tokens or pixels. Nothing is flattened or
averaged without being asked for.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.dlpack import to_dlpack

from .. import _native
from .tensors import plain

__all__ = ["Channels", "Index", "Points", "Reduce", "Reduction", "Room", "channels_of"]

Reduce = str | Callable[[torch.Tensor], torch.Tensor] | None
Points = NDArray[Any] | torch.Tensor  # (m, d), of single precision if it is an array
Room = NDArray[Any] | None  # an array (n, d), to some rows of which points may be written: they stand for it then
InPyTorch = Callable[[torch.Tensor], torch.Tensor]

_native.read_tensors(torch.Tensor, getattr(torch.Tensor, "__dlpack_c_exchange_api__", None), to_dlpack)

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
_OVER_POSITIONS = ("mean", "max", "top-norm", "positions")  # which of the dimensions are positions matters to them
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
class Channels:
    """The numbers of channels that the modules of a model work on, where these come first and where they come last."""

    first: frozenset[int] = frozenset()
    last: frozenset[int] = frozenset()

    @staticmethod
    def among(modules: Iterable[nn.Module]) -> Channels:
        """Of images: by convolutions and batch normalisations, and by linear layers and layer normalisations."""
        first: set[int] = set()
        last: set[int] = set()
        for module in modules:
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                first.update((module.in_channels, module.out_channels))
            elif isinstance(module, nn.BatchNorm2d):
                first.add(module.num_features)
            elif isinstance(module, nn.Linear):
                last.update((module.in_features, module.out_features))
            elif isinstance(module, nn.LayerNorm):
                last.add(module.normalized_shape[-1])
        return Channels(frozenset(first), frozenset(last))

    def seem_last(self, shape: torch.Size) -> bool:
        """Whether an image of this shape (samples, a, b, c) has c channels rather than a."""
        return len(shape) == 4 and shape[3] in self.last and shape[1] not in self.first and shape[1] not in self.last


class Index:
    """Which points of the outputs of a pass are kept: samples (m,) and, where these have several, positions (m,)."""

    def __init__(self, samples: NDArray[np.int64], positions: NDArray[np.int64] | None = None):
        self.samples, self.positions = samples, positions
        self._on: dict[torch.device, tuple[torch.Tensor, torch.Tensor | None]] = {}

    def on(self, device: torch.device) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Samples and positions as tensors."""
        found = self._on.get(device)
        if found is None:
            samples = torch.from_numpy(self.samples).to(device)
            positions = None if self.positions is None else torch.from_numpy(self.positions).to(device)
            found = self._on[device] = samples, positions
        return found


@dataclass
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
    known : Channels
        Of the model.

    Examples
    --------
    >>> x = torch.arange(12.0).reshape(2, 3, 2)
    >>> Reduction("mean").points(x).tolist()
    [[2.0, 3.0], [8.0, 9.0]]
    >>> Reduction("tokens").points(x, Index(np.array([1, 0]), np.array([2, 0]))).tolist()
    [[10.0, 11.0], [0.0, 1.0]]
    """

    choice: Reduce
    channels: str | None = None
    prefix: int = 1
    known: Channels = Channels()
    # Of the outputs whose points were taken in memory last: their shape, and the token that these are (None: means).
    in_memory: tuple[torch.Size, int | None] | None = field(default=None, init=False, repr=False, compare=False)
    _functions: dict[torch.Size, InPyTorch] = field(default_factory=dict, init=False, repr=False, compare=False)

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
        if shape not in self._functions:
            self._check(shape)
            self._functions[shape] = self._function(len(shape))

    def check_mask(self, mask: torch.Tensor, shape: torch.Size) -> None:
        """Refuse a mask that does not fit an output which it is for."""
        if self._heeds_mask(shape) and mask.shape != shape[:2]:
            raise ValueError(
                f"the attention mask is {tuple(mask.shape)} and its output {tuple(shape)}: give mask=False to leave "
                "the mask out, or cap.mask(m) with one of (samples, tokens)"
            )

    def identities(
        self, shape: torch.Size, mask: torch.Tensor | None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Which points an output of this shape has: samples (m,) and positions (m,); None for one a sample."""
        if not self.spreads or len(shape) < 3:
            return None
        there = np.ones((shape[0], self._positions(shape)), bool)
        if mask is not None and self._tokens(shape):
            self.check_mask(mask, shape)
            there &= mask.cpu().numpy()
        if self.choice == "patches":
            there[:, : self.prefix] = False
        samples, positions = np.nonzero(there)
        return samples, positions

    def points(
        self,
        output: torch.Tensor,
        index: Index | None = None,
        mask: torch.Tensor | None = None,
    ) -> Points:
        """Chosen points (m, d) of an output.

        Points have the precision of the output, or single precision; they are never a view of it, since later modules
        may write to it. Whatever can be done for many batches at once is left for later: in the midst of a pass every
        operation costs several times as much.

        Parameters
        ----------
        output : (samples, ...) tensor
        index : Index, optional
            Which points; by default one of every sample.
        mask : (samples, tokens) tensor of bool, optional
            False for padding.
        """
        shape = output.shape
        self.check(shape)
        function = self._functions[shape]
        if mask is not None and not self._heeds_mask(shape):
            mask = None
        if mask is None and (index is None or index.positions is None) and self._is_in_memory(shape):
            token = {"cls": 0, "last": shape[1] - 1}.get(self.choice)  # type: ignore[arg-type]
            points = _native.points(output, shape, token, None if index is None else index.samples)
            if points is not None:
                self.in_memory = shape, token
                return points
        output = plain(output)
        samples, positions = (None, None) if index is None else index.on(output.device)
        if positions is not None:
            return self._cells(output)[samples, positions]
        if mask is not None:
            return self._unpadded(output, mask, samples)
        if samples is None:
            return function(output)
        copies = output.dim() <= 2 or self.choice == "flatten"
        if not callable(self.choice) and (copies or 3 * samples.shape[0] <= output.shape[0]):
            return function(output.index_select(0, samples))
        return function(output).index_select(0, samples)  # copying so many whole would cost more

    def _function(self, dimensions: int) -> InPyTorch:
        """(samples, ...) -> (samples, d) in memory of its own."""
        if callable(self.choice):
            return lambda output: self._called(output).clone()
        if dimensions <= 2:
            return torch.clone if dimensions == 2 else lambda output: output.unsqueeze(1).clone()
        positions = tuple(range(1, dimensions - 1) if self._last(dimensions) else range(2, dimensions))
        if self.choice == "mean":
            return functools.partial(torch.mean, dim=positions, dtype=torch.float32)
        if self.choice == "max":
            return functools.partial(torch.amax, dim=positions)
        if self.choice in ("cls", "last"):
            return functools.partial(torch.select_copy, dim=1, index=0 if self.choice == "cls" else -1)
        if self.choice == "flatten":
            return lambda output: output.clone(memory_format=torch.contiguous_format).flatten(1)
        return lambda output: _of_greatest_norm(self._cells(output))

    def _unpadded(self, cells: torch.Tensor, mask: torch.Tensor, samples: torch.Tensor | None) -> torch.Tensor:
        """(samples, tokens, channels) -> (m, channels), without padding, in a new tensor."""
        if samples is not None:
            cells, mask = cells.index_select(0, samples), mask.index_select(0, samples)
        empty = torch.nonzero(~mask.any(1))
        if len(empty):
            first = int(empty[0] if samples is None else samples[empty[0]])
            raise ValueError(f"the mask leaves no token of sample {first} of the batch: leave it out")
        there = mask.unsqueeze(-1)
        if self.choice == "mean":
            return torch.where(there, cells, 0).sum(1, dtype=torch.float32) / there.sum(1)
        if self.choice == "max":
            return cells.masked_fill(~there, -torch.inf).amax(1)
        if self.choice == "top-norm":
            return _of_greatest_norm(cells, mask)
        place = mask.int().argmax(1) if self.choice == "cls" else cells.shape[1] - 1 - mask.flip(1).int().argmax(1)
        return _at(cells, place)

    def _check(self, shape: torch.Size) -> None:
        choices = _KNOWN if self._tokens(shape) else _ANYWHERE
        if len(shape) <= 2 or callable(self.choice) or self.choice in choices:
            if self.channels is None and self.choice in _OVER_POSITIONS and self.known.seem_last(shape):
                raise ValueError(
                    f"its output is {tuple(shape)}, and its channels seem to be the last dimension, as modules of the "
                    f"model work on {shape[3]} channels there: give channels='last', or 'first' if they are not"
                )
            return
        what = f"its output is {tuple(shape)}, and "
        what += "a choice is needed" if self.choice is None else f"reduce={self.choice!r} is for tokens"
        raise ValueError(f"{what}: give reduce=, {_list(choices)}, or a function (samples, ...) -> (samples, d)")

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
        return math.prod(shape[1:-1] if self._last(len(shape)) else shape[2:])

    def _is_in_memory(self, shape: torch.Size) -> bool:
        """Whether the points are a token each, or means over positions that come last: what can do without PyTorch."""
        if self.choice == "mean":
            return len(shape) > 2 and not self._last(len(shape))
        return self.choice in ("cls", "last") and len(shape) == 3

    def _last(self, dimensions: int) -> bool:
        return (self.channels or ("last" if dimensions == 3 else "first")) == "last"

    def _heeds_mask(self, shape: torch.Size) -> bool:
        return self._tokens(shape) and self.choice != "flatten" and not callable(self.choice)

    def _tokens(self, shape: torch.Size) -> bool:
        return len(shape) == 3 and self._last(3)


def _of_greatest_norm(cells: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """(samples, positions, channels) -> (samples, channels)"""
    norms = torch.linalg.vector_norm(cells, dim=2, dtype=torch.float32)  # the squares overflow in half
    return _at(cells, (norms if mask is None else norms.masked_fill(~mask, -torch.inf)).argmax(1))


def _at(cells: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """The position ``place`` (samples,) of every sample."""
    return cells[torch.arange(len(cells), device=cells.device), place]


def _list(choices: dict[str, str]) -> str:
    return ", ".join(f"{name!r} ({meaning})" for name, meaning in choices.items())
