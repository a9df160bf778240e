"""What is taken in from outside, and what is set aside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.core import numbers
from livingmap.core.model import Message, Total
from livingmap.core.validity import MOST_DEPTH, invalid_reason
from livingmap.log.local import utc_now
from livingmap.transport.parsing import MOST_BYTES, DeadLetter, DeadLetters, DeadMessage, read


def nested(depth):
    return b'{"a":' + b"[" * depth + b"1" + b"]" * depth + b"}"


def test_a_json_object_is_a_message():
    data = '{"id": "agent:sofia", "load": 0.5, "tags": [1, null, true], "name": "Софія \\\\u0000"}'
    assert read("agents.reply", data.encode()) == Message("agents.reply", json.loads(data))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no JSON: "),
        (b"{", "no JSON: "),
        (b"hello", "no JSON: "),
        (b'{"a": 1} {"a": 2}', "no JSON: "),
        (b"\xef\xbb\xbf{}", "no JSON: "),
        (b'{"a": "\xff"}', "no JSON: str is not valid UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "no JSON: str is not valid UTF-8"),
        (b'{"a": "\\ud800"}', "no JSON: "),
        (b'{"\\udfff": 1}', "no JSON: "),
        (b'{"a": "\x00"}', "no JSON: "),
        (b'{"a": NaN}', "no JSON: "),
        (b'{"a": Infinity}', "no JSON: "),
        (b'{"a": -Infinity}', "no JSON: "),
        (b'{"a": 1e999}', "no JSON: "),
        (b'{"a": 1' + b"0" * 5000 + b"}", "no JSON: "),
        (nested(2000), "no JSON: "),
        (b"[]", "no JSON object but an array"),
        (b'"text"', "no JSON object but text"),
        (b"1", "no JSON object but a number"),
        (b"null", "no JSON object but null"),
        (b"true", "no JSON object but a boolean"),
        (nested(MOST_DEPTH), f"a: nested deeper than {MOST_DEPTH} levels"),
        (nested(1000), f"a: nested deeper than {MOST_DEPTH} levels"),
        (b'{"a": "x\\u0000y"}', "a: text with a NUL character"),
        (b'{"a": [{"b": "\\u0000"}]}', "a: text with a NUL character"),
        (b'{"\\u0000": 1}', "text with a NUL character"),
        (b'{"a": {"\\u0000": 1}}', "text with a NUL character"),
        (b'{"a": [{"b": {"\\u0000": 1}}]}', "text with a NUL character"),
        (b'{"a": "' + b"x" * MOST_BYTES + b'"}', f"larger than most_bytes = {MOST_BYTES}"),
    ],
)
def test_what_nobody_could_use_is_dead(data, reason):
    with pytest.raises(DeadMessage) as dead:
        read("a.b", data)
    assert reason in str(dead.value)


@pytest.mark.parametrize(
    "data",
    [
        b"{}",
        nested(MOST_DEPTH - 1),
        b'{"a": "\\\\u0000"}',
        b'{"a": 18446744073709551615, "b": -9223372036854775808}',
        b'{"a": 1e30, "b": 1.5e300, "c": -1E+25, "d": 100000000000000000000.0}',
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "18446744073709551616", "b": 0.1844674407370955000000000}',
    ],
)
def test_what_is_unusual_but_sound_is_taken(data):
    assert read("a.b", data).payload == json.loads(data)


@pytest.mark.parametrize(
    "number", ["18446744073709551616", "-9223372036854775809", "1" + "0" * 300, "12345678901234567.89"]
)
def test_a_number_that_would_be_rounded_arrives_as_the_text_that_was_sent(number):
    assert read("a.b", b'{"a": 1e30, "b": {"c": [%s]}}' % number.encode()).payload == {
        "a": 1e30,
        "b": {"c": [number]},
    }


def test_the_greatest_size_is_a_setting():
    assert read("a", b'{"a":1}', most_bytes=7).payload == {"a": 1}
    with pytest.raises(DeadMessage, match="larger than most_bytes = 6"):
        read("a", b'{"a":1}', most_bytes=6)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "a" * 257,
        "a.\x00",
        "a.\x1b[31m",
        "a\nb",
        "a b",
        "a.\x85",
        "a.\ud800",
        "\ufffd.a",
        "a..b",
        ".a",
        "a.",
        "a.*",
        ">",
        "livingmap",
        "livingmap.source.refreshed",
        "livingmap.source.down",
    ],
)
def test_a_bad_subject_is_dead(subject):
    with pytest.raises(DeadMessage, match=r"^its subject "):
        read(subject, b"{}")


@pytest.mark.parametrize("subject", ["a", "a" * 256, "usage.llm", "livingmaps.x", "x.livingmap.y", "місто.$x-1_Z"])
def test_a_good_subject_is_taken(subject):
    assert read(subject, b"{}") == Message(subject, {})


texts = st.text(st.characters() | st.sampled_from('\0\ud800\\"a'), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | texts | st.floats() | st.integers(-(2**70), 2**70) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
payloads = (
    st.binary(max_size=200)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(texts, values).map(lambda value: json.dumps(value).encode())
    | st.dictionaries(texts, values).map(
        lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    )
    | st.integers(0, 1500).map(nested)
)


def keys(value):
    if isinstance(value, dict):
        yield from value
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from keys(one)


@given(st.sampled_from(["a.b", "livingmap.x"]) | texts, payloads)
def test_whatever_comes_is_a_sound_message_or_dead(subject, data):
    try:
        message = read(subject, data)
    except DeadMessage as dead:
        DeadLetters().add(utc_now(), subject, dead, data)
        return
    assert message == Message(subject, numbers.decode(data))
    assert invalid_reason(Total("any", message.payload)) is None
    assert not any("\0" in key for key in keys(message.payload))
    message.type.encode()


def test_dead_letters_are_counted_and_the_last_are_kept():
    dead, now = DeadLetters(), utc_now()
    for number in range(250):
        dead.add(now, f"a.{number}", DeadMessage("no JSON"), b"\xff%d" % number)
    assert dead.count == 250
    assert [letter.subject for letter in dead.letters] == [f"a.{number}" for number in range(150, 250)]
    assert dead.letters[-1] == DeadLetter(now, "a.249", "no JSON", r"b'\xff249'")


def test_a_dead_letter_is_small_and_printable():
    dead = DeadLetters()
    dead.add(utc_now(), "\x1b\ud800" * 9999, DeadMessage("\0" * 9999), b"\x1b" * 9999)
    letter = dead.letters[0]
    for text, most in ((letter.subject, 256), (letter.reason, 200), (letter.excerpt, 200)):
        assert len(text) == most
        assert text.isprintable()
