"""The report in a real browser: opened, clicked through, without an error or a request."""

import io
import json
import re
import tempfile
import warnings

import numpy as np
import pytest
from report_study import HOSTILE, ring_study

import toposcope as ts
from toposcope.plot.bars import read_bars
from toposcope.plot.clusters import components_at, convex_hull, flow
from toposcope.plot.geometry import LANES, barcode_bands, frame
from toposcope.report import write_report
from toposcope.study.parts import PartResult

pytest.importorskip("jinja2")
Image = pytest.importorskip("PIL.Image")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    study = ring_study()
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8)).astype(np.uint8)
    return write_report(study, tmp_path_factory.mktemp("report") / "study.html", title=HOSTILE, inputs=images)


@pytest.fixture
def page(browser, path):
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", path.as_uri()))] == []
    assert page.evaluate("window.evil") is None
    page.close()


def test_opens_on_the_first_cell(page):
    assert page.title() == HOSTILE
    assert page.inner_text("#detail-title") == "ring · euclidean"
    assert page.inner_text("#bar-title").startswith("H₁, bar 0: born at 0.3129, dies at 1.782")
    assert page.locator("#bar-inputs .tile").count() >= 4
    assert page.locator("#plane .point").count() == 20


def test_click_opens_a_cell_and_arrows_move_between_them(page):
    page.click("#cell-1-1")
    assert page.inner_text("#detail-title") == "noise · chebyshev"
    assert page.get_attribute("#cell-1-1", "aria-pressed") == "true"
    page.focus("#cell-1-1")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "cell-0-0"
    page.keyboard.press("Enter")
    assert page.inner_text("#detail-title") == "ring · euclidean"


def test_hover_shows_a_bar_and_click_keeps_it(page):
    before = page.inner_text("#bar-title")
    page.locator("#barcode").scroll_into_view_if_needed()
    box = page.locator("#barcode").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.2)
    hovered = page.inner_text("#bar-title")
    assert hovered.startswith("H₀") and hovered != before
    page.mouse.move(5, 5)
    assert page.inner_text("#bar-title") == before
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(5, 5)
    assert page.inner_text("#bar-title") == hovered


def test_keys_walk_through_the_bars(page):
    page.focus("#barcode")
    page.keyboard.press("Home")
    assert page.get_attribute("#barcode", "aria-valuenow") == "1"
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#barcode", "aria-valuenow") == "2"
    assert page.get_attribute("#barcode", "aria-valuetext") == page.inner_text("#bar-title")
    page.keyboard.press("End")
    assert page.get_attribute("#barcode", "aria-valuenow") == page.get_attribute("#barcode", "aria-valuemax") == "21"


def test_slider_counts_what_is_alive(page):
    # The sides of the 20-gon are 2 sin(pi/20) long; its loop closes there and is filled in at 2 sin(7 pi/20) = 1.782.
    for value, expected in (
        (0, "at 0: 20 components, 0 loops"),
        (500, "1 component, 1 loop"),
        (1000, "1 component, 0 loops"),
    ):
        page.evaluate(
            f"(s => {{ s.value = {value}; s.dispatchEvent(new Event('input')); }})(document.getElementById('value'))"
        )
        assert page.inner_text("#alive").endswith(expected)
    assert page.locator("#plane .merges").get_attribute("d").count("M") == 19


DRAWN = (
    "[...document.querySelectorAll('#plane .point')].map(p => [getComputedStyle(p).fill, p.getAttribute('d')].join())"
)


def test_components_get_colours_and_shapes_of_their_own(page):
    page.select_option("#coloring", "component")
    page.focus("#value")
    page.keyboard.press("Home")
    (alone,) = set(page.evaluate(DRAWN))
    page.keyboard.press("End")
    drawn = page.evaluate(DRAWN)
    assert len(drawn) == 20 and len(set(drawn)) == 1 and drawn[0] != alone
    page.click("#cell-1-0")
    result, seen = ring_study()["noise", "euclidean"], set()
    low, high = frame(read_bars(result)).low, frame(read_bars(result)).high
    for place in range(250, 600, 50):
        set_slider(page, "value", place)
        part = components_at(result, low + (high - low) * place / 1000)
        sizes, drawn = np.bincount(part), page.evaluate(DRAWN)
        for number in np.flatnonzero(sizes >= 2):
            (mark,) = {drawn[i] for i in np.flatnonzero(part == number)}
            assert (mark == alone) == (number >= 9)
            seen.add(mark)
        assert {drawn[i] for i in np.flatnonzero(sizes[part] == 1)} <= {alone}
        named = page.locator("#plane .names text").all_text_contents()
        assert named == [f"C{number}" for number in np.flatnonzero(sizes >= 3)[:9]]
    colors, shapes = zip(*(mark.rsplit(",", 1) for mark in seen), strict=True)
    assert len(set(colors)) == len(set(shapes)) == len(seen) > 2


