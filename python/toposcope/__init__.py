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
from typing import TYPE_CHECKING, Any

from ._native import Cancelled, get_include, get_library
from ._version import __version__
from .metrics import Cosine, LibraryMetric, Mahalanobis, RelativeNeighborhood, distances
from .persistence import RipsResult, rips

if TYPE_CHECKING:
    from .activations import (
        Activations,
        Monitor,
        capture,
        collect,
        layers,
    )
    from .plot import (
        components_at,
        interactive_barcode,
        interactive_diagram,
        match_bars,
        plot_agreement,
        plot_barcode,
        plot_betti,
        plot_clustermap,
        plot_dendrogram,
        plot_diagram,
        plot_filtration,
        plot_flow,
        plot_hulls,
        plot_loop,
        plot_matching,
        plot_null,
        plot_study,
    )
    from .study import (
        Study,
        betti_curve,
        by_class,
        death_birth_ratios,
        diagram_distance,
        load,
        persistence_entropy,
        summarize,
        triangulate,
    )

# Loaded when first used, so that importing toposcope needs neither PyTorch nor matplotlib.
_LATER = {
    "Activations": "activations",
    "Monitor": "activations",
    "capture": "activations",
    "collect": "activations",
    "layers": "activations",
    "Study": "study",
    "betti_curve": "study",
    "by_class": "study",
    "death_birth_ratios": "study",
    "diagram_distance": "study",
    "load": "study",
    "persistence_entropy": "study",
    "summarize": "study",
    "triangulate": "study",
    "components_at": "plot",
    "interactive_barcode": "plot",
    "interactive_diagram": "plot",
    "match_bars": "plot",
    "plot_agreement": "plot",
    "plot_barcode": "plot",
    "plot_betti": "plot",
    "plot_clustermap": "plot",
    "plot_dendrogram": "plot",
    "plot_diagram": "plot",
    "plot_filtration": "plot",
    "plot_flow": "plot",
    "plot_hulls": "plot",
    "plot_loop": "plot",
    "plot_matching": "plot",
    "plot_null": "plot",
    "plot_study": "plot",
}
_MODULES = ("learn", "study", "torch")

__all__ = [
    "Activations",
    "Cancelled",
    "Cosine",
    "LibraryMetric",
    "Mahalanobis",
    "Monitor",
    "RelativeNeighborhood",
    "RipsResult",
    "Study",
    "__version__",
    "betti_curve",
    "by_class",
    "capture",
    "collect",
    "components_at",
    "death_birth_ratios",
    "diagram_distance",
    "distances",
    "get_include",
    "get_library",
    "interactive_barcode",
    "interactive_diagram",
    "layers",
    "load",
    "match_bars",
    "persistence_entropy",
    "plot_agreement",
    "plot_barcode",
    "plot_betti",
    "plot_clustermap",
    "plot_dendrogram",
    "plot_diagram",
    "plot_filtration",
    "plot_flow",
    "plot_hulls",
    "plot_loop",
    "plot_matching",
    "plot_null",
    "plot_study",
    "rips",
    "summarize",
    "triangulate",
]


def __getattr__(name: str) -> Any:
    if name in _LATER:
        value = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module 'toposcope' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_MODULES})
