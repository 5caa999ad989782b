"""`layers`: the tree of a model's modules, with the shapes of what they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, overload

import torch
from torch import nn

from .evaluation import watching
from .loading import on_device
from .selection import unwrap, walk
from .tensors import find_tensor

__all__ = ["LayerRow", "LayerTree", "layers"]


@dataclass(frozen=True)
class LayerRow:
    """One module: its name, its type, the shape of its output (None where it was not called, or there was no example),
    how often one forward pass calls it, and how many parameters it has."""

    name: str
    kind: str
    shape: tuple[int, ...] | None
    calls: int
    parameters: int


class LayerTree(Sequence[LayerRow]):
    """The modules of a model; printed, a table."""

    def __init__(self, rows: list[LayerRow], with_shapes: bool):
        self._rows, self._with_shapes = rows, with_shapes

    @overload
    def __getitem__(self, index: int) -> LayerRow: ...
    @overload
    def __getitem__(self, index: slice) -> list[LayerRow]: ...
    def __getitem__(self, index: Any) -> Any:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        heads = ["layer", "module", "output", "parameters"] if self._with_shapes else ["layer", "module", "parameters"]
        table = [heads]
        for row in self._rows:
            indent = "  " * (row.name.count(".") + 1 if row.name else 0)
            cells = [indent + (row.name or "(the model)"), row.kind]
            if self._with_shapes:
                again = f" x{row.calls}" if row.calls > 1 else ""
                shape = str(row.shape) if row.shape is not None else "no tensor" if row.calls else "not called"
                cells.append(shape + again)
            table.append([*cells, f"{row.parameters:,}"])
        widths = [max(len(line[k]) for line in table) for k in range(len(heads))]
        for line in table:
            cells = [cell.ljust(width) for cell, width in zip(line[:-1], widths, strict=False)]
            yield "  ".join([*cells, line[-1].rjust(widths[-1])])


def layers(model: nn.Module, example: Any = None) -> LayerTree:
    """The modules of a model, under the names that `capture` takes.

    Parameters
    ----------
    model : nn.Module
    example : tensor, tuple of arguments, or dict of named arguments, optional
        With one, the model is called once (in evaluation mode, without gradients), and the shapes of the outputs are
        told, and which modules are not called at all.

    Returns
    -------
    LayerTree
        A sequence of rows (name, kind, shape, calls, parameters) that prints as a table.

    Examples
    --------
    >>> import torch, toposcope as ts
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU())
    >>> ts.layers(net, torch.zeros(5, 2))
    layer        module      output  parameters
    (the model)  Sequential  (5, 3)           9
      0          Linear      (5, 3)           9
      1          ReLU        (5, 3)           0
    """
    root = unwrap(model)
    shapes: dict[int, tuple[int, ...] | None] = {}
    calls: dict[int, int] = {}
    if example is not None:
        _call(root, example, shapes, calls)
    rows = [
        LayerRow(
            name,
            type(module).__name__,
            shapes.get(id(module)),
            calls.get(id(module), 0),
            sum(p.numel() for p in module.parameters()),
        )
        for name, module in walk(root)
    ]
    return LayerTree(rows, example is not None)


def _call(root: nn.Module, example: Any, shapes: dict[int, tuple[int, ...] | None], calls: dict[int, int]) -> None:
    def saw(module: nn.Module, _: Any, output: Any) -> None:
        calls[id(module)] = calls.get(id(module), 0) + 1
        found = output if isinstance(output, torch.Tensor) else find_tensor(output)
        shapes.setdefault(id(module), None if found is None else tuple(found.shape))

    with ExitStack() as stack:
        stack.enter_context(watching(root))
        for module in {id(m): m for _, m in walk(root) if not isinstance(m, torch.jit.ScriptModule)}.values():
            stack.callback(module.register_forward_hook(saw).remove)
        example = on_device(example, next((p.device for p in root.parameters()), None))
        if isinstance(example, Mapping):
            root(**example)
        elif isinstance(example, tuple):
            root(*example)
        else:
            root(example)
