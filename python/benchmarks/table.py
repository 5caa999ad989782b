"""The page of results, in Markdown: nothing on it is written by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from .engines import ENGINES
from .one_run import LONG
from .runner import FEW_TICKS, HOPELESS, column

COLUMNS = [column(key, t) for key, engine in ENGINES.items() for t in engine.threads]
OURS = [c for c in COLUMNS if c.startswith("toposcope")]
PEERS = [c for c in COLUMNS if not c.startswith("toposcope")]
NOISE = 0.5e6  # bytes: differences in peak memory that allocators make by themselves

INTRODUCTION = """# Benchmarks

Written by `python -m benchmarks` (see `python/benchmarks`); results as numbers: `benchmarks.json`.

- One call from a finished matrix of distances to diagrams, each engine in a process of its own, all with the same
  numbers rounded to float32. Imports and conversion of the matrix are not timed. Z/2 for all.
- Seconds: for one thread the processor time of the call, which a busy machine disturbs least; for two threads, and
  for calls under {ticks:g} ms, the time on the clock. Medians of {repeat} runs, of more where a call takes
  milliseconds, of one where it takes more than {long} s (the numbers are in the JSON file).
- Peak memory: how far the peak of the process rises above what it holds before the call (the matrix included there).
- `>{limit:g}`: more than {limit:g} s, which is the limit (more for some large sets). In parentheses: not run, for that
  limit was reached on a smaller set of the kind. `slow`: not run, for on a smaller set of the kind it took more than
  {hopeless} times as long as the fastest peer. `memory`: more than allowed. `-`: the engine has no such dimension.
  Empty: not run.
- GUDHI is RipsPersistence with coefficient 2; tda is called with `peel=True`.
- Speed-up: the fastest peer with one thread that came to an end, over Toposcope with one thread. Where every peer
  reached the limit it is taken with the limit, so the true ratio is greater.
- The diagrams of all engines were compared bar for bar; one that disagrees with Toposcope is marked `(differs)`.

{summary}

