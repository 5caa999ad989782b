"""A Sphinx extension: the pictures of the gallery and of the home page, drawn for light pages and for dark ones.

Those in the repository are small and light. Here `gallery.py` draws each again, twice and finer, into made/, and the
page gets both: the theme shows the one that fits.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from sphinx.transforms import SphinxTransform

DOCS = Path(__file__).parents[1]
MADE = DOCS / "made"
SHOWN = 72  # pixels an inch on the page
DPI = 2 * SHOWN  # sharp on fine screens
BACK, INK, FAINT = "#131416", "#cfd0d0", "#4a4d52"  # those of the theme at night
DARK = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor", "legend.facecolor"), BACK),
    **dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color", "axes.titlecolor"), INK),
    **dict.fromkeys(("axes.edgecolor", "legend.edgecolor", "patch.edgecolor"), INK),
    "grid.color": FAINT,
}


def ring():
    """What the lines on the home page draw."""
    import numpy as np

    import toposcope as ts

    angle = np.random.default_rng(0).uniform(0, 2 * np.pi, 40)
    return ts.plot_filtration(np.c_[np.cos(angle), np.sin(angle)])


def draw_all(digest: str) -> None:
    """Draw every picture, unless that was done with the same code."""
    import matplotlib.pyplot as plt

    spec = importlib.util.spec_from_file_location("gallery", DOCS / "gallery.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    code = hashlib.sha256((DOCS / "gallery.py").read_bytes() + Path(__file__).read_bytes() + digest.encode())
    stamp = MADE / "stamp"
    if stamp.exists() and stamp.read_text("utf-8") == code.hexdigest():
        return
    MADE.mkdir(exist_ok=True)
    for picture in (ring, *gallery.PICTURES):
        for name, style in (("light", {}), ("dark", DARK)):
            with plt.style.context(style):
                file = gallery.draw(picture, MADE, DPI)
            file.replace(MADE / f"{picture.__name__}-{name}.png")
    stamp.write_text(code.hexdigest(), "utf-8")


class Twins(SphinxTransform):
    """Each picture of the gallery becomes two, of which the theme shows one."""

    default_priority = 200

    def apply(self):
        from docutils import nodes
        from PIL import Image

        for node in list(self.document.findall(nodes.image)):
            name = Path(node["uri"]).stem
            if not (node["uri"].startswith("gallery/") and (MADE / f"{name}-light.png").exists()):
                continue
            twins = []
            for shade in ("light", "dark"):
                twin = node.deepcopy()
                twin["uri"] = f"made/{name}-{shade}.png"
                twin["classes"].append(f"only-{shade}")
                with Image.open(MADE / f"{name}-{shade}.png") as picture:
                    twin["width"] = f"{picture.width * SHOWN // DPI}px"
                twins.append(twin)
            node.replace_self(twins)


def setup(app):
    app.connect("builder-inited", lambda app: draw_all(app.config.package_digest))
    app.add_config_value("package_digest", "", "env")
    app.add_transform(Twins)
    return {"parallel_read_safe": True}
