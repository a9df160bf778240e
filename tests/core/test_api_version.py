"""Whether the interface of plugins has what a plugin needs."""

import pytest

from livingmap.core.api_version import unmet_reason

NEEDS = "it needs version {} of the interface of plugins, this map has 2.3; use {}"


@pytest.fixture(autouse=True)
def _version(monkeypatch):
    monkeypatch.setattr("livingmap.core.api_version.API_VERSION", "2.3")


@pytest.mark.parametrize(
    ("required", "reason"),
    [
        ("2.0", None),
        ("2.3", None),
        ("2.4", NEEDS.format("2.4", "a newer map")),
        ("2.10", NEEDS.format("2.10", "a newer map")),
        ("3.0", NEEDS.format("3.0", "a newer map")),
        ("1.9", NEEDS.format("1.9", "a newer plugin")),
        ("2", "requires_api is '2'; write it like '2.3'"),
        ("2.3.1", "requires_api is '2.3.1'; write it like '2.3'"),
        ("v2.3", "requires_api is 'v2.3'; write it like '2.3'"),
        (2.3, "requires_api is 2.3; write it like '2.3'"),
        (None, "requires_api is None; write it like '2.3'"),
    ],
)
def test_a_plugin_needs_a_version_of_the_same_first_number_that_is_not_newer(required, reason):
    assert unmet_reason(required) == reason
