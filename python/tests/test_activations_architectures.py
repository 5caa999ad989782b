"""Capture of torchvision's and timm's networks, with random weights: their stages and blocks, by their own names."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
import torchvision_operators  # noqa: E402

import toposcope as ts  # noqa: E402

torchvision_operators.make_importable()
torchvision = pytest.importorskip("torchvision", reason="torchvision is not installed")


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def outputs(model, x, names):
    """What modules give in evaluation mode, by hooks of our own."""
    found, modules = {}, dict(model.named_modules())
    handles = [
        modules[name].register_forward_hook(lambda m, a, o, name=name: found.__setitem__(name, o.clone()))
        for name in names
    ]
    was = model.training
    model.eval()
    with torch.no_grad():
        model(x)
    model.train(was)
    for handle in handles:
        handle.remove()
    return found


# Name, size of the images, layers, channels=, the dimensions over which "mean" goes.
TORCHVISION = [
    ("resnet50", 64, "layer?", None, (2, 3)),
    ("convnext_tiny", 64, ["features.1", "features.3", "features.5", "features.7"], None, (2, 3)),
    ("swin_t", 64, ["features.1", "features.3", "features.5", "features.7"], "last", (1, 2)),
    ("vit_b_32", 224, "encoder.layers.*", None, (1,)),
    ("mobilenet_v3_small", 64, "features.*", None, (2, 3)),
]


@pytest.mark.parametrize(("name", "size", "layers", "channels", "dims"), TORCHVISION, ids=[t[0] for t in TORCHVISION])
def test_torchvision(name, size, layers, channels, dims):
    model = getattr(torchvision.models, name)(weights=None).train()
    x = torch.randn(4, 3, size, size)
    acts = ts.collect(model, x, layers, "mean", channels=channels, batch_size=3)
    assert model.training and acts.n == 4 and len(acts) >= 4
    for layer, expected in outputs(model, x, acts.layers).items():
        np.testing.assert_allclose(acts[layer], expected.mean(dims), atol=1e-4, rtol=1e-4)


def test_channels_last_must_be_said_of_swin():
    """Its outputs are (n, height, width, channels): taken as they are, 2 of 2 x 2 x 768 would be the channels."""
    model = torchvision.models.swin_t(weights=None)
    x = torch.randn(2, 3, 64, 64)
    assert ts.collect(model, x, "features.7", "mean", channels="last")["features.7"].shape == (2, 768)
    assert ts.collect(model, x, "features.7", "positions", channels="last")["features.7"].shape == (8, 768)
    assert [row.shape for row in ts.layers(model, x) if row.name == "features.7"] == [(2, 2, 2, 768)]


TIMM = [
    ("resnet18", 64, "layer?", None, (2, 3)),
    ("convnext_atto", 64, "stages.*", None, (2, 3)),
    ("swin_tiny_patch4_window7_224", 224, "layers.*", "last", (1, 2)),
    ("mixer_s32_224", 224, "blocks.*", None, (1,)),
]


@pytest.mark.parametrize(("name", "size", "layers", "channels", "dims"), TIMM, ids=[t[0] for t in TIMM])
def test_timm(name, size, layers, channels, dims):
    timm = pytest.importorskip("timm", reason="timm is not installed")
    model = timm.create_model(name, pretrained=False).train()
    x = torch.randn(3, 3, size, size)
    acts = ts.collect(model, x, layers, "mean", channels=channels, batch_size=2)
    assert model.training and acts.n == 3 and len(acts) >= 4
    for layer, expected in outputs(model, x, acts.layers).items():
        np.testing.assert_allclose(acts[layer], expected.mean(dims), atol=1e-4, rtol=1e-4)


def test_a_timm_vision_transformer_that_is_not_called_as_a_whole():
    timm = pytest.importorskip("timm", reason="timm is not installed")
    model = timm.create_model("vit_tiny_patch16_224", pretrained=False, reg_tokens=4)
    x = torch.randn(3, 3, 224, 224)
    with ts.capture(model, "blocks.*", "patches", max_samples=50) as cap:
        for part in x.split(2):
            with cap.batch(labels=[0] * len(part)):
                model.forward_features(part)
    acts = cap.activations
    assert len(acts) == 12 and acts.n == 50
    expected = outputs(model, x, ["blocks.11"])["blocks.11"][acts.ids, acts.positions]
    np.testing.assert_allclose(acts["blocks.11"], expected, atol=1e-4)
    assert acts.positions.min() >= 5 and acts.positions.max() < 5 + 196  # after the class token and four registers
    with pytest.raises(RuntimeError, match=r"outside a forward pass.*cap.batch"), ts.capture(model, "blocks.0", "cls"):
        model.forward_features(x)
