"""Runs every engine on a set, each call in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .engines import ENGINES
from .sets import Set

LONG = 1.5  # seconds: calls that take longer are timed once


def measure(
    one: Set,
    folder: Path,
    engines: str,
    limit: float,
    repeat: int,
    memory: float,
    exceeded: dict[tuple[str, ...], int],
) -> dict[str, Any]:
    """The results of the engines whose column matches ``engines`` on one set.

    Engines take turns, so that noise falls on all of them. An engine that exceeded the limit on a smaller set of the
    same family (``exceeded``: the number of points at which it did) is not tried again.
    """
    matrix = folder / "matrix.npy"
    np.save(matrix, one.matrix())
    print(f"\n{one.key}", flush=True)
    runs: dict[str, dict[str, Any]] = {}
    calls = [(key, t) for key, engine in ENGINES.items() for t in engine.threads if re.search(engines, column(key, t))]
    for turn in range(repeat):
        for key, threads in calls:
            name = column(key, threads)
            run = runs.setdefault(name, {"wall": [], "processor": [], "memory": [], "status": "ok"})
            if turn and (run["status"] != "ok" or min(run["wall"] + run["processor"]) > LONG):
                continue
            if one.maxdim > ENGINES[key].greatest_dimension:
                run["status"] = "no such dimension"
                continue
            if exceeded.get(family(name, one.name, one.maxdim, one.thresh), one.n) < one.n:
                run |= {"status": "limit", "tried": False}
                continue
            found = folder / f"{key}-{threads}.npz"
            task = {
                "engine": key,
                "matrix": str(matrix),
                "maxdim": one.maxdim,
                "thresh": one.thresh,
                "threads": threads,
                "diagrams": str(found),
                "limit": limit,
                "memory": int(memory * 1e9),
            }
            outcome = _run(task)
            if outcome["status"] != "ok":
                run["status"] = outcome["status"]
                if outcome["status"] == "limit":
                    exceeded.setdefault(family(name, one.name, one.maxdim, one.thresh), one.n)
            else:
                for what in ("wall", "processor", "memory"):
                    run[what].append(outcome[what])
            print(f"  {name:24} {outcome.get('processor', outcome['status'])}", flush=True)
    _fingerprint(runs, folder)
    for run in runs.values():
        run["runs"] = len(run["wall"])
        for what in ("wall", "processor", "memory"):
            run[what] = statistics.median(run[what]) if run[what] else None
    return {"group": one.group, "name": one.name, "n": one.n, "maxdim": one.maxdim, "thresh": one.thresh, "runs": runs}


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
            command, env=environment, capture_output=True, text=True, timeout=6 * task["limit"] + 30, check=False
        )
    except subprocess.TimeoutExpired:
        return {"status": "limit"}
    if done.returncode == 0:
        found = json.loads(done.stdout.splitlines()[-1])
        found["processor"] = found["processor"] or found["wall"]  # a clock that ticks may show none for a short call
        return {"status": "ok", **found}
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
