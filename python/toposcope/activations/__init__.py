"""Activations: the outputs of chosen layers of a PyTorch model, as points.

The path of the data: selection (which modules) -> hooks (on them) -> tensors (of what they return) ->
reduction (to points) -> forward_pass (of one pass) -> reservoir (which are kept) -> recording, rows (where they lie) ->
recorded (what the user gets). `capturing` holds these together.

PyTorch is imported when `capture`, `collect`, `layers` or `Monitor` is first used, and nowhere else in the package.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .recorded import Activations

if TYPE_CHECKING:
    from .capturing import Capture, capture
    from .collecting import collect
    from .monitoring import Monitor
    from .tree import layers

__all__ = ["Activations", "Capture", "Monitor", "capture", "collect", "layers"]

_WITH_TORCH = {
    "Capture": "capturing",
    "Monitor": "monitoring",
    "capture": "capturing",
    "collect": "collecting",
    "layers": "tree",
}


def __getattr__(name: str) -> Any:
    if name not in _WITH_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f".{_WITH_TORCH[name]}", __name__)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(f"{name} needs PyTorch, which is not installed: pip install 'toposcope[torch]'.") from error
    return getattr(module, name)
