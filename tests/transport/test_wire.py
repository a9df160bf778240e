"""Messages are read off the wire as nats-py would read them, wherever the reads of the socket cut the frames."""

import pytest
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from livingmap.transport.wire import Arrival, Wire

_FRAMES = (
    b"MSG city.updated 1 5\r\nhello\r\n"
    b"MSG city.updated 1 _INBOX.a.1 0\r\n\r\n"
    b"PING\r\n"
    b"HMSG agent.event 2 12 17\r\nNATS/1.0\r\n\r\nhello\r\n"
    b"HMSG agent.event 2 $JS.ACK.s.c.1.2.3.4.5 18 18\r\nNATS/1.0\r\nA: b\r\n\r\n\r\n"
    b"MSG somebody.else 3 14\r\nMSG a 1 3\r\nabc\r\n"
    b"+OK\r\n"
    b"MSG city.\xff\xfe 1 13\r\nPING\r\nMSG a 1\r\n"
    b"MSG\tcity.spaced  1   3\r\nabc\r\n"
    b"-ERR 'Permissions Violation for Subscription to \"a\"'\r\n"
    b"PONG\r\n"
    b'INFO {"server_id":"a"}\r\n'
    b"MSG city.updated 1 " + b"70000\r\n" + b"x" * 70_000 + b"\r\n"
    b"MSG city.updated 12 2\r\nno\r\n"
    b"MSG last 2 1\r\n!\r\n"
)
_TAKEN = {1: "city.*", 2: "agent.>"}


class _Client:
    """What a parser tells its client, in order."""

    def __init__(self):
        self.events = []

    async def _process_msg(self, sid, subject, reply, data, headers):
        self.events.append(
            (_TAKEN.get(sid, sid), subject.decode("utf-8", "replace"), reply, data, headers or None)
        )

    async def _process_ping(self):
        self.events.append("ping")

    async def _process_pong(self):
        self.events.append("pong")

    async def _process_err(self, error):
        self.events.append(error)

    async def _process_info(self, info):
        self.events.append(info)


def _wire(client):
    wire = Wire(client)

    def on_arrival(arrival):
        assert isinstance(arrival, Arrival)
        client.events.append(tuple(arrival))

    wire.taken = {b"%d" % sid: (pattern, on_arrival) for sid, pattern in _TAKEN.items()}
    return wire


async def _events(parser, client, cuts):
    for begin, end in zip([0, *cuts], [*cuts, len(_FRAMES)], strict=True):
        await parser.parse(_FRAMES[begin:end])
    return client.events


async def _expected():
    client = _Client()
    return await _events(Parser(client), client, [])


async def test_all_frames_in_one_read_are_read_as_nats_py_reads_them():
    client = _Client()
    events = await _events(_wire(client), client, [])
    assert events == await _expected()
    assert len(events) == 14


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000])
async def test_reads_of_any_size_bring_the_same(size):
    client = _Client()
    cuts = list(range(size, len(_FRAMES), size))
    assert await _events(_wire(client), client, cuts) == await _expected()


async def test_a_cut_anywhere_brings_the_same():
    expected = await _expected()
    beginning = _FRAMES.index(b"x" * 100) + 100
    for cut in (*range(1, beginning), *range(len(_FRAMES) - 100, len(_FRAMES))):
        client = _Client()
        assert await _events(_wire(client), client, [cut]) == expected, _FRAMES[max(cut - 20, 0) : cut]


async def test_the_handler_alone_gets_whole_messages():
    client = _Client()
    wire = _wire(client)

    async def never(*_):
        raise AssertionError("nats-py was asked")

    client._process_msg = never
    await wire.parse(b"MSG city.updated 1 5\r\nhello\r\nHMSG agent.event 2 12 14\r\nNATS/1.0\r\n\r\nhi\r\n")
    assert [event[3] for event in client.events] == [b"hello", b"hi"]


@pytest.mark.parametrize(
    "line", [b"MSG city.updated 1 five\r\n", b"MSG 1 5\r\n", b"HMSG a 2 x 5\r\n", b"NONSENSE\r\n", b"MSG\r\n"]
)
async def test_what_is_not_the_protocol_is_refused(line):
    with pytest.raises(ProtocolError):
        await _wire(_Client()).parse(b"MSG city.updated 1 5\r\nhello\r\n" + line)


async def test_reset_forgets_an_unfinished_frame():
    client = _Client()
    wire = _wire(client)
    for unfinished in (b"MSG city.upd", b"MSG city.updated 1 5\r\nhel"):
        await wire.parse(unfinished)
        wire.reset()
        await wire.parse(b"PING\r\n")
    assert client.events == ["ping", "ping"]
