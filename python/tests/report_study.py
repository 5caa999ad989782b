"""A small study with the face that the report asks for: rings and noise, whose loops are known."""

import numpy as np

import toposcope as ts

HOSTILE = "</script><script>window.evil = 1</script><img src=x onerror='window.evil = 1'>\"&"


class Labelled:
    def __init__(self, values, index):
        self.values, self.index = values, index


class RingStudy:
    """Two layers (a regular 20-gon, and noise) under two metrics; `models` repeats them for each name given."""

    layers = ("ring", "noise")
    metrics = ("euclidean", "chebyshev")

    def __init__(self, n=20, thresh=np.inf, models=()):
        angle = 2 * np.pi * np.arange(n) / n
        clouds = {
            "ring": np.column_stack([np.cos(angle), np.sin(angle)]),
            "noise": np.random.default_rng(0).normal(size=(n, 3)),
        }
        self.n, self.models = n, tuple(models)
        self.points = {(model, layer): X for model in models or (None,) for layer, X in clouds.items()}
        self.labels = np.array([HOSTILE, *(f"class {i % 3}" for i in range(1, n))])
        self.ids = np.arange(100, 100 + n)
        self.meta = {"seed": 0}
        self.keys = [
            (*((model,) if models else ()), layer, metric) for model, layer in self.points for metric in self.metrics
        ]
        self.parts = {key: ts.rips(clouds[key[-2]], maxdim=1, metric=key[-1], thresh=thresh) for key in self.keys}

    def __getitem__(self, key):
        return self.parts[key]

    def table(self):
        return [
            {"layer": key[-2], "metric": key[-1], "dim": k, "bars": len(d)}
            for key, r in self.parts.items()
            for k, d in enumerate(r.dgms)
        ]

    def agreement(self, dim):
        counts = np.array([len(self.parts[key].dgms[dim]) for key in self.keys], dtype=float)
        return Labelled(np.abs(counts[:, None] - counts[None, :]), self.keys)
