"""Toposcope: persistent homology of neural network activations.

The path of the data: activations -> points -> distances -> filtration -> persistence -> diagram -> picture.

>>> import numpy as np
>>> import toposcope as ts
>>> X = np.random.default_rng(0).normal(size=(100, 3))
>>> r = ts.rips(X, maxdim=1)
>>> [d.shape[1] for d in r.dgms]
[2, 2]
"""

from __future__ import annotations

import importlib
from typing import Any

from ._native import Cancelled, get_include, get_library
from ._version import __version__
from .metrics import Cosine, Mahalanobis, RelativeNeighborhood, distances
from .persistence import RipsResult, rips

# Loaded when first used, so that importing toposcope needs neither PyTorch nor matplotlib.
_LATER = {
    "Activations": "activations",
    "Monitor": "activations",
    "capture": "activations",
    "collect": "activations",
    "layers": "activations",
    "Study": "study",
    "load": "study",
    "triangulate": "study",
    "plot_barcode": "plot",
    "plot_diagram": "plot",
    "plot_filtration": "plot",
}

__all__ = [
    "Cancelled",
    "Cosine",
    "Mahalanobis",
    "RelativeNeighborhood",
    "RipsResult",
    "__version__",
    "distances",
    "get_include",
    "get_library",
    "rips",
    *_LATER,
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'toposcope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LATER])
