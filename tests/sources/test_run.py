"""A source that says by itself: what it emits, how it is supervised, and what is shown of its health."""

import asyncio
import contextlib
import json

import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.source import Layer, Source
from livingmap.sources import emitter, runner
from livingmap.sources.plugin_import import PluginError
from livingmap.sources.registry import load_source
from livingmap.sources.settings import SectionSettings
from livingmap.testing import SourceHarness
from tests.support.maps import browser, living_map, snapshot
from tests.support.nats_server import until
from tests.support.ports import free_port
from tests.support.running import RunningMap


class Settings(SectionSettings):
    greeting: str = "hello"
    """What it says first."""


def on_order(event, part):
    return [Put("orders", f"order:{event.payload['id']}", {"status": event.payload["status"]})]


LAYERS = (Layer("orders", references=("shop_id",)), Layer("orders", "shops"))


def source_of(run, layers=LAYERS):
    return Source("shop", "shop-service", Settings, layers, {"order.*": on_order}, run=run)


@contextlib.asynccontextmanager
async def running(run, **settings):
    harness = SourceHarness(source_of(run), **settings)
    async with harness.running() as health:
        yield harness, health


def order(name, **fields):
    return Put("orders", f"order:{name}", fields)


async def forever():
    await asyncio.Event().wait()


async def test_what_a_run_emits_goes_through_the_log_like_polls_and_events():
    heard = asyncio.Event()

    async def run(client, emit):
        await emit.replace("orders", [order(1, price=5), order(2, price=6), Total("orders", {"open": 2})])
        await emit.event("order.changed", {"id": "1", "status": "paid"})
        await emit.change(
            Put("orders", "order:2", {"price": 7}),
            Put("orders", "shop:a", {"name": client.settings.greeting}, collection="shops"),
        )
        await emit.replace("orders", [order(1, price=5), order(3)])
        await emit.change(Drop("orders", "order:3"))
        heard.set()
        await forever()

    async with running(run, greeting="hi") as (harness, health):
        await heard.wait()
        assert dict(harness.items("orders")) == {"order:1": {"price": 5, "status": "paid"}}
        assert harness.items("orders", "shops") == {"shop:a": {"name": "hi"}}
        assert harness.totals("orders") == {"open": 2}
        assert (str(health.status), health.error, health.polls) == ("fresh", None, 1)
        assert not harness.faults


async def test_a_listing_that_has_not_changed_makes_no_entry():
    emitted = []

    async def run(client, emit):
        for _ in range(2):
            await emit.replace("orders", [order(1, price=5)])
            emitted.append(harness.last.event.position.seq)

    harness = SourceHarness(source_of(run))
    async with harness.running():
        await until(lambda: len(emitted) == 2)
    assert emitted[0] == emitted[1]


async def test_an_empty_listing_is_believed_at_once():
    async def run(client, emit):
        await emit.replace("orders", [order(number) for number in range(10)])
        await emit.replace("orders", [])

    async with running(run) as (harness, health):
        await until(lambda: health.next_poll_at)
        assert dict(harness.items("orders")) == {}
        assert health.error is None


@pytest.mark.parametrize(
    ("say", "problem"),
    [
        (lambda emit: emit.event("parcel.sent", {}), "ValueError: parcel.sent: the source has no handler for it"),
        (
            lambda emit: emit.replace("parcels", []),
            "ValueError: parcels.items: the source does not declare it as a layer",
        ),
        (
            lambda emit: emit.change(Put("orders", "x:1", collection="y")),
            "ValueError: orders.y: the source does not declare it",
        ),
        (
            lambda emit: emit.change(Total("parcels", {})),
            "ValueError: parcels: the source does not declare it as a layer",
        ),
    ],
)
async def test_what_the_source_did_not_declare_is_refused_in_the_run(say, problem):
    async def run(client, emit):
        await say(emit)

    async with running(run) as (_, health):
        await until(lambda: health.error)
        assert health.error.startswith(f"run: {problem}")
        assert str(health.status) == "down"


