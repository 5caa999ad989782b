"""Studies on disk: one .npz of plain arrays and a JSON text. No pickle: loading runs no code of the file.

Format (version 1): the entry ``study.json`` is UTF-8 text; wherever it says ``{"$array": name}`` the value is the entry
of that name. Numbers that JSON lacks are ``{"$number": "inf"}``.
"""

from __future__ import annotations

import json
import math
import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics import Cosine, Mahalanobis, RelativeNeighborhood

__all__ = ["FORMAT", "decode_metric", "encode_metric", "read", "write"]

FORMAT = 1
_HEADER = "study.json"


class _Damaged(Exception):
    """What a file refers to and does not hold."""


_BROKEN = (_Damaged, zipfile.BadZipFile, zlib.error, EOFError, KeyError, TypeError, MemoryError, NotImplementedError,
           OverflowError, RecursionError, RuntimeError, struct.error, SyntaxError, tokenize.TokenError)  # fmt: skip
# what zipfile, zlib, json and NumPy raise for files that somebody has damaged


def write(path: str | os.PathLike[str], content: dict[str, Any]) -> None:
    """Write nested dicts and lists of plain values and arrays; all of it or nothing."""
    arrays: dict[str, NDArray[Any]] = {}
    header = _encode({"toposcope": FORMAT, **content}, "", arrays)
    arrays[_HEADER] = np.frombuffer(json.dumps(header, allow_nan=False).encode(), np.uint8)
    folder = Path(path).parent
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r} to write {Path(path).name!r} to.")
    temporary = Path(f"{os.fspath(path)}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What `write` wrote.

    Raises
    ------
    FileNotFoundError, ValueError
        Where there is no such file, and where it is anything else than `write` would have written: one sentence.
    """
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):  # NumPy would take it for a pickle, and tell how to load it unsafely
            raise ValueError(
                f"{os.fspath(path)} is no study: it is no .npz file that Study.save wrote "
                "(ts.Activations.load reads what Activations.save did)."
            )
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile) or _HEADER not in arrays:
                raise ValueError(f"{os.fspath(path)} is no study: it lacks the entry {_HEADER!r}.")
            _check_size(path, arrays.zip)  # type: ignore[arg-type]
            header = json.loads(arrays[_HEADER].tobytes())
            if not isinstance(header, dict) or "toposcope" not in header:
                raise ValueError(f"{os.fspath(path)} is no study: its header names no format.")
            if header.get("toposcope") != FORMAT:
                raise ValueError(
                    f"{os.fspath(path)} has the format {header.get('toposcope')!r}, and this version of toposcope "
                    f"reads {FORMAT}: update toposcope."
                )
            return _decode(header, arrays)
    except (UnicodeDecodeError, json.JSONDecodeError, *_BROKEN) as error:
        raise ValueError(f"{os.fspath(path)} is no whole study file: {str(error).rstrip('.')}.") from None


def _check_size(path: str | os.PathLike[str], archive: zipfile.ZipFile) -> None:
    """Refuse what unpacks to more than the memory of the machine: a small file can claim any size."""
    size = sum(entry.file_size for entry in archive.infolist())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > memory:
        raise ValueError(
            f"{os.fspath(path)} unpacks to {size / 2**30:.0f} GiB, and this machine has {memory / 2**30:.0f} GiB of "
            "memory: load it where there is more, if you trust it."
        )


def _encode(value: Any, name: str, arrays: dict[str, NDArray[Any]]) -> Any:
    if isinstance(value, dict):
        return {str(key): _encode(item, f"{name}/{key}" if name else str(key), arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encode(item, f"{name}/{i}", arrays) for i, item in enumerate(value)]
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufU":
            raise TypeError(f"{name} holds {value.dtype}, which cannot be stored safely.")
        entry = f"{len(arrays)}-{name.replace('/', '.')}"
        arrays[entry] = value
        return {"$array": entry}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return {"$number": repr(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"{name} is a {type(value).__name__}, which cannot be stored safely.")


def _decode(value: Any, arrays: Any) -> Any:
    if isinstance(value, dict):
        if "$array" in value:
            if value["$array"] not in arrays.files:
                raise _Damaged(f"it lacks the array {value['$array']!r}")
            return arrays[value["$array"]]
        if "$number" in value:
            if value["$number"] not in ("inf", "-inf", "nan"):
                raise _Damaged(f"{value['$number']!r} is no number")
            return float(value["$number"])
        return {key: _decode(item, arrays) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    return value


def encode_metric(metric: Any) -> dict[str, Any]:
    """A metric as plain values. Of a function only that it was one is kept."""
    if isinstance(metric, str):
        return {"kind": "name", "name": metric}
    if isinstance(metric, Cosine):
        return {"kind": "Cosine", "zeros": metric.zeros}
    if isinstance(metric, Mahalanobis):
        c, reference = metric.covariance, metric.reference
        return {
            "kind": "Mahalanobis",
            "covariance": c if isinstance(c, str) or np.ndim(c) == 0 else np.asarray(c),
            "reference": None if reference is None else np.asarray(reference),
        }
    if isinstance(metric, RelativeNeighborhood):
        return {
            "kind": "RelativeNeighborhood",
            "metric": encode_metric(metric.metric),
            "k": int(metric.k),
            "scaling": metric.scaling,
            "duplicates": metric.duplicates,
            "reference": None if metric.reference is None else np.asarray(metric.reference),
        }
    return {"kind": "function"}


def decode_metric(stored: dict[str, Any]) -> Any:
    """The metric again; None for a function, which is not stored."""
    if not isinstance(stored, dict) or not isinstance(stored.get("kind"), str):
        raise ValueError("a metric is not described by its kind and options")
    kind, options = stored["kind"], {key: value for key, value in stored.items() if key != "kind"}
    if kind == "name" and isinstance(options.get("name"), str):
        return options["name"]
    if kind == "Cosine":
        return Cosine(**options)
    if kind == "Mahalanobis":
        return Mahalanobis(**options)
    if kind == "RelativeNeighborhood":
        return RelativeNeighborhood(**{**options, "metric": decode_metric(options["metric"])})
    if kind == "function":
        return None
    raise ValueError(f"The file has a metric of the unknown kind {kind!r}: update toposcope.")
