"""A small study for the tests of the report: a ring, whose loop is known, and noise."""

import numpy as np

import toposcope as ts

HOSTILE = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\"&"


def ring_study(n=20, models=(), **options):
    """Two layers (a regular n-gon, and noise) under two metrics; `models` repeats them for each name given."""
    angle = 2 * np.pi * np.arange(n) / n
    clouds = {
        "ring": np.column_stack([np.cos(angle), np.sin(angle)]),
        "noise": np.random.default_rng(0).normal(size=(n, 3)),
    }
    labels = [HOSTILE, *(f"class {i % 3}" for i in range(1, n))]
    acts = dict.fromkeys(models, clouds) if models else clouds
    return ts.triangulate(acts, ["euclidean", "chebyshev"], labels=labels, ids=np.arange(100, 100 + n), **options)
