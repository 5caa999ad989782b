"""Persistence: points or distances in, diagrams out."""

from __future__ import annotations

import math
import operator
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._native import calling, too_small
from ._version import __version__
from .memory import bytes_of
from .metrics import MetricLike, Request, metric_name, reporting, threads
from .points import entries_of, is_sparse, is_sparse_tensor

__all__ = ["RipsResult", "rips"]

_COCYCLES, _CYCLES = 1, 2  # TPS_RIPS_* of include/toposcope.h
_GREATEST = 2**31 - 1


def rips(
    X: Any,
    maxdim: int = 1,
    thresh: float = np.inf,
    coeff: int = 2,
    metric: MetricLike = "euclidean",
    *,
    n_threads: int | None = None,
    cocycles: bool = False,
    n_perm: int | None = None,
    progress: Any = None,
    max_memory: int | str | None = None,
) -> RipsResult:
    """Persistence diagrams of the Vietoris-Rips filtration.

    Parameters
    ----------
    X : (n, d) array_like or tensor
        Points. With ``metric="precomputed"``, the (n, n) symmetric matrix of distances, in which inf means that two
        points are never joined, or a sparse matrix of SciPy or PyTorch, in which what is absent is never joined.
    maxdim : int
        The greatest homology dimension: 0 components, 1 loops, 2 voids.
    thresh : float
        Longer edges are left out. A class that is alive at a threshold below the enclosing radius is `censored`.
    coeff : int
        The prime p of the coefficient field Z/p, 65521 at most.
    metric : str, metric object or callable
        As in `distances`.
    n_threads : int, optional
        By default all processors of this process. The result does not depend on it.
    cocycles : bool
        Keep representative cocycles.
    n_perm : int, optional
        Use so many landmarks only, by farthest-point sampling from the first point: see `RipsResult.idx_perm` and
        `RipsResult.r_cover`.
    progress : bool or callable, optional
        True for a progress bar, or a function of the work done and the work there is.
    max_memory : int or str, optional
        Bytes, or for instance "2GB". Refuse what would take more, before it is taken.

    Returns
    -------
    RipsResult

    Raises
    ------
    ValueError, TypeError
        One sentence on what is wrong with the input, and where.
    MemoryError
        With the estimate, where more than ``max_memory`` would be needed.

    Notes
    -----
    Distances are rounded to single precision, as in Ripser and giotto-ph.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> angle = 2 * np.pi * np.arange(30) / 30
    >>> r = ts.rips(np.c_[np.cos(angle), np.sin(angle)])
    >>> r.dgms[1].round(3)
    array([[0.209, 1.732]])
    """
    dimension = _integer("maxdim", maxdim)
    modulus = _integer("coeff", coeff)
    limit = bytes_of(max_memory)
    if not isinstance(thresh, (int, float, np.number)) or math.isnan(thresh) or thresh < 0:
        raise ValueError(f"thresh={thresh!r} is not a distance: it must be a number >= 0, or inf.")
    options = [dimension, modulus, float(thresh), threads(n_threads), _COCYCLES if cocycles else 0, limit]
    if is_sparse(X) or (is_sparse_tensor(X) and metric == "precomputed"):
        source: _Source = _SparseSource(X, metric, n_perm)
    else:
        source = _PointSource(X, metric, n_perm, n_threads, progress)
    words = {"max_memory": limit, **source.words}
    begun = time.perf_counter()
    with calling(**words) as core, reporting(progress, "persistence") as report:
        handle = source.run(core, options, report)
    return RipsResult(handle, source, options, words, time.perf_counter() - begun)


class _Source:
    """What a result was computed from: it can be run again, when representatives are asked for later."""

    words: dict[str, Any]
    kept: NDArray[np.int64] | None = None
    cover = 0.0
    count: int

    def meta(self, facts: dict[str, Any]) -> dict[str, Any]:
        return {"metric": "precomputed"}

    def run(self, core: Any, options: list[Any], report: Any) -> Any:
        raise NotImplementedError


