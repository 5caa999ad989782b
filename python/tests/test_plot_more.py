"""Matching, tree, loop, curves and studies: their geometry against other programs, and their ink against it."""

from types import SimpleNamespace

import numpy as np
import pytest

import toposcope as ts
from toposcope import plot
from toposcope.plot import (
    activations_html,
    linkage_matrix,
    match_bars,
    palette,
    plot_agreement,
    plot_barcode,
    plot_betti,
    plot_clustermap,
    plot_dendrogram,
    plot_diagram,
    plot_filtration,
    plot_flow,
    plot_hulls,
    plot_loop,
    plot_matching,
    plot_null,
    plot_study,
    read_bars,
    study_html,
)
from toposcope.plot.matching import matching_lines

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
SQUARE = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


class Square:
    """What plot_loop reads of a result."""

    edges = (None, np.array([[0, 1, 0, 2]]))

    def cycle(self, dim, bar):
        assert (dim, bar) == (1, 0)
        return np.array([0, 1, 2, 3])


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def diagram(rng, m):
    births = rng.uniform(0, 1, m)
    return np.column_stack([births, births + rng.exponential(0.3, m)])


@pytest.mark.parametrize("distance", ["wasserstein", "bottleneck"])
@pytest.mark.parametrize("sizes", [(0, 0), (0, 3), (5, 0), (7, 12), (40, 31)])
def test_matching_costs_what_gudhi_says(distance, sizes):
    hera = pytest.importorskip("gudhi.hera")
    rng = np.random.default_rng(sum(sizes))
    a, b = (diagram(rng, m) for m in sizes)
    pairs, cost = match_bars(a, b, distance)
    if distance == "wasserstein":
        expected = hera.wasserstein_distance(a, b, order=1, internal_p=np.inf)
    else:
        expected = hera.bottleneck_distance(a, b, delta=0)
    assert cost == pytest.approx(expected, rel=1e-2, abs=1e-9)  # hera's Wasserstein distance is approximate to 1 %
    assert sorted(pairs[pairs[:, 0] >= 0, 0]) == list(range(len(a)))
    assert sorted(pairs[pairs[:, 1] >= 0, 1]) == list(range(len(b)))
    lines = matching_lines(a, b, pairs)
    length = np.abs(lines[:, 0] - lines[:, 1]).max(-1)
    total = length.sum() if distance == "wasserstein" else length.max(initial=0)
    assert total == pytest.approx(cost)


def test_matching_draws_one_line_a_pair_and_refuses_other_distances():
    ax = plot_matching([np.array([[0.0, 4.0], [1.0, np.inf]])], [np.array([[0.0, 5.0], [1.0, 1.5]])], dim=0)
    (lines,) = [c for c in ax.collections if isinstance(c, matplotlib.collections.LineCollection)]
    ends = sorted(np.round(segment, 6).tolist() for segment in lines.get_segments())
    assert ends == [[[0.0, 4.0], [0.0, 5.0]], [[1.25, 1.25], [1.0, 1.5]]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["first", "second"]
    assert [text.get_text() for text in plot_matching([[]], [[]], dim=0).texts] == ["no bars"]
    with pytest.raises(ValueError, match="'sum'"):
        match_bars(np.zeros((1, 2)), np.zeros((1, 2)), "sum")


def test_tree_is_that_of_scipy():
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    distance = pytest.importorskip("scipy.spatial.distance")
    points = np.random.default_rng(4).normal(size=(40, 3))
    links = linkage_matrix(ts.rips(points, maxdim=0))
    assert hierarchy.is_valid_linkage(links)
    expected = hierarchy.linkage(points, "single")
    np.testing.assert_allclose(links[:, 2], expected[:, 2], rtol=1e-6)
    np.testing.assert_allclose(hierarchy.cophenet(links), hierarchy.cophenet(expected), rtol=1e-6)
    assert distance.is_valid_y(hierarchy.cophenet(links))


def test_tree_needs_one_component():
    with pytest.raises(ValueError, match="4 components are left"):
        linkage_matrix(ts.rips(SQUARE, maxdim=0, thresh=0.5))
    plot_dendrogram(ts.rips(SQUARE[:1], maxdim=0)).figure.canvas.draw()


def test_tree_gives_each_component_below_the_cut_its_colour():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(12, 2)) + shift for shift in ([0, 0], [40, 0], [0, 40])])
    ax = plot_dendrogram(ts.rips(points, maxdim=0), cut=10.0)
    (forks,) = [c for c in ax.collections if isinstance(c, matplotlib.collections.LineCollection)]
    tints, counts = np.unique(forks.get_colors(), axis=0, return_counts=True)
    assert len(tints) == 4 and sorted(counts) == [2, 11, 11, 11]


def test_loop_runs_through_its_points_in_order():
    _, given = plt.subplots()
    ax = plot_loop(Square(), 2 * SQUARE, ax=given)
    assert ax is given
    ring = ax.get_lines()[0].get_xydata()
    np.testing.assert_array_equal(ring[0], ring[-1])
    assert set(map(tuple, ring)) == set(map(tuple, 2 * SQUARE))
    assert np.abs(np.diff(ring, axis=0)).sum(1).tolist() == [2, 2, 2, 2]
    assert matplotlib.colors.to_hex(ax.get_lines()[0].get_color()).upper() == palette.color(1)


