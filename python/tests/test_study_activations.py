"""From a model to a study: the ids and labels of activations go along."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import toposcope as ts  # noqa: E402


def test_a_study_of_captured_activations():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.Tanh())
    X, y = torch.randn(50, 4), torch.arange(50) % 3
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, y), batch_size=16)
    acts = ts.collect(model, loader, layers=["1", "3"])
    untrained = ts.collect(torch.nn.Sequential(*model[:2], torch.nn.Linear(8, 8), torch.nn.Tanh()), loader, ["1", "3"])
    study = ts.triangulate({"one": acts, "two": untrained}, ["euclidean"])
    assert study.models == ("one", "two") and study.layers == ("1", "3")
    np.testing.assert_array_equal(study.labels, acts.labels)
    np.testing.assert_array_equal(study.ids, acts.ids)
    np.testing.assert_array_equal(study["one", "1", "euclidean"].dgms[1], study["two", "1", "euclidean"].dgms[1])
    assert study.agreement(1).shape == (4, 4)
