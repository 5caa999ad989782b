"""Seeded random matrices of the kinds that engines get wrong."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import pdist, squareform

KINDS = ("cloud", "grid", "circle", "nonmetric", "integers", "two levels", "gaps", "paths", "equal", "join of polygons")


def matrix(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """A symmetric (n, n) matrix with a zero diagonal, rounded to float32."""
    pairs = n * (n - 1) // 2
    if n < 2:
        return np.zeros((n, n), np.float32)
    if kind == "cloud":
        condensed = pdist(rng.normal(size=(n, rng.integers(1, 6))))
    elif kind == "grid":
        condensed = pdist(rng.integers(0, 4, (n, 2)))
    elif kind == "circle":
        angle, radius = rng.uniform(0, 2 * np.pi, n), rng.uniform(0.9, 1.1, n)
        condensed = pdist(np.c_[radius * np.cos(angle), radius * np.sin(angle)])
    elif kind == "nonmetric":
        condensed = rng.uniform(size=pairs)
    elif kind == "integers":
        condensed = rng.integers(0, rng.integers(2, 8), pairs)
    elif kind == "two levels":
        condensed = 2 - (rng.uniform(size=pairs) < rng.uniform(0.2, 0.9))
    elif kind == "gaps":
        condensed = np.where(rng.uniform(size=pairs) < 0.3, np.inf, rng.uniform(size=pairs))
    elif kind == "equal":
        condensed = np.full(pairs, rng.uniform(0.5, 2))
    elif kind == "paths":
        D = squareform(np.where(rng.uniform(size=pairs) < 2 / n, 1.0, np.inf))
        for k in range(n):
            D = np.minimum(D, D[:, k, None] + D[k])
        return D.astype(np.float32)
    else:  # a sphere of high dimension on few points: all but the diagonals of small polygons are short
        sides = rng.choice([2, 4, 5])
        i, j = np.triu_indices(n, 1)
        side = (sides > 2) & ((j - i == 1) | (j - i == sides - 1))
        long = ((i // sides == j // sides) & ~side) ^ (rng.uniform(size=pairs) < 1 / 60)
        condensed = np.where(long, 3, rng.integers(1, 3, pairs))
    return squareform(np.asarray(condensed, np.float64)).astype(np.float32)


def threshold(D: np.ndarray, rng: np.random.Generator) -> float:
    """None (infinity) half of the time, else the length of an edge or anything else."""
    lengths = D[np.isfinite(D)]
    if len(lengths) == 0 or rng.uniform() < 0.5:
        return np.inf
    return float(rng.choice(lengths) if rng.uniform() < 0.5 else lengths.max() * rng.uniform(0, 1.1))


def case(seed: int, greatest: tuple[int, ...]) -> tuple[np.ndarray, int, int, float, str]:
    """A matrix, maxdim, coeff, thresh, and words that say what it is. ``greatest[maxdim]`` bounds the points."""
    rng = np.random.default_rng(seed)
    maxdim = int(rng.integers(len(greatest)))
    sphere = maxdim >= 2 and rng.uniform() < 0.3
    kind = "join of polygons" if sphere else str(rng.choice(KINDS))
    n = greatest[maxdim] if rng.uniform() < 0.5 else int(rng.integers(0, greatest[maxdim] + 1))
    D = matrix(kind, n, rng)
    coeff, thresh = int(rng.choice([2, 2, 3, 5])), threshold(D, rng)
    return D, maxdim, coeff, thresh, f"seed {seed}: {kind}, n={n}, maxdim={maxdim}, coeff={coeff}, thresh={thresh}"
