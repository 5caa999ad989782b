"""Pictures of persistence: geometry first, ink second.

`bars` and `geometry` say where everything lies and need only NumPy; the other modules put ink there with matplotlib
(`draw`, `filtration`), plotly (`interactive`) or plain SVG (`svg`). Each drawing function takes ``ax=`` and returns it,
changes no global style and never shows a window. matplotlib is imported by the first call, not by the import.
"""

from .bars import Bars, read_bars
from .draw import plot_barcode, plot_diagram
from .filtration import plot_filtration

__all__ = ["Bars", "plot_barcode", "plot_diagram", "plot_filtration", "read_bars"]
