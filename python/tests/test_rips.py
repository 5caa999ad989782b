"""ts.rips: its shapes, names and habits. (Right answers: test_known_answers.py and test_agreement.py.)"""

import copy
import pickle
import warnings

import numpy as np
import pytest

import toposcope as ts

rng = np.random.default_rng(7)
angle = np.sort(rng.uniform(0, 2 * np.pi, 60))
CIRCLE = np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.normal(size=(60, 2))


@pytest.mark.parametrize("maxdim", [0, 1, 2])
def test_shapes_and_order(maxdim):
    r = ts.rips(CIRCLE, maxdim)
    assert len(r.dgms) == len(r.edges) == len(r.censored) == maxdim + 1
    for dgm, edges, censored in zip(r.dgms, r.edges, r.censored, strict=True):
        assert dgm.dtype == np.float64 and dgm.shape == (len(dgm), 2)
        assert edges.dtype == np.int64 and edges.shape == (len(dgm), 4)
        assert censored.dtype == bool and censored.shape == (len(dgm),)
        lengths = dgm[:, 1] - dgm[:, 0]
        assert (lengths > 0).all()
        assert (lengths[:-1] >= lengths[1:]).all()
    assert len(r.dgms[0]) == 60 and np.isinf(r.dgms[0][0, 1])


def test_births_and_deaths_are_the_lengths_of_their_edges():
    r = ts.rips(CIRCLE, 2)
    D = ts.distances(CIRCLE)
    for dgm, edges in zip(r.dgms, r.edges, strict=True):
        finite = np.isfinite(dgm[:, 1])
        np.testing.assert_array_equal(D[edges[:, 0], edges[:, 1]], dgm[:, 0])
        np.testing.assert_array_equal(D[edges[finite, 2], edges[finite, 3]], dgm[finite, 1])
        assert (edges[~finite, 2:] == -1).all()


def test_gens_in_four_parts():
    r = ts.rips(CIRCLE, 2)
    D = ts.distances(CIRCLE)
    zero, finite, essential_zero, essential = r.gens
    assert zero.shape == (59, 3) and essential_zero.shape == (1,)
    assert len(finite) == len(essential) == 2
    np.testing.assert_array_equal(np.sort(D[zero[:, 1], zero[:, 2]])[::-1], r.dgms[0][1:, 1])
    assert finite[0].shape == (len(r.dgms[1]), 4) and essential[0].shape == (0, 2)


def test_mapping_in_the_habit_of_ripser_py():
    r = ts.rips(CIRCLE)
    assert set(r) == {"dgms", "cocycles", "gens", "num_edges", "r_cover", "idx_perm"} and len(r) == 6
    assert r["dgms"] is r.dgms
    assert r["num_edges"] == r.num_edges > 0
    assert r["r_cover"] == 0.0
    np.testing.assert_array_equal(r["idx_perm"], np.arange(60))
    persim = pytest.importorskip("persim")
    assert persim.bottleneck(r["dgms"][1], r["dgms"][1]) == 0


def test_meta_says_what_was_done():
    meta = ts.rips(CIRCLE, metric=ts.RelativeNeighborhood("mahalanobis", k=5), thresh=2).meta
    assert meta["metric"] == "mahalanobis, k=5" and meta["n"] == 60 and meta["thresh"] == 2
    assert 0 < meta["shrinkage"] <= 1 and meta["rank"] == 2 and meta["condition"] >= 1
    assert meta["version"] == ts.__version__ and meta["precision"] == "float32"
    assert meta["seconds"]["total"] >= meta["seconds"]["persistence"] >= 0


def test_censored_is_not_essential():
    alive = ts.rips(CIRCLE, thresh=1.0)
    assert np.isinf(alive.dgms[1][0, 1]) and alive.censored[1][0]
    assert not alive.censored[0].any()  # one component, whatever comes
    whole = ts.rips(CIRCLE)
    assert not any(c.any() for c in whole.censored) and np.isfinite(whole.dgms[1]).all()
    apart = ts.rips(CIRCLE, thresh=0.05)
    assert apart.censored[0].sum() == np.isinf(apart.dgms[0][:, 1]).sum() - 1 > 0  # the oldest lives for ever


