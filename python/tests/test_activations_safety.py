"""Capture of models that are wrapped, compiled, scripted, fused, checkpointed, or used by several threads."""

from __future__ import annotations

import copy
import functools
import threading

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn  # noqa: E402
from torch.utils.checkpoint import checkpoint  # noqa: E402

import toposcope as ts  # noqa: E402


@pytest.fixture
def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 6), nn.Sequential(nn.ReLU(), nn.Linear(6, 4)), nn.Dropout(0.5))


@pytest.fixture
def x():
    return torch.randn(20, 3, generator=torch.Generator().manual_seed(1))


# -- wrapped and compiled -----------------------------------------------------------------------------------------


def make_graphs(model, x):
    """Compile before there are hooks; where compiling can be suspended, also for a capture, which has no gradients."""
    for gradients in (True, False) if hasattr(torch.compiler, "set_stance") else (True,):
        with torch.set_grad_enabled(gradients):
            model.eval()(x)


def test_compiled_models_run_in_python_meanwhile(net, x):
    expected = ts.collect(net, x, "1.*")
    compiled = torch.compile(net, backend="eager")
    make_graphs(compiled, x)
    with ts.capture(compiled, "1.*") as cap:
        compiled(x)
    for layer in expected:
        np.testing.assert_allclose(cap.activations[layer], expected[layer], atol=1e-6)
    assert list(ts.collect(compiled, x, "1.*")) == ["1.0", "1.1"]
    assert list(ts.collect(compiled, x, "1.*", what="input")) == ["1.0", "1.1"]


@pytest.mark.parametrize("in_place", [False, True])
def test_compiled_parts(net, x, in_place):
    expected = ts.collect(net, x, ["1", "1.1"])
    if in_place:
        net[1].compile(backend="eager")
    else:
        net[1] = torch.compile(net[1], backend="eager")
    make_graphs(net, x)
    acts = ts.collect(net, x, ["1", "1.1"])
    assert list(acts) == ["1", "1.1"]
    for layer in expected:
        np.testing.assert_allclose(acts[layer], expected[layer], atol=1e-6)


def test_scripted_models_are_refused(net, x):
    scripted = torch.jit.trace(copy.deepcopy(net).eval(), x)
    with pytest.raises(TypeError, match=r"The model is a scripted module \(torch.jit\)"):
        ts.collect(scripted, x, "1")
    net[1] = torch.jit.trace(net[1], net[0](x))
    with pytest.raises(TypeError, match="layer '1.0' lies in the scripted module '1'"):
        ts.collect(net, x, "1.0")
    assert ts.collect(net, x, "0").n == 20


def test_data_parallel(net, x):
    expected = ts.collect(net, x, "1")
    wrapped = nn.DataParallel(net)
    with ts.capture(wrapped, "1") as cap:
        wrapped(x)
    np.testing.assert_array_equal(cap.activations["1"], expected["1"])
    wrapped.device_ids = [0, 1]
    with pytest.raises(TypeError, match="capture model.module instead"):
        ts.capture(wrapped, "1")


@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_parts_are_recorded_once(x, reentrant):
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Linear(3, 4), nn.Linear(4, 1)

        def forward(self, x):
            return self.head(checkpoint(self.body, x, use_reentrant=reentrant))

    model = Checkpointed()
    expected = model.body(x).detach().numpy()
    np.testing.assert_allclose(ts.collect(model, x, "body")["body"], expected, atol=1e-6)
    with ts.capture(model, "body") as cap, torch.enable_grad():  # gradients after all: the backward pass calls again
        model(x.clone().requires_grad_()).sum().backward()
    assert list(cap.activations) == ["body"] and cap.activations.n == 20
    np.testing.assert_allclose(cap.activations["body"], expected, atol=1e-6)


