"""Curves over all scales: Betti numbers, and how pure the components are, with bands from samples without repeats."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import purity
from .parts import Options, scale_of, scaled_diagrams
from .subsampling import spread, subsamples
from .summaries import betti_curve

__all__ = ["curves_of"]

SHARE = 0.8  # of the points in a sample: the curves of halves lie too far to the right


def curves_of(
    matrix: NDArray[np.float32],
    options: Options,
    labels: NDArray[Any] | None,
    *,
    values: int,
    resamples: int,
    level: float,
    seed: int,
) -> dict[str, NDArray[Any]]:
    """The columns of `Study.curves`."""
    if not isinstance(values, (int, np.integer)) or values < 2:
        raise ValueError(f"values={values!r} is out of range: a curve has at least two.")
    if not 0 < level < 1:
        raise ValueError(f"level={level!r} is out of range: it must be between 0 and 1, for instance 0.9.")
    diagrams = scaled_diagrams(matrix, options)
    ends = np.concatenate([diagram.ravel() for diagram in diagrams])
    grid = np.linspace(0, 1.02 * ends[np.isfinite(ends)].max(initial=0), values)
    whole = _curves(matrix, options, labels, grid)
    table = {"scale": grid}
    drawn: dict[str, list[Any]] = {name: [] for name in whole}
    if resamples:
        for sample in subsamples(len(matrix), resamples, seed, SHARE):
            among = matrix[sample][:, sample]
            of_sample = None if labels is None else labels[sample]
            for name, curve in _curves(among, options, of_sample, grid).items():
                drawn[name].append(curve)
    for name, curve in whole.items():
        table[name] = curve
        if resamples:
            low, high = spread(drawn[name] - np.mean(drawn[name], axis=0), SHARE, level)
            table[f"{name}_low"], table[f"{name}_high"] = np.maximum(curve + low, 0), curve + high
    return table


def _curves(
    matrix: NDArray[np.float32], options: Options, labels: NDArray[Any] | None, grid: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    curves: dict[str, NDArray[Any]] = {
        f"betti_{dim}": betti_curve(diagram, grid) for dim, diagram in enumerate(scaled_diagrams(matrix, options))
    }
    if labels is not None:
        pure = purity(matrix, labels)
        at = np.searchsorted(pure["scale"] / scale_of(matrix, options.scale), grid, "right") - 1
        curves["purity"] = pure["purity"][at]
    return curves
