"""What the page shows, as plain data: nothing here knows of HTML."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..plot import palette
from ..plot.bars import read_bars
from ..plot.clusters import merges
from ..plot.embedding import principal_plane
from ..plot.geometry import LANES, frame
from ..plot.svg import barcode_svg, diagram_svg
from .inputs import pack
from .matrix import agreement_picture, distance_picture, merge_order
from .trends import trends

LOOPS = 8
"""So many representative loops are kept a layer and metric: those of the longest bars in H1."""

PAIRS_OF = 36
"""Diagrams of all pairs of layers and metrics are compared up to so many of them: beyond that it would take minutes."""


def contents(
    study: Any,
    *,
    title: str,
    inputs: Any = None,
    findings: Sequence[str | tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    done: Mapping[str, Any] | None = None,
    first: Sequence[str] | None = None,
    at: float | None = None,
    **how: Any,
) -> dict[str, Any]:
    """Everything on the page of a study: see `toposcope.report.write_report` for the parameters."""
    metrics = [str(x) for x in study.metrics]
    rows = _rows(study)
    results = [[_part(study, row, metric) for metric in study.metrics] for row in rows]
    grid = [
        [
            None if result is None else _cell(study, (*rows[i], metrics[j]), result, i, j, how)
            for j, result in enumerate(row)
        ]
        for i, row in enumerate(results)
    ]
    names = [_label(row) for row in rows]
    summaries = _records(study.table(intervals=how.get("intervals")))
    table = [_joined(row) for row in summaries]
    n = int(study.meta["n"])
    return {
        "title": title,
        "rows": names,
        "layers": [str(row[-1]) for row in rows],
        "models": [str(row[0]) if len(row) > 1 else None for row in rows],
        "metrics": metrics,
        "grid": grid,
        "samples": _samples(study, n, inputs),
        "planes": [_plane(study, row) for row in rows],
        "columns": list(dict.fromkeys(key for row in table for key in row)),
        "table": table,
        "agreement": [_agreement(study, dim, rows, how.get("every_pair")) for dim in _dimensions(results)],
        "trends": trends(summaries),
        "findings": [("", finding) if isinstance(finding, str) else finding for finding in findings],
        "warnings": [*warnings, *noticed(names, metrics, results), *_apart(study), *_failures(study)],
        "done": _done(study, rows, results) | {name: said(value) for name, value in (done or {}).items()},
        "colors": list(palette.COLORS),
        "component_colors": list(palette.COMPONENTS),
        "classes": _classes(study.labels),
        "lanes": LANES,
        "first": _place(study, rows, next(iter(study), None) if first is None else first),
        "at": at,
    }


def _place(study: Any, rows: Sequence[tuple[Any, ...]], key: Sequence[str] | None) -> str | None:
    """The id of the cell of one part; None where there is no part."""
    if key is None:
        return None
    if tuple(key) not in study:
        raise ValueError(
            f"first is {tuple(key)}, which is no part of the study: its parts are like {next(iter(study))}"
        )
    return f"cell-{rows.index(tuple(key[:-1]))}-{list(map(str, study.metrics)).index(str(key[-1]))}"


def noticed(rows: Sequence[str], metrics: Sequence[str], results: Sequence[Sequence[Any]]) -> list[str]:
    """What a reader must know before believing a picture, as far as the results tell it."""
    censored, shrunk, dropped = [], [], []
    for row, of_row in zip(rows, results, strict=True):
        for metric, result in zip(metrics, of_row, strict=True):
            if result is None:
                continue
            name = f"{row}, {metric}"
            if any(np.any(flags) for flags in result.censored):
                censored.append(name)
            if (result.meta.get("shrinkage") or 0) > 0.5:
                shrunk.append(f"{name}: {result.meta['shrinkage']:.2f}")
            if len(result.meta.get("dropped", ())):
                dropped.append(f"{name}: {len(result.meta['dropped'])}")
    out = []
    if censored:
        out.append(f"Bars are cut at the threshold, and their deaths unknown, in {_some(censored)}.")
    if shrunk:
        out.append(
            "The covariance had to be shrunk by more than half, so that Mahalanobis distances are near Euclidean ones, "
            f"in {_some(shrunk)}."
        )
    if dropped:
        out.append(f"Samples without direction were left out in {_some(dropped)}.")
    return out


def _apart(study: Any) -> list[str]:
    """Points at one place share a bar of H0; which they are, only the points tell."""
    names = [
        _label(key)
        for key, result in study.items()
        if len(result.dgms[0]) < len(result.idx_perm) and not study.has_distances(*key)
    ]
    if not names:
        return []
    return [f"Inputs at one place are shown apart, since the study was stored without its points, in {_some(names)}."]


def _failures(study: Any) -> list[str]:
    return [f"{_label(key)} could not be computed: {why}" for key, why in study.failures.items()]


def _some(names: Sequence[str], most: int = 6) -> str:
    more = len(names) - most
    return "; ".join(names[:most]) + (f"; and {more} more" if more > 0 else "")


def _cell(
    study: Any, key: tuple[Any, ...], result: Any, row: int, column: int, how: Mapping[str, Any]
) -> dict[str, Any]:
    again = study.has_distances(*key)
    barcode = read_bars(result)
    extent = frame(barcode)
    dimensions = []
    for bars, edges in zip(barcode, result.edges, strict=True):
        dimensions.append(
            {
                "births": numbers(bars.births),
                "deaths": numbers(bars.deaths),  # null where it is infinite
                "censored": np.flatnonzero(bars.censored).tolist(),
                "edges": np.asarray(edges, np.int64).ravel().tolist(),
            }
        )
    return {
        "id": f"cell-{row}-{column}",
        "row": row,
        "column": column,
        "counts": [len(bars) for bars in barcode],
        "longest": [numbers([bars.lengths[bars.finite].max()])[0] if bars.finite.any() else None for bars in barcode],
        "diagram": diagram_svg(result, size=104),
        "barcode": barcode_svg(result, width=104, height=104),
        "data": {
            "frame": {name: numbers([getattr(extent, name)])[0] for name in _FRAME},
            "scale": numbers([result.meta.get("scale", 1.0)])[0],
            "dimensions": dimensions,
            "loops": _loops(result, how.get("loops", LOOPS)) if again else [],
            **_matrix(result, study.distances(*key) if again else None),
            "facts": _facts(result.meta),
        },
    }


_FRAME = ("low", "high", "infinity", "threshold", "bottom", "top")


def _loops(result: Any, most: int) -> list[list[int]]:
    """Representative loops of the longest bars in H1."""
    many = min(most, len(result.dgms[1])) if len(result.dgms) > 1 else 0
    return [np.asarray(result.cycle(1, bar)).ravel().tolist() for bar in range(many)]


def _matrix(result: Any, distances: Any) -> dict[str, Any]:
    """Pairs at one place, which no bar tells of; the samples in the order of the tree, and the picture of their
    distances in that order, None without points."""
    rows = np.asarray(result.idx_perm)
    n, deaths, edges = merges(result, apart=distances is None)
    order = merge_order(n, edges, deaths)
    at_once = len(edges) - int(np.isfinite(result.dgms[0][:, 1]).sum())
    return {
        "same": rows[edges[:at_once]].ravel().tolist(),
        "order": rows[order].tolist(),
        "heat": None if distances is None or len(rows) < 2 else distance_picture(distances, order),
    }


def _classes(labels: Any) -> list[tuple[str, str]]:
    """Each class by its name as the page says it, and its colour, in order: numbers by value, others by letters."""
    if labels is None:
        return []
    names = list(dict.fromkeys(said(label) for label in np.unique(np.asarray(labels)).tolist()))
    return [(name, palette.label_color(place, len(names))) for place, name in enumerate(names)]


def _facts(meta: Mapping[str, Any]) -> dict[str, str]:
    out = {}
    for name, value in meta.items():
        if name == "seconds":
            value = value.get("total") if isinstance(value, Mapping) else value
        if value is None or (isinstance(value, float) and np.isnan(value)):
            continue
        out[str(name).replace("_", " ")] = said(value)
    return out


def said(value: Any) -> str:
    """A value as the page says it: four significant digits, long lists by their length.

    >>> said(0.123456), said(np.float32(2)), said(float("inf")), said([1] * 50)
    ('0.1235', '2', '∞', '50 values')
    """
    if isinstance(value, (float, np.floating)) and np.isnan(value):
        return "–"
    if isinstance(value, (float, np.floating)):
        return "∞" if value == np.inf else f"{value:.4g}"
    if isinstance(value, (list, tuple, np.ndarray)) and len(value) > 8:
        return f"{len(value)} values"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {said(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple, np.ndarray)):
        return ", ".join(said(inner) for inner in value)
    return str(value)


def _samples(study: Any, n: int, inputs: Any) -> dict[str, Any]:
    labels, ids = getattr(study, "labels", None), getattr(study, "ids", None)
    return {
        "n": n,
        "labels": None if labels is None else [said(x) for x in np.asarray(labels).tolist()],
        "ids": list(map(str, range(n))) if ids is None else [str(x) for x in np.asarray(ids).tolist()],
        "inputs": pack(inputs, n),
    }


def _rows(study: Any) -> list[tuple[Any, ...]]:
    """What comes before the metric in the keys of the study: (layer,), or (model, layer) where there are several."""
    if not getattr(study, "models", None):
        return [(layer,) for layer in study.layers]
    rows = [(model, layer) for model in study.models for layer in study.layers]
    there = {key[:-1] for key in (*study, *study.failures)}  # models need not have the same layers
    return [row for row in rows if row in there]


def _part(study: Any, row: tuple[Any, ...], metric: Any) -> Any:
    """The result of one row of the overview under one metric; None where it could not be computed."""
    key = (*row, metric)
    return study[key] if key in study else None


def _plane(study: Any, row: tuple[Any, ...]) -> dict[str, Any] | None:
    if not any(study.has_distances(*row, metric) for metric in study.metrics):
        return None  # stored without its points
    points = study.points(*row[::-1])
    plane, share = principal_plane(points)
    reach = float(np.abs(plane).max(initial=0)) or 1.0
    return {"x": numbers(plane[:, 0] / reach), "y": numbers(plane[:, 1] / reach), "share": round(share, 3)}


def _dimensions(results: Sequence[Sequence[Any]]) -> range:
    return range(max((len(result.dgms) for row in results for result in row if result is not None), default=0))


def _agreement(study: Any, dim: int, rows: Sequence[tuple[Any, ...]], every_pair: bool | None) -> dict[str, Any]:
    if every_pair is None:
        every_pair = len(study) <= PAIRS_OF
    if every_pair:
        matrix = study.agreement(dim)
        keys, values = list(matrix.index), np.asarray(matrix.values, dtype=np.float64)
    else:
        keys, values = _within_rows(study, dim, rows)
    models = study.models or (None,)
    parts = [{"model": model, "table": _of_model(model, keys, study.metrics, values)} for model in models]
    tables = [part for part in parts if part["table"] is not None]
    return {
        "dimension": dim,
        "labels": [_label(key) for key in keys],
        "values": values,
        "picture": agreement_picture(values) if every_pair else None,
        "by_metric": tables,
        "most": max(
            (float(part["table"].max(initial=0, where=np.isfinite(part["table"]))) for part in tables), default=0.0
        ),
    }


def _of_model(model: str | None, keys: Sequence[tuple[Any, ...]], metrics: Sequence[Any], values: Any) -> Any:
    at = [place for place, key in enumerate(keys) if model in (None, key[0])]
    return between_metrics([keys[place] for place in at], metrics, values[np.ix_(at, at)])


def _within_rows(study: Any, dim: int, rows: Sequence[tuple[Any, ...]]) -> tuple[list[tuple[str, ...]], Any]:
    """The agreement of the metrics on each layer for itself; NaN between layers, which takes far longer."""
    keys = [key for key in study if dim < len(study[key].dgms)]
    place = {key: at for at, key in enumerate(keys)}
    values = np.full((len(keys), len(keys)), np.nan)
    for row in rows:
        mine = [(*row, metric) for metric in study.metrics if (*row, metric) in place]
        if mine:
            models = {"models": [row[0]]} if len(row) > 1 else {}
            block = study.select(layers=[row[-1]], metrics=[key[-1] for key in mine], **models).agreement(dim)
            at = [place[tuple(key)] for key in block.index]
            values[np.ix_(at, at)] = block.values
    return keys, values


def between_metrics(keys: Sequence[tuple[Any, ...]], metrics: Sequence[Any], values: Any) -> Any:
    """How far the diagrams of two metrics on one layer are apart, averaged over the layers: (metrics, metrics).

    Parameters
    ----------
    keys : list of (..., layer, metric)
        What each row and column of ``values`` is.

    None where no layer has all metrics.

    >>> keys = [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    >>> D = [[0, 1, 9, 9], [1, 0, 9, 9], [9, 9, 0, 3], [9, 9, 3, 0]]
    >>> between_metrics(keys, ["x", "y"], np.array(D))
    array([[0., 2.],
           [2., 0.]])
    """
    place = {tuple(map(str, key)): at for at, key in enumerate(keys)}
    rows = list(dict.fromkeys(key[:-1] for key in place))
    names = list(map(str, metrics))
    full = [[place.get((*row, m), -1) for m in names] for row in rows]
    full = [at for at in full if min(at, default=-1) >= 0]
    return np.mean([values[np.ix_(at, at)] for at in full], axis=0) if full else None


def _label(label: Any) -> str:
    return ", ".join(str(part) for part in label if part is not None) if isinstance(label, tuple) else str(label)


def _records(table: Any) -> list[dict[str, Any]]:
    records = table.to_dict("records") if hasattr(table, "to_dict") else table
    return [{str(key): value for key, value in row.items()} for row in records]


def _joined(row: Mapping[str, Any]) -> dict[str, str]:
    """A row of the table, with each interval beside its value.

    >>> _joined({"layer": "a", "total_1": 2.0, "total_1_low": 1.5, "total_1_high": 2.25})
    {'layer': 'a', 'total_1': '2 (1.5 to 2.25)'}
    """
    out = {}
    for name, value in row.items():
        if name.endswith(("_low", "_high")) and name.rsplit("_", 1)[0] in row:
            continue
        low, high = row.get(name + "_low"), row.get(name + "_high")
        out[name] = said(value) if low is None else f"{said(value)} ({said(low)} to {said(high)})"
    return out


def _done(study: Any, rows: Sequence[Any], results: Sequence[Sequence[Any]]) -> dict[str, str]:
    from .._version import __version__

    done = {"samples": str(study.meta["n"]), "layers": str(len(rows)), "metrics": "; ".join(map(str, study.metrics))}
    done |= {name: value for name, value in _facts(study.meta).items() if name not in ("n", "version")}
    for metric, of_metric in zip(study.metrics, zip(*results, strict=True), strict=True):
        used = [result.meta["shrinkage"] for result in of_metric if result is not None and "shrinkage" in result.meta]
        if any(value is not None for value in used):
            low, high = min(v for v in used if v is not None), max(v for v in used if v is not None)
            done[f"shrinkage, {metric}"] = said(low) if low == high else f"{said(low)} to {said(high)}"
    versions = {"toposcope": __version__, "Python": platform.python_version(), "NumPy": np.__version__}
    for name, package in (("PyTorch", "torch"), ("SciPy", "scipy"), ("scikit-learn", "sklearn"), ("GUDHI", "gudhi")):
        if package in sys.modules:  # those that took part
            versions[name] = getattr(sys.modules[package], "__version__", "unknown")
    return done | {"versions": said(versions)}


def numbers(values: Any) -> list[float | int | None]:
    """Five significant digits, None for what JSON has no number for, and no needless '.0'."""
    out: list[float | int | None] = []
    for value in values:
        if value is None or not np.isfinite(value):
            out.append(None)
        else:
            number = float(f"{value:.5g}")
            out.append(int(number) if number == int(number) else number)
    return out