@pytest.mark.parametrize(
    ("loop", "plane", "labels", "message"),
    [
        ([0, 9], SQUARE, None, "through point 9, and the embedding has 4"),
        ([0, 1], np.zeros((4, 3)), None, r"shape \(4, 3\)"),
        ([0, 1], SQUARE, ["a"], "1 labels for 4 points"),
    ],
)
def test_loop_refuses_in_one_sentence(loop, plane, labels, message):
    with pytest.raises(ValueError, match=message):
        plot_loop(loop, plane, labels=labels)


def test_betti_curve_steps_where_bars_are_born_and_die():
    lines = plot_betti([np.array([[0.0, 1.0], [0.0, np.inf]]), np.empty((0, 2))]).get_lines()
    curve = next(line for line in lines if line.get_label() == "H₀")
    assert curve.get_xdata()[:2].tolist() == [0, 1] and curve.get_ydata().tolist() == [2, 1, 1]


def test_betti_curve_ends_at_a_threshold_and_goes_on_without():
    class Cut:
        dgms = (np.array([[0.0, 1.0], [0.0, np.inf]]),)
        censored = (np.array([False, True]),)
        meta = {"thresh": 2.0}  # noqa: RUF012

    for source, reached in ((Cut, True), (list(Cut.dgms), False)):
        ax = plot_betti(source)
        curve = next(line for line in ax.get_lines() if line.get_label() == "H₀")
        assert (curve.get_xdata()[-1] < ax.get_xlim()[1]) == reached
        assert all(tick == int(tick) for tick in ax.get_yticks())


def test_study_has_a_row_a_layer_and_a_column_a_metric():
    diagrams = [np.array([[0.0, 1.0], [0.0, np.inf]])]
    study = {(layer, metric): diagrams for layer in "abc" for metric in "xy" if (layer, metric) != ("b", "y")}
    axes = plot_study(study, "barcode")
    assert axes.shape == (3, 2) and [ax.get_title() for ax in axes[0]] == ["x", "y"]
    assert not axes[1, 1].axison and axes[1, 0].axison
    _, one = plt.subplots()
    assert plot_study(study, ax=one) is one and len(one.child_axes) == 6
    with pytest.raises(ValueError, match="4 axes for 3 layers and 2 metrics"):
        plot_study(study, ax=plt.subplots(2, 2)[1])
    with pytest.raises(ValueError, match="'tree'"):
        plot_study(study, "tree")


def test_agreement_shows_the_matrix_and_crosses_out_infinity():
    pandas = pytest.importorskip("pandas")
    ax = plot_agreement(pandas.DataFrame([[0.0, np.inf], [np.inf, 0.0]], index=[("a", "x"), ("a", "y")]))
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a · x", "a · y"]
    (crosses,) = [c for c in ax.collections if len(c.get_offsets()) == 2]
    assert sorted(map(tuple, crosses.get_offsets())) == [(0, 1), (1, 0)]


@pytest.mark.parametrize(
    ("side", "statistic", "extreme"), [("less", 20.0, 21), ("greater", 20.0, 80), ("both", -90.0, 11)]
)
def test_null_marks_what_is_as_extreme(side, statistic, extreme):
    test = SimpleNamespace(statistic=statistic, p_value=0.2, null=np.arange(101.0), what="x", side=side)
    ax = plot_null(test, bins=101, ax=plt.subplots()[1])
    marked = matplotlib.colors.to_rgb(palette.COLORS[1])
    count = sum(bar.get_height() for bar in ax.patches if bar.get_facecolor()[:3] == marked)
    assert abs(count - extreme) <= 1 and sum(bar.get_height() for bar in ax.patches) == 101
    assert ax.get_xlabel() == "x" and ax.get_lines()[0].get_xdata()[0] == statistic
    assert "p = 0.2" in ax.texts[0].get_text()


RESULT = ts.rips(SQUARE)
DRAWING = {
    "plot_agreement": lambda ax: plot_agreement(SimpleNamespace(values=np.zeros((2, 2)), index=["a", "b"]), ax=ax),
    "plot_barcode": lambda ax: plot_barcode(RESULT, ax=ax),
    "plot_betti": lambda ax: plot_betti(RESULT, ax=ax),
    "plot_clustermap": lambda ax: plot_clustermap(RESULT, ts.distances(SQUARE), cut=0.5, ax=ax),
    "plot_dendrogram": lambda ax: plot_dendrogram(RESULT, ax=ax),
    "plot_diagram": lambda ax: plot_diagram(RESULT, ax=ax),
    "plot_filtration": lambda ax: plot_filtration(SQUARE, ax=ax),
    "plot_flow": lambda ax: plot_flow({"a": RESULT, "b": RESULT}, 1.0, ax=ax),
    "plot_hulls": lambda ax: plot_hulls(RESULT, SQUARE, 1.0, ax=ax),
    "plot_loop": lambda ax: plot_loop(RESULT, SQUARE, ax=ax),
    "plot_matching": lambda ax: plot_matching(RESULT, RESULT, ax=ax),
    "plot_null": lambda ax: plot_null(
        SimpleNamespace(statistic=1.0, p_value=0.5, null=np.arange(3.0), what="x", side="less"), ax=ax
    ),
    "plot_study": lambda ax: plot_study({("a", "x"): RESULT}, ax=ax),
}


