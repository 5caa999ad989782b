"""One colour and one mark a homology dimension, in every picture.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which remain apart under the common forms of
colour blindness; the marks keep them apart in print.
"""

from __future__ import annotations

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#6B6B6B")
MARKS = ("o", "D", "s", "^", "v", "P", "X", "*")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def color(dimension: int) -> str:
    """The colour of a homology dimension, as #RRGGBB; the last one serves all dimensions above.

    >>> color(1)
    '#D55E00'
    """
    return COLORS[min(dimension, len(COLORS) - 1)]


def mark(dimension: int) -> str:
    """The matplotlib marker of a homology dimension."""
    return MARKS[min(dimension, len(MARKS) - 1)]


def name(dimension: int) -> str:
    """The name of a homology dimension, without mathtext.

    >>> name(1)
    'H₁'
    """
    return "H" + str(dimension).translate(SUBSCRIPTS)
