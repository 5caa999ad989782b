"""Batches with the ids of their samples, from data loaders of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, Subset

__all__ = ["Batch", "batches", "on_device", "parts"]


@dataclass
class Batch:
    """What a loader gave, and which samples of its data set these are (None: not known)."""

    content: Any
    ids: Any


def batches(source: Any, batch_size: int) -> tuple[Iterable[Batch], int | None]:
    """The batches of a source, and their number, where it is known.

    Ids come from the sampler of a data loader: they are indices into the data set (into the innermost one, for
    subsets), whatever the order, the number of workers and the size of the batches.

    Parameters
    ----------
    source : DataLoader, Dataset, tensor, array, or iterable of batches
    batch_size : int
        For data sets, tensors and arrays.

    Examples
    --------
    >>> data = torch.utils.data.TensorDataset(torch.arange(5) * 10)
    >>> found, count = batches(DataLoader(Subset(data, [4, 0, 2]), batch_size=2), batch_size=1)
    >>> count, [(batch.content[0].tolist(), batch.ids) for batch in found]
    (2, [([40, 0], [4, 0]), ([20], [2])])
    """
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size} must be at least 1.")
    if isinstance(source, np.ndarray):
        source = torch.from_numpy(source)
    if isinstance(source, torch.Tensor):  # no DataLoader, which would draw from the global random generator
        starts = range(0, len(source), batch_size)
        found = (Batch(source[i : i + batch_size], np.arange(i, min(i + batch_size, len(source)))) for i in starts)
        return found, len(starts)
    if isinstance(source, Dataset):
        source = DataLoader(source, batch_size=batch_size)
    if isinstance(source, str) or not isinstance(source, Iterable):
        raise TypeError(
            f"loader is of type {type(source).__name__}: give a DataLoader, a Dataset, a tensor or batches."
        )
    try:
        count = len(source)  # type: ignore[arg-type]
    except TypeError:
        count = None
    if _can_tell(source):
        return (Batch(content, ids) for ids, content in _telling(source)), count
    return (content if isinstance(content, Batch) else Batch(content, None) for content in source), count


def _can_tell(source: Any) -> bool:
    return (
        isinstance(source, DataLoader)
        and type(source).__iter__ is DataLoader.__iter__
        and not isinstance(source.dataset, IterableDataset)
        and source.batch_sampler is not None
    )


def _telling(loader: Any) -> DataLoader[Any]:
    """The same loader (sampler, workers, collation), whose batches are (ids, batch)."""
    options: dict[str, Any] = {
        "num_workers": loader.num_workers,
        "pin_memory": loader.pin_memory,
        "timeout": loader.timeout,
        "worker_init_fn": loader.worker_init_fn,
        "multiprocessing_context": loader.multiprocessing_context,
        "generator": loader.generator,
    }
    if loader.num_workers:
        options["prefetch_factor"] = loader.prefetch_factor
    return DataLoader(
        _Numbered(loader.dataset), batch_sampler=loader.batch_sampler, collate_fn=_Collate(loader.collate_fn), **options
    )


class _Numbered(Dataset[Any]):
    """A data set whose items are (id, item)."""

    def __init__(self, dataset: Dataset[Any]):
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> tuple[Any, Any]:
        return _identity(self.dataset, index), self.dataset[index]

    def __getitems__(self, indices: list[Any]) -> list[tuple[Any, Any]]:
        fetch = getattr(self.dataset, "__getitems__", None)
        items = fetch(indices) if fetch else [self.dataset[index] for index in indices]
        return [(_identity(self.dataset, i), item) for i, item in zip(indices, items, strict=True)]


class _Collate:
    def __init__(self, collate: Callable[[list[Any]], Any]):
        self.collate = collate

    def __call__(self, pairs: list[tuple[Any, Any]]) -> tuple[list[Any], Any]:
        return [index for index, _ in pairs], self.collate([item for _, item in pairs])


def _identity(dataset: Any, index: Any) -> Any:
    while isinstance(dataset, Subset):
        dataset, index = dataset.dataset, dataset.indices[index]
    return index if isinstance(index, str) else int(index)


def parts(content: Any) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """A batch as the arguments of the model (positional and named) and the labels.

    A tensor is the only argument. Of a tuple or list the first entry is the argument and the second the labels. Of a
    dict, "labels" or "label" are the labels and all tensors else are named arguments.

    Examples
    --------
    >>> parts((torch.zeros(2, 3), torch.tensor([0, 1])))[2].tolist()
    [0, 1]
    >>> sorted(parts({"input_ids": torch.zeros(2, 3), "labels": torch.tensor([0, 1])})[1])
    ['input_ids']
    """
    if isinstance(content, torch.Tensor):
        return (content,), {}, None
    if isinstance(content, Mapping):
        labels = next((content[name] for name in ("labels", "label", "targets", "target") if name in content), None)
        skip = ("labels", "label", "targets", "target", "ids", "id")
        named = {k: v for k, v in content.items() if k not in skip and isinstance(v, torch.Tensor)}
        return (), named, labels
    if isinstance(content, (tuple, list)) and content:
        first, second = content[0], content[1] if len(content) > 1 else None
        if isinstance(first, Mapping):
            return (), dict(first), second
        return (first,), {}, second
    if isinstance(content, np.ndarray):
        return (torch.from_numpy(content),), {}, None
    raise TypeError(
        f"A batch is a {type(content).__name__}: give forward=lambda model, batch: model(...), and "
        "labels=lambda batch: ... where it has labels."
    )


def on_device(value: Any, device: torch.device | None) -> Any:
    """All tensors in a nest of tuples, lists and dicts moved to a device."""
    if device is None:
        return value
    if isinstance(value, torch.Tensor):
        return value if value.device == device else value.to(device, non_blocking=True)
    if isinstance(value, Mapping):
        return {key: on_device(item, device) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        moved = [on_device(item, device) for item in value]
        return type(value)(*moved) if hasattr(value, "_fields") else type(value)(moved)
    return value
