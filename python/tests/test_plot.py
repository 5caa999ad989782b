"""Pictures: where things lie, before any ink; and that the ink is where the geometry says."""

import subprocess
import sys

import numpy as np
import pytest

from toposcope.plot import palette, plot_barcode, plot_betti, plot_diagram, plot_filtration, read_bars
from toposcope.plot.complexes import complex_at, pairwise, telling_radii
from toposcope.plot.geometry import LANES, barcode_bands, betti_curve, diagram_points, frame

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")

INF = np.inf
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
SQUARE_DIAGRAMS = [np.array([[0.0, 1.0]] * 3 + [[0.0, INF]]), np.array([[1.0, 2**0.5]])]


class Cut:
    """Diagrams of a filtration that was cut at 2: bar 0 of H1 was alive there, bar 1 of H0 never dies."""

    dgms = (np.array([[0.0, 1.0], [0.0, INF]]), np.array([[0.5, INF], [0.5, 0.75]]))
    censored = (np.zeros(2, bool), np.array([True, False]))
    meta = {"thresh": 2.0}  # noqa: RUF012


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


# -- reading ------------------------------------------------------------------------------------------------------


def test_reads_results_mappings_and_lists_alike():
    for source in (Cut, {"dgms": list(Cut.dgms)}, list(Cut.dgms)):
        barcode = read_bars(source)
        assert [len(bars) for bars in barcode] == [2, 2]
        np.testing.assert_array_equal(barcode.dimensions[1].births, [0.5, 0.5])
    assert read_bars(Cut).threshold == 2.0
    assert read_bars(list(Cut.dgms)).threshold is None


def test_chooses_dimensions():
    assert [bars.dimension for bars in read_bars(Cut, dims=[1])] == [1]
    with pytest.raises(ValueError, match="no diagram of dimension 2.*maxdim=2"):
        read_bars(Cut, dims=[2])


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (np.zeros((3, 2)), TypeError, "does not say its homology dimension"),
        ({"gens": []}, TypeError, "no persistence diagrams in a dict"),
        (7, TypeError, "no persistence diagrams in a int"),
        ("H0", TypeError, "no persistence diagrams in a str"),
        ([np.zeros((3, 3))], ValueError, r"shape \(3, 3\)"),
        ([np.array([[0.0, np.nan]])], ValueError, "bar 0 of the diagram of dimension 0"),
        ([np.array([[0.0, 1.0], [2.0, 1.0]])], ValueError, r"bar 1 of the diagram of dimension 0 is \(2, 1\)"),
        ([np.array([[-INF, 1.0]])], ValueError, "births must be finite"),
    ],
)
def test_refuses_in_one_sentence(source, error, message):
    with pytest.raises(error, match=message):
        read_bars(source)


# -- geometry -----------------------------------------------------------------------------------------------------


def test_infinite_and_censored_lie_apart_from_finite():
    barcode = read_bars(Cut)
    extent = frame(barcode)
    assert extent.threshold == 2.0 == extent.high < extent.infinity < extent.top
    h0, h1 = diagram_points(barcode, extent)
    np.testing.assert_array_equal(h0.finite, [[0, 1]])
    np.testing.assert_array_equal(h0.infinite, [[0, extent.infinity]])
    assert list(h0.infinite_bar) == [1] and len(h0.censored) == 0
    np.testing.assert_array_equal(h1.finite, [[0.5, 0.75]])
    np.testing.assert_array_equal(h1.censored, [[0.5, 2.0]])
    assert list(h1.censored_bar) == [0] and len(h1.infinite) == 0


@pytest.mark.parametrize("diagrams", [[], [np.empty((0, 2))], [[], []], [np.array([[0.0, INF]] * 3)]])
def test_frame_has_an_extent_without_finite_deaths(diagrams):
    extent = frame(read_bars(diagrams))
    assert extent.bottom < extent.low < extent.high < extent.top
    assert np.isfinite([extent.bottom, extent.top]).all()


def test_every_bar_is_drawn_once_and_none_overlaps():
    rng = np.random.default_rng(3)
    births = rng.uniform(0, 1, 3000)
    barcode = read_bars([np.column_stack([births, births + rng.exponential(size=3000)]), Cut.dgms[1]])
    extent = frame(barcode)
    for order in ("birth", "length"):
        bands = barcode_bands(barcode, extent, order=order)
        assert bands[0].end < bands[1].top
        for band, bars in zip(bands, barcode, strict=True):
            assert sorted(band.bar) == list(range(len(bars)))
            np.testing.assert_array_equal(band.left, bars.births[band.bar])
            finite = bars.finite[band.bar]
            np.testing.assert_array_equal(band.right[finite], bars.deaths[band.bar][finite])
            np.testing.assert_array_equal(band.right[~finite], extent.infinity)
            assert (band.bottom[1:] >= (band.bottom + band.height)[:-1] - 1e-9).all()
            assert band.top <= band.bottom[0] and (band.bottom + band.height)[-1] <= band.end + 1e-9
        own = bands[0].bar[:LANES]
        lengths = barcode.dimensions[0].lengths
        assert bands[0].lanes == LANES and lengths[own].min() >= np.delete(lengths, own).max()
        key = barcode.dimensions[0].births if order == "birth" else -lengths
        assert (np.diff(key[own]) >= 0).all()


