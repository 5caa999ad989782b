"""Two small layers and four metrics, for the tests of studies."""

import numpy as np

import toposcope as ts

METRICS = ["euclidean", ts.Mahalanobis(), "cosine", ts.RelativeNeighborhood("euclidean", k=5)]


def clouds(n=40, seed=0):
    """A ring away from the origin, and a blob: two layers of the same n samples."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, 2 * np.pi, n)
    ring = np.c_[np.cos(angle), np.sin(angle)] + 0.05 * rng.normal(size=(n, 2)) + 3
    return {"ring": ring, "blob": rng.normal(size=(n, 6)) + 2}


def same(a, b):
    """Whether two studies hold the same parts, to the last bit."""
    assert a.keys() == b.keys()
    for key in a:
        for name in ("dgms", "edges", "censored"):
            for x, y in zip(getattr(a[key], name), getattr(b[key], name), strict=True):
                np.testing.assert_array_equal(x, y)
