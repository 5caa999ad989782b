"""docs/errors.md lists every reason, with the names that the header, Swift and Python have for it."""

import re
from pathlib import Path

import pytest

from toposcope._native import _SENTENCES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not beside the tests")


@pytest.fixture(scope="module")
def rows():
    """Status -> names in C, Swift and Python."""
    pattern = r"^\| (\d+) \| `(\w+)` \| *(?:`(\w+)`)? *\| *(?:`(\w+)`)? *\| .+ \|$"
    return {int(row[0]): row[1:] for row in re.findall(pattern, PAGE.read_text("utf-8"), re.MULTILINE)}


def test_names_are_those_of_the_header(rows):
    header = (ROOT / "include" / "toposcope.h").read_text("utf-8")
    there = {int(n): name for name, n in re.findall(r"TPS_(OK|ERROR_\w+) = (\d+)", header)}
    assert {status: row[0] for status, row in rows.items()} == there


def test_names_are_those_of_swift(rows):
    source = (ROOT / "Sources" / "Toposcope" / "ToposcopeError.swift").read_text("utf-8")
    there = {int(n): name for name, n in re.findall(r"case (\w+) = (\d+)", source)}
    assert {status: row[1] for status, row in rows.items() if status} == there


def test_exceptions_are_those_of_python(rows):
    said = {status: row[2] for status, row in rows.items() if status}
    there = {status: exception.__name__ for status, (exception, _) in _SENTENCES.items()}
    assert said == {status: there.get(status, "RuntimeError") for status in said}
