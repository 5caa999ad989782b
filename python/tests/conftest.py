"""What several files of tests share."""

import shutil

import pytest


@pytest.fixture(scope="module")  # no longer: its event loop would be in the way of other tests
def browser():
    """A headless Chromium; tests that need it are skipped where there is none."""
    api = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no chromium on this machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
