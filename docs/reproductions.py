"""Published results, computed again: writes docs/reproductions.md and its figures.

    PYTHONPATH=python python docs/reproductions.py [--networks 30]

Takes six minutes of processor time, most of them for training: all processors train networks side by side.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import joblib
import numpy as np
import torch
from scipy.sparse.csgraph import shortest_path
from scipy.stats import mannwhitneyu

import toposcope as ts
from toposcope.plot import palette

HERE = Path(__file__).parent
FIGURES = HERE / "reproductions"
ACTIVATIONS = {"tanh": torch.nn.Tanh, "leaky ReLU": lambda: torch.nn.LeakyReLU(0.2), "ReLU": torch.nn.ReLU}
DEPTH, WIDTH, STEPS = 10, 15, 4000


# -- Naitzat, Zhitnikov and Lim: Topology of deep neural networks, JMLR 21 (2020) --------------------------------------


def nine_discs(per_disc: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Their data set D-I: nine discs (class 1, Betti numbers 9, 0) in the nine holes of a disc (class 0: 1, 9)."""
    centres = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)], float)
    angle, area = rng.uniform(0, 2 * np.pi, 9 * per_disc), rng.uniform(size=9 * per_disc)
    inside = np.repeat(centres, per_disc, axis=0)
    inside += 0.25 * np.sqrt(area)[:, None] * np.c_[np.cos(angle), np.sin(angle)]
    around = rng.uniform(-2.1, 2.1, (90 * per_disc, 2))
    away = np.linalg.norm(around[:, None] - centres, axis=2).min(1) > 0.4
    around = around[away & (np.linalg.norm(around, axis=1) < 2.1)][: 9 * per_disc]
    return np.concatenate([inside, around]), np.repeat([1, 0], [len(inside), len(around)])


def trained(activation: str, X: torch.Tensor, y: torch.Tensor, seed: int) -> tuple[torch.nn.Sequential, float]:
    """A network of ten hidden layers of fifteen, trained until no point is wrong (or for so many steps)."""
    torch.manual_seed(seed)
    layers: list[torch.nn.Module] = []
    for i in range(DEPTH):
        layers += [torch.nn.Linear(2 if i == 0 else WIDTH, WIDTH), ACTIVATIONS[activation]()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(WIDTH, 2))
    for module in model:
        if isinstance(module, torch.nn.Linear):
            torch.nn.init.xavier_uniform_(module.weight, 5 / 3 if activation == "tanh" else 2**0.5)
            torch.nn.init.zeros_(module.bias)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    accuracy = 0.0
    for step in range(STEPS):
        at = torch.randint(len(X), (512,))
        loss = torch.nn.functional.cross_entropy(model(X[at]), y[at])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 250 == 249:
            with torch.no_grad():
                accuracy = float((model(X).argmax(1) == y).float().mean())
            if accuracy == 1:
                break
    return model, accuracy


def hop_distances(X: np.ndarray, k: int = 14) -> np.ndarray:
    """Their distance: the number of edges between two points in the graph of k nearest neighbours."""
    nearest = np.argsort(ts.distances(X), axis=1, kind="stable")[:, 1 : k + 1]
    graph = np.zeros((len(X), len(X)), bool)
    np.put_along_axis(graph, nearest, True, axis=1)
    return shortest_path(graph | graph.T, unweighted=True)


def betti_numbers(X: np.ndarray, scale: float = 2.5) -> tuple[int, int]:
    """Betti numbers of the Vietoris-Rips complex of hop distances at their scale."""
    r = ts.rips(hop_distances(X), 1, thresh=scale, metric="precomputed")
    return int(np.isinf(r.dgms[0][:, 1]).sum()), int(np.isinf(r.dgms[1][:, 1]).sum())


