"""The gallery in docs is what its command makes: the text to the letter, and the pictures but for rounding."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")
DOCS = Path(__file__).parents[2] / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "gallery.py").exists(), reason="the docs are not beside the tests")


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_page_is_up_to_date(gallery):
    text = (DOCS / "gallery.md").read_text("utf-8")
    assert text == gallery.page(), "run python docs/gallery.py"
    assert {path.stem for path in (DOCS / "gallery").glob("*.png")} == {p.__name__ for p in gallery.PICTURES}


PICTURES = sorted(path.stem for path in (DOCS / "gallery").glob("*.png"))


@pytest.mark.parametrize("name", PICTURES)
def test_picture_looks_as_before(gallery, name, tmp_path):
    before = Image.open(DOCS / "gallery" / f"{name}.png").convert("L")
    style = dict(matplotlib.rcParams)
    after = Image.open(gallery.draw(getattr(gallery, name), tmp_path)).convert("L")
    assert dict(matplotlib.rcParams) == style
    assert np.abs(np.subtract(before.size, after.size)).max() <= 3
    difference = np.abs(np.asarray(before, float) - np.asarray(after.resize(before.size), float))
    assert difference.mean() < 3, (
        f"{name} differs by {difference.mean():.2f} of 255 on average: run python docs/gallery.py"
    )
