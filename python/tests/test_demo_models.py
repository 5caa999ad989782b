"""The demo's models: what they are, that they learn, and that what was trained is kept."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sklearn")

from toposcope.demo.digits import load_digits  # noqa: E402
from toposcope.demo.training import RECIPES, accuracy, cache_folder, trained, untrained  # noqa: E402


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_split_is_the_same_every_time_and_disjoint(digits):
    again = load_digits()
    np.testing.assert_array_equal(digits.held_out.ids, again.held_out.ids)
    assert len(set(digits.train.ids) | set(digits.held_out.ids)) == 1797
    assert not set(digits.train.ids) & set(digits.held_out.ids)
    counts = np.bincount(digits.held_out.labels)
    assert len(counts) == 10 and counts.min() >= 55  # each digit in proportion
    assert abs(digits.train.images.mean()) < 1e-5 and abs(digits.train.images.std() - 1) < 1e-5


@pytest.mark.parametrize("name", RECIPES)
def test_trained_models_know_the_held_out_images(name, digits, tmp_path):
    model = trained(name, digits, folder=tmp_path, progress=False)
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
