"""Seconds and memory from points to diagrams where there are many points.

Run from ``python/``: ``python -m benchmarks.scale`` (some minutes), or ``make bench-scale``; writes docs/scale.md. Each
call has a process of its own, so that its peak memory can be told; of three runs the median is shown.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import toposcope as ts

from .runner import machine

RUNS = 3
DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = """# How far it goes

Written by `python -m benchmarks.scale` (in `python/`; `make bench-scale`): `ts.rips` from points in single precision to
diagrams, Euclidean, over Z/2; seconds on the clock. Each run has a process of its own; of three the one with the
median seconds is shown. Peak memory is that of the whole process, points, Python and NumPy (some 40 MB) included.

| points | to | threshold | threads | seconds | of which distances | peak, MB | edges added | bars |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{rows}

In H0 distances are not kept: tiles are made when they are needed.

Machine: {machine}.
"""


@dataclass(frozen=True)
class Case:
    """A cloud, and what is asked of it."""

    cloud: str
    count: int
    dimension: int
    maxdim: int
    threshold: float | None = None

    def points(self) -> np.ndarray:
        """(count, dimension) float32, the same every time."""
        rng = np.random.default_rng(0)
        if self.cloud == "cube":
            return rng.random((self.count, self.dimension), np.float32)
        points = rng.standard_normal((self.count, self.dimension), np.float32)
        return points / np.linalg.norm(points, axis=1, keepdims=True) if self.cloud == "sphere" else points


CASES = [
    Case("normal", 10_000, 768, 1),
    Case("normal", 20_000, 768, 1),
    Case("sphere", 1_000, 3, 2),
    Case("normal", 50_000, 64, 0),
    Case("cube", 200_000, 3, 0),
    Case("cube", 16_000, 3, 1),
    Case("cube", 50_000, 3, 1),
    Case("cube", 200_000, 3, 1),
    Case("cube", 50_000, 3, 1, 0.04),
    Case("cube", 50_000, 3, 2, 0.04),
    Case("cube", 200_000, 3, 1, 0.025),
]


def run(case: Case, threads: int) -> tuple[float, str]:
    """Seconds, and the case's row of the table, computed in this process."""
    points = case.points()
    begun = time.perf_counter()
    r = ts.rips(points, maxdim=case.maxdim, thresh=case.threshold or np.inf, n_threads=threads)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    kept = r.meta["seconds"]["distances"] if case.maxdim and case.threshold is None else None
    cells = [
        f"{case.count:,} x {case.dimension}, {case.cloud}",
        f"H{case.maxdim}",
        f"{case.threshold or ''}",
        f"{threads}",
        f"{seconds:.3g}",
        "" if kept is None else f"{kept:.3g}",
        f"{peak:,.0f}",
        f"{r.num_edges:,}",
        ", ".join(f"{len(d):,}" for d in r.dgms),
    ]
    return seconds, f"| {' | '.join(cells)} |"


def main() -> None:
    if len(sys.argv) > 1:
        case, threads = json.loads(sys.argv[1])
        print(json.dumps(run(Case(**case), threads)))
        return
    rows = []
    for case in CASES:
        for threads in (1, 2):
            task = json.dumps([case.__dict__, threads])
            command = [sys.executable, "-m", "benchmarks.scale", task]
            runs = [
                json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
                for _ in range(RUNS)
            ]
            rows.append(sorted(runs)[RUNS // 2][1])
            print(rows[-1], flush=True)
    (DOCS / "scale.md").write_text(PAGE.format(rows="\n".join(rows), machine=machine()), "utf-8")


if __name__ == "__main__":
    main()
