"""A study to and from its file. What a file of strangers holds is checked before anything is made of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from .._version import __version__
from . import storage
from .parts import PartResult
from .subsampling import Drawing, Intervals

if TYPE_CHECKING:
    from .collection import Study

__all__ = ["contents", "fields"]


def contents(study: Study, points: bool) -> dict[str, Any]:
    """All that is stored of a study, as `storage.write` takes it."""
    parts = [
        {
            "key": list(key),
            "dgms": p.dgms,
            "edges": p.edges,
            "censored": p.censored,
            "idx_perm": p.idx_perm,
            "meta": p.meta,
            "intervals": study._intervals[key].stored() if key in study._intervals else None,
            "components": study._components.get(key),
        }
        for key, p in study._parts.items()
    ]
    return {
        "kind": "study",
        "version": __version__,
        "layers": study.layers,
        "models": study.models,
        "metrics": [
            {"name": name, "metric": {"kind": "function"} if metric is None else storage.encode_metric(metric)}
            for name, metric in study._metrics.items()
        ],
        "labels": study.labels,
        "ids": study.ids,
        "meta": study.meta,
        "failures": [{"key": list(key), "why": why} for key, why in study._failures.items()],
        "parts": parts,
        "points": [{"key": list(key), "values": X} for key, X in study._points.items()] if points else [],
    }


def fields(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The arguments of `Study` for what a file holds."""
    stored = storage.read(path)
    kind = stored.get("kind")
    if not isinstance(kind, str) or kind != "study":
        raise ValueError(f"{os.fspath(path)} holds {kind if isinstance(kind, str) else 'something'!r}, not a study.")
    try:
        return _Checked(stored).fields
    except (_Wrong, KeyError, TypeError, ValueError) as error:  # the last three of metrics, which check their options
        why = " ".join(str(error).split()).rstrip(".")
        raise ValueError(f"{os.fspath(path)} is no whole study file: {why}.") from None


class _Wrong(Exception):
    """What a file holds and should not."""


