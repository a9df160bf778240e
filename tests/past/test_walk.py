"""Going through the history: what follows, what is missing, and where the map is suddenly another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from livingmap.core.model import Position
from livingmap.history import Entry, Gap, State
from livingmap.history.memory import MemoryHistory
from livingmap.past.walk import ANEW, DELETED, UNKEPT, Jump, Walk, time_of
from tests.history.making import NOON


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def entry(seq, previous=None, *, epoch="e1", seconds=None, changes=b"[]"):
    before = seq - 1 if previous is None else previous
    received_at = at(seq if seconds is None else seconds)
    return Entry(Position(epoch, seq), "a.b", {}, received_at, previous=before, changes=changes)


async def made(*entries, states=(), gaps=()):
    history = MemoryHistory()
    await history.write(entries)
    for one in states:
        await history.write_state(State(one.position, one.received_at, one.mark.time, b""))
    for gap in gaps:
        await history.record_gap(gap)
    return history


async def steps(history, start, to=None, **more):
    """Return what a walk comes by, in short: sequences, gaps, and jumps."""
    walk, steps = Walk(history, start, to, **more), []
    while page := await walk.page():
        steps += page
    return [short(step) for step in steps]


def short(step):
    match step:
        case Gap():
            return step.reason
        case Jump():
            return f"jump {step.entry.position.seq}"
        case _:
            return step.position.seq


async def test_what_follows_comes_in_order_page_by_page():
    entries = [entry(seq) for seq in range(1, 700)]
    assert await steps(await made(*entries), entries[0]) == list(range(2, 700))


async def test_a_walk_ends_at_its_moment():
    entries = [entry(seq) for seq in range(1, 9)]
    assert await steps(await made(*entries), entries[0], at(5)) == [2, 3, 4, 5]


async def test_what_is_written_later_comes_with_a_later_page():
    entries = [entry(seq) for seq in range(1, 5)]
    history = await made(*entries[:2])
    walk = Walk(history, entries[0], None)
    assert ([short(one) for one in await walk.page()], await walk.page()) == ([2], [])
    await history.write(entries[2:])
    assert [short(one) for one in await walk.page()] == [3, 4]


async def test_what_was_deleted_is_said_and_a_state_after_it_is_jumped_to():
    entries = [entry(1), entry(2), entry(5), entry(6), entry(7)]
    history = await made(*entries, states=[entries[0], entries[3]])
    assert await steps(history, entries[0]) == [2, DELETED, 5, "jump 6", 7]


async def test_where_a_state_follows_a_gap_at_once_nothing_is_shown_before_it():
    entries = [entry(1), entry(5), entry(6)]
    history = await made(*entries, states=[entries[1]], gaps=[Gap("e1", 2, 4, at(2), at(4), "full")])
    assert await steps(history, entries[0]) == ["full", "jump 5", 6]


async def test_without_a_state_what_follows_a_gap_is_shown_all_the_same():
    assert await steps(await made(entry(1), entry(4), entry(5)), entry(1)) == [DELETED, 4, 5]


async def test_a_gap_says_since_when_and_how_much_is_missing():
    walk = Walk(await made(entry(1), entry(5, previous=4)), entry(1), None)
    assert await walk.page() == [Gap("e1", 2, 4, at(1), at(5), DELETED), entry(5)]


async def test_holes_between_positions_are_no_gaps():
    assert await steps(await made(entry(1), entry(7, previous=1)), entry(1)) == [7]


async def test_the_state_of_a_later_page_counts_too():
    entries = [entry(1), *(entry(seq) for seq in range(3, 500))]
    history = await made(*entries, states=[entries[400]])
    walked = await steps(history, entries[0])
    assert walked[:2] == [DELETED, 3]
    assert [one for one in walked if str(one).startswith("jump")] == [f"jump {entries[400].position.seq}"]


async def test_every_state_counts_whose_past_is_torn_again():
    entries = [entry(1), entry(3), entry(4), entry(6), entry(7)]
    history = await made(*entries, states=[entries[2], entries[4]])
    assert await steps(history, entries[0]) == [DELETED, 3, "jump 4", DELETED, 6, "jump 7"]


async def test_a_scene_that_may_lack_something_at_the_start_is_mended_by_the_next_state():
    entries = [entry(seq) for seq in range(1, 5)]
    history = await made(*entries, states=[entries[2]])
    assert await steps(history, entries[0], is_torn=True) == [2, "jump 3", 4]
    assert await steps(history, entries[0]) == [2, 3, 4]


async def test_another_epoch_begins_with_its_first_state():
    old = [entry(1), entry(2)]
    new = [entry(seq, epoch="e2", seconds=10 + seq) for seq in (1, 2, 3)]
    history = await made(*old, *new, states=[new[0]])
    assert await steps(history, old[0]) == [2, ANEW, "jump 1", 2, 3]


async def test_nothing_of_another_epoch_is_shown_before_its_first_state():
    new = [entry(seq, epoch="e2", seconds=10 + seq) for seq in (1, 2, 3)]
    history = await made(entry(1), *new, states=[new[1]])
    assert await steps(history, entry(1)) == [ANEW, "jump 2", 3]
    assert await steps(await made(entry(1), *new), entry(1)) == [ANEW]


async def test_a_gap_that_was_recorded_between_epochs_is_said_in_place_of_the_general_one():
    new = entry(1, epoch="e2", seconds=10)
    history = await made(entry(1), new, states=[new], gaps=[Gap("e1", 2, 2, at(10), at(10), "deleted")])
    assert await steps(history, entry(1)) == ["deleted", "jump 1"]


async def test_an_entry_whose_changes_were_not_kept_tears_the_scene():
    entries = [entry(1), entry(2, changes=None), entry(3), entry(4)]
    assert await steps(await made(*entries), entries[0]) == [UNKEPT, 2, 3, 4]
    assert await steps(await made(*entries, states=[entries[1]]), entries[0]) == [UNKEPT, "jump 2", 3, 4]


async def test_gaps_of_before_the_start_are_not_said():
    gaps = [Gap("e1", 1, 1, at(0), at(1), "before"), Gap("e1", 3, 3, at(3), at(3), "within")]
    entries = [entry(1), entry(2), entry(3)]
    assert await steps(await made(*entries, gaps=gaps), entries[1]) == ["within", 3]


async def test_every_gap_is_said_once_however_long_it_is():
    entries = [entry(seq) for seq in range(1, 700)]
    history = await made(*entries, gaps=[Gap("e1", 10, 10, at(10), at(690), "missed", 5)])
    walked = await steps(history, entries[0])
    assert walked == [*range(2, 10), "missed", *range(10, 700)]


async def test_if_a_jump_cannot_be_made_nothing_is_shown_before_the_next_one():
    entries = [entry(1), entry(3), entry(4), entry(6), entry(7)]
    history = await made(*entries, states=[entries[1], entries[4]])
    walk = Walk(history, entries[0], None)
    page = await walk.page()
    assert [short(one) for one in page] == [DELETED, "jump 3", 4, DELETED, 6, "jump 7"]
    assert [short(one) for one in walk.lose(page[2:])] == [DELETED, "jump 7"]


async def test_after_the_last_jump_was_lost_later_pages_show_nothing_either():
    entries = [entry(1), *(entry(seq) for seq in range(3, 300))]
    history = await made(*entries, states=[entries[1], entries[250]])
    walk = Walk(history, entries[0], None)
    page = await walk.page()
    assert walk.lose(page[2:]) == []
    assert short((await walk.page())[0]) == f"jump {entries[250].position.seq}"


@pytest.mark.parametrize("step", [entry(3), Jump(entry(3)), Gap("e1", 3, 4, at(3), at(9), "full")])
def test_a_step_is_due_when_it_happened(step):
    assert time_of(step) == at(3)


def test_an_entry_that_was_given_a_place_is_due_there():
    assert time_of(replace(entry(3), place=at(8))) == at(8)
