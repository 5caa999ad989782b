"""Capture and collect on small modules: what comes out is what the layers gave, for the samples that it says."""

from __future__ import annotations

import functools
import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, IterableDataset, Subset, TensorDataset  # noqa: E402
from torch.utils.dlpack import to_dlpack  # noqa: E402

import toposcope as ts  # noqa: E402
from toposcope import _core  # noqa: E402
from toposcope.activations.rows import Budget, Rows  # noqa: E402


class Images(nn.Module):
    """Two stages of convolutions, a pool, a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(inplace=True)) for _ in range(2)
        )
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
        return self.head(self.drop(x.mean((2, 3))))


class Tokens(nn.Module):
    """A transformer over tokens that come with an attention mask."""

    def __init__(self, blocks: int = 2) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, dropout=0.1) for _ in range(blocks)
        )

    def forward(self, input_ids, attention_mask=None):
        x = self.embed(input_ids)
        for block in self.blocks:
            x = block(x, src_key_padding_mask=None if attention_mask is None else attention_mask == 0)
        return {"loss": x.sum(), "hidden": x}


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def images():
    return Images()


@pytest.fixture
def data():
    return TensorDataset(torch.randn(60, 1, 5, 5), torch.arange(60) % 3)


def outputs(model, module, *args, **kwargs):
    """What a module gives in evaluation mode, by a hook of our own that copies."""
    found = []
    handle = module.register_forward_hook(lambda m, a, o: found.append((o[0] if isinstance(o, tuple) else o).clone()))
    model.eval()
    with torch.no_grad():
        model(*args, **kwargs)
    handle.remove()
    return found[0]


# -- what is recorded ---------------------------------------------------------------------------------------------


def test_the_readme_lines(images, data):
    with ts.capture(images, layers="stages.*", reduce="mean", max_samples=30, seed=0) as cap:
        for x, y in DataLoader(data, batch_size=16):
            cap.label(y)
            images(x)
    acts = cap.activations
    assert list(acts) == ["stages.0", "stages.1"] and acts["stages.0"].shape == (30, 4)
    assert acts["stages.0"].dtype == np.float32
    assert (acts.labels == acts.ids % 3).all()
    expected = outputs(images, images.stages[1], data.tensors[0]).mean((2, 3)).numpy()
    np.testing.assert_allclose(acts["stages.1"], expected[acts.ids], atol=1e-6)


def test_outputs_are_copied_before_an_inplace_module_overwrites_them(images, data):
    x = data.tensors[0]
    acts = ts.collect(images, x, layers="stages.0.1", reduce="flatten")
    expected = images.eval().stages[0][1](images.stages[0][0](images.stem(x))).detach().flatten(1).numpy()
    assert (expected < 0).any()
    np.testing.assert_allclose(acts["stages.0.1"], expected, atol=1e-6)


def test_two_dimensional_outputs_are_copied_too():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True))
    x = torch.randn(10, 3)
    acts = ts.collect(net, x, layers=["0", "1"])
    np.testing.assert_array_equal(acts["0"], net[0](x).detach().numpy())
    assert (acts["0"] < 0).any() and (acts["1"] >= 0).all()


def test_inputs_are_taken_before_the_module_overwrites_them():
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(inplace=True))
    x = torch.randn(10, 3)
    acts = ts.collect(net, x, layers="1", what="input")
    np.testing.assert_array_equal(acts["1"], net[0](x).detach().numpy())


def test_named_inputs():
    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = nn.Identity()

        def forward(self, x):
            return self.part(input=x)

    x = torch.randn(4, 3)
    np.testing.assert_array_equal(ts.collect(Named(), x, layers="part", what="input")["part"], x.numpy())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_become_single(dtype):
    net = nn.Sequential(nn.Linear(3, 4)).to(dtype)
    acts = ts.collect(net, torch.randn(6, 3, dtype=dtype), layers="0")
    assert acts["0"].dtype == np.float32 and np.isfinite(acts["0"]).all()


def test_means_and_norms_of_half_precision_do_not_overflow():
    class Large(nn.Module):
        def forward(self, x):
            return x

    net = nn.Sequential(Large())
    x = torch.full((2, 300, 4), 6e4, dtype=torch.float16)
    x[:, 7] = 6.5e4
    np.testing.assert_array_equal(ts.collect(net, x, layers="0", reduce="top-norm")["0"], np.float32(x[0, 7, 0]))
    assert np.isfinite(ts.collect(net, x, layers="0", reduce="mean")["0"]).all()
    tokens = torch.rand(3, 50, 4).half()
    means = ts.collect(net, tokens, layers="0", reduce="mean")["0"]
    np.testing.assert_allclose(means, tokens.float().mean(1).numpy(), rtol=1e-6)  # means are in single precision


def test_channels_last_memory_and_gradients(images, data):
    x = data.tensors[0].to(memory_format=torch.channels_last).requires_grad_()
    a = ts.collect(images.to(memory_format=torch.channels_last), [x], layers="stem", reduce="mean")
    b = outputs(images, images.stem, data.tensors[0]).mean((2, 3)).numpy()
    np.testing.assert_allclose(a["stem"], b, atol=1e-6)


# -- reductions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [1, 2, 7, 16, 20])
@pytest.mark.parametrize("kept", [None, 3, 30])
def test_means_over_positions_are_right_to_the_last_digits(side, kept):
    """As near to the exact means as PyTorch's own, whatever way they are taken, and in memory of their own."""
    net = nn.Sequential(nn.Identity(), nn.Hardtanh(-1, 1, inplace=True))
    x = torch.randn(40, 5, side, side) + 3
    assert (x.amax((1, 2, 3)) > 1).all()  # of every sample something is overwritten
    exact = x.double().mean((2, 3)).numpy()
    acts = ts.collect(net, [x[:25].clone(), x[25:].clone()], "0", "mean", max_samples=kept)
    assert np.abs(acts["0"] - exact[acts.ids]).max() < 8 * np.finfo(np.float32).eps
    assert np.abs(acts["0"] - exact[acts.ids]).max() <= 4 * np.abs(x.mean((2, 3)).numpy() - exact).max() + 3e-7


