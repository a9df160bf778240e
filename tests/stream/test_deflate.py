"""Compression that many viewers share, read by the client of a library that knows nothing of it."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed, NegotiationError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Close, Opcode
from websockets.protocol import Protocol, Side, State

from livingmap.core.model import Message
from livingmap.stream import frames
from livingmap.stream.deflate import SharedDeflate
from livingmap.stream.frames import Framing
from livingmap.stream.heartbeats import Heartbeats
from tests.support.clients import Follower

URL = "ws://{}/living-map/stream"


def agreed(**offer):
    """Return a client that has agreed with the map on its extension."""
    offered = ClientPerMessageDeflateFactory(**offer)
    answer, _ = SharedDeflate().process_request_params(offered.get_request_params(), [])
    client = Protocol(Side.CLIENT, state=State.OPEN, max_size=None)
    client.extensions = [offered.process_response_params(answer, [])]
    return client


def heard(client, data):
    client.receive_data(data)
    assert client.parser_exc is None
    return [event.data for event in client.events_received() if event.opcode is Opcode.TEXT]


messages = st.lists(st.binary(max_size=300) | st.sampled_from([b"", b'{"kind":"event"}' * 40]), max_size=5)


@given(st.lists(st.tuples(messages, st.booleans(), st.booleans()), max_size=6))
def test_a_client_reads_whatever_batches_it_gets_between_messages_of_its_own(batches):
    client = agreed()
    for batch, gets_it, alone in batches:
        data = frames.joined(Framing.DEFLATED, [(message, "") for message in batch])
        if alone:
            data = frames.framed(Framing.DEFLATED, b"alone") + data
        if gets_it:  # one that joined later, or was behind, has none of what others had
            assert heard(client, data) == [b"alone"] * alone + batch


def test_what_is_alike_within_a_batch_is_sent_once():
    batch = [
        (b'{"kind":"event","payload":{"text":"%b","number":%d}}' % (b"abcdefgh" * 30, n), "") for n in range(50)
    ]
    assert len(frames.joined(Framing.DEFLATED, batch)) * 6 < len(frames.joined(Framing.WEBSOCKET, batch))


@pytest.mark.parametrize("offer", [{"server_no_context_takeover": True}, {"server_max_window_bits": 12}])
def test_who_keeps_too_little_to_share_gets_plain_frames(offer):
    with pytest.raises(NegotiationError):
        agreed(**offer)


async def test_viewers_with_and_without_compression_get_the_same(living, address):
    seen = []
    for compression in ("deflate", None):
        async with websockets.connect(URL.format(address), compression=compression, max_queue=None) as socket:
            assert bool(socket.protocol.extensions) is (compression is not None)
            follower = Follower()
            follower.take(await socket.recv())
            for number in range(300):
                await living.log.append(Message("nobody.knows", {"number": number, "text": "x" * 200}))
            async with asyncio.timeout(120):
                for _ in range(300):
                    follower.take(await socket.recv())
            await socket.send(json.dumps({"kind": "layers", "layers": ["city"]}))
            async with asyncio.timeout(5):
                assert follower.take(await socket.recv())["kind"] == "snapshot"
        seen.append([message["payload"]["number"] for message in follower.seen if message["kind"] == "event"])
    assert seen == [[*range(300)]] * 2


async def read_all(socket):
    while True:
        await socket.recv()


async def test_who_does_not_read_at_all_is_given_up(living, address, monkeypatch):
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("livingmap.stream.heartbeats.UNREAD_SECONDS", 0.2)
    beating = asyncio.create_task(Heartbeats(living.hub).run())
    connecting = websockets.connect(URL.format(address), compression=None, max_queue=1, max_size=None)
    async with connecting as deaf:
        async with asyncio.timeout(120):
            while not living.hub.viewers:  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.01)
            while living.hub.viewers:
                await living.log.append(Message("nobody.knows", {"text": "x" * 50_000}))
                await asyncio.sleep(0.001)
            with pytest.raises(ConnectionClosed) as closed:
                await read_all(deaf)
    assert closed.value.rcvd == Close(4408, "nothing was read for too long")
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
