"""Do classes show in the topology? By permutation: of labels, and of blocks of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..points import as_matrix
from .arguments import as_labels, as_study
from .components import Separation
from .hypotheses import Test, permutation_test, permuted
from .parts import Options, scaled_diagrams
from .tables import table_of
from .universal_null import adjust

if TYPE_CHECKING:
    from .collection import Study

__all__ = ["class_difference", "class_structure", "compare_classes"]


def class_structure(distances: NDArray[Any], labels: Any, *, permutations: int = 999, seed: int = 0) -> Test:
    """Do the components of H0 follow the classes? One-sided, against permuted labels.

    Parameters
    ----------
    distances : (n, n) array_like
        For instance ``study.distances(layer, metric)``.
    labels : (n,) array_like
        In the same order, at least two classes.
    permutations, seed : int

    Returns
    -------
    Test
        The statistic is `separation`: how much later components join samples of different classes.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import class_structure
    >>> labels = np.repeat([0, 1], 30)
    >>> X = np.random.default_rng(0).normal(size=(60, 2)) + 9 * labels[:, None]
    >>> class_structure(ts.distances(X), labels)
    Test(separation of classes in H0: 1.675, p = 0.001, null of 999)
    """
    separation = Separation(distances, labels)
    rng = np.random.default_rng(seed)
    null = np.array([separation(rng.permutation(separation.classes)) for _ in range(permutations)])
    return permuted(separation(), null, "separation of classes in H0", "greater")


def class_difference(
    distances: NDArray[Any],
    labels: Any,
    dim: int = 1,
    *,
    blocks: int = 8,
    scale: str | float | None = "q90",
    distance: str = "wasserstein",
    permutations: int = 999,
    seed: int = 0,
) -> Test:
    """Do the classes have different diagrams? Each class is a cloud of its own, in units of its own scale.

    The samples of every class are cut into disjoint blocks of one size at random, which are independent draws; where
    classes do not differ, their diagrams can be exchanged between classes (`permutation_test`).

    Parameters
    ----------
    distances : (n, n) array_like
    labels : (n,) array_like
        In the same order, at least two classes.
    dim : int
        The homology dimension.
    blocks : int
        Of each class, at least 3.
    scale : str, float or None
        Of each block, as in `triangulate`; None to compare sizes too.
    distance : {"wasserstein", "bottleneck"}
    permutations, seed : int

    Returns
    -------
    Test
        The joint loss of Robinson and Turner: small where classes differ.

    Examples
    --------
    A ring and a blob of the same size:

    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import class_difference
    >>> rng = np.random.default_rng(0)
    >>> angle = rng.uniform(0, 2 * np.pi, 100)
    >>> X = np.concatenate([np.c_[np.cos(angle), np.sin(angle)], 0.7 * rng.normal(size=(100, 2))])
    >>> class_difference(ts.distances(X), np.repeat(["ring", "blob"], 100), blocks=5).p_value < 0.05
    True
    """
    matrix = as_matrix(distances, "distances").astype(np.float32)
    values = as_labels(labels, len(matrix))
    names, counts = np.unique(values, return_counts=True)
    if len(names) < 2:
        raise ValueError("labels must name at least two classes.")
    size = int(counts.min()) // max(blocks, 1)
    if blocks < 3 or size < 3:
        raise ValueError(
            f"blocks={blocks} is out of range: the smallest class has {counts.min()} samples; give at least 3 blocks "
            "of at least 3 samples."
        )
    rng = np.random.default_rng(seed)
    groups = []
    for name in names:
        rows = rng.permutation(np.flatnonzero(values == name))[: blocks * size].reshape(blocks, size)
        diagrams = [scaled_diagrams(matrix[at][:, at], Options(dim, scale))[dim] for at in rows]
        groups.append([diagram[np.isfinite(diagram[:, 1])] for diagram in diagrams])
    return permutation_test(
        groups,
        distance=distance,
        permutations=permutations,
        seed=seed,
        what=f"joint loss of {len(names)} classes in H{dim}",
    )


def compare_classes(
    study: Study, labels: Any = None, dim: int | None = None, *, method: str = "holm", **options: Any
) -> Any:
    """Do classes show in a layer, under a metric? A test of every part of a study, corrected for their number.

    Parameters
    ----------
    study : Study
        With its points.
    labels : (n,) array_like, optional
        By default those of the study.
    dim : int, optional
        By default `class_structure`: do components follow the classes? With a dimension `class_difference`: do the
        classes have different diagrams?
    method : {"holm", "benjamini-hochberg"}
        As in `adjust`.
    **options
        Of the test.

    Returns
    -------
    pandas.DataFrame, or a list of dict without pandas
        (model), layer, metric, statistic, p, p_adjusted.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import compare_classes
    >>> labels = np.repeat([0, 1], 40)
    >>> X = np.random.default_rng(0).normal(size=(80, 3))
    >>> study = ts.triangulate({"noise": X, "apart": X + 9 * labels[:, None]}, ["euclidean"], labels=labels)
    >>> [bool(p < 0.05) for p in compare_classes(study)["p_adjusted"]]
    [False, True]
    """
    given = as_study(study).labels if labels is None else labels
    if given is None:
        raise ValueError("The study has no labels: give labels=.")
    given = as_labels(given, study.meta["n"], "samples")
    rows: list[dict[str, Any]] = []
    for key, part in study.items():
        matrix, of_part = study.distances(*key), given[part.idx_perm]
        if dim is None:
            test = class_structure(matrix, of_part, **options)
        else:
            test = class_difference(matrix, of_part, dim, **{"scale": part.options.scale, **options})
        names = ("model", "layer", "metric")[-len(key) :]
        rows.append(dict(zip(names, key, strict=True)) | {"statistic": test.statistic, "p": test.p_value})
    for row, p in zip(rows, adjust(np.array([row["p"] for row in rows]), method), strict=True):
        row["p_adjusted"] = float(p)
    return table_of(rows)
