"""What one sees, in two sentences: every word of them follows from the numbers of the study."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

__all__ = ["findings_of"]


def findings_of(study: Any, pairs: Mapping[str, str], *, level: float = 0.9, resamples: int = 20) -> list[str]:
    """Two sentences: what training did to the loops, and how far the metrics agree.

    Parameters
    ----------
    study : Study
        Of several models.
    pairs : Mapping
        Each trained model of the study -> its untrained copy, with the same layers.
    level, resamples
        Of the intervals, from half-samples: see `Study.table`.

    Returns
    -------
    list of str
    """
    return [_on_training(study, pairs, level, resamples), _on_metrics(study, pairs)]


def _on_training(study: Any, pairs: Mapping[str, str], level: float, resamples: int) -> str:
    """The total persistence of the loops in the last layer of each model, against its copy."""
    said, clear, compared = [], 0, 0
    for model, control in pairs.items():
        last = layers_of(study, model)[-1]
        rows = {}
        for name in (model, control):
            part = study.select(models=name, layers=last)
            for row in _records(part.table(level=level, resamples=resamples)):
                rows[name, row["metric"]] = row
        less = [rows[model, m]["total_1"] < rows[control, m]["total_1"] for m in study.metrics]
        more = [rows[model, m]["total_1"] > rows[control, m]["total_1"] for m in study.metrics]
        clear += sum(_apart(rows[model, m], rows[control, m]) for m in study.metrics)
        compared += len(study.metrics)
        first = study.metrics[0]
        said.append(
            f"in {last} of the {model} it is {_count(sum(less), sum(more), len(less))} "
            f"({first}: {rows[model, first]['total_1']:.3g} against {rows[control, first]['total_1']:.3g})"
        )
    return (
        "Total length of the loops (H1, in units of the scale), trained against untrained: "
        + "; ".join(said)
        + f". In {clear} of these {compared} comparisons the {level:.0%} intervals of half-samples do not overlap."
    )


def _on_metrics(study: Any, pairs: Mapping[str, str]) -> str:
    """In how many layers all metrics see the same change, and which metrics are nearest, and farthest apart."""
    unanimous = layers = 0
    apart: dict[tuple[str, str], list[float]] = {pair: [] for pair in combinations(study.metrics, 2)}
    for model, control in pairs.items():
        for layer in layers_of(study, model):
            signs = {np.sign(_total(study, model, layer, m) - _total(study, control, layer, m)) for m in study.metrics}
            layers += 1
            unanimous += len(signs) == 1
            matrix = np.asarray(study.select(models=model, layers=layer).agreement(1))
            for (i, a), (j, b) in combinations(enumerate(study.metrics), 2):
                apart[a, b].append(matrix[i, j])
    mean = {pair: float(np.mean(values)) for pair, values in apart.items()}
    near, far = min(mean, key=mean.__getitem__), max(mean, key=mean.__getitem__)
    if unanimous == layers:
        agree = (
            f"All {len(study.metrics)} metrics agree on the direction of that change in every one of {layers} layers"
        )
    else:
        agree = (
            f"All {len(study.metrics)} metrics agree on the direction of that change in {unanimous} of {layers} layers"
        )
    return (
        f"{agree}; their diagrams of loops in the trained networks are nearest for {_both(near)} and farthest for "
        f"{_both(far)} (mean bottleneck distance {mean[near]:.3g} and {mean[far]:.3g}, in units of the scale)."
    )


def layers_of(study: Any, model: str) -> list[str]:
    """The layers of one model, in the order of the study."""
    there = {key[1] for key in study if key[0] == model}
    return [layer for layer in study.layers if layer in there]


def _total(study: Any, model: str, layer: str, metric: str) -> float:
    bars = study[model, layer, metric].scaled(1)
    lengths = bars[:, 1] - bars[:, 0]
    return float(lengths[np.isfinite(lengths)].sum())


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["total_1_low"] > other["total_1_high"] or one["total_1_high"] < other["total_1_low"])


def _count(less: int, more: int, of: int) -> str:
    if not less and not more:
        return "the same"
    word, most = ("less", less) if less >= more else ("greater", more)
    return f"{word} under all {of} metrics" if most == of else f"{word} under {most} of {of} metrics"


def _both(pair: tuple[str, str]) -> str:
    return " and ".join(f"“{name}”" for name in pair)


def _records(table: Any) -> list[dict[str, Any]]:
    return table.to_dict("records") if hasattr(table, "to_dict") else list(table)
