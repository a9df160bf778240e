"""What the tutorial has typed works, and prints what it shows."""

import re

from tests.test_docs import ROOT, commands, file_service, livingmap, unpack

__all__ = ["file_service"]

TUTORIAL = ROOT / "docs" / "tutorial.md"
SERVICE = "http://127.0.0.1:8080"


def fits(shown: str, printed: str) -> bool:
    """Whether a text is what is shown, where ``…`` stands for anything."""
    return bool(re.fullmatch(".*".join(map(re.escape, shown.split("…"))) + "(.*)", printed, re.DOTALL))


def test_a_shown_text_with_gaps_fits_only_what_it_shows():
    assert fits("a…c", "abc")
    assert not fits("a…c", "ab")
    assert not fits("b…", "abc")


def test_the_source_of_the_tutorial_is_read_as_shown(tmp_path, file_service):
    unpack(TUTORIAL, tmp_path)
    address = {"LIVINGMAP_SOURCES__WORKSHOP__BASE_URL": file_service}
    for command, shown in commands(TUTORIAL):
        if command.startswith(("livingmap check", "livingmap probe")):
            printed = livingmap(*command.split()[1:], folder=tmp_path, **address).replace(file_service, SERVICE)
            assert fits(shown, printed), printed
