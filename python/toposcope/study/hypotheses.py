"""Tests: do two layers, metrics or models differ, and do classes show? Seeded, and with the null distribution kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..persistence import rips
from .components import cophenetic
from .summaries import SUMMARIES, summarize
from .tables import table_of
from .universal_null import adjust

if TYPE_CHECKING:
    from .collection import Study

__all__ = ["Test", "class_structure", "compare_layers", "paired_difference"]


@dataclass(frozen=True)
class Test:
    """The outcome of a test.

    Attributes
    ----------
    statistic : float
        What was observed.
    p_value : float
        The share of the null that is at least as extreme, the observation counted in.
    null : (permutations,) ndarray
        The statistic under the null hypothesis.
    what : str
        The test in words.
    """

    __test__ = False  # not one of pytest's

    statistic: float
    p_value: float
    null: NDArray[np.float64]
    what: str

    def __repr__(self) -> str:
        return f"Test({self.what}: {self.statistic:.4g}, p = {self.p_value:.3g} of {len(self.null)} permutations)"


def paired_difference(
    study: Study,
    a: tuple[str, ...],
    b: tuple[str, ...],
    statistic: str = "total",
    dim: int = 1,
    *,
    blocks: int = 16,
    permutations: int = 4999,
    seed: int = 0,
) -> Test:
    """Do two parts of a study differ in a summary of their scaled diagrams? Two-sided, paired by samples.

    The samples are cut into disjoint blocks at random, the same in both parts; each block gives one summary in either
    part. Blocks are independent draws, so that under the null hypothesis (the two parts give summaries of the same
    distribution) the sign of every difference is a fair coin: the permutation test swaps signs. Disjoint blocks share
    no points, unlike bootstrap samples, and have no duplicates.

    Parameters
    ----------
    study : Study
        With its points.
    a, b : tuple of str
        Keys of the study: (layer, metric), or (model, layer, metric).
    statistic : {"bars", "longest", "total", "entropy"}
        As in `summarize`. Of blocks of n / blocks points each: what needs more points to show is not seen.
    dim : int
        The homology dimension.
    blocks : int
        At least 6, since 5 signs cannot give p < 0.05 on two sides.
    permutations, seed : int

    Returns
    -------
    Test
        ``statistic`` is the mean difference, a less b.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import paired_difference
    >>> rng = np.random.default_rng(0)
    >>> study = ts.triangulate({"flat": rng.normal(size=(120, 2)), "deep": rng.normal(size=(120, 9))}, ["euclidean"])
    >>> paired_difference(study, ("flat", "euclidean"), ("deep", "euclidean"), "total", dim=0, blocks=12).p_value < 0.01
    True
    """
    if statistic not in SUMMARIES:
        raise ValueError(f"statistic={statistic!r} is unknown: it must be one of {', '.join(SUMMARIES)}.")
    rows = np.intersect1d(study[a].idx_perm, study[b].idx_perm)
    if blocks < 6 or len(rows) < 2 * blocks:
        raise ValueError(f"blocks={blocks} is out of range: give from 6 to half the number of samples ({len(rows)}).")
    rng = np.random.default_rng(seed)
    cut = np.array_split(rng.permutation(rows), blocks)
    differences = _of_blocks(study, a, cut, statistic, dim) - _of_blocks(study, b, cut, statistic, dim)
    signs = rng.choice([-1.0, 1.0], (permutations, blocks))
    observed, null = float(differences.mean()), signs @ differences / blocks
    p = (1 + np.count_nonzero(np.abs(null) >= abs(observed) * (1 - 1e-12))) / (1 + permutations)
    return Test(observed, float(p), null, f"{statistic} of H{dim}, {', '.join(a)} less {', '.join(b)}")


def _of_blocks(study: Study, key: tuple[str, ...], cut: list[Any], statistic: str, dim: int) -> NDArray[np.float64]:
    part, matrix = study[key], study.distances(*key)
    values = []
    for block in cut:
        at = np.searchsorted(part.idx_perm, block)
        r = rips(matrix[np.ix_(at, at)], dim, part.meta["thresh"], part.meta["coeff"], "precomputed")
        values.append(summarize(r.dgms[dim] / part.scale)[statistic])
    return np.array(values)


def compare_layers(
    study: Study, statistic: str = "total", dim: int = 1, *, method: str = "holm", **options: Any
) -> Any:
    """`paired_difference` of every layer and the next one, under every metric, corrected for the number of tests.

    Parameters
    ----------
    study : Study
        Of one model: ``study.select(models=name)``.
    method : {"holm", "benjamini-hochberg"}
        As in `adjust`.
    **options
        blocks, permutations, seed.

    Returns
    -------
    pandas.DataFrame, or a list of dict without pandas
        layer, next, metric, difference, p, p_adjusted.
    """
    rows: list[dict[str, Any]] = []
    for metric in study.metrics:
        for layer, following in zip(study.layers, study.layers[1:], strict=False):
            a, b = (following, metric), (layer, metric)
            if a not in study or b not in study:
                continue
            test = paired_difference(study, a, b, statistic, dim, **options)
            rows.append(
                {"layer": layer, "next": following, "metric": metric, "difference": test.statistic, "p": test.p_value}
            )
    for row, p in zip(rows, adjust(np.array([row["p"] for row in rows]), method), strict=True):
        row["p_adjusted"] = float(p)
    return table_of(rows)


def class_structure(distances: NDArray[Any], labels: Any, *, permutations: int = 999, seed: int = 0) -> Test:
    """Do the components of H0 follow the classes? One-sided, against permuted labels.

    The statistic is the mean scale at which two samples of different classes join one component, less that of two
    samples of the same class, over that of all pairs: 0 where labels mean nothing.

    Parameters
    ----------
    distances : (n, n) array_like
        For instance ``study.distances(layer, metric)``.
    labels : (n,) array_like
        In the same order, at least two classes.
    permutations, seed : int

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import class_structure
    >>> labels = np.repeat([0, 1], 30)
    >>> X = np.random.default_rng(0).normal(size=(60, 2)) + 9 * labels[:, None]
    >>> class_structure(ts.distances(X), labels)
    Test(separation of classes in H0: 1.675, p = 0.001 of 999 permutations)
    """
    heights = cophenetic(distances)
    values = np.unique(np.asarray(labels), return_inverse=True)[1].ravel()
    if len(values) != len(heights):
        raise ValueError(f"There are {len(values)} labels for {len(heights)} points: give one for each.")
    sizes = np.bincount(values)
    same_pairs = float((sizes * (sizes - 1.0)).sum())
    all_pairs = len(values) * (len(values) - 1.0)
    if len(sizes) < 2 or same_pairs == 0:
        raise ValueError("labels must name at least two classes, one of them with two samples.")
    total = heights.sum()

    def separation(of: NDArray[np.int64]) -> float:
        member = np.eye(len(sizes))[of]
        same = float(np.einsum("ic,ic->", heights @ member, member))
        return ((total - same) / (all_pairs - same_pairs) - same / same_pairs) / (total / all_pairs)

    rng = np.random.default_rng(seed)
    observed = separation(values)
    null = np.array([separation(rng.permutation(values)) for _ in range(permutations)])
    p = (1 + np.count_nonzero(null >= observed - 1e-12)) / (1 + permutations)
    return Test(observed, float(p), null, "separation of classes in H0")
