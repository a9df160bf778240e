"""States: the scene is kept beside the entries, now and then, and whatever the database does meanwhile."""

import asyncio
import hashlib
import tracemalloc
from datetime import timedelta

import orjson
import pytest
import zstandard

from livingmap.core.fold import Fold, refreshed
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Event, Message, Position, Put
from livingmap.core.progress import Progress
from livingmap.history import HistoryUnavailable, Query, Retention, State
from livingmap.history.memory import MemoryHistory
from livingmap.history.recorder import STATE_ENTRIES, STATE_TIME, Recorder
from livingmap.history.state import packed, packed_layers
from livingmap.history.writer import HistoryWriter
from livingmap.plugin import Layer, Source, SourceSettings
from tests.history.making import NOON, entry, seqs, until

SOURCES = [{"name": "agents", "status": "fresh"}]


class Switched(MemoryHistory):
    """A history that keeps the positions of all states, and whose database can be away."""

    def __init__(self):
        super().__init__(100_000)
        self.away = self.states_away = False
        self.states = []

    async def write(self, entries):
        if self.away:
            raise HistoryUnavailable("away")
        await super().write(entries)

    async def write_state(self, state):
        if self.away or self.states_away:
            raise HistoryUnavailable("away")
        self.states.append(state)
        await super().write_state(state)


class Map:
    """A fold whose entries are recorded."""

    def __init__(self, history, **writing):
        self.fold = Fold([Source("agents", "agents-service", SourceSettings, (Layer("agents"),))])
        self.progress = Progress(Position("e1", 0))
        self.writer = HistoryWriter(history, longest_pause_seconds=0.01, **writing)
        self.recorder = Recorder(self.writer, self.fold.scene, self.progress, lambda _: SOURCES)

    def take(self, seq, *changes, epoch="e1", at=NOON):
        message = refreshed("agents", seq, changes) if changes else Message("a.b", {})
        event = Event(Position(epoch, seq), message.type, message.payload, at)
        self.recorder.on_entry(self.fold.apply(event), seq - 1)

    def layers(self):
        return {name: layer(self.fold.scene, name) for name in layer_names(self.fold.scene)}


@pytest.fixture
async def made():
    history = Switched()
    one = Map(history)
    writing = asyncio.create_task(one.writer.run())
    yield one, history
    writing.cancel()
    await asyncio.wait([writing])


def layers_of(state):
    """Return the layers that a state holds as a snapshot has them."""
    unpacked = state.unpacked()
    layers = {name: dict(totals) for name, totals in unpacked.totals.items()}
    for name, collection in unpacked.items:
        layers[name][collection] = []
    for (name, collection), _, item in state.items():
        layers[name][collection].append(item)
    return layers


async def positions(history, writer):
    await until(lambda: not writer.buffered and not writer._captures.any_due)
    return [(state.position.epoch, state.position.seq) for state in history.states]


async def test_the_first_entry_brings_a_state_of_the_scene_that_it_made(made):
    one, history = made
    one.take(1, Put("agents", "agent:b", {"name": "B"}), Put("agents", "agent:a", {"name": "A"}))
    kept = one.layers()
    one.take(2, Put("agents", "agent:a", {"name": "Z"}), Drop("agents", "agent:b"))
    assert await positions(history, one.writer) == [("e1", 1)]
    unpacked = history.states[0].unpacked()
    assert (layers_of(history.states[0]), unpacked.sources, unpacked.filled) == (kept, SOURCES, {"agents"})
    assert history.states[0].received_at == NOON


async def test_states_come_by_number_and_by_time(made):
    one, history = made
    for seq in range(1, STATE_ENTRIES + 3):
        one.take(seq)
    one.take(seq + 1, at=NOON + STATE_TIME - timedelta(seconds=1))
    one.take(seq + 2, at=NOON + STATE_TIME)
    one.take(seq + 3, at=NOON)  # the clock was set back by as much
    made_at = [at for _, at in await positions(history, one.writer)]
    assert (made_at[0], made_at[-1]) == (1, seq + 3)
    assert {*made_at} <= {1, STATE_ENTRIES + 1, seq + 2, seq + 3}  # those between had to make room