class _PointSource(_Source):
    def __init__(self, X: Any, metric: MetricLike, n_perm: int | None, n_threads: int | None, progress: Any):
        self.request = request = Request(X, metric)
        self.words, self.kept = request.words, request.kept
        if n_perm is not None:
            self._choose_landmarks(_integer("n_perm", n_perm), n_threads, progress)
        self.count = len(request.array)

    def _choose_landmarks(self, count: int, n_threads: int | None, progress: Any) -> None:
        request = self.request
        if not 1 <= count <= len(request.array):
            raise ValueError(
                f"n_perm={count} landmarks were asked of {len(request.array)} points: it must be from 1 "
                f"to the number of points."
            )
        with calling(**self.words) as core, reporting(progress, "landmarks") as report:
            chosen, self.cover = core.landmarks(request.array, request.code, count, 0, threads(n_threads), report)
            request.restrict(chosen, lambda: core.distances(request.array, request.code, threads(n_threads), report))
        self.kept = chosen if self.kept is None else self.kept[chosen]

    def meta(self, facts: dict[str, Any]) -> dict[str, Any]:
        return self.request.meta(facts)

    def run(self, core: Any, options: list[Any], report: Any) -> Any:
        return core.rips(self.request.array, self.request.code, tuple(options), report)


class _SparseSource(_Source):
    """Distances in a sparse matrix, as ripser.py takes them: one triangle or both, absent entries never joined."""

    def __init__(self, X: Any, metric: MetricLike, n_perm: int | None):
        if metric != "precomputed":
            raise ValueError(
                f"X is a sparse matrix, which is understood as distances: give metric='precomputed' "
                f"(not {metric_name(metric)!r}), "
                "or X.toarray() for points."
            )
        if n_perm is not None:
            raise ValueError(
                f"n_perm={n_perm} landmarks cannot be chosen from sparse distances: give points, or a full matrix."
            )
        if X.ndim != 2 or X.shape[0] != X.shape[1]:
            raise ValueError(f"X must be a square matrix of distances, (n, n), not of shape {X.shape}.")
        tails, heads, given = entries_of(X)
        with np.errstate(over="ignore"):  # refused below
            lengths = given.astype(np.float32)
        self.words = {"X": "X", "precomputed": True, "entries": self._between}
        self.count = X.shape[0]
        self._check(tails, heads, lengths)
        beyond = np.flatnonzero(np.isinf(lengths) & np.isfinite(given))
        if len(beyond):
            at = beyond[0]
            raise ValueError(
                f"X has {given[at]:g} at row {tails[at]}, column {heads[at]}, which is too large for single precision "
                "(3.4e38): scale X down."
            )
        if len(given) and np.max(given) > 0 and np.max(lengths) < np.finfo(np.float32).tiny:
            raise ValueError(too_small("X", np.max(given)))
        self.edges = (tails, heads, lengths)

    def _check(self, tails: NDArray[np.int64], heads: NDArray[np.int64], lengths: NDArray[np.float32]) -> None:
        for wrong, why in (
            (np.isnan(lengths), "distances must be numbers"),
            (lengths < 0, "distances must be >= 0"),
            ((tails == heads) & (lengths != 0), "the distance of a point from itself must be 0"),
        ):
            if wrong.any():
                at = int(np.argmax(wrong))
                raise ValueError(f"X has {lengths[at]:g} at row {tails[at]}, column {heads[at]}: {why}.")

    def _between(self, i: int, j: int) -> NDArray[np.float32]:
        tails, heads, lengths = self.edges
        return lengths[((tails == i) & (heads == j)) | ((tails == j) & (heads == i))]

    def run(self, core: Any, options: list[Any], report: Any) -> Any:
        return core.rips_edges(self.count, *self.edges, tuple(options), report)


