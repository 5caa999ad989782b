"""Training the demo's models, once: what was trained is kept, and read again the next time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm.auto import tqdm

from .digits import Digits, Split
from .models import ResNet, VisionTransformer

__all__ = ["RECIPES", "Recipe", "accuracy", "cache_folder", "trained", "untrained"]


class Recipe(NamedTuple):
    """How a model is made and trained: AdamW, a one-cycle learning rate, Gaussian noise on the images."""

    title: str
    make: Callable[[], nn.Module]
    epochs: int
    batch: int
    rate: float
    noise: float = 0.1
    decay: float = 0.05
    seed: int = 0
    version: int = 1  # to be raised whenever the model or its training changes: what was kept is then made again


RECIPES = {
    "resnet": Recipe("ResNet", ResNet, epochs=12, batch=64, rate=4e-3),
    "vit": Recipe("Vision transformer", VisionTransformer, epochs=10, batch=32, rate=3e-3),
}


def cache_folder() -> Path:
    """Where trained weights are kept: ``$XDG_CACHE_HOME/toposcope``, by default ``~/.cache/toposcope``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "toposcope"


def untrained(recipe: Recipe) -> nn.Module:
    """The model as it is before the first step of its training: the control."""
    with _seeded(recipe.seed):
        return recipe.make().eval()


def trained(
    name: str,
    digits: Digits,
    *,
    recipe: Recipe | None = None,
    folder: Path | None = None,
    progress: bool = True,
) -> nn.Module:
    """The trained model, from the cache where it is there, and otherwise trained now and kept.

    Parameters
    ----------
    name : str
        "resnet" or "vit", or any name for a `recipe` of your own.
    digits : Digits
        Only ``digits.train`` is trained on.
    recipe : Recipe, optional
        By default ``RECIPES[name]``.
    folder : Path, optional
        By default `cache_folder`. A folder that cannot be written to is no error: the model is then not kept.
    progress : bool
        Show a progress bar.
    """
    from safetensors.torch import load_file, save_file

    recipe = recipe or RECIPES[name]
    file = (folder or cache_folder()) / f"digits-{name}-v{recipe.version}.safetensors"
    model = untrained(recipe)
    if file.exists():
        model.load_state_dict(load_file(str(file)))
        return model.eval()
    _train(model, recipe, digits.train, progress)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}")
        save_file(model.state_dict(), str(unfinished))
        unfinished.replace(file)  # at once, so that a run beside this one never reads half a file
    except OSError:
        pass
    return model.eval()


def accuracy(model: nn.Module, split: Split) -> float:
    """The share of images whose digit the model gets right."""
    model.eval()
    with torch.no_grad():
        guesses = torch.cat([model(images).argmax(1) for images in torch.from_numpy(split.images).split(256)])
    return float((guesses == torch.from_numpy(split.labels)).double().mean())


def _train(model: nn.Module, recipe: Recipe, data: Split, progress: bool) -> None:
    images, labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
    steps = recipe.epochs * -(-len(images) // recipe.batch)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.rate, total_steps=steps)
    model.train()
    bar = tqdm(total=steps, desc=f"training the {recipe.title}", disable=not progress)
    with _one_thread(), _seeded(recipe.seed), bar:
        for _ in range(recipe.epochs):
            for batch in torch.randperm(len(images)).split(recipe.batch):
                loss = _loss(model, images[batch], labels[batch], recipe.noise)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
                bar.update()


def _loss(model: nn.Module, images: Tensor, labels: Tensor, noise: float) -> Tensor:
    return functional.cross_entropy(model(images + noise * torch.randn_like(images)), labels)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Random numbers from the seed within, and the caller's own go on afterwards as if nothing had been."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread within: models this small gain nothing by more, and results would depend on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