def test_few_bars_are_no_slabs_and_many_touch():
    def inked(m):
        (band,) = barcode_bands(read_bars([np.column_stack([np.zeros(m), 1.0 + np.arange(m)[::-1]])]))
        own = slice(0, band.lanes)
        assert (band.bottom >= band.top - 1e-9).all() and (band.bottom + band.height <= band.end + 1e-9).all()
        return band, band.height[own], np.diff(band.bottom[own])

    band, height, apart = inked(2)
    assert (height <= (band.end - band.top) / 30 + 1e-9).all() and (apart > 10 * height[1:]).all()
    _, height, apart = inked(50)
    np.testing.assert_allclose(height[1:], 0.8 * apart)
    diagrams = [np.column_stack([np.zeros(50), np.arange(50, 0, -1.0)])] * 3
    for band in barcode_bands(read_bars(diagrams)):
        np.testing.assert_allclose(band.height[1:], np.diff(band.bottom))


def test_unknown_order_is_refused():
    with pytest.raises(ValueError, match="'death'.*'birth' or 'length'"):
        barcode_bands(read_bars(Cut), order="death")


def test_betti_curve_counts_the_bars_alive():
    rng = np.random.default_rng(5)
    births = rng.integers(0, 9, 50).astype(float)
    deaths = births + rng.integers(0, 9, 50)
    deaths[:4] = INF
    barcode = read_bars([np.column_stack([births, deaths])])
    grid, alive = betti_curve(barcode.dimensions[0], frame(barcode))
    for value, count in zip(grid, alive, strict=True):
        assert count == ((births <= value) & (value < deaths)).sum()
    assert alive[-1] == 4


def test_complex_agrees_with_brute_force():
    points = np.random.default_rng(1).normal(size=(14, 2))
    distances = pairwise(points)
    for value in (0.0, 0.7, 1.5, 9.0):
        drawn = complex_at(distances, value)
        edges = {(a, b) for a in range(14) for b in range(a + 1, 14) if distances[a, b] <= value}
        triangles = {(a, b, c) for a, b in edges for c in range(b + 1, 14) if {(a, c), (b, c)} <= edges}
        assert set(map(tuple, drawn.edges)) == edges and len(drawn.edges) == len(edges)
        assert set(map(tuple, drawn.triangles)) == triangles and len(drawn.triangles) == len(triangles)


def test_an_edge_is_there_at_its_length_in_single_precision():
    line = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.3]])
    for length in pairwise(line)[np.triu_indices(3, 1)]:
        edges = complex_at(pairwise(line), float(np.float32(length))).edges
        assert len(edges) == (pairwise(line)[np.triu_indices(3, 1)] <= length).sum()


def test_too_many_triangles_are_refused():
    with pytest.raises(ValueError, match="more than 200000 triangles at 1"):
        complex_at(np.zeros((120, 120)), 1.0)


def test_telling_radii_follow_the_loop():
    radii = telling_radii(pairwise(SQUARE), read_bars(SQUARE_DIAGRAMS))
    assert radii[1] == 1.0 and radii[-1] > 2**0.5 and radii == sorted(radii)
    assert telling_radii(pairwise(SQUARE[:1]), read_bars([np.array([[0.0, INF]])])) == [0.0] * 4


def test_colours_are_one_a_dimension():
    assert len(set(palette.COLORS)) == len(palette.COLORS) == len(palette.MARKS) == len(set(palette.MARKS))
    assert palette.color(99) == palette.COLORS[-1]
    assert palette.name(12) == "H₁₂"


# -- ink ----------------------------------------------------------------------------------------------------------


def test_diagram_has_equal_aspect_and_the_points_of_the_geometry():
    _, given = plt.subplots()
    ax = plot_diagram(Cut, ax=given)
    assert ax is given and ax.get_aspect() == 1 and ax.get_xlim() == ax.get_ylim()
    places = np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections if len(c.get_offsets())])
    extent = frame(read_bars(Cut))
    expected = {(0.0, 1.0), (0.0, extent.infinity), (0.5, 0.75), (0.5, 2.0)}
    assert expected <= set(map(tuple, places.tolist()))
    white = matplotlib.colors.to_rgba(ax.get_facecolor())
    hollow = [c for c in ax.collections if len(c.get_offsets()) and tuple(c.get_facecolors()[0]) == white]
    assert [tuple(c.get_offsets()[0]) for c in hollow] == [(0.5, 2.0)]


