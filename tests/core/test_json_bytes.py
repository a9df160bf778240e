"""JSON that stays in memory takes no more of it than it is long."""

import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime

import orjson
import pytest

from livingmap.access.view import WHOLE
from livingmap.core.fold import Folded
from livingmap.core.json_bytes import right_sized
from livingmap.core.model import Event, Position
from livingmap.history.changes import encoded
from livingmap.sources.answer import Call
from livingmap.stream import messages

_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_FOLDED = Folded(Event(Position("a1", 5), "agent.event.status", {"agent_id": "sofia"}, _NOW))
_MOST_BYTES_MORE = 200
"""What an object takes besides its bytes, and the list that keeps it."""


def test_it_is_what_orjson_writes():
    assert right_sized(orjson.dumps({"a": ["ж", 1, None]})) == '{"a":["ж",1,null]}'.encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda: right_sized(orjson.dumps({"a": 1})),
        lambda: Call("GET", "/agents", {"limit": 100}).key(),
        lambda: encoded([{"op": "drop", "layer": "agents", "collection": "items", "id": "agent:sofia"}]),
        lambda: messages.event(_FOLDED, "a1-5", WHOLE),
    ],
    ids=["any", "the key of a request", "the changes of an entry", "the message of an event"],
)
def test_what_is_kept_takes_no_more_memory_than_it_is_long(make: Callable[[], bytes]):
    make()
    tracemalloc.start()
    try:
        kept = [make() for _ in range(100)]
        taken = tracemalloc.get_traced_memory()[0] / len(kept)
    finally:
        tracemalloc.stop()
    assert taken < len(kept[0]) + _MOST_BYTES_MORE