def test_classes_have_a_colour_and_a_shape_each_and_the_legend_says_which(page):
    drawn = page.evaluate(DRAWN)
    labels = ring_study().labels
    of = {label: {drawn[i] for i in np.flatnonzero(labels == label)} for label in set(labels)}
    assert all(len(marks) == 1 for marks in of.values()) and len(set.union(*of.values())) == len(of) == 4
    entries = page.locator(".choices .legend > span").all()
    assert len(entries) == 4
    for entry in entries:
        path = entry.locator("path").first
        mark = f"{path.evaluate('p => getComputedStyle(p).fill')},{path.get_attribute('d')}"
        assert of[entry.get_attribute("title")] == {mark}


def set_slider(page, name, value):
    page.evaluate(
        "([name, value]) => { const s = document.getElementById(name); s.value = value;"
        " s.dispatchEvent(new Event('input')); }",
        [name, value],
    )


def test_tree_and_hulls_show_the_components_at_the_value(page):
    page.click("#cell-1-0")
    result = ring_study()["noise", "euclidean"]
    low, high = frame(read_bars(result)).low, frame(read_bars(result)).high
    for place in (0, 250, 400, 550, 1000):
        set_slider(page, "value", place)
        sizes = np.bincount(components_at(result, low + (high - low) * place / 1000))
        assert page.locator("#tree .squares rect").count() == (sizes >= 2).sum()
        assert page.locator("#plane .hulls path").count() == (sizes >= 3).sum()
        sides = page.evaluate(
            "[...document.querySelectorAll('#tree .squares rect')].map(r => +r.getAttribute('width'))"
        )
        np.testing.assert_allclose(sorted(sides), np.sort(sizes[sizes >= 2]) * 362 / 20, rtol=1e-6)
    page.uncheck("#hulls")
    assert page.locator("#plane .hulls path").count() == 0


def test_hull_is_that_of_the_plots(page):
    places = np.random.default_rng(8).normal(size=(40, 2))
    for members in ([*range(40)], [3, 1, 4, 15, 9, 26], [0, 1, 2]):
        drawn = page.evaluate("([places, members]) => convexHull(places, members)", [places.tolist(), members])
        assert set(drawn) == {members[i] for i in convex_hull(places[members])}
    assert set(page.evaluate("convexHull([[0, 0], [1, 1], [2, 2]], [0, 1, 2])")) == {0, 2}


def drawn_cut(page):
    """The lines through the barcodes of the flow, once it is drawn for the value of the slider."""
    page.locator("#flow-section").scroll_into_view_if_needed()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.evaluate("[...document.querySelectorAll('#flow > path.cursor')].map(p => p.getAttribute('d'))")


def test_one_slider_cuts_all_views_and_every_layer(page):
    study, drawn = ring_study(), set()
    result = study["ring", "euclidean"]
    extent = frame(read_bars(result))
    for place in (100, 300, 1000):
        set_slider(page, "value", place)
        cuts = drawn_cut(page)
        assert len(cuts) == page.locator("#flow > path.h0").count() == 2
        drawn |= set(cuts)
        value = extent.low + (extent.high - extent.low) * place / 1000
        cut = value / result.meta["scale"]
        said = float(page.inner_text("#cut-text").split()[2])
        assert said == pytest.approx(cut, rel=1e-3)
        blocks = page.locator("#flow > g").evaluate_all("all => all.map(g => g.getAttribute('aria-label'))")
        for layer in study.layers:
            of_layer = study[layer, "euclidean"]
            sizes = np.bincount(components_at(of_layer, cut * of_layer.meta["scale"]))
            expected = [f"{layer}: a component of {size} inputs" for size in sizes[sizes >= 2]]
            if (sizes == 1).any():
                expected.append(f"{layer}: {(sizes == 1).sum()} inputs in components of one")
            assert sorted(label for label in blocks if label.startswith(layer)) == sorted(expected)
    assert len(drawn) == 6  # the lines move with the slider
    assert page.locator("input[type=range]").count() == 1


def test_components_flow_between_the_layers(page):
    for value in (0, 1000):  # all apart: one pale block a layer; all joined: one component a layer
        set_slider(page, "value", value)
        drawn_cut(page)
        assert page.locator("#flow > g").count() == 2
    page.focus("#flow > g")
    assert page.inner_text("#flow-text") == "ring: a component of 20 inputs"
    assert page.locator("#flow-inputs .tile").count() == 20


