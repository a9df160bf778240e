"""What judges the matrix of faults notices each thing that may not be; and one trial of it, from end to end."""

import asyncio
import base64
import json

import pytest

from livingmap.core.cursor import Cursor
from livingmap.core.model import Position as LogPosition
from tests.endurance.matrix import table
from tests.endurance.matrix.fault import Fault
from tests.endurance.matrix.faults import FAULTS
from tests.endurance.matrix.judge import Comparison, Order, Snapshots, seen_wrongly
from tests.endurance.matrix.load import Load, meanwhile
from tests.endurance.matrix.trial import Result, tried
from tests.endurance.matrix.viewers import Glance, Messages, Place, Position, Viewer
from tests.support.map_process import map_process
from tests.support.nats_server import until
from tests.support.small_disk import NoSmallDisk, small_disk

ORDER = Order("e", [(seq, seq) for seq in range(10)])


def cursor(seq, epoch="e", view=""):
    return base64.urlsafe_b64encode(f"{epoch}-{seq}|{view}".encode() + b"x" * 16).decode().rstrip("=")


def event(number, seq=None):
    change = {"op": "total", "layer": "city", "set": {"number": number}, "unset": []}
    return {
        "kind": "event",
        "payload": {"number": number},
        "changes": [change],
        "cursor": cursor(number if seq is None else seq),
    }


def snapshot(seq, epoch="e"):
    layers = {"city": {"number": seq}}
    return {"kind": "snapshot", "payload": {"layers": layers, "meta": {}}, "cursor": cursor(seq, epoch)}


def changes(seq):
    return {**event(seq), "kind": "changes", "skipped": 2}


def judged(*messages):
    return seen_wrongly([Glance.of(message) for message in messages], ORDER)


def test_a_cursor_gives_its_position_and_view():
    made = Cursor(LogPosition("6a-0", 12), "city#ab").encode(b"key")
    assert Place.of(made) == Place.of(cursor(12, "6a-0", "city#ab")) == Place(Position("6a-0", 12), "city#ab")


def test_a_whole_sequence_has_nothing_wrong():
    assert judged(snapshot(2), event(3), event(4), changes(7), event(8)) == []


def test_what_is_seen_of_another_log_does_not_count_in_this_one():
    assert judged(snapshot(2), event(3), snapshot(9, "own"), snapshot(3), event(4)) == []


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ((event(3), event(5)), "missed a message"),
        ((snapshot(3), event(5)), "missed a message"),
        ((snapshot(3), changes(5), event(7)), "missed a message"),
        ((event(3), event(3)), "saw a message twice or late"),
        ((event(4), event(3, seq=5)), "saw a message twice or late"),
        ((snapshot(4), event(4)), "saw a message twice or late"),
        ((event(11),), "saw a message that is not in the stream"),
        ((snapshot(7), snapshot(5)), "went back in positions"),
    ],
)
def test_whatever_a_viewer_should_not_see_is_found(messages, fault):
    assert fault in judged(*messages)


def test_who_does_not_see_all_may_miss_a_message_but_not_see_one_twice():
    sent = [Glance.of(message) for message in (snapshot(3), event(5), event(5))]
    assert seen_wrongly(sent, ORDER, sees_all=False) == ["saw a message twice or late"]


@pytest.mark.parametrize(("shown", "same", "different"), [(4, 1, 0), (5, 0, 1)])
def test_the_folded_state_of_a_viewer_is_compared_with_the_snapshot_of_its_position(shown, same, different):
    messages, snapshots, comparison = Messages(), Snapshots(), Comparison()
    snapshots.add({"meta": {"cursor": cursor(4)}, "layers": {"city": {"number": shown}}})
    sent = [snapshot(2), event(3), event(4), event(5)]
    comparison.fold([messages.add(json.dumps(one).encode()) for one in sent], messages, snapshots)
    assert comparison == Comparison(same, different)


def test_two_snapshots_of_one_position_that_differ_are_noticed():
    snapshots = Snapshots()
    for number in (4, 4, 5):
        snapshots.add({"meta": {"cursor": cursor(4)}, "layers": {"city": {"number": number}}})
    assert snapshots.contradictions == 1


def test_snapshots_of_one_position_with_other_rights_do_not_count_as_one():
    messages, snapshots, comparison = Messages(), Snapshots(), Comparison()
    for number, view in ((4, ""), (5, "#less")):
        snapshots.add({"meta": {"cursor": cursor(4, view=view)}, "layers": {"city": {"number": number}}})
    sent = [{**snapshot(4), "cursor": cursor(4, view="#other")}, event(4)]
    comparison.fold([messages.add(json.dumps(one).encode()) for one in sent], messages, snapshots)
    assert snapshots.contradictions == 0
    assert comparison == Comparison(same=1)