@pytest.mark.parametrize("payload", [{"x": object()}, {"x": float("nan"), "y": "\0"}, {"x": "y" * 300_000}, [1]])
async def test_a_payload_that_no_event_may_have_is_noted_and_left_out(payload):
    async def run(client, emit):
        await emit.event("order.new", payload)
        await emit.event("order.new", {"id": 2, "status": "new"})
        await forever()

    async with running(run) as (harness, health):
        await until(lambda: harness.items("orders"))
        assert dict(harness.items("orders")) == {"order:2": {"status": "new"}}
        assert health.faults == 1
        assert health.last_faults[0].startswith("order.new: ")


async def test_a_run_that_returns_is_begun_again_after_the_interval():
    prices = iter(range(100))

    async def run(client, emit):
        await emit.replace("orders", [order(1, price=next(prices))])

    async with running(run, interval_seconds=0.01) as (harness, health):
        await until(lambda: harness.item("orders", "order:1")["price"] >= 2 if harness.items("orders") else False)
        assert (str(health.status), health.error) == ("fresh", None)


async def test_a_run_that_raises_is_begun_again_and_its_health_says_why(monkeypatch, capsys):
    monkeypatch.setattr(runner, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(runner, "_LONGEST_PAUSE_SECONDS", 0.02)
    broken, seen, harness = [True], [], None

    async def run(client, emit):
        if broken:
            raise OSError("queue is away")
        await emit.replace("orders", [order(1)])
        await forever()

    harness = SourceHarness(source_of(run))
    async with harness.running() as health:
        await until(lambda: health.failures >= 3)
        seen.append((str(health.status), health.error))
        broken.clear()
        await until(lambda: str(health.status) == "fresh")
        assert (health.error, health.failures) == (None, 0)
    assert seen == [("down", "run: OSError: queue is away")]
    said = capsys.readouterr().out
    assert (said.count("source failed"), said.count("source answers")) == (1, 1)


async def test_a_source_whose_run_breaks_after_it_said_something_is_stale_and_then_down(monkeypatch):
    monkeypatch.setattr(runner, "_FIRST_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(runner, "_LONGEST_PAUSE_SECONDS", 0.02)
    begun = []

    async def run(client, emit):
        begun.append(harness.health.status)
        if len(begun) == 1:
            await emit.replace("orders", [order(1)])
            harness.health.contributed = True  # as the projector notes it
        raise ConnectionError("lost")

    harness = SourceHarness(source_of(run))
    async with harness.running():
        await until(lambda: len(begun) >= 5)
    assert list(map(str, begun))[:4] == ["starting", "stale", "stale", "down"]
    assert dict(harness.items("orders")) == {"order:1": {}}


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError(), ValueError("x")], ids=repr)
async def test_whatever_a_run_raises_it_is_supervised(error, monkeypatch):
    monkeypatch.setattr(runner, "_FIRST_PAUSE_SECONDS", 0.01)
    errors = [error]

    async def run(client, emit):
        if errors:
            raise errors.pop()
        await emit.alive()
        await forever()

    async with running(run) as (_, health):
        await until(lambda: str(health.status) == "fresh")
        assert health.polls == 2


async def test_a_source_that_says_nothing_for_three_intervals_is_stale():
    async def run(client, emit):
        await emit.alive()
        await forever()

    async with running(run) as (harness, health):
        await until(lambda: health.observed_at)
        now = harness.now
        assert str(health.status_at(now)) == "fresh"
        late = now.replace(hour=now.hour + 1)
        assert (str(health.status_at(late)), health.error_at(late)) == ("stale", "no complete poll for 50 s")


async def test_what_a_run_left_behind_cannot_say_anything_more():
    ended, answers = asyncio.Event(), []

    async def linger(emit):
        await ended.wait()
        saying = emit.event("order.new", {"id": 1, "status": "new"})
        answers.append(await asyncio.gather(saying, return_exceptions=True))

    async def run(client, emit):
        run.task = asyncio.create_task(linger(emit))

    async with running(run) as (harness, health):
        await until(lambda: health.next_poll_at)
        ended.set()
        await run.task
        assert not harness.items("orders")
    assert repr(answers[0][0]).startswith("ConnectionAbortedError('this run has ended")


