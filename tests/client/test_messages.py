import json

import pytest

from livingmap.client import InvalidAnswer
from livingmap.client.messages import read

PUT = {"op": "put", "layer": "agents", "collection": "items", "id": "agent:a", "set": {}, "unset": []}
EVENT = {"kind": "event", "cursor": "c", "event_type": "a.b", "timestamp": "t", "payload": {}, "changes": [PUT]}
SNAPSHOT = {"generated_at": "t", "layers": {"city": {}}, "meta": {"cursor": "c"}}
MESSAGES = [
    {"kind": "snapshot", "cursor": "c", "reason": "connect", "timestamp": "t", "payload": SNAPSHOT},
    EVENT,
    {
        "kind": "changes",
        "cursor": "c",
        "skipped": 2,
        "changes": [{"op": "drop", "layer": "agents", "collection": "items", "id": "agent:a"}],
    },
    {
        "kind": "changes",
        "cursor": "c",
        "skipped": 1,
        "changes": [{"op": "total", "layer": "city", "set": {}, "unset": []}],
    },
    {"kind": "heartbeat", "cursor": "c", "timestamp": "2026-11-23T05:17:52Z"},
    {"kind": "restarting", "retry_after_ms": 1834},
    {"kind": "warning", "code": "token_expires", "detail": "soon", "expires_at": None},
    {"kind": "error", "code": "unknown_layer", "detail": "no such layer"},
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message["kind"])
def test_a_message_is_read_as_it_came(message):
    assert read(json.dumps(message)) == message
    assert read(json.dumps({**message, "new": 1})) == {**message, "new": 1}


def test_a_kind_that_only_a_newer_map_knows_is_let_pass():
    assert read('{"kind": "weather", "sun": 1}') is None


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "null",
        "[1]",
        '{"kind": 7}',
        '{"kind": "event", "cursor": "c"}',
        '{"kind": "snapshot"}',
        "[" * 100_000,
        b"\xff",
        json.dumps({**MESSAGES[0], "payload": {**SNAPSHOT, "meta": {}}}),
        json.dumps({**MESSAGES[0], "payload": {**SNAPSHOT, "layers": {"city": []}}}),
        *(
            json.dumps({**EVENT, "changes": [change]})
            for change in (
                7,
                {},
                {"op": []},
                {"op": "turn"},
                {"op": "drop", "layer": "agents"},
                {**PUT, "set": None},
                {**PUT, "id": 7},
            )
        ),
    ],
    ids=lambda text: str(text[:60]),
)
def test_anything_else_is_an_error(text):
    with pytest.raises(InvalidAnswer):
        read(text)


def test_a_snapshot_that_the_map_names_data_is_read_as_payload():
    message = {name: value for name, value in MESSAGES[0].items() if name != "payload"}
    assert read(json.dumps({**message, "data": SNAPSHOT})) == MESSAGES[0]
