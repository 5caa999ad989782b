"""A Sphinx extension: the reference of C from include/toposcope.h, whose comments are the manual.

A comment belongs to the declaration below it, unless an empty line is between. A function, structure or list of
constants without one is a warning, and warnings are errors. `page` is the whole translation, and needs no Sphinx.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

HEADER = Path(__file__).parents[2] / "include" / "toposcope.h"
PAGE = Path(__file__).parents[1] / "reference" / "c.md"

_BANNER = re.compile(r"/\* -+ ([a-z ]+) -+ \*/")
_PART = re.compile(
    r"(?P<comment>/\*.*?\*/)\n?(?P<gap>\n*)"
    r"|^\#.*?$"
    r"|(?P<declaration>[a-z][^;{]*(?:\{.*?\}[^;]*)?;)",
    re.DOTALL | re.MULTILINE,
)
_WORDS = re.compile(r"(?<![`\w])(tps_\w+|TPS_[A-Z0-9_]+|NULL)(?![`\w])")


def declarations(text: str) -> Iterator[tuple[str, str, str]]:
    """Everything declared after the opening comment: section, declaration, comment."""
    body = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.DOTALL).split("*/", 1)[1]
    section = comment = ""
    for part in _PART.finditer(body):
        if banner := _BANNER.fullmatch(part["comment"] or ""):
            section, comment = banner[1].strip(), ""
        elif part["comment"]:
            comment = "" if part["gap"] else _prose(part["comment"])
        elif part["declaration"]:
            yield section, part["declaration"], comment
            comment = ""


def undocumented(text: str) -> list[str]:
    """What is declared without a comment, each by its first line."""
    return [declaration.splitlines()[0] for _, declaration, says in declarations(text) if not says]


def page(text: str) -> str:
    """The reference as a page of Markdown."""
    out = [f"# C\n\n{_opening(text)}"]
    last = ""
    for section, declaration, says in declarations(text):
        if section != last:
            out.append(f"## {section.capitalize()}")
            last = section
        out.append(_item(declaration, says))
    return "\n\n".join(out) + "\n"


def _item(declaration: str, says: str) -> str:
    says = _flow(says)
    if "{" in declaration:
        inside = declaration[declaration.index("{") + 1 : declaration.rindex("}")]
        if declaration.startswith("enum"):
            constants = [(f"`{name}`", value, meaning) for name, value, meaning in _constants(inside)]
            return f"{says}\n\n{_table(('constant', 'value', 'meaning'), constants)}"
        name = declaration[declaration.rindex("}") + 1 :].strip(" ;\n")
        return _directive("struct", name, f"{says}\n\n{_table(('field', 'type', 'meaning'), _fields(inside))}")
    signature = " ".join(declaration.rstrip(";").removeprefix("typedef ").split())
    if callback := re.fullmatch(r"(\w+) \(\*(\w+)\)\((.*)\)", signature):  # C's domain has no name for these
        return _directive("type", callback[2], f"`{callback[1]} (*)({callback[3]})`\n\n{says}")
    if declaration.startswith("typedef"):
        return _directive("type", signature.removeprefix("struct tps_rips "), says)
    return _directive("function", signature, says)


def _directive(kind: str, signature: str, body: str) -> str:
    return f"::::{{c:{kind}}} {signature}\n\n{body}\n::::"


def _constants(inside: str) -> list[tuple[str, str, str]]:
    pattern = r"(\w+) = (-?\d+),?\s*(?:/\*(.*?)\*/)?"
    return [(name, value, " ".join(says.split())) for name, value, says in re.findall(pattern, inside)]


def _fields(inside: str) -> list[tuple[str, str, str]]:
    pattern = r"^\s*([\w ]+?[ *]+)(\w+);\s*(?:/\*(.*?)\*/)?"
    found = re.findall(pattern, inside, re.MULTILINE)
    return [(f"`{name}`", f"`{kind.strip()}`", " ".join(says.split())) for kind, name, says in found]


def _table(head: tuple[str, ...], rows: list[tuple[str, str, str]]) -> str:
    used = [i for i in range(len(head)) if any(row[i] for row in rows)]
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_quoted(line[i]).replace("|", r"\|") for i in used) + " |" for line in lines)


def _flow(says: str) -> str:
    """Paragraphs, and lists of parameters: lines that are indented by two, with the name apart from its meaning."""
    out: list[str] = []
    listed = False
    for line in says.splitlines():
        parameter = re.match(r" {2}(\w+)\s{2,}(.*)", line)
        inside = bool(parameter) or (listed and line.startswith(" " * 6))
        if inside != listed:
            out.append("")
        listed = inside
        out.append(f"- `{parameter[1]}`: {parameter[2]}" if parameter else "  " * inside + line.strip())
    return _quoted("\n".join(out)).strip()


def _opening(text: str) -> str:
    """The first comment of the header without its first line: prose, an example, conventions."""
    prose = _prose(text[: text.index("*/") + 2]).split("\n\n", 1)[1]
    before, code, after = re.fullmatch(r"(.*?\n\n)((?:    .*\n)+)\n(.*)", prose, re.DOTALL).groups()
    after = re.sub(r"^  ", "", after.replace("Conventions\n", "## Conventions\n\n"), flags=re.MULTILINE)
    return f"{_quoted(before)}```c\n{textwrap.dedent(code)}```\n\n{_quoted(after)}"


def _quoted(text: str) -> str:
    return _WORDS.sub(r"`\1`", text)


def _prose(comment: str) -> str:
    first, *others = comment.removeprefix("/*").removesuffix("*/").splitlines()
    return "\n".join([first.strip(), *(re.sub(r"^ ?\* ?", "", line).rstrip() for line in others)]).strip("\n")


def setup(app):
    from sphinx.util import logging

    text = HEADER.read_text("utf-8")
    for line in undocumented(text):
        logging.getLogger(__name__).warning("%s: no comment says what this is: %s", HEADER.name, line)
    made = page(text)
    if not PAGE.exists() or PAGE.read_text("utf-8") != made:
        PAGE.write_text(made, "utf-8")
    return {"parallel_read_safe": True}
