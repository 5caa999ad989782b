from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

_Metric = tuple[int, int, float, NDArray[Any] | None, NDArray[Any] | None, int, int, int, NDArray[Any] | None]
_Options = tuple[int, int, float, int, int, int]
_Report = Callable[[int, int], object] | None

class Error(Exception): ...

@final
class Rips:
    def bars(self, dimension: int, /) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.bool_]]: ...
    def cocycle(
        self, dimension: int, bar: int, progress: _Report, /
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
    def cycle(self, dimension: int, bar: int, progress: _Report, /) -> NDArray[np.int64]: ...
    def facts(self) -> dict[str, Any]: ...

def distances(
    points: NDArray[Any], metric: _Metric, threads: int, progress: _Report, /
) -> tuple[NDArray[np.float32], dict[str, Any]]: ...
def rips(points: NDArray[Any], metric: _Metric, options: _Options, progress: _Report, /) -> Rips: ...
def rips_edges(
    vertices: int,
    tails: NDArray[np.int64],
    heads: NDArray[np.int64],
    lengths: NDArray[np.float32],
    options: _Options,
    progress: _Report,
    /,
) -> Rips: ...
def landmarks(
    points: NDArray[Any], metric: _Metric, count: int, first: int, threads: int, progress: _Report, /
) -> tuple[NDArray[np.int64], float]: ...
def points(
    capsule: object,
    shape: tuple[int, ...],
    token: int | None,
    samples: NDArray[np.int64] | None,
    room: NDArray[Any] | None,
    first: int,
    /,
) -> NDArray[np.float32] | None: ...
def status_name(status: int, /) -> str: ...
def version() -> str: ...
