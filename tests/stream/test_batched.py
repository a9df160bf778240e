"""Messages that go out together in one frame, for clients that ask for that."""

import asyncio
import json

import pytest
from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed

from livingmap.core.model import Message
from livingmap.stream import frames
from livingmap.stream.frames import Framing
from tests.support.clients import Follower

URL = "ws://{}/living-map/stream?batch={}"


def of(framing, messages):
    """Return the messages as a client gets them, frame by frame."""
    return list(frames.unframed(frames.joined(framing, [(message, "") for message in messages])))


def test_several_are_an_array_and_one_is_alone():
    assert of(Framing.BATCHED, [b'{"a":1}', b'{"a":2}']) == ['[{"a":1},{"a":2}]']
    assert of(Framing.BATCHED, [b'{"a":1}']) == ['{"a":1}']
    assert of(Framing.BATCHED, []) == []


def test_server_sent_events_are_never_put_together():
    assert [one.batched for one in (Framing.WEBSOCKET, Framing.DEFLATED, Framing.EVENTS)] == [
        Framing.BATCHED,
        Framing.BATCHED_DEFLATED,
        Framing.EVENTS,
    ]


@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_viewer_that_asks_for_it_gets_the_same_in_fewer_frames(living, address, compression):
    connecting = websockets.connect(
        URL.format(address, "true"), compression=compression, max_queue=None, max_size=None
    )
    async with connecting as socket, asyncio.timeout(60):
        assert bool(socket.protocol.extensions) is (compression is not None)
        follower, received = Follower(), 0
        follower.take(await socket.recv())
        for number in range(300):
            await living.log.append(Message("nobody.knows", {"number": number, "text": "x" * 200}))
        seen = []
        while len(seen) < 300:
            messages = json.loads(await socket.recv())
            received += 1
            for message in messages if isinstance(messages, list) else [messages]:
                follower.take(json.dumps(message))
                seen.append(message["payload"]["number"])
        await socket.send(json.dumps({"kind": "layers", "layers": ["city"]}))
        assert json.loads(await socket.recv())["kind"] == "snapshot"
    assert seen == [*range(300)]
    assert received < 300


async def test_what_is_neither_true_nor_false_is_refused(address):
    async with websockets.connect(URL.format(address, "yes")) as socket, asyncio.timeout(120):
        assert json.loads(await socket.recv()) == {
            "kind": "error",
            "code": "invalid_parameter",
            "detail": "batch is true or false, not 'yes'",
        }
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 1008