# -- fused kernels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("padded", [False, True])
def test_the_fast_path_of_transformer_layers_is_off_meanwhile(padded):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    model = nn.TransformerEncoder(layer, 3, enable_nested_tensor=True).eval()
    x = torch.randn(4, 6, 8)
    mask = torch.arange(6) >= torch.tensor([6, 4, 2, 1])[:, None] if padded else None
    names = ["layers.*", "layers.0.linear1", "layers.2.self_attn"]

    def shortcuts():
        return model.use_nested_tensor, [block.activation_relu_or_gelu for block in model.layers]

    before = shortcuts()
    with ts.capture(model, names, "mean") as cap:
        model(x, src_key_padding_mask=mask)
        assert shortcuts() == (False, [0, 0, 0])  # newer versions of PyTorch also see that there are hooks
    assert shortcuts() == before == (True, [1, 1, 1])
    assert set(cap.activations) == {"layers.0", "layers.1", "layers.2", "layers.0.linear1", "layers.2.self_attn"}
    y = x
    for block in model.layers:  # with gradients there is no fast path either
        y = block(y, src_key_padding_mask=mask)
    there = torch.ones(4, 6) if mask is None else (~mask).float()
    expected = (y * there[..., None]).sum(1) / there.sum(1, keepdim=True)
    np.testing.assert_allclose(cap.activations["layers.2"], expected.detach().numpy(), atol=1e-5)


# -- interrupts ---------------------------------------------------------------------------------------------------


def test_a_pass_that_is_interrupted_and_the_passes_after_it(net, x):
    """PyTorch calls no hook of a module that Ctrl-C leaves: what it had gathered must not join the next pass."""

    def interrupt(module, args):
        raise KeyboardInterrupt

    with ts.capture(net, ["0", "1"]) as cap:
        cap.label([0] * 20, ids=range(20))
        handle = net[2].register_forward_pre_hook(interrupt)
        with pytest.raises(KeyboardInterrupt):
            net(x)
        with pytest.raises(KeyboardInterrupt), cap.batch([2] * 20, ids=range(20, 40)):
            net(x)
        handle.remove()
        cap.label([1] * 7, ids=range(100, 107))
        net(x[:7])
    assert cap.activations.ids.tolist() == list(range(100, 107)) and set(cap.activations.labels.tolist()) == {1}
    assert set(cap.activations) == {"0", "1"} and torch.is_grad_enabled()


def test_a_model_inside_itself(x):
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = nn.Linear(3, 3)

        def forward(self, x, again=True):
            y = self.part(x)
            return self(y, again=False) if again else y

    model = Twice()
    with ts.capture(model, "part") as cap:
        y = model(x)
    assert list(cap.activations) == ["part", "part#1"] and cap.activations.meta["passes"] == 1
    np.testing.assert_allclose(cap.activations["part#1"], y.numpy(), atol=1e-6)


@pytest.mark.parametrize("mask", [True, False])
def test_passes_that_collect_makes_itself(mask):
    """With hooks on the model or without: the same, also where it calls itself, is watched itself, or fails."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.part = nn.Linear(3, 3)

    class Plain(Net):
        def forward(self, x, again=True):
            y = self.part(x)
            return self(y, again=False) if again else y

    class WithMask(Net):
        def forward(self, x, attention_mask=None, again=True):
            y = self.part(x)
            return self(y, again=False) if again else y

    net, x = (WithMask if mask else Plain)(), torch.randn(20, 3)
    expected = net.part(net.part(x)).detach().numpy()
    hooked = []
    seen = ts.collect(
        net, x, ["part", ""], batch_size=6, progress=lambda *_: hooked.append(len(net._forward_pre_hooks))
    )
    assert hooked == [int(mask)] * 4 and not net._forward_pre_hooks
    assert list(seen) == ["", "#1", "part", "part#1"]
    np.testing.assert_allclose(seen["part#1"], expected, atol=1e-6)
    for error in (OSError, KeyboardInterrupt):

        def fails(module, args, output, error=error):
            raise error

        handle = net.part.register_forward_hook(fails)
        with pytest.raises(error):
            ts.collect(net, x, "part")
        handle.remove()
        assert not net.part._forward_hooks and torch.is_grad_enabled()
    handle = net.register_forward_pre_hook(lambda module, args: (args[0][:2], *args[1:]))
    assert ts.collect(net, x.split(5), "part").n == 8
    handle.remove()
    handle = nn.modules.module.register_module_forward_pre_hook(
        lambda module, args: (args[0][:3], *args[1:]) if module is net else None
    )
    assert ts.collect(net, x.split(5), "part").n == 12
    handle.remove()


class OfItsOwn(nn.Sequential):
    """A model that is called by a function of its own, which changes the batch."""

    def __call__(self, x):
        return super().__call__(torch.cat([x, x]))


class OfAnything(nn.Module):
    """A model that may take a mask: it has hooks of its own."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, *args, **kwargs):
        return self.layer(args[0])


