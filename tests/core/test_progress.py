"""How far a log was read, and the phase that follows."""

from datetime import UTC, datetime, timedelta

import pytest

from livingmap.core.model import Position
from livingmap.core.progress import Phase, Progress


def test_it_replays_until_what_was_there_at_first_has_been_read():
    progress, times = Progress(Position("", 0)), []
    progress.when_live(lambda: times.append(progress.read_up_to))
    assert progress.phase is Phase.REPLAYING
    progress.begin(Position("e", 38), 40)
    progress.aim(70)
    progress.advance(69)
    assert progress.phase is Phase.REPLAYING
    assert times == []
    progress.advance(70)
    assert progress.phase is Phase.LIVE
    progress.advance(71)
    assert times == [70]


def test_nothing_is_live_before_it_is_known_how_far_to_read():
    progress = Progress(Position("", 0))
    progress.advance(100)
    assert not progress.is_live


def test_an_empty_log_is_live_at_once_and_says_so_to_latecomers():
    progress, times = Progress(Position("e", 0)), []
    progress.aim(0)
    progress.when_live(lambda: times.append("late"))
    assert progress.is_live
    assert times == ["late"]


async def test_only_the_first_goal_counts():
    progress = Progress(Position("e", 0))
    progress.aim(0)
    progress.aim(9)
    await progress.live()
    assert progress.is_live


def test_the_position_is_that_of_the_start_until_the_log_says_more():
    progress = Progress(Position("e", 7))
    assert (progress.here(), progress.read_up_to) == (Position("e", 7), 7)


def test_a_process_without_its_log_stands_on_a_branch_and_returns_to_where_it_left():
    progress = Progress(Position("e", 7))
    progress.aim(9)
    assert not progress.is_shown
    assert progress.branch_off("branch") == progress.here() == Position("branch", 7)
    assert (progress.phase, progress.is_shown, progress.is_on_its_own) == (Phase.ON_ITS_OWN, True, True)
    progress.return_to_log()
    assert (progress.position, progress.phase, progress.is_shown) == (Position("e", 7), Phase.REPLAYING, False)
    progress.return_to_log()
    assert progress.position == Position("e", 7)


async def test_what_is_shown_is_waited_for_on_a_branch_and_in_the_log():
    progress = Progress(Position("e", 7))
    progress.branch_off("branch")
    await progress.shown()
    progress.return_to_log()
    progress.aim(7)
    assert progress.is_shown
    await progress.shown()


def test_after_a_branch_nothing_is_shown_before_all_that_was_in_the_log_by_then_has_been_read():
    progress, times_live = Progress(Position("e", 7)), []
    progress.when_live(lambda: times_live.append(progress.read_up_to))
    progress.aim(7)
    progress.branch_off("branch")
    progress.return_to_log()
    progress.aim(9)
    assert (progress.phase, progress.is_shown) == (Phase.REPLAYING, False)
    progress.advance(8)
    assert not progress.is_shown
    progress.advance(9)
    assert (progress.phase, progress.is_shown, times_live) == (Phase.LIVE, True, [7, 9])


@pytest.mark.parametrize(
    ("seconds", "detached"), [(0, False), (10, False), (10.5, True), (-10, False), (-3600, True)]
)
def test_a_log_that_is_away_for_more_than_ten_seconds_by_whatever_clock_is_detached(seconds, detached):
    noon, progress = datetime(2026, 1, 2, 12, tzinfo=UTC), Progress(Position("e", 7))
    assert not progress.is_detached(noon)
    progress.away_since = noon
    assert progress.is_detached(noon + timedelta(seconds=seconds)) is detached
    assert progress.standing_still_since == noon
    progress.branch_off("branch")
    assert progress.standing_still_since is None


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=30)


def away_since_noon(read_up_to):
    """Return how far a process has read that lost its log at noon."""
    progress = Progress(Position("e", read_up_to))
    progress.aim(read_up_to)
    progress.detach(NOON)
    return progress


def test_a_connection_that_comes_to_nothing_is_not_an_end_of_the_time_without_the_log():
    progress = away_since_noon(7)
    progress.attach()
    assert progress.away_since is None
    progress.detach(LATER)
    progress.detach(LATER)
    assert progress.standing_still_since == NOON


def test_a_branch_that_fails_to_return_counts_from_when_the_log_was_lost():
    progress = away_since_noon(7)
    progress.branch_off("branch")
    for _ in range(2):
        progress.attach()
        progress.return_to_log()
        progress.aim(9)
        progress.advance(8)
        progress.detach(LATER)
        assert (progress.standing_still_since, progress.is_detached(LATER)) == (NOON, True)
        progress.branch_off("another branch")


@pytest.mark.parametrize("last", [7, 9])
def test_the_time_without_the_log_counts_anew_once_the_log_was_read_to_its_end(last):
    progress = away_since_noon(7)
    progress.branch_off("branch")
    progress.attach()
    progress.return_to_log()
    progress.aim(last)
    progress.advance(last)
    progress.detach(LATER)
    assert progress.away_since == LATER


def test_a_short_loss_without_a_branch_ends_with_the_connection():
    progress = away_since_noon(7)
    progress.attach()
    progress.aim(9)
    progress.detach(LATER)
    assert progress.away_since == LATER


def test_a_new_process_has_read_nothing_and_misses_nothing():
    progress = Progress(Position("e", 7))
    assert (progress.away_since, progress.folded_at, progress.lag) == (None, None, 0)
    assert progress.standing_still_since is None


def test_a_log_that_begins_anew_is_counted_and_the_first_is_not():
    progress = Progress(Position("", 0))
    counts = [progress.new_epochs]
    for epoch in ("e", "e", "f", "f", "g"):
        progress.begin(Position(epoch, 7), 7)
        counts.append(progress.new_epochs)
    assert counts == [0, 0, 0, 1, 1, 2]


def test_the_term_is_that_of_the_checkpoint_or_begins_with_the_log():
    progress = Progress(Position("e", 7))
    terms = [progress.term]
    for given in ((), (5,), ()):
        progress.begin(Position("e", 7), 7, *given)
        terms.append(progress.term)
    assert terms == [0, 0, 5, 0]
