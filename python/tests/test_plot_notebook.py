"""Results in a notebook: HTML without JavaScript, SVG of bounded size, and plotly with hover."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import toposcope as ts
from toposcope.plot import interactive_barcode, interactive_diagram, palette, read_bars, result_html, study_html
from toposcope.plot.geometry import frame
from toposcope.plot.svg import barcode_svg, counts, diagram_svg, scatter_svg

SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
HOSTILE = "<script>evil()</script>"


class Cut:
    dgms = (np.array([[0.0, 1.0], [0.0, np.inf]]), np.array([[0.5, np.inf], [0.5, 0.75]]))
    censored = (np.zeros(2, bool), np.array([True, False]))
    edges = (np.array([[1, 1, 0, 1], [0, 0, -1, -1]]), np.array([[0, 1, -1, -1], [2, 3, 0, 2]]))
    meta = {"thresh": 2.0, "metric": HOSTILE, "n": 4}  # noqa: RUF012


@pytest.mark.parametrize("draw", [diagram_svg, barcode_svg])
@pytest.mark.parametrize("source", [Cut, [], [[], []], [np.array([[0.0, np.inf]])]])
def test_svg_is_well_formed_and_says_what_it_shows(draw, source):
    root = ElementTree.fromstring(draw(source))
    assert root.tag == "svg" and root.get("role") == "img"
    assert root.get("aria-label").endswith(counts(read_bars(source)))


@pytest.mark.parametrize("draw", [diagram_svg, barcode_svg])
def test_svg_without_bars_says_so(draw):
    assert [text.text for text in ElementTree.fromstring(draw([[], []])).iter("text")] == ["no bars"]
    assert not list(ElementTree.fromstring(draw(Cut)).iter("text"))


def test_svg_titles_are_escaped():
    assert ElementTree.fromstring(diagram_svg(Cut, title=f'"{HOSTILE}')).get("aria-label") == f'"{HOSTILE}'


def test_svg_puts_points_where_the_geometry_says():
    root = ElementTree.fromstring(diagram_svg([np.array([[0.0, 4.0]])], size=100))
    extent = frame(read_bars([np.array([[0.0, 4.0]])]))
    scale = 100 / (extent.top - extent.bottom)
    (dots,) = [p for p in root if p.get("stroke") == palette.color(0)]
    x, y = (float(part) for part in dots.get("d")[1:].removesuffix("h0").split())
    assert x == pytest.approx(-extent.bottom * scale, abs=0.5)
    assert y == pytest.approx(100 - (4 - extent.bottom) * scale, abs=0.5)


def test_svg_stays_small_whatever_the_number_of_bars():
    births = np.random.default_rng(0).uniform(size=100_000)
    many = [np.column_stack([births, births + 0.3 * births[::-1]])]
    assert len(diagram_svg(many, size=104)) < 120_000
    assert len(barcode_svg(many, width=104, height=104)) < 8_000


def test_result_shows_a_table_and_two_pictures():
    text = result_html(ts.rips(SQUARE))
    assert text.count("<svg") == 2 and "<script" not in text
    assert "<td>1</td><td>0</td><td>0</td><td>0.4142</td><td>1</td><td>1.414</td>" in text
    assert HOSTILE not in result_html(Cut) and "&lt;script" in result_html(Cut)


def test_study_shows_every_part_and_says_what_is_left_out():
    study = {(f"layer {i}", HOSTILE): Cut for i in range(5)}
    text = study_html(study, most=3)
    assert text.count("<svg") == 3 and "and 2 more layers" in text and HOSTILE not in text
    assert study_html({}).count("<svg") == 0


def test_a_study_and_activations_show_themselves():
    acts = ts.Activations({HOSTILE: np.eye(4), "b": np.arange(8.0).reshape(4, 2)}, labels=[HOSTILE, "x", "y", "x"])
    study = ts.triangulate(acts, ["euclidean", "cityblock"])
    for text, pictures in ((acts._repr_html_(), 2), (study._repr_html_(), 4)):
        assert text.count("<svg") == pictures and "<script" not in text and "&lt;script" in text
    assert "Summaries" in study._repr_html_() and "longest_1" in study._repr_html_()
    assert "300 of them drawn" in ts.Activations({"a": np.random.default_rng(0).normal(size=(900, 3))})._repr_html_()
    assert ts.Activations({"a": np.empty((0, 3))})._repr_html_().count("<svg") == 1


def test_scattered_points_lie_where_they_are_on_equal_scales():
    root = ElementTree.fromstring(scatter_svg(np.array([[0.0, 0.0], [4.0, 2.0]]), ["red", "blue"], size=100))
    (x0, y0), (x1, y1) = ([float(v) for v in path.get("d")[1:].removesuffix("h0").split()] for path in root)
    assert (x1 - x0, y0 - y1) == pytest.approx((92, 46)) and [path.get("stroke") for path in root] == ["red", "blue"]


def test_hover_names_the_inputs_behind_a_bar():
    pytest.importorskip("plotly")
    figure = interactive_diagram(Cut, ids=["a", "b", "<c>", "d"], labels=[0, 0, 1, 1])
    h1, censored = (trace for trace in figure.data if trace.name == "H₁")
    assert (h1.marker.symbol, censored.marker.symbol) == ("diamond", "diamond-open")
    assert censored.type == "scatter"  # WebGL draws no hollow marks
    assert h1.hovertext[0] == (
        "H₁, bar 1<br>born at 0.5, dies at 0.75<br>born by #&lt;c&gt; (1) and #d (1)<br>"
        "filled in by #a (0) and #&lt;c&gt; (1)"
    )
    assert censored.hovertext[0].endswith("alive at the threshold<br>born by #a (0) and #b (0)")
    assert [*h1.x, *h1.y] == [0.5, 0.75] and [*censored.x, *censored.y] == [0.5, 2.0]


def test_interactive_barcode_has_a_rectangle_a_bar():
    pytest.importorskip("plotly")
    figure = interactive_barcode(Cut)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    assert [len(trace.x) for trace in bars] == [2, 2]
    assert sorted(zip(bars[1].base, bars[1].x, strict=True)) == [(0.5, 0.25), (0.5, 1.5)]
    tips = [trace.marker.symbol for trace in figure.data if trace.type == "scatter"]
    assert tips == ["triangle-right", "circle-open"]