def test_models_that_change_their_batch_when_they_are_called(x):
    net = OfItsOwn(nn.Linear(3, 4))
    acts = ts.collect(net, x.split(5), "0")
    assert acts.n == 40 and np.array_equal(acts["0"][:5], acts["0"][5:10])


@pytest.mark.parametrize("kind", [OfAnything, lambda: nn.Sequential(nn.Linear(3, 4))])
@pytest.mark.parametrize("forward", [None, lambda net, batch: net(batch)])
def test_calls_between_the_passes_of_collect_are_refused(x, kind, forward):
    """Samples that the loader, labels=, ids= or progress= show to the model are none of the data."""
    net = kind()
    layer = next(name for name, module in net.named_modules() if isinstance(module, nn.Linear))
    batches = x.split(5)
    copied = copy.deepcopy(net)
    for source, options in (
        (((net(batch), batch)[1] for batch in batches), {}),
        (batches, {"labels": lambda batch: net(batch).argmax(1)}),
        (batches, {"ids": lambda batch: net(batch).argmax(1)}),
        (batches, {"progress": lambda done, of: net(batches[0])}),
        (batches, {"progress": lambda done, of: net.get_submodule(layer)(batches[0])}),
        (batches, {"progress": lambda done, of: ts.collect(net, batches, layer)}),
    ):
        with pytest.raises(RuntimeError, match=r"called between the passes of ts.collect.* a copy of the model"):
            ts.collect(net, source, layer, forward=forward, **options)
        assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    acts = ts.collect(net, batches, layer, forward=forward, labels=lambda batch: copied(batch).argmax(1))
    assert acts.labels.tolist() == net(x).argmax(1).tolist()


@pytest.mark.parametrize("kind", [OfAnything, lambda: nn.Sequential(nn.Linear(3, 4))])
def test_labels_that_begin_or_end_in_the_middle(x, kind):
    net, y = kind(), torch.arange(5)
    layer = next(name for name, module in net.named_modules() if isinstance(module, nn.Linear))
    with_labels, without = [(x[:5], y), (x[5:10], y)], [x[10:15], x[15:]]
    for batches in (with_labels + without, without + with_labels):
        with pytest.raises(RuntimeError, match="Some passes have labels and some have none"):
            ts.collect(net, batches, layer)
    assert ts.collect(net, with_labels, layer).labels.tolist() == [*range(5)] * 2


def test_arguments_that_appear_in_the_middle():
    """A mask counts in the passes that have one; other arguments change nothing."""

    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x, attention_mask=None, scale=None):
            return self.layer(x if scale is None else scale * x)

    x, there = torch.randn(4, 6, 3), torch.tensor([[1] * 3 + [0] * 3] * 4)
    batches = [{"x": x}, {"x": x}, {"x": x, "attention_mask": there}, {"x": x, "scale": torch.tensor(2.0)}, {"x": x}]
    expected = [x.mean(1), x.mean(1), x[:, :3].mean(1), 2 * x.mean(1), x.mean(1)]
    acts = ts.collect(Tokens(), batches, "layer", "mean")
    np.testing.assert_allclose(acts["layer"], torch.cat(expected).numpy(), atol=1e-6)


def test_a_mask_wherever_a_model_may_take_one():
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

    class Named(Layer):
        def forward(self, x, *, attention_mask=None):
            return self.layer(x)

    class Placed(Layer):
        def forward(self, x, attention_mask=None):
            return self.layer(x)

    class Anything(Layer):
        def forward(self, *args, **kwargs):
            return self.layer(args[0])

    class Inside(Layer):
        def forward(self, x, attention_mask=None):
            return self.layer(x) if attention_mask is not None else self(x, attention_mask=torch.tensor([[0, 1]] * 4))

    class Wrapped(Layer):
        @functools.wraps(Placed.forward)
        def forward(self, *args):
            return self.layer(args[0])

    x, there = torch.randn(4, 2, 3), torch.tensor([[0, 1]] * 4)
    named = {"x": x, "attention_mask": there}
    calls = [(Named, named), (Placed, named), (Anything, lambda net: net(x, attention_mask=there)), (Inside, x)]
    calls += [(kind, lambda net: net(x, there)) for kind in (Placed, Wrapped)]
    for kind, batch in calls:
        forward = (lambda net, call: call(net)) if callable(batch) else None
        acts = ts.collect(kind(), [batch], "layer", "cls", forward=forward)
        np.testing.assert_array_equal(acts["layer"], x[:, 1])


