"""What is computed on a GPU by PyTorch, run here on the CPU: the same functions, the same door."""

import numpy as np
import pytest

import toposcope as ts
from toposcope import device_metrics, metrics

torch = pytest.importorskip("torch")

rng = np.random.default_rng(6)
X = torch.from_numpy(rng.normal(size=(60, 50)).astype(np.float32))


@pytest.fixture
def elsewhere(monkeypatch):
    """Tensors pass for those of another device."""
    monkeypatch.setattr(metrics, "is_on_device", lambda X: isinstance(X, torch.Tensor))


@pytest.mark.parametrize("kind", device_metrics.KINDS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_agrees_with_the_core(kind, dtype):
    points = X.to(dtype)
    D, how = device_metrics.distances_on_device(points, kind)
    assert D.dtype == np.float32 and "on cpu" in how and "no TF32" in how
    np.testing.assert_allclose(D, ts.distances(points, kind), rtol=2e-6)
    np.testing.assert_array_equal(D, D.T)
    np.testing.assert_array_equal(np.diag(D), 0)


def test_near_duplicates_keep_their_digits():
    near = X[:1].double() * (1 + 1e-6 * torch.from_numpy(rng.normal(size=(20, 50))))
    near = (near + 100).float()
    D, _ = device_metrics.distances_on_device(near, "euclidean")
    np.testing.assert_allclose(D, ts.distances(near), rtol=1e-6)


def test_the_result_says_so(elsewhere):
    for metric in ("euclidean", "l1", ts.RelativeNeighborhood("cosine", k=5)):
        here = ts.rips(X.numpy(), metric=metric)
        there = ts.rips(X, metric=metric)
        assert there.meta["distances"].startswith(f"PyTorch {torch.__version__} on cpu, single precision")
        assert "distances" not in here.meta and here.meta["metric"] == there.meta["metric"]
        np.testing.assert_allclose(there.dgms[1], here.dgms[1], rtol=1e-4)
    assert "distances" not in ts.rips(X, metric=ts.Mahalanobis()).meta  # by the core, from a copy
    neighbors = ts.RelativeNeighborhood("euclidean", k=5, reference=X)
    assert "distances" not in ts.rips(X, metric=neighbors).meta


@pytest.mark.parametrize(
    ("points", "kind", "sentence"),
    [
        (torch.tensor([[1.0, 2], [3, float("nan")]]), "euclidean", "row 1, column 1"),
        (torch.tensor([[1.0, 2], [0, 0], [0, 0]]), "cosine", "2 zero vectors .the first is row 1."),
        (torch.tensor([[1.0, 2], [4, 4]]), "correlation", "1 constant row .the first is row 1."),
        (torch.tensor([[2e38, 0], [-2e38, 0]]), "euclidean", "rows 0 and 1 of X is too large"),
        (torch.tensor([[1.0, 2e-30], [1, 0]]), "sqeuclidean", "All distances of X are too small"),
    ],
)
def test_refusals(points, kind, sentence):
    with pytest.raises(ValueError, match=sentence):
        device_metrics.distances_on_device(points, kind)


def test_equal_points_are_not_refused():
    D, _ = device_metrics.distances_on_device(torch.ones(3, 2), "sqeuclidean")
    assert not D.any()


def test_the_meta_device_holds_no_numbers():
    with pytest.raises(TypeError, match="X is on PyTorch's meta device"):
        ts.distances(torch.empty((3, 2), device="meta"))


def test_tensors_here_are_the_core_s():
    assert not device_metrics.is_on_device(X) and not device_metrics.is_on_device(X.numpy())