class RipsResult(Mapping[str, Any]):
    """Persistence diagrams, and all that is known of how they were got.

    Also a mapping with the keys of ripser.py and giotto-ph ("dgms", "cocycles", "gens", "num_edges", "r_cover",
    "idx_perm"), so that ``persim.plot_diagrams(r["dgms"])`` works.

    Vertices are always rows of the input, also where landmarks were chosen or points dropped.

    Results can be pickled. The points or distances go with them, for representatives are computed from those.

    Attributes
    ----------
    dgms : list of (m, 2) ndarray of float64
        Births and deaths in H0 ... H(maxdim), longest bar first; inf where a class never dies.
    edges : list of (m, 4) ndarray of int64
        The two ends of the birth edge and of the death edge of every bar: ``D[a, b]`` is the birth, ``D[c, d]`` the
        death. In H0 the birth "edge" is twice the vertex. -1, -1 where there is no death.
    censored : list of (m,) ndarray of bool
        True for a class that is alive at a threshold below the enclosing radius: its death was not looked for.
    meta : dict
        What was done: metric, shrinkage, rank, threshold used, number of edges, seconds by stage, version.
    num_edges : int
        The number of edges that the engine added.
    idx_perm : (n,) ndarray of int64
        The rows of the input that were used.
    r_cover : float
        The greatest distance of a point from the nearest landmark; 0 where all points are used.

    Examples
    --------
    >>> import toposcope as ts
    >>> r = ts.rips([[0, 0], [1, 0], [1, 1], [0, 1]])
    >>> r.dgms[1]
    array([[1.        , 1.41421354]])
    >>> r.cycle(dim=1, bar=0)
    array([3, 0, 1, 2])
    """

    _KEYS = ("dgms", "cocycles", "gens", "num_edges", "r_cover", "idx_perm")

    def __init__(self, handle: Any, source: _Source, options: list[Any], words: dict[str, Any], seconds: float):
        self._handle, self._source, self._options, self._words = handle, source, options, words
        facts = handle.facts()
        self.dgms: list[NDArray[np.float64]] = []
        self.edges: list[NDArray[np.int64]] = []
        self.censored: list[NDArray[np.bool_]] = []
        for dimension in range(options[0] + 1):
            diagram, edges, censored = handle.bars(dimension)
            self.dgms.append(diagram)
            self.edges.append(self._rows(edges))
            self.censored.append(censored)
        self.num_edges: int = facts["edges"]
        self.r_cover: float = source.cover
        self.idx_perm: NDArray[np.int64] = np.arange(source.count) if source.kept is None else source.kept
        self.meta: dict[str, Any] = {
            **source.meta(facts["distances"]),
            "n": source.count,
            "maxdim": options[0],
            "coeff": options[1],
            "thresh": options[2],
            "enclosing_radius": facts["enclosing_radius"],
            "stopping_radius": facts["stopping_radius"],
            "num_edges": self.num_edges,
            "precision": "float32",
            "seconds": {
                "distances": facts["seconds_distances"],
                "filtration": facts["seconds_filtration"],
                "persistence": facts["seconds_persistence"],
                "total": seconds,
            },
            "version": __version__,
        }

    # -- the mapping ---------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        if key not in self._KEYS:
            raise KeyError(f"{key!r} is unknown: the keys are {', '.join(self._KEYS)}.")
        return getattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._KEYS)

    def __len__(self) -> int:
        return len(self._KEYS)

    __eq__ = object.__eq__  # the same result, as a key or in a list; arrays have no single truth
    __hash__ = object.__hash__

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None}  # the core's memory: made again when it is needed

    def __repr__(self) -> str:
        bars = ", ".join(f"H{k}: {len(d)}" for k, d in enumerate(self.dgms))
        return f"RipsResult({self.meta['metric']}, n={self.meta['n']}, bars {bars})"

    def _repr_html_(self) -> str:
        """What a notebook shows: a small table and inline SVG."""
        from .plot import result_html

        return result_html(self)

    # -- representatives -----------------------------------------------------------------------------------------

    @property
    def gens(self) -> tuple[Any, Any, Any, Any]:
        """Birth and death edges in giotto-ph's four-part shape.

        Returns
        -------
        (m, 3) ndarray
            Finite bars of H0: birth vertex, and the two ends of the death edge.
        list of (m, 4) ndarray
            Finite bars of H1 ... H(maxdim): two ends of the birth edge, two ends of the death edge.
        (e,) ndarray
            Birth vertices of the essential bars of H0.
        list of (e, 2) ndarray
            Birth edges of the essential bars of H1 ... H(maxdim).
        """
        finite = [np.isfinite(d[:, 1]) for d in self.dgms]
        return (
            self.edges[0][finite[0]][:, 1:],
            [e[f] for e, f in zip(self.edges[1:], finite[1:], strict=True)],
            self.edges[0][~finite[0]][:, 0],
            [e[~f][:, :2] for e, f in zip(self.edges[1:], finite[1:], strict=True)],
        )

    @property
    def cocycles(self) -> list[list[NDArray[np.int64]]]:
        """Representative cocycles in ripser.py's shape, where they were asked for (``cocycles=True``).

        Returns
        -------
        list of list of (c, k + 2) ndarray
            For each dimension k and bar: the vertices of every simplex, and its value mod p. H0 has none.
        """
        if not self._options[4] & _COCYCLES:
            return [[] for _ in self.dgms]
        out: list[list[NDArray[np.int64]]] = [[]]
        with calling(**self._words) as core:
            if self._handle is None:
                self._compute(core, self._options[4], None)
            for dimension in range(1, len(self.dgms)):
                parts = (self._handle.cocycle(dimension, bar, None) for bar in range(len(self.dgms[dimension])))
                out.append([np.column_stack([self._rows(simplices), values]) for simplices, values in parts])
        return out

    def cycle(self, dim: int = 1, bar: int = 0, progress: Any = None) -> NDArray[np.int64]:
        """A representative of a bar, as rows of the input. Representatives are not unique.

        It is computed when first asked for, from the array that was given: do not change that in between.

        Parameters
        ----------
        dim : int
            The homology dimension.
        bar : int
            The position of the bar in ``dgms[dim]``: 0 is the longest.
        progress : bool or callable, optional
            True for a progress bar, or a function of the work done and the work there is, as `rips` takes it.

        Returns
        -------
        (m,) ndarray of int64
            For H1 the points round a short loop, in order (a class that is a sum of separate loops at its birth has one
            after another); for H0 the points of the component that ends with the bar.
        (m, dim + 1) ndarray of int64
            For H2 and upwards the simplices of a cycle.
        """
        dim, bar = _integer("dim", dim), _integer("bar", bar)
        count = len(self._diagram(dim))
        if not 0 <= bar < count:
            raise IndexError(f"bar={bar} is out of range: H{dim} has {count} bar{'s' if count != 1 else ''}.")
        with calling(**self._words) as core, reporting(progress, "cycle") as report:
            if self._handle is None or not self._options[4] & _CYCLES:
                self._compute(core, self._options[4] | _CYCLES, report)
            simplices = self._rows(self._handle.cycle(dim, bar, report))
        return simplices[:, 0] if dim <= 1 else simplices

    def _diagram(self, dim: int) -> NDArray[np.float64]:
        """The diagram of one dimension, if it was computed."""
        if not 0 <= dim < len(self.dgms):
            raise ValueError(f"dim={dim} was not computed: maxdim was {len(self.dgms) - 1}.")
        return self.dgms[dim]

    def _compute(self, core: Any, flags: int, report: Any) -> None:
        """Run the engine again, and keep what the flags say."""
        options = [*self._options[:4], flags, *self._options[5:]]
        handle = self._source.run(core, options, report)
        for dimension, diagram in enumerate(self.dgms):
            if not np.array_equal(handle.bars(dimension)[0], diagram):
                raise RuntimeError("The input array was changed after the diagrams were computed: call rips again.")
        self._handle, self._options = handle, options

    def _rows(self, vertices: NDArray[np.int64]) -> NDArray[np.int64]:
        """Vertices of the filtration as rows of the input; -1 stays."""
        kept = self._source.kept
        return vertices if kept is None else np.where(vertices < 0, -1, kept[vertices])


def _integer(name: str, value: Any) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name}={value!r} is not an integer.") from None
    if not -_GREATEST <= number <= _GREATEST:
        raise ValueError(f"{name}={number} is out of range.")
    return number
