"""Bad input: one clear sentence, the right type, and Python alive."""

import numpy as np
import pytest

import toposcope as ts

GOOD = np.random.default_rng(0).normal(size=(12, 3))
MATRIX = ts.distances(GOOD).astype(np.float64)


def changed(array, *changes):
    out = np.array(array, dtype=float)
    for place, value in changes:
        out[place] = value
    return out


CASES = {
    "nan": (lambda: ts.rips(changed(GOOD, ((3, 1), np.nan))), ValueError, "nan at row 3, column 1"),
    "inf": (lambda: ts.rips(changed(GOOD, ((4, 0), -np.inf))), ValueError, "-inf at row 4, column 0"),
    "too far apart": (lambda: ts.rips(GOOD * 1e200), ValueError, "distance of rows 0 and 1 .*too large for single"),
    "too near": (lambda: ts.rips(GOOD * 1e-50), ValueError, "All distances of X are too small for single precision"),
    "squares too small": (
        lambda: ts.distances(GOOD * 1e-30, "sqeuclidean"),
        ValueError,
        "All distances of X are too small for single precision",
    ),
    "distances too small": (
        lambda: ts.rips([[0, 1e-50], [1e-50, 0]], metric="precomputed"),
        ValueError,
        "at most 1.0e-50, and it ends at 1.2e-38",
    ),
    "distance too large": (
        lambda: ts.rips([[0, 1e300], [1e300, 0]], metric="precomputed"),
        ValueError,
        "distance of rows 0 and 1 .*too large for single",
    ),
    "lonely point": (
        lambda: ts.distances(
            [[0, 1, np.inf], [1, 0, np.inf], [np.inf, np.inf, 0]], ts.RelativeNeighborhood("precomputed", k=1)
        ),
        ValueError,
        "Row 2 of X has fewer than k=1 neighbours",
    ),
    "nan distance": (
        lambda: ts.rips(changed(MATRIX, ((2, 5), np.nan), ((5, 2), np.nan)), metric="precomputed"),
        ValueError,
        "nan at row 2, column 5",
    ),
    "not square": (lambda: ts.rips(GOOD, metric="precomputed"), ValueError, r"square.*\(12, 3\)"),
    "asymmetric": (
        lambda: ts.rips(changed(MATRIX, ((1, 7), 9.5)), metric="precomputed"),
        ValueError,
        "not symmetric.*row 1, column 7",
    ),
    "negative": (
        lambda: ts.rips(changed(MATRIX, ((1, 7), -1), ((7, 1), -1)), metric="precomputed"),
        ValueError,
        "negative distance -1 at row 1, column 7",
    ),
    "diagonal": (
        lambda: ts.rips(changed(MATRIX, ((4, 4), 0.5)), metric="precomputed"),
        ValueError,
        "diagonal at row 4",
    ),
    "k = 0": (lambda: ts.rips(GOOD, metric=ts.RelativeNeighborhood(k=0)), ValueError, "k=0"),
    "k = n": (lambda: ts.rips(GOOD, metric=ts.RelativeNeighborhood(k=12)), ValueError, "k=12.*12 points"),
    "k = 1.5": (lambda: ts.RelativeNeighborhood(k=1.5), TypeError, "k=1.5"),
    "nested normalisation": (
        lambda: ts.RelativeNeighborhood(ts.RelativeNeighborhood()),
        TypeError,
        "already a normalisation",
    ),
    "scaling": (lambda: ts.RelativeNeighborhood(scaling="mean"), ValueError, "scaling='mean'"),
    "unknown metric": (lambda: ts.rips(GOOD, metric="euclidian"), ValueError, "'euclidian' is (unknown|none of)"),
    "no metric": (lambda: ts.rips(GOOD, metric=3), TypeError, "metric=3"),
    "maxdim < 0": (lambda: ts.rips(GOOD, maxdim=-1), ValueError, "maxdim=-1"),
    "maxdim too large": (lambda: ts.rips(GOOD, maxdim=10_000), ValueError, "maxdim=10000"),
    "maxdim = 1.5": (lambda: ts.rips(GOOD, maxdim=1.5), TypeError, "maxdim=1.5"),
    "maxdim huge": (lambda: ts.rips(GOOD, maxdim=2**40), ValueError, "maxdim="),
    "coeff = 4": (lambda: ts.rips(GOOD, coeff=4), ValueError, "coeff=4 is not a prime"),
    "coeff = 1": (lambda: ts.rips(GOOD, coeff=1), ValueError, "coeff=1 "),
    "coeff = 0": (lambda: ts.rips(GOOD, coeff=0), ValueError, "coeff=0 "),
    "coeff = -3": (lambda: ts.rips(GOOD, coeff=-3), ValueError, "coeff=-3 "),
    "coeff too large": (lambda: ts.rips(GOOD, coeff=65537), ValueError, "coeff=65537"),
    "thresh < 0": (lambda: ts.rips(GOOD, thresh=-1), ValueError, "thresh=-1"),
    "thresh nan": (lambda: ts.rips(GOOD, thresh=np.nan), ValueError, "thresh=nan"),
    "thresh str": (lambda: ts.rips(GOOD, thresh="1"), ValueError, "thresh='1'"),
    "n_threads = 0": (lambda: ts.rips(GOOD, n_threads=0), ValueError, "n_threads=0"),
    "n_threads = 1.5": (lambda: ts.rips(GOOD, n_threads=1.5), TypeError, "n_threads=1.5"),
    "progress": (lambda: ts.rips(GOOD, progress=7), TypeError, "progress=7"),
    "max_memory": (lambda: ts.rips(GOOD, max_memory="lots"), ValueError, "max_memory='lots'"),
    "max_memory = 0.5": (lambda: ts.rips(GOOD, max_memory=0.5), TypeError, "max_memory=0.5"),
    "max_memory of a kilobyte": (lambda: ts.rips(GOOD, max_memory=1e3), MemoryError, "max_memory allows 1000 bytes"),
    "max_memory = 0": (lambda: ts.rips(GOOD, max_memory=0), ValueError, "max_memory=0"),
    "max_memory small": (lambda: ts.rips(GOOD, max_memory=10), MemoryError, "max_memory allows 10 bytes"),
    "zero vector": (
        lambda: ts.rips(changed(GOOD, (3, 0), (9, 0)), metric="cosine"),
        ValueError,
        "2 zero vectors.*row 3.*Cosine",
    ),
    "zero vector of a normalised metric": (
        lambda: ts.rips(changed(GOOD, (3, 0)), metric=ts.RelativeNeighborhood("cosine", k=2)),
        ValueError,
        "1 zero vector .*row 3.* cosine distance is not defined",
    ),
    "zero vector without an angle": (
        lambda: ts.rips(changed(GOOD, (3, 0)), metric="angular"),
        ValueError,
        r"1 zero vector .*row 3.*X\[X.any",
    ),
    "constant row": (
        lambda: ts.rips(changed(GOOD, (3, 7.5)), metric="correlation"),
        ValueError,
        "1 constant row .*row 3.*correlation distance is not defined: leave",
    ),
    "a class for a metric": (
        lambda: ts.rips(GOOD, metric=ts.Cosine),
        TypeError,
        r"Cosine is a class.*Cosine\(\.\.\.\)",
    ),
    "one thing": (lambda: ts.rips("points.npy"), ValueError, "two-dimensional.* a single str"),
    "condensed distances": (lambda: ts.rips([1, 2, 3], metric="precomputed"), ValueError, "squareform"),
    "duplicates": (
        lambda: ts.rips(np.repeat(GOOD, 3, axis=0), metric=ts.RelativeNeighborhood(k=2)),
        ValueError,
        "36 points have more duplicates than k=2.*first-positive",
    ),
    "singular covariance": (
        lambda: ts.rips(GOOD[:3], metric=ts.Mahalanobis("empirical")),
        ValueError,
        "singular.*ledoit-wolf",
    ),
    "equal points": (
        lambda: ts.rips(np.ones((5, 3)), metric="mahalanobis"),
        ValueError,
        "singular, shrunk as it is .*give points that differ",
    ),
    "two points": (
        lambda: ts.rips(GOOD[:2], metric="mahalanobis"),
        ValueError,
        r"shrunk as it is .*Mahalanobis\(0.1\)",
    ),
    "covariance negative": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(-np.eye(3))),
        ValueError,
        "covariance that was given is singular or not positive definite",
    ),
    "covariance nan": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(changed(np.eye(3), ((1, 2), np.nan)))),
        ValueError,
        "covariance has nan at row 1, column 2",
    ),
    "covariance asymmetric": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(changed(np.eye(3), ((0, 2), 0.5)))),
        ValueError,
        "covariance is not symmetric: row 0, column 2 is 0.5",
    ),
    "covariance not square": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(np.ones((3, 2)))),
        ValueError,
        "covariance is 3 x 2 .*3 coordinates",
    ),
    "reference nan": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(reference=changed(GOOD, ((4, 1), np.inf)))),
        ValueError,
        "reference has inf at row 4, column 1",
    ),
    "covariance name": (lambda: ts.Mahalanobis("lw"), ValueError, "covariance='lw'"),
    "shrinkage": (lambda: ts.Mahalanobis(1.5), ValueError, "1.5"),
    "covariance size": (lambda: ts.rips(GOOD, metric=ts.Mahalanobis(np.eye(2))), ValueError, "2 x 2.*3 coordinates"),
    "reference size": (
        lambda: ts.rips(GOOD, metric=ts.Mahalanobis(reference=np.eye(2))),
        ValueError,
        "2 coordinates.*3",
    ),
    "empty reference": (
        lambda: ts.distances(GOOD, ts.RelativeNeighborhood(k=2, reference=np.zeros((0, 3)))),
        ValueError,
        "k=2.*0 reference points",
    ),
    "n_perm": (lambda: ts.rips(GOOD, n_perm=13), ValueError, "n_perm=13.*12 points"),
    "cycle of a missing bar": (lambda: ts.rips(GOOD).cycle(1, 10**6), IndexError, "bar=1000000"),
    "cycle of a missing dimension": (lambda: ts.rips(GOOD).cycle(2, 0), ValueError, "dim=2.*maxdim was 1"),
    "key": (lambda: ts.rips(GOOD)["dgm"], KeyError, "dgms"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_sentence(name):
    call, error, says = CASES[name]
    with pytest.raises(error, match=says) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message and len(message) < 400
    assert ts.rips(GOOD).dgms[0].shape == (12, 2)


@pytest.mark.parametrize("maxdim", [0, 1, 2, 3])
@pytest.mark.parametrize("metric", ["euclidean", "cosine", "mahalanobis", "precomputed"])
def test_no_points_and_one_point(metric, maxdim):
    empty = ts.rips(np.empty((0, 0) if metric == "precomputed" else (0, 4)), maxdim, metric=metric)
    assert [d.shape for d in empty.dgms] == [(0, 2)] * (maxdim + 1)
    one = ts.rips(np.zeros((1, 1)) if metric == "precomputed" else np.ones((1, 4)), maxdim, metric=metric)
    np.testing.assert_array_equal(one.dgms[0], [[0, np.inf]])
    assert all(d.shape == (0, 2) for d in one.dgms[1:])
    assert one.dgms[0].dtype == np.float64 and not one.censored[0].any()


def test_no_coordinates():
    r = ts.rips(np.empty((3, 0)))
    np.testing.assert_array_equal(r.dgms[0], [[0, np.inf]])
