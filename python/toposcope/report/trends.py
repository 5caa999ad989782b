"""How the summaries of a study change from layer to layer: small multiples, one line a model, as plain SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from ..plot import palette

WIDTH, HEIGHT = 150, 84
LEFT, RIGHT, TOP, BOTTOM = 30, 8, 8, 18
DASHES = ("", "4 3", "1.5 2.5", "7 3 1.5 3")
"""The lines of the models of one panel, in their order; the first is drawn through and in full colour."""


def trends(rows: Sequence[Mapping[str, Any]], summary: str = "total") -> list[dict[str, Any]]:
    """The panels of a study: one row for each dimension and for the models that have the same layers, a panel a metric.

    Parameters
    ----------
    rows : list of dict
        As ``study.table()`` gives them.
    summary : str
        Which column is drawn: "total", "longest", "bars" or "entropy".

    Returns
    -------
    list of dict
        ``dimension``, ``models`` (names and dashes), and ``panels``: one SVG element a metric, those of a row on the
        same scales. Empty where no model has two layers.
    """
    metrics = list(dict.fromkeys(row["metric"] for row in rows))
    families: dict[tuple[str, ...], list[Any]] = {}
    for model in dict.fromkeys(row.get("model") for row in rows):
        layers = tuple(dict.fromkeys(row["layer"] for row in rows if row.get("model") == model))
        families.setdefault(layers, []).append(model)
    out = []
    for layers, models in families.items():
        if len(layers) < 2:
            continue
        dimension = 0
        while any(_lines(rows, layers, models, metric, f"{summary}_{dimension}") for metric in metrics):
            lines = [_lines(rows, layers, models, metric, f"{summary}_{dimension}") for metric in metrics]
            if all(len(line["x"]) > 1 for panel in lines for line in panel):
                most = max(float(np.nanmax([*line["y"], *line["high"]])) for panel in lines for line in panel)
                names = [(model, DASHES[at % len(DASHES)]) for at, model in enumerate(models)]
                panels = [
                    _panel(panel, layers, most or 1.0, dimension, metric)
                    for panel, metric in zip(lines, metrics, strict=True)
                ]
                out.append({"dimension": dimension, "models": names, "panels": panels})
            dimension += 1
    return out


def _lines(
    rows: Sequence[Mapping[str, Any]], layers: Sequence[str], models: Sequence[Any], metric: str, column: str
) -> list[dict[str, Any]]:
    """One line a model, through the layers that have a value, with the interval of each where there is one."""
    out = []
    for at, model in enumerate(models):
        mine = {row["layer"]: row for row in rows if row.get("model") == model and row["metric"] == metric}
        there = [x for x, layer in enumerate(layers) if np.isfinite(mine.get(layer, {}).get(column, np.nan))]
        if there:
            values = [mine[layers[x]] for x in there]
            line = {end: [row.get(column + end, row[column]) for row in values] for end in ("_low", "", "_high")}
            out.append(
                {"model": model, "at": at, "x": there, "y": line[""], "low": line["_low"], "high": line["_high"]}
            )
    return out


def _panel(lines: Sequence[Mapping[str, Any]], layers: Sequence[str], most: float, dimension: int, metric: str) -> str:
    tint = palette.color(dimension)
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM

    def x(place: float) -> float:
        return LEFT + (right - LEFT) * place / (len(layers) - 1)

    def y(value: float) -> float:
        return bottom - (bottom - TOP) * value / most

    def path(places: Sequence[int], values: Sequence[float]) -> str:
        return "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in zip(places, values, strict=True))

    out = [
        f'<path d="M{LEFT} {TOP}V{bottom}H{right}" class="axis"/>',
        f'<text x="{LEFT - 4}" y="{TOP + 4}" text-anchor="end">{most:.3g}</text>',
        f'<text x="{LEFT - 4}" y="{bottom + 3}" text-anchor="end">0</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 4}">{escape(_short(layers[0]))}</text>',
        f'<text x="{right}" y="{HEIGHT - 4}" text-anchor="end">{escape(_short(layers[-1]))}</text>',
    ]
    said: list[str] = []
    for line in reversed(lines):
        at, first = line["at"], line["at"] == 0
        stroke = tint if first else "currentColor"
        if line["low"] != line["high"]:
            band = f"M{path(line['x'], line['low'])}L{path(line['x'][::-1], line['high'][::-1])}Z"
            out.append(f'<path d="{band}" fill="{stroke}" fill-opacity=".13"/>')
        out.append(
            f'<path d="M{path(line["x"], line["y"])}" stroke="{stroke}" stroke-width="{2 if first else 1.3}" '
            f'stroke-dasharray="{DASHES[at % len(DASHES)]}" stroke-linejoin="round" fill="none"/>'
        )
        name = "" if line["model"] is None else f"{line['model']} "
        said.insert(0, f"{name}{line['y'][0]:.3g} in the first layer, {line['y'][-1]:.3g} in the last")
    label = escape(f"{palette.name(dimension)}, {metric}: {'; '.join(said)}", quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(out)}</svg>'


def _short(name: str, most: int = 14) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
