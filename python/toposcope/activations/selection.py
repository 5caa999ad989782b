"""Which modules are meant: names, globs, types, modules and predicates, on a model that may be wrapped."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

__all__ = ["Layer", "Layers", "Named", "choose", "never_fired", "refuse", "unwrap", "walk"]

Layers = (
    str | type[nn.Module] | nn.Module | Callable[[str, nn.Module], bool] | Sequence["Layers"]  # type: ignore[misc]
)

Named = tuple[str, nn.Module]

_WRAPPED = "_orig_mod"  # torch.compile


@dataclass(frozen=True)
class Layer:
    """A module that is to be watched, under the name that it has in the result."""

    name: str
    module: nn.Module
    calls: frozenset[int] | None = None  # which calls in one forward pass; None for all


def unwrap(model: nn.Module) -> nn.Module:
    """The user's module inside torch.compile, DataParallel and DistributedDataParallel.

    Examples
    --------
    >>> inner = nn.Linear(2, 2)
    >>> unwrap(nn.DataParallel(inner)) is inner
    True
    """
    while True:
        if _WRAPPED in model._modules:
            model = model.get_submodule(_WRAPPED)
        elif isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel)):
            model = model.module
        else:
            return model


def walk(root: nn.Module) -> list[Named]:
    """Every name and its module, in the order of the model; compiled modules appear as what they compile.

    A module that has two names comes twice.
    """
    found: list[Named] = []
    _enter("", root, found)
    return found


def _enter(name: str, module: nn.Module, found: list[Named]) -> None:
    """Add a module and those in it. (A function within `walk` would hold itself, and with it the model.)"""
    while _WRAPPED in module._modules:
        module = module.get_submodule(_WRAPPED)
    found.append((name, module))
    for part, child in module._modules.items():
        if child is not None:
            _enter(f"{name}.{part}" if name else part, child, found)


def choose(modules: Sequence[Named], layers: Layers) -> list[Layer]:
    """The chosen layers, in the order of the model, each module once.

    Parameters
    ----------
    modules : sequence of (name, module)
        Those of the model, from `walk`.
    layers : str, type, nn.Module, callable, or a list of these
        A dotted name; a glob, in which ``*`` stands for one part of a name and ``**`` for any number of them; a type
        of modules; a module; a predicate of name and module. ``name#1`` is the second call of a module that a forward
        pass calls several times.

    Raises
    ------
    ValueError
        For a pattern that matches nothing, with the nearest names.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 3)))
    >>> modules = walk(net)
    >>> [layer.name for layer in choose(modules, "*")], [layer.name for layer in choose(modules, nn.Linear)]
    (['0', '1', '2'], ['0', '2.0'])
    """
    patterns = list(_flat(layers))
    if not patterns:
        raise ValueError("layers is empty: name at least one layer (ts.layers(model) shows them).")
    by_name = dict(modules)
    chosen: dict[int, tuple[str, nn.Module, set[int] | None]] = {}
    for pattern in patterns:
        matches, calls = _matching(pattern, modules, by_name)
        if not matches:
            raise ValueError(_nothing(pattern, modules))
        for name, module in matches:
            first, _, before = chosen.setdefault(id(module), (name, module, set() if calls is not None else None))
            both = None if before is None or calls is None else before | calls
            chosen[id(module)] = (first, module, both)
    found = [chosen.pop(id(module)) for _, module in modules if id(module) in chosen]
    return [Layer(name, module, None if calls is None else frozenset(calls)) for name, module, calls in found]


def _flat(layers: Layers) -> Iterator[Layers]:
    if isinstance(layers, (str, type, nn.Module)) or callable(layers):
        yield layers
    elif isinstance(layers, Sequence) or hasattr(layers, "__iter__"):
        for item in layers:
            yield from _flat(item)
    else:
        raise TypeError(
            f"layers={layers!r} names no layers: give names, globs, module types, modules or a predicate of "
            "(name, module), or a list of them."
        )


def _matching(
    pattern: Layers, modules: Sequence[Named], by_name: Mapping[str, nn.Module]
) -> tuple[list[Named], set[int] | None]:
    if isinstance(pattern, str):
        name, _, call = pattern.partition("#")
        matches = [(name, by_name[name])] if name in by_name else []
        if any(character in name for character in "*?["):
            expression = _expression(name)
            matches += [(n, m) for n, m in modules if n and expression.fullmatch(n)]
        if call and not call.isdecimal():
            raise ValueError(f"{pattern!r} must end in the number of a call, such as {name}#1 for the second.")
        return matches, {int(call)} if call else None
    if isinstance(pattern, type):
        return [(n, m) for n, m in modules if isinstance(m, pattern)], None
    if isinstance(pattern, nn.Module):
        wanted = unwrap(pattern)
        return [(n, m) for n, m in modules if m is wanted][:1], None
    return [(n, m) for n, m in modules if pattern(n, m)], None  # type: ignore[operator]


def _expression(glob: str) -> re.Pattern[str]:
    found = {"**": ".*", "*": "[^.]*", "?": "[^.]"}
    pieces = re.split(r"(\*\*|\*|\?|\[[^\]]+\])", glob)
    for place, piece in enumerate(pieces):
        if place % 2 and piece.startswith("["):
            inside = piece[1:-1].replace("\\", r"\\")
            found[piece] = f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
    try:
        return re.compile("".join(found[p] if k % 2 else re.escape(p) for k, p in enumerate(pieces)))
    except re.error as error:
        raise ValueError(f"{glob!r} is no pattern of names: {error}.") from None


def _nothing(pattern: Layers, modules: Sequence[Named]) -> str:
    if isinstance(pattern, type):
        kinds = sorted({type(module).__name__ for _, module in modules})
        return f"The model has no module of type {pattern.__name__}: it has {', '.join(kinds)}."
    if isinstance(pattern, nn.Module):
        return f"The given {type(pattern).__name__} is no part of the model."
    if not isinstance(pattern, str):
        return f"The predicate {getattr(pattern, '__name__', pattern)!r} holds for no module of the model."
    names = [name for name, _ in modules if name]
    near = difflib.get_close_matches(pattern, names, n=5, cutoff=0.5)
    for name in names:
        if len(near) < 5 and name not in near and (name.endswith("." + pattern) or pattern in name):
            near.append(name)
    near = near or [name for name in names if "." not in name][:8]
    return (
        f"No layer matches {pattern!r}: the nearest names are {', '.join(near)} (ts.layers(model) shows all)."
        if near
        else f"No layer matches {pattern!r}: the model has no submodules."
    )


def refuse(modules: Sequence[Named], layers: Sequence[Layer]) -> None:
    """Raise where hooks cannot work: scripted and exported models, replicas on several devices."""
    scripted = sorted((name for name, module in modules if isinstance(module, torch.jit.ScriptModule)), key=len)
    for layer in layers:
        inside = next((name for name in scripted if not name or f"{layer.name}.".startswith(f"{name}.")), None)
        if inside is not None:
            what = f"The layer {layer.name!r} lies in the scripted module {inside!r}" if inside else "The model is"
            what += "" if inside else " a scripted module"
            raise TypeError(
                f"{what} (torch.jit), in which hooks do not fire: capture the Python module from which it was made."
            )


def never_fired(modules: Mapping[str, nn.Module], names: Sequence[str]) -> str:
    """Why hooks did not fire, in one sentence."""
    reasons = []
    for name in names:
        above = [".".join(name.split(".")[:k]) for k in range(name.count(".") + 1)]
        attention = next((a for a in above if isinstance(modules.get(a), nn.MultiheadAttention)), None)
        compiled = next((a for a in [*above, name] if _is_compiled(modules.get(a))), None)
        if attention is not None:
            reasons.append(
                f"{name} (nn.MultiheadAttention uses its weights without calling it: take {attention or 'the model'})"
            )
        elif compiled is not None:
            reasons.append(f"{name} (compiled: call the module from which it was compiled)")
        else:
            reasons.append(name)
    return (
        f"No forward pass called {', '.join(reasons)}: take a module that the model calls "
        "(ts.layers(model, example) shows which)."
    )


def _is_compiled(module: nn.Module | None) -> bool:
    return module is not None and getattr(module, "_compiled_call_impl", None) is not None
