"""Acknowledgements hold for one occurrence of a problem, until their time, in every process that reads the log."""

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from livingmap.core.fold import ACKNOWLEDGED, Folded
from livingmap.core.model import Event, Position
from livingmap.history import Entry, HistoryUnavailable
from livingmap.history.memory import MemoryHistory
from livingmap.problems.acknowledgements import MOST, Acknowledgement, Acknowledgements, payload_of, recall

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def given(problem="p", *, at=NOON, until=NOON + 6 * HOUR, since=NOON - HOUR):
    return Acknowledgement(problem, at, until, since, "u-1", "on it")


def read(*several):
    """Return what a process has that reads these from the log."""
    holder = Acknowledgements()
    for seq, one in enumerate(several):
        event = Event(Position("e", seq), ACKNOWLEDGED, payload_of(one, code="source_down"), one.at)
        holder.on_entry(Folded(event), 0)
    return holder


def test_it_holds_until_its_time():
    holder = read(given())
    assert holder.of("p", NOON - HOUR, NOON) == given()
    assert holder.of("p", NOON - HOUR, NOON + 6 * HOUR) is None
    assert holder.of("another", NOON - HOUR, NOON) is None


def test_it_does_not_hold_for_the_next_time():
    assert read(given()).of("p", NOON + HOUR, NOON + 2 * HOUR) is None


def test_the_last_one_counts():
    later = given(at=NOON + HOUR, until=NOON + 2 * HOUR)
    assert read(given(), later).of("p", NOON - HOUR, NOON + HOUR) == later


def test_a_process_that_just_began_knows_since_when_by_the_one_that_was_told():
    holder = read(given())
    assert holder.since("p", NOON + HOUR) == NOON - HOUR
    assert holder.since("p", NOON + HOUR + timedelta(minutes=6)) is None


def test_one_that_was_given_while_the_process_ran_says_nothing_of_before():
    holder = Acknowledgements()
    assert holder.since("p", NOON - HOUR / 60) is None
    holder.take(payload_of(given()), NOON)
    assert holder.since("p", NOON) is None


def test_a_checkpoint_has_them():
    before, after = read(given(), given("q")), Acknowledgements()
    after.restore(dict(before.states()))
    assert dict(after.states()) == dict(before.states())
    assert after.of("q", NOON - HOUR, NOON) == given("q")


def test_what_makes_no_sense_is_left_out():
    holder, whole = Acknowledgements(), payload_of(given())
    for wrong in (
        {},
        {**whole, "until": "soon"},
        {**whole, "until": "2026-01-02T13:00:00"},
        {**whole, "since": None},
    ):
        holder.take(wrong, NOON)
    assert dict(holder.states()) == {"acknowledged": []}


def test_a_bounded_number_is_remembered():
    several = [given(f"p{number}") for number in range(MOST + 1)]
    [(_, kept)] = read(*several).states()
    assert [one["id"] for one in kept] == [one.id for one in several[1:]]


async def test_a_log_that_begins_with_the_process_has_those_of_the_history():
    history, holder = MemoryHistory(), Acknowledgements()
    first, second = given(), given(at=NOON + HOUR, since=NOON)
    await history.write(
        [
            Entry(Position("before", seq), ACKNOWLEDGED, payload_of(one), one.at)
            for seq, one in enumerate((first, second), 1)
        ]
    )
    holder.take(payload_of(given("q")), NOON)
    await recall(holder, history, lambda: True)
    assert holder.of("p", NOON, NOON + 2 * HOUR) == second
    assert holder.since("p", NOON + 2 * HOUR) == NOON


async def test_a_history_that_cannot_be_read_is_waited_for(monkeypatch):
    class Away(MemoryHistory):
        reads = 0

        async def read(self, query):
            self.reads += 1
            if self.reads < 3:
                raise HistoryUnavailable("away")
            return await super().read(query)

    monkeypatch.setattr("livingmap.problems.acknowledgements._LOOK_SECONDS", 0)
    history, holder = Away(), Acknowledgements()
    await history.write([Entry(Position("before", 1), ACKNOWLEDGED, payload_of(given()), NOON)])
    with capture_logs() as lines:
        await recall(holder, history, lambda: True)
    assert [line["event"] for line in lines] == ["what was acknowledged before cannot be read from the history"]
    assert holder.of("p", NOON - HOUR, NOON) == given()


def recalled(*several):
    """Return what a process has that begins at one o'clock, with these from the history."""
    holder = Acknowledgements()
    holder.begin(NOON + HOUR)
    for one in several:
        holder.recall(payload_of(one), one.at)
    return holder


def test_what_a_new_log_has_anew_is_open_since_before():
    holder, again = recalled(given()), NOON + HOUR
    assert holder.since_in_log("p", again, again) == NOON - HOUR
    assert holder.since_in_log("p", again, again + 3 * HOUR) == NOON - HOUR
    assert holder.since_in_log("another", again, again) == again


def test_what_comes_back_in_a_new_log_is_another_problem():
    holder, first, second = recalled(given()), NOON + HOUR, NOON + HOUR + timedelta(minutes=2)
    assert holder.since_in_log("p", first, first) == NOON - HOUR
    assert holder.since_in_log("p", second, second) == second


def test_what_is_found_long_after_the_beginning_is_another_problem():
    holder, late = recalled(given()), NOON + 2 * HOUR
    assert holder.since_in_log("p", late, late) == late
    assert holder.since("p", late) is None
