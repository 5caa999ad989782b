"""Betti curves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .bars import read_bars
from .draw import _axes, _clean, _levels, _nothing
from .geometry import betti_curve, frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_betti(source: Any, *, dims: Iterable[int] | None = None, ax: Axes | None = None) -> Axes:
    """Draw the Betti curves: how many bars of each dimension are alive at each value of the filtration.

    Parameters
    ----------
    source : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays
        Diagrams H0, H1, ...; births and deaths in units of the distances.
    dims : iterable of int, optional
        The homology dimensions to draw; all by default.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes drawn on. Where more than 50 bars are alive at once, the scale of the counts is logarithmic above 10,
        as its label says.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_betti
    >>> ax = plot_betti([np.array([[0.0, 1.0], [0.0, 3.0]])])
    >>> ax.get_lines()[0].get_ydata()
    array([2, 1, 0, 0])
    """
    from matplotlib.ticker import MaxNLocator, NullLocator

    barcode = read_bars(source, dims)
    extent = frame(barcode)
    ax = _axes(ax, (6.0, 3.2))
    _levels(ax, replace(extent, infinity=None))
    most = 0
    for bars in barcode:
        grid, alive = betti_curve(bars, extent)
        most = max(most, int(alive.max(initial=0)))
        if extent.threshold is None:  # all is known beyond the last death, and nothing beyond a threshold
            grid, alive = np.append(grid, extent.top), np.append(alive, alive[-1])
        ax.step(grid, alive, where="post", color=palette.color(bars.dimension), label=palette.name(bars.dimension))
    if most > 50:
        ax.set_yscale("symlog", linthresh=10)
        ax.set_yticks(_counts(most), minor=False)
        ax.yaxis.set_major_formatter("{x:.0f}")
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    counted = "bars alive" if most <= 50 else "bars alive (log above 10)"
    ax.set(xlabel="distance", ylabel=counted, xlim=(extent.low, extent.top), ylim=(0, 1.05 * max(most, 1)))
    _clean(ax)
    if not most:
        _nothing(ax)
    if len(barcode):
        ax.legend(frameon=False, labelcolor="linecolor", handlelength=1.2)
    return ax


def _counts(most: int) -> list[int]:
    """Ticks of a scale that is logarithmic above 10: the finest of which there are not too many."""
    for steps in ((1, 2, 5), (1, 3), (1,)):
        ticks = [0, 5, *(step * 10**k for k in range(1, 10) for step in steps)]
        ticks = [tick for tick in ticks if tick <= most]
        if len(ticks) <= 9:
            break
    return ticks
