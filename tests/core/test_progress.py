"""How far a log was read, and the phase that follows."""

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
