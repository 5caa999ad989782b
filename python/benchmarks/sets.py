"""The sets: distances of generated points, each from a seed, rounded to float32, the same for every engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group

Generator = np.random.Generator


def _euclidean(X: np.ndarray) -> np.ndarray:
    return squareform(pdist(X))


def o3(n: int, rng: Generator) -> np.ndarray:
    """Random orthogonal 3 x 3 matrices as points of R^9: two copies of the projective 3-space."""
    return _euclidean(ortho_group.rvs(3, n, random_state=rng).reshape(n, 9))


def cube(d: int) -> Callable[[int, Generator], np.ndarray]:
    return lambda n, rng: _euclidean(rng.uniform(size=(n, d)))


def sphere(n: int, rng: Generator) -> np.ndarray:
    X = rng.normal(size=(n, 3))
    return _euclidean(X / np.linalg.norm(X, axis=1, keepdims=True))


def torus(n: int, rng: Generator) -> np.ndarray:
    u, v = rng.uniform(0, 2 * np.pi, (2, n))
    return _euclidean(np.c_[(2 + np.cos(v)) * np.cos(u), (2 + np.cos(v)) * np.sin(u), np.sin(v)])


def circle(n: int, rng: Generator) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi, n)
    return _euclidean(np.c_[np.cos(angle), np.sin(angle)] + 0.1 * rng.normal(size=(n, 2)))


def normal(d: int) -> Callable[[int, Generator], np.ndarray]:
    return lambda n, rng: _euclidean(rng.normal(size=(n, d)))


def clusters(d: int) -> Callable[[int, Generator], np.ndarray]:
    """Ten normal clouds."""

    def matrix(n: int, rng: Generator) -> np.ndarray:
        centres = 3 * rng.normal(size=(10, d)) / np.sqrt(d) * 4
        return _euclidean(centres[rng.integers(10, size=n)] + rng.normal(size=(n, d)) / np.sqrt(d))

    return matrix


def relu_features(n: int, rng: Generator) -> np.ndarray:
    """max(0, W z): 1,024 features of points z of R^8."""
    return np.maximum(rng.normal(size=(n, 8)) @ rng.normal(size=(8, 1024)), 0)


def relu(n: int, rng: Generator) -> np.ndarray:
    return _euclidean(relu_features(n, rng))


def relu_cosine(n: int, rng: Generator) -> np.ndarray:
    """Cosine distances of sparse features: most are zero, and so are many products."""
    X = np.maximum(rng.normal(size=(n, 8)) @ rng.normal(size=(8, 256)) - 5, 0)
    X[:, 0] += 0.1
    return squareform(np.maximum(pdist(X, "cosine"), 0))


def ties(n: int, rng: Generator) -> np.ndarray:
    """City-block distances of points of a small grid: few lengths, and many duplicates."""
    return squareform(pdist(rng.integers(0, 5, (n, 4)), "cityblock"))


def duplicates(n: int, rng: Generator) -> np.ndarray:
    """Every point twice."""
    return _euclidean(np.repeat(rng.uniform(size=(n // 2, 3)), 2, axis=0))


def half_zero(n: int, rng: Generator) -> np.ndarray:
    """Half of all distances are zero: three quarters of the points lie on one another."""
    X = rng.uniform(size=(n, 3))
    X[: int(n * 0.707)] = X[0]
    return _euclidean(X)


def integers(n: int, rng: Generator) -> np.ndarray:
    """Independent integers from 1 to 9: no triangle inequality."""
    return squareform(rng.integers(1, 10, n * (n - 1) // 2).astype(float))


def independent(n: int, rng: Generator) -> np.ndarray:
    """Independent lengths: as many loops alive at once as can be."""
    return squareform(rng.uniform(size=n * (n - 1) // 2))


def equidistant(n: int, rng: Generator) -> np.ndarray:
    return 1 - np.eye(n)


def normalised(n: int, rng: Generator) -> np.ndarray:
    """The relative-neighbourhood normalisation with k = 15: many distances are exactly 1."""
    D = clusters(64)(n, rng).astype(np.float32)
    reach = np.sort(D, axis=1)[:, 15]
    return D / np.maximum(reach[:, None], reach)


@dataclass(frozen=True)
class Set:
    """One line of the table."""

    group: str
    name: str
    points: Callable[[int, Generator], np.ndarray]
    n: int
    maxdim: int
    thresh: float = np.inf
    quick: bool = False
    limit: float = 0
    """Seconds that every engine gets, where they are more than usual."""

    @property
    def key(self) -> str:
        limit = "" if np.isinf(self.thresh) else f", threshold {self.thresh:g}"
        return f"{self.name}, n={self.n}, H{self.maxdim}{limit}"

    def matrix(self) -> np.ndarray:
        seed = [*self.name.encode(), self.n]
        D = self.points(self.n, np.random.default_rng(seed)).astype(np.float32)
        np.fill_diagonal(D, 0)
        return np.maximum(D, D.T)


# Seconds where n is large, so that the fastest of the others comes to an end.
PATIENCE = 20
LONG_PATIENCE = 400  # H2 of a thousand points


def _series(name: str, points: Callable, sizes: tuple[int, ...], quick: bool = False) -> list[Set]:
    return [
        Set("H1", name, points, n, 1, quick=quick and n == sizes[0], limit=PATIENCE if n >= 4000 else 0) for n in sizes
    ]


def _voids(name: str, points: Callable, thresh: float, sizes: tuple[int, ...] = (200, 500, 1000)) -> list[Set]:
    """Without a threshold, then with one that keeps a tenth of the pairs or so."""
    patience = {500: PATIENCE, 1000: LONG_PATIENCE}
    whole = [Set("H2", name, points, n, 2, quick=n == sizes[0], limit=patience.get(n, 0)) for n in sizes]
    return whole + [Set("H2", name, points, n, 2, thresh) for n in sizes]


SETS: list[Set] = [
    *_series("points on O(3)", o3, (1000, 2000, 4000), quick=True),
    *_series("uniform cube, d=3", cube(3), (1000, 2000, 4000, 8000)),
    *_series("noisy circle", circle, (1000, 2000)),
    *_series("sphere", sphere, (1000, 2000)),
    *_series("normal, d=512", normal(512), (1000, 2000, 4000), quick=True),
    *_series("normal, d=4096", normal(4096), (1000,)),
    *_series("ten clusters, d=128", clusters(128), (1000, 2000, 4000)),
    *_series("ReLU features of rank 8", relu, (1000, 2000), quick=True),
    *_series("heavy ties", ties, (1000, 2000), quick=True),
    *_voids("sphere", sphere, 0.5),
    *_voids("torus", torus, 1.0),
    *_voids("uniform cube, d=3", cube(3), 0.3),
    *_voids("normal, d=512", normal(512), 31.0),
    *_voids("ten clusters, d=128", clusters(128), 15.0),
    *_voids("points on O(3)", o3, 1.8),
    Set("H2", "points on O(3)", o3, 4096, 2, 1.4),
    Set("H3 and up", "uniform cube, d=16", cube(16), 50, 7, quick=True),
    Set("H3 and up", "uniform cube, d=3", cube(3), 150, 3),
    Set("H3 and up", "normal, d=8", normal(8), 100, 3),
    Set("H3 and up", "uniform cube, d=3", cube(3), 150, 4),
    Set("H3 and up", "normal, d=8", normal(8), 100, 4),
    Set("H3 and up", "normal, d=512", normal(512), 100, 3),
    Set("H3 and up", "normal, d=512", normal(512), 60, 4),
    Set("H3 and up", "ten clusters, d=128", clusters(128), 150, 3),
    Set("H3 and up", "ten clusters, d=128", clusters(128), 150, 4),
    Set("H3 and up", "points on O(3)", o3, 100, 3),
    Set("H3 and up", "points on O(3)", o3, 60, 4),
    Set("H3 and up", "sphere", sphere, 100, 3),
    Set("H3 and up", "sphere", sphere, 60, 4),
    Set("hard cases", "half of the distances zero", half_zero, 1000, 1),
    Set("hard cases", "half of the distances zero", half_zero, 300, 2),
    Set("hard cases", "independent integers", integers, 500, 1, quick=True),
    Set("hard cases", "independent integers", integers, 100, 2),
    Set("hard cases", "independent lengths", independent, 300, 1, quick=True),
    Set("hard cases", "independent lengths", independent, 100, 2),
    Set("hard cases", "equidistant points", equidistant, 200, 2, quick=True),
    Set("hard cases", "every point twice", duplicates, 2000, 1),
    Set("hard cases", "every point twice", duplicates, 400, 2),
    Set("hard cases", "relative neighbourhood, k=15", normalised, 2000, 1),
    Set("hard cases", "relative neighbourhood, k=15", normalised, 500, 2),
    Set("hard cases", "cosine of sparse ReLU features", relu_cosine, 1000, 1, quick=True),
    Set("hard cases", "noisy circle", circle, 5000, 1, limit=PATIENCE),
]