def test_infinite_distances_are_never_joined():
    D = np.full((6, 6), np.inf)
    D[:3, :3] = D[3:, 3:] = 1
    np.fill_diagonal(D, 0)
    r = ts.rips(D, metric="precomputed")
    np.testing.assert_array_equal(r.dgms[0], [[0, np.inf]] * 2 + [[0, 1]] * 4)
    assert not r.censored[0].any()


def test_threshold_is_inclusive():
    square = [[0, 0], [1, 0], [1, 1], [0, 1]]
    assert len(ts.rips(square, thresh=1).dgms[1]) == 1
    assert len(ts.rips(square, thresh=np.nextafter(np.float32(1), np.float32(0))).dgms[1]) == 0
    assert np.isfinite(ts.rips(square, thresh=np.sqrt(2)).dgms[1]).all()


def test_sparse_distances():
    sparse = pytest.importorskip("scipy.sparse")
    D = ts.distances(CIRCLE).astype(float)
    expected = ts.rips(D, thresh=0.9, metric="precomputed")
    upper = sparse.coo_matrix(np.triu(np.where(D <= 0.9, D, 0)))
    for matrix in (upper.tocsr(), (upper + upper.T).tocsc(), upper.tolil()):
        r = ts.rips(matrix, metric="precomputed")
        for a, b in zip(r.dgms, expected.dgms, strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match=r"not symmetric.*points 0 and 1"):
        ts.rips(sparse.coo_matrix([[0, 1.0], [2.0, 0]]), metric="precomputed")
    with pytest.raises(ValueError, match=r"has -1 at row 0, column 1"):
        ts.rips(sparse.coo_matrix([[0, -1.0], [0, 0]]), metric="precomputed")


@pytest.mark.parametrize("n", [0, 1, 3, 70000])
def test_sparse_distances_without_entries(n):
    sparse = pytest.importorskip("scipy.sparse")
    for X in (sparse.coo_matrix((n, n)), sparse.csr_matrix((n, n), dtype=np.float32)):
        assert [len(d) for d in ts.rips(X, metric="precomputed").dgms] == [n, 0]


def test_sparse_distances_beyond_single_precision_are_refused():
    sparse = pytest.importorskip("scipy.sparse")
    with warnings.catch_warnings(), pytest.raises(ValueError, match=r"1e\+300 at row 0, column 1.*too large"):
        warnings.simplefilter("error")
        ts.rips(sparse.coo_matrix(([1e300], ([0], [1])), shape=(2, 2)), metric="precomputed")
    with pytest.raises(ValueError, match=r"All distances .*too small .*at most 1\.0e-50"):
        ts.rips(sparse.coo_matrix(([1e-50], ([0], [1])), shape=(2, 2)), metric="precomputed")


def test_sparse_tensor():
    torch, sparse = pytest.importorskip("torch"), pytest.importorskip("scipy.sparse")
    D = ts.distances(CIRCLE)
    near = np.where(D < 0.5, D, 0)
    expected = ts.rips(sparse.csr_matrix(near), metric="precomputed")
    assert np.isinf(expected.dgms[1]).any()
    tensor = torch.from_numpy(near)
    for X in (tensor.to_sparse(), tensor.to_sparse_csr(), tensor.to_sparse().requires_grad_()):
        for a, b in zip(ts.rips(X, metric="precomputed").dgms, expected.dgms, strict=True):
            np.testing.assert_array_equal(a, b)
    with pytest.raises(TypeError, match=r"sparse matrix of distances.*ts\.rips"):
        ts.distances(tensor.to_sparse(), "precomputed")
    twice = torch.sparse_coo_tensor([[0, 1], [1, 0]], [2.0, 2.0], (2, 2))
    assert ts.rips(twice, metric="precomputed").dgms[0].tolist() == [[0, np.inf], [0, 2]]
    np.testing.assert_array_equal(ts.distances(torch.from_numpy(CIRCLE).to_sparse()), D)


