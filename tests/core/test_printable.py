"""What a terminal and a reader of lines are spared."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.printable import printable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Sofia", "Sofia"),
        ("Софія · 漢字 · é · 🛰", "Софія · 漢字 · é · 🛰"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("\x1b[31mred\x1b[0m", r"\u001b[31mred\u001b[0m"),
        ("\x9b31m", r"\u009b31m"),
        ("one\r\ntwo\tthree", r"one\r\ntwo\tthree"),
        ("a\u2028b\x85c\x0bd", r"a\u2028b\u0085c\u000bd"),
        ("gpj\u202eexe.", r"gpj\u202eexe."),
        ("\u2066isolated\u2069 \u061c\ufeff\u200b", r"\u2066isolated\u2069 \u061c\ufeff\u200b"),
        ("half \ud83d", r"half \ud83d"),
        ("\U000e0041", r"\udb40\udc41"),
        ("\x7f\x00", r"\u007f\u0000"),
    ],
)
def test_what_steers_is_escaped_and_the_rest_stays(text, shown):
    assert printable(text) == shown


@given(st.text() | st.text("\x1b\r\n\u202e\x9b[31mab"))
def test_nothing_that_steers_is_left(text):
    shown = printable(text)
    categories = {unicodedata.category(char) for char in shown if char not in "\u200c\u200d"}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown


@given(JSON)
def test_json_stays_json_of_the_same_value(value):
    assert json.loads(printable(json.dumps(value, ensure_ascii=False))) == value
