"""Activations in a safetensors file.

Written here, array by array, because ``safetensors.numpy.save_file`` first makes a copy of everything in memory; read
by the safetensors library. The format: 8 bytes with the length of the header, the header in JSON (name -> type, shape
and place), then the bytes (https://github.com/huggingface/safetensors).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read", "write"]

_TYPES = {"float16": "F16", "float32": "F32", "float64": "F64", "int64": "I64", "bool": "BOOL"}
_KEY = "toposcope"
_CHUNK = 1 << 24

Columns = Mapping[str, NDArray[Any] | None]


def write(
    path: str | PathLike[str], layers: Mapping[str, NDArray[Any]], columns: Columns, meta: dict[str, Any]
) -> None:
    """Write layers and columns; the file appears under its name only when it is whole."""
    arrays = dict(layers)
    texts: dict[str, list[str]] = {}
    for name, values in columns.items():
        if values is None:
            continue
        if values.dtype.kind == "U":
            texts[name] = values.tolist()
        else:
            kind = {"b": "bool", "f": "float64"}.get(values.dtype.kind, "int64")
            arrays[f"{_KEY}.{name}"] = values.astype(kind)
    header: dict[str, Any] = {
        "__metadata__": {_KEY: json.dumps({"layers": list(layers), "texts": texts, "meta": meta}, default=str)}
    }
    place = 0
    for name, array in arrays.items():
        end = place + array.nbytes
        header[name] = {"dtype": _TYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": [place, end]}
        place = end
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    whole = Path(path)
    part = whole.with_name(whole.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(len(encoded).to_bytes(8, "little") + encoded)
            for array in arrays.values():
                step = max(1, _CHUNK // max(1, array[:1].nbytes))
                for first in range(0, len(array), step):
                    piece = array[first : first + step]
                    file.write(np.ascontiguousarray(piece, piece.dtype.newbyteorder("<")).tobytes())
        os.replace(part, whole)
    finally:
        part.unlink(missing_ok=True)


def read(path: str | PathLike[str]) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]], dict[str, Any]]:
    """Layers, columns and meta of a file."""
    try:
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError as error:
        raise ImportError(
            "Reading activations needs the package safetensors: pip install 'toposcope[torch]'."
        ) from error
    try:
        with safe_open(os.fspath(path), "numpy") as file:
            ours = json.loads((file.metadata() or {}).get(_KEY, "{}"))
            columns = {n.removeprefix(f"{_KEY}."): file.get_tensor(n) for n in file.keys() if n.startswith(f"{_KEY}.")}
            names = ours.get("layers") or [n for n in file.keys() if not n.startswith(f"{_KEY}.")]
            layers = {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(f"{os.fspath(path)} is no safetensors file of activations: {error}.") from None
    columns.update({name: np.array(values) for name, values in ours.get("texts", {}).items()})
    return layers, columns, ours.get("meta", {})
