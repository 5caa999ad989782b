"""Two models on the same inputs: fp32 and int8, clean and noisy, base and tuned, trained and untrained."""

from __future__ import annotations

from typing import Any

import numpy as np

from .collection import Study
from .diagram_distances import diagram_distance
from .divergence import topology_divergence
from .pairs import rows_of_pairs
from .tables import table_of
from .triangulation import triangulate

__all__ = ["compare_models"]


def compare_models(
    a: Any,
    b: Any,
    metrics: Any = ("euclidean", "cosine"),
    maxdim: int = 1,
    *,
    names: tuple[str, str] = ("a", "b"),
    divergence: bool = True,
    statistic: str = "total",
    test: str = "permutation",
    dim: int | None = None,
    blocks: int = 16,
    resamples: int = 99,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: Any = None,
    **options: Any,
) -> tuple[Study, Any]:
    """How far apart two models are, layer by layer, on the same samples.

    Parameters
    ----------
    a, b : Mapping
        Activations of the two models, as in `triangulate`; rows are matched by ids where there are any.
    metrics, maxdim
        As in `triangulate`.
    names : tuple of two str
        What to call the models.
    divergence : bool
        Also the Representation Topology Divergence (`topology_divergence`), which takes 2 n + 1 points.
    statistic, test, blocks, resamples, seed
        Of the test, as in `compare_layers`: `paired_difference` or `paired_bootstrap`.
    dim : int, optional
        The homology dimension that is tested; by default the highest up to 1.
    n_jobs, progress, **options
        As in `triangulate`.

    Returns
    -------
    study : Study
        Of both models.
    table : pandas.DataFrame, or a list of dict without pandas
        One row a layer and metric that both have: ``bottleneck_k`` of the scaled diagrams, ``rtd``, ``difference``
        (b less a), ``p``, and ``p_adjusted`` (Holm) for the number of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.study import compare_models
    >>> X = np.random.default_rng(0).normal(size=(60, 4))
    >>> study, table = compare_models({"layer": X}, {"layer": 2 * X}, ["euclidean"], blocks=6)
    >>> float(table["rtd"][0]), float(table["p"][0])
    (0.0, 1.0)
    """
    if len(set(names)) != 2:
        raise ValueError(f"names={names!r} must be two different names.")
    study = triangulate({names[0]: a, names[1]: b}, metrics, maxdim, n_jobs=n_jobs, progress=progress, **options)
    asked: list[Any] = []
    for layer in study.layers:
        for metric in study.metrics:
            one, two = ((name, layer, metric) for name in names)
            if one not in study or two not in study:
                continue
            row: dict[str, Any] = {"layer": layer, "metric": metric}
            for k in range(min(len(study[one].dgms), len(study[two].dgms))):
                row[f"bottleneck_{k}"] = diagram_distance(study[one].scaled(k), study[two].scaled(k))
            if divergence:
                row["rtd"] = _divergence(study, one, two)
            asked.append((row, two, one))
    if not asked:
        raise ValueError("The two models have no layer in common: give their layers the same names.")
    rows = rows_of_pairs(
        study,
        asked,
        statistic,
        min(1, study.meta["maxdim"]) if dim is None else dim,
        test=test,
        blocks=blocks,
        resamples=resamples,
        seed=seed,
        n_jobs=n_jobs,
    )
    return study, table_of(rows)


def _divergence(study: Study, one: Any, two: Any) -> float:
    rows = np.intersect1d(study[one].idx_perm, study[two].idx_perm)  # what no metric dropped
    matrices = []
    for key in (one, two):
        at = np.searchsorted(study[key].idx_perm, rows)
        matrices.append(study.distances(*key)[np.ix_(at, at)] / np.float32(study[key].scale))
    return topology_divergence(matrices[0], matrices[1], scale=None)
