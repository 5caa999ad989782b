"""Monitor: diagrams during training, in the background, without a trace on the training."""

from __future__ import annotations

import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402

import toposcope as ts  # noqa: E402


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 16), nn.Dropout(0.2), nn.ReLU(), nn.Linear(16, 2))


@pytest.fixture
def probe():
    return torch.randn(60, 2, generator=torch.Generator().manual_seed(1))


def train(net, steps, monitor=None):
    generator = torch.Generator().manual_seed(2)
    torch.manual_seed(3)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(steps):
        x = torch.randn(32, 2, generator=generator)
        loss = nn.functional.cross_entropy(net(x), (x[:, 0] > 0).long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if monitor:
            monitor.step()
    return losses


def test_diagrams_are_those_of_the_layer_on_the_probe(net, probe):
    with ts.Monitor(net, ["0", "2"], probe, every=5, wait=True) as monitor:
        train(net, 11, monitor)
    assert [record.step for record in monitor.records] == [0, 5, 10] and monitor.skipped == 0
    record = monitor.records[-1]
    X = net.eval()[0](probe).detach().numpy()
    scale = np.median(ts.distances(X)[np.triu_indices(60, 1)])
    assert record.scales["0"] == pytest.approx(scale, rel=1e-5)
    for found, expected in zip(record.dgms["0"], ts.rips(X).dgms, strict=True):
        np.testing.assert_allclose(found, expected / scale, rtol=1e-4)
    finite = record.dgms["0"][1]
    assert record.summaries["0/H1/total"] == pytest.approx((finite[:, 1] - finite[:, 0]).sum())


def test_training_is_the_same_with_and_without(net, probe):
    import copy

    other = copy.deepcopy(net)
    with ts.Monitor(other, "2", probe, every=3) as monitor:
        watched = train(other, 20, monitor)
    assert watched == train(net, 20)
    assert net.training and other.training and not other[2]._forward_hooks
    assert monitor.records


def test_training_does_not_wait(net, probe):
    release, entered = threading.Event(), threading.Event()

    def callback(record):
        entered.set()
        assert release.wait(30)

    monitor = ts.Monitor(net, "2", probe, every=1, callback=callback)
    monitor.step()
    assert entered.wait(30)
    for _ in range(4):
        monitor.step()
    assert monitor.skipped == 4 and len(monitor.seconds_in_step) == 1
    release.set()
    monitor.close()
    monitor.close()
    assert [record.step for record in monitor.records] == [0]
    with pytest.raises(RuntimeError, match="The monitor is closed"):
        monitor.step()


def test_a_failure_in_the_background_is_raised(net, probe):
    def callback(record):
        raise OSError("disk full")

    monitor = ts.Monitor(net, "2", probe, every=1, callback=callback, wait=True)
    monitor.step()
    with pytest.raises(RuntimeError, match="background thread: disk full") as caught:
        monitor.close()
    assert isinstance(caught.value.__cause__, OSError)


def test_what_is_wrong_is_said(net, probe):
    with pytest.raises(ValueError, match="every=0"):
        ts.Monitor(net, "2", probe, every=0)
    with pytest.raises(TypeError, match="give a DataLoader"):
        ts.Monitor(net, "2", probe=7)
    with pytest.raises(ValueError, match="No layer matches 'relu'"), ts.Monitor(net, "relu", probe) as monitor:
        monitor.step()


def test_summary_writer(net, probe, tmp_path):
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(tmp_path) as writer, ts.Monitor(net, "2", probe, every=2, writer=writer, wait=True) as monitor:
        train(net, 5, monitor)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    totals = events.Scalars("toposcope/2/H1/total")
    assert [event.step for event in totals] == [0, 2, 4]
    assert totals[-1].value == pytest.approx(monitor.records[-1].summaries["2/H1/total"], rel=1e-6)
