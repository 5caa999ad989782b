"""Spaces and data whose diagrams are known. (The same in Swift: Tests/ToposcopeTests/KnownSpaces.)"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import pdist, squareform

import toposcope as ts


def bars(diagram: np.ndarray) -> list[list[float]]:
    return sorted(map(list, diagram.tolist()))


def subdivision(facets: list[tuple[int, ...]]) -> np.ndarray:
    """The barycentric subdivision of a complex: distance 1 between a simplex and its faces, else 2."""
    points = sorted({f for facet in facets for k in range(len(facet)) for f in combinations(sorted(facet), k + 1)})
    nested = np.array([[set(p) < set(q) or set(q) < set(p) for q in points] for p in points])
    return np.where(nested, 1.0, 2.0) - 2 * np.eye(len(points))


def moore_space(q: int) -> np.ndarray:
    """A disk whose rim of 3 q edges is wound q times round a circle of 3: H1 over the integers is Z/q."""
    facets, rim = [], 3 * q
    for i in range(rim):
        a, b, c, d = i % 3, (i + 1) % 3, 3 + i, 3 + (i + 1) % rim
        facets += [(a, b, c), (b, c, d), (c, d, 3 + rim)]
    return subdivision(facets)


PROJECTIVE_PLANE = subdivision([tuple(map(int, f)) for f in "125 126 134 136 145 234 235 246 356 456".split()])


def test_regular_30_gon():
    angle = 2 * np.pi * np.arange(30) / 30
    D = squareform(np.round(pdist(np.c_[np.cos(angle), np.sin(angle)]), 6))
    chord = [float(np.float32(np.round(2 * np.sin(np.pi * k / 30), 6))) for k in range(16)]
    _, one, two, three = ts.rips(D, 3, metric="precomputed").dgms
    assert bars(one) == [[chord[1], chord[10]]]
    assert bars(two) == [[chord[10], chord[11]]] * 9
    assert bars(three) == [[chord[11], chord[12]]]
    assert chord[10] == pytest.approx(np.sqrt(3), abs=1e-6)


@pytest.mark.parametrize("coeff", [2, 3])
@pytest.mark.parametrize("d", [2, 3, 4, 5, 6])
def test_cross_polytope(d, coeff):
    r = ts.rips(np.r_[np.eye(d), -np.eye(d)], d, coeff=coeff)
    root = float(np.float32(np.sqrt(2)))
    for k in range(1, d + 1):
        assert bars(r.dgms[k]) == ([[root, 2.0]] if k == d - 1 else []), f"H{k}"
    assert bars(r.dgms[0]) == [[0.0, root]] * (2 * d - 1) + [[0.0, np.inf]]


@pytest.mark.parametrize("n", [1, 2, 3, 10, 200])
def test_equidistant_points(n):
    r = ts.rips(1 - np.eye(n), 3 if n <= 10 else 2, metric="precomputed")
    assert bars(r.dgms[0]) == [[0.0, 1.0]] * (n - 1) + [[0.0, np.inf]]
    assert all(len(d) == 0 for d in r.dgms[1:])


@pytest.mark.parametrize("coeff", [2, 3, 5])
def test_projective_plane(coeff):
    r = ts.rips(PROJECTIVE_PLANE, 2, 1.5, coeff, metric="precomputed")
    expected = [[1.0, np.inf]] if coeff == 2 else []
    assert bars(r.dgms[1]) == expected
    assert bars(r.dgms[2]) == expected
    assert all(c.all() for c in r.censored[1:])


@pytest.mark.parametrize("q", [2, 3, 5, 6])
@pytest.mark.parametrize("coeff", [2, 3, 5, 65521])
def test_moore_space_shows_its_torsion_over_the_right_field(q, coeff):
    r = ts.rips(moore_space(q), 2, 1.0, coeff, metric="precomputed")
    expected = [[1.0, np.inf]] if q % coeff == 0 else []
    assert bars(r.dgms[1]) == expected
    assert bars(r.dgms[2]) == expected


@pytest.mark.parametrize("seed", range(20))
def test_h0_deaths_are_single_linkage_heights_for_any_dissimilarity(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 200))
    condensed = (rng.uniform(size=n * (n - 1) // 2) if seed % 2 else rng.integers(1, 9, n * (n - 1) // 2)).astype(
        np.float32
    )
    deaths = ts.rips(squareform(condensed), 0, metric="precomputed").dgms[0][:, 1]
    np.testing.assert_array_equal(np.sort(deaths[np.isfinite(deaths)]), linkage(condensed, "single")[:, 2])


def test_mean_squared_mahalanobis_distance_is_twice_the_rank():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4)) @ rng.normal(size=(4, 4))
    D = ts.distances(X, ts.Mahalanobis("empirical"))
    assert np.mean(squareform(D.astype(np.float64), checks=False) ** 2) == pytest.approx(2 * 4, rel=1e-5)


def test_mahalanobis_diagrams_do_not_change_under_affine_maps():
    rng = np.random.default_rng(1)
    X, A = rng.normal(size=(60, 3)), rng.normal(size=(3, 3))
    before, after = (ts.rips(Y, 1, metric=ts.Mahalanobis("empirical")) for Y in (X, X @ A + rng.normal(size=3)))
    for a, b in zip(before.dgms, after.dgms, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4)


def test_cosine_bars_are_half_the_squares_of_those_of_unit_vectors():
    X = np.random.default_rng(2).normal(size=(70, 3))
    cosine = ts.rips(X, 2, metric="cosine")
    euclidean = ts.rips(X / np.linalg.norm(X, axis=1, keepdims=True), 2)
    for a, b in zip(cosine.dgms, euclidean.dgms, strict=True):
        a, b = (sorted(map(tuple, d.tolist())) for d in (a, b**2 / 2))
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "mahalanobis"])
def test_normalised_distances_up_to_1_are_the_union_nearest_neighbour_graph(metric):
    X = np.random.default_rng(3).normal(size=(60, 5))
    k = 6
    D = ts.distances(X, metric).astype(np.float64)
    normalised = ts.distances(X, ts.RelativeNeighborhood(metric, k=k))
    reach = np.sort(D + np.diag(np.full(60, np.inf)), axis=1)[:, k - 1]
    neighbours = D <= reach[:, None]
    np.testing.assert_array_equal(normalised <= 1, neighbours | neighbours.T)


def test_normalised_diagrams_do_not_change_under_scaling():
    X = np.random.default_rng(4).normal(size=(60, 3))
    before, after = (ts.rips(Y, 1, metric=ts.RelativeNeighborhood("euclidean", k=5)) for Y in (X, 8 * X))
    for a, b in zip(before.dgms, after.dgms, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.fixture(scope="module")
def language_model_activations() -> np.ndarray:
    """600 x 896 activations of a language model, which come with the package actopo 0.1.0."""
    actopo = pytest.importorskip("actopo")
    for path in sorted(Path(actopo.__file__).parent.rglob("*.np[yz]")):
        loaded = np.load(path)
        for array in [loaded] if isinstance(loaded, np.ndarray) else [loaded[key] for key in loaded.files]:
            if array.shape == (600, 896):
                return np.asarray(array)
    pytest.skip("this version of actopo has no activations of shape (600, 896)")


def test_language_model_euclidean(language_model_activations):
    zero, one = ts.rips(language_model_activations, 1).dgms
    deaths, lengths = zero[1:, 1], one[:, 1] - one[:, 0]
    assert len(one) == 452
    assert np.sum(lengths > 0.03 * 11.4204) == 12
    assert deaths.sum() == pytest.approx(1927.659, abs=1e-3)
    assert deaths.max() == pytest.approx(9.1341, abs=1e-4)
    assert lengths.sum() == pytest.approx(53.0322, abs=1e-3)
    assert lengths.max() == pytest.approx(0.6318, abs=1e-4)


def test_language_model_normalised(language_model_activations):
    zero, one = ts.rips(language_model_activations, 1, metric=ts.RelativeNeighborhood("euclidean", k=15)).dgms
    assert zero[1:, 1].max() == pytest.approx(0.9731, abs=1e-4)
    assert len(one) == 1051
    assert (one[:, 1] - one[:, 0]).max() == pytest.approx(0.1171, abs=1e-4)
