"""Metrics of SciPy and scikit-learn by name, with and without parameters, and functions."""

import numpy as np
import pytest

import toposcope as ts

distance = pytest.importorskip("scipy.spatial.distance")
pairwise_distances = pytest.importorskip("sklearn.metrics").pairwise_distances

rng = np.random.default_rng(3)
X = rng.random((40, 6))  # positive, for jensenshannon
HALVES = X > 0.5
OF_SCIPY = ["braycurtis", "canberra", "hamming", "jensenshannon", "minkowski", "seuclidean", "matching", "cheby", "cos"]
OF_TRUTH = ["dice", "jaccard", "rogerstanimoto", "russellrao", "sokalsneath", "yule"]


def expected(points, metric, **parameters):
    return distance.squareform(distance.pdist(points, metric, **parameters))


@pytest.mark.parametrize("name", OF_SCIPY)
def test_names_of_scipy(name):
    np.testing.assert_allclose(ts.distances(X, name), expected(X, name), rtol=2e-7, atol=1e-12)


@pytest.mark.parametrize("name", OF_TRUTH)
def test_names_for_truth_values(name):
    np.testing.assert_allclose(ts.distances(HALVES, name), expected(HALVES, name), rtol=1e-7)


def test_names_of_sklearn():
    np.testing.assert_allclose(
        ts.distances(X[:, :2], "haversine"), pairwise_distances(X[:, :2], metric="haversine"), rtol=1e-6, atol=1e-7
    )
    holes = X.copy()
    holes[3, 2] = np.nan
    np.testing.assert_allclose(
        ts.distances(holes, "nan_euclidean"), pairwise_distances(holes, metric="nan_euclidean"), rtol=1e-6, atol=1e-7
    )


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("minkowski", {"p": 3}),
        ("minkowski", {"p": 1.5, "w": np.arange(1.0, 7)}),
        ("seuclidean", {"V": np.arange(1.0, 7)}),
        ("euclidean", {"w": np.arange(1.0, 7)}),
        ("cosine", {"w": np.arange(1.0, 7)}),
    ],
)
def test_parameters(name, parameters):
    metric = ts.LibraryMetric(name, **parameters)
    D = ts.distances(X, metric)
    np.testing.assert_allclose(D, expected(X, name, **parameters), rtol=2e-7, atol=1e-12)
    assert ts.rips(X, metric=metric).meta["metric"] == str(metric)


def test_through_rips_and_triangulate():
    metrics = ["canberra", ts.LibraryMetric("minkowski", p=3), ts.RelativeNeighborhood("braycurtis", k=3)]
    study = ts.triangulate({"layer": X}, metrics, maxdim=1)
    for metric in metrics:
        part = study["layer", str(metric)]
        r = ts.rips(X, metric=metric)
        for a, b in zip(part.dgms, r.dgms, strict=True):
            np.testing.assert_array_equal(a, b)
    assert str(metrics[1]) == "minkowski, p=3" and str(metrics[2]) == "braycurtis, k=3"


def test_reference_of_a_normalisation():
    for metric in ("canberra", "seuclidean", ts.LibraryMetric("minkowski", p=3), lambda a, b: np.abs(a - b).sum()):
        whole = ts.distances(X, ts.RelativeNeighborhood(metric, k=4, reference=X))
        np.testing.assert_allclose(whole, ts.distances(X, ts.RelativeNeighborhood(metric, k=4)), rtol=3e-7)


@pytest.mark.parametrize(
    ("metric", "points", "sentence"),
    [
        ("nonsense", X, "metric='nonsense' is unknown: it must be one of .*, or a function."),
        (ts.LibraryMetric("nonsense", p=2), X, "is unknown"),
        (ts.LibraryMetric("jensenshannon", base=2), X, "is refused by SciPy: "),  # its pdist takes no base
        (ts.LibraryMetric("minkowski", q=2), X, r"is refused by SciPy: .*incompatible function arguments\.$"),
        (ts.LibraryMetric("seuclidean", V=np.ones(3)), X, "is refused by SciPy: "),
        ("haversine", X, "is refused by scikit-learn: "),
        (lambda a, b: float("nan"), X, "gives no number .NaN. for rows 0 and 1 of X"),
    ],
)
def test_refusals_are_one_sentence(metric, points, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence) as caught:
        ts.distances(points, metric)
    assert "\n" not in str(caught.value) and str(caught.value)[-2:].strip(".:") == str(caught.value)[-2]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_points(n):
    for metric in ("canberra", "nan_euclidean", ts.LibraryMetric("minkowski", p=3)):
        assert ts.distances(X[:n], metric).shape == (n, n)
