"""One engine on one set, in a process of its own: ``python -m benchmarks.one_run '{"engine": ..., ...}'``.

Prints one line of JSON: wall and processor seconds of each call, and how far the peak memory of the process rose above
what it held before the first call. Imports and reading the matrix are not timed. Short calls are repeated.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from .engines import ENGINES

LONG = 1.5  # seconds: calls that take longer are timed once
SHORT, MOST = 0.1, 25  # calls are repeated until they have taken so many seconds in all, or so many have been made


def _status(field: str) -> int:
    """A size in /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(field)).split()[1])


def _again(walls: list[float], repeat: int) -> bool:
    if max(walls) > LONG:
        return False
    return len(walls) < repeat or (repeat > 1 and sum(walls) < SHORT and len(walls) < MOST)


def main() -> None:
    task = json.loads(sys.argv[1])
    engine = ENGINES[task["engine"]]
    call = engine.load()
    small = np.zeros((4, 4), engine.dtype) + 1 - np.eye(4, dtype=engine.dtype)
    call(small, 1, np.inf, task["threads"])  # what is imported late is imported now
    D = np.load(task["matrix"]).astype(engine.dtype)
    resource.setrlimit(resource.RLIMIT_DATA, (task["memory"], task["memory"]))
    walls: list[float] = []
    processors: list[float] = []
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is held now
    before = _status("VmRSS")
    while not walls or _again(walls, task["repeat"]):
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime + task["limit"] * task["threads"]) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
        processor, wall = time.process_time(), time.perf_counter()
        diagrams = call(D, task["maxdim"], task["thresh"], task["threads"])
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
        if len(walls) == 1:
            memory = max(0, _status("VmHWM") - before)
            np.savez(task["diagrams"], *[np.asarray(d, np.float32).reshape(-1, 2) for d in diagrams])
    print(json.dumps({"wall": walls, "processor": processors, "memory": memory}))
    sys.stdout.flush()
    os._exit(0)  # no time for tearing engines down


if __name__ == "__main__":
    main()
