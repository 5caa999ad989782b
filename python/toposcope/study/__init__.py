"""Studies: the same activations under several metrics, compared."""

from .collection import Study, load
from .diagram_distances import diagram_distance
from .samples import by_class
from .subsampling import half_samples
from .summaries import betti_curve, death_birth_ratios, persistence_entropy, summarize
from .triangulation import triangulate

__all__ = [
    "Study",
    "betti_curve",
    "by_class",
    "death_birth_ratios",
    "diagram_distance",
    "half_samples",
    "load",
    "persistence_entropy",
    "summarize",
    "triangulate",
]