def through_layers(activation: str, seed: int) -> tuple[list[tuple[int, int]], float, float]:
    """Betti numbers of the nine discs after every layer of one network, and its accuracy on old and on new points."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    (points, labels), (fresh, of_fresh) = nine_discs(800, rng), nine_discs(100, rng)
    X, y, inputs = torch.tensor(points / 1.2).float(), torch.tensor(labels), torch.tensor(fresh / 1.2).float()
    model, accuracy = trained(activation, X, y, seed)
    discs = of_fresh == 1
    out, betti = inputs, [betti_numbers(inputs.numpy()[discs])]
    with torch.no_grad():
        for module in model:
            out = module(out)
            if not isinstance(module, torch.nn.Linear):
                betti.append(betti_numbers(out.numpy()[discs]))
    return betti, accuracy, float((out.argmax(1).numpy() == of_fresh).mean())


def naitzat(networks: int) -> list[str]:
    asked = [(activation, seed) for activation in ACTIVATIONS for seed in range(networks)]
    found = joblib.Parallel(n_jobs=-1)(joblib.delayed(through_layers)(*which) for which in asked)
    betti: dict[str, np.ndarray] = {}
    accuracies: dict[str, float] = {}
    for activation in ACTIVATIONS:
        runs = [run for (which, _), run in zip(asked, found, strict=True) if which == activation]
        if not all(accuracy == 1 for _, accuracy, _ in runs):
            raise SystemExit(
                f"A network with {activation} still makes errors: the claim is about those that make none."
            )
        betti[activation] = np.array([of_layers for of_layers, _, _ in runs])
        accuracies[activation] = float(np.mean([new for _, _, new in runs]))
    _draw(betti)
    lines = [
        "## Topology of deep neural networks (Naitzat, Zhitnikov and Lim, JMLR 2020)",
        "",
        "Their data set D-I: nine discs inside the nine holes of a disc. Networks of ten hidden layers of fifteen "
        f"units; {networks} of each activation, each trained until it makes no error on 14,400 points. The Betti "
        "numbers are those of 900 new points of the nine discs, from the complex of hop distances in the graph of 14 "
        "nearest neighbours at scale 2.5, as in the paper. They find that Betti numbers fall through the layers, and "
        "faster with ReLU than with tanh.",
        "",
        "![Components by layer](reproductions/naitzat.svg)",
        "",
        "Components after each layer (0 is the input), mean and, below it, standard deviation over the networks; and "
        "the mean accuracy on new points:",
        "",
        "| activation | " + " | ".join(map(str, range(DEPTH + 1))) + " | accuracy |",
        "|---|" + "---|" * (DEPTH + 2),
    ]
    for activation, runs in betti.items():
        components = runs[:, :, 0]
        cells = [f"{m:.1f}<br>±{s:.1f}" for m, s in zip(components.mean(0), components.std(0, ddof=1), strict=True)]
        lines.append(f"| {activation} | " + " | ".join(cells) + f" | {accuracies[activation]:.4f} |")
    left = {activation: runs[:, 1:, 0].mean(1) for activation, runs in betti.items()}
    p_value = mannwhitneyu(left["ReLU"], left["tanh"]).pvalue
    loops = [f"{activation} {runs[:, :, 1].mean():.2f}" for activation, runs in betti.items()]
    return [
        *lines,
        "",
        f"Over all hidden layers a network with ReLU has {left['ReLU'].mean():.1f} components on average, and one with "
        f"tanh {left['tanh'].mean():.1f}: both fall, ReLU faster (Mann-Whitney test between the networks, p = "
        f"{p_value:.0e}). The discs have no loops; the complex shows few (a layer has on average: {', '.join(loops)}).",
    ]


def _draw(betti: dict[str, np.ndarray]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.4), layout="constrained")
    ax = figure.add_subplot(xlabel="layer (0: input)", ylabel="components of the nine discs")
    layers = np.arange(DEPTH + 1)
    for place, (activation, runs) in enumerate(betti.items()):
        color, marker = palette.color(place), palette.label_mark(place)
        mean, spread = runs[:, :, 0].mean(0), runs[:, :, 0].std(0, ddof=1)
        ax.plot(layers, mean, color=color, marker=marker, markersize=5, label=activation)
        ax.fill_between(layers, mean - spread, mean + spread, color=color, alpha=0.15, linewidth=0)
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, title=f"mean and spread of {len(runs)} networks", alignment="left")
    ax.spines[["top", "right"]].set_visible(False)
    FIGURES.mkdir(exist_ok=True)
    figure.savefig(FIGURES / "naitzat.svg", metadata={"Date": None})


# -- Persistent-homology dimension -------------------------------------------------------------------------------------


def chaos_game(corners: np.ndarray, ratio: float, n: int, rng: np.random.Generator) -> np.ndarray:
    """Points of a self-similar set, by the chaos game."""
    x, points = np.zeros(corners.shape[1]), []
    for choice in rng.integers(len(corners), size=n + 50):
        x = x * ratio + corners[choice] * (1 - ratio)
        points.append(x)
    return np.array(points[50:])


def dimension(n: int = 2000) -> list[str]:
    rng = np.random.default_rng(0)
    normal = rng.normal(size=(n, 3))
    angle = rng.uniform(0, 2 * np.pi, n)
    square = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], float)
    triangle = np.array([[0, 0], [1, 0], [0.5, 0.75**0.5]])
    spaces = {
        "circle": (1.0, np.c_[np.cos(angle), np.sin(angle)]),
        "Cantor dust": (np.log(4) / np.log(3), chaos_game(square, 1 / 3, n, rng)),
        "Sierpinski triangle": (np.log(3) / np.log(2), chaos_game(triangle, 1 / 2, n, rng)),
        "square": (2.0, rng.uniform(size=(n, 2))),
        "sphere": (2.0, normal / np.linalg.norm(normal, axis=1, keepdims=True)),
        "cube": (3.0, rng.uniform(size=(n, 3))),
    }
    lines = [
        "",
        "## Persistent-homology dimension (Adams et al. 2020; Jaquette and Schweinhart 2020)",
        "",
        f"The dimension that `ts.study.intrinsic_dimension` finds from the deaths of H0 (alpha = 0.5) of {n} random "
        "points:",
        "",
        "| space | dimension | found |",
        "|---|---|---|",
    ]
    for name, (true, X) in spaces.items():
        found = ts.study.intrinsic_dimension(ts.distances(X), alpha=0.5)
        lines.append(f"| {name} | {true:.3f} | {found:.2f} |")
    return lines


def published() -> list[str]:
    return [
        "",
        "## Activations of a language model (PyPI `actopo`, MIT)",
        "",
        "600 x 896 activations of a base model, Euclidean: 452 bars in H1, 12 of them longer than 0.03 x 11.4204; "
        "total of H0 1927.659, of H1 53.0322, longest loop 0.6318; normalised with k = 15, 1051 bars in H1. "
        "`python/tests/test_study_published.py` computes them again, to the last published digit.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, default=30)
    lines = ["# Published results, computed again", "", "Written by `python docs/reproductions.py`.", ""]
    lines += [*naitzat(parser.parse_args().networks), *dimension(), *published()]
    (HERE / "reproductions.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
