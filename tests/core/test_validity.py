import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.validity import invalid_reason


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"a": [1, 2.5, "x", None, True]}, None),
        (float("nan"), "a: nan is not a JSON number"),
        (2**64, "a: an integer of more than 64 bits"),
        ("x\0", "a: text with a NUL character"),
        ({"k\0": 1}, "a: text with a NUL character"),
        ({"k": {"\ud800": 1}}, "a: text with a lone surrogate"),
        ({1: 2}, "a: an object key is not text"),
        ("x" * 70_000, "a: a text of 70000 characters"),
        ({1, 2}, "a: set is not a JSON value"),
        (b"x", "a: bytes is not a JSON value"),
    ],
)
def test_only_clean_json_is_kept(value, fault):
    assert invalid_reason(Put("agents", "agent:a", {"a": value})) == fault
    assert invalid_reason(Total("agents", {"a": value})) == fault


def test_ids_are_bounded_and_clean():
    assert invalid_reason(Drop("agents", "agent:" + "x" * 600)) == "an id of 606 characters"
    assert invalid_reason(Put("agents", "agent:a", aliases=("agent:\0",))) == "text with a NUL character"
