"""The state of a model while it is watched: evaluation mode, no gradients, no fused or compiled shortcuts.

All of it is put back afterwards, also after an exception, and also where several captures of one model overlap.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, NamedTuple

import torch
from torch import nn

__all__ = ["untraced", "watching"]


class _Before(NamedTuple):
    """How a model was before it was watched."""

    modes: list[tuple[nn.Module, bool]]  # of every module, whether it is in training mode
    shortcuts: Sequence[tuple[nn.Module, str, Any, Any]]  # a module, the name of a flag, its value, that when watched


# In evaluation mode transformer layers call a fused kernel instead of their parts, unless their activation is neither
# ReLU nor GELU, and encoders make nested tensors of padded ones.
_SHORTCUTS = (
    (nn.TransformerEncoderLayer, "activation_relu_or_gelu", 0),
    (nn.TransformerEncoder, "use_nested_tensor", False),
)

_lock = threading.RLock()
_changed: weakref.WeakKeyDictionary[nn.Module, tuple[int, _Before]]  # how many watch a model, and how it was before
_changed = weakref.WeakKeyDictionary()
_eager: tuple[int, ExitStack] = (0, ExitStack())  # how many want compiled modules to run in Python


@contextmanager
def watching(root: nn.Module) -> Iterator[None]:
    """Evaluation mode, no gradients in this thread, every module called by Python.

    Parameters
    ----------
    root : nn.Module
        An unwrapped model.
    """
    with ExitStack() as stack:
        stack.enter_context(_evaluating(root))
        stack.enter_context(torch.no_grad())
        if "torch._dynamo" in sys.modules:  # else nothing in this process is compiled
            stack.enter_context(_without_compiler())
        yield


@contextmanager
def _evaluating(root: nn.Module) -> Iterator[None]:
    """`root.eval()`, then every module's own flags again, when the last of overlapping captures ends."""
    with _lock:
        users, before = _changed.get(root) or (0, _state(root))
        modes, shortcuts = before
        try:
            if any(training for _, training in modes):
                root.eval()  # modules may do more in eval() and train() than to set the flag: merged adapters
        except NotImplementedError:
            raise TypeError(
                "The model refuses eval(), as programs from torch.export do: capture the module that was exported."
            ) from None
        _changed[root] = users + 1, before
        for module, _ in modes:
            if module.training:
                module.training = False
        for module, name, _, watched in shortcuts:
            setattr(module, name, watched)
    try:
        yield
    finally:
        with _lock:
            users, before = _changed.pop(root)
            if users > 1:
                _changed[root] = users - 1, before
            else:
                modes, shortcuts = before
                if modes[0][1]:
                    root.train()
                for module, training in modes:
                    if module.training != training:
                        module.training = training
                for module, name, value, _ in shortcuts:
                    setattr(module, name, value)


def _state(root: nn.Module) -> _Before:
    """The state of a model; the root comes first."""
    modules = list(root.modules())
    shortcuts = [
        (module, name, getattr(module, name), watched)
        for module in modules
        for kind, name, watched in _SHORTCUTS
        if isinstance(module, kind) and hasattr(module, name)
    ]
    return _Before([(module, module.training) for module in modules], shortcuts)


@contextmanager
def _without_compiler() -> Iterator[None]:
    """A setting of the whole process, made by the first that needs it and undone by the last."""
    global _eager
    with _lock:
        users, stack = _eager
        if not users:
            stack.enter_context(_stance())
        _eager = users + 1, stack
    try:
        yield
    finally:
        with _lock:
            users, stack = _eager
            if users == 1:
                stack.close()
            _eager = users - 1, stack


def untraced(hook: Callable[..., None]) -> Callable[..., None]:
    """A hook that the compiler does not look into, where it cannot be told to rest: before PyTorch 2.6."""
    if "torch._dynamo" not in sys.modules or hasattr(torch.compiler, "set_stance"):
        return hook
    return torch.compiler.disable(hook)


def _stance() -> AbstractContextManager[Any]:
    """Compiled modules run in Python meanwhile: a graph compiled before ignores hooks."""
    stance = getattr(torch.compiler, "set_stance", None)  # PyTorch 2.6; before it, the hooks that stay silent are named
    return stance("force_eager") if stance else nullcontext()
