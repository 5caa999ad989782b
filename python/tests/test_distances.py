"""Distances against SciPy, scikit-learn and the definitions."""

import numpy as np
import pytest

import toposcope as ts

rng = np.random.default_rng(20)
X = rng.normal(size=(70, 9))
scipy_distance = pytest.importorskip("scipy.spatial.distance")


def by_scipy(X, metric, **options):
    return scipy_distance.squareform(scipy_distance.pdist(X, metric, **options))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "cosine", "correlation", "cityblock", "chebyshev"])
def test_agrees_with_scipy(metric, dtype):
    points = X.astype(dtype)
    D = ts.distances(points, metric)
    assert D.dtype == np.float32 and D.shape == (70, 70)
    np.testing.assert_allclose(D, by_scipy(points.astype(float), metric), rtol=1e-6, atol=2e-7)
    np.testing.assert_array_equal(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0)


def test_angular_is_the_angle_in_half_turns():
    cosine = np.clip(1 - by_scipy(X, "cosine"), -1, 1)
    np.testing.assert_allclose(ts.distances(X, "angular"), np.arccos(cosine) / np.pi, atol=2e-7)


@pytest.mark.parametrize(("alias", "name"), [("l1", "cityblock"), ("manhattan", "cityblock"), ("l2", "euclidean")])
def test_aliases(alias, name):
    np.testing.assert_array_equal(ts.distances(X, alias), ts.distances(X, name))


def test_names_of_other_libraries_and_functions():
    np.testing.assert_allclose(ts.distances(X, "canberra"), by_scipy(X, "canberra"), rtol=1e-6)
    np.testing.assert_allclose(
        ts.distances(X, lambda a, b: np.abs(a - b).sum()), ts.distances(X, "cityblock"), rtol=1e-6
    )
    pytest.importorskip("sklearn")
    D = ts.distances(X[:, :2], "haversine")
    np.testing.assert_array_equal(D, D.T)


def test_thread_count_changes_nothing():
    for metric in ("euclidean", "cosine", ts.Mahalanobis(), ts.RelativeNeighborhood("euclidean", k=5)):
        np.testing.assert_array_equal(ts.distances(X, metric, n_threads=1), ts.distances(X, metric, n_threads=2))


# -- accuracy ---------------------------------------------------------------------------------------------------------


def ulps(D, exact):
    return np.abs(D.astype(float) - exact) / np.spacing(np.abs(exact).astype(np.float32)).astype(float)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
@pytest.mark.parametrize("d", [3, 64, 1000])
def test_near_duplicates_and_large_offsets_keep_their_digits(d, offset):
    points = (offset + rng.normal(size=(30, d))).astype(np.float32)
    points[1] = np.nextafter(points[0], np.float32(np.inf))
    points[3] = points[2] * np.float32(1 + 1e-6)
    exact = by_scipy(points.astype(np.longdouble).astype(float), "euclidean")
    off = ~np.eye(30, dtype=bool)
    assert ulps(ts.distances(points), exact)[off].max() <= 4


@pytest.mark.parametrize("metric", ["cosine", "angular", "correlation"])
@pytest.mark.parametrize("d", [3, 40, 2000, 20_000])
def test_parallel_vectors_are_at_distance_zero(metric, d):
    """However many coordinates: the lengths of both are as exact as one rounding."""
    for _ in range(20):
        x = rng.normal(size=(1, d))
        D = ts.distances(x * [[1], [3], [0.1], [1 / 3], [1e200]], metric)
        assert not D.any()
        integers = np.round(1000 * x).astype(np.float32) + np.float32(7)
        assert not ts.distances(integers * np.array([[1], [3], [5]], np.float32), metric).any()


def test_cosine_of_near_parallel_vectors_keeps_its_digits():
    u = rng.normal(size=50)
    points = np.stack([u, u * 3 + 1e-5 * rng.normal(size=50)])
    a, b = (p.astype(np.longdouble) for p in points)
    a, b = a / np.sqrt((a * a).sum()), b / np.sqrt((b * b).sum())
    exact = float(((a - b) ** 2).sum() / 2)
    assert abs(ts.distances(points, "cosine")[0, 1] / exact - 1) < 1e-5


# -- Mahalanobis ------------------------------------------------------------------------------------------------------


def facts(points, metric):
    return ts.rips(points, 0, metric=metric).meta


def test_empirical_covariance_agrees_with_scipy():
    expected = by_scipy(X, "mahalanobis", VI=np.linalg.inv(np.cov(X.T)))
    np.testing.assert_allclose(ts.distances(X, ts.Mahalanobis("empirical")), expected, rtol=1e-6)
    np.testing.assert_allclose(ts.distances(X, ts.Mahalanobis(0.0)), expected, rtol=1e-6)


def test_mean_squared_distance_is_twice_the_rank():
    D = ts.distances(X, ts.Mahalanobis("empirical")).astype(float)
    assert (D[np.triu_indices(70, 1)] ** 2).mean() == pytest.approx(2 * 9, rel=1e-5)


