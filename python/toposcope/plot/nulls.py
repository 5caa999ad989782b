"""What was observed, beside what there is without an effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .draw import _axes, _clean, _ink

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_null(test: Any, *, bins: int = 40, ax: Axes | None = None) -> Axes:
    """Draw the null distribution of a test, what was observed, and what counts as at least as extreme.

    Parameters
    ----------
    test : toposcope.study.Test
        Or any object with ``statistic``, ``p_value``, ``null``, ``what`` and ``side``.
    bins : int
        Of the histogram.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.

    Returns
    -------
    matplotlib Axes
        The axes drawn on.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_null
    >>> from toposcope.study import class_structure
    >>> labels = np.repeat([0, 1], 20)
    >>> X = np.random.default_rng(0).normal(size=(40, 2)) + 2 * labels[:, None]
    >>> ax = plot_null(class_structure(np.linalg.norm(X[:, None] - X, axis=2), labels))
    >>> ax.get_xlabel()
    'separation of classes in H0'
    """
    lacking = [name for name in ("statistic", "p_value", "null", "what", "side") if not hasattr(test, name)]
    if lacking:
        raise TypeError(
            f"a {type(test).__name__} has no {lacking[0]}: pass what a test gives, such as ts.study.class_structure"
        )
    if not isinstance(bins, (int, np.integer)) or bins < 1:
        raise ValueError(f"bins={bins!r} is out of range: give an integer from 1")
    null = np.asarray(test.null, float)
    null = null[np.isfinite(null)]
    ax = _axes(ax, (5.2, 3.0))
    ink = _ink(ax)
    ends = [*null, test.statistic]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    width = (high - low) or max(abs(high), 1.0)
    edges = np.linspace(low - 0.01 * width, high + 0.01 * width, bins + 1)
    heights = np.histogram(null, edges)[0]
    for height, left, right in zip(heights, edges, edges[1:], strict=False):
        counts = _extreme((left + right) / 2, test.statistic, test.side)
        color, alpha = (palette.COLORS[1], 0.8) if counts else (palette.GRAY, 0.55)
        ax.bar(left, height, right - left, align="edge", linewidth=0, color=color, alpha=alpha)
    ax.axvline(test.statistic, color=ink, linewidth=1.6)
    if test.side == "both":
        ax.axvline(-test.statistic, color=ink, linewidth=0.8, linestyle=(0, (4, 3)))
    left_half = test.statistic < low + 0.6 * width
    ax.annotate(
        f"observed {test.statistic:.4g}\np = {test.p_value:.3g}",
        (test.statistic, 1),
        xycoords=("data", "axes fraction"),
        xytext=(5 if left_half else -5, -2),
        textcoords="offset points",
        ha="left" if left_half else "right",
        va="top",
        color=ink,
    )
    ax.set(xlabel=test.what, ylabel=f"of {len(null)} without an effect", ylim=(0, 1.3 * max(1.0, float(heights.max()))))
    _clean(ax)
    return ax


def _extreme(value: float, observed: float, side: str) -> bool:
    if side == "less":
        return value <= observed
    if side == "greater":
        return value >= observed
    return abs(value) >= abs(observed)