async def test_emits_are_taken_in_their_order_and_not_without_bound(monkeypatch):
    monkeypatch.setattr(emitter, "MOST_WAITING", 10)
    refused = []

    async def run(client, emit):
        said = [emit.replace("orders", [order(number)]) for number in range(30)]
        answers = await asyncio.gather(*said, return_exceptions=True)
        refused.extend(str(one) for one in answers if one)
        await forever()

    async with running(run) as (harness, _):
        await until(lambda: refused)
        assert list(harness.items("orders")) == ["order:9"]
    assert refused == ["10 calls wait for the log already; await one before the next"] * 20


async def test_the_ids_of_a_run_are_put_into_the_namespace_of_its_section():
    async def run(client, emit):
        await emit.replace(
            "orders", [Put("orders", "order:1", {"shop_id": "shop:a"}), Total("orders", {"open": 1})]
        )
        await emit.event("order.changed", {"id": "1", "status": "paid"})
        await emit.change(Put("orders", "shop:a", {"name": "A"}, collection="shops"))
        await emit.alive()

    harness = SourceHarness(source_of(run), namespace="eu")
    async with harness.running() as health:
        await until(lambda: health.next_poll_at)
    assert dict(harness.items("orders")) == {"order:eu/1": {"shop_id": "shop:eu/a", "status": "paid"}}
    assert list(harness.items("orders", "shops")) == ["shop:eu/a"]
    assert health.error is None


async def test_a_source_may_be_polled_and_run(monkeypatch):
    monkeypatch.setattr(runner, "_FIRST_PAUSE_SECONDS", 0.01)
    lost = asyncio.Event()

    async def listed(client):
        return [order(1)]

    async def run(client, emit):
        await emit.event("order.changed", {"id": "1", "status": "paid"})
        await lost.wait()
        raise ConnectionError("lost")

    layers = (Layer("orders", fetch=listed),)
    harness = SourceHarness(source_of(run, layers))
    await harness.poll()
    async with harness.running() as health:
        await until(lambda: harness.item("orders", "order:1") == {"status": "paid"})
        assert str(health.status_at(harness.now)) == "fresh"
        lost.set()
        await until(lambda: health.run_error)
        assert (str(health.status_at(harness.now)), health.error_at(harness.now)) == (
            "stale",
            "run: ConnectionError: lost",
        )


async def test_a_run_that_is_tried_out_says_what_it_has():
    async def run(client, emit):
        await emit.alive()
        await emit.replace("orders", [order(1)])

    harness = SourceHarness(source_of(run))
    await harness._poller.try_out()
    assert list(harness.items("orders")) == ["order:1"]
    assert (str(harness.health.status), harness.health.error) == ("fresh", None)


async def test_a_run_that_is_tried_out_and_raises_after_its_first_listing_is_a_failure(monkeypatch):
    monkeypatch.setattr(runner, "_LISTING_SECONDS", 60)

    async def run(client, emit):
        await emit.replace("orders", [order(1)])
        await emit.event("shop.closed", {})

    harness = SourceHarness(source_of(run))
    await harness._poller.try_out()
    assert list(harness.items("orders")) == ["order:1"]
    assert harness.health.error == "run: ValueError: shop.closed: the source has no handler for it"


async def test_a_run_that_is_tried_out_and_says_nothing_is_a_failure():
    async def run(client, emit):
        await forever()

    harness = SourceHarness(source_of(run), timeout_seconds=0.1)
    await harness._poller.try_out()
    assert (str(harness.health.status), harness.health.error) == ("down", "run: gave no sign of life within 0.1 s")


def test_a_run_that_is_not_async_is_refused(tmp_path):
    (tmp_path / "shop.py").write_text(
        "from livingmap.plugin import Layer, SectionSettings, Source, hookimpl\n"
        "@hookimpl\n"
        "def livingmap_source():\n"
        "    return Source('shop', 's', SectionSettings, (Layer('orders'),), run=lambda client, emit: None)\n"
    )
    with pytest.raises(PluginError, match="it has a run that is not async"):
        load_source("shop", "./shop.py", tmp_path)


# on a whole map, with a real queue

