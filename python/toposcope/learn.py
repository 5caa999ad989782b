"""Persistence in scikit-learn pipelines: transformers from point clouds to diagrams, and from diagrams to vectors.

What they give goes on into GUDHI's and persim's vectorisations (``gudhi.representations.PersistenceImage``,
``gudhi.representations.Landscape``, ``persim.PersistenceImager``), which take a list of (m, 2) arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from .persistence import rips
from .study.running import Task, run
from .study.summaries import SUMMARIES, betti_curve, summarize

__all__ = ["BettiCurves", "DiagramSummaries", "RipsPersistence"]


class _OfLists(TransformerMixin, BaseEstimator):
    """Takes lists of clouds or of diagrams, which are of different sizes: no table of samples and features."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags


class _WithoutFit(_OfLists):
    """Learns nothing that `transform` needs."""

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class RipsPersistence(_WithoutFit):
    """Point clouds to the Vietoris-Rips persistence diagrams of each.

    Parameters
    ----------
    homology_dimensions : int or sequence of int
        With an int, the output is one diagram a cloud; with a sequence, a list of diagrams a cloud, as in
        ``gudhi.sklearn.RipsPersistence``.
    metric, thresh, coeff
        As in `toposcope.rips`.
    keep_essential : bool
        Keep bars without a death, which many vectorisations cannot take; by default they are left out.
    n_jobs : int, optional
        Clouds side by side, by joblib.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from toposcope.learn import DiagramSummaries, RipsPersistence
    >>> angle = np.linspace(0, 2 * np.pi, 30, endpoint=False)
    >>> ring = np.c_[np.cos(angle), np.sin(angle)]
    >>> pipeline = make_pipeline(RipsPersistence(homology_dimensions=1), DiagramSummaries(["bars", "longest"]))
    >>> pipeline.fit_transform([ring, ring * 2]).round(3)
    array([[1.   , 1.523],
           [1.   , 3.046]])
    """

    def __init__(
        self,
        homology_dimensions: int | Sequence[int] = (0, 1),
        metric: Any = "euclidean",
        thresh: float = np.inf,
        coeff: int = 2,
        keep_essential: bool = False,
        n_jobs: int | None = None,
    ):
        self.homology_dimensions = homology_dimensions
        self.metric = metric
        self.thresh = thresh
        self.coeff = coeff
        self.keep_essential = keep_essential
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> RipsPersistence:
        """Nothing is learnt: the parameters are checked.

        Parameters
        ----------
        X : sequence of (n, d) array_like
        """
        self._dimensions()
        return self

    def set_output(self, *, transform: Any = None) -> RipsPersistence:
        """For pipelines, which ask all their steps: diagrams stay lists of arrays, whatever comes after them."""
        return self

    def transform(self, X: Any) -> list[Any]:
        """The diagrams of each cloud.

        Parameters
        ----------
        X : sequence of (n, d) array_like
            Point clouds, of different sizes if need be; or (n, n) matrices with ``metric="precomputed"``.

        Returns
        -------
        list of (m, 2) ndarray, or list of list of them
        """
        dimensions = self._dimensions()
        if hasattr(X, "ndim") and X.ndim == 2:
            raise ValueError(
                f"X is one array of shape {X.shape}: give a sequence of point clouds ([X] for a single one)."
            )
        tasks: list[Task] = [(i, self._diagrams, (cloud, max(dimensions))) for i, cloud in enumerate(X)]
        out: list[Any] = [None] * len(tasks)
        for i, dgms, error in run(tasks, self.n_jobs):
            if error is not None:
                raise type(error)(f"Cloud {i}: {error}") from error
            chosen = [dgms[k] for k in dimensions]
            out[i] = chosen[0] if isinstance(self.homology_dimensions, (int, np.integer)) else chosen
        return out

    def _diagrams(self, cloud: Any, maxdim: int, n_threads: int | None) -> list[NDArray[np.float64]]:
        dgms = rips(cloud, maxdim, self.thresh, self.coeff, self.metric, n_threads=n_threads).dgms
        return dgms if self.keep_essential else [d[np.isfinite(d[:, 1])] for d in dgms]

    def _dimensions(self) -> list[int]:
        asked = self.homology_dimensions
        dimensions = [asked] if isinstance(asked, (int, np.integer)) else list(asked)
        if not dimensions or any(not isinstance(k, (int, np.integer)) or k < 0 for k in dimensions):
            raise ValueError(
                f"homology_dimensions={asked!r} is out of range: give an integer from 0, or a sequence of them."
            )
        return [int(k) for k in dimensions]


