"""The demo from the images to the page."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from ..activations import Activations, collect
from ..metrics import RelativeNeighborhood
from ..report import write_report
from ..study import Study, triangulate
from .digits import Digits, load_digits
from .findings import classes_apart, findings_of
from .training import RECIPES, accuracy, trained, untrained

__all__ = ["Outcome", "run"]

METRICS = tuple(
    metric for name in ("euclidean", "mahalanobis", "cosine") for metric in (name, RelativeNeighborhood(name, k=15))
)
LAYERS = {"resnet": "layer*", "vit": "blocks.*"}
REDUCE = {"resnet": "mean", "vit": "cls"}  # mean over the pixels of the map; the class token
VOIDS = "layer4"  # the layer that is looked at up to H2
ENOUGH = 0.97
SEED = 0
OPEN = ("ResNet", "layer4", "euclidean")  # the part that the page shows when it is opened


class Outcome(NamedTuple):
    """What the demo has to show."""

    page: Path
    study: Study
    accuracies: dict[str, float]
    findings: list[tuple[str, str]]
    seconds: dict[str, float]


def run(
    output: str | os.PathLike[str] = "demo.html",
    *,
    samples: int = 300,
    models: Path | None = None,
    progress: bool = True,
    say: Callable[[str], Any] = print,
) -> Outcome:
    """Train, capture, triangulate, and write the page.

    Parameters
    ----------
    output : path
        The HTML file to write.
    samples : int
        How many of the 600 held-out images to look at.
    models : Path, optional
        The folder of trained models; see `toposcope.demo.training.cache_folder`.
    progress : bool
        Show progress bars.
    say : callable
        Told what is going on, line by line.
    """
    clock = _Clock()
    digits = load_digits()
    networks, accuracies = _networks(digits, models, progress, say)
    clock.stop("training")
    acts = {
        title: _activations(network, kind, digits, samples, progress) for title, (kind, network) in networks.items()
    }
    clock.stop("activations")
    study = triangulate(acts, METRICS, maxdim={VOIDS: 2}, progress=progress)
    clock.stop("diagrams")
    findings = [_on_accuracy(accuracies, len(digits.held_out.labels)), *findings_of(study, _pairs())]
    clock.stop("findings")
    say("writing the page ...")
    page = _page(study, accuracies, findings, digits, output)
    clock.stop("page")
    for headline, rest in findings:
        say(f"{headline} {rest}")
    return Outcome(page.resolve(), study, accuracies, findings, clock.seconds)


def _page(
    study: Study,
    accuracies: dict[str, float],
    findings: list[tuple[str, str]],
    digits: Digits,
    output: str | os.PathLike[str],
) -> Path:
    place = {number: row for row, number in enumerate(digits.held_out.ids)}
    assert study.ids is not None  # collect gives them
    images = digits.held_out.images[[place[number] for number in study.ids], 0]
    warnings = [
        f"{title} gets only {share:.1%} of the held-out images right: what follows is on a network that did not learn."
        for title, share in accuracies.items()
        if title in _pairs() and share < ENOUGH
    ]
    return write_report(
        study,
        output,
        title="What two networks see in handwritten digits",
        inputs=list(images),
        findings=findings,
        warnings=warnings,
        done={
            "images": f"{len(study.ids)} of scikit-learn's digits, held out of training, the same for every network",
            "activations": "ResNet: mean over the map; Vision transformer: class token",
            **{
                recipe.title: f"{recipe.epochs} epochs on {len(digits.train.labels)} images in batches of "
                f"{recipe.batch}, seed {recipe.seed}; untrained is the same network before its first step"
                for recipe in RECIPES.values()
            },
            "seed of the samples": SEED,
        },
        first=OPEN,
        at=classes_apart(study[OPEN], study.labels)[1],
        intervals=False,
    )


def _pairs() -> dict[str, str]:
    """What each trained network is called, and its untrained copy."""
    return {recipe.title: f"{recipe.title}, untrained" for recipe in RECIPES.values()}


def _networks(
    digits: Digits, folder: Path | None, progress: bool, say: Callable[[str], Any]
) -> tuple[dict[str, tuple[str, nn.Module]], dict[str, float]]:
    """The networks and their untrained copies by title, each with its kind, and how many images they get right."""
    networks: dict[str, tuple[str, nn.Module]] = {}
    for kind, recipe in RECIPES.items():
        networks[recipe.title] = (kind, trained(kind, digits, folder=folder, progress=progress))
        networks[f"{recipe.title}, untrained"] = (kind, untrained(recipe))
    accuracies = {title: accuracy(network, digits.held_out) for title, (_, network) in networks.items()}
    for title, share in accuracies.items():
        say(f"{title}: {share:.1%} of {len(digits.held_out.labels)} held-out images right")
    return networks, accuracies


def _activations(network: nn.Module, kind: str, digits: Digits, samples: int, progress: bool) -> Activations:
    """What the layers give for the same `samples` held-out images, whichever the network."""
    data = TensorDataset(*(torch.from_numpy(np.ascontiguousarray(part)) for part in digits.held_out))
    return collect(
        network,
        DataLoader(data, batch_size=100),
        layers=LAYERS[kind],
        reduce=REDUCE[kind],
        max_samples=samples,
        seed=SEED,
        labels=1,
        ids=2,
        progress=progress,
    )


def _on_accuracy(accuracies: dict[str, float], held_out: int) -> tuple[str, str]:
    """Whether the networks know what they were trained for, and their copies do not."""
    learned = all(accuracies[title] >= ENOUGH > accuracies[control] for title, control in _pairs().items())
    headline = (
        "Both networks have learned to read digits." if learned else "Not every network has learned to read digits."
    )
    said = "; ".join(f"{title} {share:.1%}" for title, share in accuracies.items())
    return headline, f"Of {held_out} images that were held out of training, right: {said}."


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun = time.perf_counter()

    def stop(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._begun
        self._begun = now