def test_means_of_passes_of_different_sizes():
    """As exact as single precision nearly is; also in half precision, where sums overflow."""
    net = nn.Sequential(nn.Identity())
    batches = [torch.rand(n, 3, side, side) + 300 for n, side in [(4, 5), (2, 16), (0, 5), (3, 5), (1, 1)]]
    means = torch.cat([x.double().mean((2, 3)) for x in batches]).numpy()
    np.testing.assert_allclose(ts.collect(net, batches, "0", "mean")["0"], means, rtol=2e-7)
    np.testing.assert_allclose(ts.collect(net, iter(batches), "0", "mean")["0"], means, rtol=2e-7)
    np.testing.assert_allclose(ts.collect(net, batches, "0", "mean", dtype="float16")["0"], means, rtol=2**-11)
    texts = [torch.rand(n, tokens, 3) for n, tokens in [(4, 5), (2, 9)]]
    np.testing.assert_array_equal(
        ts.collect(net, texts, "0", "mean")["0"], torch.cat([x.mean(1) for x in texts]).numpy()
    )


@pytest.mark.parametrize(
    "shape", [(3, 5, 7, 9), (4, 8, 2, 2), (2, 3, 1, 131), (5, 7, 3, 2, 2), (2, 6, 40, 41), (1, 1, 1, 3)]
)
@pytest.mark.parametrize(
    "view",
    [
        lambda x: x,
        lambda x: x.contiguous(memory_format=torch.channels_last if x.dim() == 4 else torch.channels_last_3d),
        lambda x: x.transpose(2, 3),
        lambda x: x[:, 1:] if x.shape[1] > 1 else x,
        lambda x: x[:, :1].expand_as(x),
        torch._neg_view,
        lambda x: x.double(),
        lambda x: x.bfloat16(),
        lambda x: x.clone().requires_grad_() * 1,
    ],
    ids=["contiguous", "channels last", "transposed", "part", "expanded", "negated", "double", "bfloat16", "grad"],
)
def test_means_of_whatever_lies_in_memory(shape, view):
    """Two passes: the second is written to the rows at once where that can be; both are overwritten afterwards."""

    class Views(nn.Module):
        def forward(self, x):
            return view(x)

    class Overwrites(nn.Module):
        def forward(self, x):
            return x.data.fill_(7)

    x = torch.randn(2, *shape) + 1
    expected = torch.cat([view(part).detach().double().mean(tuple(range(2, part.dim()))) for part in x])
    net = nn.Sequential(nn.Identity(), Views(), Overwrites() if view(x[0]).is_contiguous() else nn.Identity())
    acts = ts.collect(net, [x[0].clone(), x[1].clone()], "1", "mean")
    assert acts["1"].dtype == np.float32
    np.testing.assert_allclose(acts["1"], expected.numpy(), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_means_of_a_sample_are_the_same_bits_in_every_batch(channels):
    net, x = nn.Sequential(nn.Identity()), torch.randn(30, channels, 3, 7)
    acts = ts.collect(net, x, "0", "mean")
    for batch_size in (1, 7):
        np.testing.assert_array_equal(ts.collect(net, x, "0", "mean", batch_size=batch_size)["0"], acts["0"])
    some = ts.collect(net, x, "0", "mean", max_samples=11, batch_size=4)
    np.testing.assert_array_equal(some["0"], acts["0"][some.ids])


@pytest.mark.parametrize("side", [1, 2, 5, 12])
def test_means_of_infinite_values_and_of_what_is_no_number(side):
    x = torch.randn(6, 7, side, side)
    x[0, 0, 0, 0], x[1, 2, -1, -1], x[2, 6, 0, 0] = torch.inf, -torch.inf, torch.nan
    x[3, 3, 0, 0], x[3, 3, -1, -1] = torch.inf, -torch.inf
    expected = x.double().mean((2, 3)).float().numpy()
    np.testing.assert_allclose(ts.collect(nn.Identity(), [x], nn.Identity, "mean")[""], expected, rtol=1e-6, atol=1e-7)


def test_a_pass_that_fails_leaves_no_means_among_the_rows(images):
    """The rows of a pass are written while it runs, and count only if it ends well."""

    class Fails(nn.Module):
        failing = False

        def forward(self, x):
            if self.failing:
                raise OSError
            return x

    net = nn.Sequential(nn.Identity(), Fails())
    x = torch.randn(3, 4, 5, 2, 2)
    with ts.capture(net, "0", "mean") as cap:
        cap.expect(3)
        net(x[0])
        net[1].failing = True
        with pytest.raises(OSError):
            net(x[1])
        net[1].failing = False
        net(x[2])
    np.testing.assert_allclose(cap.activations["0"], x[[0, 2]].flatten(0, 1).mean((2, 3)), rtol=1e-6, atol=1e-7)


@pytest.fixture(params=["by functions in C", "by capsules"])
def reading(request):
    """Both ways in which tensors are read: older releases of PyTorch have the second only."""
    exchange = getattr(torch.Tensor, "__dlpack_c_exchange_api__", None)
    _core.read_tensors(torch.Tensor, exchange if request.param == "by functions in C" else None, to_dlpack)
    yield
    _core.read_tensors(torch.Tensor, exchange, to_dlpack)


def test_points_of_the_extension(reading):
    """None for what is not in single precision, in order, in memory."""

    def points(x, samples=None, token=None, shape=None):
        return _core.points(x, x.shape if shape is None else shape, token, samples)

    x = torch.randn(3, 5, 7)
    means = points(x)
    np.testing.assert_allclose(means, x.mean(2).numpy(), rtol=1e-6, atol=1e-7)
    odd = [x.double(), x.int(), x[:, :, ::2], x.transpose(0, 1), x[0], x.bfloat16(), torch.empty(0, 5, 7)]
    odd += [torch._neg_view(x), x.to("meta"), x.to_sparse(), torch.complex(x, x).conj(), nn.Parameter(x)]
    for value in odd:
        assert points(value) is None
    for value in (1, None, x.numpy(), to_dlpack(x)):
        assert points(value, shape=(3, 5, 7)) is None
    for shape in ((3, 5), (3, 5, 8), (4, 5, 7), (3, 5, 7, 1), (), (2**40, 5, 7)):
        assert points(x, shape=shape) is None
    some = np.array([2, 0, 0, 1])
    np.testing.assert_array_equal(points(x, samples=some), means[some])
    assert points(x, samples=some[:0]).shape == (0, 5)
    for token in range(5):
        np.testing.assert_array_equal(points(x, token=token), x[:, token])
        np.testing.assert_array_equal(points(x, token=token, samples=some), x[some, token])
    assert points(x, token=-1) is None and points(x, token=5) is None
    good = (x, x.shape, None, None)
    for place, bad in ((1, [3, 5, 7]), (1, (3, 5, "7")), (2, "0"), (2, 2**70), (3, some[::2])):
        with pytest.raises((TypeError, ValueError, OverflowError)):
            _core.points(*good[:place], bad, *good[place + 1 :])
    with pytest.raises(TypeError):
        _core.points(*good[:3])
    for bad in (some.astype(np.int32), some[:, None], [0]):
        with pytest.raises(TypeError, match="samples must be"):
            points(x, samples=bad)
    for bad in (-1, 3):
        with pytest.raises(IndexError, match=f"sample {bad} is none of 3"):
            points(x, samples=np.array([0, bad]))


def test_hooks_of_the_extension(reading):
    """Into an array where it has the rows, else into a new one; all that is not like the pass before goes to Python."""
    others, x, room = [], torch.randn(3, 5, 7), np.zeros((6, 5), np.float32)
    current = _core.Pass()

    def otherwise(module, args, value):
        others.append(value)
        return (x.shape, None)

    hook = _core.Hook(current, "a", otherwise)

    def staged(value, samples=3, rows=None, first=2, room=room, called=None):
        calls, found = {"a": called} if called else {}, {}
        others.clear()
        current.begin(samples, rows, first, calls, found, {"a": room})
        assert hook(None, (), value) is None
        current.end()
        assert len(others) == (not found) and calls == ({"a": 1} if found else {"a": called} if called else {})
        return found.get("a")

    assert staged(x) is None  # the first
    assert staged(x) is room and not room[:2].any() and not room[5:].any()
    np.testing.assert_allclose(room[2:5], x.mean(2), rtol=1e-6, atol=1e-7)
    means = room[2:5].copy()
    room[:] = 0
    rooms = [None, room[:, :4], room[:, ::-1], room.astype(np.float64), np.asfortranarray(room), room[0], [1.0]]
    for other, first in [*((other, 0) for other in rooms), (room, -1), (room, 4), (room, 2**62)]:
        found = staged(x, room=other, first=first)
        assert found is not other and not room.any()
        np.testing.assert_array_equal(found, means)
    assert staged(x, rows=np.array([2, 0])) is room
    np.testing.assert_array_equal(room[2:4], means[[2, 0]])
    assert staged(x, called=1) is None and staged(x, samples=4) is None and staged(x[:2], samples=2) is None
    assert staged(x.double()) is None and staged((x,)) is None and staged(nn.Parameter(x)) is None
    assert staged(x) is room
    calls = {}
    current.begin(3, None, 2, calls, {}, {})
    thread = threading.Thread(target=hook, args=(None, (), x))
    thread.start()
    thread.join()
    assert len(others) == 1 and not calls
    current.end()
    hook(None, (), x)
    assert len(others) == 2

    def fails(module, args, value):
        raise OSError

    with pytest.raises(OSError):
        _core.Hook(current, "a", fails)(None, (), x)
    for bad in ((), (None, "a", fails), (current, 1, fails), (current, "a")):
        with pytest.raises(TypeError):
            _core.Hook(*bad)
    for bad in ((), ("3", None, 0, {}, {}, {}), (3, None, 0, [], {}, {}), (3, None, 0, {}, {}, None)):
        with pytest.raises(TypeError):
            current.begin(*bad)


def test_hooks_of_the_extension_hold_nothing_for_ever():
    class Held:
        pass

    held = Held()
    gone = weakref.ref(held)
    current = _core.Pass()
    current.begin(1, None, 0, {}, {"held": held}, {})
    loop = [current, held]
    loop.append(_core.Hook(current, "a", functools.partial(print, loop)))
    loop[1].loop = loop
    del held, current, loop
    gc.collect()
    assert gone() is None


def test_passes_that_are_not_like_the_ones_before(reading):
    """Of other sizes, types, precisions and memory, with calls that fail, are repeated, or come from another thread."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.change = nn.Identity(), nn.Identity(), lambda x: x

        def forward(self, x):
            return self.b(self.a(self.change(x)) * 2)

    class Special(torch.Tensor):
        pass

    def fail(error):
        def change(x):
            net.a(x)
            raise error

        return change

    net, seen = Net(), []
    changes = [
        lambda x: x.double(),
        lambda x: x.bfloat16(),
        lambda x: x.as_subclass(Special),
        torch._neg_view,
        lambda x: x.transpose(2, 3),
        lambda x: x.clone(memory_format=torch.channels_last),
        lambda x: nn.Parameter(x),
        lambda x: x.repeat(1, 1, 2, 1),
    ]
    for kept in (None, 13):
        seen.clear()
        with ts.capture(net, ["a", "b"], "mean", max_samples=kept) as cap:
            cap.expect(24)
            for number in range(24):
                x = torch.randn(4 if number % 7 else 3, 5, 3, 3)
                net.change = changes[number // 2 % len(changes)] if number % 2 else lambda x: x
                if number % 5 == 3:
                    change, net.change = net.change, fail((OSError, KeyboardInterrupt)[number % 2])
                    with pytest.raises((OSError, KeyboardInterrupt)):
                        net(x + 9)
                    net.change = change
                thread = threading.Thread(target=net, args=(x,))
                thread.start()
                thread.join()
                net(x)
                seen.append(net.change(x).float().mean((2, 3)).detach())
        expected, acts = torch.cat(seen), cap.activations
        assert acts.n == (kept or len(expected))
        for layer, factor in (("a", 1), ("b", 2)):
            np.testing.assert_allclose(acts[layer], factor * expected[acts.ids], rtol=1e-2, atol=1e-2)


def test_rows_that_came_at_once_are_the_array_and_others_join_them():
    """The first rows are not copied; what comes later, in any slots and in files, is where it belongs."""
    first, later = np.arange(8, dtype=np.float32).reshape(4, 2), np.full((3, 2), 9, np.float32)
    whole = Rows(2, "float32", Budget(None, None))
    whole.put(slice(0, 4), first)
    assert np.shares_memory(whole.ordered(None), first)
    for limit in (None, 40, 1):
        budget = Budget(limit, None)
        rows = Rows(2, "float32", budget)
        rows.put(slice(0, 4), first.copy())
        rows.put(slice(4, 7), later)
        rows.put(np.array([1, 5]), np.zeros((2, 2), np.float32))
        expected = np.concatenate([first, later])
        expected[[1, 5]] = 0
        np.testing.assert_array_equal(rows.ordered(np.array([6, 5, 1, 0])), expected[[6, 5, 1, 0]])
        assert budget.spilled == (limit is not None)
        assert budget.taken <= (limit or 32 + 56)


@pytest.mark.parametrize("reduce", ["cls", "mean", "max", "last", "top-norm", "tokens"])
@pytest.mark.parametrize("kept", [None, 5])
def test_masks_without_padding_change_nothing(reduce, kept):
    model, x = Tokens(), torch.randint(20, (8, 5))
    padded = {"input_ids": x, "attention_mask": torch.ones(8, 5)}
    padded["attention_mask"][3:, 4] = 0
    full = padded | {"attention_mask": torch.ones(8, 5)}
    seen = ts.collect(model, [padded, full], "embed", reduce, ids=lambda batch: np.arange(8), max_samples=kept)
    alone = ts.collect(model, [padded], "embed", reduce, ids=lambda batch: np.arange(8), max_samples=kept)
    if reduce != "tokens":  # the same samples again; of tokens, more
        np.testing.assert_array_equal(seen["embed"], alone["embed"])
    whole = ts.collect(model, [full], "embed", reduce, max_samples=kept)
    unmasked = ts.collect(model, [full], "embed", reduce, max_samples=kept, mask=False)
    np.testing.assert_array_equal(whole["embed"], unmasked["embed"])


@pytest.mark.parametrize("reduce", ["cls", "last", "max", "top-norm", "tokens", "flatten"])
def test_points_of_half_precision_keep_their_values(reduce):
    x = torch.randn(6, 4, 3).bfloat16()
    net = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))  # overwrites what the first gave
    half = ts.collect(net, x.clone(), "0", reduce)["0"]
    np.testing.assert_array_equal(half, ts.collect(net, x.float(), "0", reduce)["0"])


def test_a_choice_is_required_for_three_and_four_dimensions(images, data):
    with pytest.raises(
        ValueError, match=r"'stem' cannot be captured: its output is \(60, 4, 5, 5\).*'mean'.*'positions'"
    ):
        ts.collect(images, data, layers="stem")
    with pytest.raises(ValueError, match=r"\(2, 5, 8\).*'cls'.*'tokens'.*'flatten'"):
        ts.collect(Tokens(), torch.randint(20, (2, 5)), layers="blocks.0")
    with pytest.raises(ValueError, match="reduce='cls' is for tokens"):
        ts.collect(images, data, layers="stem", reduce="cls")
    with pytest.raises(ValueError, match="reduce='avg' is unknown: 'cls'"):
        ts.collect(images, data, layers="stem", reduce="avg")


@pytest.mark.parametrize("reduce", ["mean", "max", "top-norm", "flatten", "positions"])
def test_reductions_of_images(images, data, reduce):
    out = outputs(images, images.stem, data.tensors[0]).numpy()
    cells = out.reshape(60, 4, 25).transpose(0, 2, 1)
    expected = {
        "mean": cells.mean(1),
        "max": cells.max(1),
        "top-norm": cells[np.arange(60), np.linalg.norm(cells, axis=2).argmax(1)],
        "flatten": out.reshape(60, -1),
        "positions": cells.reshape(-1, 4),
    }[reduce]
    acts = ts.collect(images, data, layers="stem", reduce=reduce, batch_size=16)
    np.testing.assert_allclose(acts["stem"], expected, atol=1e-6)
    if reduce == "positions":
        np.testing.assert_array_equal(acts.ids, np.repeat(np.arange(60), 25))
        np.testing.assert_array_equal(acts.positions, np.tile(np.arange(25), 60))


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("reduce", ["cls", "mean", "max", "last", "top-norm", "tokens", "patches", "positions"])
def test_reductions_of_tokens_leave_padding_out(reduce, left):
    model = Tokens()
    lengths = np.array([5, 2, 3, 1])
    mask = np.arange(5) < lengths[:, None]
    mask = mask[:, ::-1].copy() if left else mask
    batch = {"input_ids": torch.randint(20, (4, 5)), "attention_mask": torch.from_numpy(mask).long()}
    out = outputs(model, model.embed, **batch).numpy()
    kept = [out[i][mask[i]] for i in range(4)]
    of_one = {
        "cls": lambda t: t[0],
        "mean": lambda t: t.mean(0),
        "max": lambda t: t.max(0),
        "last": lambda t: t[-1],
        "top-norm": lambda t: t[np.linalg.norm(t, axis=1).argmax()],
    }
    if reduce in of_one:
        expected = np.stack([of_one[reduce](tokens) for tokens in kept])
    elif reduce == "patches":
        expected = np.concatenate([out[i][1:][mask[i][1:]] for i in range(4)])
    else:
        expected = np.concatenate(kept)
    acts = ts.collect(model, [batch], layers=["embed", "blocks.*"], reduce=reduce)
    np.testing.assert_allclose(acts["embed"], expected, atol=1e-6)
    assert len(acts["blocks.1"]) == len(expected)


def test_the_mask_can_be_given_or_left_out():
    model = Tokens()
    x, mask = torch.randint(20, (3, 4)), torch.tensor([[1, 1, 0, 0]] * 3)
    with ts.capture(model, "embed", "mean") as cap:
        cap.mask(mask)
        model(x)
    with_mask = model.embed(x)[:, :2].mean(1).detach().numpy()
    np.testing.assert_allclose(cap.activations["embed"], with_mask, atol=1e-6)
    batch = {"input_ids": x, "attention_mask": mask}
    without = ts.collect(model, [batch], "embed", "mean", mask=False)["embed"]
    np.testing.assert_allclose(without, model.embed(x).mean(1).detach().numpy(), atol=1e-6)
    with (
        pytest.raises(ValueError, match=r"attention mask is \(3, 2\).*\(3, 4, 8\)"),
        ts.capture(model, "embed", "mean") as cap,
    ):
        cap.mask(mask[:, :2])
        model(x)
    with pytest.raises(ValueError, match="no token of sample 1"), ts.capture(model, "embed", "mean") as cap:
        cap.mask([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1]])
        model(x)


@pytest.mark.parametrize(
    "mask, error, message",
    [
        ("junk", TypeError, "mask is a str that makes no tensor"),
        ([[1, 0], [1]], TypeError, "mask is a list that makes no tensor"),
        ([1, 0, 1], ValueError, r"mask has the shape \(3,\): give one of \(samples, tokens\)"),
        ([[0.0, -torch.inf]] * 3, ValueError, "mask has the value -inf: .*mask == 0"),
        ([[1.0, torch.nan]] * 3, ValueError, "mask has the value nan"),
    ],
)
def test_masks_that_are_none(mask, error, message):
    """Least of all an additive one, whose zeros are tokens, may be taken for its opposite."""
    with pytest.raises(error, match=message), ts.capture(Tokens(), "embed", "mean") as cap:
        cap.mask(mask)


def test_a_mask_of_the_model_that_is_none():
    x, additive = torch.randint(20, (3, 2)), torch.tensor([[0.0, -torch.inf]] * 3)
    with pytest.raises(ValueError, match="attention_mask has the value -inf"):
        ts.collect(Tokens(), [{"input_ids": x, "attention_mask": additive}], "embed", "mean")
    with pytest.raises(TypeError, match=r"mask is a Tensor, not True or False: .* cap\.mask"):
        ts.capture(Tokens(), "embed", "mean", mask=additive)


def test_a_reduction_for_each_layer_and_functions(images, data):
    acts = ts.collect(
        images, data, layers=["stem", "stages.0"], reduce={"stem": "max", "stages.*": lambda t: t[:, :, 0, 0]}
    )
    expected = outputs(images, images.stages[0], data.tensors[0])[:, :, 0, 0].numpy()
    np.testing.assert_allclose(acts["stages.0"], expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"returned \(60, 4, 5\), not a tensor \(60, d\)"):
        ts.collect(images, data, layers="stem", reduce=lambda t: t[:, :, 0])


def test_a_reduction_for_a_layer_that_is_not_captured(images, data):
    with pytest.raises(ValueError, match=r"reduce= speaks of 'head', which is none of the captured layers: stem\."):
        ts.collect(images, data, "stem", {"stem": "mean", "head": "mean"})


def test_channels_of_one_dimensional_convolutions_come_first():
    net = nn.Sequential(nn.Conv1d(2, 6, 3), nn.Sequential(nn.ReLU(), nn.BatchNorm1d(6)), nn.ReLU())
    x = torch.randn(5, 2, 9)
    acts = ts.collect(net, x, layers="*", reduce="mean")
    assert [acts[layer].shape[1] for layer in acts] == [6, 6, 7]  # a bare ReLU cannot be known
    assert ts.collect(net, x, layers="2", reduce="mean", channels="first")["2"].shape[1] == 6
    images = torch.randn(2, 7, 7, 3)
    assert ts.collect(nn.Sequential(nn.LayerNorm(3)), images, "0", "mean", channels="last")["0"].shape[1] == 3


def test_images_whose_channels_seem_to_come_last():
    """As in Swin: a mean over a side and the channels would be no error, but nonsense."""

    class Last(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1)

    net = nn.Sequential(nn.Conv2d(1, 6, 2, stride=2), Last(), nn.LayerNorm(6), nn.GELU(), nn.Linear(6, 12))
    x = torch.randn(3, 1, 8, 8)
    for layer, shape in [("1", r"\(3, 4, 4, 6\)"), ("3", r"\(3, 4, 4, 6\)"), ("4", r"\(3, 4, 4, 12\)")]:
        for reduce in ("mean", "max", "top-norm", "positions"):
            with pytest.raises(ValueError, match=rf"'{layer}'.*{shape}.*channels='last', or 'first'"):
                ts.collect(net, x, layer, reduce)
    out = net[4:](net[:4](x)).detach()
    np.testing.assert_array_equal(ts.collect(net, x, "4", "mean", channels="last")["4"], out.mean((1, 2)).numpy())
    np.testing.assert_allclose(
        ts.collect(net, x, "4", "mean", channels="first")["4"], out.mean((2, 3)).numpy(), atol=1e-6
    )
    assert ts.collect(net, x, "0", "mean")["0"].shape == (3, 6)  # a convolution with the same number
    assert ts.collect(net, x, "4", "flatten")["4"].shape == (3, 192)


def test_another_batch_dimension():
    net = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16))
    x = torch.randn(7, 3, 8)
    with ts.capture(net, "0", "mean", batch_dim=1) as cap:
        cap.label(ids=[0, 1, 2])
        out = net(x)
    np.testing.assert_allclose(cap.activations["0"], out.mean(0).numpy(), atol=1e-5)


# -- choosing layers ----------------------------------------------------------------------------------------------


def test_names_globs_types_modules_and_predicates(images):
    def chosen(layers):
        return [layer.name for layer in ts.capture(images, layers, "mean").layers]

    assert chosen("stages.*") == ["stages.0", "stages.1"]
    assert chosen("stages.**") == [f"stages.{i}{j}" for i in range(2) for j in ("", ".0", ".1", ".2")]
    assert chosen("stages.[1-9]") == ["stages.1"]
    assert chosen(nn.Conv2d) == ["stem", "stages.0.0", "stages.1.0"]
    assert chosen(["head", "stem", "stem", images.stages[1]]) == ["stem", "stages.1", "head"]
    assert chosen(lambda name, module: name.endswith(".2")) == ["stages.0.2", "stages.1.2"]
    assert chosen([nn.Linear, "s?em"]) == ["stem", "head"]


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("stage.0", "No layer matches 'stage.0': the nearest names are stages.0"),
        ("blocks.*", "No layer matches 'blocks.*'.*stem, stages, drop, head"),
        (["stem", "haed"], "No layer matches 'haed'.*head"),
        (nn.Conv3d, "no module of type Conv3d: it has BatchNorm2d, Conv2d"),
        (nn.Linear(1, 1), "Linear is no part of the model"),
        (lambda name, module: False, "holds for no module"),
        ([], "layers is empty"),
        ("stem#x", "must end in the number of a call"),
    ],
)
def test_patterns_that_match_nothing(images, layers, message):
    with pytest.raises(ValueError, match=message):
        ts.capture(images, layers)
    with pytest.raises(TypeError, match="layers=3 names no layers"):
        ts.capture(images, 3)


def test_a_module_that_is_called_again():
    class Again(nn.Module):
        def __init__(self):
            super().__init__()
            self.step = nn.Linear(4, 4)
            self.alias = self.step

        def forward(self, x):
            return self.step(torch.relu(self.step(x)))

    net, x = Again(), torch.randn(5, 4)
    first = net.step(x)
    second = net.step(torch.relu(first)).detach().numpy()
    acts = ts.collect(net, x, layers="step")
    assert list(acts) == ["step", "step#1"]
    np.testing.assert_allclose(acts["step"], first.detach().numpy(), atol=1e-6)
    np.testing.assert_allclose(acts["step#1"], second, atol=1e-6)
    only = ts.collect(net, x, layers="step#1")
    assert list(only) == ["step#1"]
    np.testing.assert_array_equal(only["step#1"], acts["step#1"])
    assert list(ts.collect(net, x, layers="alias")) == ["alias", "alias#1"]
    with pytest.raises(RuntimeError, match="No forward pass made the call 'step#2'"):
        ts.collect(net, x, layers=["step", "step#2"][1:])


# -- outputs of every kind ----------------------------------------------------------------------------------------


def test_tuples_dicts_and_dataclasses():
    from dataclasses import dataclass

    @dataclass
    class Result:
        score: torch.Tensor
        states: tuple

    class Part(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.kind = kind

        def forward(self, x):
            scalar, states = x.sum(), (x, 2 * x)
            if self.kind == "tuple":
                return scalar, states
            if self.kind == "dict":
                return {"loss": scalar, "states": states}
            return Result(scalar, states)

    x = torch.randn(4, 3)
    for kind, path in (("tuple", (1, 1)), ("dict", ("states", 1)), ("dataclass", ("states", 1))):
        net = nn.Sequential(Part(kind))
        np.testing.assert_array_equal(ts.collect(net, x, layers="0")["0"], x.numpy())
        np.testing.assert_array_equal(ts.collect(net, x, layers="0", select=path)["0"], 2 * x.numpy())
    with pytest.raises(ValueError, match="select='hidden' leads nowhere in an output of type Result"):
        ts.collect(nn.Sequential(Part("dataclass")), x, layers="0", select="hidden")
    with pytest.raises(ValueError, match="leads nowhere in an output of type dict with keys loss, states"):
        ts.collect(nn.Sequential(Part("dict")), x, layers="0", select="hidden")


def test_recurrent_layers():
    net = nn.Sequential(nn.LSTM(3, 5, batch_first=True))
    x = torch.randn(4, 6, 3)
    acts = ts.collect(net, x, layers="0", reduce="last")
    np.testing.assert_allclose(acts["0"], net(x)[0][:, -1].detach().numpy(), atol=1e-6)
    packed = nn.utils.rnn.pack_padded_sequence(x, [6, 4, 3, 1], batch_first=True)
    with pytest.raises(ValueError, match="PackedSequence"), ts.capture(net, "0", "last") as cap:
        cap.label(ids=range(4))
        net(packed)


@pytest.mark.parametrize(
    ("convert", "message"),
    [(lambda x: x.to(torch.complex64), "complex"), (lambda x: torch.nested.nested_tensor([x[0], x[1]]), "nested")],
)
def test_outputs_that_are_no_points(convert, message):
    class Odd(nn.Module):
        def forward(self, x):
            return convert(x)

    with pytest.raises(ValueError, match=message):
        ts.collect(nn.Sequential(Odd()), torch.randn(2, 3), layers="0")


def test_outputs_without_tensors_and_without_values():
    class Wrapped(nn.Module):
        def forward(self, x):
            return iter([x])

    x = torch.randn(4, 3)
    with pytest.raises(ValueError, match="its output is list_iterator, in which there is no tensor .*give select="):
        ts.collect(nn.Sequential(Wrapped()), x, "0")
    assert ts.collect(nn.Sequential(Wrapped()), x, "0", select=next).n == 4
    with pytest.raises(ValueError, match="'0' is on the meta device, which has no values: load the model first"):
        ts.collect(nn.Sequential(nn.Linear(3, 2, device="meta")), x, "0")


def test_sparse_and_integer_outputs():
    class Sparse(nn.Module):
        def forward(self, x):
            return x.to_sparse()

    class Argmax(nn.Module):
        def forward(self, x):
            return x.to_dense().argmax(1)

    x = torch.randn(3, 4)
    acts = ts.collect(nn.Sequential(Sparse(), Argmax()), x, layers="*")
    np.testing.assert_array_equal(acts["0"], x.numpy())
    np.testing.assert_array_equal(acts["1"][:, 0], x.argmax(1).numpy())


def test_rows_that_are_not_samples_are_refused():
    class Windows(nn.Module):
        def forward(self, x):
            return x.reshape(-1, 2)

    with pytest.raises(ValueError, match=r"\(8, 2\) for a batch of 4 samples.*batch_dim="):
        ts.collect(nn.Sequential(Windows()), torch.randn(4, 4), layers="0")


# -- which samples ------------------------------------------------------------------------------------------------


def test_the_same_samples_in_every_layer_order_and_batch_size(images, data):
    other = Images()
    a = ts.collect(images, DataLoader(data, batch_size=7), ["stem", "head"], "mean", max_samples=20, seed=3)
    b = ts.collect(other, DataLoader(data, batch_size=32, shuffle=True), ["stem"], "mean", max_samples=20, seed=3)
    c = ts.collect(images, DataLoader(data, batch_size=7), ["head"], max_samples=20, seed=4)
    np.testing.assert_array_equal(a.ids, b.ids)
    assert len(set(a.ids.tolist())) == 20 and not np.array_equal(a.ids, c.ids)
    for layer, module in (("stem", images.stem), ("head", images.head)):
        out = outputs(images, module, data.tensors[0])
        expected = (out.mean((2, 3)) if out.dim() == 4 else out).numpy()[a.ids]
        np.testing.assert_allclose(a[layer], expected, atol=1e-6)


def test_samples_are_the_same_for_ids_that_are_given_and_that_are_counted():
    """Over many passes, whose rows are moved many at a time and replace each other."""
    net = nn.Sequential(nn.Linear(3, 700), nn.ReLU())
    x = torch.randn(9000, 3)
    counted = ts.collect(net, list(x.split(37)), "0", max_samples=200, seed=4)
    given = ts.collect(net, x, "0", max_samples=200, seed=4, batch_size=500)
    assert counted.ids.tolist() == given.ids.tolist() and counted.n == 200
    np.testing.assert_allclose(counted["0"], net[0](x[counted.ids]).detach().numpy(), atol=1e-6)
    whole = ts.collect(net, list(x[:3000].split(37)), "0")
    np.testing.assert_allclose(whole["0"], net[0](x[:3000]).detach().numpy(), atol=1e-6)


def test_samples_that_are_counted_in_batches_of_any_size():
    """Decided ahead, also where a pass is not accepted and another one comes in its place."""
    from toposcope.activations.reservoir import Reservoir

    rng = np.random.default_rng(0)
    for seed in range(40):
        capacity = int(rng.integers(1, 90))
        counted, given = Reservoir(capacity, seed), Reservoir(capacity, seed)
        slots = np.full(capacity, -1)
        for size in rng.integers(0, rng.choice([4, 50, 1500]), 30).tolist():
            counted.offer_following(int(rng.integers(0, 100)))
            offer, same = counted.offer_following(size), given.offer(given.next_ids(size))
            assert list(offer.rows) == list(same.rows)
            slots[offer.slots] = np.array(offer.rows) + counted.seen
            counted.accept(offer, size)
            given.accept(same, size)
            assert counted.held == given.held
            assert counted.ids.tolist() == slots[: counted.held].tolist()
            assert sorted(counted.ids) == sorted(given.ids)


def test_every_sample_is_as_likely():
    """Each of 20 samples is in a choice of 5 for a quarter of the seeds: chi-square over 2000 seeds."""
    from toposcope.activations.reservoir import Reservoir

    counts = np.zeros(20)
    for seed in range(2000):
        reservoir = Reservoir(5, seed)
        for batch in np.arange(20).reshape(5, 4):
            reservoir.accept(reservoir.offer(batch))
        assert len(reservoir.ids) == 5
        counts[reservoir.ids] += 1
    assert ((counts - 500) ** 2 / (500 * 0.75)).sum() < 45  # 20 cells, 0.999 quantile of chi-square with 19 degrees


@pytest.mark.parametrize("workers", [0, 2])
def test_ids_come_from_the_data_set(workers):
    data = TensorDataset(torch.arange(50.0).reshape(-1, 1), torch.arange(50) % 7)
    subset = Subset(Subset(data, range(10, 50)), range(0, 40, 2))
    loader = DataLoader(subset, batch_size=6, shuffle=True, num_workers=workers)
    acts = ts.collect(nn.Sequential(nn.Identity()), loader, layers="0")
    np.testing.assert_array_equal(acts.ids, np.arange(10, 50, 2))
    np.testing.assert_array_equal(acts["0"][:, 0], acts.ids)
    np.testing.assert_array_equal(acts.labels, acts.ids % 7)


def test_samples_seen_again_are_not_taken_again(images, data):
    loader = DataLoader(data, batch_size=16, shuffle=True)
    once = ts.collect(images, loader, "head", max_samples=25)
    with ts.capture(images, "head", max_samples=25) as cap:
        for _ in range(3):
            for x, y, i in DataLoader(TensorDataset(*data.tensors, torch.arange(60)), batch_size=16, shuffle=True):
                cap.label(y, ids=i)
                images(x)
    np.testing.assert_array_equal(cap.activations.ids, once.ids)
    np.testing.assert_allclose(cap.activations["head"], once["head"], atol=1e-6)
    assert cap.activations.meta["repeats_left_out"] > 0


def test_names_as_ids_and_classes(images, data):
    names = [f"img-{i:02}" for i in range(60)]
    with ts.capture(images, "head", max_samples=10, classes=[0, 2]) as cap:
        for start in range(0, 60, 16):
            part = slice(start, start + 16)
            cap.label(data.tensors[1][part], ids=names[part])
            images(data.tensors[0][part])
    acts = cap.activations
    assert set(acts.labels.tolist()) <= {0, 2} and acts.n == 10
    numbers = np.array([int(name[4:]) for name in acts.ids])
    np.testing.assert_array_equal(acts.labels, numbers % 3)
    np.testing.assert_allclose(acts["head"], outputs(images, images.head, data.tensors[0]).numpy()[numbers], atol=1e-6)
    few = acts.of_class(2)
    assert few.n and (few.labels == 2).all()
    with pytest.raises(ValueError, match="No sample has the label 1: the labels are 0, 2"):
        acts.of_class(1)


def test_tokens_are_sampled_alike_in_every_layer():
    model = Tokens()
    x = torch.randint(20, (12, 6))
    acts = ts.collect(model, x, ["embed", "blocks.*"], "tokens", max_samples=20, batch_size=5)
    assert acts.n == 20 and len(set(zip(acts.ids.tolist(), acts.positions.tolist(), strict=True))) == 20
    for layer, module in (("embed", model.embed), ("blocks.1", model.blocks[1])):
        expected = outputs(model, module, x)[acts.ids, acts.positions].numpy()
        np.testing.assert_allclose(acts[layer], expected, atol=1e-5)


def test_layers_with_different_numbers_of_positions_are_refused():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2))
    with pytest.raises(ValueError, match="it gives 20 points and '0' gives 80"):
        ts.collect(net, torch.randn(5, 1, 6, 6), layers="*", reduce="positions")


def test_loaders_of_every_kind(images, data):
    class Stream(IterableDataset):
        def __iter__(self):
            return iter(zip(*data.tensors, strict=True))

    expected = outputs(images, images.head, data.tensors[0]).numpy()
    dicts = [{"x": x, "labels": y} for x, y in DataLoader(data, batch_size=20)]
    for source in (data, DataLoader(Stream(), batch_size=16), list(DataLoader(data, batch_size=9)), dicts):
        acts = ts.collect(images, source, layers="head")
        np.testing.assert_allclose(acts["head"], expected, atol=1e-5)
        np.testing.assert_array_equal(acts.labels, data.tensors[1])
    for source in (data.tensors[0], data.tensors[0].numpy()):
        np.testing.assert_allclose(ts.collect(images, source, "head")["head"], expected, atol=1e-5)
    for source in (7, "images"):
        with pytest.raises(TypeError, match="give a DataLoader"):
            ts.collect(images, source, layers="head")
    with pytest.raises(TypeError, match="A batch is a str: give forward="):
        ts.collect(images, ["abc"], layers="head")


def test_places_in_a_batch_and_progress(images, data):
    x, y = data.tensors
    source = [{"image": x[:30], "who": range(100, 130), "kind": y[:30]}]
    seen = []
    acts = ts.collect(
        images,
        source,
        "head",
        forward=lambda model, batch: model(batch["image"]),
        labels="kind",
        ids="who",
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 1)] and acts.ids[0] == 100 and acts.labels.tolist() == y[:30].tolist()
    with pytest.raises(ValueError, match="labels='class' leads nowhere in a batch of type dict with keys image, who"):
        ts.collect(images, source, "head", forward=lambda m, b: m(b["image"]), labels="class")


# -- what is wrong is said ----------------------------------------------------------------------------------------


def test_labels_that_do_not_fit(images, data):
    x, y = data.tensors
    with pytest.raises(ValueError, match="there are 3 labels and 60 samples"), ts.capture(images, "head") as cap:
        cap.label([1, 2, 3])
        images(x)
    with pytest.raises(RuntimeError, match="labels were given twice"), ts.capture(images, "head") as cap:
        cap.label(y)
        cap.label(y)
    with (
        pytest.raises(RuntimeError, match="Some passes have labels and some have none"),
        ts.capture(images, "head") as cap,
    ):
        cap.label(y)
        images(x)
        images(x)
    with pytest.raises(RuntimeError, match="belong to no forward pass"), ts.capture(images, "head") as cap:
        images(x)
        cap.label(y)
    with pytest.raises(RuntimeError, match="classes= needs labels"):
        ts.collect(images, x, "head", classes=[1])
    with (
        pytest.raises(RuntimeError, match="Some passes have ids and some have none"),
        ts.capture(images, "head", max_samples=100) as cap,
    ):
        images(x)
        cap.label(ids=range(60, 120))
        images(x)


def test_a_capture_without_a_pass(images):
    with pytest.raises(RuntimeError, match="was not called inside the with block"), ts.capture(images, "head"):
        pass
    with pytest.raises(RuntimeError, match="no block ran to its end"):
        ts.capture(images, "head").activations  # noqa: B018
    with pytest.raises(TypeError, match="model is a int"):
        ts.capture(3, "head")
    with pytest.raises(ValueError, match="max_samples=0"):
        ts.capture(images, "head", max_samples=0)


def test_layers_that_no_pass_calls(images, data):
    class Unused(Images):
        def __init__(self):
            super().__init__()
            self.spare = nn.Linear(2, 2)
            self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

        def forward(self, x):
            y = self.stem(x).flatten(2).transpose(1, 2)
            return self.attention(y, y, y)[0]

    with pytest.raises(RuntimeError, match="No forward pass called spare, attention.out_proj .*take attention"):
        ts.collect(Unused(), data, layers=["stem", "spare", "attention.out_proj"], reduce="mean")
    assert ts.collect(Unused(), data, layers="attention", reduce="mean")["attention"].shape == (60, 4)


def test_layers_that_only_some_passes_call():
    class Sometimes(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.count = nn.Identity(), nn.Identity(), 0

        def forward(self, x):
            self.count += 1
            return self.b(self.a(x)) if self.count == 1 else self.a(x)

    with pytest.raises(RuntimeError, match=r"Pass 1 called other layers than the passes before \(b\)"):
        ts.collect(Sometimes(), torch.ones(4, 2), layers=["a", "b"], batch_size=2)


def test_widths_that_change():
    net = nn.Sequential(nn.Identity())
    with pytest.raises(ValueError, match="gives 10 coordinates and gave 8 before"):
        ts.collect(net, [torch.ones(2, 4, 2), torch.ones(2, 5, 2)], "0", "flatten")


# -- the model is left as it was ----------------------------------------------------------------------------------


def state(model):
    return [
        (name, module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
        for name, module in model.named_modules()
    ]


def test_flags_and_hooks_are_as_before(images, data):
    images.train()
    images.stages[0][1].eval()  # a frozen normalisation
    before, statistics = state(images), images.stages[1][1].running_mean.clone()
    ts.collect(images, data, "stages.*", "mean")
    assert state(images) == before and torch.is_grad_enabled()
    assert torch.equal(statistics, images.stages[1][1].running_mean)
    for error in (KeyboardInterrupt, ValueError):
        with pytest.raises(error), ts.capture(images, "stages.*", "mean"):
            assert not images.training and not torch.is_grad_enabled()
            raise error
        assert state(images) == before and torch.is_grad_enabled()


def test_a_pass_that_fails_leaves_no_trace(images, data):
    x, y = data.tensors
    with ts.capture(images, ["stem", "head"], "mean", max_samples=10) as cap:
        cap.label(y, ids=range(60))
        images(x)
        cap.label([9], ids=[99])
        with pytest.raises(RuntimeError):
            images(torch.ones(1, 2, 5, 5))
        handle = images.drop.register_forward_pre_hook(lambda m, a: 1 / 0)
        cap.label(torch.full((60,), 9), ids=range(100, 160))
        with pytest.raises(ZeroDivisionError):
            images(x + 100)
        handle.remove()
    assert cap.activations.ids.max() < 60 and cap.activations.labels.max() < 3


def test_no_reference_to_the_model_is_kept(data):
    model = Images()
    with ts.capture(model, "stages.*", "mean") as cap:
        model(data.tensors[0])
    gone = weakref.ref(model)
    acts = cap.activations
    del model
    gc.collect()
    assert gone() is None and acts.n == 60 and cap.activations is acts


def test_importing_the_package_does_not_import_torch():
    code = "import sys, toposcope as ts; ts.Activations({'a': [[1.0]]}); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("reduce", ["cls", "last"])
def test_a_mask_that_comes_within_a_pass_is_heeded(reduce):
    """The size is known before the mask is, and the pass before had no padding."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x, attention_mask=None):
            return self.layer(x)

    net, x = Tokens(), torch.rand(4, 5, 3)
    whole, padded = torch.ones(4, 5).long(), torch.ones(4, 5).long()
    (padded[:, :2] if reduce == "cls" else padded[:, 3:]).zero_()
    with ts.capture(net, "layer", reduce=reduce) as cap:
        for mask in (whole, padded, whole):
            with cap.batch(labels=[0] * 4):
                net(x, attention_mask=mask)
    first, second, third = cap.activations["layer"].reshape(3, 4, 3)
    np.testing.assert_array_equal(first, x[:, 0 if reduce == "cls" else 4])
    np.testing.assert_array_equal(second, x[:, 2])
    np.testing.assert_array_equal(third, first)
    with pytest.raises(ValueError, match="the attention mask is"), ts.capture(net, "layer", reduce=reduce) as cap:
        for mask in (whole, torch.ones(4, 7).long()):
            with cap.batch(labels=[0] * 4):
                net(x, attention_mask=mask)


def test_a_model_is_freed_at_once_after_a_capture():
    net = nn.Sequential(nn.Linear(3, 2))
    gone = weakref.ref(net)
    gc.disable()
    try:
        with ts.capture(net, "0") as cap:
            net(torch.rand(4, 3))
        del net
        assert gone() is None
    finally:
        gc.enable()
    assert len(cap.activations) == 1
