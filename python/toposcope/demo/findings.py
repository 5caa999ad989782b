"""What one sees, in a few sentences: every word of them follows from the numbers of the study."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from ..plot.clusters import merges

__all__ = ["classes_apart", "findings_of"]

Finding = tuple[str, str]
"""A headline, and what it rests on."""


def findings_of(study: Any, pairs: Mapping[str, str], *, level: float = 0.9, resamples: int = 20) -> list[Finding]:
    """What the layers do to the classes, what training did to the loops, and how far the metrics agree.

    Parameters
    ----------
    study : Study
        Of several models, with labels.
    pairs : Mapping
        Each trained model of the study -> its untrained copy, with the same layers.
    level, resamples
        Of the intervals, from half-samples: see `Study.table`.

    Returns
    -------
    list of (headline, what it rests on)
    """
    return [_on_classes(study, pairs), _on_training(study, pairs, level, resamples), _on_metrics(study, pairs)]


# -- classes ----------------------------------------------------------------------------------------------------------


def classes_apart(part: Any, labels: Any, share: float = 0.5, mixed: float = 0.1) -> tuple[int, float]:
    """How many classes stand alone at one cut through the barcode, at the best of all cuts, and where that is.

    A class stands alone where a component of H0 holds at least ``share`` of its points, and of points of other classes
    at most ``mixed`` of the component.

    Parameters
    ----------
    part : RipsResult
        Of the points ``part.idx_perm`` of those that have labels.
    labels : (n,) sequence

    Returns
    -------
    classes : int
    value : float
        The greatest such cut, in units of the distances.

    Examples
    --------
    >>> import toposcope as ts
    >>> classes_apart(ts.rips([[0.0], [1], [2], [7], [8], [9]], maxdim=0), list("aaabbb"))
    (2, 1.0)
    """
    names, of = np.unique(np.asarray(labels), return_inverse=True)
    of = of[np.asarray(part.idx_perm)]
    enough = share * np.bincount(of, minlength=len(names))
    n, deaths, edges = merges(part)
    counts = list(np.eye(len(names), dtype=np.int64)[of])
    home, members = list(range(n)), [[point] for point in range(n)]

    def alone(component: int) -> np.ndarray:
        count = counts[component]
        return (count >= np.maximum(enough, 1)) & (count >= (1 - mixed) * count.sum())

    standing = sum((alone(point).astype(int) for point in range(n)), np.zeros(len(names), int))
    best = (int((standing > 0).sum()), 0.0) if not len(deaths) or deaths[0] > 0 else (-1, 0.0)
    for at, death in enumerate(deaths):
        a, b = (home[end] for end in edges[at])
        if len(members[a]) < len(members[b]):
            a, b = b, a
        standing -= alone(a).astype(int) + alone(b).astype(int)
        counts[a] = counts[a] + counts[b]
        standing += alone(a).astype(int)
        for point in members[b]:
            home[point] = a
        members[a] += members[b]
        done = at + 1 == len(deaths) or deaths[at + 1] > death  # all merges at this value
        if done and (standing > 0).sum() >= best[0]:
            best = (int((standing > 0).sum()), float(death))
    return best


def _on_classes(study: Any, pairs: Mapping[str, str]) -> Finding:
    """How many classes stand alone in the first and the last layer of each model, under the first metric."""
    metric, said, rises = study.metrics[0], [], []
    many = len(np.unique(study.labels))
    for model, control in pairs.items():
        layers = layers_of(study, model)
        ends = [layers[0], layers[-1]]
        first, last = (classes_apart(study[model, layer, metric], study.labels)[0] for layer in ends)
        other = classes_apart(study[control, ends[1], metric], study.labels)[0]
        rises.append(last > max(first, other))
        said.append(f"{first} in {ends[0]} and {last} in {ends[1]} of the {model} ({other} in {ends[1]} untrained)")
    if all(rises):
        headline = "The classes come apart from layer to layer, and training is why."
    else:
        headline = "Not in every network do the classes come apart from the first layer to the last."
    return headline, (
        f"At the best cut through the barcode ({metric}), of {many} classes there stand alone: {'; '.join(said)}. "
        "A class stands alone where one component holds at least half of it, and at most a tenth of others."
    )


# -- loops ------------------------------------------------------------------------------------------------------------


def _on_training(study: Any, pairs: Mapping[str, str], level: float, resamples: int) -> Finding:
    """The total persistence of the loops in the last layer of each model, against its copy."""
    said, clear, lesser, greater, compared = [], 0, 0, 0, 0
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
        lesser, greater, compared = lesser + sum(less), greater + sum(more), compared + len(study.metrics)
        first = study.metrics[0]
        said.append(
            f"in {last} of the {model} it is {_count(sum(less), sum(more), len(less))} "
            f"({first}: {rows[model, first]['total_1']:.3g} against {rows[control, first]['total_1']:.3g})"
        )
    headline = "Training changes the loops, not always in the same direction."
    if lesser == greater == 0:
        headline = "Training leaves the loops as they were."
    elif 0 in (lesser, greater) or max(lesser, greater) >= 0.75 * compared:
        often = "always" if max(lesser, greater) == compared else "mostly"
        headline = f"Training makes the loops of the last layer {often} {'shorter' if lesser > greater else 'longer'}."
    return headline, (
        "Total length of the loops (H1, in units of the scale), trained against untrained: "
        + "; ".join(said)
        + f". In {clear} of these {compared} comparisons the {level:.0%} intervals of half-samples do not overlap."
    )


# -- metrics ----------------------------------------------------------------------------------------------------------


def _on_metrics(study: Any, pairs: Mapping[str, str]) -> Finding:
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
    extent = "everywhere" if unanimous == layers else "in most layers" if 2 * unanimous > layers else "in few layers"
    return f"The metrics tell the same story {extent}.", (
        f"All {len(study.metrics)} agree on whether training makes the loops longer or shorter in {unanimous} of "
        f"{layers} layers; their diagrams of loops in the trained networks are nearest for {_both(near)} and farthest "
        f"for {_both(far)} (mean bottleneck distance {mean[near]:.3g} and {mean[far]:.3g}, in units of the scale)."
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