@pytest.mark.parametrize("shape", [(70, 9), (20, 50), (30, 29), (12, 400)])
@pytest.mark.parametrize("name", ["ledoit-wolf", "oas"])
def test_shrinkage_agrees_with_scikit_learn(name, shape):
    covariance = pytest.importorskip("sklearn.covariance")
    points = rng.normal(size=shape) * np.linspace(0.3, 3, shape[1])
    fitted = (covariance.LedoitWolf if name == "ledoit-wolf" else covariance.OAS)().fit(points)
    meta = facts(points, ts.Mahalanobis(name))
    assert meta["shrinkage"] == pytest.approx(fitted.shrinkage_, rel=1e-6)
    assert meta["rank"] == min(shape[0] - 1, shape[1])
    assert meta["dimension"] <= min(shape)
    if shape[0] > shape[1]:
        assert meta["condition"] == pytest.approx(np.linalg.cond(fitted.covariance_), rel=1e-3)
    expected = by_scipy(points, "mahalanobis", VI=np.linalg.inv(fitted.covariance_))
    np.testing.assert_allclose(ts.distances(points, ts.Mahalanobis(name)), expected, rtol=2e-6)


def test_given_covariance_may_be_rounded():
    """As products in single precision are, which need not be symmetric to the last digit."""
    basis = np.linalg.qr(X[:6, :6])[0].astype(np.float32)
    covariance = (basis * np.float32([1, 2, 3, 4, 5, 6])) @ basis.T
    covariance[0, 1] = np.nextafter(covariance[1, 0], np.float32(np.inf))
    expected = by_scipy(X[:, :6], "mahalanobis", VI=np.linalg.inv(covariance.astype(float)))
    np.testing.assert_allclose(ts.distances(X[:, :6], ts.Mahalanobis(covariance)), expected, rtol=1e-5)


def test_given_covariance_and_reference():
    A = rng.normal(size=(9, 9))
    S = A @ A.T + np.eye(9)
    expected = by_scipy(X, "mahalanobis", VI=np.linalg.inv(S))
    np.testing.assert_allclose(ts.distances(X, ts.Mahalanobis(S)), expected, rtol=1e-6)
    reference = rng.normal(size=(200, 9)) * np.arange(1, 10)
    expected = by_scipy(X, "mahalanobis", VI=np.linalg.inv(np.cov(reference.T)))
    np.testing.assert_allclose(ts.distances(X, ts.Mahalanobis("empirical", reference)), expected, rtol=1e-6)


def test_many_coordinates_need_no_square_of_them():
    points = rng.normal(size=(20, 100_000)).astype(np.float32)
    meta = facts(points, ts.Mahalanobis())
    assert meta["rank"] == 19 and 0 < meta["shrinkage"] <= 1


@pytest.mark.parametrize("bad", [np.zeros((9, 9)), -np.eye(9)])
def test_given_covariance_must_be_positive_definite(bad):
    with pytest.raises(ValueError, match="singular"):
        ts.distances(X, ts.Mahalanobis(bad))


# -- the relative-neighbourhood normalisation -----------------------------------------------------------------------


def normalised(D, k, scaling):
    kth = np.sort(D, axis=1)[:, k]  # column 0 is the point itself
    join = {"max": np.maximum, "min": np.minimum, "geometric": lambda a, b: np.sqrt(a * b)}[scaling]
    return D / join(kth[:, None], kth[None, :])


@pytest.mark.parametrize("scaling", ["max", "geometric", "min"])
@pytest.mark.parametrize("base", ["euclidean", "cosine", "mahalanobis"])
@pytest.mark.parametrize("k", [1, 7, 69])
def test_normalisation_is_what_it_says(base, scaling, k):
    D = ts.distances(X, ts.RelativeNeighborhood(base, k=k, scaling=scaling))
    np.testing.assert_allclose(D, normalised(ts.distances(X, base).astype(float), k, scaling), rtol=1e-6)
    np.testing.assert_array_equal(D, D.T)


def test_pairs_at_most_one_apart_are_the_neighbour_graph():
    D = ts.distances(X)
    order = np.argsort(D, axis=1)[:, 1:8]
    graph = np.zeros((70, 70), bool)
    graph[np.arange(70)[:, None], order] = True
    graph |= graph.T
    N = ts.distances(X, ts.RelativeNeighborhood("euclidean", k=7))
    np.testing.assert_array_equal((N <= 1) & ~np.eye(70, dtype=bool), graph)


def test_normalisation_of_given_distances():
    D = ts.distances(X)
    np.testing.assert_allclose(
        ts.distances(D, ts.RelativeNeighborhood("precomputed", k=7)),
        ts.distances(X, ts.RelativeNeighborhood("euclidean", k=7)),
        rtol=3e-7,
    )


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "precomputed"])
def test_a_subsample_keeps_the_scales_of_its_cloud(metric):
    base = "euclidean" if metric == "precomputed" else metric
    D = ts.distances(X, base)
    whole = ts.distances(X, ts.RelativeNeighborhood(base, k=7))
    some = rng.choice(70, 25, replace=False)
    points, reference = (D[np.ix_(some, some)], D[some]) if metric == "precomputed" else (X[some], X)
    part = ts.distances(points, ts.RelativeNeighborhood(metric, k=7, reference=reference))
    np.testing.assert_allclose(part, whole[np.ix_(some, some)], rtol=3e-7)
    bars = ts.rips(points, metric=ts.RelativeNeighborhood(metric, k=7, reference=reference)).dgms[0]
    np.testing.assert_array_equal(bars, ts.rips(part, metric="precomputed").dgms[0])


