"""Representation Topology Divergence: by its definition, by other engines, and by what is known of it."""

from itertools import combinations

import gudhi
import numpy as np
import pytest
import ripser
from scipy.sparse.csgraph import minimum_spanning_tree

import toposcope as ts
from toposcope.study import cross_barcode, topology_divergence


def by_definition(a, b, dim):
    """Persistence of the mapping cone of the inclusion of the flag filtration of a into that of min(a, b), mod 2.

    Its chains of degree k are those of degree k of the larger complex and those of degree k - 1 of the smaller one:
    d(y, x) = (dy + x, dx). Matrices are reduced column by column; simplices are enumerated. No cone point, no doubled
    points: nothing of how `cross_barcode` finds it.
    """
    n, both = len(a), np.minimum(a, b)
    cells = []  # degree, value, copy, simplex
    for size in range(1, dim + 3):
        for simplex in combinations(range(n), size):
            for copy, matrix in (("y", both), ("x", a)):
                value = max((matrix[i, j] for i, j in combinations(simplex, 2)), default=0)
                cells.append((size - 1 + (copy == "x"), value, copy, simplex))
    cells = sorted((cell for cell in cells if cell[0] <= dim + 1), key=lambda cell: (cell[1], cell[0]))
    place = {cell[2:]: at for at, cell in enumerate(cells)}
    low, bars = {}, []
    for _, value, copy, simplex in cells:
        faces = [(copy, simplex[:i] + simplex[i + 1 :]) for i in range(len(simplex))] if len(simplex) > 1 else []
        column = {place[face] for face in faces} ^ ({place["y", simplex]} if copy == "x" else set())
        while column and max(column) in low:
            column ^= low[max(column)]
        if column:
            low[max(column)] = column
            born = cells[max(column)]
            if born[0] == dim and born[1] < value:
                bars.append((born[1], value))
    return sorted(bars)


def papers_matrix(a, b):
    """Algorithm 1 of Barannikov et al. (2022): 2n + 1 points; w_+ is w with infinities below its diagonal."""
    n, m = len(a), np.full((2 * len(a) + 1,) * 2, np.inf)
    upper = np.where(np.arange(n)[:, None] <= np.arange(n), a, np.inf)
    m[:n, :n], m[n : 2 * n, :n], m[:n, n : 2 * n] = a, upper, upper.T
    m[n : 2 * n, n : 2 * n] = np.minimum(a, b)
    m[-1, :n] = m[:n, -1] = m[-1, -1] = 0
    return m


def by_ripser(a, b, dim):
    m = papers_matrix(a, b)
    return finite_bars(ripser.ripser(m, maxdim=dim, thresh=m[m < np.inf].max(), distance_matrix=True)["dgms"][dim])


def by_gudhi(a, b, dim):
    m = papers_matrix(a, b)
    tree = gudhi.RipsComplex(distance_matrix=m, max_edge_length=m[m < np.inf].max()).create_simplex_tree(dim + 1)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=0)
    return finite_bars(tree.persistence_intervals_in_dimension(dim))


def finite_bars(diagram):
    diagram = np.asarray(diagram).reshape(-1, 2)
    assert np.isfinite(diagram).all(), "in the end both complexes are full"
    return sorted(map(tuple, diagram[diagram[:, 1] > diagram[:, 0]].tolist()))


def pairs_of_matrices():
    """Clouds, and integers with many ties that keep to no triangle inequality."""
    rng = np.random.default_rng(0)
    for n in (4, 6, 8, 9):
        X = rng.normal(size=(n, 3))
        yield ts.distances(X), ts.distances(X + 0.7 * rng.normal(size=X.shape))
        yield ts.distances(X), ts.distances(rng.normal(size=(n, 2)))
        for top in (3, 9):
            a, b = (np.triu(rng.integers(1, top, (n, n)), 1).astype(np.float32) for _ in range(2))
            yield a + a.T, b + b.T


@pytest.mark.parametrize("dim", [1, 2])
def test_cross_barcodes_are_those_of_the_mapping_cone(dim):
    seen = 0
    for a, b in pairs_of_matrices():
        ours = finite_bars(cross_barcode(a, b, dim))
        np.testing.assert_array_equal(ours, by_definition(a, b, dim))
        np.testing.assert_allclose(by_ripser(a, b, dim), ours, rtol=1e-6)
        np.testing.assert_allclose(by_gudhi(a, b, dim), ours, rtol=1e-6)
        seen += len(ours)
    assert seen > 10, "bars to compare"


def test_larger_cross_barcodes_are_those_of_other_engines():
    X = np.random.default_rng(1).normal(size=(60, 5))
    a, b = ts.distances(X), ts.distances(X + np.random.default_rng(2).normal(size=X.shape))
    for one, two in ((a, b), (b, a)):
        ours = finite_bars(cross_barcode(one, two))
        assert len(ours) > 10
        np.testing.assert_allclose(by_ripser(one, two, 1), ours, rtol=1e-6)
        np.testing.assert_allclose(by_gudhi(one, two, 1), ours, rtol=1e-6)
    totals = [np.ptp(by_ripser(one / scale(one), two / scale(two), 1), axis=1).sum() for one, two in ((a, b), (b, a))]
    assert topology_divergence(a, b) == pytest.approx(np.mean(totals), rel=1e-5)


def scale(D):
    return np.quantile(D[np.triu_indices(len(D), 1)], 0.9)


def test_the_divergence_grows_with_noise_and_is_symmetric():
    """Of the paper: 0 for the same representation, and the more noise the more divergence."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        X, noise = rng.normal(size=(80, 6)), rng.normal(size=(80, 6))
        D = ts.distances(X)
        noisy = [ts.distances(X + amount * noise) for amount in (0, 0.02, 0.1, 0.3, 1)]
        found = [topology_divergence(D, other) for other in noisy]
        assert found[0] == 0 and (np.diff(found) > 0).all(), found
        assert topology_divergence(noisy[3], D) == found[3]


def test_the_divergence_sees_clusters_that_come_apart():
    """Of the paper: points of one cluster against the same points in ever more clusters."""
    X = np.random.default_rng(0).normal(size=(120, 2))
    angle = 2 * np.pi * (np.arange(120) % 12)
    found = []
    for count in (2, 3, 4, 6, 12):
        centres = 10 * np.c_[np.cos(angle / count), np.sin(angle / count)]
        found.append(topology_divergence(ts.distances(X), ts.distances(X + centres), scale=None))
    assert (np.diff(found) > 0).all(), found


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
