"""What a study is about: layers of activations of the same samples, of one model or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..points import as_points
from .arguments import as_vector

__all__ = ["Samples", "by_class"]

Points = dict[tuple[str | None, str], NDArray[Any]]


class Samples:
    """Points by model and layer, row by row of the same samples.

    Parameters
    ----------
    acts : Mapping
        ``ts.Activations``; or layer -> (n, d) array; or model -> either of them.
    labels, ids : (n,) array_like, optional
        By default those of ``acts``, where it has any.

    Attributes
    ----------
    points : dict of (model or None, layer) -> (n, d) ndarray
    labels, ids : (n,) ndarray or None
    """

    def __init__(self, acts: Any, labels: Any = None, ids: Any = None):
        if not isinstance(acts, Mapping):
            raise TypeError(
                f"acts is a {type(acts).__name__}: give ts.Activations or a dict of layer -> (n, d) array "
                "({'points': X} for a single cloud)."
            )
        if not acts:
            raise ValueError("acts holds no layer: give at least one.")
        several = all(isinstance(value, Mapping) for value in acts.values())
        of_model: dict[str | None, Any] = {str(m): a for m, a in acts.items()} if several else {None: acts}
        self.points: Points = {}
        for model, layers in of_model.items():
            for layer, X in layers.items():
                self.points[model, str(layer)] = as_points(X, f"The layer {layer!r}")
        self.models = tuple(str(m) for m in of_model) if several else ()
        self.layers = tuple(dict.fromkeys(layer for _, layer in self.points))
        first = next(iter(of_model.values()))
        self.ids = _optional("ids", getattr(first, "ids", None) if ids is None else ids)
        self._match(of_model)
        self.labels = _optional("labels", getattr(first, "labels", None) if labels is None else labels)
        self.n = self._count()
        for name, values in (("labels", self.labels), ("ids", self.ids)):
            if values is not None and len(values) != self.n:
                raise ValueError(f"There are {len(values)} {name} for {self.n} samples: give one for each row.")

    def _match(self, of_model: Mapping[str | None, Any]) -> None:
        """Put the rows of every model into the order of the first, by their ids."""
        if self.ids is None:
            return
        place = {value: row for row, value in enumerate(self.ids.tolist())}
        for model, layers in of_model.items():
            theirs = _optional("ids", getattr(layers, "ids", None))
            if theirs is None or np.array_equal(theirs, self.ids):
                continue
            if len(place) < len(self.ids) or sorted(place) != sorted(set(theirs.tolist())):
                raise ValueError(
                    f"The model {model!r} has other samples than the first one: layers and models are compared on the "
                    "same samples, by their ids; capture both with the same data and seed."
                )
            order = np.argsort([place[value] for value in theirs.tolist()])
            for key in [key for key in self.points if key[0] == model]:
                self.points[key] = self.points[key][order]

    def _count(self) -> int:
        (_, first), *_ = self.points
        count = len(next(iter(self.points.values())))
        for (model, layer), X in self.points.items():
            if len(X) != count:
                of = f" of the model {model!r}" if model is not None else ""
                raise ValueError(
                    f"The layer {layer!r}{of} has {len(X)} rows and {first!r} has {count}: layers are compared on the "
                    "same samples, so give the same rows of each, in the same order."
                )
        return count


def by_class(acts: Any, labels: Any = None, *, n: int | None = None, seed: int = 0) -> dict[str, dict[str, Any]]:
    """Split activations by class, with the same number of samples of each, so that a study can compare classes.

    Parameters
    ----------
    acts : Mapping
        As `triangulate` takes it, of one model.
    labels : (n,) array_like, optional
        By default ``acts.labels``.
    n : int, optional
        Samples of each class, chosen without repeats; by default as many as the smallest class has.
    seed : int
        Of the choice.

    Returns
    -------
    dict of str -> dict of str -> (n, d) ndarray
        Class -> layer -> points: what `triangulate` takes for several models.

    Examples
    --------
    >>> import numpy as np
    >>> split = by_class({"a": np.arange(10.0).reshape(5, 2)}, labels=[0, 0, 0, 1, 1])
    >>> {name: layers["a"].shape for name, layers in split.items()}
    {'0': (2, 2), '1': (2, 2)}
    """
    samples = Samples(acts, labels)
    if samples.labels is None:
        raise ValueError("There are no labels to split by: give labels=.")
    if samples.models:
        raise ValueError("Classes are split for one model at a time: give the layers of one.")
    names, counts = np.unique(samples.labels, return_counts=True)
    size = int(counts.min()) if n is None else n
    if not 1 <= size <= counts.min():
        raise ValueError(f"n={size} samples of each class were asked, and the smallest class has {counts.min()}.")
    rng = np.random.default_rng(seed)
    chosen = {
        str(name): np.sort(rng.choice(np.flatnonzero(samples.labels == name), size, replace=False)) for name in names
    }
    return {name: {layer: X[rows] for (_, layer), X in samples.points.items()} for name, rows in chosen.items()}


def _optional(name: str, values: Any) -> NDArray[Any] | None:
    return None if values is None else as_vector(name, values)
