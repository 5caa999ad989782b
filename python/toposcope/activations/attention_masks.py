"""The attention mask among the arguments of a model."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch import nn

__all__ = ["MaskFinder"]

# What the argument is called, and whether it is true for padding rather than for tokens.
_NAMES = (("attention_mask", False), ("src_key_padding_mask", True))


class MaskFinder:
    """Finds the mask of a forward pass in what the model is called with.

    Parameters
    ----------
    model : nn.Module
        Its ``forward`` is looked at once.

    Examples
    --------
    >>> find = MaskFinder(nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 1), 1, enable_nested_tensor=False))
    >>> find((torch.zeros(2, 3, 4),), {"src_key_padding_mask": torch.tensor([[False, False, True]])})
    tensor([[ True,  True, False]])
    """

    def __init__(self, model: nn.Module):
        try:
            parameters = inspect.signature(model.forward).parameters.values()
        except (TypeError, ValueError):
            parameters = ()  # type: ignore[assignment]
        positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        self._places = {name: positional.index(name) for name, _ in _NAMES if name in positional}

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
        """The mask (samples, tokens), True where there is a token; None where there is none of two dimensions."""
        if not (self._places or kwargs):
            return None
        for name, padding in _NAMES:
            mask = kwargs.get(name)
            if mask is None and self._places.get(name, len(args)) < len(args):
                mask = args[self._places[name]]
            if isinstance(mask, torch.Tensor) and mask.dim() == 2:
                if padding and mask.is_floating_point():
                    return mask == 0  # additive: -inf for padding
                return mask == 0 if padding else mask != 0
        return None
