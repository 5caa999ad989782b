"""The engines: what each wants, and how it is called. Every one gets the same numbers, in the element type it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

Call = Callable[[np.ndarray, int, float, int], Any]


@dataclass(frozen=True)
class Engine:
    """``load`` imports the engine and returns the call to time; ``dtype`` is that of the matrix it takes."""

    name: str
    package: str
    load: Callable[[], Call]
    dtype: type = np.float32
    threads: tuple[int, ...] = (1,)
    greatest_dimension: int = 1000

    def version(self) -> str:
        return version(self.package)


def _toposcope() -> Call:
    import toposcope as ts

    return lambda D, maxdim, thresh, threads: ts.rips(D, maxdim, thresh, metric="precomputed", n_threads=threads).dgms


def _ripser() -> Call:
    from ripser import ripser

    return lambda D, maxdim, thresh, threads: ripser(D, maxdim, thresh, distance_matrix=True)["dgms"]


def _giotto() -> Call:
    from gph import ripser_parallel

    return lambda D, maxdim, thresh, threads: ripser_parallel(
        D, maxdim, thresh, metric="precomputed", n_threads=threads
    )["dgms"]


def _gudhi() -> Call:
    from gudhi.sklearn import RipsPersistence

    def call(D: np.ndarray, maxdim: int, thresh: float, threads: int) -> Any:
        persistence = RipsPersistence(
            list(range(maxdim + 1)),
            threshold=thresh,
            input_type="full distance matrix",
            homology_coeff_field=2,  # the default is Z/11, which is slower
        )
        return persistence.fit_transform([D])[0]

    return call


def _redzed() -> Call:
    import redzed_tda

    return lambda D, maxdim, thresh, threads: redzed_tda.rips(D, maxdim, thresh)


def _tda() -> Call:
    import tda

    return lambda D, maxdim, thresh, threads: tda.persistent_homology(
        D, maxdim, None if np.isinf(thresh) else thresh, distance_matrix=True, peel=True, parallel=threads > 1
    )


ENGINES: dict[str, Engine] = {
    "toposcope": Engine("Toposcope", "toposcope", _toposcope, threads=(1, 2)),
    "redzed": Engine("RedZeD", "redzed-tda", _redzed, np.float64),
    "tda": Engine("tda", "tda", _tda, greatest_dimension=4),
    "gudhi": Engine("GUDHI", "gudhi", _gudhi),
    "ripser": Engine("Ripser.py", "ripser", _ripser),
    "giotto": Engine("giotto-ph", "giotto-ph", _giotto, threads=(1, 2)),
}
