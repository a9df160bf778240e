"""Takes pictures of the page: in every state, to be looked at, and those of the documentation."""

import argparse
import tempfile
from itertools import groupby
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import SHOTS
from tests.pictures.camera import LOOKS, launch, sheet, take
from tests.pictures.documents import renew
from tests.pictures.states import STATES


def take_states(names: list[str], looks: list[str]) -> None:
    """Leave a picture of each state in each look in .cache/screenshots/states, and a sheet of all its looks."""
    folder = SHOTS / "states"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [state for state in STATES if not names or state.name in names]
    chosen.sort(key=lambda state: state.world.__name__)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        for world, states in groupby(chosen, key=lambda state: state.world):
            with tempfile.TemporaryDirectory() as own, world(Path(own)) as there:
                for state in states:
                    taken = [take(browser, state, there, look, folder) for look in looks]
                    sheet(browser, [one for one in taken if one], folder / f"{state.name}.sheet.png")
                    print(state.name, flush=True)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    which = parser.add_subparsers(dest="which", required=True)
    docs = which.add_parser("docs", help="take those of the documentation anew")
    docs.add_argument("files", nargs="*", metavar="FILE", help="only these, such as map.jpg")
    states = which.add_parser("states", help="leave one of each state and look in .cache/screenshots/states")
    states.add_argument(
        "names",
        nargs="*",
        metavar="STATE",
        help="only these; there are: " + ", ".join(state.name for state in STATES),
    )
    states.add_argument(
        "--looks", nargs="+", choices=LOOKS, default=list(LOOKS), metavar="LOOK", help=", ".join(LOOKS)
    )
    options = parser.parse_args()
    if options.which == "docs":
        renew(options.files)
    else:
        take_states(options.names, options.looks)


if __name__ == "__main__":
    main()
