"""Matrices of distances as small pictures, of which only the opacity varies, so that they fit light and dark pages."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .inputs import picture_url

SIDE = 128
"""The picture has at most so many pixels a side: of more points, neighbours in the order share one, with their mean."""

LEVELS = 24
"""So many steps of opacity: fewer than one sees, and the file is a third of the size."""


def merge_order(n: int, edges: Any, deaths: Any) -> NDArray[np.int64]:
    """The points in an order in which every component that there ever is stands side by side: leaves of the tree.

    Parameters
    ----------
    n : int
    edges : (m, 2) array of int
        The edge at which a component merges into another, for each bar of H0 that dies.
    deaths : (m,) array
        When it does.

    Returns
    -------
    (n,) int64
        The larger side of a merge comes first; of equals that with the first point. Components that never merge follow
        one another by size.

    Examples
    --------
    >>> merge_order(4, [[0, 3], [1, 2], [0, 1]], [1.0, 0.5, 2.0])
    array([0, 3, 1, 2])
    """
    runs = [[i] for i in range(n)]
    home = list(range(n))
    for bar in np.argsort(deaths, kind="stable"):
        a, b = (home[end] for end in edges[bar])
        if (-len(runs[a]), min(runs[a])) > (-len(runs[b]), min(runs[b])):
            a, b = b, a
        for point in runs[b]:
            home[point] = a
        runs[a] += runs[b]
        runs[b] = []
    left = sorted((run for run in runs if run), key=lambda run: (-len(run), min(run)))
    return np.array([point for run in left for point in run], dtype=np.int64)


def distance_picture(distances: NDArray[Any], order: NDArray[np.int64]) -> str:
    """Distances as a picture for an image element: the nearer, the more of the accent; clear at the greatest.

    Parameters
    ----------
    distances : (n, n) array
        Entries that are not finite are clear.
    order : (n,) array of int
        Rows and columns of the picture.
    """
    from PIL import Image

    matrix = np.asarray(distances, dtype=np.float64)[np.ix_(order, order)]
    most = float(matrix[np.isfinite(matrix)].max(initial=0)) or 1.0
    near = 1 - np.where(np.isfinite(matrix), matrix, most) / most
    n = len(near)
    if n > SIDE:
        starts = np.arange(SIDE) * n // SIDE
        sizes = np.diff(np.append(starts, n))
        near = np.add.reduceat(np.add.reduceat(near, starts, 0), starts, 1) / np.outer(sizes, sizes)
    opacity = np.round(near * (LEVELS - 1)).astype(np.uint8)
    picture = Image.fromarray(opacity, mode="P")
    picture.putpalette([0, 114, 178] * LEVELS)
    return picture_url(
        picture, "png", optimize=True, transparency=bytes(255 * i // (LEVELS - 1) for i in range(LEVELS))
    )


def agreement_picture(values: NDArray[np.float64]) -> str:
    """A matrix of distances as a picture of one pixel an entry, for an img element: clear at 0, full at the greatest.

    Entries that are not finite are full too.
    """
    from PIL import Image

    finite = values[np.isfinite(values)]
    most = float(finite.max(initial=0)) or 1.0
    opacity = np.where(np.isfinite(values), values / most, 1.0)
    pixels = np.empty((*values.shape, 4), np.uint8)
    pixels[..., :3] = (0, 114, 178)
    pixels[..., 3] = np.round(255 * opacity)
    return picture_url(Image.fromarray(pixels), "png", optimize=True)
