"""`collect`: a whole data set through a model, and the activations of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .capturing import Capture
from .loading import batches, on_device, parts
from .recorded import Activations
from .reduction import Reduce
from .selection import Layers

__all__ = ["collect"]


def collect(
    model: nn.Module,
    loader: Any,
    layers: Layers,
    reduce: Reduce | Mapping[str, Reduce] = None,
    *,
    max_samples: int | None = None,
    seed: int = 0,
    progress: bool | Callable[[int, int], Any] = False,
    labels: Callable[[Any], Any] | str | int | None = None,
    ids: Callable[[Any], Any] | str | int | None = None,
    forward: Callable[[nn.Module, Any], Any] | None = None,
    device: Any = None,
    batch_size: int = 64,
    **options: Any,
) -> Activations:
    """Put a data set through a model and record what layers give.

    Parameters
    ----------
    model, layers, reduce, max_samples, seed, **options
        As in `capture`.
    loader : DataLoader, Dataset, tensor, array, or iterable of batches
        A batch is a tensor, a tuple (inputs, labels, ...), or a dict of named arguments with "labels". Sample ids are
        the indices into the data set of a DataLoader, in any order and with any number of workers; for other iterables
        samples are numbered as they come.
    progress : bool or callable
        True for a progress bar, or a function of the batches done and the batches there are (0: not known).
    labels, ids : callable, str or int, optional
        Where a batch has them, if not in the usual place: a function of the batch, or its key or index.
    forward : callable, optional
        How to call the model: a function of model and batch. By default ``model(inputs)``.
    device : optional
        Where to put the batches; by default where the first parameter of the model is.
    batch_size : int
        For a Dataset, tensor or array.

    Returns
    -------
    Activations
        Rows are in the order of their ids, so that two models seen with the same data and seed give the same samples,
        row by row.

    Raises
    ------
    ValueError, RuntimeError, TypeError
        As `capture`.

    Examples
    --------
    >>> import torch, toposcope as ts
    >>> data = torch.utils.data.TensorDataset(torch.rand(40, 3), torch.arange(40) % 2)
    >>> loader = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
    >>> net = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.ReLU())
    >>> acts = ts.collect(net, loader, layers=["0", "1"], max_samples=10, seed=1)
    >>> acts
    Activations(n=10, labels, 0: 5, 1: 5)
    >>> bool((acts.labels == acts.ids % 2).all())
    True
    """
    source, count = batches(loader, batch_size)
    capturing = Capture(model, layers, reduce, max_samples=max_samples, seed=seed, **options)
    capturing.expect(count)
    if device is None:
        device = next((p.device for p in model.parameters()), None)
    device = None if device is None else torch.device(device)
    capturing.expect_calls(of_model=forward is None)
    inner, done = capturing.root, 0
    with capturing as cap, _reporting(progress, count) as report:
        for done, batch in enumerate(source, 1):
            content = on_device(batch.content, device)
            if forward is None:
                args, kwargs, found = parts(content)
            else:
                args, kwargs, found = (), {}, None if labels is not None else _labels_in(content)
            found = found if labels is None else _part(batch.content, labels, "labels")
            its_ids = batch.ids if ids is None else _part(batch.content, ids, "ids")
            if found is not None or its_ids is not None:
                cap.label(found, its_ids)
            if forward is None:
                cap.call(inner, args, kwargs)
            else:
                cap.call(forward, (inner, content), {})
            report(done)
        if not done:
            raise RuntimeError("The loader gave no batch: an iterator that has been used up gives none, make it anew.")
    return cap.activations


def _labels_in(content: Any) -> Any:
    try:
        return parts(content)[2]
    except TypeError:
        return None


def _part(content: Any, place: Callable[[Any], Any] | str | int, name: str) -> Any:
    if callable(place):
        return place(content)
    try:
        return content[place]
    except (LookupError, TypeError):
        keys = f" with keys {', '.join(map(str, content))}" if isinstance(content, Mapping) else ""
        raise ValueError(f"{name}={place!r} leads nowhere in a batch of type {type(content).__name__}{keys}.") from None


@contextmanager
def _reporting(progress: bool | Callable[[int, int], Any], count: int | None) -> Iterator[Callable[[int], Any]]:
    if callable(progress):
        yield lambda done: progress(done, count or 0)
    elif progress:
        from tqdm.auto import tqdm

        with tqdm(total=count, desc="activations", unit="batch") as bar:
            yield lambda done: bar.update(done - bar.n)
    else:
        yield lambda done: None
