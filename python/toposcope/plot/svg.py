"""Diagram and barcode as inline SVG: for notebooks and pages, where neither matplotlib nor JavaScript is wanted.

Lines and text take the colour of the text around them, so that the pictures fit light and dark pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import numpy as np

from . import palette
from .bars import Barcode, Flags, Floats, read_bars
from .geometry import barcode_bands, diagram_points, frame


def diagram_svg(source: Any, *, size: int = 160, dims: Iterable[int] | None = None, title: str | None = None) -> str:
    """A persistence diagram as an SVG element of ``size`` pixels a side.

    Points that would fall on the same half pixel are drawn once, so its length is bounded, whatever the number of bars.

    >>> import numpy as np
    >>> diagram_svg([np.array([[0.0, 1.0]])], size=100)[:49]
    '<svg viewBox="0 0 100 100" width="100" height="10'
    """
    barcode = read_bars(source, dims)
    extent = frame(barcode)
    scale = size / (extent.top - extent.bottom)

    def across(values: Floats) -> Floats:
        return (values - extent.bottom) * scale

    def up(values: Floats) -> Floats:
        return size - (values - extent.bottom) * scale

    out = [f'<path d="M0 {size}L{size} 0V{size}Z" fill="currentColor" fill-opacity=".06"/>']
    out.append(f'<path d="M0 {size}L{size} 0" stroke="currentColor" stroke-opacity=".45" fill="none"/>')
    for value in (extent.infinity, extent.threshold):
        if value is not None:
            out.append(_dashes(f"M0 {_n(up(np.array([value]))[0])}H{size}"))
    radius = 2.0 if sum(len(bars) for bars in barcode) > 200 else 3.0
    for points in diagram_points(barcode, extent):
        tint = palette.color(points.dimension)
        solid = np.concatenate([points.finite, points.infinite])
        dots = _places(across(solid[:, 0]), up(solid[:, 1]))
        if dots:
            path = "".join(f"M{x} {y}h0" for x, y in dots)
            out.append(
                f'<path d="{path}" stroke="{tint}" stroke-width="{2 * radius}" stroke-linecap="round" '
                f'stroke-opacity=".75" fill="none"/>'
            )
        for x, y in _places(across(points.censored[:, 0]), up(points.censored[:, 1])):
            out.append(f'<circle cx="{x}" cy="{y}" r="{radius}" stroke="{tint}" fill="none"/>')
    if not any(len(bars) for bars in barcode):
        out.append(_nothing(size / 3, size / 3))
    return _svg(size, size, out, title or f"persistence diagram: {counts(barcode)}")


def barcode_svg(
    source: Any,
    *,
    width: int = 160,
    height: int = 160,
    dims: Iterable[int] | None = None,
    lanes: int = 24,
    title: str | None = None,
) -> str:
    """A barcode as an SVG element: the ``lanes`` longest bars of each dimension, and the others as the block below.

    >>> import numpy as np
    >>> barcode_svg([np.array([[0.0, 1.0]])]).count("<path")
    1
    """
    barcode = read_bars(source, dims)
    extent = frame(barcode)
    bands = barcode_bands(barcode, extent, lanes=lanes, crowded=height / 4)
    total = max(bands[-1].end if bands else 1.0, 1.0)
    across, down = width / (extent.top - extent.bottom), height / total
    out = []
    for band in bands:
        tint = palette.color(band.dimension)
        left = (band.left - extent.bottom) * across
        # Half a pixel keeps bars of no width visible.
        wide = np.maximum((band.right - band.left) * across, 0.5)
        top, tall = band.bottom * down, band.height * down
        own = slice(0, band.lanes)
        path = "".join(
            f"M{_n(x)} {_n(y)}h{_n(w)}v{_n(h)}h{_n(-w)}z"
            for x, y, w, h in zip(left[own], top[own], wide[own], tall[own], strict=True)
        )
        if path:
            out.append(f'<path d="{path}" fill="{tint}"/>')
        block = _outline(left[band.lanes :], wide[band.lanes :], top[band.lanes :], tall[band.lanes :])
        if block:
            out.append(f'<path d="{block}" fill="{tint}" fill-opacity=".55"/>')
        tips = (band.right[own] - extent.bottom) * across, (top + tall / 2)[own]
        out += _tips(*tips, band.infinite[own], band.censored[own], tint)
    for value in (extent.infinity, extent.threshold):
        if value is not None:
            out.append(_dashes(f"M{_n((value - extent.bottom) * across)} 0V{height}"))
    if not any(len(bars) for bars in barcode):
        out.append(_nothing(width / 2, height / 2))
    return _svg(width, height, out, title or f"barcode: {counts(barcode)}")


def scatter_svg(plane: Floats, colors: Sequence[str], *, size: int = 96, title: str = "points") -> str:
    """Points in the plane as an SVG element, on equal scales; ``colors`` has one for each.

    >>> import numpy as np
    >>> scatter_svg(np.array([[0.0, 0.0], [2.0, 1.0]]), ["red", "red"], size=20).count("<path")
    1
    """
    margin = 4.0
    out = []
    if len(plane):
        low, high = plane.min(0), plane.max(0)
        scale = (size - 2 * margin) / (float((high - low).max()) or 1.0)
        places = size / 2 + (plane - (low + high) / 2) * scale * [1, -1]
        for color in dict.fromkeys(colors):
            dots = [place for place, mine in zip(places, colors, strict=True) if mine == color]
            path = "".join(f"M{_n(x)} {_n(y)}h0" for x, y in dots)
            out.append(f'<path d="{path}" stroke="{color}" stroke-width="3" stroke-linecap="round" fill="none"/>')
    return _svg(size, size, out, title)


def counts(barcode: Barcode) -> str:
    """How many bars there are, in words.

    >>> import numpy as np
    >>> counts(read_bars([np.array([[0.0, 1.0], [0.0, np.inf]]), []]))
    'H₀ 2 bars (1 never dies), H₁ no bars'
    """
    parts = []
    for bars in barcode:
        text = f"{palette.name(bars.dimension)} " + _plural(len(bars), "bar")
        notes = []
        if bars.essential.any():
            many = int(bars.essential.sum())
            notes.append(f"{many} never {'dies' if many == 1 else 'die'}")
        if bars.censored.any():
            notes.append(f"{int(bars.censored.sum())} alive at the threshold")
        parts.append(text + (f" ({', '.join(notes)})" if notes else ""))
    return ", ".join(parts)


def _plural(number: int, noun: str) -> str:
    return f"no {noun}s" if number == 0 else f"{number} {noun}" + ("" if number == 1 else "s")


def _places(x: Floats, y: Floats) -> list[tuple[str, str]]:
    halves = np.unique(np.round(np.column_stack([x, y]) * 2) / 2, axis=0)
    return [(_n(a), _n(b)) for a, b in halves]


def _outline(left: Floats, wide: Floats, top: Floats, tall: Floats) -> str:
    """Rectangles thinner than half a pixel, gathered until they are that high: a row takes the extent of its bars."""
    if len(left) == 0:
        return ""
    row = np.floor((top - top[0]) / max(float(tall[0]), 0.5)).astype(int)
    path = []
    for start, stop in zip(*_runs(row), strict=True):
        x, right = float(left[start:stop].min()), float((left + wide)[start:stop].max())
        h = float(top[stop - 1] + tall[stop - 1] - top[start])
        path.append(f"M{_n(x)} {_n(top[start])}h{_n(right - x)}v{_n(h)}h{_n(x - right)}z")
    return "".join(path)


def _runs(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return starts, np.r_[starts[1:], len(values)]


def _tips(x: Floats, y: Floats, infinite: Flags, censored: Flags, tint: str) -> list[str]:
    arrows = "".join(f"M{_n(a)} {_n(b - 2.5)}l5 2.5l-5 2.5z" for a, b in zip(x[infinite], y[infinite], strict=True))
    out = [f'<path d="{arrows}" fill="{tint}"/>'] if arrows else []
    for a, b in zip(x[censored], y[censored], strict=True):
        out.append(f'<circle cx="{_n(a)}" cy="{_n(b)}" r="2" stroke="{tint}" fill="none"/>')
    return out


def _nothing(x: float, y: float) -> str:
    place = f'x="{_n(x)}" y="{_n(y)}" text-anchor="middle"'
    return f'<text {place} font-size="11" fill="currentColor" fill-opacity=".7">no bars</text>'


def _dashes(path: str) -> str:
    return f'<path d="{path}" stroke="currentColor" stroke-opacity=".4" stroke-dasharray="3 2" fill="none"/>'


def _svg(width: int, height: int, parts: list[str], title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{"".join(parts)}</svg>'
    )


def _n(value: float) -> str:
    """A coordinate to a tenth of a pixel, as short as it goes."""
    text = f"{value:.1f}"
    return text.removesuffix(".0") if text != "-0.0" else "0"
