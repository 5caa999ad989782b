"""Summaries, tests and comparisons: against known answers, and against their own promises."""

import numpy as np
import pytest
import scipy.stats
from scipy.cluster.hierarchy import linkage
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist

import toposcope as ts
from toposcope.study import (
    adjust,
    class_structure,
    compare_layers,
    compare_models,
    consensus,
    cross_barcode,
    intrinsic_dimension,
    overlap,
    paired_difference,
    purity,
    significance,
    single_linkage,
    topology_divergence,
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


def test_paired_difference_holds_its_level_and_finds_a_difference():
    """Under the null (two layers of the same distribution) about one in twenty is below 0.05."""
    rejected = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        study = ts.triangulate({"a": rng.normal(size=(60, 3)), "b": rng.normal(size=(60, 3))}, ["euclidean"], maxdim=0)
        test = paired_difference(study, ("a", "euclidean"), ("b", "euclidean"), dim=0, blocks=8, permutations=199)
        rejected += test.p_value <= 0.05
    assert rejected <= 9, "binomial(60, 0.05) exceeds 9 once in five thousand times"
    rng = np.random.default_rng(0)
    study = ts.triangulate({"a": rng.normal(size=(120, 2)), "b": rng.normal(size=(120, 8))}, ["euclidean"])
    test = paired_difference(study, ("a", "euclidean"), ("b", "euclidean"), dim=0)
    assert test.p_value < 0.01 and test.statistic < 0 and len(test.null) == 4999
    again = paired_difference(study, ("b", "euclidean"), ("a", "euclidean"), dim=0)
    assert again.statistic == -test.statistic and again.p_value == test.p_value
    rows = compare_layers(study, dim=0)
    assert len(rows) == 1 and rows["p_adjusted"][0] == test.p_value
    with pytest.raises(ValueError, match="blocks=2"):
        paired_difference(study, ("a", "euclidean"), ("b", "euclidean"), blocks=2)
    with pytest.raises(ValueError, match="'mean'"):
        paired_difference(study, ("a", "euclidean"), ("b", "euclidean"), "mean")


def test_class_structure_is_found_and_not_invented():
    rng = np.random.default_rng(0)
    labels = np.repeat(["a", "b", "c"], 20)
    X = rng.normal(size=(60, 4))
    centres = {"a": 0, "b": 12, "c": 24}
    apart = ts.distances(X + np.array([centres[label] for label in labels])[:, None])
    assert class_structure(apart, labels).p_value == 0.001
    null = [class_structure(ts.distances(rng.normal(size=(30, 2))), np.arange(30) % 2, permutations=99).p_value
            for _ in range(60)]  # fmt: skip
    assert np.mean(np.array(null) <= 0.05) <= 0.15 and min(null) < 0.5 < max(null)
    with pytest.raises(ValueError, match="59 labels"):
        class_structure(apart, labels[1:])
    with pytest.raises(ValueError, match="two classes"):
        class_structure(apart, np.zeros(60))


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


# -- divergence ------------------------------------------------------------------------------------------------------


def test_the_divergence_of_the_same_topology_is_zero():
    D = ts.distances(np.random.default_rng(0).normal(size=(40, 3)))
    assert topology_divergence(D, 4 * D) == 0
    assert len(cross_barcode(D, D)) == 0
    assert len(cross_barcode(D, D * np.float32(1.5))) == 0, "min(a, b) is a"


def test_cross_barcodes_of_components_are_differences_of_spanning_trees():
    """On a line there are no loops, so that H1 of the cone is what b joins earlier than a."""
    rng = np.random.default_rng(1)
    a = ts.distances(np.cumsum(rng.uniform(1, 2, 12))[:, None])
    b = a * np.float32(0.6)
    total = np.diff(cross_barcode(a, b), axis=1).sum()
    tree = [float(minimum_spanning_tree(m.astype(float)).sum()) for m in (a, np.minimum(a, b))]
    assert total == pytest.approx(tree[0] - tree[1], rel=1e-5)


def test_a_loop_that_one_closes_earlier_is_in_the_cross_barcode():
    angle = 2 * np.pi * np.arange(30) / 30
    circle = np.c_[np.cos(angle), np.sin(angle)]
    a = ts.distances(np.c_[np.arange(30.0), np.zeros(30)] * 2 * np.sin(np.pi / 30))  # the same chain, not closed
    b = ts.distances(circle)
    bars = cross_barcode(a, b)
    expected = [2 * np.sin(np.pi / 30), np.sqrt(3)]
    assert np.abs(bars - expected).max(1).min() < 1e-5, "the circle's loop, which the chain lacks"
    assert topology_divergence(a, b, scale=None) == pytest.approx((expected[1] - expected[0]) / 2, rel=1e-5)


def test_two_models_in_one_call():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(96, 3))
    clean, noisy = (
        {"l": X, "m": np.maximum(X, 0) + 1},
        {"l": X + 0.3 * rng.normal(size=X.shape), "m": np.maximum(X, 0) + 1},
    )
    study, table = compare_models(clean, noisy, ["euclidean", "cosine"], names=("clean", "noisy"))
    assert study.models == ("clean", "noisy") and len(table) == 4
    same = table[table["layer"] == "m"]
    assert (same[["bottleneck_0", "bottleneck_1", "rtd", "difference"]] == 0).all(axis=None) and (same["p"] == 1).all()
    assert (table[table["layer"] == "l"]["rtd"] > 0).all() and (table["p_adjusted"] >= table["p"]).all()
    with pytest.raises(ValueError, match="no layer in common"):
        compare_models({"l": X}, {"k": X}, ["euclidean"])


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
    with pytest.raises(KeyError, match="'z'"):
        consensus(study, "z")


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