def test_theme_turns(page):
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark and page.get_attribute("#theme", "aria-pressed") == "true"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out_sideways(browser, path, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_without_javascript_tables_and_pictures_are_there(browser, path):
    page = browser.new_page(java_script_enabled=False)
    page.goto(path.as_uri())
    assert page.locator(".cell svg").count() == 8
    assert not page.locator("#detail").is_visible()
    assert page.locator("table.numbers").count() >= 3
    page.close()


# -- the page's own geometry against that of toposcope.plot ----------------------------------------------------------


def test_bars_lie_where_the_geometry_says(page):
    births = np.random.default_rng(3).integers(0, 50, 150).astype(float)
    deaths = births + np.random.default_rng(4).integers(1, 50, 150)
    order = np.argsort(births - deaths, kind="stable")  # longest first, as in a result
    diagrams = [np.column_stack([births, deaths])[order], np.array([[1.0, np.inf], [2.0, 3.0]])]
    barcode = read_bars(diagrams)
    extent = frame(barcode)
    dimensions = [
        {
            "births": diagram[:, 0].tolist(),
            "deaths": [None if np.isinf(death) else death for death in diagram[:, 1]],
            "censored": [],
            "edges": [],
        }
        for diagram in diagrams
    ]
    cell = {"frame": vars(extent), "dimensions": dimensions}
    drawn = page.evaluate(f"barsOf({json.dumps(cell)}, {LANES})")
    for dimension, band in enumerate(barcode_bands(barcode, extent)):
        mine = [bar for bar in drawn["bars"] if bar["dimension"] == dimension]
        np.testing.assert_allclose([bar["top"] for bar in mine], band.bottom)
        np.testing.assert_allclose([bar["height"] for bar in mine], band.height)
        np.testing.assert_allclose([bar["end"] for bar in mine], band.right)
        np.testing.assert_allclose([bar["birth"] for bar in mine], band.left)
    assert drawn["height"] == pytest.approx(band.end)


def test_flow_is_that_of_the_plots(page):
    rng = np.random.default_rng(5)
    partitions = [rng.integers(0, 5, 60), rng.integers(0, 7, 60), np.r_[np.arange(100, 104), rng.integers(0, 3, 56)]]
    drawn = page.evaluate(f"flowOf({json.dumps([p.tolist() for p in partitions])})")
    stages, _ = flow(partitions)
    for mine, blocks in zip(drawn["stages"][1:], stages[1:], strict=True):
        assert {frozenset(b["members"]) for b in mine} == {frozenset(b.members.tolist()) for b in blocks}
    for at, blocks in enumerate(drawn["stages"][:-1]):
        passing = [ribbon for ribbon in drawn["ribbons"] if ribbon["stage"] == at]
        assert sorted(i for ribbon in passing for i in ribbon["members"]) == list(range(60))
        for ribbon in passing:
            (home,) = [block for block in blocks if set(ribbon["members"]) <= set(block["members"])]
            assert home["bottom"] - 1e-9 <= ribbon["start"] <= home["top"] - len(ribbon["members"]) + 1e-9


def test_components_are_those_of_the_plots(page):
    result = ring_study()["noise", "euclidean"]
    for value in (0.3, 0.8, 1.2):
        found = page.evaluate(
            "(value => { const cell = JSON.parse(document.getElementById('cell-1-0-data').textContent);"
            f"return components(20, mergesOf(cell), merge => merge.death <= value).of; }})({value})"
        )
        part = components_at(result, value)
        np.testing.assert_array_equal(np.equal.outer(found, found), np.equal.outer(part, part))


def test_loop_is_drawn_and_its_inputs_are_shown_in_order(browser, tmp_path, monkeypatch):
    ring = np.array([3, 1, 0, 2, 5])
    monkeypatch.setattr(PartResult, "cycle", lambda self, dim=1, bar=0: ring)
    path = write_report(ring_study(), tmp_path / "study.html")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert "A representative loop, 5 inputs in order" in page.inner_text("#bar-inputs")
    tiles = page.locator("#bar-inputs ul").last.locator(".tile").all_inner_texts()
    assert [text.split(" ")[0].strip() for text in tiles] == [f"#{100 + i}" for i in ring]
    chosen = page.locator("#plane .loop.chosen").get_attribute("d")
    read = "[...document.querySelectorAll('#plane .point')].map(p => p.getAttribute('transform').match(/[-.\\d]+/g))"
    dots = [dot[:2] for dot in page.evaluate(read)]
    places = [pair.split(" ") for pair in chosen.removeprefix("M").removesuffix("Z").split("L")]
    assert places == [dots[i] for i in ring]
    page.close()


@pytest.mark.parametrize("kind", ["texts", "images"])
def test_a_bar_shows_the_inputs_themselves(browser, tmp_path, kind):
    study = ring_study()
    gray = [240 - 11 * i for i in range(20)]
    inputs = [f"the text {i}" for i in range(20)] if kind == "texts" else [np.full((8, 8), g, np.uint8) for g in gray]
    page = browser.new_page(reduced_motion="reduce")
    page.goto(write_report(study, tmp_path / "study.html", inputs=inputs).as_uri())
    for height in (0.2, 0.3, 0.5):
        page.locator("#barcode").scroll_into_view_if_needed()
        box = page.locator("#barcode").bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * height)
        dimension, bar = re.match(r"H([₀₁]), bar (\d+):", page.inner_text("#bar-title")).groups()
        assert dimension == "₀"
        page.mouse.down()
        page.mouse.up()  # kept, since taking a picture of a tile may scroll the page
        joined = study["ring", "euclidean"].edges[0][int(bar), 2:]
        tiles = page.locator("#bar-inputs ul").first.locator(".tile")
        assert tiles.count() == 2
        for tile, i in zip(tiles.all(), joined, strict=True):
            assert f"#{100 + i}" in tile.inner_text()
            if kind == "texts":
                assert tile.locator("q").inner_text() == f"the text {i}"
            else:
                pixels = np.asarray(Image.open(io.BytesIO(tile.locator("i").screenshot())).convert("L"))
                assert np.median(pixels) == gray[i]
    page.close()