QUEUE = """
import asyncio, contextlib, json
from pathlib import Path
from livingmap.plugin import Layer, Put, SectionSettings, Source, hookimpl

class Settings(SectionSettings):
    port: int
    samples: str = "samples"
    ended: str = "/dev/null"

async def run(client, emit):
    reader, writer = await asyncio.open_connection("127.0.0.1", client.settings.port)
    try:
        writer.write(b"hello\\n")
        await emit.alive()
        while line := await reader.readline():
            message = json.loads(line)
            if "orders" in message:
                names = message["orders"]
                await emit.replace("orders", [Put("orders", f"order:{one}", {"name": one}) for one in names])
            else:
                await emit.event("order.changed", message)
        raise ConnectionError("the queue is closed")
    finally:
        writer.close()
        Path(client.settings.ended).write_text("ended")
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

def on_order(event, part):
    return [Put("orders", f"order:{event.payload['id']}", {"status": event.payload["status"]}, creates=False)]

@hookimpl
def livingmap_source():
    return Source("queue", "queue-service", Settings, (Layer("orders"),), {"order.*": on_order},
                  samples=Path(__file__).with_name("samples"), run=run)
"""


class Queue:
    """A server that says lines to all that are connected."""

    def __init__(self):
        self.callers = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _serve(self, reader, writer):
        await reader.readline()
        self.callers.append(writer)

    async def say(self, **message):
        for writer in self.callers:
            writer.write(json.dumps(message).encode() + b"\n")
            await writer.drain()

    async def hang_up(self):
        callers, self.callers = self.callers, []
        for writer in callers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def __aexit__(self, *_):
        self._server.close()
        await self.hang_up()


async def test_a_map_follows_a_queue_through_a_lost_connection(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_FIRST_PAUSE_SECONDS", 0.01)
    (tmp_path / "queue_source.py").write_text(QUEUE)
    async with Queue() as queue:
        section = {"module": "./queue_source.py", "port": queue.port}
        async with living_map(tmp_path, {"queue": section}, polled=False) as living, browser(living) as client:
            task = asyncio.create_task(living.pollers["queue"].run())
            await until(lambda: queue.callers)
            await queue.say(orders=["a", "b"])
            await queue.say(id="a", status="paid")
            items = living.fold.scene.items("orders", "items")
            await until(
                lambda: dict(items) == {"order:a": {"name": "a", "status": "paid"}, "order:b": {"name": "b"}}
            )
            await queue.hang_up()
            await until(lambda: queue.callers)
            await queue.say(orders=["b"])
            await until(lambda: list(items) == ["order:b"])
            [report] = (await client.get("/living-map/sources")).json()["items"]
            assert (report["status"], report["error"], report["events"] > 2) == ("fresh", None, True)
            assert [one["name"] for one in (await snapshot(living))["meta"]["sources"]] == ["queue"]
            task.cancel()
            await asyncio.wait([task])


def test_a_map_that_stops_lets_the_run_end(tmp_path):
    (tmp_path / "queue_source.py").write_text(QUEUE)

    async def serve():
        async with Queue() as queue:
            section = {"module": "./queue_source.py", "port": queue.port, "ended": str(tmp_path / "ended")}
            served = RunningMap(tmp_path, free_port(), sources={"queue": section})
            await asyncio.to_thread(served.start)
            await until(lambda: queue.callers)
            await asyncio.to_thread(served.stop)

    asyncio.run(serve())
    assert (tmp_path / "ended").read_text() == "ended"


async def test_a_mocked_source_emits_its_samples_and_connects_to_nothing(tmp_path):
    (tmp_path / "queue_source.py").write_text(QUEUE)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "listings.jsonl").write_text(
        '{"layer": "orders", "rows": [{"id": "order:a", "set": {"name": "A"}}]}\n'
    )
    (tmp_path / "samples" / "messages.jsonl").write_text(
        '{"subject": "order.changed", "payload": {"id": "a", "status": "paid"}}\n'
    )
    section = {"module": "./queue_source.py", "port": 1, "mock": True, "interval_seconds": 0.1}
    async with living_map(tmp_path, {"queue": section}, polled=False) as living:
        task = asyncio.create_task(living.pollers["queue"].run())
        await until(lambda: living.fold.scene.items("orders", "items"))
        await living._simulation._step(living._simulation._worlds[0].world)
        assert dict(living.fold.scene.items("orders", "items")) == {"order:a": {"name": "A", "status": "paid"}}
        assert str(living.pollers["queue"].state.status) == "mock"
        task.cancel()
        await asyncio.wait([task])
