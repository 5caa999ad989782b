"""Makes docs/report.png, what the demo's page looks like: `python docs/report_picture.py DEMO.html` after `make demo`.

Needs Chromium and playwright.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

SIZE = {"width": 1240, "height": 1130}


def main(page_file):
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=SIZE, reduced_motion="reduce", color_scheme="light")
        page.goto(Path(page_file).resolve().as_uri())
        page.evaluate("document.querySelector('#detail').scrollIntoView()")
        page.wait_for_timeout(500)
        shot = page.screenshot()
        browser.close()
    picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(160)
    picture.save(Path(__file__).parent / "report.png", optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
