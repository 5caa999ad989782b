"""Studies: what goes in, what comes out, and what is kept on disk."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from small_layers import METRICS, clouds, same

import toposcope as ts
from toposcope.study import by_class, diagram_distance


@pytest.fixture(scope="module")
def study():
    return ts.triangulate(clouds(), METRICS, labels=np.arange(40) % 2, ids=np.arange(40) + 100)


def test_every_part_is_what_rips_gives(study):
    assert study.layers == ("ring", "blob")
    assert study.metrics == ("euclidean", "mahalanobis", "cosine", "euclidean, k=5")
    for layer, X in clouds().items():
        for name, metric in zip(study.metrics, METRICS, strict=True):
            expected = ts.rips(X, metric=metric)
            for a, b in zip(study[layer, name].dgms, expected.dgms, strict=True):
                np.testing.assert_array_equal(a, b)
            for a, b in zip(study[layer, metric].edges, expected.edges, strict=True):
                np.testing.assert_array_equal(a, b)
            assert isinstance(study[layer, name], ts.RipsResult)


def test_a_study_is_a_mapping(study):
    assert len(study) == 8 and set(study) == set(study.keys())
    assert ("ring", "cosine") in study and ("ring", "taxicab") not in study
    assert study.select(layers="ring", metrics=["cosine"]).keys() == {("ring", "cosine")}
    for key, words in (
        (("rings", "cosine"), "no layer 'rings'"),
        (("ring", "taxicab"), "no metric 'taxicab'"),
        ("ring", r"study\[layer, metric\]"),
    ):
        with pytest.raises(KeyError, match=words):
            study[key]


def test_scaled_diagrams_do_not_follow_the_norm(study):
    X = clouds()["ring"]
    larger = ts.triangulate({"ring": X * 2}, ["euclidean"])
    np.testing.assert_allclose(larger.scaled("ring", "euclidean"), study.scaled("ring", "euclidean"), rtol=1e-6)
    D = ts.distances(X)[np.triu_indices(40, 1)]
    assert study.scales["ring", "euclidean"] == pytest.approx(np.quantile(D, 0.9))
    median = ts.triangulate({"ring": X}, ["euclidean"], scale="median")
    assert median.scales["ring", "euclidean"] == pytest.approx(np.median(D))
    assert ts.triangulate({"ring": X}, ["euclidean"], scale=None).scales == {("ring", "euclidean"): 1.0}


def test_maxdim_by_layer():
    study = ts.triangulate(clouds(), ["euclidean"], maxdim={"ring": 2, "blob": 0})
    assert [len(study[layer, "euclidean"].dgms) for layer in study.layers] == [3, 1]
    assert study.agreement(dim=1).shape == (1, 1)


def test_the_table_has_a_row_for_each_part_with_intervals(study):
    table = study.table(seed=3)
    assert len(table) == 8
    for name in ("total_0", "longest_1", "entropy_0"):
        assert (table[f"{name}_low"] <= table[f"{name}_high"]).all()
    row = table.iloc[0]
    dgm = study.scaled("ring", "euclidean", dim=1)
    assert row["longest_1"] == pytest.approx(np.ptp(dgm, axis=1).max())
    assert row["significant_1"] == 1 and table["significant_1"].max() == 1, "the ring's loop, and no noise"
    again = ts.triangulate(clouds(), METRICS).table(seed=3, n_jobs=1)
    assert again.equals(table), "the seed decides the intervals, not the number of jobs"
    assert "total_0_low" not in study.table(intervals=False)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    """The H0 total of 60 uniform points: its mean over many clouds against each cloud's interval."""
    totals, held = [], []
    for seed in range(60):
        X = np.random.default_rng(seed).uniform(size=(60, 2))
        row = ts.triangulate({"x": X}, ["euclidean"], maxdim=0, scale=None).table(resamples=40).iloc[0]
        totals.append(row["total_0"])
        held.append((row["total_0_low"], row["total_0_high"]))
    truth = np.mean(totals)
    coverage = np.mean([low <= truth <= high for low, high in held])
    assert 0.75 <= coverage <= 1, coverage