class DiagramSummaries(_WithoutFit):
    """Diagrams to their summaries: a row of numbers each.

    Parameters
    ----------
    summaries : sequence of {"bars", "longest", "total", "entropy", "ratio"}
        As in `toposcope.study.summarize`.
    noise : float
        Bars that are not longer than this are not counted in "bars".

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.learn import DiagramSummaries
    >>> DiagramSummaries(["total"]).fit_transform([np.array([[0.0, 1], [1, 3]]), np.empty((0, 2))])
    array([[3.],
           [0.]])
    """

    def __init__(self, summaries: Sequence[str] = ("bars", "longest", "total", "entropy"), noise: float = 0.0):
        self.summaries = summaries
        self.noise = noise

    def fit(self, X: Any, y: Any = None) -> DiagramSummaries:
        """The parameters are checked; learnt is only how many diagrams a cloud has, for the names of columns."""
        for name in self.summaries:
            if name not in SUMMARIES:
                raise ValueError(f"summaries has {name!r}, which is none of {', '.join(SUMMARIES)}.")
        first = next(iter(X), None)
        self.n_diagrams_ = None if first is None or isinstance(first, np.ndarray) else len(first)
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """Summaries of each diagram, or of all diagrams of each cloud side by side.

        Parameters
        ----------
        X : list of (m, 2) ndarray, or list of list of them

        Returns
        -------
        (clouds, summaries x dimensions) ndarray
        """
        rows = []
        for diagrams in X:
            every = [diagrams] if isinstance(diagrams, np.ndarray) else diagrams
            of_each = [summarize(np.asarray(diagram, float), self.noise) for diagram in every]
            rows.append([of[name] for of in of_each for name in self.summaries])
        return np.array(rows, float)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The names of the columns: "longest"; "longest_0", "longest_1" by their places where clouds have several."""
        several = getattr(self, "n_diagrams_", None)
        places = [""] if several is None else [f"_{k}" for k in range(several)]
        return np.array([name + place for place in places for name in self.summaries], dtype=object)


class BettiCurves(_OfLists):
    """Diagrams to Betti curves on a grid that is learnt from the diagrams it is fitted to.

    Parameters
    ----------
    resolution : int
        The number of values of the grid.

    Attributes
    ----------
    grid_ : (resolution,) ndarray
        From the least birth to the greatest death.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.learn import BettiCurves
    >>> BettiCurves(resolution=3).fit_transform([np.array([[0.0, 2], [0, 1]])])
    array([[2., 1., 0.]])
    """

    def __init__(self, resolution: int = 100):
        self.resolution = resolution

    def fit(self, X: Any, y: Any = None) -> BettiCurves:
        """Learn the grid.

        Parameters
        ----------
        X : list of (m, 2) ndarray
        """
        if not isinstance(self.resolution, (int, np.integer)) or self.resolution < 1:
            raise ValueError(f"resolution={self.resolution!r} is out of range: it must be an integer from 1.")
        ends = [_one(diagram, i).ravel() for i, diagram in enumerate(X)]
        values = np.concatenate(ends) if ends else np.empty(0)
        values = values[np.isfinite(values)]
        self.grid_ = (
            np.linspace(values.min(initial=np.inf), values.max(initial=-np.inf), self.resolution)
            if len(values)
            else np.zeros(self.resolution)
        )
        return self

    def transform(self, X: Any) -> NDArray[np.float64]:
        """The curves: (clouds, resolution)."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        curves = [betti_curve(_one(diagram, i), self.grid_) for i, diagram in enumerate(X)]
        return np.array(curves, float).reshape(len(curves), len(self.grid_))

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """The names of the columns: betti_0, betti_1 and so on, one for each value of the grid."""
        return np.array([f"betti_{at}" for at in range(self.resolution)], dtype=object)


def _one(diagram: Any, cloud: int) -> NDArray[np.float64]:
    """The one diagram of a cloud, (m, 2)."""
    try:
        return np.asarray(diagram, float).reshape(-1, 2)
    except ValueError:
        raise ValueError(
            f"Cloud {cloud} has no single (m, 2) array: BettiCurves takes one diagram a cloud, as RipsPersistence "
            "gives it with homology_dimensions=1."
        ) from None
