"""The hub as its viewers' sinks see it."""

import asyncio
import contextlib
import json

import pytest

from livingmap.access.view import NOTHING, WHOLE, View
from livingmap.core.model import Drop, Position, Put
from livingmap.stream.heartbeats import Heartbeats
from livingmap.stream.viewer import MOST_UNSENT_BYTES
from tests.stream.rig import ListSink, Rig, position
from tests.support.nats_server import until

A = "agent:a"


@pytest.fixture
async def rig():
    return Rig()


@contextlib.asynccontextmanager
async def checked(rig, monkeypatch):
    """Check the viewers of ``rig`` all the time."""
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.001)
    task = asyncio.create_task(Heartbeats(rig.hub).run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_heartbeat_does_not_claim_an_event_that_is_still_to_be_sent(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    rig.happen(Put("agents", A, {"x": 1}))
    rig.hub.send_heartbeat(viewer)
    await rig.settle()
    rig.hub.send_heartbeat(viewer)
    assert [(message["kind"], position(message).seq) for message in sink.sent] == [
        ("snapshot", 0),
        ("heartbeat", 0),
        ("event", 1),
        ("heartbeat", 1),
    ]


async def test_a_heartbeat_is_past_the_events_that_do_not_concern_the_view(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, View(("city",)))
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    rig.hub.send_heartbeat(viewer)
    assert [(message["kind"], position(message).seq) for message in sink.sent] == [
        ("snapshot", 0),
        ("heartbeat", 1),
    ]


async def test_a_heartbeat_never_carries_a_position_into_another_epoch(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    rig.progress.begin(
        Position("second", 5), 5
    )  # the log began anew, and viewers have not been sent its scene yet
    rig.hub.forget()
    rig.hub.send_heartbeat(viewer)
    rig.hub.restart()
    rig.hub.send_heartbeat(viewer)
    assert [(message["kind"], position(message)) for message in sink.sent[2:]] == [
        ("heartbeat", Position("first", 1)),
        ("snapshot", Position("second", 5)),
        ("heartbeat", Position("second", 5)),
    ]


async def test_a_viewer_from_a_process_that_is_ahead_gets_no_heartbeat_from_before(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE, rig.cursor(Position("first", 2)))
    rig.happen(Put("agents", A, {"x": 1}))
    rig.hub.send_heartbeat(viewer)
    assert sink.sent == []
    rig.happen(Put("agents", A, {"x": 2}))
    rig.hub.send_heartbeat(viewer)
    assert [(message["kind"], position(message).seq) for message in sink.sent] == [("heartbeat", 2)]


async def test_a_viewer_that_is_behind_gets_no_heartbeat(rig, monkeypatch):
    behind, beside = ListSink(MOST_UNSENT_BYTES + 1), ListSink()
    rig.hub.join(behind, WHOLE)
    rig.hub.join(beside, WHOLE)
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    async with checked(rig, monkeypatch):
        await until(lambda: "heartbeat" in beside.kinds and behind.checks > 5)
    assert behind.kinds == ["snapshot"]
    assert (rig.hub.viewers, rig.hub.behind, behind.given_up) == (2, 1, False)


async def test_a_viewer_that_drains_unnoticed_is_found_by_the_next_check(rig, monkeypatch):
    sink = ListSink(MOST_UNSENT_BYTES + 1)
    rig.hub.join(sink, WHOLE)
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    sink.waiting = MOST_UNSENT_BYTES
    async with checked(rig, monkeypatch):
        await until(lambda: len(sink.sent) > 1)
    assert sink.kinds[1] == "changes"


@pytest.mark.parametrize(
    ("waiting", "kinds"), [(MOST_UNSENT_BYTES, ["snapshot", "event"]), (MOST_UNSENT_BYTES + 1, ["snapshot"])]
)
async def test_a_viewer_is_behind_when_more_than_256_kib_wait_for_it(rig, waiting, kinds):
    sink = ListSink(waiting)
    rig.hub.join(sink, WHOLE)
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    assert (MOST_UNSENT_BYTES, sink.kinds) == (256 * 1024, kinds)


@pytest.mark.parametrize("resumes", [True, False])
async def test_a_viewer_is_not_behind_because_what_it_starts_from_is_much(rig, monkeypatch, resumes):
    cursor = rig.cursor(rig.progress.position) if resumes else None
    rig.snapshot = b'{"x":"%s"}' % (b"x" * 2 * MOST_UNSENT_BYTES)
    for number in range(3):
        rig.happen(Put("agents", A, {"x": str(number) * MOST_UNSENT_BYTES}))
    await rig.settle()
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE, cursor)
    sink.waiting = sum(len(json.dumps(message)) for message in sink.sent)
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    assert (sink.kinds[-1], viewer.is_behind) == ("event", False)
    sink.waiting = 0
    async with checked(rig, monkeypatch):
        await until(lambda: viewer.most_unsent == MOST_UNSENT_BYTES)
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Put("agents", A, {"x": 2}))
    await rig.settle()
    assert rig.hub.behind == 1


async def test_a_slow_viewer_forgets_the_fields_of_an_item_that_went_and_came_back(rig):
    rig.happen(Put("agents", A, {"old": 1}))
    sink = ListSink()
    viewer = rig.hub.join(sink, View(("agents",)))
    await rig.settle()
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Drop("agents", A))
    rig.happen(Put("agents", A, {"new": 2}))
    await rig.settle()
    sink.waiting = 0
    rig.hub.drained(viewer)
    [message] = sink.sent[1:]
    assert (message["kind"], message["skipped"], position(message).seq) == ("changes", 2, 3)
    assert message["changes"] == [
        {"op": "drop", "layer": "agents", "collection": "items", "id": A},
        {"op": "put", "layer": "agents", "collection": "items", "id": A, "set": {"new": 2}, "unset": []},
    ]


