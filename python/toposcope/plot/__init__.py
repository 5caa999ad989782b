"""Pictures of persistence: geometry first, ink second.

`bars`, `geometry` and `complexes` say where everything lies and need only NumPy; the other modules put ink there, with
matplotlib, with plotly (`interactive`) or as plain SVG (`svg`). Each drawing function takes ``ax=`` and returns it,
changes no global style and never shows a window. matplotlib is imported by the first call, not by the import.
"""

from .bars import Barcode, Bars, read_bars
from .clusters import components_at
from .curves import plot_betti
from .draw import plot_barcode, plot_diagram
from .filtration import plot_filtration
from .flows import plot_clustermap, plot_flow, plot_hulls
from .interactive import interactive_barcode, interactive_diagram
from .linkage import linkage_matrix, plot_dendrogram
from .loops import plot_loop
from .matching import match_bars, plot_matching
from .notebook import activations_html, result_html, study_html
from .nulls import plot_null
from .studies import plot_agreement, plot_study

__all__ = [
    "Barcode",
    "Bars",
    "activations_html",
    "components_at",
    "interactive_barcode",
    "interactive_diagram",
    "linkage_matrix",
    "match_bars",
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
    "read_bars",
    "result_html",
    "study_html",
]
