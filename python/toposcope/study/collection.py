"""The study: diagrams of the same samples by layer and metric (and model), and what they say together."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..metrics import metric_name
from ..persistence import RipsResult, rips
from . import files, storage
from .curves import curves_of
from .diagram_distances import distances_between
from .parts import PartResult, distances_of
from .running import Task, run_all
from .subsampling import Drawing, Intervals, component_summaries, intervals_of
from .summaries import summarize
from .tables import matrix_of, table_of
from .universal_null import adjust, significance

__all__ = ["Study", "load"]

Key = tuple[str | None, str, str]


class Study(Mapping[tuple[str, ...], PartResult]):
    """Persistence diagrams of the same samples by layer and metric, and by model where there are several.

    A mapping: ``study[layer, metric]``, or ``study[model, layer, metric]`` where there are several models, gives a
    `RipsResult`. Made by `triangulate`.

    Attributes
    ----------
    layers, metrics, models : tuple of str
        ``models`` is empty where there is one model without a name.
    labels, ids : (n,) ndarray or None
        One for each sample, where they are known.
    meta : dict
        How the study was made: n, maxdim, scale, thresh, coeff, version.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> X = np.random.default_rng(0).normal(size=(60, 5))
    >>> study = ts.triangulate({"first": X, "second": np.maximum(X, 0)}, ["euclidean", "cityblock"])
    >>> study
    Study(2 layers x 2 metrics, n=60, H0 to H1)
    >>> study["second", "cityblock"].dgms[0].shape[1]
    2
    """

    def __init__(
        self,
        parts: dict[Key, PartResult],
        points: Mapping[tuple[str | None, str], NDArray[Any]],
        metrics: Mapping[str, Any],
        *,
        layers: Any,
        models: Any = (),
        labels: NDArray[Any] | None = None,
        ids: NDArray[Any] | None = None,
        failures: dict[Key, str] | None = None,
        meta: dict[str, Any],
        intervals: dict[Key, Intervals] | None = None,
        components: dict[Key, dict[str, float]] | None = None,
    ):
        self._parts, self._points, self._metrics = parts, dict(points), dict(metrics)
        self.layers, self.metrics, self.models = tuple(layers), tuple(self._metrics), tuple(models)
        self.labels, self.ids, self.meta = labels, ids, meta
        self._failures = failures or {}
        self._intervals: dict[Key, Intervals] = intervals or {}
        self._components: dict[Key, dict[str, float]] = components or {}
        for key, part in parts.items():
            if key[:2] in self._points and self._metrics[key[2]] is not None:
                part._recompute = partial(self._compute_again, key)

    # -- the mapping -------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> PartResult:
        full = self._full(key)
        if full not in self._parts:
            self._complain(full)
        return self._parts[full]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return (self._short(key) for key in self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __repr__(self) -> str:
        models = f"{len(self.models)} models x " if self.models else ""
        failed = f", {len(self._failures)} failed" if self._failures else ""
        return (
            f"Study({models}{_count(self.layers, 'layer')} x {_count(self.metrics, 'metric')}, n={self.meta['n']}, "
            f"H0 to H{max((len(p.dgms) - 1 for p in self._parts.values()), default=0)}{failed})"
        )

    def _repr_html_(self) -> str:
        """What a notebook shows: the diagrams as a grid of small SVG, and the table of summaries below."""
        from ..plot import study_html

        table = self.table(intervals=False)
        body = table.to_html(float_format="%.4g") if hasattr(table, "to_html") else f"<pre>{escape(str(table))}</pre>"
        return f"{study_html(self)}<details><summary>Summaries</summary>{body}</details>"

    def _full(self, key: Any) -> Key:
        width = 3 if self.models else 2
        if not isinstance(key, tuple) or len(key) != width:
            of = "study[model, layer, metric]" if self.models else "study[layer, metric]"
            raise KeyError(f"{key!r} names no part: write {of}.")
        *model, layer, metric = key
        return (str(model[0]) if model else None, str(layer), metric_name(metric))

    def _short(self, key: Key) -> tuple[str, ...]:
        return key[1:] if key[0] is None else key  # type: ignore[return-value]

    def _complain(self, key: Key) -> None:
        if key in self._failures:
            raise KeyError(f"{self._short(key)} could not be computed: {self._failures[key]}")
        for name, there, what in (
            (key[0], self.models or (None,), "model"),
            (key[1], self.layers, "layer"),
            (key[2], self.metrics, "metric"),
        ):
            if name not in there:
                raise KeyError(f"The study has no {what} {name!r}: it has {', '.join(map(repr, there))}.")
        raise KeyError(f"The study has no part {self._short(key)}.")

    def select(self, *, models: Any = None, layers: Any = None, metrics: Any = None) -> Study:
        """The study of some of the models, layers and metrics. Names of models go away when one is chosen by name.

        Parameters
        ----------
        models, layers, metrics : str or sequence of str, optional
            By default all.
        """
        of_models = _chosen(models, self.models, "model")
        of_layers = _chosen(layers, self.layers, "layer")
        of_metrics = _chosen(metrics, self.metrics, "metric")
        alone = isinstance(models, str)

        def kept(key: Key) -> bool:
            return (not of_models or key[0] in of_models) and key[1] in of_layers and key[2] in of_metrics

        def renamed(key: Any) -> Any:
            return (None, *key[1:]) if alone else key

        return Study(
            {renamed(key): _copy(part) for key, part in self._parts.items() if kept(key)},
            {renamed(key): X for key, X in self._points.items() if kept((*key, of_metrics[0]))},
            {name: self._metrics[name] for name in of_metrics},
            layers=of_layers,
            models=() if alone else of_models,
            labels=self.labels,
            ids=self.ids,
            meta=dict(self.meta),
            failures={renamed(key): why for key, why in self._failures.items() if kept(key)},
            intervals={renamed(key): drawn for key, drawn in self._intervals.items() if kept(key)},
            components={renamed(key): found for key, found in self._components.items() if kept(key)},
        )

    # -- what the parts were computed from ----------------------------------------------------------------------------

    @property
    def failures(self) -> dict[tuple[str, ...], str]:
        """What went wrong, by key, for parts that could not be computed."""
        return {self._short(key): why for key, why in self._failures.items()}

    @property
    def scales(self) -> dict[tuple[str, ...], float]:
        """What the diagrams of every part are divided by, in the units of its distances."""
        return {key: part.scale for key, part in self.items()}

    def scaled(self, *key: Any, dim: int = 1) -> NDArray[np.float64]:
        """One diagram in units of its scale, (m, 2): ``study.scaled(layer, metric, dim=1)``."""
        return self[key].scaled(dim)

    def points(self, layer: str, model: str | None = None) -> NDArray[Any]:
        """The activations of a layer: (n, d)."""
        if (model, str(layer)) not in self._points:
            if str(layer) in self.layers and (model or ()) in (*self.models, ()) and not self._points:
                raise ValueError("The study was stored without its points: save it with points=True.")
            raise KeyError(f"The study has no points of the layer {layer!r}" + (f" of {model!r}." if model else "."))
        return self._points[model, str(layer)]

    def has_distances(self, *key: Any) -> bool:
        """Whether the points and the metric of one part are there, so that its distances and loops can be computed."""
        full = self._full(key)
        return full[:2] in self._points and self._metrics.get(full[2]) is not None

    def source(self, key: Any) -> tuple[NDArray[Any], Any]:
        """The points and the metric that a part was computed from."""
        full = self._full(key)
        if full[2] not in self._metrics:
            self._complain(full)
        metric = self._metrics[full[2]]
        if metric is None:
            raise ValueError(f"The metric {full[2]!r} is a function, which is not stored: run the study again.")
        return self.points(full[1], full[0]), metric

    def distances(self, *key: Any) -> NDArray[np.float32]:
        """The distances of one part, computed again from the points: (n, n), between the rows ``idx_perm``."""
        return self._distances(key)[0]

    def embedding(self, *key: Any, dim: int = 2) -> NDArray[np.float64]:
        """A picture's coordinates for the points of one part, by classical multidimensional scaling.

        For Euclidean distances these are the principal components. Distances that are none of a Euclidean space lose
        what does not fit (the negative eigenvalues).

        Returns
        -------
        (n, dim) ndarray
            Rows as in ``idx_perm``.
        """
        matrix = self.distances(*key).astype(np.float64)
        matrix[~np.isfinite(matrix)] = matrix[np.isfinite(matrix)].max(initial=0)
        squared = matrix**2
        gram = -0.5 * (squared - squared.mean(0) - squared.mean(1)[:, None] + squared.mean())
        from scipy.linalg import eigh

        n = len(gram)
        if n == 0:
            return np.empty((0, dim))
        values, vectors = eigh(gram, subset_by_index=[max(0, n - dim), n - 1])
        values, vectors = values[::-1], vectors[:, ::-1]
        signs = np.sign(vectors[np.abs(vectors).argmax(0), np.arange(len(values))])  # the same picture every time
        coordinates = vectors * signs * np.sqrt(np.maximum(values, 0))
        return np.pad(coordinates, ((0, 0), (0, dim - coordinates.shape[1])))

    def _distances(self, key: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        matrix, rows, _ = distances_of(*self.source(key))
        return matrix, rows

    def _compute_again(self, key: Key, cocycles: bool) -> RipsResult:
        part = self._parts[key]
        matrix, _ = self._distances(self._short(key))
        options = part.meta["maxdim"], part.meta["thresh"], part.meta["coeff"], "precomputed"
        return rips(matrix, *options, cocycles=cocycles)

    # -- what they say -----------------------------------------------------------------------------------------------

    def table(
        self,
        *,
        intervals: bool | None = None,
        components: bool = False,
        level: float = 0.9,
        resamples: int = 20,
        share: float = 0.5,
        seed: int = 0,
        noise: float = 0.0,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Any:
        """Summaries of the scaled diagrams, one row a layer and metric (and model), with intervals.

        Parameters
        ----------
        intervals : bool, optional
            Give an interval for every summary, from samples of the points without repeats (the delete-d jackknife).
            By default where the points are there to draw from. Parts whose samples cannot be summed up are named by a
            warning, and have NaN.
        components : bool
            Also what H0 says in detail, which takes about a second for a part of a thousand points.
        level : float
            Of the intervals.
        resamples, share, seed : int, float, int
            How many samples, the share of the points in each, and the seed of their choice. They are the same in every
            part, and are computed once. Larger shares take longer and hold the level better where a summary is an
            extreme (``longest_0``) or counts bars near the noise level.
        noise : float
            Bars that are not longer than this, in units of the scale, are not counted in ``bars``.
        n_jobs, progress
            As in `triangulate`.

        Returns
        -------
        pandas.DataFrame, or a list of dict without pandas
            ``layer``, ``metric`` (``model``), ``n``, ``scale``, and for each dimension k ``bars_k``, ``longest_k``,
            ``total_k``, ``entropy_k`` (in units of the scale; entropy in nats) and from H1 on ``ratio_k`` (the greatest
            death / birth), as `summarize` gives them, each followed by ``_low`` and ``_high``. From H1 on also
            ``significant_k``, the number of bars that are no noise at the level 0.05, corrected for their number
            (`significance`, `adjust`), or NaN where that is not defined. With ``components`` also ``dimension``
            (`intrinsic_dimension`) and, where there are labels, ``separation``, with intervals.
        """
        possible = [key for key in self._parts if self.has_distances(*self._short(key))]
        if intervals is None:
            intervals = len(possible) == len(self._parts)
        if (intervals or components) and len(possible) < len(self._parts):
            missing = next(self._short(key) for key in self._parts if key not in possible)
            raise ValueError(f"No samples can be drawn of {missing}: its points or metric were not stored.")
        if intervals:
            self._draw(Drawing(resamples, share, seed, noise, components), n_jobs, progress)
        if components:
            self._detail(n_jobs, progress)
        rows = []
        for key, part in self._parts.items():
            row: dict[str, Any] = {"model": key[0]} if self.models else {}
            row |= {"layer": key[1], "metric": key[2], "n": part.meta["n"], "scale": part.scale}
            found = dict(self._components[key]) if components else {}
            for dim in range(len(part.dgms)):
                found |= {f"{name}_{dim}": value for name, value in summarize(part.scaled(dim), noise).items()}
            found.pop("ratio_0")  # all of H0 is born at 0
            for name, value in found.items():
                if name.startswith("bars_") and name != "bars_0":
                    row[f"significant_{name[5:]}"] = _significant(part, int(name[5:]))
                row[name] = value
                if intervals:
                    drawn = self._intervals.get(key)
                    ends = (np.nan, np.nan) if drawn is None else drawn.interval(name, value, level)
                    row[f"{name}_low"], row[f"{name}_high"] = ends
            rows.append(row)
        return table_of(rows)

    def curves(
        self,
        *key: Any,
        values: int = 100,
        resamples: int = 20,
        level: float = 0.9,
        seed: int = 0,
    ) -> Any:
        """Betti numbers, and the purity of the components, at every scale: ``study.curves(layer, metric)``.

        Parameters
        ----------
        *key
            Of the part.
        values : int
            At how many scales, from 0 to the last death.
        resamples, level, seed : int, float, int
            Of the bands, from samples of 0.8 of the points without repeats; 0 resamples for none.

        Returns
        -------
        pandas.DataFrame, or a list of dict without pandas
            ``scale`` (in units of the part's scale); ``betti_k`` for each dimension (``betti_0`` is the number of
            components); where there are labels ``purity``, the share of points that are of the most frequent class of
            their component; each followed by ``_low`` and ``_high``, which hold the level at each scale by itself.

        Examples
        --------
        >>> import numpy as np, toposcope as ts
        >>> X = np.random.default_rng(0).normal(size=(60, 2)) + 9 * np.repeat([[0], [1]], 30, axis=0)
        >>> study = ts.triangulate({"two blobs": X}, ["euclidean"], labels=np.repeat([0, 1], 30))
        >>> curves = study.curves("two blobs", "euclidean")
        >>> two = curves[curves["betti_0"] == 2]
        >>> float(two["purity"].min()), curves["purity"].iloc[-1].item()
        (1.0, 0.5)
        """
        options = self[key].options
        matrix, rows = self._distances(key)
        labels = None if self.labels is None else self.labels[rows]
        columns = curves_of(matrix, options, labels, values=values, resamples=resamples, level=level, seed=seed)
        return table_of([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])

    def _draw(self, asked: Drawing, n_jobs: int | None, progress: Any) -> None:
        missing = [k for k in self._parts if k not in self._intervals or not self._intervals[k].asked.serves(asked)]
        tasks = [(key, self._points[key[:2]], self._metrics[key[2]], self._parts[key]) for key in missing]
        failed: dict[Key, Exception] = {}
        for key, drawn in intervals_of(tasks, asked, self.labels, n_jobs, progress):
            if isinstance(drawn, Exception):
                failed[key] = drawn
                self._intervals.pop(key, None)
            else:
                self._intervals[key] = drawn
        if failed:
            words = "; ".join(f"{self._short(key)}: {error}" for key, error in failed.items())
            warnings.warn(f"{len(failed)} of {len(self)} parts have no intervals. {words}", stacklevel=3)

    def _detail(self, n_jobs: int | None, progress: Any) -> None:
        missing = [key for key in self._parts if key not in self._components]
        tasks: list[Task] = [
            (key, _component_summaries, (self._points[key[:2]], self._metrics[key[2]], self.labels)) for key in missing
        ]
        for key, found in run_all(tasks, n_jobs, progress, "components"):
            self._components[key] = found

    def agreement(
        self,
        dim: int = 1,
        distance: str = "bottleneck",
        *,
        order: float = 1.0,
        scaled: bool = True,
        n_jobs: int | None = None,
        progress: Any = None,
    ) -> Any:
        """Distances between the diagrams of all parts.

        Parameters
        ----------
        dim : int
            The homology dimension. Parts that were not computed so far are left out.
        distance : {"bottleneck", "wasserstein"}
            As in `diagram_distance`, with ``order`` of the Wasserstein distance.
        scaled : bool
            Divide each diagram by its scale first, since lengths of bars follow the norm of the activations.

        Returns
        -------
        pandas.DataFrame, or a `Matrix` without pandas
            Square and symmetric; rows and columns are the keys. inf where one diagram has more bars that never die.
        """
        labels = [key for key, part in self.items() if dim < len(part.dgms)]
        if dim < 0 or not labels:
            raise ValueError(f"dim={dim} was not computed: maxdim was {self.meta['maxdim']}.")
        diagrams = [self[key].scaled(dim) if scaled else self[key].dgms[dim] for key in labels]
        values = distances_between(diagrams, distance, order, n_jobs, progress)
        names = ["model", "layer", "metric"] if self.models else ["layer", "metric"]
        return matrix_of(values, labels, names)

    # -- pictures and files ------------------------------------------------------------------------------------------

    def plot(self, **options: Any) -> Any:
        """Diagrams of all layers and metrics, as `toposcope.plot` draws studies."""
        from ..plot import plot_study

        return plot_study(self, **options)

    def report(self, path: str | os.PathLike[str], **options: Any) -> Any:
        """One self-contained HTML page on the study."""
        from ..report import write_report

        return write_report(self, path, **options)

    def save(self, path: str | os.PathLike[str], *, points: bool = True) -> None:
        """Write the study as one .npz of plain arrays, without pickle. `load` reads it.

        Nothing is lost, but for metrics that are functions: of these only the results are kept.

        Parameters
        ----------
        path : path
            Written to exactly this name, and only when all is written.
        points : bool
            Keep the activations too: representatives and intervals need them.
        """
        storage.write(path, files.contents(self, points))


def load(path: str | os.PathLike[str]) -> Study:
    """Read a study that `Study.save` wrote. Runs no code of the file: safe to call on files of strangers.

    Examples
    --------
    >>> import tempfile, os, numpy as np, toposcope as ts
    >>> path = os.path.join(tempfile.mkdtemp(), "study.npz")
    >>> ts.triangulate({"a": np.eye(4)}, ["euclidean"]).save(path)
    >>> ts.load(path)
    Study(1 layer x 1 metric, n=4, H0 to H1)
    """
    return Study(**files.fields(path))


def _component_summaries(X: Any, metric: Any, labels: Any, n_threads: int | None) -> dict[str, float]:
    matrix, rows, _ = distances_of(X, metric, n_threads)
    return component_summaries(matrix, None if labels is None else labels[rows])


def _significant(part: PartResult, dim: int) -> float:
    try:
        return float((adjust(significance(part.dgms[dim], part.meta["thresh"])) < 0.05).sum())
    except ValueError:  # bars that are born at 0 have no ratio
        return float("nan")


def _count(things: tuple[str, ...], one: str) -> str:
    return f"{len(things)} {one}{'' if len(things) == 1 else 's'}"


def _chosen(asked: Any, there: tuple[str, ...], what: str) -> tuple[str, ...]:
    if asked is None:
        return there
    names = tuple(
        metric_name(name) for name in ([asked] if isinstance(asked, str) or not np.iterable(asked) else asked)
    )
    for name in names:
        if name not in there:
            raise KeyError(f"The study has no {what} {name!r}: it has {', '.join(map(repr, there))}.")
    return names


def _copy(part: PartResult) -> PartResult:
    return PartResult(part.dgms, part.edges, part.censored, part.idx_perm, part.meta)