async def test_another_epoch_begins_with_a_state(made):
    one, history = made
    one.take(1)
    one.take(2)
    assert await positions(history, one.writer) == [("e1", 1)]
    one.take(1, epoch="e2")
    assert await positions(history, one.writer) == [("e1", 1), ("e2", 1)]


async def test_an_entry_whose_changes_are_too_many_brings_a_state(made, monkeypatch):
    one, history = made
    one.take(1)
    assert await positions(history, one.writer) == [("e1", 1)]
    monkeypatch.setattr("livingmap.history.changes.MOST_CHANGES_BYTES", 10)
    one.take(2, Put("agents", "agent:a", {"name": "A"}))
    assert await positions(history, one.writer) == [("e1", 1), ("e1", 2)]


async def test_while_the_database_is_away_the_oldest_and_the_newest_wait(made):
    one, history = made
    history.away = True
    for seq in range(1, 6):
        one.take(seq, at=NOON + seq * STATE_TIME)
    await until(lambda: one.writer.error)
    history.away = False
    assert await positions(history, one.writer) == [("e1", 1), ("e1", 5)]


async def test_a_state_that_could_not_be_written_is_written_later(made):
    one, history = made
    history.states_away = True
    one.take(1)
    await until(lambda: one.writer.error)
    assert seqs((await history.read(Query())).entries) == [1]
    history.states_away = False
    assert await positions(history, one.writer) == [("e1", 1)]
    await until(lambda: one.writer.error is None)


async def test_what_is_lost_is_followed_by_a_state():
    history = Switched()
    one = Map(history, capacity=2)
    history.away = True
    writing = asyncio.create_task(one.writer.run())
    one.take(1)
    await until(lambda: one.writer.error)
    for seq in range(2, 10):
        one.take(seq)
    history.away = False
    await until(lambda: not one.writer.buffered and one.writer.error is None)
    one.take(10)
    assert (await positions(history, one.writer))[-1] == ("e1", 10)
    writing.cancel()
    await asyncio.wait([writing])


async def test_a_process_that_follows_makes_none_until_it_takes_over(made):
    one, history = made
    one.writer.follow()
    one.take(1)
    assert not history.states
    await history.write([entry(1)])
    one.writer.take_over()
    one.take(2)
    assert await positions(history, one.writer) == [("e1", 2)]


async def test_an_entry_that_another_process_wrote_before_brings_its_state_all_the_same(made):
    one, history = made
    await history.write([entry(1)])
    one.take(1)
    assert await positions(history, one.writer) == [("e1", 1)]


async def test_at_the_end_a_state_is_written_with_the_entries():
    history = Switched()
    one = Map(history)
    one.take(1)
    assert await one.writer.drain(10) == 0
    assert [state.position.seq for state in history.states] == [1]


def state(seq, epoch="e1", at=None):
    time = NOON + timedelta(seconds=seq if at is None else at)
    return State(Position(epoch, seq), time, time, b"body")


async def test_the_newest_state_of_the_epoch_is_returned(history):
    for one in (state(5), state(9), state(7, "e2")):
        await history.write_state(one)
    assert await history.state_before(Position("e1", 4)) is None
    assert await history.state_before(Position("e1", 8)) == state(5)
    assert await history.state_before(Position("e1", 9)) == state(9)
    assert await history.state_before(Position("e2", 99)) == state(7, "e2")
    assert await history.oldest_state() == state(5)
    await history.write_state(state(5, at=60))
    assert await history.state_before(Position("e1", 5)) == state(5)


async def test_states_go_with_the_entries_that_they_serve():
    history = MemoryHistory(capacity=3)
    for seq in (1, 2, 3):
        await history.write([entry(seq)])
        await history.write_state(state(seq))
    await history.write([entry(4), entry(5)])
    assert await history.oldest_state() == state(2)  # the oldest entry, 3, may still need it
    await history.prune(NOON + timedelta(seconds=5), Retention(0, {}))
    assert await history.oldest_state() == state(3)
    await history.write([entry(9)])
    assert await history.oldest_state() == state(3)