def test_the_table_says_what_components_say():
    study = ts.triangulate(clouds(150), ["euclidean", "cosine"], labels=np.arange(150) % 2)
    table = study.table(components=True, resamples=5)
    for (layer, metric), row in zip(study, table.to_dict("records"), strict=True):
        D = study.distances(layer, metric)
        assert row["dimension"] == ts.study.intrinsic_dimension(D)
        assert row["separation"] == ts.study.separation(D, study.labels)
        assert row["separation_low"] <= row["separation"] <= row["separation_high"]
        assert row["dimension_low"] <= row["dimension_high"]
        loops = study[layer, metric].dgms[1]
        assert row["ratio_1"] == pytest.approx((loops[:, 1] / loops[:, 0]).max(initial=1)) and "ratio_0" not in row
    again = study.table(resamples=5)
    assert again.equals(table[again.columns]), "what was drawn with components serves without them"
    unlabelled = ts.triangulate(clouds(), ["euclidean"]).table(components=True, resamples=2)
    assert "dimension" in unlabelled and "separation" not in unlabelled
    for options, words in (({"share": 1.5}, "share=1.5"), ({"resamples": 1}, "resamples=1"), ({"level": 2}, "level=2")):
        with pytest.raises(ValueError, match=words):
            study.table(**options)


def test_curves_are_betti_numbers_and_purity_with_bands(study):
    curves = study.curves("ring", "cosine", values=30)
    names = ["scale"] + [n + end for n in ("betti_0", "betti_1", "purity") for end in ("", "_low", "_high")]
    assert list(curves.columns) == names and len(curves) == 30
    at = curves["scale"].to_numpy()
    for dim in (0, 1):
        np.testing.assert_array_equal(
            curves[f"betti_{dim}"], ts.betti_curve(study.scaled("ring", "cosine", dim=dim), at)
        )
    pure = ts.study.purity(study.distances("ring", "cosine"), study.labels)
    for scale, value in zip(at, curves["purity"], strict=True):
        joined = pure["scale"] <= scale * study.scales["ring", "cosine"]
        assert value == pure["purity"][joined][-1]
    assert (curves["betti_0_low"] <= curves["betti_0_high"]).all()
    plain = study.curves("ring", "cosine", values=30, resamples=0)
    assert list(plain.columns) == ["scale", "betti_0", "betti_1", "purity"]
    for options, words in (({"values": 1}, "values=1"), ({"level": 0}, "level=0"), ({"resamples": 1}, "resamples=1")):
        with pytest.raises(ValueError, match=words):
            study.curves("ring", "cosine", **options)


def test_bands_of_curves_hold_their_level_at_each_scale():
    """The Betti curves of 80 points round a ring: their mean over many clouds against the band of each."""
    held, wholes, at = [], [], np.array([0.1, 0.2, 0.3])
    for seed in range(50):
        X = clouds(80, seed)["ring"]
        curves = ts.triangulate({"x": X}, ["euclidean"]).curves("x", "euclidean", resamples=30)
        rows = curves.iloc[np.searchsorted(curves["scale"], at, "right") - 1]
        wholes.append(rows["betti_0"].to_numpy())
        held.append((rows["betti_0_low"].to_numpy(), rows["betti_0_high"].to_numpy()))
    truth = np.mean(wholes, axis=0)
    coverage = np.mean([(low <= truth) & (truth <= high) for low, high in held], axis=0)
    assert (coverage >= 0.75).all(), coverage


def test_agreement_is_a_labelled_matrix_of_distances(study):
    matrix = study.agreement(dim=1)
    assert list(matrix.index) == list(study) == list(matrix.columns)
    values = np.asarray(matrix)
    np.testing.assert_array_equal(values, values.T)
    assert (np.diag(values) == 0).all() and (values[~np.eye(8, dtype=bool)] > 0).all()
    loose = np.asarray(study.agreement(dim=1, distance="wasserstein"))
    assert (loose >= values * 0.99).all(), "a Wasserstein distance is at least the bottleneck distance"


def test_stability_of_the_agreement():
    X = clouds()["ring"]
    noise = np.random.default_rng(1).uniform(-1e-3, 1e-3, X.shape)
    study = ts.triangulate({"a": X, "b": X + noise}, ["euclidean"], scale=None)
    moved = np.abs(ts.distances(X) - ts.distances(X + noise)).max()
    assert 0 < study.agreement(dim=1).iloc[0, 1] <= moved * (1 + 1e-5)


def test_saved_and_loaded_nothing_is_lost(study, tmp_path):
    study.table(seed=1)
    study.save(tmp_path / "study.npz")
    again = ts.load(tmp_path / "study.npz")
    same(study, again)
    assert (again.layers, again.metrics, again.models) == (study.layers, study.metrics, study.models)
    assert again.meta == study.meta and again.scales == study.scales
    np.testing.assert_array_equal(again.labels, study.labels)
    np.testing.assert_array_equal(again.ids, study.ids)
    for key in study:
        assert again[key].meta == study[key].meta
        np.testing.assert_array_equal(again.distances(*key), study.distances(*key))
    assert again._intervals.keys() == study._intervals.keys()
    assert again.table(seed=1).equals(study.table(seed=1))
    again.save(tmp_path / "again.npz")
    same(ts.load(tmp_path / "again.npz"), study)


