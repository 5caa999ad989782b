"""Gradients of births and deaths."""

import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import toposcope as ts  # noqa: E402
from toposcope.torch import rips_diagrams, rips_loss  # noqa: E402


def cloud(n=14, d=3, seed=0):
    return torch.tensor(np.random.default_rng(seed).normal(size=(n, d)), requires_grad=True)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "cityblock", "chebyshev"])
@pytest.mark.parametrize("dim", [0, 1])
def test_gradients_are_those_of_differences(metric, dim):
    X = cloud()
    assert rips_loss(X, dim, metric=metric).item() > 0, "something to differentiate"
    assert torch.autograd.gradcheck(lambda Y: rips_loss(Y, dim, metric=metric, power=2), (X,), eps=1e-6, atol=1e-5)


def test_gradients_of_voids():
    X = torch.tensor(np.random.default_rng(3).normal(size=(30, 3)), requires_grad=True)
    with torch.no_grad():
        X /= torch.linalg.vector_norm(X, dim=1, keepdim=True)
    assert len(rips_diagrams(X, 2)[2]) == 1
    assert torch.autograd.gradcheck(lambda Y: rips_loss(Y, 2), (X,), eps=1e-6, atol=1e-5)


def test_gradients_of_given_distances():
    D = torch.cdist(cloud().detach(), cloud().detach()).requires_grad_()
    rips_loss(D, 1, metric="precomputed").backward()
    assert torch.equal(D.grad, D.grad.T) and D.grad.abs().sum() > 0


def test_gradients_with_thresholds_and_essential_classes():
    """Bars without a death are inf and get no gradient; the births of those that have one do."""
    X = cloud(20, 2)
    cut = float(ts.rips(X.detach()).dgms[1][0].mean())  # the longest loop is born before and dies after
    diagram = rips_diagrams(X, 1, thresh=cut)[1]
    assert torch.isinf(diagram[:, 1]).sum() >= 1 and torch.isinf(rips_diagrams(X, 0, thresh=0.3)[0][:, 1]).sum() > 1

    def births_and_lengths(Y):
        loops = rips_diagrams(Y, 1, thresh=cut)[1]
        dies = torch.isfinite(loops[:, 1])
        return loops[:, 0].sum(), (loops[dies, 1] ** 2).sum()

    assert torch.autograd.gradcheck(births_and_lengths, (X,), eps=1e-6, atol=1e-5)
    assert torch.autograd.gradcheck(lambda Y: rips_loss(Y, 0, thresh=0.8, power=2), (X,), eps=1e-6, atol=1e-5)
    rips_diagrams(X, 1, thresh=cut)[1].nan_to_num(posinf=0).sum().backward()
    assert torch.isfinite(X.grad).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "cityblock", "chebyshev"])
def test_duplicates_have_finite_gradients(metric):
    """Two points at one place: their bar of H0 has length 0, and the other bars their gradients."""
    X = torch.cat([cloud(12).detach(), cloud(12).detach()[:3]]).requires_grad_()
    loss = rips_loss(X, 0, metric=metric) + rips_loss(X, 1, metric=metric)
    loss.backward()
    assert loss > 0 and torch.isfinite(X.grad).all() and X.grad.abs().sum() > 0
    alone = cloud(12)
    (rips_loss(alone, 0, metric=metric) + rips_loss(alone, 1, metric=metric)).backward()
    together = X.grad[:12].clone()
    together[:3] += X.grad[12:]
    torch.testing.assert_close(together, alone.grad, msg="what a point gets, its copies share")


@pytest.mark.parametrize("dim", [0, 1])
def test_at_ties_the_gradient_is_that_of_one_of_the_equal_edges(dim):
    """On a regular polygon all edges tie: any one may be chosen, and a step against the gradient shrinks the loss."""
    angle = 2 * torch.pi * torch.arange(12, dtype=torch.float64) / 12
    X = torch.stack([angle.cos(), angle.sin()], 1).requires_grad_()
    loss = rips_loss(X, dim)
    loss.backward()
    assert torch.isfinite(X.grad).all() and X.grad.abs().sum() > 0
    with torch.no_grad():
        assert rips_loss(X - 1e-3 * X.grad, dim) < loss

    for seed in range(5):  # beside the tie, where nothing ties, it is the gradient
        aside = X.detach() + 1e-3 * torch.tensor(np.random.default_rng(seed).normal(size=(12, 2)))
        assert torch.autograd.gradcheck(lambda Y: rips_loss(Y, dim), (aside.requires_grad_(),), eps=1e-6, atol=1e-5)


@pytest.mark.parametrize("metric", ["euclidean", "cosine", "cityblock", "chebyshev"])
def test_values_are_those_of_rips(metric):
    X = cloud(40, 4)
    expected = ts.rips(X.detach(), 1, metric=metric).dgms
    for a, b in zip(rips_diagrams(X, 1, metric=metric), expected, strict=True):
        assert a.dtype == torch.float64
        np.testing.assert_allclose(a.detach().numpy(), b, rtol=1e-6, atol=1e-6)


def test_training_opens_a_loop():
    """Adam on the negative length of the longest bar turns a blob into a ring."""
    torch.manual_seed(0)
    X = (0.3 * torch.randn(40, 2, dtype=torch.float64)).requires_grad_()
    start = rips_loss(X, 1, bars=1).item()
    optimiser = torch.optim.Adam([X], lr=0.02)
    for _ in range(120):
        optimiser.zero_grad()
        loss = -rips_loss(X, 1, bars=1) + 0.5 * torch.relu(torch.linalg.vector_norm(X, dim=1) - 1).sum()
        loss.backward()
        optimiser.step()
    assert rips_loss(X, 1, bars=1).item() > max(0.8, 2 * start)


def test_training_closes_a_loop():
    angle = torch.linspace(0, 2 * torch.pi, 31, dtype=torch.float64)[:-1]
    X = torch.stack([angle.cos(), angle.sin()], 1).requires_grad_()
    optimiser = torch.optim.SGD([X], lr=0.05)
    start = rips_loss(X, 1).item()
    for _ in range(60):
        optimiser.zero_grad()
        rips_loss(X, 1).backward()
        optimiser.step()
    assert rips_loss(X, 1).item() < start / 3


def test_no_bars_no_gradient_but_a_graph():
    X = torch.eye(3, requires_grad=True)
    loss = rips_loss(X, 1)
    loss.backward()
    assert loss.item() == 0 and (X.grad == 0).all()


def test_the_longest_can_be_kept():
    X = cloud(30, 2)
    lengths = np.ptp(ts.rips(X.detach()).dgms[1], axis=1)
    assert rips_loss(X, 1, skip=1).item() == pytest.approx(lengths[1:].sum(), rel=1e-5)
    assert rips_loss(X, 1, skip=1, bars=2).item() == pytest.approx(lengths[1:3].sum(), rel=1e-5)


def test_bad_input_gets_one_sentence():
    with pytest.raises(TypeError, match="float"):
        rips_loss(torch.ones(3, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="no gradient"):
        rips_loss(cloud(), metric="mahalanobis")
    with pytest.raises(ValueError, match="negative"):
        rips_loss(cloud(), -1)


def test_importing_toposcope_imports_no_torch():
    code = "import sys, toposcope, toposcope.study; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
