"""Colours stay apart for those who see fewer of them: every palette, under simulated colour blindness."""

from itertools import combinations

import numpy as np
import pytest

from toposcope.plot import palette

# G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, A Physiologically-based Model for Simulation of Color Vision
# Deficiency (2009): the matrices of full severity, on linear RGB.
SEEN_BY = {
    "everyone": np.eye(3),
    "protanopes": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopes": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopes": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color):
    parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB (D65) of linear RGB: a difference of 2.3 is just noticeable, one of 10 is seen at a glance."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    parts = to_xyz @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(parts > 0.008856, np.cbrt(parts), 7.787 * parts + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(colors, seen_by):
    """The smallest difference between two of the colours."""
    places = [lab(np.asarray(SEEN_BY[seen_by]) @ linear(color)) for color in colors]
    return min(float(np.linalg.norm(a - b)) for a, b in combinations(places, 2))


@pytest.mark.parametrize("seen_by", SEEN_BY)
@pytest.mark.parametrize(
    ("colors", "least"),
    [
        (palette.COLORS[:4], 16.5),  # H0 to H3
        (palette.COLORS, 14.0),
        (palette.COMPONENTS, 15.0),
        (palette.LABELS, 10.0),
    ],
    ids=["the first dimensions", "dimensions", "components", "classes"],
)
def test_colours_stay_apart(colors, least, seen_by):
    assert len(set(colors)) == len(colors) and apart(colors, seen_by) >= least


def test_red_and_green_are_told_to_be_alike():
    assert apart(["#c23b22", "#6b7a1e"], "everyone") > 60 > 20 > apart(["#c23b22", "#6b7a1e"], "deuteranopes")


def test_shapes_tell_what_colours_leave_in_doubt():
    for marks, colors in ((palette.MARKS, palette.COLORS), (palette.LABEL_MARKS, palette.LABELS)):
        assert len(set(marks)) == len(marks) == len(colors)