class _Checked:
    """What was read, checked so far that a `Study` can be made of it."""

    def __init__(self, stored: dict[str, Any]):
        self.layers, self.models = self._names(stored, "layers"), self._names(stored, "models")
        self.metrics = {}
        for entry in _list(stored, "metrics"):
            self.metrics[_text(entry, "name")] = storage.decode_metric(_dict(entry, "metric"))
        self.meta = _dict(stored, "meta")
        self.n = _whole(self.meta, "n")
        _whole(self.meta, "maxdim")
        labels, ids = self._vector(stored, "labels"), self._vector(stored, "ids")
        points = {self._of_layer(entry): self._points(entry) for entry in _list(stored, "points")}
        parts = {self._key(entry): self._part(entry) for entry in _list(stored, "parts")}
        self.fields = {
            "parts": parts,
            "points": points,
            "metrics": self.metrics,
            "layers": self.layers,
            "models": self.models,
            "labels": labels,
            "ids": ids,
            "failures": {self._key(entry): _text(entry, "why") for entry in _list(stored, "failures")},
            "meta": self.meta,
            "intervals": self._kept(stored, "intervals", _intervals),
            "components": self._kept(stored, "components", _numbers),
        }

    def _names(self, stored: Any, name: str) -> list[str]:
        names = _list(stored, name)
        if not all(isinstance(value, str) for value in names) or len(set(names)) < len(names):
            raise _Wrong(f"{name} are not different names")
        return names

    def _vector(self, stored: Any, name: str) -> Any:
        values = _get(stored, name)
        if values is not None:
            _array(values, name, "biufU", (self.n,))
        return values

    def _of_layer(self, entry: Any, extra: int = 0) -> Any:
        key = _list(entry, "key")
        if len(key) != 2 + extra or not self._named(key[0]) or key[1] not in self.layers:
            raise _Wrong(f"{key!r} is the key of no part")
        return tuple(key)

    def _named(self, model: Any) -> bool:
        return model in self.models if self.models else model is None

    def _key(self, entry: Any) -> Any:
        key = self._of_layer(entry, 1)
        if not isinstance(key[2], str) or key[2] not in self.metrics:
            raise _Wrong(f"{key!r} is the key of no part")
        return key

    def _points(self, entry: Any) -> Any:
        return _array(_get(entry, "values"), "points", "biuf", (self.n, None))

    def _part(self, entry: Any) -> PartResult:
        rows = _array(_get(entry, "idx_perm"), "idx_perm", "iu", (None,))
        if len(rows) and not (0 <= rows.min() and rows.max() < self.n and (np.diff(rows.astype(np.int64)) > 0).all()):
            raise _Wrong("idx_perm are not rows in order")
        dgms, edges, censored = (_list(entry, name) for name in ("dgms", "edges", "censored"))
        if not len(dgms) == len(edges) == len(censored) > 0:
            raise _Wrong("the diagrams of a part do not belong together")
        for dgm, ends, flags in zip(dgms, edges, censored, strict=True):
            count = len(_array(dgm, "a diagram", "f", (None, 2)))
            _array(ends, "edges", "iu", (count, 4))
            _array(flags, "censored", "b", (count,))
            if np.isnan(dgm).any() or not (dgm[:, 0] <= dgm[:, 1]).all():
                raise _Wrong("a bar dies before it is born")
            if count and not (-1 <= ends.min() and ends.max() < self.n):
                raise _Wrong("the edges join points that are not there")
        meta = _dict(entry, "meta")
        for name in ("n", "num_edges", "maxdim", "coeff"):
            _whole(meta, name)
        if meta["maxdim"] != len(dgms) - 1:
            raise _Wrong("a part has more or fewer diagrams than its maxdim says")
        if _number(meta, "scale") <= 0 or np.isnan(_number(meta, "thresh")):
            raise _Wrong("a part has a scale or a threshold that is none")
        if isinstance(_get(meta, "scale_rule"), (dict, list, bool)):
            raise _Wrong("a part has a rule for its scale that is none")
        return PartResult(dgms, edges, censored, rows, meta)

    def _kept(self, stored: Any, name: str, read: Any) -> Any:
        return {self._key(part): read(part[name]) for part in stored["parts"] if _get(part, name) is not None}


def _intervals(stored: Any) -> Intervals:
    asked, drawn = Drawing(**_dict(stored, "asked")), _dict(stored, "drawn")
    for name, values in drawn.items():
        _array(values, name, "f", (asked.resamples,))
    return Intervals(asked, drawn)


def _numbers(stored: Any) -> dict[str, float]:
    if not isinstance(stored, dict):
        raise _Wrong("the summaries of components are no numbers by name")
    return {name: _number(stored, name) for name in stored}


def _get(stored: Any, name: str) -> Any:
    if not isinstance(stored, dict) or name not in stored:
        raise _Wrong(f"it lacks {name!r}")
    return stored[name]


def _dict(stored: Any, name: str) -> dict[str, Any]:
    return _kind(stored, name, dict)


def _list(stored: Any, name: str) -> list[Any]:
    return _kind(stored, name, list)


def _text(stored: Any, name: str) -> str:
    return _kind(stored, name, str)


def _kind(stored: Any, name: str, kind: type) -> Any:
    value = _get(stored, name)
    if not isinstance(value, kind):
        raise _Wrong(f"{name} is a {type(value).__name__}, not a {kind.__name__}")
    return value


def _whole(stored: Any, name: str) -> int:
    value = _kind(stored, name, int)
    if isinstance(value, bool) or value < 0:
        raise _Wrong(f"{name}={value!r} is out of range")
    return value


def _number(stored: Any, name: str) -> float:
    value = _get(stored, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Wrong(f"{name} is no number")
    return float(value)


def _array(values: Any, name: str, kinds: str, shape: tuple[int | None, ...]) -> Any:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in kinds or values.ndim != len(shape):
        raise _Wrong(f"{name} is not the array that it should be")
    if any(size is not None and size != there for size, there in zip(shape, values.shape, strict=True)):
        raise _Wrong(f"{name} has the shape {values.shape}")
    return values