def test_every_plot_is_asked_for_its_axes():
    assert set(DRAWING) == {name for name in plot.__all__ if name.startswith("plot_")}


@pytest.mark.parametrize("name", DRAWING)
def test_every_plot_takes_axes_and_returns_them(name):
    _, ax = plt.subplots()
    assert DRAWING[name](ax) is ax and len(plt.get_fignums()) == 1
    ax.figure.canvas.draw()
    DRAWING[name](None)
    assert len(plt.get_fignums()) == 2


@pytest.mark.parametrize(
    ("use", "error", "message"),
    [
        (lambda: plot_null(3), TypeError, "a int has no statistic: pass what a test gives"),
        (lambda: plot_agreement([1, 2]), TypeError, "no labelled matrix in a list: pass study.agreement"),
        (lambda: plot_agreement({}), TypeError, "no labelled matrix in a dict: pass study.agreement"),
        (lambda: plot_study("x"), TypeError, "no study in a str: pass what triangulate"),
        (lambda: plot_study({"a": [SQUARE]}), TypeError, "no study in a dict: .* whose keys are"),
        (lambda: plot_study({}), ValueError, "no part, so there is nothing to draw: give it"),
        (lambda: study_html(None), TypeError, "no study in a NoneType: pass"),
        (lambda: activations_html({}), TypeError, "no activations in a dict: pass what ts.collect"),
        (lambda: match_bars(3, []), TypeError, "first is a int: give an array"),
        (lambda: match_bars([0.0, 1.0], []), ValueError, r"first has the shape \(2,\): give one"),
        (lambda: match_bars([], object()), TypeError, "second is a object: give an array"),
        (lambda: match_bars([[0.0, np.inf]], []), ValueError, "first has a bar that never dies: match finite"),
        (lambda: plot_loop(3, SQUARE), TypeError, "no loop in a int: pass the result"),
        (lambda: plot_loop([0, 1], {}), TypeError, "embedding is a dict that holds no numbers: give"),
        (lambda: plot_loop([0, 1], SQUARE * np.nan), ValueError, "embedding: point 0 has .* not finite: leave it out"),
        (lambda: plot_filtration(SQUARE, 3), TypeError, "radii is 3: give a list"),
        (lambda: plot_flow(3, 1.0), TypeError, "results is a int: give a mapping"),
        (lambda: plot_flow({}, [[1.0]]), ValueError, r"values has shape \(1, 1\): give one"),
        (lambda: plot_dendrogram(ts.rips(np.empty((0, 2)), maxdim=0)), ValueError, "there is no point, .*: give"),
        (lambda: read_bars([SQUARE], ["H0"]), TypeError, "'H0' among dims is no dimension: give"),
        (lambda: read_bars(["bars"]), TypeError, "dimension 0 is a str: give an array"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_sentence(use, error, message):
    with pytest.raises(error, match=message) as caught:
        use()
    assert "\n" not in str(caught.value)


def test_null_of_nothing_is_drawn():
    for null in (np.empty(0), np.zeros(5)):
        plot_null(SimpleNamespace(statistic=0.0, p_value=1.0, null=null, what="x", side="both")).figure.canvas.draw()


@pytest.mark.parametrize(
    "count, ticks",
    [(40, None), (60, [0, 5, 10, 20, 50]), (600, [0, 5, 10, 20, 50, 100, 200, 500]), (9000, [0, 5, 10, 30, 100, 300])],
)
def test_betti_curve_says_where_its_counts_are_logarithmic(count, ticks):
    ax = plot_betti([np.column_stack([np.zeros(count), np.ones(count)])])
    assert ("log above 10" in ax.get_ylabel()) == (ticks is not None)
    if ticks is not None:
        assert ax.get_yticks()[: len(ticks)].tolist() == ticks and ax.get_yticks()[-1] > count / 4


def test_cells_of_a_study_tell_their_own_numbers_of_bars():
    one, two = [np.array([[0.0, 1.0]])], [np.array([[0.0, 1.0], [0.0, 2.0]])]
    study = {("layer", "euclidean"): one, ("layer", "cosine"): two}
    texts = [[text.get_text() for text in ax.get_legend().get_texts()] for ax in plot_study(study)[0]]
    assert [text.split()[1:] for (text,) in texts] == [["1", "bar"], ["2", "bars"]]
    axes = plot_study(study, "barcode")[0]
    assert all(ax.get_legend() is None for ax in axes)  # it would lie on the titles
    assert any("2 bars" in text.get_text() for text in [*axes[1].texts, *axes[1].get_yticklabels()])
