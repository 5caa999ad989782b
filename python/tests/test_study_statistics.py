"""Summaries, tests and comparisons: against known answers, and against their own promises."""

from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from scipy.cluster.hierarchy import cophenet, linkage
from scipy.spatial.distance import pdist

import toposcope as ts
from toposcope.study import (
    adjust,
    class_difference,
    class_structure,
    compare_classes,
    compare_layers,
    consensus,
    intrinsic_dimension,
    overlap,
    paired_bootstrap,
    paired_difference,
    permutation_test,
    purity,
    separation,
    significance,
    single_linkage,
)


def ring(n, noise, seed):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    return np.c_[np.cos(angle), np.sin(angle)] + noise * rng.normal(size=(n, 2))


# -- the universal null ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_p_values_of_noise_are_uniform(dimension):
    X = np.random.default_rng(dimension).uniform(size=(600, dimension))
    p = significance(ts.rips(X).dgms[1])
    assert len(p) > 100
    assert scipy.stats.kstest(p, "uniform").statistic < 0.1
    assert (adjust(p) < 0.05).sum() == 0


def test_the_loop_of_a_ring_is_significant_and_no_other():
    hits = [np.flatnonzero(adjust(significance(ts.rips(ring(200, 0.1, seed)).dgms[1])) < 0.05) for seed in range(10)]
    assert sum(list(hit) == [0] for hit in hits) >= 9


def test_significance_does_not_change_with_the_scale_and_bounds_censored_bars():
    X = ring(100, 0.1, 0)
    p = significance(ts.rips(X).dgms[1])
    np.testing.assert_allclose(significance(ts.rips(2 * X).dgms[1]), p, rtol=1e-12)
    cut = ts.rips(X, thresh=1.0)
    with pytest.raises(ValueError, match="thresh="):
        significance(cut.dgms[1])
    assert np.nanargmin(significance(cut.dgms[1], thresh=1.0)) == 0
    with pytest.raises(ValueError, match="born at 0"):
        significance(ts.rips(X).dgms[0])


def test_corrections_are_those_of_scipy_and_by_hand():
    p = np.random.default_rng(0).uniform(size=20) ** 2
    np.testing.assert_allclose(adjust(p, "benjamini-hochberg"), scipy.stats.false_discovery_control(p))
    by_hand = [max(min(1, (20 - i) * q) for i, q in enumerate(sorted(p)) if q <= value) for value in p]
    np.testing.assert_allclose(adjust(p), by_hand)
    with pytest.raises(ValueError, match="'bonferroni'"):
        adjust(p, "bonferroni")


# -- tests -----------------------------------------------------------------------------------------------------------


