"""The report for those who do not see it, see colours otherwise, or use no mouse: rules checked in a real browser."""

import numpy as np
import pytest
from report_study import HOSTILE, ring_study

from toposcope.report import write_report

pytest.importorskip("jinja2")

NAMELESS = """() => {
  const said = (id) => document.getElementById(id)?.textContent || "";
  const named = (node) => (node.getAttribute("aria-label") || "").trim()
    || (node.getAttribute("aria-labelledby") || "").split(" ").map(said).join("").trim()
    || [...(node.labels || [])].map((label) => label.textContent).join("").trim()
    || (node.matches("button, a, summary, th") ? node.textContent.trim() : "") || node.getAttribute("alt") || "";
  const wanted = "button, a, summary, input, select, img, svg[role], section, [role=img], [role=slider], [role=region],"
    + "[tabindex]";
  return [...document.querySelectorAll(wanted)].filter((node) => !node.closest("[aria-hidden=true]") && !named(node))
    .map((node) => node.outerHTML.slice(0, 120));
}"""

PALE = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  canvas.canvas.width = canvas.canvas.height = 1;
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((value) => value / 255);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [1, 1, 1]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (words.nextNode()) {
    const node = words.currentNode.parentElement, text = words.currentNode.textContent.trim();
    if (!text || node.closest("script, style, noscript, title, option") || !node.getClientRects().length) continue;
    const style = getComputedStyle(node), back = behind(node);
    const ink = over(rgba(node.closest("svg") ? style.fill : style.color), back);
    const [low, high] = [light(ink), light(back)].sort((a, b) => a - b);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.push(`${text.slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return found;
}"""


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    study = ring_study(models=("trained", "untrained"), thresh=1.0)
    images = np.random.default_rng(0).integers(0, 255, (20, 8, 8)).astype(np.uint8)
    return write_report(
        study, tmp_path_factory.mktemp("report") / "study.html", title=HOSTILE, inputs=images,
        findings=[("Seen.", "In numbers.")],
    )  # fmt: skip


@pytest.fixture(params=["light", "dark"])
def page(browser, path, request):
    page = browser.new_page(color_scheme=request.param, reduced_motion="reduce", bypass_csp=True)  # for axe's script
    page.goto(path.as_uri())
    for details in page.locator("details > summary").all():
        details.click()
    yield page
    page.close()


def test_text_stands_out_from_what_is_behind_it(page):
    assert page.evaluate(PALE) == []
    page.add_style_tag(content=".hint { color: #888; } .axis ~ text { fill: #777; }")
    assert len(page.evaluate(PALE)) > 3  # the rule finds what is wrong


def test_what_can_be_used_or_looked_at_has_a_name(page):
    assert page.evaluate(NAMELESS) == []
    page.evaluate(
        "document.querySelector('#play').textContent = ''; document.querySelector('label[for=value]').remove()"
    )
    assert len(page.evaluate(NAMELESS)) == 2


def test_axe_finds_nothing(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    assert [(found["id"], found["nodes"][0]["html"]) for found in axe.run(page).response["violations"]] == []
    page.evaluate("document.querySelector('.overview').tabIndex = 5")
    assert [found["id"] for found in axe.run(page).response["violations"]] == ["tabindex"]  # it finds what is wrong


def test_structure_is_told(page):
    assert page.get_attribute("html", "lang") == "en" and page.locator("main").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('h1, h2, h3')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
    )
    assert levels[0] == 1 and levels.count(1) == 1 and max(np.diff(levels)) <= 1
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(node => node.id)")
    assert len(ids) == len(set(ids))
    pointed = page.evaluate(
        "[...document.querySelectorAll('[aria-labelledby], [for], a[href^=\"#\"]')].flatMap(n =>"
        " (n.getAttribute('aria-labelledby') || n.getAttribute('for') || n.getAttribute('href').slice(1)).split(' '))"
    )
    assert set(pointed) <= set(ids)
    assert page.locator("th:not([scope])").count() == 0
    for role in ("aria-valuemin", "aria-valuemax", "aria-valuenow", "aria-valuetext"):
        assert page.get_attribute("#barcode", role)


def test_keys_alone_reach_everything(page):
    page.reload()  # so that the first key starts at the top
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#detail"
    page.evaluate("window.scrollTo(0, 0); document.querySelector('#theme').focus()")
    seen = []
    while seen[-1:] not in (["skip"], ["theme"]) and len(seen) < 99:  # once round the page
        page.keyboard.press("Tab")
        seen.append(
            page.evaluate("document.activeElement.id || document.activeElement.getAttribute('class') || 'body'")
        )
    for wanted in ("cell-0-0", "barcode", "play", "value", "coloring", "hulls", "block"):
        assert wanted in seen, wanted
    assert seen.index("cell-0-0") < seen.index("barcode") < seen.index("value") < seen.index("block")
    assert seen.count("block") == 1
    page.focus("#flow .block")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("[...document.querySelectorAll('#flow .block')].indexOf(document.activeElement)") == 1
    assert [name for name in seen if name.startswith("cell-")] == ["cell-0-0"]  # one stop; arrows move within the grid


def test_printed_it_is_whole_and_has_no_controls(browser, path, tmp_path):
    page = browser.new_page()
    page.goto(path.as_uri())
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for hidden in ("#play", "#value", "#theme", "#coloring", ".how"):
        assert not page.locator(hidden).first.is_visible()
    for shown in ("#diagram", "#barcode", "#plane", "#tree", "#flow", ".legend", ".trends", ".overview"):
        assert page.locator(shown).first.is_visible()
    clipped = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(n => n.scrollHeight > n.clientHeight + 1).length"
    )
    assert clipped == 0
    assert page.pdf(format="A4").startswith(b"%PDF")
    page.close()
