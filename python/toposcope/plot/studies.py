"""Whole studies: every layer and metric at once, and how far they agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .bars import Floats
from .draw import _axes, plot_barcode, plot_diagram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAW = {"diagram": plot_diagram, "barcode": plot_barcode}


def study_rows(study: Any) -> list[tuple[Any, ...]]:
    """The keys of a study without their metrics, in its order: (layer,), or (model, layer)."""
    if not isinstance(study, Mapping) or not all(isinstance(key, tuple) and len(key) > 1 for key in study):
        raise TypeError(
            f"no study in a {type(study).__name__}: pass what triangulate() gives, or a mapping whose keys are "
            "(layer, metric) or (model, layer, metric)"
        )
    return list(dict.fromkeys(key[:-1] for key in study))


def plot_study(study: Any, kind: str = "diagram", *, ax: Any = None) -> Any:
    """Draw the diagrams or barcodes of a study as a grid: a row a layer, a column a metric.

    Parameters
    ----------
    study : Study, or mapping with keys (layer, metric) or (model, layer, metric)
        What `triangulate` gives.
    kind : "diagram" or "barcode"
        What to draw in each cell.
    ax : matplotlib Axes, or array (rows, metrics) of them, optional
        Where to draw. A single one is divided up; by default a new figure.

    Returns
    -------
    matplotlib Axes, or array (rows, metrics) of them
        What was given as ``ax``, else the new axes. Cells without a result are left empty.

    Examples
    --------
    >>> import numpy as np
    >>> from toposcope.plot import plot_study
    >>> diagrams = [np.array([[0.0, 1.0], [0.0, np.inf]])]
    >>> axes = plot_study({("layer1", "euclidean"): diagrams, ("layer1", "cosine"): diagrams})
    >>> axes.shape, axes[0, 1].get_title()
    ((1, 2), 'cosine')
    """
    if kind not in DRAW:
        raise ValueError(f"kind is {kind!r}: use 'diagram' or 'barcode'")
    rows, metrics = study_rows(study), list(dict.fromkeys(key[-1] for key in study))
    if not rows:
        raise ValueError("the study has no part, so there is nothing to draw: give it a layer and a metric")
    given, axes = _grid(ax, len(rows), len(metrics))
    aside = -46 if kind == "diagram" else -62  # of the numbers on the axis, or of the numbers of bars
    for i, row in enumerate(rows):
        for j, metric in enumerate(metrics):
            cell = axes[i, j]
            key = (*row, metric)
            if key in study:
                DRAW[kind](study[key], ax=cell, legend=kind == "diagram")  # which tells the numbers of bars
                cell.set(xlabel="", ylabel="")
            else:
                cell.set_axis_off()
            if i == 0:
                cell.set_title(str(metric))
            if j == 0:
                name = " · ".join(str(part) for part in row)
                cell.annotate(
                    name, (0, 0.5), xycoords="axes fraction", xytext=(aside, 0), textcoords="offset points",
                    rotation=90, ha="right", va="center", fontweight="bold",
                )  # fmt: skip
    return given


def _grid(ax: Any, rows: int, columns: int) -> tuple[Any, Any]:
    if ax is None:
        import matplotlib.pyplot as plt

        size = (2.7 * max(columns, 1), 2.6 * max(rows, 1))
        axes = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False)[1]
        return axes, axes
    if hasattr(ax, "inset_axes"):
        ax.set_axis_off()
        width, height = 1 / max(columns, 1), 1 / max(rows, 1)
        insets = [
            [
                ax.inset_axes(((j + 0.15) * width, 1 - (i + 0.85) * height, 0.8 * width, 0.7 * height))
                for j in range(columns)
            ]
            for i in range(rows)
        ]
        return ax, np.array(insets, dtype=object).reshape(rows, columns)
    axes = np.asarray(ax, dtype=object)
    if axes.size != rows * columns:
        raise ValueError(f"{axes.size} axes for {rows} layers and {columns} metrics: give {rows * columns}, or one")
    return ax, axes.reshape(rows, columns)


def plot_agreement(matrix: Any, *, ax: Axes | None = None, colorbar: bool = True) -> Axes:
    """Draw distances between diagrams as a heat map.

    Parameters
    ----------
    matrix : labelled square matrix
        As ``study.agreement(dim)`` gives it: a pandas frame, or anything with ``.values`` (m, m) and ``.index``.
    ax : matplotlib Axes, optional
        Where to draw; new axes by default.
    colorbar : bool
        Whether to draw the scale.

    Returns
    -------
    matplotlib Axes
        The axes drawn on. Infinite distances are crossed out.

    Examples
    --------
    >>> import pandas as pd
    >>> from toposcope.plot import plot_agreement
    >>> frame = pd.DataFrame([[0.0, 2.0], [2.0, 0.0]], index=["cosine", "euclidean"])
    >>> [label.get_text() for label in plot_agreement(frame).get_yticklabels()]
    ['cosine', 'euclidean']
    """
    if not hasattr(matrix, "index") or not isinstance(getattr(matrix, "values", None), np.ndarray):
        raise TypeError(
            f"no labelled matrix in a {type(matrix).__name__}: pass study.agreement(dim), or a pandas frame"
        )
    values = np.asarray(matrix.values, dtype=np.float64)
    keys = [key if isinstance(key, tuple) else (key,) for key in matrix.index]
    names = [" · ".join(str(part) for part in key) for key in keys]
    many = len(names)
    side = float(np.clip(0.32 * many + 2.2, 3.2, 11.0))
    ax = _axes(ax, (side + (0.8 if colorbar else 0.0), side))
    shown = np.where(np.isfinite(values), values, np.nan)
    image = ax.imshow(shown, cmap="cividis_r", vmin=0, vmax=_most(shown), interpolation="nearest")
    endless = np.argwhere(~np.isfinite(values))
    ax.scatter(endless[:, 1], endless[:, 0], marker="x", color=ax.xaxis.label.get_color(), s=20)
    step = max(1, many // 40)
    ax.set_xticks(range(0, many, step), names[::step], rotation=90)
    ax.set_yticks(range(0, many, step), names[::step])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    if many <= 8:
        for (i, j), value in np.ndenumerate(shown):
            dark = np.isfinite(value) and value > 0.55 * _most(shown)
            if np.isfinite(value):
                ax.text(
                    j, i, f"{value:.2g}", ha="center", va="center", color="white" if dark else "black", fontsize="small"
                )
    if colorbar:
        ax.figure.colorbar(image, ax=ax, shrink=0.8, label="distance of diagrams")
    return ax


def _most(values: Floats) -> float:
    finite = values[np.isfinite(values)]
    return float(finite.max(initial=0)) or 1.0
