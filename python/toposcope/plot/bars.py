"""What every picture starts from: the bars of each homology dimension, whatever they came in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..diagrams import as_diagram

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class Bars:
    """The bars of one homology dimension.

    ``births`` and ``deaths`` have shape (m,), in units of the distances; a bar that never dies has death +inf.
    ``censored`` (m,) marks those of them that were alive at a threshold where they might still have died later.
    The order is that of the diagram, so position ``i`` here is bar ``i`` there.
    """

    dimension: int
    births: Floats
    deaths: Floats
    censored: Flags

    @property
    def finite(self) -> Flags:
        """(m,) True where the bar dies."""
        return np.isfinite(self.deaths)

    @property
    def essential(self) -> Flags:
        """(m,) True where the bar never dies: neither finite nor censored."""
        return ~self.finite & ~self.censored

    @property
    def lengths(self) -> Floats:
        """(m,) deaths - births."""
        return self.deaths - self.births

    def __len__(self) -> int:
        return len(self.births)


@dataclass(frozen=True)
class Barcode:
    """The bars of all dimensions, and the threshold at which the filtration was cut (None when it was not)."""

    dimensions: tuple[Bars, ...]
    threshold: float | None

    def __iter__(self) -> Any:
        return iter(self.dimensions)

    def __len__(self) -> int:
        return len(self.dimensions)


def read_bars(source: Any, dims: Iterable[int] | None = None) -> Barcode:
    """The bars in ``source``, one :class:`Bars` a homology dimension.

    Parameters
    ----------
    source : RipsResult, mapping with the key ``"dgms"``, or sequence of (m, 2) arrays
        Diagrams H0, H1, ... of births and deaths; an empty one may have any shape of size 0.
    dims : int or iterable of int, optional
        The dimensions wanted; all by default.

    Raises
    ------
    TypeError
        For a single array, which does not say its dimension, and for anything without diagrams.
    ValueError
        For an array that is not (m, 2), a NaN, a death before its birth, or a dimension that is not there.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import read_bars
    >>> barcode = read_bars([np.array([[0.0, 1.0], [0.0, np.inf]]), np.empty((0, 2))])
    >>> [(bars.dimension, len(bars), int(bars.essential.sum())) for bars in barcode]
    [(0, 2, 1), (1, 0, 0)]
    """
    diagrams = _diagrams(source)
    wanted = range(len(diagrams)) if dims is None else [_dimension(d) for d in np.atleast_1d(np.asarray(dims)).tolist()]
    missing = [d for d in wanted if not 0 <= d < len(diagrams)]
    if missing:
        raise ValueError(
            f"there is no diagram of dimension {missing[0]}: the diagrams given are H0 to H{len(diagrams) - 1}; "
            f"compute with maxdim={missing[0]} or leave it out of dims"
        )
    censored = _attribute(source, "censored")
    read = tuple(_read(d, diagrams[d], None if censored is None else censored[d]) for d in wanted)
    return Barcode(read, _threshold(source) if any(bars.censored.any() for bars in read) else None)


def _dimension(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} among dims is no dimension: give whole numbers, such as dims=[0, 1]")
    return value


def _diagrams(source: Any) -> list[Any]:
    diagrams = _attribute(source, "dgms")
    if diagrams is None:
        if isinstance(source, np.ndarray) and source.dtype != object and source.ndim == 2:
            raise TypeError(
                f"a single array of shape {source.shape} does not say its homology dimension: "
                "pass a list of diagrams, [H0, H1, ...]"
            )
        if isinstance(source, Mapping | str) or not isinstance(source, Iterable):
            raise TypeError(
                f"no persistence diagrams in a {type(source).__name__}: pass the result of rips(), "
                "a dict with the key 'dgms', or a list of (m, 2) arrays"
            )
        diagrams = source
    return list(diagrams)


def _attribute(source: Any, name: str) -> Any:
    if isinstance(source, Mapping) and name in source:
        return source[name]
    return getattr(source, name, None)


def _threshold(source: Any) -> float | None:
    facts = _attribute(source, "meta")
    for name in ("threshold", "thresh"):
        value = facts.get(name) if isinstance(facts, Mapping) else None
        if value is not None and np.isfinite(value):
            return float(value)
    return None


def _read(dimension: int, diagram: Any, censored: Any) -> Bars:
    births, deaths = as_diagram(diagram, f"the diagram of dimension {dimension}").T
    flags = np.zeros(len(births), bool) if censored is None else np.asarray(censored, bool)
    if flags.shape != births.shape:
        raise ValueError(
            f"censored has shape {flags.shape} in dimension {dimension}, where there are {len(births)} bars: "
            "give one truth value a bar"
        )
    return Bars(dimension, births, deaths, flags & np.isinf(deaths))