# -- threads ------------------------------------------------------------------------------------------------------


def test_captures_of_one_model_in_several_threads(net):
    batches = [torch.randn(16, 3, generator=torch.Generator().manual_seed(k)) for k in range(6)]
    expected = [ts.collect(net, b, "1", seed=0)["1"] for b in batches]
    net.train()
    start, found, errors = threading.Barrier(6), {}, []

    def work(k):
        try:
            start.wait()
            for _ in range(10):
                found[k] = ts.collect(net, batches[k], "1", batch_size=5)["1"]
                np.testing.assert_allclose(found[k], expected[k], atol=1e-5)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]
    assert len(found) == 6 and all(module.training for module in net.modules())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())


def test_passes_of_other_threads_are_not_recorded(net, x):
    with ts.capture(net, "1") as cap:
        thread = threading.Thread(target=net, args=(x,))
        thread.start()
        thread.join()
        net(x[:7])
    assert cap.activations.n == 7
    with pytest.raises(RuntimeError, match="another thread did"), ts.capture(net, "1"):
        thread = threading.Thread(target=net, args=(x,))
        thread.start()
        thread.join()


def test_parts_called_outside_a_pass(net, x):
    with pytest.raises(RuntimeError, match="'0' was called outside a forward pass"), ts.capture(net, "0"):
        net[0](x)
    with ts.capture(net, "0") as cap:
        with cap.batch(ids=range(20)):
            net[0](x)
        with cap.batch(ids=range(20, 40)):
            net(x)
    assert cap.activations.n == 40


@pytest.mark.parametrize("inner", [lambda net: net, lambda net: torch.func.grad(lambda x: net(x).sum())])
def test_vmap_is_refused(net, x, inner):
    with pytest.raises(ValueError, match=r"'0' cannot be captured: .* torch\.func\.vmap, .* on the batch itself"):
        with ts.capture(net, "0"):
            torch.func.vmap(inner(net))(x)


@pytest.mark.parametrize("reduce", ["mean", "max"])
def test_functionalize_is_refused(reduce):
    """Its tensors have memory that nothing was written to."""
    net, x = nn.Sequential(nn.Conv2d(5, 3, 2)), torch.ones(2, 5, 4, 4)
    with pytest.raises(ValueError, match=r"'0' cannot be captured: .* torch\.func\.functionalize, .* the model itself"):
        with ts.capture(net, "0", reduce):
            torch.func.functionalize(net)(x)


def test_other_transforms_of_functions(net, x):
    with ts.capture(net, "0") as cap:
        torch.func.jvp(net, (x,), (x,))
    assert np.array_equal(cap.activations["0"], ts.collect(net, x, "0")["0"])


def test_modes_that_do_more_than_the_flag(x):
    """Adapters that merge their weights in eval() get their train() again."""

    class Adapter(nn.Linear):
        merged = False

        def train(self, mode=True):
            self.merged = not mode
            return super().train(mode)

    model = nn.Sequential(Adapter(3, 3))
    model.train()
    ts.collect(model, x, "0")
    assert model[0].training and not model[0].merged


# -- where rows lie -----------------------------------------------------------------------------------------------


