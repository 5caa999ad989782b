"""How results show themselves in a notebook: a small table and inline SVG, without JavaScript."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from . import palette
from .bars import Bars, read_bars
from .embedding import principal_plane
from .studies import study_rows
from .svg import barcode_svg, diagram_svg, scatter_svg

POINTS = 300
"""So many points of a layer are drawn in a notebook, evenly chosen."""

TABLE = '<table cellpadding="4" style="text-align:right">'
"""Tables look alike where a notebook has no style of its own, as in mails and exported pages."""


def result_html(result: Any) -> str:
    """The table, diagram and barcode of one result: what ``RipsResult._repr_html_`` gives.

    Parameters
    ----------
    result : RipsResult, mapping with the key ``"dgms"``, or list of (m, 2) arrays

    Examples
    --------
    >>> import numpy as np
    >>> text = result_html([np.array([[0.0, 1.0], [0.0, np.inf]])])
    >>> "<td>2</td>" in text, text.count("<svg"), "<script" in text
    (True, 2, False)
    """
    rows = "".join(_row(bars) for bars in read_bars(result))
    table = (
        f"{TABLE}<thead><tr><th></th><th>bars</th><th>never die</th><th>censored</th><th>longest</th><th>born</th>"
        f"<th>dies</th></tr></thead><tbody>{rows}</tbody></table>"
    )
    return (
        f"<p>{escape(_summary(result))}</p>"
        f'<div style="display:flex;flex-wrap:wrap;gap:24px;align-items:center">{diagram_svg(result, size=190)}'
        f"{barcode_svg(result, width=260, height=190)}{table}</div>"
    )


def study_html(study: Any, most: int = 16) -> str:
    """The diagrams of a study as a grid of layers and metrics: what ``Study._repr_html_`` gives.

    Parameters
    ----------
    study : Study, or mapping with keys (layer, metric) or (model, layer, metric)
    most : int
        So many rows are drawn; how many more there are is said.

    Examples
    --------
    >>> import numpy as np
    >>> study_html({("<b>", "cosine"): [np.array([[0.0, 1.0]])]}).count("&lt;b&gt;")
    1
    """
    rows, metrics = study_rows(study), list(dict.fromkeys(key[-1] for key in study))
    head = "".join(f"<th>{escape(str(metric))}</th>" for metric in metrics)
    body = ""
    for row in rows[:most]:
        name = " · ".join(str(part) for part in row)
        body += f"<tr><th>{escape(name)}</th>"
        for metric in metrics:
            key = (*row, metric)
            body += f"<td>{diagram_svg(study[key], size=96) if key in study else 'not computed'}</td>"
        body += "</tr>"
    more = f"<p>and {len(rows) - most} more layers</p>" if len(rows) > most else ""
    key_ = " ".join(f'<span style="color:{palette.color(d)}">■</span> {palette.name(d)}' for d in _dimensions(study))
    return (
        f"<p>{escape(repr(study)) if not isinstance(study, dict) else ''} {key_}</p>"
        f"{TABLE}<thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def activations_html(activations: Any, most: int = 16) -> str:
    """The layers of activations, each with its points in their principal plane: what ``Activations._repr_html_`` gives.

    Parameters
    ----------
    activations : Activations
    most : int
        So many layers are drawn; how many more there are is said. Of many points `POINTS` are drawn.

    Examples
    --------
    >>> import numpy as np, toposcope as ts
    >>> text = activations_html(ts.Activations({"<fc>": np.eye(4)}, labels=[0, 0, 1, 1]))
    >>> text.count("<svg"), "&lt;fc&gt;" in text, "<script" in text
    (1, True, False)
    """
    if not isinstance(activations, Mapping) or not hasattr(activations, "n"):
        raise TypeError(
            f"no activations in a {type(activations).__name__}: pass what ts.collect or ts.Activations gives"
        )
    n, labels = activations.n, getattr(activations, "labels", None)
    rows = np.unique(np.linspace(0, max(n - 1, 0), min(n, POINTS)).astype(int))
    classes = [] if labels is None else sorted(set(np.asarray(labels).tolist()), key=_order)
    tints = {label: palette.label_color(place, len(classes)) for place, label in enumerate(classes)}
    colors = ["currentColor"] * len(rows)
    if tints:
        colors = [tints[label] for label in np.asarray(labels)[rows].tolist()]
    body = ""
    for layer in list(activations)[:most]:
        plane, share = principal_plane(activations[layer][rows])
        picture = scatter_svg(plane, colors, size=96, title=f"{layer}: {len(rows)} points in their principal plane")
        body += (
            f"<tr><th>{escape(str(layer))}</th><td>{activations[layer].shape[1]}</td>"
            f"<td>{picture}</td><td>{share:.0%}</td></tr>"
        )
    key_ = " ".join(f'<span style="color:{tint}">■</span> {escape(str(label))}' for label, tint in tints.items())
    said = f"{n} samples" + (f", {len(rows)} of them drawn" if len(rows) < n else "")
    more = f"<p>and {len(activations) - most} more layers</p>" if len(activations) > most else ""
    return (
        f"<p>{said} {key_ if len(tints) <= 10 else ''}</p>{TABLE}<thead><tr><th>layer</th><th>coordinates</th>"
        f"<th>principal plane</th><th>of the variance</th></tr></thead><tbody>{body}</tbody></table>{more}"
    )


def _order(label: Any) -> tuple[bool, Any]:
    return (isinstance(label, str), label)


def _dimensions(study: Mapping[Any, Any]) -> range:
    return range(max((len(read_bars(result)) for result in study.values()), default=0))


def _summary(result: Any) -> str:
    facts = getattr(result, "meta", None)
    if not facts:
        return ""
    return f"{facts.get('metric', '')}, n = {facts.get('n', '?')}, {facts.get('num_edges', '?')} edges"


def _row(bars: Bars) -> str:
    cells = [str(len(bars)), str(int(bars.essential.sum())), str(int(bars.censored.sum()))]
    if bars.finite.any():
        lengths = bars.lengths.copy()
        lengths[~bars.finite] = -1.0
        at = int(lengths.argmax())
        cells += [f"{value:.4g}" for value in (lengths[at], bars.births[at], bars.deaths[at])]
    else:
        cells += ["–"] * 3
    tint = palette.color(bars.dimension)
    name = f'<th style="color:{tint}">{palette.name(bars.dimension)}</th>'
    return f"<tr>{name}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
