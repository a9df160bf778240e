"""The values of fields, by name or by the path to them."""

import pytest

from livingmap.core.values import number_at, value_at

ITEM = {
    "name": "web",
    "metrics": {"cpu": 0.5, "disks": {"sda": {"used": 7}}, "list": [1]},
    "metrics.cpu": None,
    "a.b": 1,
    "a": {"b": 2},
    "none": None,
    "open": True,
    "amount": " 12.50 ",
    "words": "twelve",
    "endless": "inf",
    "undefined": float("nan"),
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "web"),
        ("metrics.cpu", 0.5),
        ("metrics.disks.sda.used", 7),
        ("metrics.disks.sda.used.more", None),
        ("metrics.list.0", None),
        ("metrics.ram", None),
        ("name.first", None),
        ("nothing.at.all", None),
        ("nothing", None),
        ("none", None),
        ("a.b", 1),
    ],
)
def test_a_value_is_that_of_the_field_of_this_name_or_at_the_end_of_the_path(path, value):
    assert value_at(ITEM, path) == value


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("metrics.cpu", 0.5),
        ("a.b", 1),
        ("amount", 12.5),
        ("open", None),
        ("words", None),
        ("endless", None),
        ("undefined", None),
        ("metrics", None),
        ("nothing", None),
    ],
)
def test_a_number_may_be_written_as_text_and_is_finite(path, number):
    assert number_at(ITEM, path) == number
