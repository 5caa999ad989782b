"""Memory while 100,000 images pass through a ResNet-50: it does not grow with them.

    python python/benchmarks/capture_memory.py [--images 100000] [--max-samples 1000]

The images are 32 x 32 and made on the fly; the network is torchvision's, with random weights; its four stages are
captured, with reduce="mean". Told is the resident memory of the process along the run.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

import toposcope as ts

sys.path.append(str(Path(__file__).parent.parent / "tests"))
import torchvision_operators


def resident() -> float:
    """Resident memory of this process, in MiB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--images", type=int, default=100_000)
    arguments.add_argument("--max-samples", type=int, default=1000)
    arguments.add_argument("--batch-size", type=int, default=250)
    options = arguments.parse_args()
    torchvision_operators.make_importable()
    import torchvision

    torch.manual_seed(0)
    model = torchvision.models.resnet50(weights=None).to(memory_format=torch.channels_last)
    count = -(-options.images // options.batch_size)

    def batches() -> Iterator[torch.Tensor]:
        for start in range(0, options.images, options.batch_size):
            images = torch.rand(min(options.batch_size, options.images - start), 3, 32, 32)
            yield images.to(memory_format=torch.channels_last)  # twice as fast

    begun = time.perf_counter()
    marks = {max(1, count * k // 10) for k in range(11)} | {4}

    def progress(done: int, _: int) -> None:
        if done in marks:
            images = min(done * options.batch_size, options.images)
            print(f"{images:7d} images  {resident():6.0f} MiB  {time.perf_counter() - begun:5.0f} s", flush=True)

    acts = ts.collect(model, batches(), "layer?", "mean", max_samples=options.max_samples, progress=progress)
    print(acts)


if __name__ == "__main__":
    main()
