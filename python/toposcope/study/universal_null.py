"""Which bars are more than noise: the universal null distribution of Bobrowski and Skraba (2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..diagrams import as_diagram
from .arguments import as_vector

__all__ = ["adjust", "significance"]


def significance(diagram: NDArray[np.float64], thresh: float = np.inf) -> NDArray[np.float64]:
    """The p-value of every bar of H1 or above, under the null hypothesis that it is noise.

    For points drawn independently from a density, whatever it is, log log (death / birth) of the bars of a
    Vietoris-Rips filtration, centred, follows the left-skewed Gumbel distribution: a conjecture that extensive
    experiments support (O. Bobrowski and P. Skraba, A universal null-distribution for topological data analysis,
    Scientific Reports 13, 2023). The centre is taken from the diagram itself, so most of its bars must be noise.

    Parameters
    ----------
    diagram : (m, 2) ndarray
        All bars of one dimension, H1 or above, unscaled or scaled (ratios do not change).
    thresh : float
        The threshold of the filtration. A bar without a death lives at least until there, which bounds its p-value from
        above.

    Returns
    -------
    (m,) ndarray
        p-values, not corrected for their number: see `adjust`. Where there is one bar only, it is 0.4296 whatever its
        length, since nothing is known of the noise.

    Raises
    ------
    ValueError
        For bars born at 0 (H0, or duplicate points under a dissimilarity that is no metric), whose ratio is infinite,
        and for bars without a death where no threshold is given.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> rng = np.random.default_rng(0)
    >>> angle = rng.uniform(0, 2 * np.pi, 200)
    >>> ring = np.c_[np.cos(angle), np.sin(angle)] + 0.1 * rng.normal(size=(200, 2))
    >>> p = adjust(significance(ts.rips(ring).dgms[1]))
    >>> int((p < 0.05).sum())
    1
    """
    diagram = as_diagram(diagram)
    if not len(diagram):
        return np.empty(0)
    births, deaths = diagram[:, 0], np.minimum(diagram[:, 1], thresh)
    if (births <= 0).any():
        raise ValueError(
            f"{(births <= 0).sum()} bars are born at 0: the universal null is for H1 and above of points without "
            "duplicates."
        )
    if np.isinf(deaths).any():
        raise ValueError(f"{np.isinf(deaths).sum()} bars have no death: give the threshold of the filtration, thresh=.")
    shape = np.log(np.log(np.maximum(deaths / births, 1 + 1e-12)))
    return np.exp(-np.exp(shape - shape.mean() - np.euler_gamma))


def adjust(p_values: NDArray[np.float64], method: str = "holm") -> NDArray[np.float64]:
    """p-values corrected for their number.

    Parameters
    ----------
    p_values : (m,) array_like
    method : {"holm", "benjamini-hochberg"}
        Holm (1979) bounds the probability of any false discovery, Benjamini and Hochberg (1995) their expected share.

    Returns
    -------
    (m,) ndarray
        In the order of the input.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    >>> adjust([0.01, 0.04, 0.03], "benjamini-hochberg")
    array([0.03, 0.04, 0.04])
    """
    p = as_vector("p_values", p_values)
    if p.dtype.kind == "U" or not ((p >= 0) & (p <= 1)).all():
        wrong = 0 if p.dtype.kind == "U" else np.flatnonzero(~((p >= 0) & (p <= 1)))[0]
        raise ValueError(f"p_values has {p[wrong]!s} at {wrong}: each is a number from 0 to 1.")
    order, count = np.argsort(p, kind="stable"), len(p)
    adjusted = np.empty(count)
    if method == "holm":
        adjusted[order] = np.maximum.accumulate(p[order] * (count - np.arange(count)))
    elif method == "benjamini-hochberg":
        steps = p[order] * count / (np.arange(count) + 1)
        adjusted[order] = np.minimum.accumulate(steps[::-1])[::-1]
    else:
        raise ValueError(f"method={method!r} is unknown: it must be 'holm' or 'benjamini-hochberg'.")
    return np.minimum(adjusted, 1.0)
