"""`capture`: forward hooks on chosen layers, for as long as a ``with`` block lasts."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from .._version import __version__
from ..persistence import _bytes
from .evaluation import watching
from .forward_pass import ForwardPass
from .recorded import Activations, vector
from .reduction import Reduce, Reduction, channels_of
from .reservoir import Reservoir
from .rows import Budget, Rows
from .selection import Layer, Layers, choose, never_fired, refuse, unwrap
from .tensors import Select, find_tensor, plain

__all__ = ["Capture", "capture"]


def capture(model: nn.Module, layers: Layers, reduce: Reduce | Mapping[str, Reduce] = None, **options: Any) -> Capture:
    """Record what layers of a model give (or get) in the forward passes inside a ``with`` block.

    The model is in evaluation mode and makes no gradients meanwhile; every flag is as before afterwards, and every
    hook is gone, also after an exception. Passes of other threads are not recorded.

    Parameters
    ----------
    model : nn.Module
        Any model; compiled and data-parallel ones are unwrapped.
    layers : str, type, nn.Module, callable, or a list of these
        Dotted names; globs, in which ``*`` is one part of a name and ``**`` any number of them; types of modules;
        modules; a predicate of (name, module). A module that is called several times in a pass gives "name",
        "name#1", "name#2", ...; ask for "name#1" to have that call alone.
    reduce : str, callable, or a dict of layer pattern -> these
        How an output with more than two dimensions becomes points. For tokens (n, tokens, d): "cls", "mean", "max",
        "last", "top-norm", "tokens", "patches", "flatten"; for images (n, channels, height, width): "mean", "max",
        "top-norm", "positions", "flatten"; or a function (n, ...) -> (n, d). "tokens", "patches" and "positions" make
        several points of one sample. Padding is left out where there is an attention mask.
    max_samples : int, optional
        Keep at most so many points: a random choice without replacement that depends on the seed and the ids only,
        and so is the same in every layer, for every order of the data, and for every model.
    seed : int
        Of that choice.
    what : {"output", "input"}
        What a layer gives, or what it gets.
    select : int, str, sequence of them, or callable
        Which tensor, where there are several. By default the first that has a batch dimension.
    classes : array_like, optional
        Keep only samples with these labels.
    dtype : {"float32", "float16"}
        How rows are stored.
    max_memory : int or str, optional
        Bytes, or for instance "2GB": what exceeds it is kept in files.
    directory : path, optional
        Where these files are; by default where the system puts temporary ones. They have no name and vanish with
        the arrays.
    mask : bool
        Whether to take the attention mask from the arguments of the model (``attention_mask``, or
        ``src_key_padding_mask``). See also `Capture.mask`.
    channels : {"first", "last"}, optional
        Where the channels are. By default last for three dimensions, first for more and after 1-d convolutions.
    batch_dim : int
        Which dimension of outputs with three and more dimensions counts the samples.
    prefix_tokens : int, optional
        How many tokens come before the patches. By default what the model says, or 1.

    Returns
    -------
    Capture
        A context manager.

    Raises
    ------
    ValueError
        For a pattern that matches nothing, with the nearest names; for outputs that need a choice, with the choices.
    RuntimeError
        At the end of the block, for a layer that no pass called; within it, for one that only some passes called.
    TypeError
        For a scripted module.

    Examples
    --------
    >>> import torch, toposcope as ts
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    >>> with ts.capture(net, layers=["1", "3"], reduce="mean") as cap:
    ...     for y in range(3):
    ...         cap.label(torch.full((10,), y))
    ...         logits = net(torch.rand(10, 1, 8, 8))
    >>> cap.activations
    Activations(n=30, labels, 1: 4, 3: 2)
    """
    return Capture(model, layers, reduce, **options)


class Capture:
    """An opened `capture`. Its parameters are described there."""

    def __init__(
        self,
        model: nn.Module,
        layers: Layers,
        reduce: Reduce | Mapping[str, Reduce] = None,
        *,
        max_samples: int | None = None,
        seed: int = 0,
        what: str = "output",
        select: Select = None,
        classes: Any = None,
        dtype: str = "float32",
        max_memory: int | str | None = None,
        directory: str | Path | None = None,
        mask: bool = True,
        channels: str | None = None,
        batch_dim: int = 0,
        prefix_tokens: int | None = None,
    ):
        if not isinstance(model, nn.Module):
            raise TypeError(f"model is a {type(model).__name__}, not a torch.nn.Module.")
        if max_samples is not None and max_samples < 1:
            raise ValueError(f"max_samples={max_samples} must be at least 1, or None for all.")
        if what not in ("output", "input"):
            raise ValueError(f"what={what!r} is unknown: give 'output' or 'input'.")
        if dtype not in ("float32", "float16"):
            raise ValueError(f"dtype={dtype!r} is unknown: give 'float32' or 'float16'.")
        if isinstance(model, nn.DataParallel) and len(model.device_ids) > 1:
            raise TypeError(
                "The model runs on several devices at once (DataParallel), whose order is not that of the samples: "
                "capture model.module instead."
            )
        self._model, self._root = model, unwrap(model)
        self.layers = choose(self._root, layers)
        refuse(self._root, self.layers)
        prefix = _prefix_tokens(self._root) if prefix_tokens is None else prefix_tokens
        self._reductions = self._reductions_of(reduce, channels, prefix)
        self._options: dict[str, Any] = {
            "what": what,
            "select": select,
            "batch_dim": batch_dim,
            "mask": mask,
            "dtype": dtype,
        }
        self._classes = None if classes is None else vector("classes", classes)
        self._reservoir = Reservoir(max_samples, seed)
        self._budget = Budget(_bytes(max_memory) or None, directory)
        self._rows: dict[str, Rows] = {}
        self._labels: NDArray[Any] | None = None
        self._pass: ForwardPass | None = None
        self._depth = 0
        self._pending: dict[str, Any] = {}
        self._kinds: dict[str, bool] = {}
        self._expected: dict[str, None] | None = None
        self._called: set[str] = set()
        self._passes = 0
        self._stack = ExitStack()
        self._thread: int | None = None
        self._elsewhere = False
        self._activations: Activations | None = None

    # -- what the user says about the next pass ------------------------------------------------------------------

    def label(self, labels: Any = None, ids: Any = None) -> None:
        """Say what samples the next forward pass will see: call it before ``model(x)``.

        Parameters
        ----------
        labels : (B,) array_like, optional
            The class of every sample.
        ids : (B,) array_like of int or str, optional
            Which sample of the data every one is; by default samples are numbered as they come. A sample that has
            been seen is not taken again.
        """
        for name, values in (("labels", labels), ("ids", ids)):
            if values is not None and name in self._pending:
                raise RuntimeError(f"{name} were given twice without a forward pass between: call model(x) after each.")
            if values is not None:
                self._pending[name] = vector(name, values)

    def mask(self, mask: Any) -> None:
        """Give the attention mask of the next forward pass, where the model does not get it as ``attention_mask``.

        Parameters
        ----------
        mask : (B, tokens) tensor
            True or 1 where there is a token, False or 0 for padding.
        """
        self._pending["mask"] = torch.as_tensor(mask) != 0

    @contextmanager
    def batch(self, labels: Any = None, ids: Any = None) -> Iterator[None]:
        """Make one pass of what happens inside, where the model is not called as a whole.

        Examples
        --------
        >>> import torch, toposcope as ts
        >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 2))
        >>> with ts.capture(net, layers="0") as cap:
        ...     with cap.batch(labels=[0, 1]):
        ...         hidden = net[0](torch.ones(2, 2))
        >>> cap.activations
        Activations(n=2, labels, 0: 3)
        """
        self.label(labels, ids)
        self._begin((), {})
        try:
            yield
            assert self._pass is not None
            self._pass.ended_well = True
        finally:
            self._end()

    @property
    def root(self) -> nn.Module:
        """The model without what wraps it (torch.compile, DataParallel), while the capture is open."""
        return self._root

    # -- what comes out ------------------------------------------------------------------------------------------

    @property
    def activations(self) -> Activations:
        """What was recorded, after the ``with`` block. Rows are in the order of their ids."""
        if self._activations is None:
            if self._thread is not None:
                raise RuntimeError("The capture is still open: take cap.activations after the with block.")
            raise RuntimeError("Nothing was recorded: no block ran to its end (with ts.capture(...) as cap: ...).")
        return self._activations

    def __enter__(self) -> Capture:
        if self._passes or self._thread is not None or self._activations is not None:
            raise RuntimeError("A capture is for one with block: make another one.")
        self._thread = threading.get_ident()
        with ExitStack() as stack:
            stack.enter_context(watching(self._model, self._root))
            hooks = self._root.register_forward_pre_hook(self._before, with_kwargs=True)
            stack.callback(hooks.remove)
            for layer in self.layers:
                stack.callback(self._hook(layer).remove)
            stack.callback(self._root.register_forward_hook(self._passed).remove)
            stack.callback(self._root.register_forward_hook(self._after, always_call=True).remove)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        self._stack.close()
        self._thread = None
        try:
            if kind is None:
                self._finish()
        finally:
            del self._model, self._root  # results hold no model
            self.layers = []
            self._pass = None
            self._rows = {}

    # -- hooks ---------------------------------------------------------------------------------------------------

    def _hook(self, layer: Layer) -> Any:
        if self._options["what"] == "input":  # before the call: a module that works in place overwrites its input

            def before(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
                self._saw(layer, (*args, *(kwargs or {}).values()))

            return layer.module.register_forward_pre_hook(before, with_kwargs=True)

        def after(_: nn.Module, args: tuple[Any, ...], output: Any) -> None:
            self._saw(layer, output)

        return layer.module.register_forward_hook(after)

    def _saw(self, layer: Layer, value: Any) -> None:
        if threading.get_ident() != self._thread:
            self._elsewhere = True
            return
        current = self._pass
        if current is None:
            if torch.is_grad_enabled():
                return  # a checkpoint that is computed again in a backward pass
            raise RuntimeError(
                f"The layer {layer.name!r} was called outside a forward pass of the model: call the model itself, or "
                "put the calls into `with cap.batch():`."
            )
        call = current.calls[id(layer.module)]
        current.calls[id(layer.module)] += 1
        self._called.add(layer.name)
        if layer.calls is not None and call not in layer.calls:
            return
        key = layer.name if call == 0 else f"{layer.name}#{call}"
        try:
            found = find_tensor(value, self._options["select"])
            if found is None:
                raise ValueError(f"it has no tensor with a batch dimension in its {self._options['what']}")
            tensor = plain(found)
            if self._options["batch_dim"] and tensor.dim() > 2:
                tensor = tensor.movedim(self._options["batch_dim"], 0)
            if not tensor.dim():
                raise ValueError("it has no batch dimension")
            current.stage(key, tensor, self._reductions[layer.name])
        except ValueError as error:
            raise ValueError(f"The layer {key!r} cannot be captured: {error}.") from None

    def _before(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None) -> None:
        if threading.get_ident() == self._thread:  # others may meet a hook half registered, without its kwargs
            self._begin(args, kwargs or {})

    def _passed(self, _: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == self._thread and self._pass is not None and self._depth == 1:
            self._pass.ended_well = True

    def _after(self, _: nn.Module, args: tuple[Any, ...], output: Any) -> None:
        if threading.get_ident() == self._thread:
            self._end()

    # -- a pass --------------------------------------------------------------------------------------------------

    def _begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._depth += 1
        if self._depth > 1:  # the model inside cap.batch(), or inside itself
            assert self._pass is not None
            if self._pass.mask is None:
                self._pass.mask = self._mask_in(args, kwargs)
            return
        mask = self._pending.pop("mask", None)
        given = {name: self._pending.pop(name, None) for name in ("ids", "labels")}
        if self._classes is not None and given["labels"] is None:
            self._depth = 0
            raise RuntimeError("classes= needs labels: call cap.label(y) before model(x).")
        if mask is None:
            mask = self._mask_in(args, kwargs)
        first = find_tensor((*args, *kwargs.values())) if args or kwargs else None
        sizes = [len(v) for v in given.values() if v is not None]
        along = self._options["batch_dim"] if first is not None and first.dim() > 2 else 0
        size = first.shape[along] if first is not None else sizes[0] if sizes else None
        self._pass = ForwardPass(self._reservoir, given["ids"], given["labels"], mask, size, self._classes)

    def _end(self) -> None:
        self._depth -= 1
        current = self._pass
        if self._depth or current is None:
            return
        self._pass = None
        if not current.ended_well:
            return
        self._check_pass(current)
        if current.offer is not None:
            self._store(current)
        self._passes += 1

    def _check_pass(self, current: ForwardPass) -> None:
        for name in ("ids", "labels"):
            given = getattr(current, name) is not None
            if self._kinds.setdefault(name, given) != given:
                raise RuntimeError(f"Some passes have {name} and some have none: call cap.label before every model(x).")
        if self._expected is None:
            self._expected = current.fired
        elif current.fired.keys() != self._expected.keys():
            odd = sorted(current.fired.keys() ^ self._expected.keys())
            raise RuntimeError(
                f"Pass {self._passes} called other layers than the passes before ({', '.join(odd)}), so that rows "
                "would not be the same samples: capture these layers by themselves."
            )

    def _store(self, current: ForwardPass) -> None:
        offer = current.offer
        assert offer is not None and current.size is not None
        for key, values in current.staged.items():
            rows = self._rows.get(key)
            if rows is None:
                capacity = self._reservoir.capacity
                rows = self._rows[key] = Rows(values.shape[1], self._options["dtype"], capacity, self._budget)
            if rows.width != values.shape[1]:
                raise ValueError(
                    f"The layer {key!r} gives {values.shape[1]} coordinates and gave {rows.width} before: choose a "
                    "reduction that does not depend on the size of the input, such as reduce='mean'."
                )
            if rows.dtype == np.float16 and (np.abs(values) > np.finfo(np.float16).max).any():
                raise ValueError(f"The layer {key!r} has values beyond the range of float16: give dtype='float32'.")
        labels = current.labels_of(offer.rows)
        for key, values in current.staged.items():
            self._rows[key].put(offer.slots, values)
        if labels is not None and len(offer.slots):
            self._put_labels(offer.slots, labels)
        self._kinds["positions"] = bool(current.spread)
        self._reservoir.accept(offer, current.size)

    def _put_labels(self, slots: NDArray[np.int64], labels: NDArray[Any]) -> None:
        old = self._labels if self._labels is not None else labels[:0]
        needed = max(int(slots.max()) + 1, len(self._reservoir.keys))
        length = len(old) if needed <= len(old) else max(needed, 2 * len(old))
        grown = np.zeros((length, *labels.shape[1:]), np.result_type(old, labels))
        grown[: len(old)] = old
        grown[slots] = labels
        self._labels = grown

    # -- the end -------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        if self._pending:
            given = ", ".join(self._pending)
            raise RuntimeError(f"The {given} given last belong to no forward pass: call cap.label before model(x).")
        if not self._passes:
            other = " (another thread did, whose passes are not recorded)" if self._elsewhere else ""
            raise RuntimeError(f"The model was not called inside the with block{other}.")
        silent = [layer.name for layer in self.layers if layer.name not in self._called]
        if silent:
            raise RuntimeError(never_fired(self._root, silent))
        for layer in self.layers:
            for call in sorted(layer.calls or ()):
                key = layer.name if call == 0 else f"{layer.name}#{call}"
                if key not in (self._expected or ()):
                    raise RuntimeError(f"No forward pass made the call {key!r}: the layer was called fewer times.")
        keys = self._reservoir.keys
        if not keys:
            raise RuntimeError("No sample was kept: none has a label among classes=, or the batches were empty.")
        ids, positions = np.array([key for key, _ in keys]), np.array([position for _, position in keys])
        order = np.lexsort((positions, ids))
        names = [layer.name for layer in self.layers]
        found = sorted(self._rows, key=lambda key: (names.index(key.partition("#")[0]), _call(key)))
        layers = {key: self._rows[key].ordered(order) for key in found}
        labels = None if self._labels is None else self._labels[order]
        self._activations = Activations(
            layers, labels, ids[order], positions[order] if self._kinds.get("positions") else None, self._meta()
        )

    def _meta(self) -> dict[str, Any]:
        return {
            "model": type(self._root).__name__,
            "what": self._options["what"],
            "reduce": {name: _name_of(reduction.choice) for name, reduction in self._reductions.items()},
            "max_samples": self._reservoir.capacity,
            "seed": self._reservoir.seed,
            "samples_seen": self._reservoir.seen,
            "repeats_left_out": self._reservoir.repeated,
            "ids": "given" if self._kinds.get("ids") else "order of arrival",
            "passes": self._passes,
            "in_files": self._budget.spilled,
            "torch": torch.__version__,
            "version": __version__,
        }

    # -- options -------------------------------------------------------------------------------------------------

    def _reductions_of(
        self, reduce: Reduce | Mapping[str, Reduce], channels: str | None, prefix: int
    ) -> dict[str, Reduction]:
        choices: dict[str, Reduce] = {}
        if isinstance(reduce, Mapping):
            for pattern, choice in reduce.items():
                for layer in choose(self._root, pattern):
                    choices[layer.name] = choice
        else:
            choices = {layer.name: reduce for layer in self.layers}
        return {
            layer.name: Reduction(choices.get(layer.name), channels_of(layer.module, channels), prefix)
            for layer in self.layers
        }

    def _mask_in(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> torch.Tensor | None:
        if not self._options["mask"]:
            return None
        try:
            given = inspect.signature(self._root.forward).bind_partial(*args, **kwargs).arguments
        except (TypeError, ValueError):
            given = {}
        given = {**given, **given.get("kwargs", {}), **kwargs}
        for name, padding in (("attention_mask", False), ("src_key_padding_mask", True)):
            mask = given.get(name)
            if isinstance(mask, torch.Tensor) and mask.dim() == 2:
                if padding and mask.is_floating_point():
                    return mask == 0  # additive: -inf for padding
                return mask == 0 if padding else mask != 0
        return None


def _prefix_tokens(model: nn.Module) -> int:
    """Class and register tokens before the patches, as timm and transformers tell them."""
    own = getattr(model, "num_prefix_tokens", None)
    if isinstance(own, int):
        return own
    registers = getattr(getattr(model, "config", None), "num_register_tokens", 0)
    return 1 + (registers if isinstance(registers, int) else 0)


def _call(key: str) -> int:
    return int(key.partition("#")[2] or 0)


def _name_of(choice: Reduce) -> str | None:
    return choice if choice is None or isinstance(choice, str) else getattr(choice, "__name__", repr(choice))
