"""From a study to one HTML file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..plot import palette
from .contents import LOOPS, contents, numbers, said

SCRIPTS = ("pictures.js", "plane.js", "tree.js", "samples.js", "flow.js", "page.js")


def write_report(
    study: Any,
    path: str | os.PathLike[str],
    *,
    title: str = "Topology of activations",
    inputs: Any = None,
    findings: Sequence[str | tuple[str, str]] = (),
    warnings: Sequence[str] = (),
    done: Mapping[str, Any] | None = None,
    first: Sequence[str] | None = None,
    at: float | None = None,
    loops: int = LOOPS,
    intervals: bool | None = None,
    every_pair: bool | None = None,
) -> Path:
    """Write a study as one self-contained HTML file, which needs no network and no server.

    Parameters
    ----------
    study : Study
        Diagrams by layer and metric.
    path : str or path-like
        The file; replaced as a whole, or not at all.
    title : str
        What the page is called.
    inputs : sequence of images or texts, optional
        The n inputs themselves, in the order of ``study.ids``: shown beside the bars that they cause. Images are arrays
        (height, width) or (height, width, 3), tensors (3, height, width) or PIL images.
    findings : sequence of str, or of pairs (headline, what it rests on)
        What one sees, in words; shown first.
    warnings : sequence of str
        What one must know before believing it; shown before everything else, with those that the page finds itself.
    done : mapping, optional
        What was done before the study began, by name: model, data, seed. Shown with what the study knows itself.
    first : (layer, metric), or (model, layer, metric), optional
        The part that is open when the page is; by default the first one that was computed.
    at : float, optional
        Where its filtration stands then, in units of its distances; by default where its longest loop is born.
        The layers of the flow are cut there too, each in units of its own scale.
    loops : int
        So many representative loops are computed and shown for each layer and metric.
    intervals : bool, optional
        Whether the summaries come with intervals, as in ``study.table``, which costs some time.
    every_pair : bool, optional
        Whether to compare the diagrams of all layers and metrics with one another, not only the metrics on each layer.
        By default where there are few (36), since the time grows with the square of their number.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ValueError
        When there is not one input a sample, an input is neither image nor text, or ``first`` names no part.
    """
    page = render(
        study, title=title, inputs=inputs, findings=findings, warnings=warnings, done=done, first=first,
        at=at, loops=loops, intervals=intervals, every_pair=every_pair,
    )  # fmt: skip
    target = Path(path)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=target.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(page)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return target


def render(study: Any, **parts: Any) -> str:
    """The page as a string; parameters as for `write_report`."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("toposcope", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "said": said,
        "json": lambda value: Markup(script_json(value)),
        "shade": _shade,
        "heading": _heading,
        "entry": _entry,
    }
    beside = files(__package__)
    data = contents(study, **parts)
    packed = data["samples"]["inputs"]
    sheet = packed.pop("src") if packed and packed["kind"] == "image" else None
    return environment.get_template("page.html").render(
        page=data,
        sheet=sheet,
        head={
            name: data[name]
            for name in (
                "rows",
                "layers",
                "models",
                "metrics",
                "samples",
                "planes",
                "colors",
                "component_colors",
                "classes",
                "lanes",
                "first",
                "at",
            )
        },
        agreement=[
            {"labels": m["labels"], "values": numbers(m["values"].ravel())} for m in data["agreement"] if m["picture"]
        ],
        style=Markup((beside / "page.css").read_text("utf-8")),
        script=Markup("\n".join((beside / name).read_text("utf-8") for name in SCRIPTS)),
    )


def script_json(value: Any) -> str:
    """JSON that can stand inside a script element, whatever texts are in it.

    >>> script_json({"label": "</script><script>alert(1)"})
    '{"label":"\\\\u003c/script\\\\u003e\\\\u003cscript\\\\u003ealert(1)"}'
    """
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _shade(value: float, most: float) -> str:
    """How much of the accent a cell of a heat map gets, in percent: none at 0, most at the largest value."""
    return "0%" if most <= 0 or not np.isfinite(value) else f"{60 * value / most:.0f}%"


def _entry(value: float) -> str:
    """An entry of a narrow table: two digits, without the zero before the point.

    >>> _entry(0.0567), _entry(0.0), _entry(12.3), _entry(float("inf"))
    ('.057', '0', '12', '∞')
    """
    text = f"{value:.2g}" if np.isfinite(value) else said(value)
    return text[1:] if text.startswith("0.") else text


def _heading(column: str) -> str:
    """The name of a column, in words.

    >>> _heading("longest_1"), _heading("metric")
    ('longest H₁', 'metric')
    """
    name, _, dimension = column.rpartition("_")
    return f"{name} {palette.name(int(dimension))}" if name and dimension.isdigit() else column


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
