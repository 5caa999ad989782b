"""Times a whole study: twelve blocks, 1000 samples, six metrics, H1. Prints one JSON line.

PYTHONPATH=python python -m benchmarks.studies [--jobs 2]        (from the folder python/)
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import toposcope as ts


def blocks(n: int = 1000, width: int = 48, depth: int = 12) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Activations as a residual network has them: ten classes, pushed on by a random block at a time."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, n)
    X = 1.5 * rng.normal(size=(10, width))[labels] + rng.normal(size=(n, width))
    layers = {}
    for block in range(depth):
        X = X + np.tanh(X @ rng.normal(size=(width, width)) / 7)
        layers[f"block {block}"] = X.astype(np.float32)
    return layers, labels


def seconds(call: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    value = call()
    return round(time.perf_counter() - begun, 2), value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--agreement", action="store_true", help="also the distances of all 2556 pairs of diagrams")
    options = parser.parse_args()
    layers, labels = blocks()
    base = ["euclidean", "mahalanobis", "cosine"]
    metrics = [*base, *(ts.RelativeNeighborhood(metric, k=15) for metric in base)]
    took = {}
    took["triangulate"], study = seconds(lambda: ts.triangulate(layers, metrics, labels=labels, n_jobs=options.jobs))
    took["table"], _ = seconds(lambda: study.table(n_jobs=options.jobs))
    if options.agreement:
        took["agreement"], _ = seconds(lambda: study.agreement(1, n_jobs=options.jobs))
    print(json.dumps({"study": repr(study), "jobs": options.jobs, "seconds": took}))


if __name__ == "__main__":
    main()