def test_barcode_draws_rectangles_in_the_colour_of_the_dimension():
    ax = plot_barcode(Cut)
    tints = {
        matplotlib.colors.to_hex(c.get_facecolor()[0]).upper()
        for c in ax.collections
        if isinstance(c, matplotlib.collections.PolyCollection) and len(c.get_paths())
    }
    assert tints == {palette.color(0), palette.color(1)}
    assert {t.get_text() for t in ax.get_legend().get_texts()} == {"never dies", "alive at the threshold"}
    assert plot_barcode([np.array([[0.0, 1.0]])]).get_legend() is None


@pytest.mark.parametrize("diagrams", [[], [[], []], [np.array([[0.0, INF]]), np.array([[1.0, INF]])]])
@pytest.mark.parametrize("plot", [plot_diagram, plot_barcode, plot_betti])
def test_empty_and_all_infinite_diagrams_draw(plot, diagrams):
    plot(diagrams).figure.canvas.draw()


def test_an_empty_picture_says_so():
    for plot in (plot_diagram, plot_betti):
        assert [text.get_text() for text in plot([[], []]).texts] == ["no bars"]
        assert "no bars" not in [text.get_text() for text in plot(Cut).texts]


def test_thousands_of_points_are_all_there_and_the_longest_stand_out():
    births = np.random.default_rng(0).uniform(size=4000)
    lengths = np.random.default_rng(1).exponential(size=4000)
    ax = plot_diagram([np.empty((0, 2)), np.column_stack([births, births + lengths])])
    marks = [c for c in ax.collections if isinstance(c, matplotlib.collections.PathCollection)]
    drawn = {c.get_alpha(): np.asarray(c.get_offsets()) for c in marks if len(c.get_offsets())}
    (faint, others), (full, longest) = sorted(drawn.items())
    assert faint < 0.5 < full and len(longest) == LANES and len(others) + LANES == 4000
    assert np.diff(longest).min() >= np.diff(others).max()


def test_barcode_draws_cursors_where_it_is_told_to():
    ax = plot_barcode(Cut, at=[0.25, 0.5])
    upright = [line.get_xdata()[0] for line in ax.get_lines() if line.get_xdata()[0] == line.get_xdata()[-1]]
    assert {0.25, 0.5} <= set(upright)
    assert 0.75 in [line.get_xdata()[0] for line in plot_barcode(Cut, at=0.75).get_lines()]


def test_the_names_of_infinity_and_threshold_stay_apart():
    ax = plot_barcode(Cut)
    ax.figure.canvas.draw()
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    assert not boxes["∞"].overlaps(boxes["threshold"])


def test_drawing_leaves_the_style_alone():
    before = dict(matplotlib.rcParams)
    plot_diagram(Cut)
    plot_barcode(Cut)
    plot_filtration(SQUARE, [1.0], result=SQUARE_DIAGRAMS)
    assert dict(matplotlib.rcParams) == before


def test_filtration_takes_new_one_or_many_axes():
    assert len(plot_filtration(SQUARE, [0.5, 1.0], result=SQUARE_DIAGRAMS)) == 3
    _, one = plt.subplots()
    assert plot_filtration(SQUARE, [0.5, 1.0], result=SQUARE_DIAGRAMS, ax=one) is one and len(one.child_axes) == 3
    _, many = plt.subplots(1, 3)
    assert plot_filtration(SQUARE, [0.5, 1.0], result=SQUARE_DIAGRAMS, ax=many) is many
    with pytest.raises(ValueError, match="3 axes for 1 radii"):
        plot_filtration(SQUARE, [0.5], result=SQUARE_DIAGRAMS, ax=many)


@pytest.mark.parametrize(
    ("points", "radii", "message"),
    [
        (np.zeros((4, 3)), None, r"shape \(4, 3\).*plane"),
        (np.array([[0.0, 0.0], [np.nan, 0.0]]), None, "point 1 has a coordinate"),
        (SQUARE, [-1.0], "radii are"),
    ],
)
def test_filtration_refuses_in_one_sentence(points, radii, message):
    with pytest.raises(ValueError, match=message):
        plot_filtration(points, radii, result=SQUARE_DIAGRAMS)


def test_import_needs_no_matplotlib():
    code = "import sys, toposcope.plot; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
