"""The report: what is in the page, before a browser looks at it (see test_report_browser)."""

import base64
import doctest
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from report_study import HOSTILE, ring_study

import toposcope as ts
from toposcope.plot.embedding import principal_plane
from toposcope.report import contents, render, write
from toposcope.report.contents import between_metrics
from toposcope.report.inputs import TEXT, TILE, pack
from toposcope.report.page import script_json

pytest.importorskip("jinja2")
Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def study():
    return ring_study()


@pytest.fixture(scope="module")
def page(study):
    return render(
        study,
        title=HOSTILE,
        inputs=[f"text {i} {HOSTILE}" for i in range(study.meta["n"])],
        findings=[HOSTILE],
        warnings=[HOSTILE],
    )


class Reader(HTMLParser):
    """Collects tags, the scripts by id, and what text there is."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.data, self.words, self.inside = [], {}, [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside = dict(attrs).get("id") if tag == "script" else None

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside:
            self.data[self.inside] = data
        else:
            self.words.append(data)


def test_texts_of_users_stay_texts(page):
    reader = Reader(page)
    assert not any("evil" in str(attributes) for tag, attributes in reader.tags if tag in ("script", "img"))
    scripts = [attributes for tag, attributes in reader.tags if tag == "script"]
    assert len(scripts) == 3 + 4  # the head, the agreement, the code, and one a cell
    assert HOSTILE in reader.words
    head = json.loads(reader.data["page-data"])
    assert head["samples"]["inputs"]["texts"][3] == f"text 3 {HOSTILE}"
    assert head["samples"]["labels"][0] == HOSTILE


def test_page_asks_for_nothing(page):
    for tag, attributes in Reader(page).tags:
        for name in ("src", "href", "data", "action"):
            value = attributes.get(name) or ""
            assert value.startswith(("data:", "#")) or not value, (tag, name, value[:80])
    assert "default-src 'none'" in page
    assert not re.search(r"@import|url\((?!\$\{)", page)


def test_every_cell_has_its_pictures_and_its_bars(study, page):
    reader = Reader(page)
    for i, layer in enumerate(study.layers):
        for j, metric in enumerate(study.metrics):
            cell = json.loads(reader.data[f"cell-{i}-{j}-data"])
            result = study[layer, metric]
            for dimension, diagram in zip(cell["dimensions"], result.dgms, strict=True):
                np.testing.assert_allclose(dimension["births"], diagram[:, 0], rtol=1e-4)
                finite = np.isfinite(diagram[:, 1])
                assert [d is None for d in dimension["deaths"]] == (~finite).tolist()
                got = [d for d in dimension["deaths"] if d is not None]
                np.testing.assert_allclose(got, diagram[finite, 1], rtol=1e-4)
            assert [len(d["edges"]) for d in cell["dimensions"]] == [4 * len(d) for d in result.dgms]
    buttons = [a for tag, a in reader.tags if tag == "button" and a.get("class") == "cell"]
    assert len(buttons) == 4 and len([1 for tag, _ in reader.tags if tag == "svg"]) == 2 * 4 + 5 + 4
    assert buttons[0]["aria-label"].split(":")[1].split() == "20 bars in H0, 1 bars in H1".split()


def test_warns_of_what_the_results_tell():
    cut = ring_study(thresh=0.5)
    found = contents.contents(cut, title="")["warnings"]
    assert len(found) == 1 and "cut at the threshold" in found[0] and "ring, euclidean" in found[0]
    assert contents.contents(ring_study(), title="", warnings=["mine"])["warnings"] == ["mine"]


def test_models_become_rows_of_their_own():
    study = ring_study(models=("trained", "untrained"))
    data = contents.contents(study, title="")
    assert data["rows"] == ["trained, ring", "trained, noise", "untrained, ring", "untrained, noise"]
    assert data["layers"] == ["ring", "noise"] * 2 and data["models"] == ["trained"] * 2 + ["untrained"] * 2
    first, second = data["agreement"][1]["by_metric"]
    assert (first["model"], second["model"]) == ("trained", "untrained")
    np.testing.assert_allclose(first["table"], second["table"])
    assert first["table"][0, 1] == pytest.approx(
        np.mean(
            [
                study.agreement(1).loc[("trained", x, "euclidean"), ("trained", x, "chebyshev")]
                for x in ("ring", "noise")
            ]
        )
    )
    assert data["agreement"][0]["labels"][-1] == "untrained, noise, chebyshev"


def test_metrics_are_compared_within_a_layer():
    keys = [("m", layer, metric) for layer in "ab" for metric in "xyz"]
    values = np.random.default_rng(0).uniform(size=(6, 6))
    expected = (values[:3, :3] + values[3:, 3:]) / 2
    np.testing.assert_allclose(between_metrics(keys, list("xyz"), values), expected)


def test_plane_keeps_the_distances_of_planar_points():
    rng = np.random.default_rng(2)
    flat = rng.normal(size=(30, 2)) @ np.linalg.qr(rng.normal(size=(50, 50)))[0][:2]
    for points in (flat, flat[:, :50], np.repeat(flat, 3, axis=0)):
        plane, share = principal_plane(points)
        gap = np.linalg.norm(points[:, None] - points[None], axis=-1)
        np.testing.assert_allclose(np.linalg.norm(plane[:, None] - plane[None], axis=-1), gap, atol=1e-6)
        assert share == pytest.approx(1)
    assert principal_plane(np.empty((0, 3)))[0].shape == (0, 2)
    assert principal_plane(np.ones((4, 3)))[1] == 1.0


@pytest.mark.parametrize("shape", [(5, 6), (5, 6, 3), (3, 5, 6), (1, 5, 6)])
def test_images_land_on_their_tiles(shape):
    images = [np.full(shape, value, np.uint8) for value in (10, 90, 170, 250, 30)]
    sheet = pack(images, 5)
    picture = Image.open(io.BytesIO(base64.b64decode(sheet["src"].split(",")[1])))
    assert (sheet["columns"], sheet["width"], sheet["height"]) == (3, 6, 5)
    for i, value in enumerate((10, 90, 170, 250, 30)):
        corner = (i % 3 * 6 + 2, i // 3 * 5 + 2)
        assert np.max(picture.getpixel(corner)) == value


def test_large_images_shrink_and_long_texts_are_cut():
    sheet = pack([np.zeros((400, 200), np.uint8)], 1)
    assert (sheet["width"], sheet["height"]) == (TILE // 2, TILE)
    assert len(pack(["x" * 1000], 1)["texts"][0]) == TEXT


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (["a"], "1 inputs for 2 samples"),
        ([np.zeros(3), np.zeros(3)], "input 0 is neither a text nor an image"),
        (np.full((2, 4, 4), np.nan), "not finite"),
    ],
)
def test_inputs_that_cannot_be_shown_are_refused(inputs, message):
    with pytest.raises(ValueError, match=message):
        pack(inputs, 2)


def test_script_json_cannot_end_its_element():
    text = script_json({"a": "</script><!-- & \u2028"})
    assert not set("<>&\u2028") & set(text) and json.loads(text) == {"a": "</script><!-- & \u2028"}


def test_write_replaces_the_file_or_leaves_it(tmp_path, study):
    path = tmp_path / "study.html"
    assert write(study, path) == path
    before = path.read_text()
    assert before.startswith("<!doctype html>")
    with pytest.raises(ValueError, match="1 inputs"):
        write(study, path, inputs=["one"])
    assert path.read_text() == before and list(tmp_path.iterdir()) == [path]


def test_the_guide_is_true():
    guide = Path(__file__).parents[2] / "docs" / "report.md"
    assert doctest.testfile(str(guide), module_relative=False).failed == 0


def test_twenty_layers_and_six_metrics_stay_below_15_megabytes():
    points = np.random.default_rng(0).normal(size=(500, 16))
    study = ts.triangulate({"layer": points}, [ts.RelativeNeighborhood("euclidean", k=15)])
    one = len(render(study, title="", intervals=False, loops=0).encode())
    empty = len(render(ring_study(n=3), title="", intervals=False, loops=0).encode())
    assert sum(len(d) for d in study["layer", "euclidean, k=15"].dgms) > 1000
    assert 120 * (one - empty) + empty < 15e6
