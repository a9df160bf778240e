"""What is taken in from a real nats-server, whatever happens to it."""

import asyncio
import contextlib
import json

import pytest

from livingmap.core.model import Position
from livingmap.log.local import LocalLog, utc_now
from livingmap.supervision import stop
from livingmap.transport.connection import NatsConnection
from livingmap.transport.nats import NatsIntake
from livingmap.transport.settings import NatsSettings
from tests.support.nats_server import NatsServer, until

LOCKED = """
authorization { users: [
  { user: map, password: "p@ss", permissions: { subscribe: ["*.b", "open.>", "_INBOX.>"] } }
  { user: services, password: services }
] }
"""


@pytest.fixture
async def server(tmp_path):
    one = NatsServer(tmp_path)
    await one.start()
    yield one
    await one.kill()


@pytest.fixture
async def locked(tmp_path):
    one = NatsServer(tmp_path, LOCKED)
    await one.start()
    yield one
    await one.kill()


class SlowLog(LocalLog):
    """A log that takes nothing in until its gate opens."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()

    async def append(self, message):
        await self.gate.wait()
        await super().append(message)


@contextlib.asynccontextmanager
async def intake(server, *patterns, log=None, **settings):
    """Run an intake; lend it and the list of what it logs."""
    log = log or LocalLog()
    logged = []
    log.subscribe(lambda event: logged.append((event.type, event.payload)))
    given = {"url": server.url, "ping_seconds": 1, **settings}
    nats = NatsSettings(**given)
    connection = NatsConnection(nats, longest_pause_seconds=0.3)
    one = NatsIntake(connection, nats, patterns or ["a.*"], log.append, utc_now)
    running = asyncio.create_task(one.run())
    try:
        yield one, logged
        assert not running.done()
    finally:
        await stop([running])


async def publish(server, *messages, **how):
    async with server.publisher(**how) as client:
        for subject, payload in messages:
            await client.publish(subject, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def numbered(count, *subjects):
    return [(subjects[number % len(subjects)], {"number": number}) for number in range(count)]


async def connected(one):
    await until(lambda: one.status.connected)


async def test_messages_come_in_the_order_of_their_publisher_over_all_patterns(server):
    messages = numbered(3000, "a.1", "b.1", "a.2", "c", "b.1")
    async with intake(server, "a.*", "b.*", "c") as (one, logged):
        await connected(one)
        await publish(server, *messages)
        await until(lambda: len(logged) == len(messages))
    assert logged == messages
    assert one.status.received == one.status.logged == len(messages)


async def test_the_status_says_that_all_is_well(server):
    async with intake(server) as (one, _):
        assert (one.status.connected, one.status.error) == (False, "not connected yet")
        await connected(one)
        status = one.status
        assert (status.url, status.error, status.refused, status.reconnects) == (server.url, None, [], 0)


async def test_subjects_nobody_asked_for_stay_away(server):
    async with intake(server, "a.*", "b.>") as (one, logged):
        await connected(one)
        await publish(server, ("a", {}), ("a.b.c", {}), ("b", {}), ("c.a", {}), ("a.b", {}), ("b.c.d", {}))
        await until(lambda: one.status.received == 2)
    assert logged == [("a.b", {}), ("b.c.d", {})]


async def test_where_patterns_overlap_a_message_comes_once(server):
    messages = numbered(500, "a.b", "a.x", "x.b", "a.x.b", "x.x.b")
    async with intake(server, "*.b", "a.*", "a.>", ">") as (one, logged):
        await connected(one)
        await publish(server, *messages)
        await until(lambda: len(logged) >= len(messages))
        await publish(server, ("end", {}))
        await until(lambda: logged[-1] == ("end", {}))
    assert logged == [*messages, ("end", {})]
    assert one.status.received == len(messages) + 1


async def test_a_server_may_come_later(tmp_path):
    server = NatsServer(tmp_path)
    async with intake(server) as (one, logged):
        await until(lambda: one.status.error != "not connected yet")
        assert "111" in one.status.error or "refused" in one.status.error.lower()
        assert not one.status.connected
        await server.start()
        await connected(one)
        assert (one.status.error, one.status.reconnects) == (None, 0)
        await publish(server, ("a.1", {}))
        await until(lambda: logged == [("a.1", {})])
    await server.kill()


async def test_a_killed_server_may_come_back_again_and_again(server):
    async with intake(server, "a.*", "*.b") as (one, logged):
        for number in range(3):
            await until(lambda number=number: one.status.connected and one.status.reconnects == number)
            await publish(server, ("a.b", {"number": number}))
            await until(lambda number=number: logged[-1:] == [("a.b", {"number": number})])
            await server.kill()
            await until(lambda: not one.status.connected and one.status.error)
            await server.start()
    assert [payload["number"] for _, payload in logged] == [0, 1, 2]


async def test_another_server_of_the_list_takes_over(server, tmp_path):
    other = NatsServer(tmp_path)
    async with intake(server, url=f"{server.url},{other.url}") as (one, logged):
        await connected(one)
        await server.kill()
        await other.start()
        await until(lambda: one.status.url == other.url)
        await publish(other, ("a.1", {}))
        await until(lambda: logged == [("a.1", {})])
    await other.kill()


async def test_a_server_that_only_stays_silent_is_noticed(server):
    async with intake(server) as (one, logged):
        await connected(one)
        server.freeze()
        await until(lambda: not one.status.connected)
        await until(lambda: one.status.error)
        server.thaw()
        await connected(one)
        await publish(server, ("a.1", {}))
        await until(lambda: logged == [("a.1", {})])


async def test_a_burst_before_a_slow_log_loses_nothing_in_silence(server):
    log, messages = SlowLog(), numbered(20_000, "a.1", "b.1")
    async with intake(server, "a.*", "b.*", log=log, most_waiting=1000) as (one, logged):
        await connected(one)
        await publish(server, *messages)
        await until(lambda: one.status.received == len(messages))
        assert one.status.connected
        log.gate.set()
        await until(lambda: one.status.waiting == 0)
    assert len(logged) == one.status.logged
    assert one.status.logged + one.status.dropped == one.status.received == len(messages)
    assert logged[-1000:] == messages[-1000:]
    assert log.position == Position(log.position.epoch, len(logged))


async def test_what_waits_is_bounded_in_bytes_too(server):
    log, large = SlowLog(), {"text": "x" * 60_000, "more": ["y" * 60_000] * 15}
    async with intake(server, log=log, most_bytes=2 * 1024 * 1024) as (one, _):
        await connected(one)
        for number in range(80):  # faster, and the server itself would give us up
            await publish(server, ("a.1", large))
            await until(lambda number=number: one.status.received == number + 1)
        assert one.status.dropped > 0
        log.gate.set()
        await until(lambda: one.status.waiting == 0)
    assert one.status.logged + one.status.dropped == 80


async def test_bad_messages_are_set_aside_and_harm_nothing(server):
    bad = [
        ("a.1", b"hello"),
        ("a.1", b"[]"),
        ("a.1", b'{"a": "\\u0000"}'),
        ("a.1", b"x" * 300_000),
        ("livingmap.source.down", b'{"source": "city"}'),
    ]
    async with intake(server, "a.*", "livingmap.>") as (one, logged):
        await connected(one)
        for message in bad:
            await publish(server, message, ("a.1", {}))
        await until(lambda: one.status.received == 10 and one.status.waiting == 0)
    assert logged == [("a.1", {})] * 5
    assert (one.status.dead.count, one.status.logged, one.status.dropped) == (5, 5, 0)
    assert [letter.subject for letter in one.status.dead.letters] == [subject for subject, _ in bad]


async def test_a_subject_or_header_that_is_no_text_does_not_end_the_reading(server):
    async with intake(server) as (one, logged):
        await connected(one)
        await server.send(
            b"PUB a.\xff 2\r\n{}",
            b"HPUB a.1 17 19\r\nNATS/1.0 \xff\xff\xff\xff\r\n\r\n{}",
            b"HPUB a.2 20 22\r\nNATS/1.0\r\n\xff\xff: \xff\xff\r\n\r\n{}",
            b"PUB a.3 2\r\n{}",
        )
        await until(lambda: one.status.received == 4 and one.status.waiting == 0)
    assert [subject for subject, _ in logged] == ["a.1", "a.2", "a.3"]
    assert [letter.subject for letter in one.status.dead.letters] == ["a.\ufffd"]
    assert one.status.reconnects == 0


async def test_a_subject_that_breaks_the_protocol_is_got_over(server):
    async with intake(server) as (one, logged):
        await connected(one)
        await server.send(b"PUB a.\x0bx 2\r\n{}")
        await until(lambda: one.status.connected and one.status.reconnects == 1)
        await publish(server, ("a.1", {}))
        await until(lambda: logged == [("a.1", {})])


async def test_a_refused_subscription_is_told_and_the_rest_goes_on(locked):
    url = locked.url.replace("nats://", "nats://map:p%40ss@")
    async with intake(locked, "*.b", "Secret.*", "a.*", "open.>", url=url) as (one, logged):
        await connected(one)
        assert one.status.refused == ["Secret.*", "a.*"]
        assert one.status.error == "not allowed to subscribe to Secret.*, a.*"
        await publish(
            locked,
            *[("a.c", {}), ("Secret.b", {}), ("a.b", {}), ("open.x", {})],
            user="services",
            password="services",
        )
        await until(lambda: len(logged) == 3)
    assert logged == [("Secret.b", {}), ("a.b", {}), ("open.x", {})]
    assert one.status.url == locked.url


async def test_a_refused_first_pattern_does_not_swallow_what_a_second_allows(locked):
    async with intake(locked, "a.*", "*.b", user="map", password="p@ss") as (one, logged):
        await connected(one)
        await publish(locked, ("a.b", {}), user="services", password="services")
        await until(lambda: logged == [("a.b", {})])


async def test_a_wrong_password_is_told_and_tried_again(locked):
    async with intake(locked, user="map", password="wrong") as (one, _):
        await until(lambda: one.status.error == "'Authorization Violation'")
        assert not one.status.connected
        await locked.reload(LOCKED.replace("p@ss", "wrong"))
        await until(lambda: one.status.connected)


async def test_a_user_that_is_taken_away_is_told_and_tried_again(locked):
    async with intake(locked, "open.>", user="map", password="p@ss") as (one, logged):
        await connected(one)
        await locked.reload(LOCKED.replace("p@ss", "another"))
        await until(lambda: not one.status.connected)
        assert one.status.error
        await until(lambda: one.status.error == "'Authorization Violation'")
        assert not one.status.connected
        await locked.reload(LOCKED)
        await connected(one)
        await publish(locked, ("open.1", {}), user="services", password="services")
        await until(lambda: logged == [("open.1", {})])


async def test_credentials_are_shown_nowhere(locked, capsys):
    url = locked.url.replace("nats://", "nats://map:p%40ss@")
    async with intake(locked, url=url) as (one, _):
        await connected(one)
        await locked.kill()
        await until(lambda: not one.status.connected)
        await until(lambda: "111" in (one.status.error or "") or "refused" in (one.status.error or "").lower())
        shown = repr(one.status)
    said = "".join(capsys.readouterr())
    assert "NATS is connected" in said
    assert not any(secret in shown + said for secret in ("p@ss", "p%40ss", "map:"))


async def test_credentials_in_a_file_that_is_not_there_are_told(server, tmp_path):
    async with intake(server, credentials_file=tmp_path / "map.creds") as (one, _):
        await until(lambda: one.status.error != "not connected yet")
        assert "map.creds" in one.status.error
        assert not one.status.connected


async def test_an_error_of_the_log_ends_the_intake(server):
    class Broken(LocalLog):
        async def append(self, message):
            raise RuntimeError(f"no room for {message.type}")

    nats = NatsSettings(url=server.url)
    one = NatsIntake(NatsConnection(nats), nats, ["a.*"], Broken().append, utc_now)
    running = asyncio.create_task(one.run())
    await connected(one)
    await publish(server, ("a.1", {}))
    with pytest.raises(RuntimeError, match=r"no room for a\.1"):
        await running


def test_an_intake_needs_a_server():
    with pytest.raises(ValueError, match=r"nats\.url"):
        NatsConnection(NatsSettings())
