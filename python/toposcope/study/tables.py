"""Tables: pandas frames where pandas is there, and the plainest thing that does the same where it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Matrix", "Table", "matrix_of", "table_of"]


class Table(list[dict[str, Any]]):
    """Rows as dicts; ``table["column"]`` is a column."""

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, str):
            return np.array([row.get(at) for row in self])
        return super().__getitem__(at)

    @property
    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for row in self for name in row))


class Matrix:
    """A square table: ``values``, and the labels of its rows and columns."""

    def __init__(self, values: NDArray[np.float64], labels: Sequence[Any]):
        self.values, self.index, self.columns = values, list(labels), list(labels)

    def __array__(self, dtype: Any = None, copy: Any = None) -> NDArray[Any]:
        return np.array(self.values, dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape


def table_of(rows: list[dict[str, Any]]) -> Any:
    """A pandas DataFrame of rows, or a `Table`."""
    try:
        import pandas as pd
    except ImportError:
        return Table(rows)
    return pd.DataFrame(rows)


def matrix_of(values: NDArray[np.float64], labels: Sequence[tuple[Any, ...]], names: Sequence[str]) -> Any:
    """A pandas DataFrame with tuples as labels, or a `Matrix`."""
    try:
        import pandas as pd
    except ImportError:
        return Matrix(values, labels)
    index = pd.MultiIndex.from_tuples(labels, names=names)
    return pd.DataFrame(values, index=index, columns=index)
