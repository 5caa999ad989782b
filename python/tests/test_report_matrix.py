"""The report's ordered matrices and its panels from layer to layer: geometry without a browser."""

import base64
import io
import re

import numpy as np
import pytest

import toposcope as ts
from toposcope.plot import components_at, palette
from toposcope.report.matrix import LEVELS, SIDE, distance_picture, merge_order
from toposcope.report.trends import HEIGHT, LEFT, RIGHT, WIDTH, trends

Image = pytest.importorskip("PIL.Image")


def opened(url):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGBA"))


def test_every_component_stands_side_by_side():
    result = ts.rips(np.random.default_rng(2).normal(size=(70, 3)), maxdim=0)
    bars = result.dgms[0]
    finite = np.isfinite(bars[:, 1])
    order = merge_order(70, result.edges[0][finite, 2:], bars[finite, 1])
    assert sorted(order) == list(range(70))
    for value in np.quantile(bars[finite, 1], [0.1, 0.4, 0.7, 0.9, 1.0]):
        part = components_at(result, value)[order]
        assert np.count_nonzero(np.diff(part)) + 1 == len(np.unique(part))


def test_what_never_merges_follows_by_size():
    assert merge_order(5, [[3, 4]], [1.0]).tolist() == [3, 4, 0, 1, 2]
    assert merge_order(0, np.empty((0, 2), int), []).tolist() == []


def test_near_points_are_dark_and_the_farthest_are_clear():
    distances = np.array([[0.0, 1.0, 4.0], [1.0, 0.0, np.inf], [4.0, np.inf, 0.0]])
    pixels = opened(distance_picture(distances, np.array([2, 0, 1])))
    assert pixels.shape == (3, 3, 4) and pixels[0, 0].tolist() == [0, 114, 178, 255]
    step = 255 / (LEVELS - 1)
    np.testing.assert_allclose(pixels[..., 3], 255 * np.array([[1, 0, 0], [0, 1, 0.75], [0, 0.75, 1]]), atol=step)
    assert opened(distance_picture(np.zeros((2, 2)), np.arange(2)))[..., 3].tolist() == [[255] * 2] * 2


def test_of_more_points_than_pixels_neighbours_share_one():
    n = 3 * SIDE + 7
    place = np.arange(n) / n
    pixels = opened(distance_picture(np.abs(place[:, None] - place), np.arange(n)))[..., 3]
    assert pixels.shape == (SIDE, SIDE)
    at = np.arange(SIDE) / SIDE
    np.testing.assert_allclose(pixels / 255, 1 - np.abs(at[:, None] - at), atol=0.03)


def rows(totals, model=None):
    return [
        {**({} if model is None else {"model": model}), "layer": f"l{x}", "metric": "m", "total_0": value}
        for x, value in enumerate(totals)
    ]


def line(panel, stroke):
    (path,) = re.findall(rf'<path d="M([^"]+)" stroke="{stroke}"', panel)
    return np.array([[float(v) for v in pair.split()] for pair in path.split("L")])


def test_lines_run_through_the_layers_on_a_common_scale():
    (row,) = trends([*rows([1.0, 4.0, 2.0], "a"), *rows([8.0, 0.0, 8.0], "b")])
    assert row["dimension"] == 0 and [name for name, _ in row["models"]] == ["a", "b"] and len(row["panels"]) == 1
    first, second = line(row["panels"][0], palette.color(0)), line(row["panels"][0], "currentColor")
    np.testing.assert_allclose(first[:, 0], [LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT])
    bottom, top = second[1, 1], second[0, 1]
    assert 0 < top < bottom < HEIGHT
    np.testing.assert_allclose((bottom - first[:, 1]) / (bottom - top), [1 / 8, 4 / 8, 2 / 8], atol=2e-3)


def test_models_with_other_layers_get_rows_of_their_own_and_single_layers_none():
    found = trends([*rows([1.0, 2.0], "a"), *rows([1.0, 2.0, 3.0], "b"), *rows([1.0], "c")])
    assert [[name for name, _ in row["models"]] for row in found] == [["a"], ["b"]]


def test_a_layer_without_the_dimension_is_left_out_and_intervals_are_bands():
    table = rows([1.0, 2.0, 3.0])
    table[1]["total_0"] = np.nan
    (row,) = trends(table)
    assert len(line(row["panels"][0], palette.color(0))) == 2
    for one in table:
        one |= {"total_0_low": one["total_0"] - 0.5, "total_0_high": one["total_0"] + 0.5}
    assert 'fill-opacity=".13"' in trends(table)[0]["panels"][0]
    assert "first layer" in row["panels"][0] and trends([]) == []


def test_names_in_the_panels_are_escaped():
    table = [one | {"layer": f"<{one['layer']}>", "metric": '"><script>'} for one in rows([1.0, 2.0])]
    (panel,) = trends(table)[0]["panels"]
    assert "<script>" not in panel and "&lt;l0&gt;" in panel
