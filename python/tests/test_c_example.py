"""The C example, compiled against the installed header and library, says what Python says."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import toposcope as ts

EXAMPLE = Path(__file__).parents[2] / "examples" / "c" / "circle.c"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc on this machine")
@pytest.mark.skipif(not EXAMPLE.exists(), reason="the tests run without the source tree")
def test_c_example(tmp_path):
    program, library = tmp_path / "circle", Path(ts.get_library())
    warnings = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    linking = [str(library), f"-Wl,-rpath,{library.parent}", "-lm"]
    subprocess.run(["gcc", *warnings, str(EXAMPLE), "-I", ts.get_include(), "-o", str(program), *linking], check=True)
    lines = subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()

    i = np.arange(60)
    angle = 2 * np.pi * (i + 0.3 * np.sin(7 * i)) / 60
    r = ts.rips(np.c_[np.cos(angle), np.sin(angle)])
    birth, death = r.dgms[1][0]
    assert lines[0] == f"toposcope {ts.__version__}"
    assert lines[1] == "H0: 60 bars, the longest [0.0000, inf)"
    assert lines[2] == f"H1: {len(r.dgms[1])} bars, the longest [{birth:.4f}, {death:.4f})"
    assert [int(x) for x in lines[3].removeprefix("round the loop: ").split()] == r.cycle(1, 0).tolist()

    guide = (EXAMPLE.parents[2] / "docs" / "guide-c.md").read_text("utf-8")
    assert all(line in guide for line in lines[:3]), "docs/guide-c.md shows something else"