def test_saved_without_points(study, tmp_path):
    study.save(tmp_path / "small.npz", points=False)
    small = ts.load(tmp_path / "small.npz")
    same(study, small)
    with pytest.raises(ValueError, match="points=True"):
        small["ring", "cosine"].cycle(1, 0)
    assert "total_0_low" not in small.table()


def test_metrics_with_arrays_are_stored(tmp_path):
    X = clouds()["blob"]
    metrics = {"given": ts.Mahalanobis(np.diag(np.arange(1.0, 7))), "shrunk": ts.Mahalanobis(0.3, reference=X[:20])}
    study = ts.triangulate({"blob": X}, metrics)
    study.save(tmp_path / "s.npz")
    again = ts.load(tmp_path / "s.npz")
    for name in metrics:
        np.testing.assert_array_equal(again.distances("blob", name), study.distances("blob", name))


def test_rows_that_a_metric_drops():
    X = clouds()["ring"]
    X[[3, 7]] = 0
    study = ts.triangulate({"x": X}, [ts.Cosine(zeros="drop")])
    part = study["x", "cosine"]
    assert not {3, 7} & set(part.idx_perm.tolist()) and len(part.idx_perm) == 38
    expected = ts.rips(X, metric=ts.Cosine(zeros="drop"))
    for a, b in zip(part.edges, expected.edges, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_failed_part_is_named_and_the_others_are_kept():
    layers = {**clouds(), "dead": np.zeros((40, 3))}
    with pytest.warns(UserWarning, match=r"2 of 6 parts failed.*dead.*zero vectors"):
        study = ts.triangulate(layers, ["cosine", "euclidean"], labels=np.arange(40) % 2)
    assert set(study.failures) == {("dead", "cosine"), ("dead", "euclidean")}
    assert len(study) == 4
    with pytest.raises(KeyError, match="could not be computed"):
        study["dead", "cosine"]
    with pytest.raises(ValueError, match="'dead' under 'cosine'"):
        ts.triangulate(layers, ["cosine"], errors="raise")
    with pytest.raises(ValueError, match="zero vectors"):
        ts.triangulate({"dead": np.zeros((4, 2))}, ["cosine"])


def test_several_models(tmp_path):
    models = {"trained": clouds(), "untrained": clouds(seed=1)}
    study = ts.triangulate(models, ["euclidean"], labels=np.arange(40) % 2)
    assert study.models == ("trained", "untrained")
    assert next(iter(study)) == ("trained", "ring", "euclidean")
    one = study.select(models="untrained")
    assert one.models == () and list(one) == [("ring", "euclidean"), ("blob", "euclidean")]
    assert one["ring", "euclidean"].dgms[0] is study["untrained", "ring", "euclidean"].dgms[0]
    assert {"model", "layer", "metric"} <= set(study.table(intervals=False).columns)
    study.save(tmp_path / "m.npz")
    same(ts.load(tmp_path / "m.npz"), study)


def test_models_are_matched_by_ids():
    class Acts(dict):
        def __init__(self, layers, ids):
            super().__init__(layers)
            self.ids, self.labels = ids, None

    ids = np.array([5, 9, 2, 7])
    X = np.random.default_rng(0).normal(size=(4, 2))
    order = np.array([2, 0, 3, 1])
    study = ts.triangulate({"a": Acts({"l": X}, ids), "b": Acts({"l": X[order]}, ids[order])}, ["euclidean"])
    np.testing.assert_array_equal(study.points("l", "b"), X)
    with pytest.raises(ValueError, match="other samples"):
        ts.triangulate({"a": Acts({"l": X}, ids), "b": Acts({"l": X}, ids + 1)}, ["euclidean"])


def test_classes_of_equal_size():
    acts = clouds()
    labels = np.repeat(["cat", "dog"], [25, 15])
    study = ts.triangulate(by_class(acts, labels, seed=1), ["euclidean"])
    assert study.models == ("cat", "dog") and study.meta["n"] == 15
    cats = {tuple(row) for row in acts["ring"][:25]}
    assert all(tuple(row) in cats for row in study.points("ring", "cat"))


def test_the_embedding_of_euclidean_distances_are_principal_components(study):
    X = clouds()["blob"]
    centred = X - X.mean(0)
    expected = np.linalg.svd(centred, full_matrices=False)
    coordinates = study.embedding("blob", "euclidean")
    np.testing.assert_allclose(np.abs(coordinates), np.abs(expected[0][:, :2] * expected[1][:2]), atol=1e-4)


@pytest.mark.parametrize(
    ("acts", "options", "kind", "words"),
    [
        ([np.eye(3)], {}, TypeError, "dict of layer"),
        ({}, {}, ValueError, "no layer"),
        ({"a": np.eye(3), "b": np.eye(4)}, {}, ValueError, "'b' has 4 rows and 'a' has 3"),
        ({"a": np.zeros((3, 2, 2))}, {}, ValueError, "The layer 'a' must be two-dimensional"),
        ({"a": np.eye(3)}, {"metrics": []}, ValueError, "metrics is empty"),
        ({"a": np.eye(3)}, {"metrics": [ts.Mahalanobis(), "mahalanobis"]}, ValueError, "Two metrics"),
        ({"a": np.eye(3)}, {"scale": "q900"}, ValueError, "scale='q900'"),
        ({"a": np.eye(3)}, {"scale": -1}, ValueError, "scale=-1"),
        ({"a": np.eye(3)}, {"labels": [1, 2]}, ValueError, "2 labels for 3 samples"),
        ({"a": np.eye(3)}, {"labels": [1, object(), 2]}, TypeError, "labels"),
        ({"a": np.eye(3)}, {"maxdim": {"b": 1}}, ValueError, "'b'"),
        ({"a": np.eye(3)}, {"errors": "hide"}, ValueError, "errors='hide'"),
    ],
)
def test_bad_input_gets_one_sentence(acts, options, kind, words):
    with pytest.raises(kind, match=words) as raised:
        ts.triangulate(acts, **{"metrics": ["euclidean"], **options})
    assert "\n" not in str(raised.value)


def test_without_pandas_tables_are_plain(study, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    table = study.table(intervals=False)
    assert isinstance(table, list) and list(table["layer"][:1]) == ["ring"]
    matrix = study.agreement(dim=0)
    assert matrix.index == list(study) and matrix.shape == (8, 8)
    assert "<pre>" in study._repr_html_()


def test_labels_of_a_namespace_are_not_needed():
    acts = SimpleNamespace()
    with pytest.raises(TypeError, match="SimpleNamespace"):
        ts.triangulate(acts)


def test_bottleneck_distances_are_those_of_hera():
    from gudhi.hera import bottleneck_distance

    rng = np.random.default_rng(0)

    def diagram(trial, count):
        births = np.zeros(count) if trial % 4 == 0 else rng.integers(0, 6, count) * 1.0
        return np.c_[births, births + (rng.integers(1, 6, count) if trial % 3 else rng.random(count))]

    for trial in range(1000):
        a, b = (diagram(trial, count) for count in rng.integers(0, 12, 2))
        if trial % 2:
            b = np.concatenate([b, a[:5] + 0.01 * rng.normal(size=(len(a[:5]), 1))])
        assert diagram_distance(a, b) == pytest.approx(bottleneck_distance(a, b, delta=0.0), abs=1e-12), (a, b)


def test_the_guide_is_true():
    import doctest

    guide = Path(__file__).parents[2] / "docs" / "study.md"
    assert doctest.testfile(str(guide), module_relative=False).failed == 0


def test_pictures_and_reports_take_the_study(study, tmp_path):
    study.select(layers="blob", metrics=["euclidean", "cosine"]).plot()
    page = study.select(layers="blob").report(tmp_path / "study.html", loops=0, intervals=False)
    assert "mahalanobis" in (tmp_path / "study.html").read_text() and page


def test_representatives_are_computed_again_from_the_points(study, tmp_path):
    study.save(tmp_path / "s.npz")
    again = ts.load(tmp_path / "s.npz")
    for layer, X in clouds().items():
        for name, metric in zip(study.metrics, METRICS, strict=True):
            r = ts.rips(X, metric=metric)
            for bar in range(min(3, len(r.dgms[1]))):
                loop = study[layer, name].cycle(1, bar)
                assert len(loop) >= 4 and len(set(loop.tolist())) == len(loop)
                np.testing.assert_array_equal(loop, r.cycle(1, bar))
                np.testing.assert_array_equal(loop, again[layer, name].cycle(1, bar))
    mine = study["ring", "euclidean"].cocycles[1]
    theirs = ts.rips(clouds()["ring"], cocycles=True).cocycles[1]
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_representatives_name_rows_of_the_input_where_a_metric_drops_some():
    X = clouds()["ring"]
    X[[0, 7]] = 0
    study = ts.triangulate({"x": X}, [ts.Cosine(zeros="drop")], maxdim=1)
    expected = ts.rips(X, metric=ts.Cosine(zeros="drop"))
    part = study["x", "cosine"]
    for bar in range(len(expected.dgms[1])):
        np.testing.assert_array_equal(part.cycle(1, bar), expected.cycle(1, bar))
