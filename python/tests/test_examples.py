"""The notebooks, run from clean: untrained networks and few images, since what they are for cannot be fetched here."""

import os
import sys
from pathlib import Path

import pytest
from torchvision_operators import DECLARED, runs

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("matplotlib")

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))
TUTORIALS = sorted(EXAMPLES.glob("tutorials/*.ipynb"))  # run when the site is built: make test-docs
SMALL = {"WEIGHTS": "none", "SAMPLES": "24"}


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} >= {"point_cloud", "resnet50_and_vit"}


@pytest.mark.parametrize("path", NOTEBOOKS + TUTORIALS, ids=lambda path: path.stem)
def test_notebook_is_kept_clean(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert not cell.get("outputs") and cell.get("execution_count") is None, "clear all outputs before committing"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path, tmp_path, monkeypatch):
    notebook = nbformat.read(path, as_version=4)
    source = "".join(cell.source for cell in notebook.cells)
    if "torch" in source:
        for package in ("torch", "torchvision", "transformers", "sklearn"):
            if not any((Path(folder) / package).is_dir() for folder in sys.path):
                pytest.skip(f"{package} is not installed")
        if not runs("import torchvision"):
            if not runs(DECLARED + "import torchvision"):
                pytest.skip("torchvision cannot be imported")
            notebook.cells.insert(0, nbformat.v4.new_code_cell(DECLARED))
    for name, value in SMALL.items():
        monkeypatch.setenv(name, value)
    for name in ("IMAGES", "CHECKPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", os.environ.get("PYTHONPATH", ""))
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert any(cell.get("outputs") for cell in notebook.cells)
    if path.stem == "resnet50_and_vit":
        assert (tmp_path / "resnet50_and_vit.html").stat().st_size > 100_000
