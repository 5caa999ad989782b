"""The page of results, in Markdown: nothing on it is written by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from .engines import ENGINES
from .runner import column

COLUMNS = [column(key, t) for key, engine in ENGINES.items() for t in engine.threads]
OURS = [c for c in COLUMNS if c.startswith("toposcope")]
PEERS = [c for c in COLUMNS if not c.startswith("toposcope")]

INTRODUCTION = """# Benchmarks

Written by `python -m benchmarks` (see `python/benchmarks`); results as numbers: `benchmarks.json`.

- One call from a finished matrix of distances to diagrams, each engine in a process of its own, all with the same
  numbers rounded to float32. Imports and conversion of the matrix are not timed. Z/2 for all.
- Seconds: for one thread the processor time of the call, which a busy machine disturbs least; for two threads the time
  on the clock. Medians of up to {repeat} runs in turn, of one where it takes long (the numbers are in the JSON file).
- Peak memory: how far the peak of the process rises above what it holds before the call (the matrix included there).
- `>{limit:g}`: more than {limit:g} s; in parentheses where a smaller set had shown it already. `memory`: more than
  allowed. `-`: the engine has no such dimension. Empty: not run.
- GUDHI is RipsPersistence with coefficient 2; tda is called with `peel=True`.
- Speed-up: the fastest peer with one thread, over Toposcope with one thread. Where every peer reached the limit it is
  taken with the limit, so the true ratio is greater.
- The diagrams of all engines were compared bar for bar; one that disagrees with Toposcope is marked `(differs)`.

Machine: {machine}; load average {load:.1f} when the run began. Versions: {versions}.
"""


def write(results: dict[str, Any], order: list[str], page: Path | None) -> None:
    """Write the page; without a path print it."""
    text = [
        INTRODUCTION.format(
            repeat=results.get("repeat", 3),
            limit=results.get("limit", 0),
            machine=results.get("machine", "?"),
            load=results.get("load", 0),
            versions=", ".join(f"{name} {v}" for name, v in results.get("versions", {}).items()),
        )
    ]
    rows = [(key, results["sets"][key]) for key in order if key in results["sets"]]
    limit = results.get("limit", 0)
    groups = list(dict.fromkeys(row["group"] for _, row in rows))
    for group in groups:
        text += _group(group, [(key, row) for key, row in rows if row["group"] == group], limit)
    out = "\n".join(text).rstrip() + "\n"
    if page is None:
        print("\n" + out)
    else:
        page.write_text(out)
        print(f"\nwrote {page}")


def _group(group: str, rows: list[tuple[str, dict[str, Any]]], limit: float) -> list[str]:
    speedups, columns = [], [*OURS, *PEERS]
    times = [
        f"## {group}",
        "",
        "Seconds",
        "",
        _line(["set", *map(_heading, columns), "speed-up"]),
        _rule(len(columns) + 2),
    ]
    memory = ["Peak memory, MB", "", _line(["set", *map(_heading, columns)]), _rule(len(columns) + 1)]
    for key, row in rows:
        runs = row["runs"]
        ratio, known = speedup(runs, limit)
        if ratio is not None:
            speedups.append(ratio)
        shown = "" if ratio is None else f"{ratio:.1f}" if known else f">{ratio:.1f}"
        times.append(_line([key, *(_seconds(runs.get(c), c, limit, c in disagreeing(runs)) for c in columns), shown]))
        memory.append(_line([key, *(_megabytes(runs.get(c)) for c in columns)]))
    mean = math.exp(sum(map(math.log, speedups)) / len(speedups)) if speedups else math.nan
    summary = f"Geometric mean of the speed-ups: {mean:.1f}; smallest: {min(speedups, default=math.nan):.2f}."
    return [*times, "", summary, "", *memory, ""]


def speedup(runs: dict[str, Any], limit: float) -> tuple[float | None, bool]:
    """The fastest peer with one thread over Toposcope with one thread; False where that is only a lower bound."""
    ours = runs.get(OURS[0], {}).get("processor")
    peers = [runs[c] for c in PEERS if c in runs and "1 thread" in c]
    done = [run["processor"] for run in peers if run["status"] == "ok"]
    if not ours or not (done or any(run["status"] == "limit" for run in peers)):
        return None, False
    return (min(done) / ours, True) if done else (limit / ours, False)


def disagreeing(runs: dict[str, Any]) -> set[str]:
    """The engines whose diagrams are not those of Toposcope with one thread, bar for bar."""
    reference = runs.get(OURS[0], {}).get("hash")
    return {c for c, run in runs.items() if reference and run.get("hash", reference) != reference}


def _seconds(run: dict[str, Any] | None, name: str, limit: float, differs: bool) -> str:
    if run is None:
        return ""
    if run["status"] == "limit":
        return f">{limit:g}" if run.get("tried", True) else f"(>{limit:g})"
    if run["status"] != "ok":
        return "-" if run["status"] == "no such dimension" else run["status"]
    value = run["processor"] if "1 thread" in name else run["wall"]
    return f"{value:.3g}" + (" (differs)" if differs else "")


def _megabytes(run: dict[str, Any] | None) -> str:
    return "" if run is None or run["memory"] is None else f"{run['memory'] / 1e6:.0f}"


def _heading(name: str) -> str:
    key, threads = name.split(", ")
    return ENGINES[key].name + ("" if threads.startswith("1") else f" ({threads})")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(count: int) -> str:
    return "|---" + "|---:" * (count - 1) + "|"
