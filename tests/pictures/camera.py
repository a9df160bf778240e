"""The camera: pages of any size, theme and language, and sheets of their pictures."""

import base64
import contextlib
import html
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.conftest import FLAGS, ROOT

LOOKS = {
    "360-dark-en": (360, 740),
    "360-light-uk": (360, 740),
    "640-dark-uk": (640, 360),
    "768-dark-uk": (768, 1024),
    "768-light-en": (768, 1024),
    "1440-dark-en": (1440, 900),
    "1440-light-uk": (1440, 900),
    "1920-dark-uk": (1920, 1080),
    "1920-light-en": (1920, 1080),
}
"""By name, which is width, theme and language: the size of the window."""
_LIVE = re.compile("is-live|is-doubted")
_INTRODUCED = "localStorage.setItem('livingmap.preferences', '{\"introduced\": true}')"
_WAIT_MS = 60_000
_ACT_MS = 15_000
_SHEET = """
body { margin: 8px; background: #888; font: 14px sans-serif; display: flex; flex-wrap: wrap; gap: 10px }
figure { margin: 0 }
img { max-width: 680px; max-height: 560px }
"""


def launch(playwright) -> Browser:
    program = subprocess.run([ROOT / "scripts" / "get_chromium.sh"], check=True, capture_output=True, text=True)
    return playwright.chromium.launch(executable_path=program.stdout.strip(), args=FLAGS)


@contextlib.contextmanager
def opened(browser: Browser, size: tuple[int, int], *, before: str = "", **context) -> Iterator[Page]:
    """Open an empty page in a window of its own."""
    width, height = size
    own = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 900, **context)
    own.add_init_script(before or _INTRODUCED)
    page = own.new_page()
    page.set_default_timeout(_ACT_MS)
    yield page
    own.close()


def take(browser: Browser, state, world, look: str, folder: Path) -> Path | None:
    """Take a picture of a state; say what went wrong, and what is wider than the window."""
    _, theme, language = look.split("-")
    file = folder / f"{state.name}.{look}.png"
    window = {"color_scheme": theme, "locale": language, "before": state.before, **state.context}
    try:
        with opened(browser, LOOKS[look], **window) as page:
            show(page, state, world)
            page.screenshot(path=file, timeout=_WAIT_MS)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    except (Error, AssertionError, OSError) as error:
        print(f"{state.name} {look}: {str(error).splitlines()[0]}", flush=True)
        return None
    finally:
        state.undo(world)
    if wide > 0:
        print(f"{state.name} {look}: {wide} px wider than the window", flush=True)
    return file


def show(page: Page, state, world) -> None:
    """Lead a page into a state, and wait until it stands still."""
    page.goto(world.url + state.address.format(world=world))
    if state.is_live:
        expect(page.locator(".connection").first).to_have_class(_LIVE)
    page.wait_for_timeout(1000)
    state.act(page, world)
    page.wait_for_timeout(1500)


def sheet(browser: Browser, pictures: Iterable[Path], to: Path) -> None:
    """Put pictures side by side on one, in rows."""
    page = browser.new_page(viewport={"width": 1400, "height": 800})
    figures = "".join(
        f"<figure><figcaption>{html.escape(one.stem)}</figcaption><img src='data:image/png;base64,"
        f"{base64.b64encode(one.read_bytes()).decode()}'></figure>"
        for one in pictures
    )
    page.set_content(f"<style>{_SHEET}</style>{figures}")
    page.screenshot(path=to, full_page=True)
    page.close()