# -- studies at the edge of what there is -----------------------------------------------------------------------------


def edge_studies():
    zeros = np.vstack([np.zeros((1, 3)), np.random.default_rng(0).normal(size=(9, 3))])
    square = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that cosine distances of zero vectors could not be computed
        yield "a part that failed", ts.triangulate({"a": zeros, "b": zeros + 1}, ["euclidean", "cosine"])
    yield "one point", ts.triangulate({"a": np.zeros((1, 2))}, ["euclidean"], scale=None)
    yield "two points at one place", ts.triangulate({"a": np.zeros((2, 2))}, ["euclidean"], scale=None)
    yield "some points at one place", ts.triangulate({"a": square[[0, 0, 1, 2, 2]]}, ["euclidean"], scale=None)
    hostile = {HOSTILE: {HOSTILE: square, "b": square}}
    yield "hostile names", ts.triangulate(hostile, ["euclidean"], ids=[HOSTILE] * 4, labels=[HOSTILE] * 4)
    yield "no loop", ts.triangulate({"a": square[:3]}, ["euclidean"])
    yield "only components", ts.triangulate({"a": square, "b": square}, ["euclidean"], maxdim=0)
    yield "censored", ts.triangulate({"a": square, "b": 3 * square}, ["euclidean"], thresh=1.2)
    models = {"m": {"a": square, "b": square}, "w": {"a": square}}
    yield "models with other layers", ts.triangulate(models, ["euclidean"], maxdim={"b": 2})
    stored = ts.triangulate({"a": square, "b": square}, ["euclidean"])
    with tempfile.TemporaryDirectory() as folder:
        twice = ts.triangulate({"a": square[[0, 0, 1, 2]]}, ["euclidean"], scale=None)
        twice.save(f"{folder}/twice.npz", points=False)
        yield "at one place, without points", ts.load(f"{folder}/twice.npz")
        stored.save(f"{folder}/study.npz", points=False)
        yield "without its points", ts.load(f"{folder}/study.npz")


@pytest.mark.parametrize(("name", "study"), [pytest.param(*case, id=case[0]) for case in edge_studies()])
def test_edge_studies_open_without_an_error(browser, tmp_path, name, study):
    path = write_report(study, tmp_path / "study.html", inputs=[f"text {i}" for i in range(study.meta["n"])])
    page = browser.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    for cell in page.locator(".cell").all():
        cell.click()
        page.focus("#barcode")
        for key in ("Home", "ArrowDown", "End"):
            page.keyboard.press(key)
        page.focus("#value")
        page.keyboard.press("End")
    page.locator("#play").click()
    page.wait_for_timeout(100)
    for block in page.locator("#flow .block").all():
        block.dispatch_event("mouseenter")
    assert page.evaluate("window.evil") is None
    assert said == [] and page.inner_text("#detail-title") and "undefined" not in page.inner_text("body")
    assert "NaN" not in page.content()
    warned = page.locator(".warnings").count() and page.inner_text(".warnings")
    if name == "a part that failed":
        assert page.locator(".missing").count() == 1 and "a, cosine could not be computed" in warned
    if name == "some points at one place":
        page.focus("#value")
        page.keyboard.press("Home")
        assert page.inner_text("#alive").startswith("at 0: 3 components")
        assert page.locator("#tree .squares rect").count() == 2
    if name == "at one place, without points":
        assert "shown apart" in warned and "in a, euclidean" in warned
    if name == "censored":
        assert "cut at the threshold" in warned
    page.close()
