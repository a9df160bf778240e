"""The page of problems that a map serves: every kind with what it means and what to do, in a language."""

import re
from html import escape
from typing import Final

from livingmap.core.language import ENGLISH, text_in
from livingmap.problems.catalogue import KINDS
from livingmap.problems.kind import Kind

_TITLE: Final = {ENGLISH: "Problems", "uk": "Проблеми"}
_STYLE: Final = """\
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
section { border-left: 3px solid transparent; padding-left: 1rem }
section:target { border-color: currentColor }
h2 { margin: 2rem 0 0; font-size: 1.1rem }
p { margin: .3rem 0 }
"""


def page(language: str) -> str:
    """Return the page, as HTML that needs no other file. A kind has the anchor that is its code."""
    title = text_in(language, _TITLE, "")
    sections = "".join(_section(kind, language) for kind in KINDS)
    return (
        f'<!doctype html>\n<html lang="{language}">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title} - Living Map</title>\n<style>\n{_STYLE}</style>\n<h1>{title}</h1>\n{sections}</html>\n"
    )


def _section(kind: Kind, language: str) -> str:
    title, meaning, todo = (text_in(language, words, "") for words in (kind.title, kind.meaning, kind.todo))
    return (
        f'<section id="{kind.code}">\n<h2>{_html(title)}</h2>\n<p><code>{kind.code}</code>, {kind.severity}</p>\n'
        f"<p>{_html(meaning)}</p>\n<p>{_html(todo)}</p>\n</section>\n"
    )


def _html(text: str) -> str:
    """Return a text as HTML; what is between backticks is code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))
