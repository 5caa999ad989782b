"""A Sphinx extension: the reference of Swift, from the symbol graph that the compiler writes, as plain Markdown.

DocC's own pages need a server; these open from a disk. A type or function without a documentation comment is a warning,
and warnings are errors. `page` is the whole translation, and needs neither Swift nor Sphinx.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "Sources" / "Toposcope"
PAGE = Path(__file__).parents[1] / "reference" / "swift.md"

CHAPTERS = {  # folder or file of Sources/Toposcope -> title, in the order of the data's path
    "VietorisRips.swift": "Start here",
    "Points": "Points",
    "Distances": "Distances",
    "Diagram": "Diagrams",
    "ToposcopeError.swift": "Errors",
    "Control": "Progress",
}
_TYPES = ("swift.class", "swift.struct", "swift.enum", "swift.protocol")
_VALUES = ("swift.property", "swift.type.property", "swift.enum.case", "swift.typealias")
_CALLS = ("swift.func", "swift.method", "swift.type.method", "swift.init", "swift.subscript", "swift.type.subscript")

HEAD = """# Swift

Add the package and `import Toposcope`; the [guide](../guide-swift.md) begins with a complete program. Everything that
is public is below, in the words of the sources.
"""


def symbol_graph(swift: str = "swift") -> dict[str, Any]:
    """What the compiler says is public. The module is built first, where that is not done."""
    _run(swift, "build", "--target", "Toposcope")
    built = _run(swift, "build", "--show-bin-path").strip()
    target = json.loads(_run(swift, "-print-target-info"))["target"]["unversionedTriple"]
    beside = Path(shutil.which(swift) or swift).resolve().parent / "swift-symbolgraph-extract"
    command = [str(beside) if beside.exists() else beside.name, "-module-name", "Toposcope", "-target", target]
    command += [
        "-I",
        f"{built}/Modules",
        "-Xcc",
        f"-fmodule-map-file={built}/CToposcopeProcessor.build/module.modulemap",
    ]
    command += ["-minimum-access-level", "public", "-skip-synthesized-members", "-output-dir"]
    with tempfile.TemporaryDirectory() as folder:
        _run(*command, folder)
        return json.loads((Path(folder) / "Toposcope.symbols.json").read_text("utf-8"))


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def undocumented(graph: dict[str, Any]) -> list[str]:
    """Types, functions and methods without a comment."""
    asked = (*_TYPES, "swift.func", "swift.method", "swift.type.method")
    return [_title(s) for s in _written(graph) if _kind(s) in asked and not _says(s)]


def page(graph: dict[str, Any]) -> str:
    """The reference as a page of Markdown."""
    symbols = _written(graph)
    tops = [s for s in symbols if len(s["pathComponents"]) == 1]
    out = [HEAD]
    for place, title in CHAPTERS.items():
        there = [s for s in tops if _place(s) == place]
        out.append(f"## {title}\n")
        for symbol in sorted(there, key=lambda s: (_kind(s) != "swift.func", s["location"]["uri"], _line(s))):
            out.extend(_entry(symbol, symbols))
    missing = {_place(s) for s in tops} - set(CHAPTERS)
    if missing:
        raise ValueError(f"CHAPTERS has no title for {', '.join(sorted(missing))}.")
    return "\n".join(out)


def _entry(symbol: dict[str, Any], symbols: list[dict[str, Any]], level: int = 3) -> Iterable[str]:
    path = symbol["pathComponents"]
    yield f"{'#' * level} {'.'.join(path).split('(')[0]}\n\n```swift\n{_declaration(symbol)}\n```\n\n{_says(symbol)}\n"
    members = [s for s in symbols if s["pathComponents"][:-1] == path]
    members.sort(key=_line)
    values = [s for s in members if _kind(s) in _VALUES]
    if values:
        rows = [(f"`{_declaration(s, short=True)}`", " ".join(_says(s).split())) for s in values]
        yield "\n".join(f"| {a} | {_cell(b)} |" for a, b in [("member", "meaning"), ("---", "---"), *rows]) + "\n"
    for call in members:
        if _kind(call) in _CALLS:
            yield f"```swift\n{_declaration(call)}\n```\n\n{_says(call)}\n"
    for inner in members:
        if _kind(inner) in _TYPES:
            yield from _entry(inner, symbols, level + 1)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _written(graph: dict[str, Any]) -> list[dict[str, Any]]:
    """The symbols that stand in a source file, not those that the compiler made."""
    return [s for s in graph["symbols"] if "location" in s and "::SYNTHESIZED::" not in s["identifier"]["precise"]]


def _kind(symbol: dict[str, Any]) -> str:
    return symbol["kind"]["identifier"]


def _title(symbol: dict[str, Any]) -> str:
    return ".".join(symbol["pathComponents"])


def _place(symbol: dict[str, Any]) -> str:
    return symbol["location"]["uri"].rpartition("Sources/Toposcope/")[2].split("/")[0]


def _line(symbol: dict[str, Any]) -> int:
    return symbol["location"]["position"]["line"]


def _declaration(symbol: dict[str, Any], short: bool = False) -> str:
    text = "".join(part["spelling"] for part in symbol["declarationFragments"])
    text = re.sub(r"\b(final|@unchecked) ", "", text)
    if short:
        return " ".join(text.split())
    if len(text) > 88 and "(" in text:
        head, rest = text.split("(", 1)
        inside, tail = rest.rsplit(")", 1) if ") throws" not in rest else _split_at_throws(rest)
        arguments = re.split(r", (?=[a-z_]\w* ?\w*: )", inside)
        text = f"{head}(\n  " + ",\n  ".join(arguments) + f"\n){tail}"
    return text


def _split_at_throws(rest: str) -> tuple[str, str]:
    inside, tail = rest.split(") throws", 1)
    return inside, " throws" + tail


def _says(symbol: dict[str, Any]) -> str:
    lines = [line["text"] for line in symbol.get("docComment", {}).get("lines", [])]
    links = re.sub(r"(?<!`)``([^`]+)``(?!`)", lambda link: f"`{link[1].replace('/', '.')}`", "\n".join(lines))
    return links.strip()


def setup(app):
    from sphinx.util import logging

    newest = max(path.stat().st_mtime for path in [*SOURCES.rglob("*.swift"), Path(__file__)])
    if not PAGE.exists() or PAGE.stat().st_mtime < newest:
        graph = symbol_graph(os.environ.get("SWIFT", "swift"))
        names = undocumented(graph)
        for name in names:
            logging.getLogger(__name__).warning("Swift: no comment says what %s is", name)
        made = page(graph)
        PAGE.unlink(missing_ok=True)
        if not names:  # a page with gaps is made, and complained of, again
            PAGE.write_text(made, "utf-8")
    return {"parallel_read_safe": True}
