from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

_Metric = tuple[int, int, float, NDArray[Any] | None, NDArray[Any] | None, int, int, int, NDArray[Any] | None]
_Options = tuple[int, int, float, int, int, int]
_Wanted = tuple[tuple[int, ...], int | None] | None
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

@final
class Pass:
    def __new__(cls) -> Pass: ...
    def begin(
        self,
        samples: int,
        rows: NDArray[np.int64] | None,
        first: int,
        calls: dict[str, int],
        staged: dict[str, Any],
        rooms: dict[str, Any],
        /,
    ) -> None: ...
    def end(self, /) -> None: ...

@final
class Hook:
    def __new__(cls, current: Pass, name: str, otherwise: Callable[..., _Wanted], /) -> Hook: ...
    def __call__(self, module: Any, args: tuple[Any, ...], output: Any, /) -> None: ...

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
    output: object, shape: tuple[int, ...], token: int | None, samples: NDArray[np.int64] | None, /
) -> NDArray[np.float32] | None: ...
def read_tensors(type: type, exchange: object, to_dlpack: Callable[..., object], /) -> None: ...
def status_name(status: int, /) -> str: ...
def version() -> str: ...
