"""The browser takes the graphics away, as when the machine sleeps or a driver crashes: the map is drawn again."""

import subprocess

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.browser.conftest import FLAGS, ROOT, Visitor

WEBGL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
REMEMBER = """
localStorage.setItem('livingmap.preferences', '{"introduced": true}');
const get = HTMLCanvasElement.prototype.getContext;
window.contexts = [];
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const context = get.call(this, kind, ...rest);
  if (context && /webgl/.test(kind)) window.contexts.push(context);
  return context;
};
"""
LOSE = """() => {
  const shown = window.contexts.filter((one) => one.canvas.isConnected);
  window.lost = shown.map((one) => one.getExtension('WEBGL_lose_context'));
  for (const one of window.lost) one.loseContext();
  return shown.length;
}"""
DRAWN = 100_000
"""A screenshot of a map in all its colours has more bytes."""


@pytest.fixture
def page(the_map):
    program = subprocess.run([ROOT / "scripts" / "get_chromium.sh"], check=True, capture_output=True, text=True)
    flags = [flag for flag in FLAGS if flag != "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program.stdout.strip(), args=[*flags, *WEBGL])
        context = browser.new_context(viewport={"width": 900, "height": 600}, color_scheme="dark")
        context.add_init_script(REMEMBER)
        visitor = Visitor(context, the_map.url)
        page = visitor.visit("/?panel=none")
        wait_until_drawn(page)
        yield page
        browser.close()
    assert visitor.complaints == []


def wait_until_drawn(page):
    for _ in range(40):
        if len(page.locator("main").screenshot()) > DRAWN:
            return
        page.wait_for_timeout(250)
    raise AssertionError("the map was not drawn within 10 s")


def test_graphics_that_come_back_draw_the_map_again(page):
    for _ in range(2):
        assert page.evaluate(LOSE) == 1
        expect(page.get_by_text("The browser has stopped drawing the map.", exact=False)).to_be_visible()
        page.evaluate("window.lost.forEach((one) => one.restoreContext())")
        expect(page.get_by_text("The browser has stopped drawing the map.", exact=False)).to_have_count(0)
        wait_until_drawn(page)


def test_graphics_that_are_lost_for_good_are_made_anew(page):
    for _ in range(4):
        page.evaluate(LOSE)
        expect(page.get_by_text("The browser has stopped drawing the map.", exact=False)).to_have_count(0)
        wait_until_drawn(page)
    canvas = page.get_by_role("application").locator("canvas")
    canvas.evaluate("(canvas) => { canvas.id = 'plain' }")
    assert canvas.evaluate("(canvas) => canvas.getContext('webgl2')") is None, "it is drawn plainly by now"
    canvas.evaluate("(canvas) => canvas.dispatchEvent(new Event('contextlost'))")
    expect(page.locator("#plain")).to_have_count(0)
    wait_until_drawn(page)
    before = page.url
    page.mouse.move(400, 300)
    page.mouse.wheel(0, -300)
    expect(page).not_to_have_url(before)
