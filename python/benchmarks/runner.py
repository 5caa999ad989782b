"""Runs every engine on a set, each in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .engines import ENGINES
from .sets import Set

# Seconds: the system tells some milliseconds late what an engine's own threads have used, so that the processor time of
# calls shorter than this says little.
FEW_TICKS = 0.02
HOPELESS = 10  # times as slow as the fastest engine but ours on a smaller set: not run on larger ones


@dataclass
class Experience:
    """What smaller sets have shown: for engine and family the number of points at which it was seen first."""

    exceeded: dict[tuple[str, ...], tuple[int, float]] = field(default_factory=dict)
    """And the limit, in seconds, that the engine reached there."""
    hopeless: dict[tuple[str, ...], int] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        """Learn from the results on one set."""
        done = [r["processor"] for c, r in row["runs"].items() if r["status"] == "ok" and not c.startswith("toposcope")]
        for name, run in row["runs"].items():
            key = family(name, row["name"], row["maxdim"], row["thresh"])
            if run["status"] == "limit" and run.get("tried", True):
                self.exceeded.setdefault(key, (row["n"], row["limit"]))
            elif run["status"] == "ok" and not name.startswith("toposcope"):
                if run["processor"] > HOPELESS * min(done) and run["processor"] > 0.01:
                    self.hopeless.setdefault(key, row["n"])

    def verdict(self, key: tuple[str, ...], n: int) -> dict[str, Any] | None:
        """Why an engine need not be run on a set of n points; None where it must."""
        points, limit = self.exceeded.get(key, (n, 0.0))
        if points < n:
            return {"status": "limit", "tried": False, "limit": limit}
        if self.hopeless.get(key, n) < n:
            return {"status": "hopeless"}
        return None


def measure(
    one: Set, folder: Path, engines: str, limit: float, repeat: int, memory: float, experience: Experience
) -> dict[str, Any]:
    """The results of the engines whose column matches ``engines`` on one set."""
    begun = time.monotonic()
    limit = max(limit, one.limit)
    matrix = folder / "matrix.npy"
    np.save(matrix, one.matrix())
    print(f"\n{one.key}", flush=True)
    runs: dict[str, dict[str, Any]] = {}
    # What others gain by a second thread is asked of H1 only.
    columns = [(k, t) for k, e in ENGINES.items() for t in e.threads if t == 1 or k == "toposcope" or one.maxdim == 1]
    for key, threads in [c for c in columns if re.search(engines, column(*c))]:
        name = column(key, threads)
        if one.maxdim > ENGINES[key].greatest_dimension:
            runs[name] = {"status": "no such dimension"}
        elif verdict := experience.verdict(family(name, one.name, one.maxdim, one.thresh), one.n):
            runs[name] = verdict
        else:
            task = {
                "engine": key,
                "matrix": str(matrix),
                "maxdim": one.maxdim,
                "thresh": one.thresh,
                "threads": threads,
                "diagrams": str(folder / f"{key}-{threads}.npz"),
                "limit": limit,
                "repeat": repeat,
                "memory": int(memory * 1e9),
            }
            runs[name] = _run(task)
        print(f"  {name:24} {runs[name].get('processor', runs[name]['status'])}", flush=True)
    _fingerprint(runs, folder)
    row = {"group": one.group, "name": one.name, "n": one.n, "maxdim": one.maxdim, "thresh": one.thresh, "runs": runs}
    row |= {"limit": limit, "seconds": time.monotonic() - begun}
    experience.add(row)
    return row


def column(engine: str, threads: int) -> str:
    """What the results call an engine with a number of threads."""
    return f"{engine}, {threads} thread{'s' if threads > 1 else ''}"


def family(column: str, name: str, maxdim: int, thresh: float) -> tuple[str, ...]:
    """Sets that differ in the number of points only."""
    return (column, name, str(maxdim), str(thresh))


def _run(task: dict[str, Any]) -> dict[str, Any]:
    environment = dict(os.environ)
    for name in ("OMP", "OPENBLAS", "MKL", "RAYON"):
        environment[f"{name}_NUM_THREADS"] = str(task["threads"])
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[1]), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "benchmarks.one_run", json.dumps(task)]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=10 * task["limit"] + 30, check=False
        )
    except subprocess.TimeoutExpired:
        return {"status": "limit"}
    if done.returncode == 0:
        found = json.loads(done.stdout.splitlines()[-1])
        count = len(found["wall"])
        found |= {what: statistics.median(found[what]) for what in ("wall", "processor")}
        if found["wall"] < FEW_TICKS:
            found["processor"] = found["wall"]
        return {"status": "ok", "runs": count, **found}
    if done.returncode in (-24, -9):  # SIGXCPU, SIGKILL: the limit on processor time
        return {"status": "limit"}
    if "MemoryError" in done.stderr or "bad_alloc" in done.stderr or "memory allocation" in done.stderr:
        return {"status": "memory"}
    words = (done.stderr.strip().splitlines() or [f"signal {-done.returncode}"])[-1]
    return {"status": "error", "words": words[:200]}


def _bars(path: Path) -> list[np.ndarray]:
    """Diagrams with bars of positive length only, in a fixed order."""
    out = []
    with np.load(path) as diagrams:
        for key in sorted(diagrams.files, key=lambda name: int(name.removeprefix("arr_"))):
            bars = diagrams[key]
            bars = bars[bars[:, 1] > bars[:, 0]]
            out.append(bars[np.lexsort((bars[:, 1], bars[:, 0]))])
    return out


def _fingerprint(runs: dict[str, dict[str, Any]], folder: Path) -> None:
    """The number of bars of each dimension, and a hash of their births and deaths: equal where diagrams are equal."""
    for name, run in runs.items():
        if run["status"] == "ok":
            key, threads = name.split(", ")
            bars = _bars(folder / f"{key}-{threads.split()[0]}.npz")
            run["bars"] = [len(b) for b in bars]
            run["hash"] = hashlib.sha256(b"".join(b.tobytes() + b"|" for b in bars)).hexdigest()[:16]


def machine() -> str:
    """The processor, and how many of them this process may use."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} processors, {memory:.0f} GiB, {platform.system()}"


def versions() -> dict[str, str]:
    """The version of every engine, of NumPy and of Python."""
    out = {"Python": platform.python_version(), "NumPy": np.__version__}
    for key, engine in ENGINES.items():
        if key == "toposcope":
            import toposcope

            out[engine.name] = toposcope.__version__
        else:
            out[engine.name] = engine.version()
    return out
