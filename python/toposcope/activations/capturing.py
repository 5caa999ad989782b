"""`capture`: forward hooks on chosen layers, for as long as a ``with`` block lasts."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .._version import __version__
from ..memory import bytes_of
from .attention_masks import MaskFinder, of_tokens
from .forward_pass import ForwardPass
from .hooks import Hooks, MaskIn
from .recorded import Activations, vector
from .recording import Recording
from .reduction import Channels, Reduce, Reduction, channels_of
from .reservoir import Reservoir
from .rows import Budget
from .selection import Layer, Layers, Named, choose, never_fired, refuse, unwrap, walk
from .tensors import Reading, Select, find_tensor

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
        Where the channels are. By default last for three dimensions, first for more and after 1-d convolutions;
        where the model's own modules speak against that, the choice is required.
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
        max_samples = None if max_samples is None else _whole("max_samples", max_samples)
        if max_samples is not None and max_samples < 1:
            raise ValueError(f"max_samples={max_samples} must be at least 1, or None for all.")
        if _whole("batch_dim", batch_dim) < 0:
            raise ValueError(f"batch_dim={batch_dim} must be 0 or more: count the dimensions from the front.")
        if directory is not None and not Path(directory).is_dir():
            raise ValueError(f"directory={str(directory)!r} is no folder: make it, or leave it out.")
        if what not in ("output", "input"):
            raise ValueError(f"what={what!r} is unknown: give 'output' or 'input'.")
        if dtype not in ("float32", "float16"):
            raise ValueError(f"dtype={dtype!r} is unknown: give 'float32' or 'float16'.")
        if isinstance(model, nn.DataParallel) and len(model.device_ids) > 1:
            raise TypeError(
                "The model runs on several devices at once (DataParallel), whose order is not that of the samples: "
                "capture model.module instead."
            )
        if not isinstance(mask, bool):
            raise TypeError(
                f"mask is a {type(mask).__name__}, not True or False: give the mask of a pass by cap.mask(m) before "
                "model(x)."
            )
        self._root = unwrap(model)
        modules = walk(self._root)
        self.layers = choose(modules, layers)
        refuse(modules, self.layers)
        prefix = _prefix_tokens(self._root) if prefix_tokens is None else prefix_tokens
        self._reductions = _reductions(modules, self.layers, reduce, channels, prefix)
        self._reading = Reading(what, select, batch_dim)
        find_mask = MaskFinder(self._root)
        self._mask_in: MaskIn | None = find_mask if mask and find_mask.may_find else None
        self._classes = None if classes is None else vector("classes", classes)
        reservoir, budget = (
            Reservoir(max_samples, _whole("seed", seed)),
            Budget(bytes_of(max_memory) or None, directory),
        )
        self._recording = Recording(reservoir, dtype, budget)
        self._spreads = any(reduction.spreads for reduction in self._reductions.values())
        self._pending: dict[str, Any] = {}
        self._hooks = Hooks(
            self._root,
            self.layers,
            self._reductions,
            self._reading,
            self._begin,
            self._recording.add,
            self._mask_in,
        )
        self._stack = ExitStack()
        self._used = self._open = False
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
        self._pending["mask"] = of_tokens("mask", mask)

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
        with self._hooks.one_pass():
            yield

    @property
    def root(self) -> nn.Module:
        """The model without what wraps it (torch.compile, DataParallel), while the capture is open."""
        return self._root

    def expect(self, passes: int | None) -> None:
        """Say how many passes there will be, if you know: memory for them is then taken once."""
        self._recording.expected_passes = passes or 0

    def expect_calls(self, of_model: bool) -> None:
        """Say that all passes will be made by `call`, and whether it will call the model itself: it does without hooks
        on the model where these see no more."""
        own_hooks = self._root._forward_pre_hooks or nn.modules.module._global_forward_pre_hooks
        may_change = bool(own_hooks) or type(self._root).__call__ is not nn.Module.__call__  # the arguments
        self._hooks.on_model = not of_model or may_change or self._mask_in is not None
        self._hooks.due = False

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Call the model or, as has been said by `expect_calls`, a function that calls it."""
        self._hooks.call(function, args, kwargs)

    # -- what comes out ------------------------------------------------------------------------------------------

    @property
    def activations(self) -> Activations:
        """What was recorded, after the ``with`` block. Rows are in the order of their ids."""
        if self._activations is None:
            if self._open:
                raise RuntimeError("The capture is still open: take cap.activations after the with block.")
            raise RuntimeError("Nothing was recorded: no block ran to its end (with ts.capture(...) as cap: ...).")
        return self._activations

    def __enter__(self) -> Capture:
        if self._used:
            raise RuntimeError("A capture is for one with block: make another one.")
        self._used = True
        self._stack.enter_context(self._hooks.watching())
        self._open = True
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        self._stack.close()
        self._open = False
        try:
            if kind is None:
                self._finish()
        finally:
            # Results hold no model, and no frame of a pass that was interrupted.
            del self._root, self._mask_in, self._recording, self._hooks
            self.layers = []

    # -- a pass --------------------------------------------------------------------------------------------------

    def _begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ForwardPass:
        pending, self._pending = self._pending, {}
        mask, ids, labels = pending.get("mask"), pending.get("ids"), pending.get("labels")
        if self._classes is not None and labels is None:
            raise RuntimeError("classes= needs labels: call cap.label(y) before model(x).")
        if mask is None and self._mask_in is not None:
            mask = self._mask_in(args, kwargs)
        self._recording.check_given(ids, labels)
        size, recording = self._samples_in(args, kwargs), self._recording
        if ids is not None or labels is not None:
            sizes = {len(values) for values in (ids, labels) if values is not None} | {size} - {None}
            size = sizes.pop() if len(sizes) == 1 else None
        return ForwardPass(
            recording.reservoir,
            ids,
            labels,
            mask,
            size,
            self._classes,
            self._spreads,
            recording.rooms,
            self._hooks.usual,
        )

    def _samples_in(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | None:
        """The number of samples in the arguments of the model, where the shape of the first tells it."""
        first = args[0] if args and type(args[0]) is torch.Tensor else find_tensor((*args, *kwargs.values()))
        along = self._reading.batch_dim
        if first is None or (along and first.dim() <= along + 1):
            return None
        return first.shape[along]

    # -- the end -------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        recording = self._recording
        if self._pending:
            given = ", ".join(self._pending)
            raise RuntimeError(f"The {given} given last belong to no forward pass: call cap.label before model(x).")
        if not recording.passes:
            other = " (another thread did, whose passes are not recorded)" if self._hooks.elsewhere else ""
            raise RuntimeError(f"The model was not called inside the with block{other}.")
        silent = [layer.name for layer in self.layers if layer.name not in recording.called]
        if silent:
            raise RuntimeError(never_fired(dict(walk(self._root)), silent))
        calls = [f"{layer.name}#{call}" for layer in self.layers for call in sorted(layer.calls or ())]
        missing = recording.missing([call.removesuffix("#0") for call in calls])
        if missing:
            raise RuntimeError(f"No forward pass made the call {missing[0]!r}: the layer was called fewer times.")
        self._activations = recording.activations([layer.name for layer in self.layers], self._meta())

    def _meta(self) -> dict[str, Any]:
        reservoir = self._recording.reservoir
        return {
            "model": type(self._root).__name__,
            "what": self._reading.what,
            "reduce": {name: _name_of(reduction.choice) for name, reduction in self._reductions.items()},
            "max_samples": reservoir.capacity,
            "seed": reservoir.seed,
            "samples_seen": reservoir.seen,
            "repeats_left_out": reservoir.repeated,
            "ids": "given" if self._recording.has_ids else "order of arrival",
            "passes": self._recording.passes,
            "torch": torch.__version__,
            "version": __version__,
        }


def _reductions(
    modules: list[Named],
    layers: list[Layer],
    reduce: Reduce | Mapping[str, Reduce],
    channels: str | None,
    prefix: int,
) -> dict[str, Reduction]:
    """The reduction of every layer, by its name."""
    choices: dict[str, Reduce] = {}
    if isinstance(reduce, Mapping):
        watched = {layer.module for layer in layers}
        for pattern, choice in reduce.items():
            named = [layer.module for layer in choose(modules, pattern)]
            if watched.isdisjoint(named):
                names = ", ".join(layer.name for layer in layers)
                raise ValueError(f"reduce= speaks of {pattern!r}, which is none of the captured layers: {names}.")
            choices.update((layer.name, choice) for layer in layers if layer.module in named)
    else:
        choices = {layer.name: reduce for layer in layers}
    known = Channels.among(module for _, module in modules)
    return {
        layer.name: Reduction(choices.get(layer.name), channels_of(layer.module, channels), prefix, known)
        for layer in layers
    }


def _whole(name: str, value: Any) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r} must be a whole number.") from None


def _prefix_tokens(model: nn.Module) -> int:
    """Class and register tokens before the patches, as timm and transformers tell them."""
    own = getattr(model, "num_prefix_tokens", None)
    if isinstance(own, int):
        return own
    registers = getattr(getattr(model, "config", None), "num_register_tokens", 0)
    return 1 + (registers if isinstance(registers, int) else 0)


def _name_of(choice: Reduce) -> str | None:
    return choice if choice is None or isinstance(choice, str) else getattr(choice, "__name__", repr(choice))
