"""How Sphinx makes the site: `make docs`, or `python -m sphinx -W --keep-going docs OUT`. Nothing asks the network.

The pages stand beside this file, the tutorials in ../examples/tutorials (a link leads there). Those that describe C,
Swift and the command line are made from the header, the symbol graph of the compiler, and the parser, in extensions/.
"""

import hashlib
import os
import sys
from pathlib import Path

import toposcope

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))


def _digest_of_the_package():
    """Notebooks are run, and pictures drawn, again when the package that they show has changed."""
    digest = hashlib.sha256()
    for path in sorted(Path(toposcope.__file__).parent.rglob("*")):
        if path.suffix in (".py", ".so", ".js", ".css", ".html"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


project = "Toposcope"
author = "The Toposcope authors"
copyright = author
version = release = toposcope.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "from_header",
    "from_parser",
    "from_symbol_graph",
    "light_and_dark",
    "public_names",
]
package_digest = _digest_of_the_package()
exclude_patterns = ["**/.ipynb_checkpoints"]

# ------------------------------------------------------------------------------------------------------------ Markdown

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
suppress_warnings = ["myst.strikethrough"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

# ----------------------------------------------------------------------------------------------------------- tutorials

nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE.parent / ".build-docs" / "notebooks" / package_digest)
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True
nb_output_stderr = "remove"  # progress bars
nb_ipywidgets_js = {}  # they would come from the network
nb_mime_priority_overrides = [("html", "text/latex", None)]
os.environ.setdefault("TQDM_DISABLE", "1")

# ------------------------------------------------------------------------------------------------------------- Python

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "mixed"
autodoc_default_options = {"exclude-members": "__weakref__"}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
default_role = "autolink"
nitpicky = True
nitpick_ignore_regex = [
    ("py:obj", r"toposcope\.plot"),
    ("py:class", r".*"),  # types of other packages, and shapes such as "(n, d) array_like"
    ("c:identifier", r"u?int\d+_t|size_t"),
]

# --------------------------------------------------------------------------------------------------------------- look

html_theme = "furo"
html_title = "Toposcope"
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = [("site.js", {"defer": "defer"})]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
pygments_style = "xcode"
pygments_dark_style = "github-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00588a", "color-brand-content": "#0068a3"},
    "dark_css_variables": {"color-brand-primary": "#8cc8ee", "color-brand-content": "#79bdea"},
    "navigation_with_keys": True,
}