Machine: {machine}; load average {load:.1f} when the run began. Versions: {versions}.
"""


def write(results: dict[str, Any], order: list[str], page: Path | None) -> None:
    """Write the page; without a path print it."""
    limit = results.get("limit", 0)
    rows = [(key, {"limit": limit, **results["sets"][key]}) for key in order if key in results["sets"]]
    groups = list(dict.fromkeys(row["group"] for _, row in rows))
    text = [
        INTRODUCTION.format(
            repeat=results.get("repeat", 3),
            long=LONG,
            ticks=1000 * FEW_TICKS,
            hopeless=HOPELESS,
            limit=limit,
            summary="\n".join(_summary(groups, rows)),
            machine=results.get("machine", "?"),
            load=results.get("load", 0),
            versions=", ".join(f"{name} {v}" for name, v in results.get("versions", {}).items()),
        )
    ]
    for group in groups:
        text += _group(group, [(key, row) for key, row in rows if row["group"] == group])
    out = "\n".join(text).rstrip() + "\n"
    if page is None:
        print("\n" + out)
    else:
        page.write_text(out)
        print(f"\nwrote {page}")


Rows = list[tuple[str, dict[str, Any]]]


def _summary(groups: list[str], rows: Rows) -> list[str]:
    """What the tables say, in a table of a few lines and in words."""
    lines = [
        _line(["", "sets", "geometric mean of the speed-ups", "smallest", "no slower than any peer on"]),
        _rule(5),
    ]
    slower, heavier, compared, threads = [], [], 0, []
    for group in groups:
        ratios = {key: r for key, row in rows if row["group"] == group and (r := speedup(row)[0]) is not None}
        if ratios:
            mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
            good = sum(r >= 1 for r in ratios.values())
            lines.append(_line([group, str(len(ratios)), f"{mean:.1f}", f"{min(ratios.values()):.2f}", str(good)]))
        slower += [
            f"{key} ({1 / r:.2f} times the time of {_fastest(dict(rows)[key])})" for key, r in ratios.items() if r < 1
        ]
    for key, row in rows:
        status = row["runs"].get(OURS[0], {}).get("status", "ok")
        if status != "ok":
            slower.append(f"{key} (Toposcope: {status})")
        ours, leanest = _memory(row)
        if ours is not None and leanest is not None:
            compared += 1
            if ours > leanest + NOISE:
                heavier.append(f"{key} ({ours / 1e6:.1f} MB, not {leanest / 1e6:.1f})")
        one, two = (row["runs"].get(c, {}).get("wall") for c in OURS)
        if one and two and one > 0.5:
            threads.append(f"{key}: {one / two:.2f}")
    return [
        *lines,
        "",
        "Slower than a peer on: " + "; ".join(slower) + "." if slower else "Slower than a peer on no set.",
        "",
        (
            f"More memory than the leanest peer (by more than {NOISE / 1e6:.1f} MB) on: " + "; ".join(heavier) + "."
            if heavier
            else f"Peak memory is no more than that of the leanest peer on all of {compared} sets (give or take "
            f"{NOISE / 1e6:.1f} MB)."
        ),
        "",
        "Two threads, as many times as fast as one, where one takes more than half a second: "
        + ("; ".join(threads) or "no set")
        + ".",
    ]


def _group(group: str, rows: Rows) -> list[str]:
    columns = [*OURS, *PEERS]
    times = [
        f"## {group}",
        "",
        "Seconds",
        "",
        _line(["set", *map(_heading, columns), "speed-up"]),
        _rule(len(columns) + 2),
    ]
    memory = [
        "Peak memory, MB",
        "",
        _line(["set", *map(_heading, columns), "no more than the leanest peer"]),
        _rule(len(columns) + 2),
    ]
    for key, row in rows:
        runs = row["runs"]
        ratio, known = speedup(row)
        shown = "" if ratio is None else f"{ratio:.1f}" if known else f">{ratio:.1f}"
        wrong = disagreeing(runs)
        times.append(_line([key, *(_seconds(runs.get(c), c, row["limit"], c in wrong) for c in columns), shown]))
        ours, leanest = _memory(row)
        verdict = "" if ours is None or leanest is None else "yes" if ours <= leanest + NOISE else "no"
        memory.append(_line([key, *(_megabytes(runs.get(c)) for c in columns), verdict]))
    return [*times, "", *memory, ""]


def _memory(row: dict[str, Any]) -> tuple[float | None, float | None]:
    """The peak of Toposcope with one thread, and that of the leanest peer, in bytes; None where it is not known."""
    known = {c: run["memory"] for c, run in row["runs"].items() if run["status"] == "ok"}
    return known.get(OURS[0]), min((known[c] for c in PEERS if c in known), default=None)


def _fastest(row: dict[str, Any]) -> str:
    """The fastest peer with one thread."""
    done = {c: r["processor"] for c, r in row["runs"].items() if c in PEERS and "1 thread" in c and r["status"] == "ok"}
    return _heading(min(done, key=lambda c: done[c]))


def speedup(row: dict[str, Any]) -> tuple[float | None, bool]:
    """The fastest peer with one thread over Toposcope with one thread; False where that is only a lower bound."""
    runs = row["runs"]
    ours = runs.get(OURS[0], {}).get("processor")
    peers = [runs[c] for c in PEERS if c in runs and "1 thread" in c]
    done = [run["processor"] for run in peers if run["status"] == "ok"]
    if not ours or not (done or any(run["status"] == "limit" for run in peers)):
        return None, False
    if done:
        return min(done) / ours, True
    return min(run.get("limit", row["limit"]) for run in peers if run["status"] == "limit") / ours, False


def disagreeing(runs: dict[str, Any]) -> set[str]:
    """The engines whose diagrams are not those of Toposcope with one thread, bar for bar."""
    reference = runs.get(OURS[0], {}).get("hash")
    return {c for c, run in runs.items() if reference and run.get("hash", reference) != reference}


def _seconds(run: dict[str, Any] | None, name: str, limit: float, differs: bool) -> str:
    if run is None:
        return ""
    if run["status"] == "limit":
        limit = run.get("limit", limit)
        return f">{limit:g}" if run.get("tried", True) else f"(>{limit:g})"
    if run["status"] != "ok":
        return {"no such dimension": "-", "hopeless": "slow"}.get(run["status"], run["status"])
    value = run["processor"] if "1 thread" in name else run["wall"]
    return f"{value:.3g}" + (" (differs)" if differs else "")


def _megabytes(run: dict[str, Any] | None) -> str:
    if run is None or run.get("memory") is None:
        return ""
    size = run["memory"] / 1e6
    return f"{size:.1f}" if size < 10 else f"{size:.0f}"


def _heading(name: str) -> str:
    key, threads = name.split(", ")
    return ENGINES[key].name + ("" if threads.startswith("1") else f" ({threads})")


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(count: int) -> str:
    return "|---" + "|---:" * (count - 1) + "|"
