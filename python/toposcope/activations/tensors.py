"""What a module returns, as the one tensor that is wanted of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch._C import _functorch  # PyTorch has no public way to ask whether vmap holds a tensor
from torch.nn.utils.rnn import PackedSequence

__all__ = ["Reading", "Select", "find_tensor", "plain"]

_FLOATS = (torch.float32, torch.bfloat16, torch.float16, torch.float64)

Select = int | str | Callable[[Any], Any] | Sequence[int | str] | None


@dataclasses.dataclass(frozen=True)
class Reading:
    """Which tensor of what a module gives (or gets) is wanted, with the samples along its first dimension.

    What it finds may still need `plain`: looking at a tensor takes time in the midst of a pass.

    Parameters
    ----------
    what : "output" or "input"
    select : int, str, sequence of them, or callable
        See `find_tensor`.
    batch_dim : int
        Which dimension counts the samples, where there are three and more.
    """

    what: str = "output"
    select: Select = None
    batch_dim: int = 0

    @property
    def takes_tensors(self) -> bool:
        """Whether a layer that gives one tensor gives the one that is wanted, as it is."""
        return self.what == "output" and self.select is None and not self.batch_dim

    def __call__(self, value: Any) -> torch.Tensor:
        if type(value) is torch.Tensor and self.select is None:
            if not self.batch_dim and not value.is_nested and value.dim():
                return value
            found: torch.Tensor | None = value
        else:
            found = find_tensor(value, self.select)
        if found is None or not found.dim():
            raise ValueError(
                f"its {self.what} is {_describe(value)}, in which there is no tensor with a batch dimension: give "
                "select= a function that returns one"
            )
        found = plain(found)
        if self.batch_dim and found.dim() > 2:
            if self.batch_dim >= found.dim():
                raise ValueError(f"batch_dim={self.batch_dim} is no dimension of its {self.what} {tuple(found.shape)}")
            found = found.movedim(self.batch_dim, 0)
        return found


def find_tensor(value: Any, select: Select = None) -> torch.Tensor | None:
    """The wanted tensor in an output: tuples, lists, dicts, dataclasses and model outputs, nested in any way.

    Parameters
    ----------
    value : object
        What a module has returned (or what it was given).
    select : int, str, sequence of them, or callable
        The place in the output: an index, a key or attribute, a path of these, or a function of the output. By default
        the first tensor that has a batch dimension (so a scalar loss is passed over).

    Examples
    --------
    >>> import torch
    >>> find_tensor({"loss": torch.tensor(0.5), "states": (torch.ones(2, 3), torch.zeros(2))}).shape
    torch.Size([2, 3])
    >>> find_tensor({"a": (torch.ones(1), torch.zeros(2))}, select=("a", 1))
    tensor([0., 0.])
    """
    if select is not None:
        return _follow(value, select)
    return next((tensor for tensor in _tensors(value) if tensor.dim() > 0), None)


def plain(tensor: torch.Tensor) -> torch.Tensor:
    """A dense, strided tensor of real numbers, out of the graph. Half precision stays: reductions raise it."""
    if _is_plain(tensor):
        return tensor
    tensor = tensor.detach()
    if _functorch.is_functorch_wrapped_tensor(tensor) and _in_vmap(tensor):
        raise ValueError(
            "it was called inside torch.func.vmap, which shows hooks one sample in place of the batch: call the model "
            "on the batch itself"
        )
    if torch._is_functional_tensor(tensor):
        raise ValueError(
            "it was called inside torch.func.functionalize, where tensors have no numbers yet: call the model itself"
        )
    if tensor.is_nested:
        raise ValueError(
            "it is a nested tensor, whose samples have different lengths: give select= a function that pads it "
            "(torch.nested.to_padded_tensor)"
        )
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_complex():
        raise ValueError("it is complex: give select= a function, such as torch.view_as_real or torch.abs")
    return tensor if tensor.is_floating_point() else tensor.float()


def _is_plain(tensor: torch.Tensor) -> bool:
    return (
        tensor.dtype in _FLOATS
        and not tensor.requires_grad
        and tensor.layout is torch.strided
        and not tensor.is_nested
        and not _functorch.is_functorch_wrapped_tensor(tensor)
    )


def _in_vmap(tensor: torch.Tensor) -> bool:
    """Whether vmap is among the transforms that wrap a tensor."""
    while _functorch.is_functorch_wrapped_tensor(tensor):
        if _functorch.is_batchedtensor(tensor):
            return True
        tensor = _functorch.get_unwrapped(tensor)
    return False


def _follow(value: Any, select: Select) -> torch.Tensor:
    if callable(select):
        found = select(value)
    else:
        found = value
        for step in [select] if isinstance(select, (int, str)) else select or ():
            try:
                if isinstance(step, str) and not isinstance(found, Mapping):
                    found = getattr(found, step)
                else:
                    found = found[step]
            except (LookupError, TypeError, AttributeError):
                raise ValueError(f"select={select!r} leads nowhere in an output of type {_describe(value)}") from None
    if not isinstance(found, torch.Tensor):
        raise ValueError(f"select={select!r} leads to {_describe(found)}, which is no tensor")
    return found


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, PackedSequence):
        raise ValueError(
            "it is a PackedSequence, in which the samples are interleaved: give select= a function that pads it "
            "(torch.nn.utils.rnn.pad_packed_sequence)"
        )
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _tensors(item)
    elif isinstance(value, (tuple, list)):
        for item in value:
            yield from _tensors(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _tensors(getattr(value, field.name))


def _describe(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{type(value).__name__} with keys {', '.join(map(str, value))}"
    if isinstance(value, (tuple, list)):
        return f"{type(value).__name__} of {len(value)}"
    return type(value).__name__
