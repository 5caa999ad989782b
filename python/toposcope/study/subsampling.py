"""Intervals for summaries of diagrams, from half-samples of the points without repeats.

The bootstrap draws points twice, and a point drawn twice is a pair at distance zero: a bar of H0 that the cloud does
not have. Half-samples have no repeats. Their spread round their own mean is that of the whole sample round the truth
(the delete-half jackknife: Shao and Wu 1989); for half-samples the factor sqrt(m / (n - m)) of the delete-d jackknife
is 1. Summaries such as totals grow with the number of points by some power of it, so spreads are taken as ratios.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..persistence import rips
from .parts import PartResult, distances_of
from .running import Task, run
from .summaries import summarize

__all__ = ["Intervals", "half_samples", "intervals_of"]


@dataclass(frozen=True)
class Intervals:
    """Summaries of half-samples of one part.

    Attributes
    ----------
    asked : dict
        resamples, seed, noise.
    drawn : dict of str -> (resamples,) ndarray
        By the name of the summary and its dimension, such as "total_1".
    """

    asked: dict[str, Any]
    drawn: dict[str, NDArray[np.float64]]

    def interval(self, name: str, value: float, level: float) -> tuple[float, float]:
        """The interval round a value: its product with quantiles of the ratios of half-samples to their mean."""
        if not 0 < level < 1:
            raise ValueError(f"level={level!r} is out of range: it must be between 0 and 1, for instance 0.9.")
        drawn = self.drawn[name]
        mean = drawn.mean()
        if mean == 0:
            return (value, value) if value == 0 else (0.0, value)
        low, high = np.quantile(drawn / mean, [(1 - level) / 2, (1 + level) / 2])
        return value * float(low), value * float(high)

    def stored(self) -> dict[str, Any]:
        return {"asked": self.asked, "drawn": self.drawn}


def half_samples(n: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Rows of half-samples without repeats, in order: (resamples, n // 2).

    >>> half_samples(6, 2, seed=0).shape
    (2, 3)
    """
    if resamples < 2:
        raise ValueError(f"resamples={resamples} half-samples say nothing of a spread: draw at least 2.")
    rng = np.random.default_rng(seed)
    rows = [np.sort(rng.choice(n, n // 2, replace=False)) for _ in range(resamples)]
    return np.array(rows, np.int64).reshape(resamples, n // 2)


def intervals_of(
    parts: list[tuple[Any, NDArray[Any], Any, PartResult]], asked: dict[str, Any], n_jobs: int | None, progress: Any
) -> Iterator[tuple[Any, Intervals]]:
    """The summaries of half-samples of many parts, as they end. Distances are those of the whole cloud."""
    tasks: list[Task] = [(key, _draw, (X, metric, part, asked)) for key, X, metric, part in parts]
    for key, drawn, error in run(tasks, n_jobs, progress, "half-samples"):
        if error is not None:
            raise error
        yield key, Intervals(asked, drawn)


def _draw(
    X: NDArray[Any], metric: Any, part: PartResult, asked: dict[str, Any], n_threads: int | None
) -> dict[str, NDArray[np.float64]]:
    matrix, _, _ = distances_of(X, metric, n_threads)
    rows = []
    for half in half_samples(len(matrix), asked["resamples"], asked["seed"]):
        options = part.meta["maxdim"], part.meta["thresh"], part.meta["coeff"], "precomputed"
        r = rips(matrix[np.ix_(half, half)], *options, n_threads=n_threads)
        rows.append(
            {
                f"{name}_{dim}": value
                for dim, diagram in enumerate(r.dgms)
                for name, value in summarize(diagram / part.scale, asked["noise"]).items()
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}
