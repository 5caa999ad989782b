"""What the functions on studies, diagrams and labels are given: looked at once, and refused in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..points import as_points

__all__ = ["as_diagram", "as_labels", "as_study", "as_vector"]


def as_diagram(bars: Any, name: str = "diagram") -> NDArray[np.float64]:
    """A persistence diagram: births and deaths, (m, 2).

    >>> as_diagram([[0, 1]])
    array([[0., 1.]])
    """
    array = as_points(bars, name)
    if not array.size:
        return np.empty((0, 2))
    if array.shape[1] != 2:
        raise ValueError(f"{name} has the shape {array.shape}: give one row for each bar, its birth and its death.")
    diagram = array.astype(np.float64, copy=False)
    if np.isnan(diagram).any():
        raise ValueError(
            f"{name} has nan in row {np.argwhere(np.isnan(diagram))[0, 0]}: a bar has a birth and a death."
        )
    return diagram


def as_labels(labels: Any, n: int, of: str = "points") -> NDArray[Any]:
    """One label for each of n points.

    >>> as_labels(["a", "b"], 2)
    array(['a', 'b'], dtype='<U1')
    """
    values = as_vector("labels", labels)
    if len(values) != n:
        raise ValueError(f"There are {len(values)} labels for {n} {of}: give one for each.")
    return values


def as_vector(name: str, values: Any) -> NDArray[Any]:
    """One number or text for each sample (never objects: they could not be stored safely)."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    array = np.asarray(values)
    if array.dtype == object and all(isinstance(value, str) for value in array.ravel()):
        array = array.astype(str)
    if array.ndim != 1 or array.dtype.kind not in "biufU":
        raise TypeError(f"{name} must be one number or text a sample, not {array.dtype} of shape {array.shape}.")
    return array


def as_study(study: Any) -> Any:
    """A `Study`, and nothing else."""
    from .collection import Study

    if not isinstance(study, Study):
        raise TypeError(f"study is a {type(study).__name__}: give what ts.triangulate returns.")
    return study
