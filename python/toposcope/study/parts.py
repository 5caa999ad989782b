"""One part of a study: the diagrams of one layer under one metric."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics import measured
from ..persistence import RipsResult, rips

__all__ = ["Options", "PartResult", "compute", "scale_of", "scaled_diagrams"]


@dataclass(frozen=True)
class Options:
    """How every part of a study is computed."""

    maxdim: int = 1
    scale: str | float | None = "q90"
    thresh: float = np.inf
    coeff: int = 2


class PartResult(RipsResult):
    """The diagrams of one layer and metric: a `RipsResult` that can be saved, sent to other processes and loaded.

    ``dgms`` are as computed; `scaled` divides them by ``meta["scale"]``, so that layers can be compared.
    Representatives (`cycle`, `cocycles`) are computed when asked for, from the points that the study keeps.
    """

    def __init__(
        self,
        dgms: list[NDArray[np.float64]],
        edges: list[NDArray[np.int64]],
        censored: list[NDArray[np.bool_]],
        idx_perm: NDArray[np.int64],
        meta: dict[str, Any],
    ):
        self.dgms, self.edges, self.censored, self.idx_perm, self.meta = dgms, edges, censored, idx_perm, meta
        self.num_edges, self.r_cover = meta["num_edges"], 0.0
        self._recompute: Callable[[bool], RipsResult] | None = None
        self._computed: dict[bool, RipsResult] = {}

    def __reduce__(self) -> Any:
        return PartResult, (self.dgms, self.edges, self.censored, self.idx_perm, self.meta)

    @property
    def scale(self) -> float:
        """What `scaled` divides by, in the units of the distances."""
        return self.meta["scale"]

    @property
    def options(self) -> Options:
        """How this part was computed."""
        return Options(*(self.meta[name] for name in ("maxdim", "scale_rule", "thresh", "coeff")))

    def scaled(self, dim: int) -> NDArray[np.float64]:
        """The diagram of one dimension in units of the scale: (m, 2)."""
        return self._diagram(dim) / self.scale

    def cycle(self, dim: int = 1, bar: int = 0, progress: Any = None) -> NDArray[np.int64]:
        return self.idx_perm[self._again(False).cycle(dim, bar, progress)]

    @property
    def cocycles(self) -> list[list[NDArray[np.int64]]]:
        def rows(cocycle: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.column_stack([self.idx_perm[cocycle[:, :-1]], cocycle[:, -1]])

        return [[rows(c) for c in of_dimension] for of_dimension in self._again(True).cocycles]

    def _again(self, cocycles: bool) -> RipsResult:
        if cocycles not in self._computed:
            if self._recompute is None:
                raise ValueError(
                    "Representatives need the points, and this result was stored without them: keep them with "
                    "study.save(path, points=True), or call ts.rips."
                )
            self._computed[cocycles] = self._recompute(cocycles)
        return self._computed[cocycles]


def distances_of(points: NDArray[Any], metric: Any, n_threads: int | None = None) -> tuple[Any, Any, dict[str, Any]]:
    """The distances, the rows of the points that they are between, and what was done."""
    matrix, facts = measured(points, metric, n_threads=n_threads)
    rows = np.arange(len(points))
    if "dropped" in facts:
        rows = np.delete(rows, facts["dropped"])
    return matrix, rows, facts


def compute(points: NDArray[Any], metric: Any, options: Options, n_threads: int | None = None) -> PartResult:
    """The diagrams of one cloud, and the scale that they are divided by for comparisons."""
    begun = time.perf_counter()
    matrix, rows, facts = distances_of(points, metric, n_threads)
    measured_at = time.perf_counter()
    r = rips(matrix, options.maxdim, options.thresh, options.coeff, "precomputed", n_threads=n_threads)
    meta = {**r.meta, **facts, "scale_rule": options.scale, "scale": scale_of(matrix, options.scale)}
    meta["seconds"] = {**r.meta["seconds"], "distances": measured_at - begun, "total": time.perf_counter() - begun}
    edges = [np.where(e < 0, -1, rows[e]) for e in r.edges] if len(rows) else r.edges
    return PartResult(r.dgms, edges, r.censored, rows, meta)


def scaled_diagrams(
    matrix: NDArray[np.float32], options: Options, n_threads: int | None = None
) -> list[NDArray[np.float64]]:
    """The diagrams of one set of distances, each divided by the scale of just these distances."""
    r = rips(matrix, options.maxdim, options.thresh, options.coeff, "precomputed", n_threads=n_threads)
    scale = scale_of(matrix, options.scale)
    return [diagram / scale for diagram in r.dgms]


def scale_of(matrix: NDArray[np.float32], rule: str | float | None) -> float:
    """What diagrams are divided by: a quantile of the distances between different points, or a number.

    >>> import numpy as np
    >>> D = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]], np.float32)
    >>> scale_of(D, "median"), scale_of(D, "q50"), scale_of(D, None)
    (2.0, 2.0, 1.0)
    """
    if rule is None:
        return 1.0
    if isinstance(rule, str):
        share = quantile_of(rule)
        if len(matrix) < 2:
            return 1.0  # no pair of points: nothing has a length
        between = np.concatenate([row[at + 1 :] for at, row in enumerate(matrix)])
        between = between[np.isfinite(between)]
        if not len(between):
            return 1.0
        scale = float(np.quantile(between, share, overwrite_input=True))
        if scale == 0:
            raise ValueError(
                f"The scale {rule!r} of the distances is 0, since so many points coincide: give another scale, "
                "for instance 'q99', or None for diagrams as they are."
            )
        return scale
    scale = float(rule)
    if not 0 < scale < np.inf:
        raise ValueError(f"scale={rule!r} cannot be divided by: give a positive number, 'q90', 'median' or None.")
    return scale


def quantile_of(rule: str) -> float:
    """The quantile that a rule such as "q90" names, from 0 to 1."""
    if rule == "median":
        return 0.5
    if rule[:1] == "q" and rule[1:].replace(".", "", 1).isdigit() and 0 < float(rule[1:]) <= 100:
        return float(rule[1:]) / 100
    raise ValueError(f"scale={rule!r} is unknown: give 'q90' (any quantile in percent), 'median', a number or None.")