async def test_the_newest_entry_at_a_time_is_of_whatever_epoch(history):
    await history.write([entry(5), entry(1, epoch="e2", received_at=NOON + timedelta(seconds=7))])
    assert await history.newest_at(NOON + timedelta(seconds=4)) is None
    assert await history.newest_at(NOON + timedelta(seconds=5)) == entry(5)
    assert (await history.newest_at(NOON + timedelta(minutes=1))).position == Position("e2", 1)


async def test_entries_follow_each_other_across_epochs(history):
    later = entry(1, epoch="e2", received_at=NOON + timedelta(seconds=7))
    set_back = entry(2, epoch="e2", received_at=NOON, place=NOON + timedelta(seconds=8))
    await history.write([later, entry(5), set_back, entry(4)])
    assert await history.entries_from(None, 3) == [entry(4), entry(5), later]
    assert await history.entries_from(entry(5).mark, 9) == [later, set_back]
    assert await history.entries_from(set_back.mark, 9) == []


async def test_pruning_keeps_the_state_from_which_the_oldest_entry_is_made(history):
    await history.write([entry(seq) for seq in range(1, 6)])
    for seq in (1, 2, 4):
        await history.write_state(state(seq))
    assert await history.prune(NOON + timedelta(seconds=3), Retention(0, {})) == 2
    assert await history.oldest_state() == state(2)
    assert await history.state_before(Position("e1", 1)) is None
    assert await history.prune(NOON + timedelta(seconds=9), Retention(0, {})) == 3
    assert await history.state_before(Position("e1", 3)) == state(2)


LAYERS = {
    "agents": {
        "items": [
            {"id": f"agent:{number}", "text": "a\\nb\n", "of": [{"by": {"who": 1}}]} for number in range(700)
        ],
        "total": 700,
        "names": ["x"] * 501,
        "none": [],
    },
    "city": {},
}


def of(body):
    return State(Position("e1", 1), NOON, NOON, body)


def test_a_state_comes_back_whole_and_says_which_fields_it_has():
    state = of(packed_layers(LAYERS, SOURCES, {"city", "agents"}))
    unpacked = state.unpacked()
    assert (layers_of(state), unpacked.sources, unpacked.filled) == (LAYERS, SOURCES, {"agents", "city"})
    assert unpacked.names == {"id", "text", "of", "by", "who", "total", "names"}


def test_a_state_of_an_earlier_version_is_read():
    agents = LAYERS["agents"]
    first = {"layers": {**LAYERS, "agents": {**agents, "items": agents["items"][:500]}}, "sources": SOURCES}
    lines = [first | {"filled": ["agents"]}, ["agents", "items", agents["items"][500:]]]
    state = of(zstandard.compress(b"\n".join(map(orjson.dumps, lines))))
    assert (layers_of(state), state.unpacked()) == (
        LAYERS,
        of(packed_layers(LAYERS, SOURCES, {"agents"})).unpacked(),
    )


def test_neither_to_pack_nor_to_read_a_state_takes_as_much_memory_as_its_json():
    fold = Fold([Source("agents", "agents-service", SourceSettings, (Layer("agents"),))])
    texts = [hashlib.sha512(b"%d" % number).hexdigest() * 8 for number in range(3000)]
    puts = [Put("agents", f"agent:{number}", {"text": text}) for number, text in enumerate(texts)]
    message = refreshed("agents", 0, puts)
    fold.apply(Event(Position("e1", 1), message.type, message.payload, NOON))
    size = sum(map(len, texts))
    tracemalloc.start()
    try:
        state = of(packed(fold.scene, SOURCES))
        packing = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        assert sum(1 for _ in state.items()) == len(puts)
        reading = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert {item["text"] for _, _, item in state.items()} == {*texts}
    assert (packing < 0.7 * size, reading < 0.7 * size) == (True, True)


def test_a_damaged_state_is_said_to_be_damaged():
    body = packed_layers(LAYERS, SOURCES)
    for damaged in (b"nonsense", body[:-9], bytes([*body[:-1], body[-1] ^ 1])):
        with pytest.raises(ValueError, match="the state at e1-1 is damaged"):
            of(damaged).unpacked()
