"""Components at a value, how they flow, hulls and the ordered matrix."""

from itertools import pairwise

import numpy as np
import pytest

import toposcope as ts
from toposcope.plot import components_at, linkage_matrix, plot_clustermap, plot_dendrogram, plot_flow, plot_hulls
from toposcope.plot.clusters import OTHERS, convex_hull, flow
from toposcope.plot.flows import REACH

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")
plt = pytest.importorskip("matplotlib.pyplot")
POINTS = np.random.default_rng(7).normal(size=(50, 2))


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def together(labels):
    return labels[:, None] == labels[None, :]


@pytest.mark.parametrize("value", [0.0, 0.2, 0.45, 1.0, 99.0])
def test_components_are_those_of_scipy(value):
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    part = components_at(ts.rips(POINTS, maxdim=0), value)
    expected = hierarchy.fcluster(hierarchy.linkage(POINTS, "single"), max(value, 1e-12), "distance")
    np.testing.assert_array_equal(together(part), together(expected))
    assert (np.diff(np.bincount(part)) <= 0).all()


def test_components_are_joined_at_their_distance():
    for gap in (0.1, 0.2, 0.3, 0.7):
        assert len(set(components_at(ts.rips([[0.0], [gap]], maxdim=0), gap))) == 1


@pytest.mark.parametrize("seed", range(4))
def test_points_at_one_place_are_one_component_although_they_share_a_bar(seed):
    hierarchy = pytest.importorskip("scipy.cluster.hierarchy")
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 3, (30, 2)) + 9.0 * rng.integers(0, 3, (30, 1))
    result, tree = ts.rips(points, maxdim=0), hierarchy.linkage(points, "single")
    assert len(result.dgms[0]) < 30
    for value in (0.0, 1.0, 1.5, 9.0):
        expected = hierarchy.fcluster(tree, max(value, 1e-12), "distance")
        np.testing.assert_array_equal(together(components_at(result, value)), together(expected))
    links = linkage_matrix(result)
    assert hierarchy.is_valid_linkage(links)
    np.testing.assert_allclose(links[:, 2], tree[:, 2], rtol=1e-6)
    plot_clustermap(result, ts.distances(points), cut=1.0)
    plot_hulls(result, points, 1.0)


def test_what_is_cut_is_told_by_number():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(size=(size, 2)) + shift for size, shift in ((10, [0, 0]), (20, [40, 0]))])
    result = ts.rips(points, maxdim=0)
    part = components_at(result, 9.0)
    assert part.tolist() == [1] * 10 + [0] * 20
    tree = plot_dendrogram(result, cut=9.0)
    names = {label.get_text(): label.get_position()[0] for label in tree.get_xticklabels()}
    first, second = sorted(names.values())
    assert set(names) == {"C0", "C1"} and 10 * 30 > second - first > 10 * 10
    hulls = plot_hulls(result, points, 9.0)
    places = {text.get_text(): text.get_position() for text in hulls.texts}
    for number in (0, 1):
        np.testing.assert_allclose(places[f"C{number}"], points[part == number].mean(0))
    matrix = plot_clustermap(result, ts.distances(points), cut=9.0)
    squares = sorted((patch.get_x() + 0.5, patch.get_width()) for patch in matrix.patches)
    assert squares in ([(0, 10), (10, 20)], [(0, 20), (20, 10)])
    assert {text.get_text() for text in matrix.texts} == {"C0", "C1"}


def test_a_flow_shows_where_each_barcode_is_cut():
    result = ts.rips(POINTS, maxdim=0)
    ax = plot_flow({"a": result, "b": result}, [0.2, 0.4])
    deaths = result.dgms[0][1:, 1]
    for place, (line, cut) in enumerate(zip(ax.get_lines(), (0.2, 0.4), strict=True)):
        assert line.get_xdata()[0] == pytest.approx(place - REACH + 2 * REACH * cut / deaths.max())
    assert {text.get_text() for text in ax.texts} >= {"C0"}
    labels = np.where(np.arange(50) < 40, "most", "few")
    assert {text.get_text() for text in plot_flow({"a": result}, 9.0, labels=labels).texts} == {"most"}


def test_components_of_no_point():
    assert components_at(ts.rips(np.empty((0, 2)), maxdim=0), 1.0).shape == (0,)


