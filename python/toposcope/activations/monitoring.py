"""`Monitor`: diagrams of layers on a fixed probe batch, while a model is trained."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from .collecting import collect
from .loading import batches
from .recorded import Activations
from .reduction import Reduce
from .selection import Layers

__all__ = ["Monitor", "Record"]


class Writer(Protocol):
    """What is needed of TensorBoard's ``SummaryWriter``."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any: ...


@dataclass(frozen=True, eq=False)
class Record:
    """What one look at the model gave.

    Attributes
    ----------
    step : int
        The training step.
    dgms : dict of str -> list of (m, 2) ndarray
        The persistence diagrams of every layer, in H0 ... H(maxdim), of distances divided by ``scales``.
    summaries : dict of str -> float
        "layer/H1/total" and the like: bars, longest, total and entropy of every layer and dimension.
    scales : dict of str -> float
        The median distance of every layer: diagrams are divided by it, for else they follow the norm of activations.
    seconds : float
        What the diagrams took, in the background.
    """

    step: int
    dgms: dict[str, list[NDArray[np.float64]]] = field(repr=False)
    summaries: dict[str, float]
    scales: dict[str, float]
    seconds: float


class Monitor:
    """Watch the topology of layers during training.

    Every ``every`` steps the model sees the probe batch (in evaluation mode, without gradients, in the thread that
    trains); distances, diagrams and summaries follow in a background thread. While that is still at work, the next
    looks are skipped and counted, so that training never waits.

    Parameters
    ----------
    model : nn.Module
    layers, reduce, **options
        As in `capture`.
    probe : tensor, Dataset, DataLoader or iterable of batches
        As in `collect`. It is read once, and kept: the model sees the same samples every time.
    every : int
        Look at steps 0, every, 2 every, ...
    maxdim : int
        The greatest homology dimension.
    metric : str or metric object
        As in `toposcope.distances`.
    writer : SummaryWriter, optional
        Gets every summary by ``add_scalar``, under "toposcope/layer/H1/total" and the like.
    callback : callable, optional
        Called with every `Record`, in the background thread.
    n_threads : int
        Of the diagrams. With one, training keeps the other processors.
    wait : bool
        Wait for the last look to be finished rather than skip one.

    Attributes
    ----------
    records : list of Record
        Finished looks, oldest first.
    skipped : int
        Looks that were left out because the last one was not finished.
    seconds_in_step : list of float
        What every look took of the training thread.

    Examples
    --------
    >>> import torch, toposcope as ts
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> with ts.Monitor(net, "1", probe=torch.rand(30, 2), every=10, wait=True) as monitor:
    ...     for step in range(20):  # and a step of an optimizer
    ...         monitor.step()
    >>> [record.step for record in monitor.records], len(monitor.records[0].dgms["1"])
    ([0, 10], 2)
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Layers,
        probe: Any,
        reduce: Reduce | Mapping[str, Reduce] = None,
        *,
        every: int = 100,
        maxdim: int = 1,
        metric: Any = "euclidean",
        writer: Writer | None = None,
        callback: Callable[[Record], Any] | None = None,
        n_threads: int = 1,
        wait: bool = False,
        **options: Any,
    ):
        if every < 1:
            raise ValueError(f"every={every} must be at least 1: look at each so many steps.")
        with torch.random.fork_rng(devices=[]):  # a loader draws from the generator that training goes on with
            samples = list(batches(probe, options.pop("batch_size", 256))[0])
        self._look = lambda: collect(model, samples, layers, reduce, **options)
        self.every, self.writer, self.callback = every, writer, callback
        self._rips: dict[str, Any] = {"maxdim": maxdim, "n_threads": n_threads}
        self._metric = metric
        self._wait = wait
        self.records: list[Record] = []
        self.skipped = 0
        self.seconds_in_step: list[float] = []
        self._steps = 0
        self._error: BaseException | None = None
        self._work: queue.Queue[tuple[int, Activations] | None] = queue.Queue()
        self._idle = threading.Event()
        self._idle.set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def step(self, step: int | None = None) -> None:
        """Say that a training step is done.

        Parameters
        ----------
        step : int, optional
            Its number; by default steps are counted from 0.

        Raises
        ------
        RuntimeError
            After `close`, and where the background thread has failed, with what it failed of as the cause.
        """
        if self._closed:
            raise RuntimeError("The monitor is closed: make another one.")
        self._raise()
        step = self._steps if step is None else step
        self._steps = step + 1
        if step % self.every:
            return
        if self._wait:
            self._idle.wait()
        elif not self._idle.is_set():
            self.skipped += 1
            return
        begun = time.perf_counter()
        acts = self._look()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="toposcope-monitor", daemon=True)
            self._thread.start()
        self._idle.clear()
        self._work.put((step, acts))
        self.seconds_in_step.append(time.perf_counter() - begun)

    def close(self) -> None:
        """Finish what is under way and end the background thread. Closing twice does nothing."""
        if not self._closed:
            self._closed = True
            self._work.put(None)
            if self._thread is not None:
                self._thread.join()
            del self._look  # holds the model
        self._raise()

    def __enter__(self) -> Monitor:
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> None:
        if kind is None:
            self.close()
        else:
            self._error = None
            try:
                self.close()
            except RuntimeError:
                pass  # what was raised in the block comes first

    def _run(self) -> None:
        while (task := self._work.get()) is not None:
            try:
                if self._error is None:
                    self._report(self._record(*task))
            except BaseException as error:
                self._error = error
            finally:
                self._idle.set()

    def _record(self, step: int, acts: Activations) -> Record:
        from ..metrics import distances
        from ..persistence import rips
        from ..study.summaries import summarize

        begun = time.perf_counter()
        record = Record(step, {}, {}, {}, 0.0)
        for layer, X in acts.items():
            D = distances(X, self._metric, n_threads=self._rips["n_threads"])
            scale = float(np.median(D[np.triu_indices(len(D), 1)])) if len(D) > 1 else 1.0
            D = D / scale if scale > 0 else D  # a layer that has collapsed to a point has nothing to scale
            dgms = rips(D, metric="precomputed", **self._rips).dgms
            record.dgms[layer], record.scales[layer] = dgms, scale
            for dimension, diagram in enumerate(dgms):
                for name, value in summarize(diagram).items():
                    record.summaries[f"{layer}/H{dimension}/{name}"] = value
        return Record(step, record.dgms, record.summaries, record.scales, time.perf_counter() - begun)

    def _report(self, record: Record) -> None:
        self.records.append(record)
        if self.writer is not None:
            for tag, value in record.summaries.items():
                self.writer.add_scalar(f"toposcope/{tag}", value, record.step)
        if self.callback is not None:
            self.callback(record)

    def _raise(self) -> None:
        if self._error is not None:
            error, self._error = self._error, None
            raise RuntimeError(f"The monitor failed in its background thread: {error}") from error
