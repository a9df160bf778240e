"""Limits: by address, by actor, and none of them remembers for ever."""

import pytest

from livingmap.access.limits import Failures, Pace, Streams, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        (None, ""),
    ],
)
def test_what_counts_as_one_address(address, network):
    assert network_of(address) == network


def test_too_many_failures_shut_an_address_out_for_the_rest_of_the_minute():
    now = 0.0
    failures = Failures(3, lambda: now)
    for _ in range(3):
        assert failures.wait_seconds("192.0.2.7") == 0
        failures.note("192.0.2.7")
    assert failures.wait_seconds("192.0.2.7") == 60
    assert failures.wait_seconds("192.0.2.8") == 0
    now = 61.0
    assert failures.wait_seconds("192.0.2.7") == 0
    failures.note("192.0.2.7")
    assert failures.wait_seconds("192.0.2.7") == 0


def test_streams_are_counted_by_actor_and_by_address_until_they_end():
    streams = Streams(2, 3, 99)
    ends = [streams.open("u-1", "192.0.2.7") for _ in range(2)]
    assert streams.full("u-1", "192.0.2.9") == "2 streams of this actor are open"
    assert streams.full("u-2", "192.0.2.7") is None
    ends.append(streams.open(None, "192.0.2.7"))
    assert streams.full("u-2", "192.0.2.7") == "3 streams from this address are open"
    for end in ends:
        end()
    assert streams.full("u-1", "192.0.2.7") is None


def test_a_minute_begins_with_the_first_failure_after_the_last_minute():
    now = 0.0
    failures = Failures(2, lambda: now)
    for at, expected in ((1000, 0), (1059, 1), (1060, 0), (1061, 59)):
        now = at
        failures.note("192.0.2.7")
        assert failures.wait_seconds("192.0.2.7") == expected


def test_a_stream_that_ends_leaves_the_others_counted():
    streams = Streams(2, 9, 99)
    ends = [streams.open("u-1", "192.0.2.7") for _ in range(2)]
    ends[0]()
    assert streams.full("u-1", "192.0.2.7") is None
    streams.open("u-1", "192.0.2.7")
    assert streams.full("u-1", "192.0.2.7") == "2 streams of this actor are open"


def test_a_pace_is_kept_at_any_time_of_the_clock():
    pace = Pace(2, 10, lambda: 1000.0)
    assert [pace.keeps() for _ in range(3)] == [True, True, False]
