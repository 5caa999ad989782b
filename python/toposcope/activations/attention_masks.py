"""The attention mask among the arguments of a model."""

from __future__ import annotations

import functools
import inspect
from typing import Any, TypeGuard

import torch
from torch import nn

__all__ = ["MaskFinder", "of_tokens"]

# What the argument is called, and whether it is true for padding rather than for tokens.
_NAMES = (("attention_mask", False), ("src_key_padding_mask", True))


class MaskFinder:
    """Finds the mask of a forward pass in what the model is called with.

    Parameters
    ----------
    model : nn.Module
        Its ``forward`` is looked at once, when there is something that may be a mask.

    Examples
    --------
    >>> find = MaskFinder(nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1), 1, enable_nested_tensor=False))
    >>> find((torch.zeros(2, 3, 4),), {"src_key_padding_mask": torch.tensor([[False, False, True]])})
    tensor([[ True,  True, False]])
    """

    def __init__(self, model: nn.Module):
        self._model = model

    @property
    def may_find(self) -> bool:
        """Whether there is a place for a mask among the arguments of the model."""
        code = getattr(self._model.forward, "__code__", None)
        if code is None or code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS):
            return True
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        return any(name in names for name, _ in _NAMES)

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
        """The mask (samples, tokens), True where there is a token; None where there is none of two dimensions."""
        if not (kwargs or any(_has_two_dimensions(value) for value in args)):
            return None
        for name, padding in _NAMES:
            mask = kwargs.get(name)
            if mask is None and self._places.get(name, len(args)) < len(args):
                mask = args[self._places[name]]
            if _has_two_dimensions(mask):
                if padding and mask.is_floating_point():
                    return mask == 0  # additive: -inf for padding
                return ~of_tokens(name, mask) if padding else of_tokens(name, mask)
        return None

    @functools.cached_property
    def _places(self) -> dict[str, int]:
        """Where masks are among the positional arguments."""
        try:
            parameters = inspect.signature(self._model.forward).parameters.values()
        except (TypeError, ValueError):
            return {}
        positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        return {name: positional.index(name) for name, _ in _NAMES if name in positional}


def _has_two_dimensions(value: Any) -> TypeGuard[torch.Tensor]:
    return isinstance(value, torch.Tensor) and value.dim() == 2


def of_tokens(name: str, mask: Any) -> torch.Tensor:
    """A mask of two dimensions as truth values.

    Raises
    ------
    TypeError, ValueError
        For what is no such mask: additive ones, for instance, in which 0 stands for a token.
    """
    try:
        found = torch.as_tensor(mask)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(
            f"{name} is a {type(mask).__name__} that makes no tensor: give one of (samples, tokens), True or 1 where "
            "there is a token and False or 0 for padding."
        ) from None
    if found.dim() != 2:
        raise ValueError(f"{name} has the shape {tuple(found.shape)}: give one of (samples, tokens).")
    if found.dtype is torch.bool:
        return found
    odd = found[(found != 0) & (found != 1)]
    if len(odd):
        raise ValueError(
            f"{name} has the value {odd[0].item()}: give True or 1 where there is a token and False or 0 for padding "
            "(mask == 0 of a mask that is added to attention)."
        )
    return found != 0
