"""One colour and one mark a homology dimension, in every picture.

The colours are those of Okabe and Ito (Color Universal Design, 2008), which remain apart under the common forms of
colour blindness; the marks keep them apart in print.
"""

from __future__ import annotations

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#6B6B6B")
MARKS = ("o", "D", "s", "^", "v", "P", "X", "*")
GRAY = "#8a8f96"
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


LABELS = ("#CC6677", "#332288", "#DDCC77", "#117733", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499", "#BBBBBB")
"""Ten colours for classes, none of them that of a dimension, which remain apart under the common forms of colour
blindness: the "muted" scheme of Paul Tol, *Colour Schemes* (SRON/EPS/TN/09-002, 2021), its grey a little darker."""

LABEL_MARKS = ("o", "s", "^", "D", "v", "P", "X", "*", "p", "h")
"""The matplotlib markers of ten classes: what colours leave in doubt, shapes tell."""

COMPONENTS = LABELS[:9]
"""The colours of the nine largest components, which have their numbers beside them; the others are `GRAY`."""


def label_color(place: int, many: int) -> str:
    """The colour of a class, as #RRGGBB: one of `LABELS`, or evenly spread hues where there are more than ten.

    >>> label_color(0, 3), label_color(0, 20) != label_color(1, 20)
    ('#CC6677', True)
    """
    if many <= len(LABELS):
        return LABELS[place]
    from colorsys import hls_to_rgb

    return "#" + "".join(f"{round(255 * part):02x}" for part in hls_to_rgb(place / many, 0.5, 0.6))


def label_mark(place: int) -> str:
    """The matplotlib marker of a class; they repeat after ten."""
    return LABEL_MARKS[place % len(LABEL_MARKS)]


def component_color(number: int) -> str:
    """The colour of a component by its number, 0 for the largest.

    >>> component_color(0), component_color(9)
    ('#CC6677', '#8a8f96')
    """
    return COMPONENTS[number] if 0 <= number < len(COMPONENTS) else GRAY
