import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.validity import invalid_reason


def nested(depth, inner=1):
    for level in range(depth):
        inner = [inner] if level % 2 else {"a": inner}
    return inner


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"a": [1, 2.5, "x", None, True]}, None),
        (float("nan"), "nan is not a JSON number"),
        (float("inf"), "inf is not a JSON number"),
        (2**64 - 1, None),
        (2**64, "an integer of more than 64 bits"),
        (-(2**63), None),
        (-(2**63) - 1, "an integer of more than 64 bits"),
        ("x\0", "text with a NUL character"),
        ("ї😀", None),
        ("x\ud800", "text with a lone surrogate"),
        ({"k\0": 1}, "text with a NUL character"),
        ({"k": {"\ud800": 1}}, "text with a lone surrogate"),
        ({1: 2}, "an object key is not text"),
        ({"k": 1, "l": [1, "x\0"]}, "text with a NUL character"),
        ("x" * 65_536, None),
        ("x" * 65_537, "a text of 65537 characters"),
        ({1, 2}, "set is not a JSON value"),
        (b"x", "bytes is not a JSON value"),
        ((1,), "tuple is not a JSON value"),
        (nested(15), None),
        (nested(16), "nested deeper than 16 levels"),
        ([1, nested(15, "x")], "nested deeper than 16 levels"),
    ],
)
def test_only_clean_json_is_kept(value, reason):
    expected = reason and f"a: {reason}"
    assert invalid_reason(Put("agents", "agent:a", {"ok": 1, "a": value})) == expected
    assert invalid_reason(Total("agents", {"ok": 1, "a": value})) == expected


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"x\0": 1}, "x\0: text with a NUL character"),
        ({"x\0": "a"}, "x\0: text with a NUL character"),
        ({1: 1}, "1: an object key is not text"),
        ({1: "a"}, "1: an object key is not text"),
    ],
)
def test_names_of_fields_are_clean_text(fields, reason):
    assert invalid_reason(Total("agents", fields)) == reason


@pytest.mark.parametrize("fields", [[("a", 1)], None, "a"])
def test_fields_are_a_mapping(fields):
    assert invalid_reason(Total("agents", fields)) == "its fields are not a mapping"


def test_ids_are_bounded_and_clean():
    longest = "agent:" + "x" * 506
    assert invalid_reason(Drop("agents", longest)) is None
    assert invalid_reason(Drop("agents", f"{longest}x")) == "an id of 513 characters"
    assert invalid_reason(Put("agents", f"{longest}x")) == "an id of 513 characters"
    assert invalid_reason(Put("agents", "agent:a", aliases=("agent:b", "agent:\0"))) == "text with a NUL character"
    assert invalid_reason(Put("agents", "agent:a", aliases=("agent:b",))) is None


def test_every_field_is_looked_at():
    fields = {"a": "plain", "b": 1, "c": [1], "d": "ї", "e": float("nan")}
    assert invalid_reason(Total("agents", fields)) == "e: nan is not a JSON number"
