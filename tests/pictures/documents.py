"""The pictures of the documentation."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ROOT
from tests.pictures import worlds
from tests.pictures.camera import launch, opened, show
from tests.pictures.states import NODE, PLACE, State

_QUALITY = 66
_SIZE = (1440, 860)


@dataclass(frozen=True)
class Picture:
    """A file of docs/, and what it shows."""

    file: str
    world: Any
    address: str
    theme: str
    seconds: float = 0
    """How long it is looked on first."""
    is_live: bool = True


PICTURES = [
    Picture("map.jpg", worlds.lively, f"/?panel=events&select={PLACE}", "dark", seconds=20),
    Picture("map-by-day.jpg", worlds.lively, f"/?panel=problems&select={NODE}", "light", seconds=10),
    Picture("trends.jpg", worlds.week, "/?panel=trends&at={world.end}", "dark", seconds=8, is_live=False),
    Picture("other-network.jpg", worlds.shop, "/?panel=problems&select=target:payment-2", "dark"),
]


def renew(files: list[str]) -> None:
    """Take them anew, or only those of some files."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for picture in (one for one in PICTURES if not files or one.file in files):
            with tempfile.TemporaryDirectory() as own, picture.world(Path(own)) as there:
                state = State(picture.file, picture.world, picture.address, is_live=picture.is_live)
                with opened(browser, _SIZE, color_scheme=picture.theme, locale="en") as page:
                    show(page, state, there)
                    page.wait_for_timeout(picture.seconds * 1000)
                    file = ROOT / "docs" / picture.file
                    page.screenshot(path=file, type="jpeg", quality=_QUALITY, timeout=60_000)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()
