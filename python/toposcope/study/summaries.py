"""Numbers that sum up a persistence diagram."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagrams import as_diagram

__all__ = ["betti_curve", "death_birth_ratios", "persistence_entropy", "summarize"]

SUMMARIES = ("bars", "longest", "total", "entropy", "ratio")


def summarize(diagram: NDArray[np.float64], noise: float = 0.0) -> dict[str, float]:
    """The summaries of one diagram.

    Parameters
    ----------
    diagram : (m, 2) ndarray
        Births and deaths. Bars without a death count in ``bars``; in no other summary, since they have no length.
    noise : float
        Bars that are not longer than this are left out of ``bars``.

    Returns
    -------
    dict
        bars: how many are longer than ``noise``; longest: the greatest persistence; total: the sum of all; entropy: see
        `persistence_entropy`; ratio: the greatest death / birth of bars that are not born at 0 (all of H0 is), which no
        scale changes, and 1 where there is none.

    Examples
    --------
    >>> import numpy as np
    >>> summarize(np.array([[1, 4.0], [2, 3.0], [1, np.inf]]), noise=2)
    {'bars': 2.0, 'longest': 3.0, 'total': 4.0, 'entropy': 0.5623351446188083, 'ratio': 4.0}
    """
    diagram = as_diagram(diagram)
    length = diagram[:, 1] - diagram[:, 0]
    ends = np.isfinite(length)
    finite = length[ends]
    return {
        "bars": float(np.count_nonzero(length > noise)),
        "longest": float(finite.max(initial=0)),
        "total": float(finite.sum()),
        "entropy": persistence_entropy(diagram),
        "ratio": float(death_birth_ratios(diagram[ends & (diagram[:, 0] > 0)]).max(initial=1)),
    }


def persistence_entropy(diagram: NDArray[np.float64], normalized: bool = False) -> float:
    """The Shannon entropy, in nats, of the lengths of the finite bars as shares of their sum (Chintakunta et al. 2015).

    Parameters
    ----------
    diagram : (m, 2) ndarray
    normalized : bool
        Divide by its greatest value, the logarithm of the number of bars.

    Examples
    --------
    >>> import numpy as np
    >>> persistence_entropy(np.array([[0, 1.0], [1, 2.0]])), np.log(2).item()
    (0.6931471805599453, 0.6931471805599453)
    """
    diagram = as_diagram(diagram)
    length = diagram[:, 1] - diagram[:, 0]
    length = length[np.isfinite(length) & (length > 0)]
    if len(length) < 2:
        return 0.0
    share = length / length.sum()
    entropy = float(-np.sum(share * np.log(share)))
    return entropy / float(np.log(len(length))) if normalized else entropy


def betti_curve(diagram: NDArray[np.float64], at: Any) -> NDArray[np.int64]:
    """The number of bars that are alive at each value: birth <= value < death.

    Parameters
    ----------
    diagram : (m, 2) ndarray
    at : (s,) array_like
        Filtration values, in the units of the diagram.

    Returns
    -------
    (s,) ndarray of int64

    Examples
    --------
    >>> import numpy as np
    >>> betti_curve(np.array([[0, 1.0], [0, np.inf]]), [0, 0.5, 1, 9])
    array([2, 2, 1, 1])
    """
    diagram = as_diagram(diagram)
    births, deaths = np.sort(diagram[:, 0]), np.sort(diagram[:, 1])
    return np.searchsorted(births, at, "right") - np.searchsorted(deaths, at, "right")


def death_birth_ratios(diagram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Death divided by birth of every bar: inf for bars that never die, and for those born at 0.

    The ratio does not change with the scale of the distances (Bobrowski and Skraba 2023).

    >>> import numpy as np
    >>> death_birth_ratios(np.array([[1.0, 3], [2, np.inf]]))
    array([ 3., inf])
    """
    births, deaths = as_diagram(diagram).T
    return np.divide(deaths, births, out=np.full(len(diagram), np.inf), where=births > 0)
