"""What the functions on studies and labels are given: looked at once, and refused in one sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["as_labels", "as_study", "as_vector"]


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
