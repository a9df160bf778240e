"""What judges the matrix of faults notices each thing that may not be; and one trial of it, from end to end."""

import base64

import pytest

from tests.endurance.matrix.faults import FAULTS
from tests.endurance.matrix.trial import Load, position, seen_wrongly, tried
from tests.support.viewers import Viewer


def cursor(seq, epoch="e"):
    return base64.urlsafe_b64encode(f"{epoch}-{seq}|abc".encode()).decode().rstrip("=")


def event(number, seq=None):
    return {"kind": "event", "payload": {"number": number}, "cursor": cursor(number if seq is None else seq)}


def snapshot(seq):
    return {"kind": "snapshot", "cursor": cursor(seq)}


def judged(*messages):
    viewer = Viewer("nowhere:1")
    viewer.seen = list(messages)
    return seen_wrongly(viewer, order=list(range(10)))


def test_a_cursor_gives_its_position():
    assert position(cursor(12, "6a-0")) == ("6a-0", 12)


def test_a_whole_sequence_has_nothing_wrong():
    assert judged(snapshot(2), event(3), event(4), snapshot(7), event(8)) == []


@pytest.mark.parametrize(
    ("messages", "fault"),
    [
        ((event(3), event(5)), "missed a message"),
        ((event(3), event(3)), "saw a message twice or late"),
        ((event(4), event(3, seq=5)), "saw a message twice or late"),
        ((event(11),), "saw a message that is not in the stream"),
        ((snapshot(7), snapshot(5)), "went back in positions"),
    ],
)
def test_whatever_a_viewer_should_not_see_is_found(messages, fault):
    assert fault in judged(*messages)


async def test_a_leader_that_is_killed_under_load_costs_no_viewer_and_no_row():
    killed = next(one for one in FAULTS if (one.of, one.name) == ("the leading process", "killed"))
    result = await tried(killed, 3, Load(events_per_second=20, viewers=3, fault_seconds=4))
    assert result.wrong == []
    assert 0 < result.in_stream == result.in_history