def test_activations_are_equal_to_themselves_only_and_saved_under_their_own_kind_of_name(tmp_path):
    acts, others = (ts.Activations({"fc": np.eye(3)}) for _ in range(2))
    assert acts == acts and acts != others and len({acts, others, acts}) == 2
    with pytest.raises(ValueError, match=r"a\.npz' would be a safetensors file"):
        acts.save(tmp_path / "a.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("max_samples", [None, 150])
def test_files_hold_what_exceeds_the_memory(tmp_path, dtype, max_samples):
    net = nn.Sequential(nn.Linear(4, 64), nn.ReLU())
    x = torch.randn(1000, 4)
    options = {"max_samples": max_samples, "dtype": dtype}
    expected = ts.collect(net, x, "*", **options)
    acts = ts.collect(net, x, "*", **options, max_memory=20_000, directory=tmp_path)
    assert acts.meta["in_files"] and not expected.meta["in_files"]
    assert not list(tmp_path.iterdir())  # the files have no names
    path = tmp_path / "acts.safetensors"
    acts.save(path)
    again = ts.Activations.load(path)
    for layer in expected:
        assert acts[layer].dtype == np.float32
        np.testing.assert_array_equal(acts[layer], expected[layer])
        np.testing.assert_array_equal(again[layer], expected[layer])
    assert path.stat().st_size < (8000 + acts.n * (8 + 128 * np.dtype(dtype).itemsize))


def test_memory_stays_constant():
    """A reservoir of 100 rows: ten times the samples need no more memory."""
    import tracemalloc

    net = nn.Sequential(nn.Identity())

    def peak(count):
        stream = (torch.full((50, 1000), float(k)) for k in range(count))
        tracemalloc.start()
        acts = ts.collect(net, stream, "0", max_samples=100)
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert acts["0"].shape == (100, 1000)
        return used

    assert peak(1000) < 1.5 * peak(100)


def test_half_storage_refuses_what_it_cannot_hold():
    with pytest.raises(ValueError, match="beyond the range of float16"):
        ts.collect(nn.Sequential(nn.Identity()), torch.full((3, 2), 1e6), "0", dtype="float16")


def test_save_and_load(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    path = tmp_path / "a.safetensors"
    acts = ts.Activations(
        {"b": np.eye(3), "a.0": np.ones((3, 2), np.float16)}, ["x", "y", "x"], [3, 1, 2], [0, 5, 1], {"seed": 1}
    )
    acts.save(path)
    again = ts.Activations.load(path)
    assert list(again) == ["b", "a.0"] and again.meta == {"seed": 1}
    for name in ("labels", "ids", "positions"):
        np.testing.assert_array_equal(getattr(again, name), getattr(acts, name))
    foreign = safetensors.load_file(path)
    np.testing.assert_array_equal(foreign["b"], np.eye(3))
    assert foreign["a.0"].dtype == np.float16
    (tmp_path / "no").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match="no is no safetensors file of activations"):
        ts.Activations.load(tmp_path / "no")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (({},), ValueError, "at least one layer"),
        (({"a": [1.0, 2.0]},), ValueError, r"'a' must be of shape \(samples, coordinates\), not \(2,\)"),
        (({"a": [[1.0]], "b": [[1.0], [2.0]]},), ValueError, "b has 2 rows and a has 1"),
        (({"a": [[1.0]]}, [1, 2]), ValueError, "labels has 2 rows"),
        (({"a": [[1.0]]}, [object()]), TypeError, "labels must be numbers or strings"),
    ],
)
def test_activations_that_do_not_fit(arguments, error, message):
    with pytest.raises(error, match=message):
        ts.Activations(*arguments)
    with pytest.raises(KeyError, match="no layer 'z': the layers are a"):
        ts.Activations({"a": [[1.0]]})["z"]


# -- the tree -----------------------------------------------------------------------------------------------------


def test_the_tree_tells_shapes_calls_and_what_is_not_called(x):
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.step, self.attention, self.spare = nn.Linear(3, 3), nn.MultiheadAttention(3, 1), nn.ReLU()

        def forward(self, x, scale=1):
            x = self.step(self.step(x)) * scale
            return self.attention(x, x, x)

    rows = {row.name: row for row in ts.layers(Model().train(), (x,))}
    assert rows["step"].shape == (20, 3) and rows["step"].calls == 2 and rows["step"].parameters == 12
    assert rows["spare"].shape is None and rows["attention.out_proj"].calls == 0
    text = repr(ts.layers(Model(), {"x": x, "scale": 2}))
    assert "(20, 3) x2" in text and text.count("not called") == 2
    assert "output" not in repr(ts.layers(Model()))
