"""Persistent homology as a textbook has it, to hold the engine against.

Every simplex of the flag complex is listed, the boundary matrix is written down, and its columns are reduced from left
to right (Edelsbrunner and Harer, "Computational Topology", 2010, chapter VII; over Z/p: Zomorodian and Carlsson, 2005).
Nothing is shared with the engine, and nothing is clever.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np

Simplex = tuple[int, ...]
Chain = dict[Simplex, int]


def edges(D: np.ndarray, thresh: float = np.inf) -> list[tuple[int, int]]:
    """Edges by length, then by vertices."""
    n = len(D)
    pairs = [(i, j) for i, j in combinations(range(n), 2) if D[i, j] <= thresh and np.isfinite(D[i, j])]
    return sorted(pairs, key=lambda e: (D[e], e))


def simplices(D: np.ndarray, maxdim: int, thresh: float = np.inf) -> list[tuple[int, Simplex]]:
    """Simplices up to dimension ``maxdim`` with the place of their longest edge (-1: a vertex), faces first."""
    place = {edge: i for i, edge in enumerate(edges(D, thresh))}
    layer: list[tuple[int, Simplex]] = [(-1, (v,)) for v in range(len(D))]
    found = list(layer)
    for _ in range(maxdim):
        layer = [
            (max([longest, *(place[w, v] for w in simplex)]), (*simplex, v))
            for longest, simplex in layer
            for v in range(simplex[-1] + 1, len(D))
            if all((w, v) in place for w in simplex)
        ]
        found += layer
    return sorted(found, key=lambda item: (item[0], len(item[1]), item[1]))


def boundary(chain: Chain, p: int) -> Chain:
    """The sum of the alternating facets of a chain, zeros left out."""
    total: Chain = {}
    for simplex, value in chain.items():
        for i in range(len(simplex) if len(simplex) > 1 else 0):
            facet = simplex[:i] + simplex[i + 1 :]
            total[facet] = (total.get(facet, 0) + (-1) ** i * value) % p
    return {facet: value for facet, value in total.items() if value}


def diagrams(D: np.ndarray, maxdim: int, p: int = 2, thresh: float = np.inf) -> list[list[tuple[Any, ...]]]:
    """(birth, death, birth edge, death edge) of every bar of positive length, sorted, for each dimension.

    The birth edge of a component is twice its vertex; the death edge is (-1, -1) where there is no death.
    """
    order = edges(D, thresh)
    listed = simplices(D, maxdim + 1, thresh)
    number = {simplex: i for i, (_, simplex) in enumerate(listed)}
    reduced: dict[int, dict[int, int]] = {}
    births, deaths = [], {}
    for j, (_, simplex) in enumerate(listed):
        column = {number[facet]: value for facet, value in boundary({simplex: 1}, p).items()}
        while column and (pivot := max(column)) in reduced:
            other = reduced[pivot]
            factor = column[pivot] * pow(other[pivot], -1, p)
            for row, value in other.items():
                column[row] = (column.get(row, 0) - factor * value) % p
                if not column[row]:
                    del column[row]
        if column:
            reduced[max(column)], deaths[max(column)] = column, j
        else:
            births.append(j)
    out: list[list[tuple[Any, ...]]] = [[] for _ in range(maxdim + 1)]
    for i in births:
        longest, simplex = listed[i]
        if len(simplex) > maxdim + 1:
            continue
        born = order[longest] if longest >= 0 else (simplex[0], simplex[0])
        dies = order[listed[deaths[i]][0]] if i in deaths else (-1, -1)
        birth = float(D[born]) if longest >= 0 else 0.0
        death = float(D[dies]) if i in deaths else np.inf
        if death > birth:
            out[len(simplex) - 1].append((birth, death, born, dies))
    return [sorted(bars) for bars in out]


class Span:
    """The span of chains over Z/p, kept in echelon form; supports are compared as simplices."""

    def __init__(self, p: int):
        self.p = p
        self.basis: dict[Simplex, Chain] = {}

    def residue(self, chain: Chain) -> Chain:
        """What is left of a chain modulo the span: empty where the chain lies in it."""
        rest = {s: v % self.p for s, v in chain.items() if v % self.p}
        done: set[Simplex] = set()
        while open_ := [s for s in rest if s in self.basis and s not in done]:
            pivot = max(open_)
            factor = rest[pivot]
            for simplex, value in self.basis[pivot].items():
                rest[simplex] = (rest.get(simplex, 0) - factor * value) % self.p
                if not rest[simplex]:
                    del rest[simplex]
            done.add(pivot)
        return rest

    def add(self, chain: Chain) -> None:
        rest = self.residue(chain)
        if rest:
            pivot = max(rest)
            scale = pow(rest[pivot], -1, self.p)
            self.basis[pivot] = {s: v * scale % self.p for s, v in rest.items()}

    def __contains__(self, chain: Chain) -> bool:
        return not self.residue(chain)
