"""Intervals for summaries of diagrams, from samples of the points without repeats.

The bootstrap draws points twice, and a point drawn twice is a pair at distance zero: a bar of H0 that the cloud does
not have. Samples of m of n points without repeats have none. Their spread round their own mean, times
sqrt(m / (n - m)), is that of the whole sample round the truth (the delete-d jackknife: Shao and Wu 1989); for halves
the factor is 1. Summaries such as totals grow with the number of points by some power of it, so spreads are taken as
ratios. Every sample has its own scale, as the whole has: diagrams are divided by a quantile of just these distances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .components import intrinsic_dimension, separation
from .parts import Options, PartResult, distances_of, scaled_diagrams
from .running import Task, run
from .summaries import summarize

__all__ = ["Drawing", "Intervals", "component_summaries", "intervals_of", "subsamples"]


@dataclass(frozen=True)
class Drawing:
    """What is drawn: so many samples of a share of the points, and what is summed up of each."""

    resamples: int = 20
    share: float = 0.5
    seed: int = 0
    noise: float = 0.0
    components: bool = False

    def __post_init__(self) -> None:
        subsamples(2, self.resamples, self.seed, self.share)  # what is out of range fails here, not in each part

    def serves(self, other: Drawing) -> bool:
        """Whether what was drawn for this holds all that the other asks."""
        return asdict(self) | {"components": other.components} == asdict(other) and self.components >= other.components


@dataclass(frozen=True)
class Intervals:
    """Summaries of samples of one part.

    Attributes
    ----------
    asked : Drawing
    drawn : dict of str -> (resamples,) ndarray
        By the name of the summary and its dimension, such as "total_1".
    """

    asked: Drawing
    drawn: dict[str, NDArray[np.float64]]

    def interval(self, name: str, value: float, level: float) -> tuple[float, float]:
        """The interval round a value: its product with quantiles of the ratios of samples to their mean."""
        if not 0 < level < 1:
            raise ValueError(f"level={level!r} is out of range: it must be between 0 and 1, for instance 0.9.")
        drawn = self.drawn[name]
        mean = drawn.mean()
        if not np.isfinite(mean) or not np.isfinite(value):
            return float("nan"), float("nan")
        if mean == 0:
            return (value, value) if value == 0 else (min(0.0, value), max(0.0, value))
        low, high = spread(drawn / mean - 1, self.asked.share, level)
        ends = value * (1 + low), value * (1 + high)
        return (max(0.0, min(ends)) if value >= 0 else min(ends)), max(ends)

    def stored(self) -> dict[str, Any]:
        return {"asked": asdict(self.asked), "drawn": self.drawn}


def subsamples(n: int, resamples: int, seed: int, share: float = 0.5) -> NDArray[np.int64]:
    """Rows of samples without repeats, each in order: (resamples, share of n).

    >>> subsamples(6, 2, seed=0).shape
    (2, 3)
    """
    for name, number in (("n", n), ("resamples", resamples)):
        if not isinstance(number, (int, np.integer)):
            raise TypeError(f"{name} is a {type(number).__name__}: give a whole number.")
    if resamples < 2:
        raise ValueError(f"resamples={resamples} samples say nothing of a spread: draw at least 2.")
    if not 0 < share < 1:
        raise ValueError(f"share={share!r} is out of range: give the share of the points in a sample, such as 0.5.")
    rng = np.random.default_rng(seed)
    size = int(share * n)
    rows = [np.sort(rng.choice(n, size, replace=False)) for _ in range(resamples)]
    return np.array(rows, np.int64).reshape(resamples, size)


def spread(deviations: NDArray[np.float64], share: float, level: float) -> NDArray[np.float64]:
    """The lower and upper quantile over samples (axis 0), as they are for the whole: times sqrt(m / (n - m))."""
    ends = [(1 - level) / 2, (1 + level) / 2]
    return np.sqrt(share / (1 - share)) * np.quantile(deviations, ends, axis=0)


def component_summaries(matrix: NDArray[Any], labels: NDArray[Any] | None) -> dict[str, float]:
    """What H0 says in detail; NaN where it says nothing (points that coincide, one class)."""

    def tried(function: Callable[..., float], *arguments: Any) -> float:
        try:
            return function(*arguments)
        except ValueError:
            return float("nan")

    found = {"dimension": tried(intrinsic_dimension, matrix)}
    return found if labels is None else found | {"separation": tried(separation, matrix, labels)}


def intervals_of(
    parts: list[tuple[Any, NDArray[Any], Any, PartResult]],
    asked: Drawing,
    labels: NDArray[Any] | None,
    n_jobs: int | None,
    progress: Any,
) -> Iterator[tuple[Any, Intervals | Exception]]:
    """The summaries of samples of many parts, or what went wrong, as they end. Distances are those of the whole."""
    tasks: list[Task] = [(key, _draw, (X, metric, part.options, asked, labels)) for key, X, metric, part in parts]
    for key, drawn, error in run(tasks, n_jobs, progress, "samples"):
        yield key, Intervals(asked, drawn) if error is None else error


def _draw(
    X: NDArray[Any],
    metric: Any,
    options: Options,
    asked: Drawing,
    labels: NDArray[Any] | None,
    n_threads: int | None,
) -> dict[str, NDArray[np.float64]]:
    matrix, kept, _ = distances_of(X, metric, n_threads)
    rows = []
    for sample in subsamples(len(matrix), asked.resamples, asked.seed, asked.share):
        among = matrix[sample][:, sample]
        row = {
            f"{name}_{dim}": value
            for dim, diagram in enumerate(scaled_diagrams(among, options, n_threads))
            for name, value in summarize(diagram, asked.noise).items()
        }
        if asked.components:
            row |= component_summaries(among, None if labels is None else labels[kept[sample]])
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}
