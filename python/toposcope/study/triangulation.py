"""Triangulation: the same activations under several metrics."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._version import __version__
from ..metrics import metric_name
from . import storage
from .collection import Key, Study
from .parts import Options, PartResult, compute, quantile_of
from .running import Task, error_of_part, run
from .samples import Samples

__all__ = ["triangulate"]


def triangulate(
    acts: Any,
    metrics: Sequence[Any] | Mapping[str, Any] | Any = ("euclidean", "mahalanobis", "cosine"),
    maxdim: int | Mapping[str, int] = 1,
    scale: str | float | None = "q90",
    *,
    thresh: float = np.inf,
    coeff: int = 2,
    labels: Any = None,
    ids: Any = None,
    n_jobs: int | None = None,
    progress: Any = None,
    checkpoint: str | os.PathLike[str] | None = None,
    errors: str = "warn",
) -> Study:
    """Persistence diagrams of every layer under every metric, on the same samples.

    Parameters
    ----------
    acts : Mapping
        ``ts.Activations``, or layer -> (n, d) array_like; or, for several models (epochs, classes), name -> either of
        them. All have the same n samples, row by row.
    metrics : sequence of metrics, or Mapping of name -> metric
        As in `rips`. Give names to tell apart metrics that differ only in their options.
    maxdim : int, or Mapping of layer -> int
        The greatest homology dimension; layers that are not named get 1.
    scale : str, float or None
        What diagrams are divided by where parts are compared: "q90", the 0.9 quantile of the distances between
        different points, or any other quantile; "median"; a number; None for 1. ``dgms`` stay as computed.
    thresh, coeff
        As in `rips`.
    labels, ids : (n,) array_like, optional
        By default those of ``acts``.
    n_jobs : int, optional
        Parts side by side, by joblib: threads unless ``joblib.parallel_config`` names another backend (processes, Dask,
        Ray). By default all processors of this process, or what ``parallel_config`` says.
    progress : bool or callable, optional
        True for a progress bar, or a function of the parts done and the parts there are. What it
        raises stops the study.
    checkpoint : path, optional
        A folder for the parts that are done, so that a study that was stopped goes on from there. A part is found
        again by its points, metric and options, not by its name. Files that are damaged are computed again.
    errors : {"warn", "raise"}
        What becomes of a part that cannot be computed (zero vectors under cosine, say): with "warn" the others are
        computed and a warning names it (see `Study.failures`); with "raise" its error is raised.

    Returns
    -------
    Study

    Raises
    ------
    ValueError, TypeError
        Where the layers do not hold the same samples, or where no part could be computed.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> ring = np.c_[np.cos(angle), np.sin(angle)]
    >>> study = ts.triangulate({"ring": ring, "flat": ring * [1, 0]}, ["euclidean"])
    >>> [len(study[layer, "euclidean"].dgms[1]) for layer in study.layers]
    [1, 0]
    """
    samples = Samples(acts, labels, ids)
    named = _named(metrics)
    options = _options(samples, maxdim, scale, thresh, coeff)
    if errors not in ("warn", "raise"):
        raise ValueError(f"errors={errors!r} is unknown: it must be 'warn' or 'raise'.")
    parts: dict[Key, PartResult] = {}
    tasks: list[Task] = []
    files: dict[Key, Path] = {}
    for (model, layer), X in samples.points.items():
        digest = _digest(X) if checkpoint is not None else ""
        for name, metric in named.items():
            key = (model, layer, name)
            if checkpoint is not None and (file := _file(checkpoint, digest, metric, options[layer])) is not None:
                files[key] = file
                if (kept := _read_part(file)) is not None:
                    parts[key] = kept
                    continue
            tasks.append((key, compute, (X, metric, options[layer])))
    failures: dict[Any, Exception] = {}
    for key, part, error in run(tasks, n_jobs, progress, "layers x metrics"):
        if error is not None:
            failures[key] = error
            continue
        parts[key] = part  # type: ignore[index]
        if key in files:
            _write_part(files[key], part)  # type: ignore[index]
    _report_failures(failures, parts, errors)
    order = [(model, layer, name) for model, layer in samples.points for name in named]
    return Study(
        {key: parts[key] for key in order if key in parts},
        samples.points,
        named,
        layers=samples.layers,
        models=samples.models,
        labels=samples.labels,
        ids=samples.ids,
        failures={key: str(failures[key]) for key in order if key in failures},
        meta={
            "n": samples.n,
            "maxdim": max(o.maxdim for o in options.values()),
            "scale": scale,
            "thresh": float(thresh),
            "coeff": int(coeff),
            "version": __version__,
        },
    )


def _named(metrics: Any) -> dict[str, Any]:
    if isinstance(metrics, Mapping):
        named = {str(name): metric for name, metric in metrics.items()}
    else:
        each = [metrics] if isinstance(metrics, str) or not isinstance(metrics, Sequence) else list(metrics)
        named = {}
        for metric in each:
            name = metric_name(metric)
            if name in named:
                raise ValueError(f"Two metrics are called {name!r}: give them names, metrics={{name: metric, ...}}.")
            named[name] = metric
    if not named:
        raise ValueError("metrics is empty: give at least one.")
    return named


def _options(samples: Samples, maxdim: Any, scale: Any, thresh: float, coeff: int) -> dict[str, Options]:
    if isinstance(scale, str):
        quantile_of(scale)
    of_layer = maxdim if isinstance(maxdim, Mapping) else {layer: maxdim for layer in samples.layers}
    for layer in of_layer:
        if layer not in samples.layers:
            raise ValueError(
                f"maxdim names the layer {layer!r}, which is not there: there are {', '.join(samples.layers)}."
            )
    return {layer: Options(of_layer.get(layer, 1), scale, thresh, coeff) for layer in samples.layers}


def _report_failures(failures: dict[Any, Exception], parts: dict[Key, PartResult], errors: str) -> None:
    if not failures:
        return
    (key, first), *_ = failures.items()
    if errors == "raise" or not parts:
        raise error_of_part(key, first) from first
    words = "; ".join(f"{_short(k)}: {error}" for k, error in failures.items())
    warnings.warn(f"{len(failures)} of {len(failures) + len(parts)} parts failed. {words}", stacklevel=3)


def _short(key: Any) -> tuple[str, ...]:
    return key[1:] if key[0] is None else key


# -- checkpoints -----------------------------------------------------------------------------------------------------


def _digest(X: Any) -> str:
    array = np.ascontiguousarray(X)
    return hashlib.sha256(f"{array.dtype}{array.shape}".encode() + array.tobytes()).hexdigest()


def _file(folder: Any, digest: str, metric: Any, options: Options) -> Path | None:
    """Where a part is kept; None for metrics that are functions, which have no lasting name."""
    encoded = storage.encode_metric(metric)
    flat = _flat(encoded)
    if any(key.endswith("kind") and value == "function" for key, value in flat):
        return None
    words = f"{__version__} {digest} {options} " + repr(
        sorted((key, _digest(v) if isinstance(v, np.ndarray) else v) for key, v in flat)
    )
    Path(folder).mkdir(parents=True, exist_ok=True)
    return Path(folder) / f"{hashlib.sha256(words.encode()).hexdigest()[:32]}.npz"


def _flat(encoded: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in encoded.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(prefix + key, value)]
    return flat


def _write_part(file: Path, part: PartResult) -> None:
    content = {"dgms": part.dgms, "edges": part.edges, "censored": part.censored, "idx_perm": part.idx_perm}
    storage.write(file, {"kind": "part", **content, "meta": part.meta})


def _read_part(file: Path) -> PartResult | None:
    """What `_write_part` wrote; None where nothing is, or a file that was cut short when the machine stopped."""
    try:
        stored = storage.read(file)
        return PartResult(*(stored[name] for name in ("dgms", "edges", "censored", "idx_perm", "meta")))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