async def watch(viewers):
    while True:
        for viewer in viewers:
            viewer.look()
        await asyncio.sleep(0.05)


async def test_a_viewer_comes_back_by_its_cursor_and_a_forgetful_one_gets_a_snapshot(tmp_path, server):
    messages = Messages()
    async with map_process(tmp_path, nats={"url": server.url, "jetstream": False}) as living:
        await living.connected()
        viewers = [Viewer(living.address, messages, sse=sse) for sse in (False, True)]
        async with meanwhile(watch(viewers)), server.publisher() as client:
            for number in range(30):
                if number == 10:
                    for viewer in viewers:
                        viewer.break_off()
                if number == 20:
                    for viewer in viewers:
                        viewer.forget()
                await until(lambda: all(viewer.cursor for viewer in viewers), 60)
                await client.publish(
                    "agent.event.status", json.dumps({"agent_id": "a", "number": number}).encode()
                )
                await client.flush()
                if number % 10 == 9:
                    await until(lambda number=number: all(viewer.number == number for viewer in viewers), 60)
    for viewer in viewers:
        viewer.break_off()
        lives = [[messages.glance(one) for one in life] for life in viewer.lives]
        assert [life[0].kind for life in lives] == ["snapshot", "snapshot"]
        assert [one.number for one in lives[0] if one.number is not None] == list(range(20))
        assert viewer.connections >= 3


async def test_a_leader_that_is_killed_under_load_costs_no_viewer_and_no_row():
    killed = next(one for one in FAULTS if (one.of, one.name) == ("the leading process", "killed"))
    result = await tried(killed, 3, Load(events_per_second=20, viewers=3, fault_seconds=4))
    assert result.wrong == []
    assert 0 < result.in_stream == result.in_history
    assert result.compared > 0


def test_a_small_disk_is_filled_and_freed_or_refused_with_the_reason(tmp_path):
    folder = tmp_path / "disk"
    try:
        with small_disk(folder, 1) as disk:
            disk.fill()
            with pytest.raises(OSError, match="No space left"):
                (folder / "file").write_bytes(b"x" * 8192)
            disk.free()
            (folder / "file").write_bytes(b"x" * 8192)
    except NoSmallDisk as refused:
        assert "small disk" in str(refused)  # noqa: PT017 - whether it can be had is up to the machine


def fault(of, name):
    return next(one for one in FAULTS if (one.of, one.name) == (of, name))


def result(of, name, published, processes=1):
    return Result(fault(of, name), processes, {"ready"}, published, published, published, well_again_seconds=0.5)


def test_a_result_takes_the_place_of_the_older_one_and_a_new_one_stands_where_it_belongs(tmp_path, monkeypatch):
    document = tmp_path / "reliability.md"
    head = "# Top\n\n## Measured\n\nHow it was.\n\n| what |\n|---|\n"
    document.write_text(f"{head}\nBelow.\n\nAnd this.\n\n## Not in this table\n\nThe rest.\n")
    monkeypatch.setattr(table, "_DOCUMENT", document)
    table.write([result("PostgreSQL", "killed", 5), result("one service", "slow", 6)], crowded=False)
    table.write([result("nothing", "undisturbed", 7), result("PostgreSQL", "killed", 8)], crowded=False)
    text = document.read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert [(row[0], row[5]) for row in rows] == [
        ("| nothing", "7"),
        ("| PostgreSQL", "8"),
        ("| one service", "6"),
    ]
    assert table.measured(crowded=False) == {
        ("nothing", "undisturbed", "1"),
        ("PostgreSQL", "killed", "1"),
        ("one service", "slow", "1"),
    }
    assert text.startswith("# Top\n\n## Measured\n\nHow it was.\n\n| what |")
    assert text.endswith("|\n\nBelow.\n\nAnd this.\n\n## Not in this table\n\nThe rest.\n")


def test_a_row_tells_what_nobody_can_know_of_and_whether_more_may_be_lost():
    of_one = result("NATS", "paused", 9)
    of_one.out_of_reach, of_one.reported_lost, of_one.more_lost = 2, 3, True
    [row] = [line for line in table.table([of_one], crowded=False).splitlines() if "paused" in line]
    assert "| 9, 2 out of reach | 9 | 9 | 3 or more |" in row


def test_no_two_faults_have_one_name():
    names = [(one.of, one.name) for one in FAULTS]
    assert len(set(names)) == len(names)
    assert all(isinstance(one, Fault) for one in FAULTS)
