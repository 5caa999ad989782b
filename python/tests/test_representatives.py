"""Representatives are held against the definitions, not against another engine.

K_t is the complex of all simplices with diameter <= t, and K_<t the one with diameter < t. A bar [b, d) has
  - a cycle z of K_b that is homologous in K_<d to no cycle of K_<b (so it is born at b and alive until d), and is a
    boundary in K_d;
  - a cocycle c of K_<d that vanishes on K_<b, is no coboundary in K_b, and does not extend to K_d.
"""

from __future__ import annotations

import os
import sys
from itertools import pairwise

import numpy as np
import pytest

import toposcope as ts

sys.path.insert(0, os.path.dirname(__file__))
import random_inputs
import textbook
from textbook import Chain, Simplex, Span


class Complex:
    """The simplices of a flag complex and their diameters."""

    def __init__(self, D: np.ndarray, maxdim: int, thresh: float):
        place = textbook.edges(D, thresh)
        self.diameter: dict[Simplex, float] = {
            simplex: float(D[place[longest]]) if longest >= 0 else 0.0
            for longest, simplex in textbook.simplices(D, maxdim + 1, thresh)
        }

    def of(self, dim: int) -> list[Simplex]:
        return [s for s in self.diameter if len(s) == dim + 1]

    def check_cycle(self, z: Chain, birth: float, death: float, p: int) -> None:
        dim = len(next(iter(z))) - 1
        assert not textbook.boundary(z, p), "it is no cycle"
        assert max(self.diameter[s] for s in z) == birth, "it does not appear at the birth"
        # z + (a boundary of K_<d) must not lie in K_<b: compare only on the simplices that K_<b lacks.
        young = Span(p)
        for s in self.of(dim + 1):
            if self.diameter[s] < death:
                young.add({f: v for f, v in textbook.boundary({s: 1}, p).items() if self.diameter[f] >= birth})
        assert {s: v for s, v in z.items() if self.diameter[s] >= birth} not in young, "it is older, or dies earlier"
        if np.isfinite(death):
            filled = Span(p)
            for s in self.of(dim + 1):
                if self.diameter[s] <= death:
                    filled.add(textbook.boundary({s: 1}, p))
            assert z in filled, "it does not bound at the death"

    def coboundary(self, c: Chain, dim: int, p: int) -> Chain:
        """The value of delta c on every simplex of dimension dim + 1."""
        total = {}
        for s in self.of(dim + 1):
            value = sum((-1) ** i * c.get(s[:i] + s[i + 1 :], 0) for i in range(len(s))) % p
            if value:
                total[s] = value
        return total

    def check_cocycle(self, c: Chain, dim: int, birth: float, death: float, p: int) -> None:
        assert all(birth <= self.diameter[s] <= death for s in c), "it has simplices from before birth or after death"
        c = {s: v for s, v in c.items() if self.diameter[s] < death}
        delta = self.coboundary(c, dim, p)
        assert all(self.diameter[s] >= death for s in delta), "it is no cocycle below the death"
        exact = Span(p)
        for s in self.of(dim - 1):
            image = self.coboundary({s: 1}, dim - 1, p)
            exact.add({f: v for f, v in image.items() if self.diameter[f] <= birth})
        assert {s: v for s, v in c.items() if self.diameter[s] <= birth} not in exact, "it is zero at the birth"
        if np.isfinite(death):
            extensions = Span(p)
            for s in self.of(dim):
                if self.diameter[s] == death:
                    image = self.coboundary({s: 1}, dim, p)
                    extensions.add({f: v for f, v in image.items() if self.diameter[f] <= death})
            assert {s: v for s, v in delta.items() if self.diameter[s] <= death} not in extensions, "it lives on"


def loop(ring: np.ndarray, p: int) -> Chain:
    """The edges round an ordered ring of points, oriented along it."""
    chain: Chain = {}
    for a, b in pairwise([*ring.tolist(), int(ring[0])]):
        edge = (min(a, b), max(a, b))
        chain[edge] = (chain.get(edge, 0) + (1 if a < b else -1)) % p
    return {edge: value for edge, value in chain.items() if value}


CASES = [(seed, (0, 16, 10)) for seed in range(60)]


@pytest.mark.parametrize(("seed", "greatest"), CASES)
def test_cycles(seed, greatest):
    D, maxdim, coeff, thresh, words = random_inputs.case(4_000_000 + seed, greatest)
    r = ts.rips(D, maxdim, thresh, coeff, metric="precomputed", n_threads=1)
    K = Complex(D, maxdim, thresh)
    for dim in range(1, maxdim + 1):
        if dim >= 2 and coeff != 2:
            continue  # a list of simplices says no coefficients
        for bar, (birth, death) in enumerate(r.dgms[dim]):
            cycle = r.cycle(dim, bar)
            try:
                if dim == 1:
                    assert len(set(cycle.tolist())) == len(cycle), "a point comes twice"
                    z = loop(cycle, coeff)
                else:
                    z = {tuple(sorted(s)): 1 for s in cycle.tolist()}
                    assert len(z) == len(cycle), "a simplex comes twice"
                K.check_cycle(z, birth, death, coeff)
            except AssertionError as error:
                raise AssertionError(f"H{dim} bar {bar} [{birth}, {death}): {error}; {words}") from None


@pytest.mark.parametrize("seed", range(20))
def test_components(seed):
    """The component that ends with a bar of H0 is connected below its death, and apart from the rest."""
    rng = np.random.default_rng(seed)
    D = random_inputs.matrix("cloud" if seed % 2 else "nonmetric", 15, rng)  # no ties
    r = ts.rips(D, 1, metric="precomputed")
    for bar, (_, death) in enumerate(r.dgms[0]):
        component = r.cycle(0, bar)
        inside = np.isin(np.arange(len(D)), component)
        assert inside[r.edges[0][bar, 0]]
        assert (D[np.ix_(inside, ~inside)] >= death).all()
        assert len(ts.rips(D[np.ix_(inside, inside)], 0, metric="precomputed").dgms[0]) == len(component)
        joins = ts.rips(D[np.ix_(inside, inside)], 0, metric="precomputed").dgms[0][1:, 1]
        assert (joins < death).all(), f"seed {seed}, bar {bar}"


@pytest.mark.parametrize(("seed", "greatest"), CASES)
def test_cocycles(seed, greatest):
    D, maxdim, coeff, thresh, words = random_inputs.case(5_000_000 + seed, greatest)
    r = ts.rips(D, maxdim, thresh, coeff, metric="precomputed", cocycles=True, n_threads=1)
    K = Complex(D, maxdim, thresh)
    assert len(r.cocycles) == maxdim + 1
    for dim in range(1, maxdim + 1):
        assert len(r.cocycles[dim]) == len(r.dgms[dim])
        for bar, (cocycle, (birth, death)) in enumerate(zip(r.cocycles[dim], r.dgms[dim], strict=True)):
            assert cocycle.shape == (len(cocycle), dim + 2)
            c = {}
            for *vertices, value in cocycle.tolist():
                assert 0 < value < coeff, words
                order = np.argsort(vertices)
                sign = round(np.linalg.det(np.eye(len(vertices))[order]))
                c[tuple(sorted(vertices))] = sign * value % coeff
            try:
                K.check_cocycle(c, dim, birth, death, coeff)
            except AssertionError as error:
                raise AssertionError(f"H{dim} bar {bar} [{birth}, {death}): {error}; {words}") from None