def test_flow_loses_no_point_and_overlaps_nothing():
    rng = np.random.default_rng(1)
    partitions = [rng.integers(0, 6, 80) for _ in range(4)]
    partitions[2][:3] = [90, 91, 92]
    stages, ribbons = flow(partitions, least=2)
    for partition, blocks in zip(partitions, stages, strict=True):
        assert sorted(np.concatenate([block.members for block in blocks])) == list(range(80))
        for block in blocks:
            assert block.top - block.bottom == pytest.approx(len(block.members))
            if block.number != OTHERS:
                assert set(partition[block.members]) == {block.number}
        assert all(low.top < high.bottom for low, high in pairwise(blocks))
    assert stages[2][0].number == OTHERS and set(stages[2][0].members) == {0, 1, 2}
    for at in range(3):
        passing = [ribbon for ribbon in ribbons if ribbon.stage == at]
        assert sorted(np.concatenate([ribbon.members for ribbon in passing])) == list(range(80))
        for i, block in enumerate(stages[at]):
            spans = sorted(ribbon.start for ribbon in passing if ribbon.first == i)
            assert spans[0][0] == block.bottom and spans[-1][1] == pytest.approx(block.top)
            assert all(a[1] == pytest.approx(b[0]) for a, b in pairwise(spans))


def test_hull_is_that_of_scipy():
    spatial = pytest.importorskip("scipy.spatial")
    corners = convex_hull(POINTS)
    assert set(corners) == set(spatial.ConvexHull(POINTS).vertices)
    x, y = POINTS[corners].T
    assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2 == pytest.approx(spatial.ConvexHull(POINTS).volume)


@pytest.mark.parametrize(
    ("points", "corners"), [([[1, 1]], [0]), ([[1, 1]] * 3, [0]), ([[2, 2], [0, 0], [1, 1]], [0, 1])]
)
def test_hull_of_points_on_a_line(points, corners):
    assert sorted(convex_hull(np.array(points, float))) == corners


def test_flow_draws_a_column_a_layer():
    layers = {f"layer {i}": ts.rips(POINTS * (i + 1), maxdim=0) for i in range(3)}
    _, given = plt.subplots()
    assert plot_flow(layers, 0.5, ax=given, labels=np.arange(50) % 3) is given
    assert [label.get_text() for label in given.get_xticklabels()] == [f"layer {i}\n≤ 0.5" for i in range(3)]
    given.figure.canvas.draw()


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda r: plot_flow({"a": r, "b": ts.rips(POINTS[:9], maxdim=0)}, 1.0), "9 to 50 points"),
        (lambda r: plot_flow({"a": r}, [1.0, 2.0]), "2 values for 1 layers"),
        (lambda r: plot_flow({"a": r}, 1.0, labels=[1]), "1 labels for 50 points"),
        (lambda r: plot_hulls(r, POINTS[:9], 1.0), "9 points and the result 50"),
        (lambda r: plot_hulls(r, np.zeros((50, 3)), 1.0), r"shape \(50, 3\)"),
        (lambda r: plot_clustermap(r, np.zeros((9, 9))), r"shape \(9, 9\) for 50 points"),
    ],
)
def test_what_does_not_fit_is_refused(draw, message):
    with pytest.raises(ValueError, match=message):
        draw(ts.rips(POINTS, maxdim=0))


def test_hulls_hold_their_components():
    result = ts.rips(POINTS, maxdim=0)
    ax = plot_hulls(result, POINTS, 0.45)
    part = components_at(result, 0.45)
    many = int((np.bincount(part) >= 3).sum())
    assert many > 0 and len(ax.patches) == 2 * many
    for number, patch in enumerate(ax.patches[::2]):
        path = patch.get_path()
        assert (
            path.contains_points(POINTS[part == number], radius=1e-6).sum() + len(path.vertices)
            > (part == number).sum()
        )


def test_matrix_stands_in_the_order_of_the_tree():
    result, distances = ts.rips(POINTS, maxdim=0), ts.distances(POINTS)
    ax = plot_clustermap(result, distances)
    shown = np.asarray(ax.images[0].get_array())
    np.testing.assert_allclose(np.sort(shown.ravel()), np.sort(distances.ravel()), rtol=1e-6)
    # What merges at a height stands side by side: each component is one run of columns.
    order = [
        int(np.flatnonzero(np.isclose(distances, row).all(1) | (np.sort(distances) == np.sort(row)).all(1))[0])
        for row in shown
    ]
    part = components_at(result, 0.45)[order]
    assert np.count_nonzero(np.diff(part)) + 1 == len(np.unique(part))
