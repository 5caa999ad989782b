"""docs/coming-from.md promises that two calls give the same: both sides of every row are computed here."""

import re
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "coming-from.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not beside the tests")
for package in ("gudhi", "ripser", "gph", "sklearn"):
    pytest.importorskip(package)

ROW = re.compile(r"^\| `(.+?)` \| `(.+?)` \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE.read_text("utf-8")) if PAGE.exists() else []


@pytest.fixture(scope="module")
def names():
    """What the code of the page defines."""
    of_page = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        exec(block, of_page)
    return of_page


def agree(theirs, ours):
    """Diagrams are compared without their order; anything else as it is."""
    if isinstance(theirs, list):
        assert len(theirs) == len(ours)
        for one, other in zip(theirs, ours, strict=True):
            agree(one, other)
        return
    one, other = np.asarray(theirs, float), np.asarray(ours, float)
    if one.ndim == 2 and one.shape[1] == 2:
        one, other = (bars[np.lexsort((bars[:, 1], bars[:, 0].round(5)))] for bars in (one, other))
    assert one.size
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_every_row_is_read():
    tables = re.findall(r"\*\*The same\*\*(.*?)(?=\n\*\*|\n#|\nwith)", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(tables) == 3
    assert len(ROWS) == sum(table.count("\n| `") for table in tables) > 20


@pytest.mark.parametrize(("theirs", "ours"), ROWS)
@pytest.mark.filterwarnings("ignore")  # of the other libraries
def test_both_sides_give_the_same(theirs, ours, names):
    agree(eval(theirs, names), eval(ours, names))


def test_a_difference_is_noticed():
    with pytest.raises(AssertionError):
        agree([np.array([[0.0, 1.0]])], [np.array([[0.0, 1.1]])])


@pytest.mark.filterwarnings("ignore")
def test_torsion_is_why_the_coefficients_matter():
    """The six vertices of the projective plane: a loop in Z/2, none in Z/11, on both sides."""
    import gudhi

    import toposcope as ts

    triangles = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 5), (0, 1, 5), (1, 2, 4), (2, 3, 5), (1, 3, 4), (2, 4, 5)]
    triangles.append((1, 3, 5))
    tree = gudhi.SimplexTree()
    for triangle in triangles:
        tree.insert(triangle)
    for field, loops in ((2, 1), (11, 0)):
        tree.compute_persistence(homology_coeff_field=field, persistence_dim_max=True)
        assert tree.betti_numbers()[1:2] == ([loops] if loops else [0])
    # the order complex is a flag complex: the faces of the triangulation, joined where one contains the other
    faces = [frozenset(s) for s, _ in tree.get_skeleton(2)]
    D = np.array([[0.0 if a == b else 1.0 if a < b or b < a else 2.0 for b in faces] for a in faces])
    for field, loops in ((2, 1), (11, 0)):
        bars = ts.rips(D, coeff=field, metric="precomputed", thresh=1).dgms[1]
        assert len(bars) == loops
