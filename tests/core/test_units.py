import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from livingmap.core.units import (
    add_amounts,
    add_counts,
    canonical_status,
    format_amount,
    is_later,
    load_ratio,
    rfc3339,
    updated_amount,
    without_none,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.678+02:00", "2026-01-02T01:04:05.678000Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04:05.5+00:00", "2026-01-02T03:04:05.500000Z"),
        (1767323045, "2026-01-02T03:04:05Z"),
        (1767323045000, "2026-01-02T03:04:05Z"),
        (9_999_999_999, "2286-11-20T17:46:39Z"),
        (10_000_000_000, "1970-04-26T17:46:40Z"),
        (-10_000_000_000, "1969-09-07T06:13:20Z"),
        (1767323045.5, "2026-01-02T03:04:05.500000Z"),
        (datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T03:04:05Z"),
        ("yesterday", None),
        (None, None),
        (True, None),
        (1e300, None),
        ([], None),
    ],
)
def test_times_are_utc_with_z(value, expected):
    assert rfc3339(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0, 0),
        (0.42, 0.42),
        (1, 1),
        (1.5, 0.015),
        (77, 0.77),
        (0.123456, 0.1235),
        (250, 1),
        (-1, None),
        ("5", None),
        (float("nan"), None),
        (True, None),
    ],
)
def test_loads_are_between_zero_and_one(value, expected):
    assert load_ratio(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("healthy", "online"),
        (" Online ", "online"),
        ("Idle", "idle"),
        ("warn", "degraded"),
        ("Levitating", "levitating"),
        (" ", "unknown"),
        (7, "unknown"),
        (None, "unknown"),
    ],
)
def test_statuses_are_in_the_maps_words(value, expected):
    assert canonical_status(value) == expected


def test_a_moment_is_in_utc():
    assert rfc3339(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00Z"


def test_times_do_not_depend_on_the_zone_of_the_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert rfc3339(1767323045) == rfc3339("2026-01-02T03:04:05") == "2026-01-02T03:04:05Z"
        assert rfc3339(datetime(2026, 1, 2, 3, 4, 5)) == "2026-01-02T03:04:05Z"  # noqa: DTZ001 - that is the point
        assert rfc3339("2026-01-02T05:04:05+02:00") == "2026-01-02T03:04:05Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_status_that_is_missing_is_the_default():
    assert canonical_status(None, "offline") == canonical_status("", "offline") == "offline"
    assert canonical_status("healthy", "offline") == "online"


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.00", "1"), ("1", "1"), ("0", "0"), ("1E+3", "1000"), ("0.000001230", "0.00000123"), ("-5.50", "-5.5")],
)
def test_an_amount_has_one_spelling(value, text):
    assert format_amount(Decimal(value)) == text


def test_amounts_are_added_exactly():
    big, small = Decimal(123456789012345678901234567890), Decimal("0.000000000000000000000000000001")
    assert (
        format_amount(add_amounts(big, small)) == "123456789012345678901234567890.000000000000000000000000000001"
    )


@pytest.mark.parametrize(
    ("moment", "previous", "expected"),
    [
        ("2026-01-02T03:04:06Z", "2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", False),
        ("2026-01-02T03:04:04Z", "2026-01-02T03:04:05Z", False),
        ("2026-01-02T03:04:05.5Z", "2026-01-02T03:04:05Z", True),
        ("yesterday", "2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:04Z", None, True),
    ],
)
def test_a_message_is_news_unless_it_comes_again_or_too_late(moment, previous, expected):
    assert is_later(moment, previous) is expected


def test_fields_that_are_none_are_left_out():
    assert without_none({"a": None, "b": 0, "c": ""}) == {"b": 0, "c": ""}


@pytest.mark.parametrize(
    ("previous", "delta", "balance", "expected"),
    [
        ("10", "5", "99.0", "99"),
        (None, None, "99.0", "99"),
        ("10", "-2.50", None, "7.5"),
        ("10", None, None, None),
        (None, "5", None, None),
        ("0", "0", None, "0"),
    ],
)
def test_an_amount_follows_its_balance_or_what_was_added(previous, delta, balance, expected):
    assert updated_amount(previous, delta and Decimal(delta), balance and Decimal(balance)) == expected


def test_only_counts_that_move_and_are_there_are_changed_and_none_falls_below_zero():
    counts = {"yes": 2, "no": 0, "all": 5, "none": None}
    assert add_counts(counts, yes=1, no=-1, all=0, none=1, other=1) == {"yes": 3, "no": 0}
    assert counts == {"yes": 2, "no": 0, "all": 5, "none": None}