def test_more_points_than_sixteen_bits_count():
    count = 66_000
    grid = np.stack(np.unravel_index(np.arange(count), (count // 250, 250)), axis=1).astype(np.float32)
    grid[:, 0] *= 1.25  # every square of the grid is a loop
    grid = grid[np.random.default_rng(0).permutation(count)]
    r = ts.rips(grid, thresh=1.7)
    diagonal = np.float32(np.sqrt(1 + 1.25**2))
    assert r.dgms[1].tolist() == [[1.25, diagonal]] * ((count // 250 - 1) * 249)
    ring = grid[r.cycle(1, 0)]
    assert np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1).max() == 1.25
    with pytest.raises(ValueError, match="66000 points: of more than 65536"):
        ts.rips(grid, thresh=1.7, maxdim=2)
    np.testing.assert_array_equal(ts.rips(grid).dgms[1], r.dgms[1])  # without a threshold: all loops are small
    grid[grid[:, 1] > 200] += 1000
    with pytest.raises(ValueError, match="66000 points: of more than 65536"):
        ts.rips(grid)
    with pytest.raises(MemoryError, match="max_memory allows 1 MiB"):
        ts.rips(grid, thresh=1.7, max_memory="1MB")


@pytest.mark.parametrize(("n", "d"), [(8500, 2), (17_000, 3)])
def test_near_pairs_are_as_good_as_all(n, d):
    """Many points of few coordinates get no matrix, where loops are small; and one, where they are not."""
    X = np.random.default_rng(1).random((n, d), np.float32)
    r = ts.rips(X)
    listed = ts.rips(X, thresh=1.01 * r.meta["stopping_radius"])
    assert listed.dgms[0].shape == (n, 2) and np.isfinite(listed.dgms[1]).all()
    for of_near, of_list in zip(r.dgms, listed.dgms, strict=True):
        np.testing.assert_array_equal(of_near, of_list)
    assert r.meta["enclosing_radius"] == ts.rips(X, maxdim=0).meta["enclosing_radius"]
    ring = X[r.cycle(1, 0)]
    lengths = np.linalg.norm(ring - np.roll(ring, 1, axis=0), axis=1)
    np.testing.assert_allclose(lengths.max(), r.dgms[1][0, 0], rtol=1e-5)
    if n > 10_000:
        return
    X[: n // 2, 0] += 2  # two squares: their distance is the death of a component
    apart = ts.rips(X)
    assert 1 < apart.dgms[0][1, 1] == ts.rips(X, maxdim=0).dgms[0][1, 1]
    np.testing.assert_array_equal(apart.dgms[1], ts.rips(ts.distances(X), metric="precomputed").dgms[1])


def test_landmarks():
    r = ts.rips(CIRCLE, n_perm=20)
    assert len(r.idx_perm) == 20 == len(set(r.idx_perm.tolist())) and r.idx_perm[0] == 0
    D = ts.distances(CIRCLE)
    assert r.r_cover == D[:, r.idx_perm].min(axis=1).max()
    np.testing.assert_array_equal(r.dgms[1], ts.rips(CIRCLE[r.idx_perm]).dgms[1])
    assert set(r.edges[1][:, :2].ravel()) <= set(r.idx_perm.tolist())


@pytest.mark.parametrize("n, d", [(90_000, 12), (300_000, 3)])
def test_landmarks_of_many_points_do_not_depend_on_threads(n, d):
    X = np.random.default_rng(n).integers(0, 40, (n, d)).astype(np.float32)  # many are equally far
    nearest, chosen = np.full(n, np.inf, np.float32), [0]
    while len(chosen) < 12:  # Gonzalez 1985
        far = X - X[chosen[-1]]
        nearest = np.minimum(nearest, np.sqrt((far * far).sum(axis=1)))
        chosen.append(int(nearest.argmax()))
    for n_threads in (1, 2, 3):
        r = ts.rips(X, maxdim=0, n_perm=11, n_threads=n_threads)
        assert r.idx_perm.tolist() == chosen[:11]
        assert r.r_cover == nearest.max()


@pytest.mark.parametrize(
    "metric", [ts.RelativeNeighborhood("euclidean", k=4), ts.Mahalanobis(), "cosine", "precomputed"], ids=str
)
def test_landmarks_keep_the_distances_of_the_whole_cloud(metric):
    X = ts.distances(CIRCLE) if metric == "precomputed" else CIRCLE
    r = ts.rips(X, metric=metric, n_perm=25)
    D = ts.distances(X, metric)
    expected = ts.rips(D[np.ix_(r.idx_perm, r.idx_perm)], metric="precomputed")
    np.testing.assert_allclose(r.dgms[1], expected.dgms[1], rtol=1e-5)


def test_cycle_of_a_circle_goes_round_it():
    r = ts.rips(CIRCLE)
    ring = r.cycle(dim=1, bar=0)
    assert len(ring) == len(set(ring.tolist())) >= 4
    D = ts.distances(CIRCLE)
    assert D[ring, np.roll(ring, -1)].max() == r.dgms[1][0, 0]
    turns = np.unwrap(np.arctan2(CIRCLE[np.r_[ring, ring[0]], 1], CIRCLE[np.r_[ring, ring[0]], 0]))
    assert abs(turns[-1] - turns[0]) == pytest.approx(2 * np.pi)


def test_changed_input_is_noticed():
    X = CIRCLE.copy()
    r = ts.rips(X)
    X += rng.normal(size=X.shape)
    with pytest.raises(RuntimeError, match="changed"):
        r.cycle(1, 0)


@pytest.mark.parametrize("again", [lambda r: pickle.loads(pickle.dumps(r)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("options", [{}, {"n_perm": 30, "metric": ts.RelativeNeighborhood("mahalanobis", k=4)}])
def test_results_can_be_sent_elsewhere(again, options):
    r = ts.rips(CIRCLE, cocycles=True, **options)
    s = again(r)
    for name in ("dgms", "edges", "censored", "idx_perm"):
        for a, b in zip(getattr(r, name), getattr(s, name), strict=True):
            np.testing.assert_array_equal(a, b)
    assert s.meta == r.meta and s.r_cover == r.r_cover
    np.testing.assert_array_equal(s.cycle(1, 0), r.cycle(1, 0))
    s = again(r)
    np.testing.assert_array_equal(s.cocycles[1][0], r.cocycles[1][0])


def test_a_pickled_result_holds_its_landmarks_only():
    X = rng.normal(size=(20_000, 3))
    assert len(pickle.dumps(ts.rips(X, n_perm=20))) < 20_000


def test_results_are_equal_to_themselves_only():
    r, s = ts.rips(CIRCLE), ts.rips(CIRCLE)
    assert r in [s, r] and s not in [r] and len({r, s, r}) == 2


@pytest.mark.parametrize("metric", ["mahalanobis", ts.RelativeNeighborhood("mahalanobis", k=4)], ids=str)
def test_meta_of_landmarks_tells_the_shrinkage_of_the_whole_cloud(metric):
    whole, part = (ts.rips(CIRCLE, metric=metric, n_perm=n).meta for n in (None, 30))
    for fact in ("shrinkage", "rank", "condition", "dimension"):
        assert part[fact] == whole[fact]


def test_cocycles_in_the_shape_of_ripser_py():
    r = ts.rips(CIRCLE, cocycles=True)
    assert r.cocycles[0] == [] and len(r.cocycles[1]) == len(r.dgms[1])
    for cocycle in r.cocycles[1]:
        assert cocycle.shape == (len(cocycle), 3) and len(cocycle) and (cocycle[:, 2] == 1).all()
    assert ts.rips(CIRCLE).cocycles == [[], []]


def test_voids_of_as_many_vertices_as_there_can_be():
    sparse = pytest.importorskip("scipy.sparse")
    n = 65_536
    vertices = [0, 1, 2, n - 3, n - 2, n - 1]  # of an octahedron: all pairs but (0, 1), (2, n - 3), (n - 2, n - 1)
    pairs = [(a, b) for k, b in enumerate(vertices) for j, a in enumerate(vertices[:k]) if j // 2 != k // 2]
    row, column = np.array(pairs).T
    length = 1 + np.arange(12, dtype=np.float32) / 16
    r = ts.rips(sparse.coo_matrix((length, (row, column)), shape=(n, n)), maxdim=2, metric="precomputed")
    assert len(r.dgms[0]) == n
    assert r.dgms[2].tolist() == [[1.6875, np.inf]]
    triangles = {tuple(sorted(t)) for t in np.asarray(r.cycle(2, 0)).tolist()}
    assert triangles == {(a, b, c) for a in (0, 1) for b in (2, n - 3) for c in (n - 2, n - 1)}


def test_max_memory_is_a_limit_with_the_estimate():
    X = rng.normal(size=(3000, 8))
    with pytest.raises(MemoryError, match=r"About .*MiB.*max_memory allows 1 MiB"):
        ts.rips(X, max_memory="1MB")
    ts.rips(X[:100], max_memory="1 GiB")
