"""How large the report of 20 layers under 6 metrics is, and how long a browser takes to open it.

Run from ``python/``: ``python -m benchmarks.report_opening``, or ``make bench-report``. Needs Chromium, playwright and
plotly; writes docs/report-opening.md. Beside it stand the same barcodes as plotly figures in one page.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import toposcope as ts
from toposcope.plot import interactive_barcode
from toposcope.report import write_report

from .runner import machine

DOCS = Path(__file__).resolve().parents[2] / "docs"
INPUTS, LAYERS, OPENINGS = 500, 20, 5
METRICS = [m for name in ("euclidean", "cosine", "mahalanobis") for m in (name, ts.RelativeNeighborhood(name, k=15))]
TIMES = """[
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByName("ready")[0].startTime,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]"""
PAGE = """# How fast a large report opens

Written by `python -m benchmarks.report_opening` (in `python/`; `make bench-report`): {layers} layers under {metrics}
metrics, {inputs} inputs with an image each, {bars} bars. Times are milliseconds from the start of the navigation in a
headless Chromium, medians of {openings} openings (plotly: one), each in a new page: until something is on the screen
(first contentful paint), until the page answers (the first cell is open and can be used; plotly: the last figure is
drawn), and until all of it is read (the load event).

| page | MB | on the screen | answers | all read |
|---|---:|---:|---:|---:|
| the report | {report} |
| its {parts} barcodes as plotly figures | {plotly} |

Machine: {machine}; {browser}.
"""


def main() -> None:
    rng = np.random.default_rng(0)
    layers = {
        f"blocks.{i}": rng.normal(size=(INPUTS, 32)) + rng.integers(0, 3, (INPUTS, 1)) * i / 4 for i in range(LAYERS)
    }
    study = ts.triangulate(layers, METRICS, labels=rng.integers(0, 10, INPUTS))
    images = rng.integers(0, 255, (INPUTS, 56, 56, 3)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        report = write_report(study, Path(folder) / "study.html", inputs=images, intervals=False)
        figures = Path(folder) / "plotly.html"
        figures.write_text(plotly_page(study), "utf-8")
        times, browser = opened(report, OPENINGS)
        theirs, _ = opened(figures, 1)
        rows = [row(report, times), row(figures, theirs)]
    page = PAGE.format(
        layers=LAYERS, metrics=len(METRICS), inputs=INPUTS, openings=OPENINGS, parts=len(study), machine=machine(),
        browser=browser, bars=sum(len(diagram) for part in study.values() for diagram in part.dgms),
        report=rows[0], plotly=rows[1],
    )  # fmt: skip
    (DOCS / "report-opening.md").write_text(page, "utf-8")
    print(page)


def plotly_page(study: Any) -> str:
    """The barcodes of a study one below the other. The page answers when the last of them is drawn."""
    figures = [
        interactive_barcode(part).to_html(full_html=False, include_plotlyjs=place == 0)
        for place, part in enumerate(study.values())
    ]
    done = "<script>setTimeout(() => performance.mark('ready'))</script>"
    return "<!doctype html><meta charset=utf-8>" + "".join(figures) + done


def opened(path: Path, times: int) -> tuple[list[float], str]:
    from playwright.sync_api import sync_playwright

    found = []
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(times):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri(), timeout=120_000)
            for name in ("first-contentful-paint", "ready"):
                page.wait_for_function(f"performance.getEntriesByName('{name}').length", timeout=120_000)
            found.append(page.evaluate(TIMES))
            page.close()
        version = f"Chromium {browser.version}"
        browser.close()
    return [statistics.median(column) for column in zip(*found, strict=True)], version


def row(path: Path, times: list[float]) -> str:
    return " | ".join([f"{path.stat().st_size / 1e6:.1f}", *(f"{time:.0f}" for time in times)])


if __name__ == "__main__":
    main()
