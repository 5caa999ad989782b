"""How large the report of 20 layers under 6 metrics is, and how long a browser takes to open it.

Run from ``python/``: ``python -m benchmarks.report_opening [n]``, with n inputs (500 by default). Needs Chromium and
playwright. Prints megabytes, seconds to write the page, and medians over five openings, in milliseconds from the start
of the navigation: until something is on the screen (first contentful paint), until the page answers (its first cell is
open: the mark "ready"), and until all of it is read (the load event).
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import toposcope as ts
from toposcope.report import write_report

LAYERS, OPENINGS = 20, 5
TIMES = """[
  performance.getEntriesByName("first-contentful-paint")[0].startTime,
  performance.getEntriesByName("ready")[0].startTime,
  performance.getEntriesByType("navigation")[0].loadEventEnd,
]"""
METRICS = [m for name in ("euclidean", "cosine", "mahalanobis") for m in (name, ts.RelativeNeighborhood(name, k=15))]


def main(n: int = 500) -> None:
    rng = np.random.default_rng(0)
    layers = {f"blocks.{i}": rng.normal(size=(n, 32)) + rng.integers(0, 3, (n, 1)) * i / 4 for i in range(LAYERS)}
    study = ts.triangulate(layers, METRICS, labels=rng.integers(0, 10, n))
    images = rng.integers(0, 255, (n, 56, 56, 3)).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        page = write_report(study, Path(folder) / "study.html", inputs=images, intervals=False)
        print(
            f"{len(study)} parts of {n} inputs: {page.stat().st_size / 1e6:.1f} MB, {time.perf_counter() - begun:.0f} s"
        )
        print("first contentful paint {:.0f} ms, answers {:.0f} ms, loaded {:.0f} ms".format(*opened(page)))


def opened(path: Path) -> list[float]:
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for _ in range(OPENINGS):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            times.append(page.evaluate(TIMES))
            page.close()
        browser.close()
    return [statistics.median(column) for column in zip(*times, strict=True)]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
