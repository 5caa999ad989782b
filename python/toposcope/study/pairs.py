"""Do two parts of a study differ? Paired by samples: by permutation of blocks, and by samples of the whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .arguments import as_study
from .hypotheses import Test, permutation_test, permuted
from .parts import Options, distances_of, scaled_diagrams
from .running import Task, run_all
from .subsampling import subsamples
from .summaries import SUMMARIES, summarize
from .tables import table_of
from .universal_null import adjust

if TYPE_CHECKING:
    from .collection import Study

__all__ = ["compare_layers", "paired_bootstrap", "paired_difference", "rows_of_pairs"]

Part = tuple[str, ...]
DIAGRAM = "diagram"  # the statistic that is no summary: whole diagrams, by their distances


def paired_difference(
    study: Study,
    a: Part,
    b: Part,
    statistic: str = "total",
    dim: int = 1,
    *,
    blocks: int = 16,
    permutations: int = 4999,
    seed: int = 0,
) -> Test:
    """Do two parts of a study differ in a summary of their scaled diagrams, or in the diagrams themselves?

    The samples are cut into disjoint blocks at random, the same in both parts, and each block gives one diagram in
    either part, in units of its own scale. Blocks share no points, unlike bootstrap samples, and have no duplicates, so
    that they are independent draws: under the null hypothesis (a block looks the same in either part) the two diagrams
    of a block can be exchanged, and the level is exact. For metrics that depend on the whole cloud (Mahalanobis,
    relative neighbourhoods) this holds nearly.

    Parameters
    ----------
    study : Study
        With its points.
    a, b : tuple of str
        Keys of the study: (layer, metric), or (model, layer, metric).
    statistic : {"bars", "longest", "total", "entropy", "ratio", "diagram"}
        A summary as in `summarize`; or the diagrams themselves, by their Wasserstein distances (`permutation_test`
        with pairs). Of blocks of n / blocks points each: for what needs more points to show, see `paired_bootstrap`.
    dim : int
        The homology dimension.
    blocks : int
        At least 6, since 5 pairs cannot give p < 0.05 on two sides.
    permutations, seed : int

    Returns
    -------
    Test
        For a summary, ``statistic`` is the mean difference, a less b, and the test has two sides; for diagrams it is
        the joint loss, small where they differ.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import paired_difference
    >>> rng = np.random.default_rng(0)
    >>> study = ts.triangulate({"flat": rng.normal(size=(120, 2)), "deep": rng.normal(size=(120, 9))}, ["euclidean"])
    >>> parts = ("flat", "euclidean"), ("deep", "euclidean")
    >>> paired_difference(study, *parts, "total", dim=0, blocks=12).p_value < 0.01
    True
    >>> paired_difference(study, *parts, "diagram", dim=0, blocks=12).p_value < 0.01
    True
    """
    clouds = _Blocks(study, [a, b], statistic, dim, blocks, seed)
    return clouds.test(a, b, permutations)


def paired_bootstrap(
    study: Study,
    a: Part,
    b: Part,
    statistic: str = "total",
    dim: int = 1,
    *,
    resamples: int = 99,
    share: float = 0.5,
    seed: int = 0,
) -> Test:
    """Do two parts of a study differ in a summary of their scaled diagrams? Of the whole cloud, paired by samples.

    The statistic is the relative difference of the summaries, 2 (a - b) / (a + b). How far it may be from 0 by chance
    is seen from samples of the points without repeats (a bootstrap sample has points twice, hence bars that the cloud
    does not have), the same in both parts, each in units of its own scale: their spread is that of the statistic (the
    delete-d jackknife: Shao and Wu 1989).

    Parameters
    ----------
    study, a, b, statistic, dim
        As in `paired_difference`, but for "diagram".
    resamples, share, seed : int, float, int
        How many samples, the share of the points in each, and the seed of their choice.

    Returns
    -------
    Test
        Two-sided. ``null`` are the statistics of the samples less their mean, times sqrt(share / (1 - share));
        ``p_value`` is that of Student's distribution for their deviation, so that many tests can be corrected for.

    Notes
    -----
    In simulations without a difference it rejects at the level 0.05 in at most 5 % of the cases, often in fewer, but
    for ``longest`` of H0, an extreme, with 9 %: use `paired_difference` there. It sees loops that need all points.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import paired_bootstrap
    >>> rng = np.random.default_rng(0)
    >>> angle = rng.uniform(0, 2 * np.pi, 100)
    >>> ring = np.c_[np.cos(angle), np.sin(angle)] + 0.1 * rng.normal(size=(100, 2))
    >>> study = ts.triangulate({"ring": ring, "blob": rng.normal(size=(100, 2))}, ["euclidean"])
    >>> paired_bootstrap(study, ("ring", "euclidean"), ("blob", "euclidean"), "longest").p_value < 0.01
    True
    """
    clouds = _Samples(study, [a, b], statistic, dim, resamples, share, seed)
    return clouds.test(a, b)


def compare_layers(
    study: Study,
    statistic: str = "total",
    dim: int = 1,
    *,
    test: str = "permutation",
    pairs: str = "next",
    method: str = "holm",
    **options: Any,
) -> Any:
    """Do layers differ? `paired_difference` or `paired_bootstrap` of pairs of layers, under every metric, corrected.

    Parameters
    ----------
    study : Study
        Of one model: ``study.select(models=name)``.
    statistic, dim
        As in the test.
    test : {"permutation", "bootstrap"}
    pairs : {"next", "all"}
        Every layer and the next one, or every two layers.
    method : {"holm", "benjamini-hochberg"}
        As in `adjust`, over all rows.
    **options
        blocks, permutations, seed; or resamples, share, seed; n_jobs and progress as in `triangulate`.

    Returns
    -------
    pandas.DataFrame, or a list of dict without pandas
        layer, next, metric, difference (next less layer; for diagrams, how much the loss is less than it is on average
        under the null hypothesis), p, p_adjusted.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> from toposcope.study import compare_layers
    >>> X = np.random.default_rng(0).normal(size=(120, 6))
    >>> study = ts.triangulate({"one": X, "two": X[:, :2], "three": X[:, :2] * 3}, ["euclidean"])
    >>> [bool(p < 0.05) for p in compare_layers(study, dim=0)["p_adjusted"]]
    [True, False]
    """
    if as_study(study).models:
        raise ValueError("The study has several models: give study.select(models=name).")
    if pairs not in ("next", "all"):
        raise ValueError(f"pairs={pairs!r} is unknown: it must be 'next' or 'all'.")
    asked: list[tuple[dict[str, Any], Part, Part]] = []
    for metric in study.metrics:
        layers = [layer for layer in study.layers if (layer, metric) in study]
        for at, layer in enumerate(layers):
            for following in layers[at + 1 : at + 2 if pairs == "next" else None]:
                words = {"layer": layer, "next": following, "metric": metric}
                asked.append((words, (following, metric), (layer, metric)))
    return table_of(rows_of_pairs(study, asked, statistic, dim, test=test, method=method, **options))


def rows_of_pairs(
    study: Study,
    asked: list[tuple[dict[str, Any], Part, Part]],
    statistic: str,
    dim: int,
    *,
    test: str = "permutation",
    method: str = "holm",
    n_jobs: int | None = None,
    progress: Any = None,
    blocks: int = 16,
    permutations: int = 4999,
    resamples: int = 99,
    share: float = 0.5,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """The rows of a table of tests, corrected for their number: words, and the two parts that are compared."""
    keys = list(dict.fromkeys(key for _, *pair in asked for key in pair))
    tests: list[Test]
    if test == "permutation":
        cut = _Blocks(study, keys, statistic, dim, blocks, seed, n_jobs, progress)
        tests = [cut.test(a, b, permutations) for _, a, b in asked]
    elif test == "bootstrap":
        drawn = _Samples(study, keys, statistic, dim, resamples, share, seed, n_jobs, progress)
        tests = [drawn.test(a, b) for _, a, b in asked]
    else:
        raise ValueError(f"test={test!r} is unknown: it must be 'permutation' or 'bootstrap'.")
    corrected = adjust(np.array([found.p_value for found in tests]), method)
    return [
        words
        | {
            "difference": found.statistic if found.side == "both" else float(found.null.mean() - found.statistic),
            "p": found.p_value,
            "p_adjusted": float(p),
        }
        for (words, _, _), found, p in zip(asked, tests, corrected, strict=True)
    ]


class _Blocks:
    """Scaled diagrams of the same disjoint blocks of samples in several parts."""

    def __init__(
        self,
        study: Study,
        keys: list[Part],
        statistic: str,
        dim: int,
        blocks: int,
        seed: int,
        n_jobs: int | None = None,
        progress: Any = None,
    ):
        _check(statistic, (*SUMMARIES, DIAGRAM))
        rows = _common(study, keys)
        if blocks < 6 or len(rows) < 2 * blocks:
            raise ValueError(
                f"blocks={blocks} is out of range: give from 6 to half the number of samples ({len(rows)})."
            )
        self.statistic, self.dim, self.blocks, self.seed = statistic, dim, blocks, seed
        cut = [np.sort(block) for block in np.array_split(np.random.default_rng(seed).permutation(rows), blocks)]
        self.diagrams = _diagrams(study, keys, cut, dim, n_jobs, progress)

    def test(self, a: Part, b: Part, permutations: int) -> Test:
        what = _words(self.statistic, self.dim, a, b)
        if self.statistic == DIAGRAM:
            finite = [[d[np.isfinite(d[:, 1])] for d in self.diagrams[key]] for key in (a, b)]
            return permutation_test(finite, paired=True, permutations=permutations, seed=self.seed, what=what)
        one, two = (np.array([summarize(d)[self.statistic] for d in self.diagrams[key]]) for key in (a, b))
        signs = np.random.default_rng(self.seed).choice([-1.0, 1.0], (permutations, self.blocks))
        return permuted((one - two).mean(), signs @ (one - two) / self.blocks, what, "both")


class _Samples:
    """Summaries of several parts, of the whole and of the same samples without repeats."""

    def __init__(
        self,
        study: Study,
        keys: list[Part],
        statistic: str,
        dim: int,
        resamples: int,
        share: float,
        seed: int,
        n_jobs: int | None = None,
        progress: Any = None,
    ):
        _check(statistic, SUMMARIES)
        rows = _common(study, keys)
        self.statistic, self.dim, self.share = statistic, dim, share
        samples = [rows, *rows[subsamples(len(rows), resamples, seed, share)]]
        self.values = {
            key: np.array([summarize(diagram)[statistic] for diagram in diagrams])
            for key, diagrams in _diagrams(study, keys, samples, dim, n_jobs, progress).items()
        }

    def test(self, a: Part, b: Part) -> Test:
        from scipy.stats import t

        one, two = self.values[a], self.values[b]
        sums = np.abs(one) + np.abs(two)
        relative = np.divide(2 * (one - two), sums, out=np.zeros_like(sums), where=sums > 0)
        observed, drawn = float(relative[0]), relative[1:]
        null = np.sqrt(self.share / (1 - self.share)) * (drawn - drawn.mean())
        deviation = float(null.std(ddof=1))
        if deviation > 0:
            p_value = float(2 * t.sf(abs(observed) / deviation, len(null) - 1))
        else:
            p_value = 1.0 if observed == 0 else 1 / (1 + len(null))  # no more is known than that no sample differs
        return Test(observed, p_value, null, f"relative {_words(self.statistic, self.dim, a, b)}")


def _check(statistic: str, known: Iterable[str]) -> None:
    if statistic not in known:
        raise ValueError(f"statistic={statistic!r} is unknown: it must be one of {', '.join(known)}.")


def _words(statistic: str, dim: int, a: Part, b: Part) -> str:
    one, two = (", ".join(map(str, key)) for key in (a, b))
    if statistic == DIAGRAM:
        return f"joint loss of H{dim}: {one} against {two}"
    return f"{statistic} of H{dim}: {one}, less {two}"


def _common(study: Study, keys: list[Part]) -> NDArray[np.int64]:
    """The samples that no metric dropped: every part is looked at on the same ones."""
    rows = np.arange(as_study(study).meta["n"])
    for key in keys:
        rows = np.intersect1d(rows, study[key].idx_perm)
    return rows


def _diagrams(
    study: Study, keys: list[Part], samples: list[NDArray[np.int64]], dim: int, n_jobs: int | None, progress: Any
) -> dict[Part, list[NDArray[np.float64]]]:
    """The scaled diagrams of each part among each of the sets of samples."""
    tasks: list[Task] = []
    for key in keys:
        options = study[key].options
        only = Options(dim, options.scale, options.thresh, options.coeff)
        tasks.append((key, _of_samples, (*study.source(key), only, samples)))
    return dict(run_all(tasks, n_jobs, progress, "tests"))


def _of_samples(
    X: NDArray[Any], metric: Any, options: Options, samples: list[NDArray[np.int64]], n_threads: int | None
) -> list[NDArray[np.float64]]:
    matrix, kept, _ = distances_of(X, metric, n_threads)
    places = (np.searchsorted(kept, sample) for sample in samples)
    return [scaled_diagrams(matrix[at][:, at], options, n_threads)[options.maxdim] for at in places]
