"""The shape of the package: imports run one way, along the path of the data."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import toposcope

PACKAGE = Path(toposcope.__file__).parent

# Each stage may import those before it. A name stands for a module or a folder of modules.
ORDER = [
    ("_version", "_core"),
    ("_native",),
    ("points", "memory"),
    ("library_metrics", "device_metrics", "diagrams"),
    ("metrics",),
    ("persistence", "array_files"),
    ("activations",),
    ("study", "plot"),
    ("learn", "torch"),
    ("report",),
    ("demo",),
    ("cli",),
    ("__main__",),
]
RANK = {name: rank for rank, names in enumerate(ORDER) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def stage(path):
    part = path.relative_to(PACKAGE).parts[0]
    return part.removesuffix(".py")


def imports(path, *, inside_functions=True):
    """(module, line) for each import, relative ones spelt out."""
    package = ["toposcope", *path.relative_to(PACKAGE).parent.parts]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if inside_functions else top_level(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, node.lineno
            yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def top_level(tree):
    """Statements that run when the module is imported: not in functions, not under TYPE_CHECKING."""
    todo = list(tree.body)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            todo += node.orelse
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            todo += [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]


def ids(path):
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_every_module_has_its_place(path):
    assert stage(path) in {*RANK, "__init__"}, f"give {stage(path)!r} its place in ORDER of this file"


@pytest.mark.parametrize("path", [p for p in MODULES if stage(p) != "__init__"], ids=ids)
def test_imports_run_one_way(path):
    """Also inside functions, but for the pictures that results draw of themselves."""
    here = RANK[stage(path)]
    for module, line in imports(path, inside_functions=False):
        part = module.split(".")
        if part[0] == "toposcope" and len(part) > 1 and part[1] in RANK and part[1] != stage(path):
            assert RANK[part[1]] < here, f"{ids(path)}:{line} imports {module}, which comes later"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_only_native_imports_the_extension(path):
    if stage(path) != "_native":
        found = [line for module, line in imports(path) if module.startswith("toposcope._core")]
        assert not found, f"{ids(path)}:{found[0]} imports toposcope._core"


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_importing_torch_is_for_activations_losses_and_the_demo(path):
    if stage(path) not in ("activations", "demo", "torch"):
        found = [line for module, line in imports(path, inside_functions=False) if module.split(".")[0] == "torch"]
        assert not found, f"{ids(path)}:{found[0]} imports torch"


def test_no_module_has_the_name_of_a_public_function():
    functions = {name for name in toposcope.__all__ if name[0].islower()}
    modules = {path.stem for path in PACKAGE.glob("*.py")} | {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert not functions & modules


@pytest.mark.parametrize("heavy", ["torch", "matplotlib", "scipy", "sklearn", "pandas", "gudhi", "plotly"])
def test_importing_toposcope_imports_nothing_heavy(heavy):
    program = f"import sys, toposcope, toposcope.cli; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize("path", MODULES, ids=ids)
def test_no_file_is_so_long_that_nobody_reads_it(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 550