def two_layers(seed, n=60, same=True):
    """Two layers of the same distribution, correlated sample by sample as layers are; or of 3 and of 6 dimensions."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 3))
    a, b = (shared + 0.7 * rng.normal(size=(n, 3)) for _ in range(2))
    return ts.triangulate({"a": a, "b": b if same else np.c_[b, rng.normal(size=(n, 3))]}, ["euclidean"])


A, B = ("a", "euclidean"), ("b", "euclidean")
WHOLE = ("longest", 1), ("total", 0)


@pytest.mark.parametrize(("statistic", "dim"), [("total", 1), ("diagram", 1)])
def test_paired_difference_holds_its_level(statistic, dim):
    """Where layers do not differ, about one p-value in twenty is below 0.05, and about half are below 0.5.

    Of H0, and of the other tests: test_study_calibration.py.
    """
    p = [
        paired_difference(two_layers(seed), A, B, statistic, dim, blocks=8, permutations=199).p_value
        for seed in range(60)
    ]
    assert sum(value <= 0.05 for value in p) <= 9, "binomial(60, 0.05) exceeds 9 once in five thousand times"
    assert 0.3 < np.mean(np.array(p) <= 0.5) < 0.7


@pytest.mark.parametrize(("statistic", "dim"), WHOLE)
def test_paired_bootstrap_holds_its_level(statistic, dim):
    p = [paired_bootstrap(two_layers(seed), A, B, statistic, dim, resamples=30).p_value for seed in range(60)]
    assert sum(value <= 0.05 for value in p) <= 9
    assert min(p) < 0.5 < max(p)


def test_differences_are_found():
    differ = [two_layers(seed, 120, same=False) for seed in range(10)]
    for statistic in ("total", "diagram"):
        assert all(paired_difference(study, A, B, statistic, 0).p_value < 0.01 for study in differ), statistic
    assert all(paired_bootstrap(study, A, B, "total", 0).p_value < 0.01 for study in differ)
    found = paired_difference(differ[0], A, B, dim=0)
    assert found.statistic < 0 and len(found.null) == 4999 and found.side == "both"
    again = paired_difference(differ[0], B, A, dim=0)
    assert again.statistic == -found.statistic and again.p_value == found.p_value


def test_the_loop_of_the_whole_is_seen_by_the_bootstrap():
    """No block of 8 points shows it, the whole does."""
    layers = {"a": ring(120, 0.15, 0), "b": np.random.default_rng(0).normal(size=(120, 2))}
    study = ts.triangulate(layers, ["euclidean"])
    found = paired_bootstrap(study, A, B, "longest")
    assert found.p_value < 1e-3 and found.statistic > 0.5
    assert abs(found.null.mean()) < 1e-12 and len(found.null) == 99


def test_tests_are_seeded_and_refuse_in_one_sentence():
    study = two_layers(0)
    for test in (paired_difference, paired_bootstrap):
        assert test(study, A, B, seed=3).p_value == test(study, A, B, seed=3).p_value
        assert (test(study, A, A).statistic, test(study, A, A).p_value) == (0, 1)
        with pytest.raises(ValueError, match="'mean'"):
            test(study, A, B, "mean")
    with pytest.raises(ValueError, match="blocks=2"):
        paired_difference(study, A, B, blocks=2)
    with pytest.raises(ValueError, match="'diagram'"):
        paired_bootstrap(study, A, B, "diagram")
    with pytest.raises(ValueError, match="resamples=1"):
        paired_bootstrap(study, A, B, resamples=1)


def test_a_loop_is_smaller_for_tight_groups_by_the_definition():
    """The joint loss of Robinson and Turner, and its p-value, from all 20 ways to cut six diagrams in two."""
    rng = np.random.default_rng(0)
    diagrams = [np.sort(rng.uniform(size=(4, 2)) * (1 + (i > 2)), axis=1) for i in range(6)]
    apart = np.array([[ts.diagram_distance(a, b, "wasserstein") for b in diagrams] for a in diagrams])

    def loss(group):
        other = [i for i in range(6) if i not in group]
        return sum(apart[np.ix_(g, g)].sum() / (2 * 3 * 2) for g in (list(group), other))

    found = permutation_test([diagrams[:3], diagrams[3:]], permutations=4999)
    assert found.statistic == pytest.approx(loss((0, 1, 2))) and found.side == "less"
    every = [loss(group) for group in combinations(range(6), 3)]
    assert np.abs(np.array(every)[:, None] - found.null).min(0).max() < 1e-9
    assert found.p_value == pytest.approx(np.mean(np.array(every) <= found.statistic + 1e-9), abs=0.02)
    swapped = permutation_test([diagrams[:3], diagrams[3:]], paired=True, permutations=999)
    assert len(np.unique(swapped.null.round(9))) == 4, "three pairs can be exchanged in eight ways, which are four cuts"


def test_groups_of_diagrams_that_cannot_be_compared():
    bars = np.array([[0.0, 1]])
    for groups, options, words in (
        ([[bars, bars]], {}, "two groups"),
        ([[bars], [bars, bars]], {}, "at least two"),
        ([[bars] * 2, [bars] * 3], {"paired": True}, "same size"),
        ([[bars] * 2, [bars, np.array([[0, np.inf]])]], {}, "infinitely far apart"),
    ):
        with pytest.raises(ValueError, match=words):
            permutation_test(groups, **options)


def test_layers_are_compared_and_corrected():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    study = ts.triangulate({"a": X, "b": 3 * X, "c": X[:, :2]}, ["euclidean", "cityblock"])
    for options in ({}, {"statistic": "diagram"}, {"test": "bootstrap"}):
        rows = compare_layers(study, dim=0, **options)
        assert list(rows["layer"]) == ["a", "b"] * 2 and list(rows["next"]) == ["b", "c"] * 2
        np.testing.assert_allclose(rows["p_adjusted"], adjust(rows["p"]))
        assert (rows["p_adjusted"] < 0.05).tolist() == [False, True] * 2, options
    every = compare_layers(study, dim=0, pairs="all", n_jobs=1)
    assert len(every) == 6
    alone = paired_difference(study, ("b", "euclidean"), ("a", "euclidean"), dim=0)
    assert every["p"][0] == alone.p_value and every["difference"][0] == alone.statistic
    for options, words in (({"pairs": "some"}, "'some'"), ({"test": "t"}, "'t'"), ({"method": "none"}, "'none'")):
        with pytest.raises(ValueError, match=words):
            compare_layers(study, **options)
    with pytest.raises(ValueError, match="several models"):
        compare_layers(ts.triangulate({"m": {"a": X}, "n": {"a": X}}, ["euclidean"]))


def test_class_structure_is_found_and_not_invented():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 20)
    X = rng.normal(size=(60, 4))
    centres = {"a": 0, "b": 12, "c": 24}
    apart = ts.distances(X + np.array([centres[label] for label in labels])[:, None])
    assert class_structure(apart, labels).p_value == 0.001
    heights = cophenet(linkage(pdist(X + np.array([centres[label] for label in labels])[:, None]), "single"))
    same = pdist(np.unique(labels, return_inverse=True)[1][:, None]) == 0
    by_hand = (heights[~same].mean() - heights[same].mean()) / heights.mean()
    assert separation(apart, labels) == pytest.approx(by_hand, rel=1e-5)
    null = np.array([class_structure(ts.distances(rng.normal(size=(30, 2))), np.arange(30) % 2, permutations=99).p_value
                     for _ in range(100)])  # fmt: skip
    assert np.mean(null <= 0.05) <= 0.13 and 0.3 < np.mean(null <= 0.5) < 0.7
    with pytest.raises(ValueError, match="59 labels"):
        class_structure(apart, labels[1:])
    with pytest.raises(ValueError, match="two classes"):
        class_structure(apart, np.zeros(60))


def test_classes_of_different_shapes_are_found_and_not_invented():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)

    def p_value(X, **options):
        return class_difference(ts.distances(X), labels, blocks=5, permutations=99, **options).p_value

    null = np.array([p_value(rng.normal(size=(120, 2)), dim=0) for _ in range(80)])
    assert np.mean(null <= 0.05) <= 0.13 and 0.3 < np.mean(null <= 0.5) < 0.7
    flat = np.where(labels[:, None], 1, [1, 1, 0, 0, 0, 0])
    assert all(p_value(rng.normal(size=(120, 6)) * flat, dim=0) <= 0.05 for _ in range(5))
    rings = np.concatenate([ring(200, 0.05, 0), rng.normal(size=(200, 2))])
    found = class_difference(ts.distances(rings), np.repeat([0, 1], 200), 1, blocks=6)
    assert found.p_value <= 0.01 and found.statistic < found.null.mean()
    larger = rng.normal(size=(120, 2)) * np.where(labels, 3, 1)[:, None]
    assert p_value(larger, dim=0) > 0.05 > p_value(larger, dim=0, scale=None), "sizes count where nothing is scaled"
    with pytest.raises(ValueError, match="blocks=40"):
        class_difference(ts.distances(larger), labels, blocks=40)
    with pytest.raises(ValueError, match="two classes"):
        class_difference(ts.distances(larger), np.zeros(120))


def test_classes_are_compared_in_every_part():
    labels = np.repeat([0, 1], 40)
    X = np.random.default_rng(0).normal(size=(80, 3)) + 5
    models = {"one": {"l": X}, "two": {"l": X + 9 * labels[:, None] * [1, -1, 0]}}
    study = ts.triangulate(models, ["euclidean", "cosine"], labels=labels)
    rows = compare_classes(study, permutations=199)
    assert list(rows.columns) == ["model", "layer", "metric", "statistic", "p", "p_adjusted"]
    assert (rows["p_adjusted"] < 0.05).tolist() == [False, False, True, True]
    assert len(compare_classes(study, dim=1, permutations=99)) == 4
    with pytest.raises(ValueError, match="no labels"):
        compare_classes(ts.triangulate({"l": X}, ["euclidean"]))


# -- H0 --------------------------------------------------------------------------------------------------------------


def test_purity_and_the_tree():
    X = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
    D = ts.distances(X)
    labels = np.arange(50) % 3
    tree = single_linkage(D)
    np.testing.assert_allclose(tree[:, 2], linkage(pdist(X), "single")[:, 2], rtol=1e-5)
    np.testing.assert_allclose(tree[:, 2], np.sort(ts.rips(X).dgms[0][:, 1])[:-1], rtol=1e-6)
    found = purity(D, labels)
    assert found["purity"][0] == 1 and found["components"][-1] == 1
    assert found["purity"][-1] == pytest.approx(17 / 50)
    assert (np.diff(found["purity"]) <= 1e-12).all()
    middle = 30
    components = scipy.cluster.hierarchy.fcluster(tree, tree[middle - 1, 2], "distance")
    by_hand = sum(np.bincount(labels[components == c]).max() for c in np.unique(components)) / 50
    assert found["purity"][middle] == pytest.approx(by_hand)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_dimension_of_cubes(d):
    X = np.random.default_rng(d).uniform(size=(1000, d))
    X = np.c_[X, np.zeros((1000, 4))] @ np.linalg.qr(np.random.default_rng(0).normal(size=(d + 4, d + 4)))[0]
    assert intrinsic_dimension(ts.distances(X), alpha=0.5) == pytest.approx(d, rel=0.15)


# -- what metrics agree on -------------------------------------------------------------------------------------------


def test_overlaps():
    a, b = np.array([0, 1, 2]), np.array([3, 4])
    assert overlap(a, a) == 1 and overlap(a, b) == 0 and overlap(a, b[:0]) == 0
    near = np.array([[3], [4], [4], [0], [1]])
    assert overlap(a, b, near) == 1, "each point has a neighbour in the other set"


def test_components_that_all_metrics_show():
    X = np.random.default_rng(0).normal(size=(90, 3))
    X[:30] += 20
    X[30:50] -= 30
    study = ts.triangulate({"x": X, "y": np.random.default_rng(1).normal(size=(90, 3))}, ["euclidean", "cityblock"])
    rows = consensus(study, "x", dim=0, bars=2)
    assert sorted(map(len, rows["points"])) == [20, 20, 30, 30]
    assert (rows["score"] == 1).all() and (rows["metrics"] == 2).all() and set(rows["group"]) == {0, 1}
    assert consensus(study, "y", dim=0)["score"].mean() < 1
    with pytest.raises(ValueError, match="dim=2"):
        consensus(study, "x", dim=2)
    for options, words in (({"layer": "z"}, "'z'"), ({"metric": "cosine"}, "'cosine'"), ({"model": "m"}, "'m'")):
        with pytest.raises(KeyError, match=words):
            consensus(study, **options)


def test_a_loop_that_all_metrics_show():
    X = np.c_[ring(80, 0.05, 0), np.random.default_rng(1).normal(size=(80, 2)) * 0.05] + [3, 0, 0, 0]
    study = ts.triangulate({"ring": X}, ["euclidean", "cityblock", "chebyshev"])
    rows = consensus(study, "ring", bars=3)
    first = rows[rows["bar"] == 0]
    assert (first["group"] == 0).all() and (first["metrics"] == 3).all() and (first["score"] > 0.7).all()
    angle = np.arctan2(X[:, 1], X[:, 0] - 3)
    for points in first["points"]:
        assert np.diff(np.sort(angle[points])).max() < 1.3, "the points go all the way round"
    assert (rows[rows["bar"] > 0]["score"] < first["score"].min()).all()


def test_every_bar_has_a_score_and_the_same_points_agree_fully():
    X = np.random.default_rng(2).normal(size=(60, 3))
    study = ts.triangulate({"x": X, "scaled": 3 * X, "other": X[::-1] ** 3}, ["euclidean", "cityblock"])
    for dim in (0, 1):
        rows = consensus(study, dim=dim, metric="euclidean")
        counts = rows.groupby("layer").size()
        for layer in study.layers:
            assert counts[layer] == np.isfinite(study[layer, "euclidean"].dgms[dim][:, 1]).sum()
        alike = consensus(study.select(layers=["x", "scaled"]), dim=dim, metric="euclidean", n_jobs=1)
        assert (alike["score"] == 1).all() and (alike["layers"] == 2).all(), "scaling changes no bar's points"
        assert (rows["score"] < 1).any() and set(rows["layers"]) <= {1, 2, 3}
        assert "parts" in consensus(study, dim=dim, bars=2)


def test_overlaps_of_all_bars_are_those_of_pairs():
    from toposcope.study import shared_features

    X = np.random.default_rng(3).normal(size=(50, 3))
    study = ts.triangulate({"x": X}, ["euclidean", "cityblock"])
    for dim in (0, 1):
        a, b = (shared_features._features(*study.source(key), study[key].options, dim, 9, 3, None) for key in study)
        near = None if dim == 0 else np.hstack([a.near, b.near])
        by_hand = [[overlap(p, q, near) for q in b.points] for p in a.points]
        np.testing.assert_allclose(shared_features._overlaps(a, b), by_hand, atol=1e-6)
