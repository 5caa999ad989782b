"""Diagram and barcode in plotly, for notebooks: point at a bar to see its life, and the inputs that cause it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from . import palette
from .bars import Bars, read_bars
from .geometry import Band, barcode_bands, diagram_points, frame

MARKS = ("circle", "diamond", "square", "triangle-up", "triangle-down", "cross", "x", "star")


def interactive_diagram(
    source: Any, *, dims: Iterable[int] | None = None, ids: Sequence[Any] | None = None, labels: Any = None
) -> Any:
    """A persistence diagram with hover, as a plotly figure.

    Parameters
    ----------
    source : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays
        With ``edges`` (a RipsResult), the hover names the inputs at the birth and death of a bar.
    dims : iterable of int, optional
        The homology dimensions to draw; all by default.
    ids, labels : (n,) sequences, optional
        Names and classes of the samples, for the hover.

    Returns
    -------
    plotly.graph_objects.Figure

    Examples
    --------
    >>> import numpy as np
    >>> figure = interactive_diagram([np.array([[0.0, 1.0], [0.0, np.inf]])])
    >>> figure.data[-1].name, figure.data[-1].hovertext[0]
    ('H₀', 'H₀, bar 0<br>born at 0, dies at 1')
    """
    import plotly.graph_objects as go

    barcode = read_bars(source, dims)
    extent = frame(barcode)
    ends = [extent.bottom, extent.top]
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": "gray", "width": 1}, hoverinfo="skip", showlegend=False
    )
    for value, text in ((extent.infinity, "∞"), (extent.threshold, "threshold")):
        if value is not None:
            figure.add_hline(y=value, line={"color": "gray", "width": 1, "dash": "dash"}, annotation_text=text)
    for bars, points in zip(barcode, diagram_points(barcode, extent), strict=True):
        places = np.concatenate([points.finite, points.infinite])
        order = np.concatenate([points.finite_bar, points.infinite_bar])
        name, mark = palette.name(bars.dimension), MARKS[min(bars.dimension, len(MARKS) - 1)]
        tint = {"color": palette.color(bars.dimension), "size": 7}
        figure.add_scattergl(
            x=places[:, 0], y=places[:, 1], mode="markers", name=name, legendgroup=name,
            marker={**tint, "symbol": mark, "opacity": 0.75},
            hovertext=[bar_text(source, bars, int(bar), ids, labels) for bar in order], hoverinfo="text",
        )  # fmt: skip
        if len(points.censored):  # as SVG: WebGL draws no hollow marks
            figure.add_scatter(
                x=points.censored[:, 0], y=points.censored[:, 1], mode="markers", name=name, legendgroup=name,
                marker={**tint, "symbol": mark + "-open", "line": {"width": 1.5}}, showlegend=False,
                hovertext=[bar_text(source, bars, int(bar), ids, labels) for bar in points.censored_bar],
                hoverinfo="text",
            )  # fmt: skip
    figure.update_layout(
        width=520, height=500, margin={"l": 50, "r": 20, "t": 20, "b": 45}, plot_bgcolor="rgba(0,0,0,0)"
    )
    figure.update_xaxes(title="birth", range=ends, constrain="domain", zeroline=False)
    figure.update_yaxes(title="death", range=ends, scaleanchor="x", zeroline=False)
    return figure


def interactive_barcode(
    source: Any,
    *,
    dims: Iterable[int] | None = None,
    order: str = "birth",
    ids: Sequence[Any] | None = None,
    labels: Any = None,
) -> Any:
    """A barcode with hover, as a plotly figure.

    Parameters are those of `interactive_diagram`, and ``order`` as in `plot_barcode`.

    Examples
    --------
    >>> import numpy as np
    >>> interactive_barcode([np.array([[0.0, 1.0], [0.0, 3.0]])]).data[0].x.tolist()
    [1.0, 3.0]
    """
    import plotly.graph_objects as go

    barcode = read_bars(source, dims)
    extent = frame(barcode)
    bands = barcode_bands(barcode, extent, order=order)
    figure = go.Figure()
    for bars, band in zip(barcode, bands, strict=True):
        middle = band.bottom + band.height / 2
        figure.add_bar(
            x=band.right - band.left, base=band.left, y=middle, width=band.height, orientation="h",
            marker={
                "color": palette.color(bars.dimension), "line": {"width": 0},
                "opacity": np.where(np.arange(len(band.bar)) < band.lanes, 1.0, 0.55),
            },
            name=palette.name(bars.dimension),
            hovertext=[bar_text(source, bars, int(bar), ids, labels) for bar in band.bar], hoverinfo="text",
        )  # fmt: skip
        _ends(figure, band, palette.color(bars.dimension))
    for value, text in ((extent.infinity, "∞"), (extent.threshold, "threshold")):
        if value is not None:
            figure.add_vline(x=value, line={"color": "gray", "width": 1, "dash": "dash"}, annotation_text=text)
    middles = [(band.top + band.end) / 2 for band in bands]
    names = [f"{palette.name(band.dimension)}<br>{len(band.bar)}" for band in bands]
    figure.update_layout(
        width=720, height=460, margin={"l": 60, "r": 20, "t": 20, "b": 45}, plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False, barmode="overlay",
    )  # fmt: skip
    figure.update_xaxes(title="distance", range=[extent.bottom, extent.top], zeroline=False)
    figure.update_yaxes(tickvals=middles, ticktext=names, autorange="reversed", showgrid=False, zeroline=False)
    return figure


def bar_text(source: Any, bars: Bars, bar: int, ids: Any = None, labels: Any = None) -> str:
    """What the hover says of a bar, as the little HTML that plotly knows; names of samples are escaped."""
    end = "alive at the threshold" if bars.censored[bar] else "never dies"
    if bars.finite[bar]:
        end = f"dies at {bars.deaths[bar]:.4g}"
    lines = [f"{palette.name(bars.dimension)}, bar {bar}", f"born at {bars.births[bar]:.4g}, {end}"]
    edges = getattr(source, "edges", None)
    if edges is not None:
        a, b, c, d = (int(vertex) for vertex in edges[bars.dimension][bar])
        if bars.dimension > 0 and a >= 0:
            lines.append(f"born by {_sample(a, ids, labels)} and {_sample(b, ids, labels)}")
        if c >= 0:
            verb = "merged" if bars.dimension == 0 else "filled in"
            lines.append(f"{verb} by {_sample(c, ids, labels)} and {_sample(d, ids, labels)}")
    return "<br>".join(lines)


def _sample(vertex: int, ids: Any, labels: Any) -> str:
    name = f"#{vertex if ids is None else ids[vertex]}"
    return escape(name if labels is None else f"{name} ({labels[vertex]})")


def _ends(figure: Any, band: Band, tint: str) -> None:
    """Arrows where bars never die, open circles where they are censored."""
    middle = band.bottom + band.height / 2
    for chosen, symbol in ((band.infinite, "triangle-right"), (band.censored, "circle-open")):
        if chosen.any():
            figure.add_scatter(
                x=band.right[chosen], y=middle[chosen], mode="markers", hoverinfo="skip",
                marker={"color": tint, "symbol": symbol, "size": 8},
            )  # fmt: skip
