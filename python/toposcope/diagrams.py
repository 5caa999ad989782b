"""Persistence diagrams that somebody hands in: one reader for pictures, comparisons and studies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .points import as_array, as_numbers

__all__ = ["as_diagram"]


def as_diagram(bars: Any, name: str = "diagram") -> NDArray[np.float64]:
    """A persistence diagram as an (m, 2) array of births and deaths.

    Parameters
    ----------
    bars : (m, 2) array_like
        One birth and death a row, in the unit of the distances; a death of infinity stands for "never". An empty one
        may have any shape.
    name : str
        What to call it in messages.

    Returns
    -------
    (m, 2) ndarray of float64

    Raises
    ------
    TypeError
        For what is no array of numbers.
    ValueError
        For another shape, a birth that is not finite, and a death that is NaN or before its birth.

    Examples
    --------
    >>> as_diagram([[0, 1]])
    array([[0., 1.]])
    """
    if hasattr(bars, "dgms"):
        raise TypeError(
            f"{name} is a {type(bars).__name__}, which has a diagram for each dimension: give .dgms[1] of it."
        )
    array = as_array(bars, name)
    if array.ndim == 0:
        raise TypeError(f"{name} is a {type(bars).__name__}: give an array (m, 2) of births and deaths.")
    if not array.size:
        return np.empty((0, 2))
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} has the shape {array.shape}: give one (birth, death) a row, shape (m, 2).")
    diagram = as_numbers(array, name).astype(np.float64, copy=False)
    births, deaths = diagram.T
    wrong = np.flatnonzero(~np.isfinite(births) | ~(births <= deaths))
    if wrong.size:
        birth, death = diagram[wrong[0]]
        raise ValueError(
            f"bar {wrong[0]} of {name} is ({birth:g}, {death:g}): "
            "births must be finite, and no death may be NaN or before its birth."
        )
    return diagram