async def test_a_viewer_that_cannot_be_told_what_it_missed_is_given_up(rig, monkeypatch):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    sink.waiting = 0
    with monkeypatch.context() as patch, contextlib.suppress(ZeroDivisionError):
        patch.setattr(rig.hub.encoder, "conflated", lambda *_: 1 // 0)
        rig.hub.drained(viewer)
    rig.happen(Put("agents", A, {"y": 2}))
    await rig.settle()
    assert sink.kinds == ["snapshot"]  # and no event after a gap
    assert (rig.hub.viewers, sink.given_up) == (0, True)


async def test_a_viewer_that_was_behind_longer_than_memory_gets_a_snapshot(rig, monkeypatch):
    monkeypatch.setattr("livingmap.stream.replay_buffer.MOST_EVENTS", 2)
    rig.hub.forget()
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    rig.happen(Put("agents", A, {"x": 0}))
    await rig.settle()
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    for number in range(3):  # noted only with the next flush, and memory holds two
        rig.happen(Put("agents", A, {"x": number}))
    rig.hub.drained(viewer)
    assert [(message["kind"], message.get("reason")) for message in sink.sent[2:]] == [
        ("snapshot", "cursor_expired")
    ]


async def test_while_the_log_is_replayed_after_a_branch_viewers_are_sent_nothing_of_it(rig):
    rig.progress.when_live(rig.hub.restart)
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    rig.progress.branch_off("own")
    rig.hub.on_restored()
    rig.progress.return_to_log()
    rig.hub.on_restored()
    sent = len(sink.sent)
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.hub.change_view(viewer, View(("agents",)))
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    rig.hub.drained(viewer)
    assert sink.sent[sent:] == []
    rig.progress.aim(1)
    assert [(one["kind"], position(one)) for one in sink.sent[sent:]] == [("snapshot", Position("first", 1))]
    assert viewer.view == View(("agents",))


async def test_a_viewer_that_fell_behind_on_a_branch_catches_up_by_the_snapshot_of_the_log(rig):
    rig.progress.when_live(rig.hub.restart)
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    rig.progress.branch_off("own")
    rig.hub.on_restored()
    sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    sent = len(sink.sent)
    rig.progress.return_to_log()
    rig.hub.on_restored()
    for number in (2, 3):
        rig.happen(Put("agents", A, {"x": number}))
    sink.waiting = 0
    rig.hub.drained(viewer)
    assert sink.sent[sent:] == []
    rig.progress.aim(2)
    assert [one["kind"] for one in sink.sent[sent:]] == ["snapshot"]


AHEAD = Position("first", 2)


@contextlib.contextmanager
def nothing_sent(sink):
    """Check that nothing is sent meanwhile."""
    before = len(sink.sent)
    yield
    assert sink.sent[before:] == []


async def test_a_cursor_of_another_view_is_not_answered_with_a_snapshot_of_before(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, View(("agents",)), rig.cursor(AHEAD))
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    rig.hub.send_heartbeat(viewer)
    assert sink.sent == []
    rig.happen(Put("agents", A, {"x": 2}))
    rig.hub.send_heartbeat(viewer)
    await rig.settle()
    rig.happen(Put("agents", A, {"x": 3}))
    await rig.settle()
    assert [(one["kind"], one.get("reason"), position(one).seq) for one in sink.sent] == [
        ("snapshot", "cursor_unknown", 2),
        ("event", None, 3),
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda hub, viewer: hub.change_view(viewer, View(("agents",))), "layers_changed"),
        (lambda hub, viewer: hub.change_view(viewer, View(None, NOTHING)), "access_changed"),
        (lambda hub, _: hub.restart(), "cursor_unknown"),
        (lambda hub, _: hub.on_restored(), "cursor_unknown"),
    ],
)
async def test_a_viewer_from_a_process_that_is_ahead_gets_its_snapshot_when_this_one_is_there(rig, change, reason):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE, rig.cursor(AHEAD))
    with nothing_sent(sink):
        change(rig.hub, viewer)
        rig.happen(Put("agents", A, {"x": 1}))
        await rig.settle()
        rig.hub.send_heartbeat(viewer)
    rig.happen(Put("agents", A, {"x": 2}))
    await rig.settle()
    assert [(one["kind"], one["reason"], position(one)) for one in sink.sent] == [("snapshot", reason, AHEAD)]
    rig.hub.send_heartbeat(viewer)
    assert [one["kind"] for one in sink.sent[1:]] == ["heartbeat"]


