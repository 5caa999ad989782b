"""The hooks: when a forward pass begins and ends, and what each layer gives in between.

Hooks are called in the midst of a pass, where every microsecond counts on small networks: what can be decided once is
decided before.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any

import torch
from torch import nn

from .. import _native
from .evaluation import untraced, watching
from .forward_pass import ForwardPass
from .reduction import Reduction
from .selection import Layer
from .tensors import Reading

__all__ = ["Hooks"]

Hook = Callable[[nn.Module, tuple[Any, ...], Any], None]
MaskIn = Callable[[tuple[Any, ...], dict[str, Any]], torch.Tensor | None]
Begin = Callable[[tuple[Any, ...], dict[str, Any]], ForwardPass]


class Hooks:
    """Hooks on a model and on some of its layers, while `watching` is open, for passes of the thread that opened it.

    Parameters
    ----------
    root : nn.Module
        An unwrapped model.
    layers, reductions
        The watched layers, and how the outputs of each become points.
    reading : Reading
        Which tensor of them.
    begin : callable
        Makes the `ForwardPass` of the arguments that the model is called with.
    end : callable
        Is given every pass that has ended well.
    mask_in : callable, optional
        Finds the attention mask in the arguments of the model, where one may be there.

    Attributes
    ----------
    on_model : bool
        Whether the model itself has hooks, by which its calls are passes; else passes are made by `call`.
    due : bool
        Whether the model may be called now; where all passes are made by `call`, only within it.
    """

    on_model = due = True

    def __init__(
        self,
        root: nn.Module,
        layers: list[Layer],
        reductions: Mapping[str, Reduction],
        reading: Reading,
        begin: Begin,
        end: Callable[[ForwardPass], None],
        mask_in: MaskIn | None,
    ):
        self._root, self._layers, self._reductions, self._reading = root, layers, reductions, reading
        self._begin, self._end, self._mask_in = begin, end, mask_in
        self._pass: ForwardPass | None = None
        self._depth = 0  # calls of the model inside each other
        self._opened_by: FrameType | None = None  # what made the outermost of them
        self._in_batch = False
        self._thread: int | None = None
        self.elsewhere = False  # whether another thread called a layer

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The hooks, and the state that the model is watched in; all is as before afterwards."""
        with ExitStack() as stack:
            self.usual = _native.Pass()
            stack.enter_context(watching(self._root))
            if self.on_model:
                stack.callback(self._root.register_forward_pre_hook(self._before, with_kwargs=True).remove)
            for layer in self._layers:
                stack.callback(self._hook(layer).remove)
            if self.on_model:
                stack.callback(self._root.register_forward_hook(self._passed).remove)
                stack.callback(self._root.register_forward_hook(self._after, always_call=True).remove)
            self._thread = threading.get_ident()
            yield

    @contextmanager
    def one_pass(self) -> Iterator[None]:
        """One pass of what happens inside, where the model is not called as a whole."""
        if self._in_batch:
            raise RuntimeError("The block of another cap.batch() has not ended: one batch at a time.")
        self._pass = begun = self._begin((), {})
        self._in_batch = True
        try:
            yield
            begun.ended_well = True
        finally:
            self._in_batch = False
            self._finish()

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call the model, for one pass, or where it has hooks anything that calls it."""
        if self.on_model:
            self.due = True
            try:
                function(*args, **kwargs)
            finally:
                self.due = False
            return
        self._pass = begun = self._begin(args, kwargs)
        try:
            function(*args, **kwargs)
            begun.ended_well = True
        finally:
            self._finish()

    # -- layers --------------------------------------------------------------------------------------------------

    def _hook(self, layer: Layer) -> Any:
        reduction = self._reductions[layer.name]
        if self._reading.what == "input":  # before the call: a module that works in place overwrites its input

            def before(module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
                self._gave(layer, reduction, module, args, (*args, *(kwargs or {}).values()))

            return layer.module.register_forward_pre_hook(untraced(before), with_kwargs=True)

        hook: Hook = functools.partial(self._gave, layer, reduction)
        if self._reading.takes_tensors and (layer.calls is None or 0 in layer.calls):
            hook = self._usually(layer, reduction)
        return layer.module.register_forward_hook(untraced(hook))

    def _usually(self, layer: Layer, reduction: Reduction) -> Hook:
        """The hook for what a layer mostly gives: in its first call in a pass a tensor like that of the pass before."""

        def otherwise(module: nn.Module, args: tuple[Any, ...], value: Any) -> tuple[torch.Size, int | None] | None:
            self._gave(layer, reduction, module, args, value)
            return reduction.in_memory

        return _native.Hook(self.usual, layer.name, otherwise)

    def _gave(self, layer: Layer, reduction: Reduction, _: nn.Module, args: tuple[Any, ...], value: Any) -> None:
        current = self._pass
        if current is None or threading.get_ident() != self._thread:
            self._stray(layer)
            return
        key = name = layer.name
        call = current.calls.get(name, 0)
        current.calls[name] = call + 1
        if layer.calls is not None and call not in layer.calls:
            return
        if call:
            key = f"{name}#{call}"
        try:
            current.stage(key, self._reading(value), reduction)
        except ValueError as error:
            raise ValueError(f"The layer {key!r} cannot be captured: {error}.") from None

    def _stray(self, layer: Layer) -> None:
        """A call that belongs to no pass."""
        if threading.get_ident() != self._thread:
            self.elsewhere = True
        elif not torch.is_grad_enabled():  # else a checkpoint that is computed again in a backward pass
            self._check_due()
            raise RuntimeError(
                f"The layer {layer.name!r} was called outside a forward pass of the model: call the model itself, or "
                "put the calls into `with cap.batch():`."
            )

    def _check_due(self) -> None:
        if not self.due:
            raise RuntimeError(
                "The model was called between the passes of ts.collect, by the loader, labels=, ids= or progress=: let "
                "these call a copy of the model, copy.deepcopy(model), that was made before."
            )

    # -- passes --------------------------------------------------------------------------------------------------

    def _before(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        if threading.get_ident() != self._thread:
            return
        kwargs = kwargs or {}  # a hook that is half registered is called without them
        if self._pass is not None and (self._in_batch or _is_running(self._opened_by)):  # the model inside itself
            self._depth += 1
            if self._pass.mask is None and self._mask_in is not None:
                self._pass.heed(self._mask_in(args, kwargs))
            return
        # What an interrupt has left of an earlier pass is dropped: PyTorch calls no hook then.
        if self._pass is not None:
            self.usual.end()
        self._pass, self._depth, self._opened_by = None, 1, None
        self._check_due()
        self._opened_by = sys._getframe(1)
        self._pass = self._begin(args, kwargs)

    def _passed(self, _: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if self._depth == 1 and self._pass is not None and threading.get_ident() == self._thread:
            self._pass.ended_well = True

    def _after(self, _: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if self._pass is not None and not self._in_batch and threading.get_ident() == self._thread:
            self._depth -= 1
            if not self._depth:
                self._finish()

    def _finish(self) -> None:
        self.usual.end()
        ended, self._pass, self._opened_by = self._pass, None, None
        if ended is not None and ended.ended_well:
            self._end(ended)


def _is_running(frame: FrameType | None) -> bool:
    """Whether a function has not returned yet: whether it is among the callers of this one."""
    caller: FrameType | None = sys._getframe(1)
    while caller is not None and caller is not frame:
        caller = caller.f_back
    return caller is not None
