"""docs/distances.md is what docs/distances.json holds: numbers in its text are written with the tables, not by hand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "distances.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not beside the tests")


def written(results):
    """What the benchmark writes; in a process of its own, since it sets the threads of other libraries."""
    code = "import json, sys; from benchmarks.distances import tables; print(tables(json.load(sys.stdin)), end='')"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "python", input=json.dumps(results), capture_output=True, text=True,
        check=True,
    ).stdout  # fmt: skip


def test_page_is_what_was_measured():
    results = json.loads(PAGE.with_suffix(".json").read_text("utf-8"))
    _, _, rest = PAGE.read_text("utf-8").partition("<!-- measured: begin -->\n")
    assert rest.partition("<!-- measured: end -->")[0] == written(results), "run python -m benchmarks.distances"


def test_what_the_tables_come_to():
    def row(d, ours, **peers):
        return {
            "metric": "euclidean", "n": 500, "d": d, "threads": 1, "peak": 1.0,
            "seconds": {"Toposcope": ours, "empty result": 0.5, **peers},
        }  # fmt: skip

    rows = [row(16, 1.0, **{"SciPy pdist": 2.5}), row(16, 2.0, **{"torch.cdist": 1.5, "SciPy pdist": 3.0})]
    rows += [row(64, 1.0, **{"SciPy pdist": 9.0, "scikit-learn": 1.0})]
    results = {
        "machine": "", "versions": "", "kernels": "", "repeat": 1, "limit": 1, "slow": 1, "times": rows, "errors": [],
    }  # fmt: skip
    text = written(results)
    assert "- SciPy's pdist takes 1.5 to 2.5 times as long as ours with 16 coordinates, 9 with 64." in text
    assert "- It takes less than ten times as long as ours in 3 of 3 rows." in text
    assert "because an empty result alone would take longer: euclidean 500 x 16 (5.0), 500 x 16 (6.0)." in text
    assert "because the operations alone would take longer: none." in text
    assert "- No such bound is known (at most): euclidean 500 x 64 (18.0)." in text
    assert "- Faster than ours, with the part of our time: torch.cdist, euclidean, 500 x 16 (0.75)." in text