def test_references_that_do_not_fit():
    for reference, sentence in [
        (X[:, :3], "reference has 3 coordinates and X has 9"),
        (X[:5], "k=7 neighbours were asked of 5 reference points"),
        (np.full((9, 9), np.nan), "reference has nan at row 0, column 0"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            ts.distances(X, ts.RelativeNeighborhood(k=7, reference=reference))
    with pytest.raises(ValueError, match="reference has 69 rows and X has 70"):
        ts.distances(ts.distances(X), ts.RelativeNeighborhood("precomputed", k=7, reference=X[:69]))
    with pytest.raises(ValueError, match="reference has zero vectors"):
        ts.distances(X, ts.RelativeNeighborhood("cosine", k=7, reference=np.zeros((9, 9))))


def test_equal_differences_are_rounded_to_the_same_side():
    """Every addition of a chain of sums loses in the same direction: what shifted and binary activations are."""
    for d in (33, 65, 700, 20_000):
        heights = rng.random(60 if d < 1000 else 30).astype(np.float32)
        points = np.repeat(heights[:, None], d, axis=1)
        off = ~np.eye(len(heights), dtype=bool)
        difference = np.abs(heights[:, None].astype(float) - heights.astype(float))
        for metric, exact in (
            ("euclidean", difference * np.sqrt(float(d))),
            ("sqeuclidean", difference**2 * d),
            ("cityblock", difference * d),
        ):
            assert ulps(ts.distances(points, metric), exact)[off].max() < 4, (metric, d)


def test_zero_over_zero_is_zero_and_first_positive_goes_on():
    doubled = np.repeat(X[:10], 2, axis=0)
    with pytest.raises(ValueError, match="20 points have more duplicates than k=1"):
        ts.distances(doubled, ts.RelativeNeighborhood(k=1))
    D = ts.distances(doubled, ts.RelativeNeighborhood(k=1, duplicates="first-positive"))
    assert D[0, 1] == 0 and np.isfinite(D).all()
    np.testing.assert_allclose(D[::2, ::2], normalised(ts.distances(X[:10]).astype(float), 1, "max"), rtol=1e-6)
    same = np.ones((4, 2))
    np.testing.assert_array_equal(ts.distances(same, ts.RelativeNeighborhood(k=2)), np.zeros((4, 4)))


def test_scaling_changes_nothing():
    metric = ts.RelativeNeighborhood("euclidean", k=5)
    np.testing.assert_allclose(ts.distances(X * 1024, metric), ts.distances(X, metric), rtol=1e-6)


def test_dropped_zero_vectors_are_named():
    points = X.copy()
    points[[3, 11]] = 0
    r = ts.rips(points, metric=ts.Cosine(zeros="drop"))
    np.testing.assert_array_equal(r.meta["dropped"], [3, 11])
    assert len(r.dgms[0]) == 68 and 3 not in r.idx_perm and r.idx_perm[-1] == 69
    np.testing.assert_array_equal(r.dgms[1], ts.rips(np.delete(points, [3, 11], axis=0), metric="cosine").dgms[1])


@pytest.mark.parametrize("metric", ["cosine", "correlation"])
@pytest.mark.parametrize("n", [96, 97])
def test_opposite_and_parallel_directions_among_others(metric, n):
    """Whole blocks of pairs are finished at once, but for those with a pair that needs more."""
    points = rng.normal(size=(n, 100)).astype(np.float32)
    points[40], points[70], points[90] = 2 * points[3], -points[3], points[5] + np.float32(1e-3) * points[6]
    D = ts.distances(points, metric)
    assert D[40, 3] == 0 and D.max() <= 2  # that of opposite ones is compared below
    unit = points.astype(np.longdouble)
    unit = unit - unit.mean(axis=1, keepdims=True) if metric == "correlation" else unit
    unit /= np.sqrt((unit * unit).sum(axis=1, keepdims=True))
    exact = ((unit[:, None] - unit) ** 2).sum(axis=2) / 2
    apart = exact > 1e-30
    assert (np.abs(D - exact) / np.spacing(exact.astype(np.float32)))[apart].max() < 4
    np.testing.assert_array_equal(D, D.T)


def test_large_results_begin_with_a_large_page_and_are_arrays_like_any_other():
    points = rng.normal(size=(3000, 3)).astype(np.float32)
    D = ts.distances(points)
    assert D.ctypes.data % 2**21 == 0 and D.flags.owndata
    np.testing.assert_array_equal(D[:70, :70], ts.distances(points[:70]))
    kept = D[:3].copy()
    D.resize((3, 3000), refcheck=False)
    np.testing.assert_array_equal(D, kept)
    assert np.zeros(2_000_000).sum() == 0  # NumPy's own memory is as before
