import json
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.core.freshness import Freshness, SourceHealth, shortened

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def test_what_one_process_observes_another_adopts():
    health = SourceHealth("city", "city-service", Freshness.STALE, "it is slow", NOON, contributed=True)
    health.polled_at, health.polls, health.failures, health.breaker = NOON, 7, 2, "open"
    health.rows, health.dropped_rows, health.dropped, health.missing = 5, 1, ["a row"], ["/map"]
    health.events, health.revision = 3, 4
    report = json.loads(json.dumps(health.status_report(), default=datetime.isoformat))
    other = SourceHealth("city", "city-service", events=9, revision=1)
    other.adopt(report)
    assert other == SourceHealth(
        "city",
        "city-service",
        Freshness.STALE,
        "it is slow",
        NOON,
        contributed=True,
        polled_at=NOON,
        polls=7,
        failures=2,
        breaker="open",
        rows=5,
        dropped_rows=1,
        dropped=["a row"],
        missing=["/map"],
        events=9,
        revision=2,
    )
    assert isinstance(other.status, Freshness)


def test_a_report_that_says_nothing_new_is_no_new_revision():
    health = SourceHealth("city", "city-service")
    health.adopt({**json.loads(json.dumps(health.status_report())), "revision": 99, "name": "other"})
    assert health == SourceHealth("city", "city-service")


def test_how_far_a_poll_has_come_is_adopted_and_makes_no_snapshot_anew():
    health, other = SourceHealth("city", "s"), SourceHealth("city", "s")
    health.polling = {"rows": 700, "compared": 500}
    other.adopt(json.loads(json.dumps(health.status_report())))
    assert (other.polling, other.revision) == ({"rows": 700, "compared": 500}, 0)


def test_before_the_first_poll_a_source_is_starting():
    assert SourceHealth("city", "s").status_report() == {
        "status": "starting",
        "error": None,
        "observed_at": None,
        "stale_after_seconds": None,
        "contributed": False,
        "polled_at": None,
        "next_poll_at": None,
        "polls": 0,
        "failures": 0,
        "breaker": "closed",
        "polling": None,
        "rows": 0,
        "dropped_rows": 0,
        "dropped": [],
        "missing": [],
        "drift": None,
        "run_error": None,
    }


def test_faults_are_counted_and_the_last_twenty_are_kept():
    health = SourceHealth("city", "s")
    for number in range(22):
        health.note_fault(f"fault {number}")
    assert (health.faults, health.last_faults) == (22, [f"fault {number}" for number in range(2, 22)])
    health.note_fault("x" * 2000)
    assert health.last_faults[-1] == "x" * 1000 + "…"


def test_only_what_is_too_long_is_shortened():
    assert (shortened("x" * 1000), shortened("x" * 1001)) == ("x" * 1000, "x" * 1000 + "…")


@pytest.mark.parametrize("status", [Freshness.FRESH, Freshness.MOCK])
def test_a_source_becomes_stale_by_itself_when_its_polls_do_not_come(status):
    health = SourceHealth("city", "s", status, observed_at=NOON, stale_after_seconds=50)
    assert (health.status_at(NOON + timedelta(seconds=50)), health.error_at(NOON)) == (status, None)
    later = NOON + timedelta(seconds=51)
    assert (health.status_at(later), health.age_seconds(later)) == (Freshness.STALE, 51)
    assert health.error_at(later) == "no complete poll for 50 s"


@pytest.mark.parametrize("status", [Freshness.STARTING, Freshness.DOWN, Freshness.STALE, Freshness.DISABLED])
def test_time_changes_no_other_status(status):
    health = SourceHealth("city", "s", status, "why", NOON, stale_after_seconds=50)
    later = NOON + timedelta(days=1)
    assert (health.status_at(later), health.error_at(later)) == (status, "why")


def test_a_source_that_is_not_polled_is_as_fresh_as_its_events():
    health = SourceHealth("city", "s", Freshness.FRESH)
    assert (health.status_at(NOON), health.age_seconds(NOON)) == (Freshness.FRESH, None)


@pytest.mark.parametrize("status", [Freshness.FRESH, Freshness.MOCK])
def test_a_clock_that_is_set_back_does_not_keep_a_source_fresh(status):
    health = SourceHealth("city", "s", status, observed_at=NOON, stale_after_seconds=50)
    back = NOON - timedelta(seconds=51)
    assert (health.status_at(back), health.age_seconds(back)) == (Freshness.STALE, None)
    assert health.error_at(back) == "the last complete poll was later than now: a clock was set"
    assert health.status_at(NOON - timedelta(seconds=50)) == status


@pytest.mark.parametrize(("seconds", "age"), [(7, 7), (0, 0), (-5, 0), (-6, None)])
def test_an_age_is_never_negative(seconds, age):
    health = SourceHealth("city", "s", observed_at=NOON)
    assert health.age_seconds(NOON + timedelta(seconds=seconds)) == age


@pytest.mark.parametrize("status", [Freshness.FRESH, Freshness.MOCK])
def test_a_source_whose_run_or_handler_stands_still_is_stale_and_says_why(status):
    health = SourceHealth("city", "s", status, run_error="the socket was closed")
    assert (health.status_at(NOON), health.error_at(NOON)) == (Freshness.STALE, "the socket was closed")
    health.run_error, health.set_aside = None, ["city.*", "room.*"]
    assert health.status_at(NOON) == Freshness.STALE
    assert health.error_at(NOON) == (
        "its handler for city.* is set aside: it held up the map; "
        "its handler for room.* is set aside: it held up the map"
    )


def test_all_that_is_wrong_with_a_source_is_said():
    health = SourceHealth("city", "s", Freshness.DOWN, "it is slow", run_error="it ended", set_aside=["city.*"])
    assert health.status_at(NOON) == Freshness.DOWN
    assert health.error_at(NOON) == (
        "it is slow; it ended; its handler for city.* is set aside: it held up the map"
    )


def test_overruns_are_counted_with_their_time_and_the_last_twenty_are_kept():
    health = SourceHealth("city", "s")
    for number in range(22):
        health.note_overrun(f"the handler for {number}", 1.6)
    assert (health.overruns, health.held_seconds) == (22, pytest.approx(35.2))
    assert health.last_overruns == [f"the handler for {number} for 2 s" for number in range(2, 22)]
    health.note_overrun("x" * 2000, 1)
    assert health.last_overruns[-1] == "x" * 1000 + "…"
