"""A point cloud at growing radii, beside its barcode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import palette
from .bars import read_bars
from .complexes import Complex, complex_at, pairwise, telling_radii
from .draw import _ink, plot_barcode
from .embedding import planar

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_filtration(
    X: Any,
    radii: Sequence[float] | None = None,
    *,
    result: Any = None,
    ax: Axes | Sequence[Axes] | None = None,
) -> Any:
    """Draw the Vietoris-Rips complex of a planar cloud at growing radii, and its barcode with a cursor at each of them.

    A radius is a value of the filtration, in units of the distances: at radius r two points are joined when they are at
    most r apart. The discs drawn have half that radius, so that they touch exactly when their centres are joined.

    Parameters
    ----------
    X : (n, 2) array
        Points in the plane.
    radii : sequence of float, optional
        By default four that tell: some points joined, the longest loop born, its middle, and it filled in.
    result : RipsResult, mapping or list of diagrams, optional
        The Euclidean diagrams of ``X``; computed (H0 and H1) when not given.
    ax : matplotlib Axes, or as many as there are radii and one more, optional
        Where to draw. A single one is divided up. By default a new figure, in one row.

    Returns
    -------
    matplotlib Axes, or array of them
        What was given as ``ax``, else the array of new axes: one a radius, the last one with the barcode.

    Raises
    ------
    ValueError
        When ``X`` is not planar, a radius is negative, or the number of axes does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_filtration
    >>> square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    >>> diagrams = [np.array([[0.0, 1.0]] * 3 + [[0.0, np.inf]]), np.array([[1.0, 2**0.5]])]
    >>> axes = plot_filtration(square, [0.5, 1.0, 1.5], result=diagrams)
    >>> [ax.get_title() for ax in axes]
    ['r = 0.5', 'r = 1', 'r = 1.5', 'barcode']
    """
    points = planar(
        "X", X, "a filtration is drawn in the plane, so give (n, 2) points (an embedding of yours, for example)"
    )
    if result is None:
        from ..persistence import rips

        result = rips(points, maxdim=1)
    distances = pairwise(points)
    if radii is None:
        radii = telling_radii(distances, read_bars(result))
    if np.ndim(radii) != 1:
        raise TypeError(f"radii is {radii!r}: give a list of numbers, one a picture")
    values = [float(r) for r in radii]
    if any(not (np.isfinite(r) and r >= 0) for r in values):
        raise ValueError(f"radii are {values}: each must be a finite number, zero or more")
    given, axes = _panels(ax, len(values))
    for panel, value in zip(axes, values, strict=False):
        _draw_complex(panel, points, complex_at(distances, value))
        panel.set_title(f"r = {value:.3g}")
    code = plot_barcode(result, ax=axes[-1], at=values, legend=False)
    code.set_title("barcode", pad=16)
    return given


def _draw_complex(ax: Axes, points: Any, drawn: Complex) -> None:
    from matplotlib.collections import EllipseCollection, LineCollection, PolyCollection

    ink = _ink(ax)
    sizes = np.full(len(points), drawn.value)
    # Discs and triangles are opaque, so that several over each other show the same colour as one alone.
    discs = EllipseCollection(
        sizes, sizes, np.zeros(len(points)), units="xy", offsets=points, transOffset=ax.transData,
        facecolors=_tint(palette.color(0), ax, 0.12), linewidths=0, zorder=1,
    )  # fmt: skip
    ax.add_collection(discs)
    ax.add_collection(
        PolyCollection(list(points[drawn.triangles]), facecolors=_tint(palette.color(1), ax), linewidths=0, zorder=2)
    )
    faint = float(np.clip(4 / np.sqrt(max(len(drawn.edges), 1)), 0.12, 0.6))
    ax.add_collection(LineCollection(list(points[drawn.edges]), colors=[ink], linewidths=0.7, alpha=faint, zorder=3))
    ax.scatter(points[:, 0], points[:, 1], s=14, color=palette.color(0), linewidths=0, zorder=4)
    if len(points):
        low, high = points.min(0), points.max(0)
        margin = 0.12 * max(float((high - low).max()), 1e-12)
        ax.set_xlim(low[0] - margin, high[0] + margin)
        ax.set_ylim(low[1] - margin, high[1] + margin)
    ax.set_aspect("equal", adjustable="box")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def _tint(color: str, ax: Axes, share: float = 0.38) -> tuple[float, ...]:
    """``color`` as it looks with that opacity over the axes' background."""
    from matplotlib.colors import to_rgb

    face = ax.get_facecolor()
    back = to_rgb(face) if len(face) < 4 or float(face[3]) > 0 else (1.0, 1.0, 1.0)
    return tuple(share * a + (1 - share) * b for a, b in zip(to_rgb(color), back, strict=True))


def _panels(ax: Any, radii: int) -> tuple[Any, Sequence[Axes]]:
    """What to return, and the axes to draw on: one a radius and one for the barcode."""
    if ax is None:
        import matplotlib.pyplot as plt

        ratios = [1.0] * radii + [1.7]
        _, axes = plt.subplots(
            1, radii + 1, figsize=(2.3 * sum(ratios), 2.9), layout="constrained", width_ratios=ratios
        )
        return axes, list(np.atleast_1d(axes))
    if hasattr(ax, "inset_axes"):
        ax.set_axis_off()
        share = 1 / (radii + 1.7)
        insets = [ax.inset_axes((i * share, 0.0, 0.94 * share, 1.0)) for i in range(radii)]
        return ax, [*insets, ax.inset_axes((radii * share + 0.35 * share, 0.1, 1.35 * share, 0.8))]
    axes = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(axes) != radii + 1:
        raise ValueError(f"{len(axes)} axes for {radii} radii and the barcode: give {radii + 1}, or a single one")
    return ax, axes
