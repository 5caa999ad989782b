"""The demo: its models learn and are kept, its words follow from the numbers, its page holds what it promises."""

import numpy as np
import pytest

import toposcope as ts

torch = pytest.importorskip("torch")
for package in ("sklearn", "gudhi", "jinja2", "safetensors", "pandas"):
    pytest.importorskip(package)

from toposcope import demo  # noqa: E402
from toposcope.demo.digits import load_digits  # noqa: E402
from toposcope.demo.findings import classes_apart, findings_of  # noqa: E402
from toposcope.demo.training import RECIPES, accuracy, cache_folder, trained, untrained  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    return load_digits()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the trained models are kept, so that they are trained once."""
    return tmp_path_factory.mktemp("models")


def test_split_is_the_same_every_time_and_disjoint(digits):
    again = load_digits()
    np.testing.assert_array_equal(digits.held_out.ids, again.held_out.ids)
    assert len(set(digits.train.ids) | set(digits.held_out.ids)) == 1797
    assert not set(digits.train.ids) & set(digits.held_out.ids)
    counts = np.bincount(digits.held_out.labels)
    assert len(counts) == 10 and counts.min() >= 55  # each digit in proportion
    assert abs(digits.train.images.mean()) < 1e-5 and abs(digits.train.images.std() - 1) < 1e-5


@pytest.mark.parametrize("name", RECIPES)
def test_trained_models_know_the_held_out_images(name, digits, folder):
    model = trained(name, digits, folder=folder, progress=False)
    assert not model.training
    assert accuracy(model, digits.held_out) > 0.97
    assert accuracy(untrained(RECIPES[name]), digits.held_out) < 0.3


def test_stages_and_blocks_have_the_names_of_torchvision_and_timm():
    resnet, vit = (untrained(RECIPES[name]) for name in ("resnet", "vit"))
    assert {f"layer{i}" for i in range(1, 5)} <= {name for name, _ in resnet.named_modules()}
    assert {f"blocks.{i}" for i in range(12)} <= {name for name, _ in vit.named_modules()}
    images = torch.zeros(3, 1, 8, 8)
    assert resnet(images).shape == vit(images).shape == (3, 10)


def test_what_was_trained_is_kept_and_read_again(digits, tmp_path, monkeypatch):
    short = RECIPES["resnet"]._replace(epochs=1)
    first = trained("short", digits, recipe=short, folder=tmp_path, progress=False)
    assert [file.name for file in tmp_path.iterdir()] == ["digits-short-v1.safetensors"]
    monkeypatch.setattr("toposcope.demo.training._train", lambda *_: pytest.fail("trained again"))
    second = trained("short", digits, recipe=short, folder=tmp_path, progress=False)
    for key, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[key])


def test_training_depends_on_the_seed_alone_and_leaves_the_callers_random_numbers(digits, tmp_path):
    short = RECIPES["resnet"]._replace(epochs=1)
    threads = torch.get_num_threads()
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    models = [trained("short", digits, recipe=short, folder=tmp_path / n, progress=False) for n in "ab"]
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads
    assert torch.equal(models[0].fc.weight, models[1].fc.weight)
    other = trained("short", digits, recipe=short._replace(seed=1), folder=tmp_path / "c", progress=False)
    assert not torch.equal(models[0].fc.weight, other.fc.weight)


def test_a_folder_that_cannot_be_written_to_is_no_error(digits, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    trained("short", digits, recipe=RECIPES["resnet"]._replace(epochs=1), folder=blocked, progress=False)
    assert blocked.read_text() == "not a folder"


def test_cache_folder_follows_the_xdg_rule(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "toposcope"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "toposcope"


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    """The whole demo, on few samples, and what it said."""
    heard = []
    path = tmp_path_factory.mktemp("demo") / "demo.html"
    return demo.run(path, samples=60, models=folder, progress=False, say=heard.append), heard


def test_from_the_images_to_the_page(run, digits):
    outcome, heard = run
    study, page = outcome.study, outcome.page.read_text()
    assert len(study.models) == 4 and len(study.metrics) == 6
    assert len(study) == 2 * (4 + 12) * 6  # the stages and the blocks, and the same untrained
    assert len(study["ResNet", "layer4", "cosine"].dgms) == 3  # H2 for one layer
    assert len(study["ResNet", "layer3", "cosine"].dgms) == 2
    places = {number: row for row, number in enumerate(digits.held_out.ids)}
    np.testing.assert_array_equal(study.labels, digits.held_out.labels[[places[i] for i in study.ids]])
    assert all(share > 0.97 for title, share in outcome.accuracies.items() if "untrained" not in title)
    for words in ("blocks.11", "layer4", "mahalanobis, k=15", f"{outcome.accuracies['ResNet']:.1%}"):
        assert words in page
    assert "http://" not in page.replace("http://www.w3.org/", "") and "https://" not in page  # self-contained
    assert len(outcome.findings) == 4 and {" ".join(finding) for finding in outcome.findings} <= set(heard)
    for words in ("12 epochs on 1197 images", "seed of the samples", "Both networks have learned"):
        assert words in page


def test_the_page_opens_with_every_view(run, browser):
    outcome, _ = run
    assert outcome.page.stat().st_size < 15e6
    page = browser.new_page(reduced_motion="reduce")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(outcome.page.as_uri())
    for title in (
        "What one sees", "Layers and metrics", "From layer to layer", "How components flow from layer to layer",
        "How far the metrics agree", "Summaries", "What was done",
    ):  # fmt: skip
        assert page.get_by_role("heading", name=title, exact=True).count() == 1, title
    assert page.locator(".cell").count() == len(outcome.study) == 2 * 16 * 6
    for view, parts in (
        ("#diagram", "path"), ("#barcode", "path"), ("#plane", ".point"), ("#plane", ".hulls path"), ("#tree", "image"),
        ("#tree", ".squares rect"), ("#flow", ".block"), ("#flow", "path.h0"), ("#bar-inputs", ".tile i"),
        (".trends", "svg"), (".matrices", "td"), (".summaries", "td"),
    ):  # fmt: skip
        page.locator(view).scroll_into_view_if_needed()
        page.locator(f"{view} {parts}").first.wait_for(state="attached")
    assert "url(" in page.locator("#bar-inputs .tile i").first.evaluate("i => getComputedStyle(i).backgroundImage")
    assert said == []
    page.close()


def test_the_same_samples_in_every_model(folder, digits):
    from toposcope.demo.pipeline import _activations

    first = _activations(untrained(RECIPES["resnet"]), "resnet", digits, 50, False)
    second = _activations(untrained(RECIPES["vit"]), "vit", digits, 50, False)
    np.testing.assert_array_equal(first.ids, second.ids)
    assert len(first) == 4 and len(second) == 12 and all(len(X) == 50 for X in first.values())


def _study(*shapes):
    """A network and its untrained copy with one layer each, on a circle or on a line, which has no loop."""
    angle = np.sort(np.random.default_rng(0).uniform(0, 2 * np.pi, 60))
    points = {"ring": np.c_[np.cos(angle), np.sin(angle)], "line": np.c_[angle, angle]}
    acts = {name: {"last": points[shape]} for name, shape in zip(("net", "net, untrained"), shapes, strict=True)}
    return ts.triangulate(acts, ["euclidean", "cityblock"], labels=np.arange(60) % 2)


@pytest.mark.parametrize(
    ("shapes", "headline", "words"),
    [
        (("line", "ring"), "always shorter", "in last of the net it is less under all 2 metrics"),
        (("ring", "line"), "always longer", "in last of the net it is greater under all 2 metrics"),
    ],
    ids=["less", "greater"],
)
def test_findings_follow_the_numbers(shapes, headline, words):
    study = _study(*shapes)
    _, first, second = findings_of(study, {"net": "net, untrained"})
    assert headline in first[0] and words in first[1]
    numbers = [study[model, "last", "euclidean"].scaled(1) for model in study.models]
    totals = [f"{(bars[:, 1] - bars[:, 0]).sum():.3g}" for bars in numbers]
    assert f"euclidean: {totals[0]} against {totals[1]}" in first[1]
    assert "in 2 of these 2 comparisons" in first[1].lower()
    assert "everywhere" in second[0] and "in 1 of 1 layers" in second[1]
    assert "“euclidean” and “cityblock”" in second[1]


def test_findings_of_equal_models_claim_nothing():
    classes, first, _ = findings_of(_study("ring", "ring"), {"net": "net, untrained"})
    assert classes[0].startswith("Not in every network")
    assert "as they were" in first[0]
    assert "it is the same" in first[1] and "In 0 of these 2 comparisons" in first[1]


def test_classes_stand_alone_where_a_cut_makes_components_of_them():
    rng = np.random.default_rng(0)
    blobs = np.concatenate([rng.normal(size=(20, 2)) + shift for shift in ([0, 0], [50, 0], [0, 50])])
    labels = np.repeat(["a", "b", "c"], 20)
    many, _ = classes_apart(ts.rips(blobs, maxdim=0), labels)
    assert many == 3
    assert classes_apart(ts.rips(blobs, maxdim=0), rng.permutation(labels))[0] < 3
    # The same by brute force, at every value there is; of some points there are two at one place.
    points = np.concatenate([blobs[:40] / 12, rng.normal(size=(20, 2))])
    points[5:10] = points[45:50]
    result = ts.rips(points, maxdim=0)
    best = (0, 0.0)
    for cut in np.unique(np.append(0.0, result.dgms[0][:-1, 1][np.isfinite(result.dgms[0][:-1, 1])])):
        part = ts.components_at(result, cut)
        alone = 0
        for name in "abc":
            inside = [part[labels == name] == c for c in range(part.max() + 1)]
            alone += any(share.sum() >= 10 and share.sum() >= 0.9 * (part == c).sum() for c, share in enumerate(inside))
        best = max(best, (alone, cut))
    assert classes_apart(result, labels) == pytest.approx(best)


def test_a_network_that_did_not_learn_is_not_said_to_have():
    from toposcope.demo.pipeline import _on_accuracy, _pairs

    right = {title: 0.99 for title in _pairs()} | {title: 0.1 for title in _pairs().values()}
    assert _on_accuracy(right, 600)[0] == "Both networks have learned to read digits."
    assert "Not every" in _on_accuracy(right | {"ResNet": 0.5}, 600)[0]
