"""What a search takes for the same."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core.search_key import search_key

SHARED = json.loads((Path(__file__).parents[2] / "frontend" / "tests" / "search_keys.json").read_text())
PLAIN = st.text("abcdefghijklmnopqrstuvwxyz0123456789:-_%*.?[")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Sofia", "sofia"),
        ("ＳＯＦＩＡ", "sofia"),
        ("𝕾𝔬𝔣𝔦𝔞", "sofia"),
        ("SOFÍA", "sofia"),
        ("sofi\u0301a", "sofia"),
        ("ѕоfіа", "sofia"),
        ("so\u200bf\u202eia", "sofia"),
        ("İstanbul", "istanbul"),
        ("ﬁnance", "finance"),
        ("Straße", "strasse"),
        ("ΣΊΣΥΦΟΣ", search_key("σίσυφος")),
        ("Ґанок", search_key("ґанок")),
    ],
)
def test_texts_that_read_alike_have_one_key(text, key):
    assert search_key(text) == key


@pytest.mark.parametrize(("text", "key"), SHARED)
def test_the_page_searches_by_the_same_keys(text, key):
    assert search_key(text) == key


@given(st.text())
def test_case_and_forms_of_letters_change_no_key_and_a_key_is_its_own(text):
    key = search_key(text)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert search_key(unicodedata.normalize(form, text)) == key
    assert search_key(key) == key


@given(PLAIN, PLAIN, PLAIN)
def test_a_part_of_a_text_is_found_in_it_and_nothing_is_a_wildcard(before, part, after):
    assert search_key(part.upper()) in search_key(before + part + after)
    assert search_key(part) == part
