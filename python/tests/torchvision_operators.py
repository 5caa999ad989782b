"""Where torchvision can be imported only with its operators declared.

Wheels of torchvision that were built for CUDA lack their own operators beside a PyTorch without CUDA, and then cannot
be imported; declaring the operators is enough for networks that do not use them. transformers imports torchvision where
it is installed, so it fails with it.
"""

import importlib.util
import subprocess
import sys

# Before the first import of torchvision in a process.
DECLARED = """
import torch
_torchvision = torch.library.Library("torchvision", "DEF")
_torchvision.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
_torchvision.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
"""


def runs(program: str) -> bool:
    return subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0


def make_importable() -> None:
    """Declare the operators in this process, if that is what torchvision lacks."""
    if importlib.util.find_spec("torchvision") is None or "torchvision" in sys.modules:
        return
    if not runs("import torchvision") and runs(DECLARED + "import torchvision"):
        exec(DECLARED, sys.modules[__name__].__dict__)  # the library object lives as long as this module