async def test_a_viewer_that_reads_nothing_when_its_snapshot_is_due_gets_it_when_it_reads(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE, rig.cursor(AHEAD))
    rig.hub.change_view(viewer, View(("agents",)))
    sink.waiting = MOST_UNSENT_BYTES + 1
    with nothing_sent(sink):
        for number in range(3):
            rig.happen(Put("agents", A, {"x": number}))
            await rig.settle()
    sink.waiting = 0
    rig.hub.drained(viewer)
    assert [(one["kind"], position(one).seq) for one in sink.sent] == [("snapshot", 3)]


async def test_a_viewer_that_waits_for_this_process_gets_the_scene_of_a_branch_at_once(rig):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE, rig.cursor(AHEAD))
    rig.hub.change_view(viewer, View(("agents",)))
    rig.progress.branch_off("own")
    rig.hub.on_restored()
    assert [(one["kind"], position(one)) for one in sink.sent] == [("snapshot", Position("own", 0))]
    rig.happen(Put("agents", A, {"x": 1}))
    await rig.settle()
    assert [one["kind"] for one in sink.sent[1:]] == ["event"]


class EndingSink(ListSink):
    """A sink that notes when it is ended."""

    ended = 0

    def end(self):
        self.ended += 1


async def test_viewers_that_are_sent_away_go_with_a_farewell_and_come_back_later(rig):
    first, late, again = EndingSink(), EndingSink(), EndingSink()
    rig.hub.join(first, WHOLE)
    rig.hub.send_away(True)
    rig.hub.join(late, WHOLE)
    assert (first.kinds, late.kinds) == (["snapshot", "restarting"], ["restarting"])
    assert (first.ended, late.ended, rig.hub.viewers, rig.hub.is_elsewhere) == (1, 1, 0, True)
    rig.hub.send_away(False)
    rig.hub.join(again, WHOLE)
    assert (again.kinds, again.ended, rig.hub.viewers) == (["snapshot"], 0, 1)


async def test_a_viewer_learns_at_once_which_ids_several_things_claim(rig, monkeypatch):
    sink = ListSink()
    viewer = rig.hub.join(sink, WHOLE)
    viewer.wrote_at = float("inf")  # so that no heartbeat comes because of silence
    claimed = [{"id": "dao:oak", "refers_to": "dao:oak-trust", "claims": []}]
    async with checked(rig, monkeypatch):
        await until(lambda: sink.checks)
        rig.collisions = claimed
        await until(lambda: "heartbeat" in sink.kinds)
    assert sink.sent[1]["collisions"] == claimed
