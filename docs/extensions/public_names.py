"""A Sphinx extension: every public name of the package stands on some page of the reference, or the build complains."""

from __future__ import annotations

import importlib

MODULES = ("toposcope", "toposcope.study", "toposcope.learn", "toposcope.torch", "toposcope.plot")
ELSEWHERE = {  # what is no function or class, and what other names of the same thing stand for
    "toposcope.__version__",
    # the parts that pictures are made of
    "toposcope.plot.activations_html",
    "toposcope.plot.Barcode",
    "toposcope.plot.Bars",
    "toposcope.plot.linkage_matrix",
    "toposcope.plot.read_bars",
    "toposcope.plot.result_html",
    "toposcope.plot.study_html",
}


def missing(documented: set[str]) -> list[str]:
    """Public names that are not documented, under none of the modules that export them."""
    objects: dict[str, list[str]] = {}
    for module in map(importlib.import_module, MODULES):
        for name in module.__all__:
            full = f"{module.__name__}.{name}"
            if full not in ELSEWHERE:
                objects.setdefault(str(id(getattr(module, name))), []).append(full)
    return sorted(names[0] for names in objects.values() if not documented & set(names))


def elsewhere(app, env, node, content):
    """A name that is exported by several modules stands under one of them: find it there."""
    last = node.get("reftarget", "").rpartition(".")[2]
    if node.get("refdomain") == "py" and last:
        for module in MODULES:
            found = env.domains["py"].resolve_xref(
                env, node["refdoc"], app.builder, "obj", f"{module}.{last}", node, content
            )
            if found is not None:
                return found
    return None


def setup(app):
    from sphinx.util import logging

    def check(app, env):
        for name in missing({entry[0] for entry in env.domains["py"].get_objects()}):
            logging.getLogger(__name__).warning("%s is public, and on no page of the reference", name)

    app.connect("env-check-consistency", check)
    app.connect("missing-reference", elsewhere)
    return {"parallel_read_safe": True}
