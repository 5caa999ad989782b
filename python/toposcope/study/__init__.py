"""Studies: the same activations under several metrics, compared.

`triangulate` makes a `Study`. What is computed from diagrams and distances alone stands in functions of its own:
summaries, distances between diagrams, significance, tests, components, consensus, divergence.
"""

from .classes import class_difference, class_structure, compare_classes
from .collection import Study, load
from .components import cophenetic, intrinsic_dimension, purity, separation, single_linkage
from .diagram_distances import diagram_distance
from .divergence import cross_barcode, topology_divergence
from .hypotheses import Test, permutation_test
from .models import compare_models
from .pairs import compare_layers, paired_bootstrap, paired_difference
from .samples import by_class
from .shared_features import consensus, overlap
from .subsampling import subsamples
from .summaries import betti_curve, death_birth_ratios, persistence_entropy, summarize
from .triangulation import triangulate
from .universal_null import adjust, significance

__all__ = [
    "Study",
    "Test",
    "adjust",
    "betti_curve",
    "by_class",
    "class_difference",
    "class_structure",
    "compare_classes",
    "compare_layers",
    "compare_models",
    "consensus",
    "cophenetic",
    "cross_barcode",
    "death_birth_ratios",
    "diagram_distance",
    "intrinsic_dimension",
    "load",
    "overlap",
    "paired_bootstrap",
    "paired_difference",
    "permutation_test",
    "persistence_entropy",
    "purity",
    "separation",
    "significance",
    "single_linkage",
    "subsamples",
    "summarize",
    "topology_divergence",
    "triangulate",
]
