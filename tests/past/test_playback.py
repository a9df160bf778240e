"""The clock of a play, without a socket and without waiting."""

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.past.moment import MomentError
from livingmap.past.playback import AS_FAST_AS_READ, Playback, speed_of, speed_text

TWO = datetime(2026, 1, 2, 2, 0, tzinfo=UTC)


def after(seconds):
    return TWO + timedelta(seconds=seconds)


def test_the_moment_runs_at_the_speed_of_the_play():
    playback = Playback(TWO, 100.0, speed=60)
    assert [playback.moment(clock) for clock in (100.0, 100.5, 110.0)] == [TWO, after(30), after(600)]


@pytest.mark.parametrize(
    ("speed", "seconds"), [(1, 600.0), (60, 10.0), (600, 1.0), (1000, 0.6), (AS_FAST_AS_READ, 0.0)]
)
def test_what_happened_later_is_due_by_its_time_over_the_speed(speed, seconds):
    assert Playback(TWO, 100.0, speed).seconds_until(after(600), 100.0) == seconds


def test_what_is_past_already_is_due_at_once():
    assert Playback(TWO, 100.0).seconds_until(after(-5), 100.0) == 0


def test_a_paused_play_stands_still_and_nothing_is_due():
    paused = Playback(TWO, 100.0, speed=10).paused(101.0)
    assert (paused.moment(500.0), paused.seconds_until(after(20), 500.0)) == (after(10), None)
    assert paused.playing(500.0).moment(501.0) == after(20)


def test_another_speed_counts_from_the_moment_that_is_shown():
    playback = Playback(TWO, 100.0, speed=10).with_speed(100, 101.0)
    assert (playback.moment(101.0), playback.moment(102.0)) == (after(10), after(110))


def test_a_play_that_is_paused_stays_so_when_it_is_sought_or_gets_another_speed():
    paused = Playback(TWO, 100.0).paused(100.0)
    assert paused.sought(after(60), 101.0).moment(200.0) == after(60)
    assert paused.with_speed(9, 101.0).is_paused


def test_at_the_greatest_speed_the_moment_is_that_of_what_was_shown_last():
    playback = Playback(TWO, 100.0, AS_FAST_AS_READ).shown(after(7), 100.1)
    assert playback.moment(900.0) == after(7)
    assert playback.shown(after(3), 101.0).moment(900.0) == after(7)


def test_what_is_shown_in_time_does_not_move_the_play():
    playback = Playback(TWO, 100.0, speed=10)
    assert playback.shown(after(5), 101.0) is playback


def test_a_play_that_is_late_by_more_than_a_second_goes_on_from_what_is_shown():
    playback = Playback(TWO, 100.0, speed=10).shown(after(5), 130.0)
    assert (playback.moment(130.0), playback.seconds_until(after(25), 130.0)) == (after(5), 2.0)


STEPS = st.lists(
    st.tuples(st.sampled_from(["pause", "play", "speed"]), st.floats(0, 100), st.sampled_from([1.0, 7.0, 1000.0])),
    max_size=12,
)


@given(STEPS)
def test_without_seeks_the_moment_never_goes_back_and_runs_only_while_playing(steps):
    playback, clock, expected = Playback(TWO, 0.0), 0.0, 0.0
    for kind, seconds, speed in steps:
        clock += seconds
        expected += 0 if playback.is_paused else seconds * playback.speed
        match kind:
            case "pause":
                playback = playback.paused(clock)
            case "play":
                playback = playback.playing(clock)
            case _:
                playback = playback.with_speed(speed, clock)
        assert (playback.moment(clock) - TWO).total_seconds() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("value", "speed"),
    [("1", 1), (1, 1), ("2.5", 2.5), (1000, 1000), ("max", math.inf), (0, math.inf), ("0", math.inf)],
)
def test_a_speed_is_between_1_and_1000_or_max(value, speed):
    assert speed_of(value) == speed


@pytest.mark.parametrize("value", ["", "fast", "0.5", -1, 1001, "1e9999", 10**400, True, None, [], "nan", "inf"])
def test_any_other_speed_is_refused_and_the_message_says_what_would_work(value):
    with pytest.raises(MomentError, match="speed: give 1 to 1000, or max"):
        speed_of(value)


def test_messages_have_a_speed_as_clients_write_it():
    assert [speed_text(speed) for speed in (60.0, math.inf)] == [60.0, "max"]
