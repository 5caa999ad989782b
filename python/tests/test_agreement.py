"""The engine against a textbook reduction, and larger inputs against ripser.py and GUDHI. Failures print the seed."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

import toposcope as ts

sys.path.insert(0, os.path.dirname(__file__))
import random_inputs
import textbook


def with_edges(result: ts.RipsResult, dim: int) -> list[tuple]:
    return sorted(
        (float(b), float(d), (int(e[0]), int(e[1])), (int(e[2]), int(e[3])))
        for (b, d), e in zip(result.dgms[dim], result.edges[dim], strict=True)
    )


def sorted_bars(diagram: np.ndarray) -> np.ndarray:
    """Bars of positive length in a fixed order."""
    diagram = np.asarray(diagram, np.float64).reshape(-1, 2)
    diagram = diagram[diagram[:, 1] > diagram[:, 0]]
    return diagram[np.lexsort((diagram[:, 1], diagram[:, 0]))]


@pytest.mark.parametrize("block", range(12))
def test_small_inputs_against_the_textbook(block):
    for seed in range(block * 50, block * 50 + 50):
        D, maxdim, coeff, thresh, words = random_inputs.case(seed, (30, 14, 10, 9, 9))
        found = ts.rips(D, maxdim, thresh, coeff, metric="precomputed", n_threads=1)
        expected = textbook.diagrams(D, maxdim, coeff, thresh)
        for dim in range(maxdim + 1):
            assert with_edges(found, dim) == expected[dim], f"H{dim}, {words}"


@pytest.mark.parametrize("seed", range(80))
def test_larger_inputs_against_ripser(seed):
    ripser = pytest.importorskip("ripser")
    D, maxdim, coeff, thresh, words = random_inputs.case(1_000_000 + seed, (200, 90, 40, 16))
    found = ts.rips(D, maxdim, thresh, coeff, metric="precomputed")
    if len(D) == 0:
        assert [len(d) for d in found.dgms] == [0] * (maxdim + 1)
        return
    # ripser.py takes an infinite distance for a finite one unless the threshold is finite.
    finite = D[np.isfinite(D)].max()
    expected = ripser.ripser(D, maxdim, min(thresh, finite), coeff, distance_matrix=True)["dgms"]
    for dim in range(maxdim + 1):
        np.testing.assert_array_equal(sorted_bars(found.dgms[dim]), sorted_bars(expected[dim]), f"H{dim}, {words}")


@pytest.mark.parametrize("seed", range(4))
def test_rings_whose_outer_points_are_left_out_against_ripser(seed):
    ripser = pytest.importorskip("ripser")
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, 560 + 20 * seed)
    points = np.c_[np.cos(angle), np.sin(angle)] * rng.uniform(1, 1.4, len(angle))[:, None]
    D = np.hypot(*(points[:, None] - points).T).astype(np.float32)
    if seed % 4 == 3:
        D = np.round(16 * D) / 16  # ties
    thresh = np.quantile(D, 0.6) if seed % 2 else np.inf
    coeff = 3 if seed == 2 else 2
    found = [ts.rips(D, 1, thresh, coeff, metric="precomputed", n_threads=threads) for threads in (1, 2, 3)]
    expected = ripser.ripser(D, 1, min(thresh, D.max()), coeff, distance_matrix=True)["dgms"]
    for r in found:
        for dim in (0, 1):
            np.testing.assert_array_equal(sorted_bars(r.dgms[dim]), sorted_bars(expected[dim]), f"H{dim}, seed {seed}")
        assert r.num_edges == found[0].num_edges
        assert r.meta["stopping_radius"] == found[0].meta["stopping_radius"]
    up_to_there = np.count_nonzero(np.triu(D <= found[0].meta["stopping_radius"], 1))
    assert found[0].num_edges < up_to_there


@pytest.mark.parametrize("seed", range(60))
def test_larger_inputs_against_gudhi(seed):
    sklearn = pytest.importorskip("gudhi.sklearn")
    D, maxdim, coeff, thresh, words = random_inputs.case(2_000_000 + seed, (150, 120, 50, 20))
    if len(D) < 5 or not np.isfinite(D).all():
        D = random_inputs.matrix("integers" if seed % 2 else "nonmetric", 30, np.random.default_rng(seed))
        thresh = np.inf
    found = ts.rips(D, maxdim, thresh, coeff, metric="precomputed")
    persistence = sklearn.RipsPersistence(
        list(range(maxdim + 1)), threshold=thresh, input_type="full distance matrix", homology_coeff_field=coeff
    )
    expected = persistence.fit_transform([D])[0]
    for dim in range(maxdim + 1):
        # GUDHI keeps doubles: the same numbers, as the matrix holds single precision.
        np.testing.assert_array_equal(sorted_bars(found.dgms[dim]), sorted_bars(expected[dim]), f"H{dim}, {words}")


@pytest.mark.parametrize("seed", range(30))
def test_the_order_of_points_and_the_number_of_threads_change_nothing(seed):
    D, maxdim, coeff, thresh, words = random_inputs.case(3_000_000 + seed, (300, 150, 40, 14))
    order = np.random.default_rng(seed).permutation(len(D))
    one = ts.rips(D, maxdim, thresh, coeff, metric="precomputed", n_threads=1)
    for other, permuted in (
        (ts.rips(D[np.ix_(order, order)], maxdim, thresh, coeff, metric="precomputed", n_threads=1), True),
        (ts.rips(D, maxdim, thresh, coeff, metric="precomputed", n_threads=2), False),
        (ts.rips(D, maxdim, thresh, coeff, metric="precomputed", n_threads=5), False),
    ):
        for dim in range(maxdim + 1):
            np.testing.assert_array_equal(one.dgms[dim], other.dgms[dim], f"H{dim}, {words}")
            if not permuted:
                np.testing.assert_array_equal(one.edges[dim], other.edges[dim], f"edges of H{dim}, {words}")


@pytest.mark.parametrize("seed", range(20))
def test_a_sparse_matrix_gives_what_the_full_one_gives(seed):
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(seed)
    D = random_inputs.matrix(str(rng.choice(["cloud", "circle", "nonmetric", "two levels"])), 60, rng)
    thresh = float(np.quantile(D, rng.uniform(0.1, 0.5)))
    tails, heads = np.nonzero(np.triu(D <= thresh, 1))
    S = sparse.coo_matrix((D[tails, heads], (tails, heads)), shape=D.shape)
    dense = ts.rips(D, 2, thresh, metric="precomputed")
    for found in (ts.rips(S, 2, metric="precomputed"), ts.rips(S + S.T, 2, thresh, metric="precomputed")):
        for dim in range(3):
            np.testing.assert_array_equal(found.dgms[dim], dense.dgms[dim], f"H{dim}, seed {seed}")


@pytest.mark.parametrize("seed", range(10))
def test_stability(seed):
    """Moving every distance by at most e moves the diagrams by at most e in bottleneck distance."""
    gudhi = pytest.importorskip("gudhi")
    rng = np.random.default_rng(seed)
    D = random_inputs.matrix(str(rng.choice(["cloud", "circle", "nonmetric"])), 40, rng).astype(np.float64)
    e = 0.05
    noise = np.triu(rng.uniform(-e, e, D.shape), 1)
    moved = np.maximum(D + noise + noise.T, 0)
    before, after = (ts.rips(M, 2, metric="precomputed") for M in (D, moved))
    for dim in range(3):
        assert gudhi.bottleneck_distance(before.dgms[dim], after.dgms[dim]) <= e + 1e-6, f"H{dim}, seed {seed}"


@pytest.mark.parametrize("seed", range(40))
def test_gens_against_the_matrix(seed):
    """Births and deaths are the lengths of the edges of ``gens``; no edge bears or kills two classes of H1."""
    D, maxdim, coeff, thresh, words = random_inputs.case(6_000_000 + seed, (50, 50, 25, 12))
    r = ts.rips(D, maxdim, thresh, coeff, metric="precomputed")
    zero, finite, essential_zero, essential = r.gens
    assert len(finite) == len(essential) == maxdim
    np.testing.assert_array_equal(D[zero[:, 1], zero[:, 2]], r.dgms[0][np.isfinite(r.dgms[0][:, 1])][:, 1], words)
    assert len(set(zero[:, 0]) | set(essential_zero)) == len(r.dgms[0]), words
    for dim in range(1, maxdim + 1):
        bars = r.dgms[dim]
        ends = np.isfinite(bars[:, 1])
        births, deaths = finite[dim - 1][:, :2].T, finite[dim - 1][:, 2:].T
        np.testing.assert_array_equal(np.c_[D[tuple(births)], D[tuple(deaths)]], bars[ends], words)
        np.testing.assert_array_equal(D[tuple(essential[dim - 1].T)], bars[~ends][:, 0], words)
        if dim == 1:
            all_births = [*map(tuple, births.T), *map(tuple, essential[0])]
            assert len(set(all_births)) == len(all_births), words
