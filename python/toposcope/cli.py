"""The command line: ``toposcope demo``, ``toposcope rips``, ``toposcope report``.

What is wrong with the input is said in one sentence on the standard error, and the exit code is 2.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._version import __version__

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line, and return the exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        By default the arguments of the process.
    """
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except KeyboardInterrupt:
        print("toposcope: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has seen enough: `toposcope rips ... | head`
        sys.stderr.close()
        return 0
    except (ValueError, TypeError, KeyError, ImportError, MemoryError, OSError) as error:
        print(f"toposcope: {_sentence(error)}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="toposcope", description="Persistent homology of neural network activations.")
    parser.add_argument("--version", action="version", version=f"toposcope {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    demo = commands.add_parser(
        "demo", help="train two networks on digits, and write a page on the topology of their layers"
    )
    demo.add_argument("-o", "--output", default="demo.html", metavar="PAGE.html", help="default: %(default)s")
    demo.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open the page, where there is a display"
    )
    demo.set_defaults(run=_demo)

    rips = commands.add_parser("rips", help="persistence diagrams of points or distances in a file")
    rips.add_argument(
        "file", metavar="FILE", help=".npy, .npz (also of a sparse matrix), .csv, .tsv, .txt, .pt or .safetensors"
    )
    rips.add_argument("--key", metavar="NAME", help="which array, where the file has several")
    rips.add_argument(
        "--metric", default="euclidean", help="euclidean (default), mahalanobis, cosine, precomputed, ..."
    )
    rips.add_argument("--k", type=int, metavar="K", help="divide distances by those to the K-th nearest neighbours")
    rips.add_argument("--maxdim", type=int, default=1, help="greatest homology dimension (default: %(default)s)")
    rips.add_argument("--thresh", type=float, default=math.inf, help="longer edges are left out (default: none are)")
    rips.add_argument("--coeff", type=int, default=2, metavar="P", help="coefficients Z/P (default: %(default)s)")
    rips.add_argument("--threads", type=int, help="default: all processors")
    rips.add_argument("-o", "--output", metavar="OUT.json", help="where to write all bars; - is the standard output")
    rips.set_defaults(run=_rips)

    report = commands.add_parser("report", help="a page on a study that was saved by Study.save")
    report.add_argument("study", metavar="STUDY.npz")
    report.add_argument("-o", "--output", default="study.html", metavar="PAGE.html", help="default: %(default)s")
    report.add_argument("--title", default="Topology of activations", help="default: %(default)s")
    report.set_defaults(run=_report)
    return parser


def _demo(arguments: argparse.Namespace) -> None:
    _check_folder(arguments.output)
    try:
        from .demo import run

        outcome = run(arguments.output, progress=_watched())
    except ModuleNotFoundError as error:
        raise ImportError(f"the demo needs the package {error.name}: pip install 'toposcope[demo]'.") from error
    spent = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in outcome.seconds.items())
    print(f"took {sum(outcome.seconds.values()):.0f} s: {spent}")
    print(f"open {outcome.page.as_uri()}")
    if arguments.browser and _has_display():
        webbrowser.open(outcome.page.as_uri())


def _has_display() -> bool:
    """Whether somebody sits at this terminal who could look at a page."""
    windows = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(windows) and sys.stdout.isatty() and "SSH_CONNECTION" not in os.environ


def _rips(arguments: argparse.Namespace) -> None:
    from .array_files import read_array
    from .metrics import RelativeNeighborhood
    from .persistence import rips

    if arguments.output not in (None, "-"):
        _check_folder(arguments.output)
    metric: Any = arguments.metric
    if arguments.k is not None:
        metric = RelativeNeighborhood(metric, k=arguments.k)
    result = rips(
        read_array(arguments.file, arguments.key),
        arguments.maxdim,
        arguments.thresh,
        arguments.coeff,
        metric,
        n_threads=arguments.threads,
        progress=_watched() or None,
    )
    if arguments.output == "-":
        print(_json(result))
        return
    print(f"{result.meta['n']} points, {result.meta['metric']}")
    for dimension, bars in enumerate(result.dgms):
        lengths = (bars[:, 1] - bars[:, 0])[np.isfinite(bars[:, 1])]
        longest = f", the longest {lengths.max():.6g}" if len(lengths) else ""
        count = f"{len(bars)} bar{'s' if len(bars) != 1 else ''}"
        print(f"H{dimension}: {count}, {len(bars) - len(lengths)} of them without a death{longest}")
    if arguments.output is not None:
        Path(arguments.output).write_text(_json(result) + "\n", encoding="utf-8")
        print(f"wrote {arguments.output}")


def _report(arguments: argparse.Namespace) -> None:
    _check_folder(arguments.output)
    try:
        from .study import load

        if not Path(arguments.study).is_file():
            raise FileNotFoundError(f"There is no file {arguments.study!r}.")
        page = load(arguments.study).report(arguments.output, title=arguments.title)
    except ModuleNotFoundError as error:
        raise ImportError(f"reports need the package {error.name}: pip install 'toposcope[study,report]'.") from error
    print(f"wrote {page}")


def _json(result: Any) -> str:
    """The bars, and what was done; null for a death that never comes."""
    dimensions = [
        {
            "dimension": dimension,
            "bars": [[_number(birth), _number(death)] for birth, death in bars],
            "edges": edges.tolist(),
            "censored": np.flatnonzero(censored).tolist(),
        }
        for dimension, (bars, edges, censored) in enumerate(
            zip(result.dgms, result.edges, result.censored, strict=True)
        )
    ]
    return json.dumps({"meta": _plain(result.meta), "diagrams": dimensions}, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (float, np.floating)):
        return _number(value)
    return value.item() if isinstance(value, np.generic) else value


def _number(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _check_folder(output: str) -> None:
    """Say before the work, not after it, that there is no place for what comes out."""
    folder = Path(output).resolve().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder)!r} to write {Path(output).name!r} to.")


def _watched() -> bool:
    """Whether somebody looks at progress bars."""
    return sys.stderr.isatty() and importlib.util.find_spec("tqdm") is not None


def _sentence(error: BaseException) -> str:
    words = error.args[0] if isinstance(error, KeyError) and error.args else error
    return " ".join(str(words).split()) or type(error).__name__
