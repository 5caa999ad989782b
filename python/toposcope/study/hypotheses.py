"""Tests by permutation: what they give, and the one on which the others stand: groups of diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..diagrams import as_diagram
from .diagram_distances import diagram_distance

__all__ = ["Test", "permutation_test"]


@dataclass(frozen=True)
class Test:
    """The outcome of a test. `toposcope.plot_null` draws it.

    Attributes
    ----------
    statistic : float
        What was observed.
    p_value : float
        The probability, under the null hypothesis, of anything at least as extreme.
    null : (m,) ndarray
        The statistic under the null hypothesis.
    what : str
        The statistic in words.
    side : {"both", "less", "greater"}
        Which values count as extreme: far from 0, small ones, or great ones.
    """

    __test__ = False  # not one of pytest's

    statistic: float
    p_value: float
    null: NDArray[np.float64]
    what: str
    side: str = "both"

    def __repr__(self) -> str:
        return f"Test({self.what}: {self.statistic:.4g}, p = {self.p_value:.3g}, null of {len(self.null)})"


def permuted(observed: float, null: NDArray[np.float64], what: str, side: str) -> Test:
    """The test of an observation against permutations: the share of the null as extreme, the observation counted in."""
    slack = 1e-9 * max(1e-300, float(np.abs(null).max(initial=abs(observed))))  # rounding makes no difference of ties
    extreme = {
        "both": np.abs(null) >= abs(observed) - slack,
        "less": null <= observed + slack,
        "greater": null >= observed - slack,
    }[side]
    p_value = (1 + np.count_nonzero(extreme)) / (1 + len(null))
    return Test(float(observed), float(p_value), null, what, side)


def permutation_test(
    groups: Sequence[Sequence[NDArray[np.float64]]],
    *,
    paired: bool = False,
    distance: str = "wasserstein",
    order: float = 1.0,
    power: float = 1.0,
    permutations: int = 999,
    seed: int = 0,
    what: str = "joint loss of the groups",
) -> Test:
    """Do groups of persistence diagrams come from one distribution? By permutation of their members.

    The statistic is the joint loss of Robinson and Turner: the sum over groups of half the mean distance between two
    members of the group. It is small where groups are tight, so that small values are evidence for a difference. The
    level is exact where members can be exchanged under the null hypothesis: independent draws, of which one group does
    not differ from another.

    Parameters
    ----------
    groups : sequence of sequence of (m, 2) ndarray
        At least two groups of at least two diagrams each, of one homology dimension.
    paired : bool
        There are two groups, and the members in one place belong together (two layers on the same samples, say): only
        these are exchanged.
    distance, order
        As in `diagram_distance`.
    power : float
        Of every distance, in the loss.
    permutations, seed : int

    Returns
    -------
    Test
        One-sided; ``null`` are the losses of permuted groups.

    Raises
    ------
    ValueError
        For fewer than two groups or members, and where two diagrams are infinitely far apart, having unequal numbers
        of bars that never die: leave those bars out.

    References
    ----------
    A. Robinson and K. Turner, Hypothesis testing for topological data analysis, Journal of Applied and Computational
    Topology 1, 2017.

    Examples
    --------
    Diagrams of small circles, and of greater ones:

    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import permutation_test
    >>> rng = np.random.default_rng(0)
    >>> def loops(radius):
    ...     angle = rng.uniform(0, 2 * np.pi, 40)
    ...     return ts.rips(radius * np.c_[np.cos(angle), np.sin(angle)]).dgms[1]
    >>> permutation_test([[loops(1.0) for _ in range(8)], [loops(1.5) for _ in range(8)]]).p_value
    0.001
    """
    if not all(isinstance(some, Sequence) for some in [groups, *(groups if isinstance(groups, Sequence) else [])]):
        raise TypeError("groups must be a list of groups, each of them a list of diagrams.")
    sizes = [len(group) for group in groups]
    if len(groups) < 2 or min(sizes) < 2:
        raise ValueError(f"There are groups of {sizes} diagrams: give at least two groups, each of at least two.")
    if paired and (len(groups) != 2 or sizes[0] != sizes[1]):
        raise ValueError(f"There are groups of {sizes} diagrams: pairs are of two groups of the same size.")
    every = [
        as_diagram(diagram, f"Diagram {at} of group {which}")
        for which, group in enumerate(groups)
        for at, diagram in enumerate(group)
    ]
    apart = np.zeros((len(every), len(every)))
    for i, one in enumerate(every):
        for j in range(i):
            apart[i, j] = apart[j, i] = diagram_distance(one, every[j], distance, order) ** power
    if not np.isfinite(apart).all():
        i, j = (int(at) for at in np.argwhere(~np.isfinite(apart))[0])
        raise ValueError(
            f"Diagrams {i} and {j} have unequal numbers of bars that never die, so that they are infinitely far apart: "
            "leave those bars out."
        )
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(groups)), sizes)
    weight = np.array([0.5 / (size * (size - 1)) for size in sizes])

    def losses(of: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of so many ways to make the groups: (m, members) -> (m,)."""
        total = np.zeros(len(of))
        for g in range(len(groups)):
            member = (of == g).astype(float)
            total += weight[g] * ((member @ apart) * member).sum(1)
        return total

    if paired:
        swapped = rng.integers(0, 2, (permutations, sizes[0]))
        shuffled = np.concatenate([swapped, 1 - swapped], axis=1)
    else:
        shuffled = rng.permuted(np.tile(group, (permutations, 1)), axis=1)
    return permuted(losses(group[None])[0], losses(shuffled), what, "less")
