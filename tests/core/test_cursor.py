import base64

import pytest

from livingmap.core.cursor import Cursor, opaque, revealed
from livingmap.core.model import Position

CURSOR = Cursor(Position("0f-a", 17), "all")


@pytest.mark.parametrize("cursor", [CURSOR, Cursor(Position("e", 0)), Cursor(Position("e", 2**63), "a|b-ї")])
@pytest.mark.parametrize("key", [b"key", b"k" * 64, b"k" * 100])
def test_a_cursor_is_read_with_the_key_that_signed_it(cursor, key):
    assert Cursor.decode(cursor.encode(key), key) == cursor


@pytest.mark.parametrize(("key", "other"), [(b"key", b"other"), (b"k" * 64, b"k" * 63 + b"x")])
def test_a_cursor_of_another_key_is_refused(key, other):
    with pytest.raises(ValueError, match=r"^not a cursor of this map: not signed by this map$"):
        Cursor.decode(CURSOR.encode(other), key)


def test_a_cursor_that_was_changed_is_refused():
    raw = revealed(CURSOR.encode(b"key"))
    for index in range(len(raw)):
        changed = bytes([*raw[:index], raw[index] ^ 1, *raw[index + 1 :]])
        with pytest.raises(ValueError, match="not signed by this map"):
            Cursor.decode(opaque(changed), b"key")


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ééé", "A" * 5000, "AA AA", "AAA=", "AA+/", "AA.."])
def test_a_text_that_is_no_cursor_is_refused(text):
    with pytest.raises(ValueError, match=r"^not a cursor of this map: "):
        Cursor.decode(text, b"key")


@pytest.mark.parametrize(
    "raw", [bytes(range(256))[:size] for size in range(8)] + [b"\xfb\xff\xfe", bytes(range(256))]
)
def test_an_opaque_text_needs_no_escaping_and_no_padding(raw):
    text = opaque(raw)
    assert text == base64.urlsafe_b64encode(raw).decode().replace("=", "")
    assert revealed(text) == raw


@pytest.mark.parametrize("text", ["A", "AA*A", "AAAAA", "\n\n\n\n"])
def test_what_opaque_did_not_write_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        revealed(text)
