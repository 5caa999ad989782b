"""Calls from several Python threads at once: the process lives, and every answer is that of a call alone."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
import numpy as np
import toposcope as ts

rng = np.random.default_rng(0)
clouds = [rng.normal(size=(n, d)).astype(np.float32) for n in (17, 60, 61) for d in (20, 48, 128)]
metric = ts.RelativeNeighborhood("mahalanobis") if sys.argv[1] == "normalised" else sys.argv[1]
expected = [(ts.distances(X, metric), ts.rips(X, 2, metric=metric).dgms) for X in clouds]
wrong = []

def work(seed):
    for i in np.random.default_rng(seed).integers(len(clouds), size=40):
        D, dgms = expected[i]
        if not np.array_equal(ts.distances(clouds[i], metric, n_threads=1), D):
            wrong.append(i)
        if not all(map(np.array_equal, ts.rips(clouds[i], 2, metric=metric, n_threads=1).dgms, dgms)):
            wrong.append(i)

threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(f"differ: {wrong}" if wrong else 0)
"""


@pytest.mark.parametrize("metric", ["mahalanobis", "cosine", "normalised"])
def test_answers_do_not_depend_on_calls_beside_them(metric):
    done = subprocess.run([sys.executable, "-c", PROGRAM, metric], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
