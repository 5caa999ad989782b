"""The state of a model while it is watched: evaluation mode, no gradients, no fused or compiled shortcuts.

All of it is put back afterwards, also after an exception, and also where several captures of one model overlap.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

__all__ = ["watching"]

_lock = threading.RLock()
_flags: weakref.WeakKeyDictionary[nn.Module, tuple[int, dict[str, bool]]] = weakref.WeakKeyDictionary()
_shortcuts: dict[str, tuple[int, ExitStack]] = {}


@contextmanager
def watching(model: nn.Module, root: nn.Module) -> Iterator[None]:
    """Evaluation mode, no gradients in this thread, every module called by Python.

    Parameters
    ----------
    model : nn.Module
        As the user has it.
    root : nn.Module
        The same, unwrapped.
    """
    with ExitStack() as stack:
        stack.enter_context(_evaluating(root))
        stack.enter_context(torch.no_grad())
        # nn.TransformerEncoderLayer in evaluation mode calls one fused kernel instead of its parts.
        stack.enter_context(_shared("transformer fast path", _without_fast_path))
        if any("_orig_mod" in m._modules or getattr(m, "_compiled_call_impl", None) for m in model.modules()):
            stack.enter_context(_shared("compiler", _without_compiler))
        yield


@contextmanager
def _evaluating(root: nn.Module) -> Iterator[None]:
    """`root.eval()`, then every module's own flag again, when the last of overlapping captures ends."""
    with _lock:
        users, flags = _flags.get(root, (0, {}))
        if not users:
            flags = {name: module.training for name, module in root.named_modules()}
        _flags[root] = users + 1, flags
        root.eval()
    try:
        yield
    finally:
        with _lock:
            users, flags = _flags[root]
            if users > 1:
                _flags[root] = users - 1, flags
            else:
                del _flags[root]
                if flags[""]:
                    root.train()  # modules may do more in train() than to set the flag: merged adapters, frozen parts
                for name, module in root.named_modules():
                    module.training = flags.get(name, module.training)


@contextmanager
def _shared(key: str, enter: Callable[[], AbstractContextManager[Any]]) -> Iterator[None]:
    """A setting of the whole process, made by the first that needs it and undone by the last."""
    with _lock:
        users, stack = _shortcuts.get(key) or (0, ExitStack())
        if not users:
            stack.enter_context(enter())
        _shortcuts[key] = users + 1, stack
    try:
        yield
    finally:
        with _lock:
            users, stack = _shortcuts.pop(key)
            if users > 1:
                _shortcuts[key] = users - 1, stack
            else:
                stack.close()


@contextmanager
def _without_fast_path() -> Iterator[None]:
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _without_compiler() -> AbstractContextManager[Any]:
    """Compiled modules run in Python meanwhile: a graph compiled before ignores hooks."""
    stance = getattr(torch.compiler, "set_stance", None)  # PyTorch 2.6; before it, the hooks that stay silent are named
    return stance("force_eager") if stance else nullcontext()
