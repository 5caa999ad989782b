"""Makes docs/gallery.md and its pictures: `python docs/gallery.py [FOLDER]`, by default the folder of this file.

Each function below is one picture; its code stands beside it on the page.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

import toposcope as ts

rng = np.random.default_rng(0)
angle = rng.uniform(0, 2 * np.pi, 36)
ring = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.12 * rng.normal(size=(36, 2))
cloud = rng.normal(size=(600, 6))
labels = np.repeat(np.arange(5), 30)
centres = rng.normal(size=(5, 8)) * 6
layers = {
    f"block {i}": centres[labels] * strength + 1.5 * rng.normal(size=(150, 8))
    for i, strength in enumerate([0.3, 0.5, 0.8, 1.2, 1.8])
}
ends = {name: layers[name] for name in ("block 0", "block 4")}


def filtration():
    """A point cloud at growing radii, beside its barcode."""
    return ts.plot_filtration(ring)


def diagram_and_barcode():
    """Diagram and barcode of noise in six dimensions. The longest bars have lanes of their own, others a block."""
    result = ts.rips(cloud)
    _, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    ts.plot_diagram(result, ax=axes[0])
    ts.plot_barcode(result, ax=axes[1])
    return axes


def threshold():
    """Cut at a threshold: what was alive there is hollow, and apart from what never dies."""
    result = ts.rips(ring, thresh=0.9)
    _, axes = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    ts.plot_diagram(result, ax=axes[0])
    ts.plot_barcode(result, ax=axes[1])
    return axes


def betti_curves():
    """How many components and loops are alive at each value."""
    return ts.plot_betti(ts.rips(cloud))


def matching():
    """Which bars of a ring correspond to those of the same ring, moved a little. The pair that decides is thick."""
    moved = ring + 0.08 * np.random.default_rng(1).normal(size=ring.shape)
    return ts.plot_matching(ts.rips(ring), ts.rips(moved), dim=1, distance="bottleneck")


def study_grid():
    """A study: a row a layer, a column a metric."""
    study = ts.triangulate(ends, ["euclidean", "cosine", "cityblock"])
    return study.plot()


def agreement():
    """How far the metrics and layers agree: distances between their diagrams in H1."""
    study = ts.triangulate(ends, ["euclidean", "cosine", "cityblock"])
    return ts.plot_agreement(study.agreement(dim=1))


def null():
    """A test and its null distribution: do the components of block 2 follow the classes?"""
    return ts.plot_null(ts.study.class_structure(ts.distances(layers["block 2"]), labels, permutations=4999))


def tree():
    """Components merging, as a tree; those below the cut in colours."""
    return ts.plot_dendrogram(ts.rips(layers["block 4"], maxdim=0), cut=5.0)


def clustermap():
    """The distances in the order of the tree."""
    points = layers["block 4"]
    return ts.plot_clustermap(ts.rips(points, maxdim=0), ts.distances(points), cut=5.0)


def flow():
    """How components flow from layer to layer, each layer cut at the same value; colours are classes."""
    results = {name: ts.rips(points, maxdim=0) for name, points in layers.items()}
    return ts.plot_flow(results, 4.2, labels=labels)


def hulls():
    """A cut through the barcode, and the components there as hulls over an embedding."""
    points = layers["block 3"]
    plane = np.linalg.svd(points - points.mean(0), full_matrices=False)
    result = ts.rips(points, maxdim=0)
    _, axes = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
    ts.plot_barcode(result, at=4.2, ax=axes[0])
    ts.plot_hulls(result, plane.U[:, :2] * plane.S[:2], 4.2, labels=labels, ax=axes[1])
    return axes


def loop():
    """A loop that represents the longest bar in H1. Dotted: the edge that bears it; thin: the one that fills it in."""
    return ts.plot_loop(ts.rips(ring), ring)


PICTURES = (
    filtration,
    diagram_and_barcode,
    threshold,
    betti_curves,
    matching,
    study_grid,
    agreement,
    null,
    tree,
    clustermap,
    flow,
    hulls,
    loop,
)

HEAD = """# Gallery

Every picture takes `ax=`, returns it, and changes no global style. One colour is one homology dimension everywhere; the
colours remain apart under the common forms of colour blindness, classes have shapes besides, and components numbers: C0
is the largest, as `ts.components_at` counts them. This page is made by `python docs/gallery.py`, with

```python
{setup}
```
"""


def draw(picture, folder, dpi=90):
    """Draw one picture into the folder, and give its file."""
    plt.close("all")
    ax = picture()
    file = folder / f"{picture.__name__}.png"
    figure = np.ravel(np.asarray(ax, dtype=object))[0].figure
    figure.savefig(file, dpi=dpi, bbox_inches="tight", metadata={"Software": None}, pil_kwargs={"optimize": True})
    plt.close("all")
    return file


def page():
    """The text of the page."""
    source = Path(__file__).read_text("utf-8")
    setup = source[source.index("rng = ") : source.index("\n\n\ndef ")]
    parts = [
        HEAD.format(setup=f"import matplotlib.pyplot as plt\nimport numpy as np\nimport toposcope as ts\n\n{setup}")
    ]
    for picture in PICTURES:
        body = inspect.getsource(picture).split('"""', 2)[2]
        title = picture.__name__.replace("_", " ").capitalize()
        code = textwrap.dedent(body).strip().replace("return ", "")
        shown = "\n".join(line for line in code.splitlines() if line != "axes")
        says = inspect.getdoc(picture)
        parts.append(f"## {title}\n\n{says}\n\n![{says}](gallery/{picture.__name__}.png)\n\n```python\n{shown}\n```\n")
    return "\n".join(parts)


def main(folder):
    pictures = folder / "gallery"
    pictures.mkdir(parents=True, exist_ok=True)
    for picture in PICTURES:
        draw(picture, pictures)
    (folder / "gallery.md").write_text(page(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
