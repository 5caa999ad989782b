"""Numbers of real activations that others have published: 600 x 896 of a language model (PyPI actopo, MIT licence)."""

from importlib.resources import files

import numpy as np
import pytest

import toposcope as ts

pytest.importorskip("actopo")


def load(name):
    with files("actopo.data").joinpath(f"example_{name}.npy").open("rb") as file:
        return np.load(file)


@pytest.fixture(scope="module")
def study():
    acts = {"base": load("base"), "tuned": load("instruct")}
    return ts.triangulate(acts, ["euclidean", ts.RelativeNeighborhood("euclidean", k=15)])


def test_the_base_cloud(study):
    components, loops = study["base", "euclidean"].dgms
    length = np.ptp(loops, axis=1)
    assert len(components) == 600 and len(loops) == 452
    assert (length > 0.03 * 11.4204).sum() == 12
    deaths = components[np.isfinite(components[:, 1]), 1]
    assert deaths.sum() == pytest.approx(1927.659, abs=2e-3)
    assert deaths.max() == pytest.approx(9.1341, abs=1e-4)
    assert length.sum() == pytest.approx(53.0322, abs=1e-3)
    assert length.max() == pytest.approx(0.6318, abs=1e-4)


def test_the_base_cloud_normalised(study):
    components, loops = study["base", "euclidean, k=15"].dgms
    assert components[np.isfinite(components[:, 1]), 1].max() == pytest.approx(0.9731, abs=1e-4)
    assert len(loops) == 1051
    assert np.ptp(loops, axis=1).max() == pytest.approx(0.1171, abs=1e-4)


def test_the_table_holds_the_same_numbers(study):
    row = study.table(intervals=False).iloc[0]
    assert row["bars_1"] == 452 and row["total_1"] * row["scale"] == pytest.approx(53.0322, abs=1e-3)
