from datetime import UTC, datetime, timedelta, timezone

import pytest

from livingmap.core.cursor import Cursor
from livingmap.core.model import Position, Put, id_of
from livingmap.core.units import canonical_status, load_ratio, rfc3339


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
        ("2026-01-02T03:04:05.678+02:00", "2026-01-02T01:04:05.678000Z"),
        ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
        ("2026-01-02 03:04:05.5+00:00", "2026-01-02T03:04:05.500000Z"),
        (1767323045, "2026-01-02T03:04:05Z"),
        (1767323045000, "2026-01-02T03:04:05Z"),
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
        (77, 0.77),
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
        ("warn", "degraded"),
        ("levitating", "levitating"),
        (None, "unknown"),
    ],
)
def test_statuses_are_in_the_maps_words(value, expected):
    assert canonical_status(value) == expected


def test_ids_say_their_type_once():
    assert (id_of("agent", "sofia"), id_of("agent", "agent:sofia")) == ("agent:sofia", "agent:sofia")


@pytest.mark.parametrize("entity_id", ["sofia", "", ":", "agent:", "Agent:x", "a b:c", "agent: "])
def test_an_id_without_a_type_is_refused(entity_id):
    with pytest.raises(ValueError, match="does not say its type"):
        Put("agents", entity_id)


def test_a_cursor_is_read_by_whoever_has_the_key():
    cursor = Cursor(Position("0f-a", 17), "all")
    assert Cursor.decode(cursor.encode(b"key"), b"key") == cursor


@pytest.mark.parametrize("text", ["", "x", "AAAA", "ééé", Cursor(Position("e", 1)).encode(b"other"), "A" * 5000])
def test_a_cursor_that_is_not_ours_is_refused(text):
    with pytest.raises(ValueError, match="not a cursor of this map"):
        Cursor.decode(text, b"key")


def test_a_moment_is_in_utc():
    assert rfc3339(datetime(2026, 1, 2, tzinfo=UTC)) == "2026-01-02T00:00:00Z"
