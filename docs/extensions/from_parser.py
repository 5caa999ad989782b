"""A Sphinx extension: the reference of the command line, from its parser."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

PAGE = Path(__file__).parents[1] / "reference" / "command-line.md"

HEAD = """# Command line

```sh
toposcope rips points.npy --metric cosine --maxdim 1 -o bars.json
toposcope report study.npz -o study.html
toposcope demo -o demo.html
```

Everything is checked before the work begins; what is wrong is said in one sentence, with an exit status of 1 (2 for a
command that cannot be read). Ctrl-C stops at once.
"""


def page(parser: argparse.ArgumentParser) -> str:
    """The help of every command."""
    commands = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    out = [HEAD]
    for name, command in commands.choices.items():
        out.append(f"## toposcope {name}\n\n```text\n{command.format_help()}```\n")
    return "\n".join(out)


def setup(app):
    from toposcope.cli import _parser

    os.environ["COLUMNS"] = "100"  # argparse asks for the width of the terminal
    made = page(_parser())
    if not PAGE.exists() or PAGE.read_text("utf-8") != made:
        PAGE.write_text(made, "utf-8")
    return {"parallel_read_safe": True}
