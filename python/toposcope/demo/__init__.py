"""The demo: two networks trained on handwritten digits, and the topology of what their layers see.

The path of the data: digits -> models -> training -> activations of held-out images -> study -> findings -> page.
`run` goes all of it; ``toposcope demo`` and ``make demo`` call it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pipeline import Outcome, run

__all__ = ["Outcome", "run"]


def __getattr__(name: str) -> Any:  # PyTorch is imported when the demo runs, not before
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(".pipeline", __name__), name)
