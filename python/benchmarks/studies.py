"""Times a whole study: the twelve blocks of the demo's vision transformer, 1000 digits, six metrics, H1.

    PYTHONPATH=python python -m benchmarks.studies [--untrained] [--jobs 2]     (from the folder python/)

Prints one JSON line: seconds for the diagrams, for the table (with and without its intervals) and, when asked, for all
distances between the diagrams. The transformer is trained before the first run (half a minute) and kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import toposcope as ts
from toposcope.demo.digits import load_digits
from toposcope.demo.training import RECIPES, trained, untrained


def activations(n: int, training: bool) -> Any:
    """The class token after each of the twelve blocks, for n digits: 12 x (n, 48)."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    digits = load_digits()
    model = trained("vit", digits, progress=False) if training else untrained(RECIPES["vit"])
    images, labels = (np.concatenate([getattr(split, of) for split in digits]) for of in ("images", "labels"))
    data = TensorDataset(torch.from_numpy(images[:n]), torch.from_numpy(labels[:n]))
    return ts.collect(model, DataLoader(data, batch_size=256), layers="blocks.*", reduce="cls")


def measured(call: Callable[[], Any]) -> tuple[dict[str, float], Any]:
    """Seconds of the clock and of all processors, and the value of a call."""
    begun, used = time.perf_counter(), _processor_time()
    value = call()
    return {"wall": round(time.perf_counter() - begun, 2), "processor": round(_processor_time() - used, 2)}, value


def _processor_time() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=None)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--untrained", action="store_true")
    parser.add_argument("--agreement", action="store_true", help="also the distances of all 2556 pairs of diagrams")
    options = parser.parse_args()
    acts = activations(options.samples, not options.untrained)
    base = ["euclidean", "mahalanobis", "cosine"]
    metrics = [*base, *(ts.RelativeNeighborhood(metric, k=15) for metric in base)]
    took = {}
    took["diagrams"], study = measured(lambda: ts.triangulate(acts, metrics, n_jobs=options.jobs))
    took["table without intervals"], _ = measured(lambda: study.table(intervals=False))
    took["table"], _ = measured(lambda: study.table(n_jobs=options.jobs))
    if options.agreement:
        for dim in (0, 1):
            took[f"agreement of H{dim}"], _ = measured(lambda dim=dim: study.agreement(dim, n_jobs=options.jobs))
    loops = sum(len(part.dgms[1]) for part in study.values())
    print(json.dumps({"study": repr(study), "loops": loops, "jobs": options.jobs, "seconds": took}))


if __name__ == "__main__":
    main()
