"""The door to the core: the only module that imports the C extension.

Below it, reasons are numbers (the statuses of ``include/toposcope.h``); above it they are sentences. The two meet in
`_SENTENCES`, and nowhere else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import _core
from ._core import Hook, Pass, points, read_tensors  # as they are: they work in the midst of forward passes

__all__ = [
    "Cancelled",
    "Hook",
    "Pass",
    "calling",
    "get_include",
    "get_library",
    "library_version",
    "points",
    "read_tensors",
    "too_small",
    "without_direction",
]


class Cancelled(RuntimeError):
    """The progress function of a long call asked to stop."""


def _memory(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if size >= 100 else f"{size:.3g} {unit}"


def without_direction(name: str, count: int, first: int, metric: str) -> str:
    """The sentence on rows that have no direction, and so no angle to others.

    Parameters
    ----------
    name : str
        What the points are called.
    count, first : int
        How many such rows there are, and the first of them.
    metric : str
        "cosine", "angular" or "correlation".
    """
    rows = "constant row" if metric == "correlation" else "zero vector"
    way_out = {
        "cosine": "drop them with metric=ts.Cosine(zeros='drop')",
        "angular": "leave them out (X[X.any(axis=1)])",
        "correlation": "leave them out (X[np.ptp(X, axis=1) > 0])",
    }[metric]
    return (
        f"{name} has {count} {rows}{'s' if count != 1 else ''} (the first is row {first}), for which {metric} distance "
        f"is not defined: {way_out}, or use another metric."
    )


def too_small(name: str, greatest: float) -> str:
    """The sentence on distances that would all be zero in single precision.

    Parameters
    ----------
    name : str
        What the points or distances are called.
    greatest : float
        No distance is greater.
    """
    return (
        f"All distances of {name} are too small for single precision (at most {greatest:.1e}, and it ends at 1.2e-38): "
        f"scale {name} up."
    )


def _singular(rank: int, columns: int, covariance: str) -> str:
    """The sentence on a covariance that cannot be inverted."""
    where = f"(rank {rank} in {columns} coordinates), so the Mahalanobis distance is not defined"
    if covariance == "given":
        return (
            f"The covariance that was given is singular or not positive definite {where}: give another, or let it be "
            "estimated."
        )
    if covariance == "not shrunk":
        return (
            f"The covariance is singular {where}: use covariance='ledoit-wolf' (the default), 'oas', or a shrinkage "
            "between 0 and 1."
        )
    way_out = "give points that differ" if rank == 0 else "give more points, or a fixed shrinkage (ts.Mahalanobis(0.1))"
    return f"The covariance is singular, shrunk as it is {where}: {way_out}."


# status -> (exception type, sentence). The sentence sees row, column, value, and the words of the call in `of`.
_SENTENCES: dict[int, tuple[type[Exception], Callable[[int, int, float, dict[str, Any]], str]]] = {
    2: (ValueError, lambda i, j, v, of: f"{of['X']} has an impossible size ({v:g})."),
    4: (
        ValueError,
        lambda i, j, v, of: (
            f"{of['X']} has {v} at row {i}, column {j}: remove or replace what is not finite"
            + (
                "; in a matrix of distances +inf is allowed and means that two points are never joined."
                if of.get("precomputed")
                else " (the rows that are fine: X[np.isfinite(X).all(axis=1)])."
            )
        ),
    ),
    5: (
        ValueError,
        lambda i, j, v, of: (
            f"{of['X']} has the negative distance {v:g} at row {i}, column {j}: distances must be >= 0."
        ),
    ),
    6: (
        ValueError,
        lambda i, j, v, of: (
            f"{of['X']} is not symmetric: "
            + (
                f"the entries for points {i} and {j} are {' and '.join(f'{x:g}' for x in of['entries'](i, j))}; "
                "give one of them, or the same twice."
                if "entries" in of
                else f"the distance at row {i}, column {j} is {v:g}, and differs from the one at row {j}, column {i}; "
                "make it symmetric, for instance by (D + D.T) / 2."
            )
        ),
    ),
    7: (
        ValueError,
        lambda i, j, v, of: (
            f"{of['X']} has {v:g} on its diagonal at row {i}: the distance of a point from itself must be 0 "
            "(np.fill_diagonal(D, 0))."
        ),
    ),
    8: (ValueError, lambda i, j, v, of: f"The metric code {v:g} is unknown."),
    9: (
        ValueError,
        lambda i, j, v, of: without_direction(of["X"], int(v), i, of.get("metric", "cosine")),
    ),
    10: (
        ValueError,
        lambda i, j, v, of: (
            f"k={v:.0f} neighbours were asked of {i} {'reference ' if 'reference' in of else ''}points: k must be at "
            "least 1 and less than their number."
        ),
    ),
    11: (
        ValueError,
        lambda i, j, v, of: (
            f"{v:.0f} point{'s have' if v != 1 else ' has'} more duplicates than k={of.get('k', '?')} "
            f"(the first is row "
            f"{i}), so that the distance to the k-th nearest neighbour is 0 and cannot be divided by: choose a greater "
            "k, remove duplicates, or take duplicates='first-positive'."
        ),
    ),
    12: (
        ValueError,
        lambda i, j, v, of: _singular(i, j, of.get("covariance", "not shrunk")),
    ),
    13: (
        ValueError,
        lambda i, j, v, of: f"maxdim={v:.0f} is out of range: it must be an integer from 0 to {i}.",
    ),
    14: (
        ValueError,
        lambda i, j, v, of: (
            f"coeff={v:.0f} is not a prime from 2 to 65521: homology is computed over the field Z/coeff."
        ),
    ),
    15: (ValueError, lambda i, j, v, of: f"thresh={v} is not a distance: it must be a number >= 0, or inf."),
    16: (
        MemoryError,
        lambda i, j, v, of: (
            f"About {_memory(v)} would be needed"
            + (f", and max_memory allows {_memory(of['max_memory'])}" if of.get("max_memory") else "")
            + ": lower maxdim or thresh, take landmarks with n_perm, or allow more."
        ),
    ),
    17: (Cancelled, lambda i, j, v, of: "The computation was cancelled by its progress function."),
    18: (IndexError, lambda i, j, v, of: f"Index {i} is out of range: there are {j}."),
    19: (ValueError, lambda i, j, v, of: f"The option {v:g} is unknown, or out of its range."),
    21: (
        ValueError,
        lambda i, j, v, of: (
            f"The distance of rows {i} and {j} of {of['X']} is too large for single precision (3.4e38): "
            f"scale {of['X']} down."
        ),
    ),
    24: (ValueError, lambda i, j, v, of: too_small(of["X"], v)),
    22: (
        ValueError,
        lambda i, j, v, of: (
            f"Row {i} of {of['X']} has fewer than k={v:.0f} neighbours at a finite distance: "
            "choose a smaller k, or leave the point out."
        ),
    ),
    23: (
        ValueError,
        lambda i, j, v, of: (
            f"{of['X']} has {v:.0f} points: of more than {i}, H0 (maxdim=0) is computed, and H1 of points with a "
            "thresh, of points of at most 4 coordinates whose loops are all small, and of SciPy sparse matrices; "
            "lower maxdim, set thresh, or take landmarks with n_perm."
        ),
    ),
    20: (
        ValueError,
        lambda i, j, v, of: "This was not computed: ask for it (maxdim=, cocycles=True) when calling rips.",
    ),
}


@contextlib.contextmanager
def calling(**of: Any) -> Iterator[Any]:
    """Give the C extension, and turn its errors into sentences about the call that `of` describes."""
    try:
        yield _core
    except _core.Error as error:
        status, row, column, value = error.args
        exception, sentence = _SENTENCES.get(
            status,
            (
                RuntimeError,
                lambda i, j, v, of: (
                    f"toposcope met a defect of its own ({_core.status_name(status)}, {i}, {j}, {v}): please report it."
                ),
            ),
        )
        raise exception(sentence(row, column, value, {"X": "X", **of})) from None


def library_version() -> str:
    """The version of the native library that runs."""
    return _core.version()


def get_include() -> str:
    """The folder that holds ``toposcope.h``, for C compilers: ``-I$(python -c "...")``.

    >>> import os, toposcope
    >>> os.path.exists(os.path.join(toposcope.get_include(), "toposcope.h"))
    True
    """
    return str(Path(__file__).parent / "include")


def get_library() -> str:
    """The path of the shared library, for ctypes, Julia or a linker.

    >>> import ctypes, toposcope
    >>> library = ctypes.CDLL(toposcope.get_library())
    >>> library.tps_version.restype = ctypes.c_char_p
    >>> library.tps_version().decode() == toposcope.__version__
    True
    """
    return str(Path(__file__).parent / "libtoposcope.so")
