"""What plugins make of large answers is computed beside the map's own loop."""

import asyncio
import sys
import threading
from dataclasses import replace

import pytest
from pydantic import BaseModel
from structlog.testing import capture_logs

from livingmap.core.fold import Fold
from livingmap.core.freshness import Freshness
from livingmap.core.model import Put
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.log.local import LocalLog, utc_now
from livingmap.sources.plugin_thread import PluginThread
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.history.making import until

ROWS = [{"id": str(number)} for number in range(3000)]


class Row(BaseModel):
    id: str


@pytest.fixture
async def plugin_thread():
    thread = PluginThread()
    yield thread
    await thread.close()


def polled(fetch, *, threaded=True, name="things", **settings):
    """Return the poller of a source whose service always answers with `ROWS`."""
    source = Source(name, "things-service", SourceSettings, (Layer("things", fetch=fetch),))
    settings = SourceSettings(base_url="http://things", interval_seconds=60, **settings)
    fold, log = Fold([source]), LocalLog()
    log.subscribe(fold.apply)
    service = SourceClient("things", settings, lambda _: Reply(ROWS))
    return Poller(source, service, fold.scene, log, utc_now, threaded=threaded), fold.scene


async def test_a_fetch_that_computes_for_long_does_not_stop_the_map():
    lives = threading.Event()

    async def fetch(client):
        rows = client.read(Row, await client.get("/things"), "/things")
        assert lives.wait(10), "the map's loop does not run while a plugin computes"
        return [Put("things", f"thing:{row.id}", {"name": row.id}) for row in rows]

    poller, scene = polled(fetch)
    polling = asyncio.create_task(poller.poll())
    asyncio.get_running_loop().call_later(0.05, lives.set)
    await polling
    await poller.close()
    assert (poller.state.status, poller.state.rows) == (Freshness.FRESH, 3000)
    assert len(scene.items("things", "items")) == 3000


async def test_others_have_their_turn_while_thousands_of_items_are_compared():
    async def fetch(client):
        return [Put("things", f"thing:{row['id']}", {"name": row["id"]}) for row in await client.get("/things")]

    poller, _ = polled(fetch)
    await poller.poll()
    turns = 0

    async def take_turns():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    answer = [Put("things", f"thing:{row['id']}", {"name": "other"}) for row in ROWS]
    others = asyncio.create_task(take_turns())
    client = poller.service.client(utc_now())
    pieces = [piece async for piece in poller._comparison.changes(poller.source.layers[0], answer, client)]
    others.cancel()
    await poller.close()
    assert sum(map(len, pieces)) == 3000
    assert turns >= 6


class Outlaw(BaseException):
    """What no `except Exception` catches."""


@pytest.mark.parametrize(
    "error", [SystemExit(3), KeyboardInterrupt(), Outlaw("x"), asyncio.CancelledError(), ValueError("x")], ids=repr
)
async def test_whatever_a_fetch_raises_there_is_an_error_here(error):
    async def fetch(client):
        raise error

    poller, _ = polled(fetch)
    await poller.poll()
    assert poller.state.error.startswith("things.items: ")

    async def other():
        return "it goes on"

    assert await poller._plugin_thread.run(other()) == "it goes on"
    await poller.close()


async def test_cancelling_reaches_what_runs_on_the_thread(plugin_thread):
    ended = threading.Event()

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(plugin_thread.run(wait()))
    await plugin_thread.run(asyncio.sleep(0))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.to_thread(ended.wait, 10)


class Stubborn:
    """A fetch that goes on although it is cancelled, until the test lets it end."""

    def __init__(self):
        self.calls = 0
        self.cancelled = threading.Event()
        self.free = threading.Event()
        self.ended = threading.Event()

    async def fetch(self, client):
        self.calls += 1
        while not self.free.is_set():
            try:
                await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                self.cancelled.set()
        self.ended.set()
        return [Put("things", "thing:late", {"name": "late"})]


@pytest.fixture
def stubborn():
    fetch = Stubborn()
    yield fetch
    fetch.free.set()


async def test_a_poll_ends_although_a_fetch_goes_on_when_it_is_cancelled(stubborn):
    poller, scene = polled(stubborn.fetch, timeout_seconds=0.01)
    await poller.poll()
    assert poller.state.error == "things.items: the poll took longer than 10 timeouts"
    assert await asyncio.to_thread(stubborn.cancelled.wait, 10)
    assert dict(scene.items("things", "items")) == {}
    await poller.close()


async def test_a_poll_ends_although_a_fetch_on_its_own_loop_goes_on_when_it_is_cancelled(stubborn):
    poller, _ = polled(stubborn.fetch, threaded=False, timeout_seconds=0.01)
    await poller.poll()
    assert poller.state.error == "things.items: the poll took longer than 10 timeouts"
    stubborn.free.set()
    await until(stubborn.ended.is_set)
    await poller.close()


@pytest.mark.parametrize("threaded", [True, False])
async def test_polling_can_be_stopped_although_a_fetch_goes_on(stubborn, threaded):
    poller, _ = polled(stubborn.fetch, threaded=threaded)
    polling = asyncio.create_task(poller.run())
    await until(lambda: stubborn.calls)
    polling.cancel()
    done, _ = await asyncio.wait([polling], timeout=30)
    assert done
    stubborn.free.set()
    assert await asyncio.to_thread(stubborn.ended.wait, 10)
    await poller.close()


async def test_a_fetch_that_goes_on_is_not_started_a_second_time(stubborn):
    poller, scene = polled(stubborn.fetch, timeout_seconds=0.1)
    await poller.poll()
    await poller.poll()
    assert "the fetch of an earlier poll is still running" in poller.state.error
    assert stubborn.calls == 1
    stubborn.free.set()
    await until(lambda: not poller._running)
    await poller.poll()
    assert (poller.state.error, stubborn.calls) == (None, 2)
    assert list(scene.items("things", "items")) == ["thing:late"]
    await poller.close()


async def test_closing_the_thread_cancels_what_runs_there(plugin_thread):
    waiting = asyncio.create_task(plugin_thread.run(asyncio.Event().wait()))
    await plugin_thread.run(asyncio.sleep(0))
    await plugin_thread.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_task_that_a_plugin_began_cannot_end_its_thread(plugin_thread):
    async def leave():
        raise SystemExit(3)

    async def begin():
        return asyncio.ensure_future(leave())

    with capture_logs() as lines:
        await plugin_thread.run(begin())
        assert await plugin_thread.run(asyncio.sleep(0, "it goes on")) == "it goes on"
    assert [(line["event"], line["source"]) for line in lines] == [("a task of a plugin raised", "plugins")]


class Blocking:
    """A fetch that holds its thread until the test lets it go."""

    def __init__(self):
        self.free = threading.Event()

    async def fetch(self, client):
        self.free.wait(60)
        return [Put("things", "thing:a", {"name": "a"})]


@pytest.fixture
def blocking(monkeypatch):
    monkeypatch.setattr("livingmap.sources.plugin_thread.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("livingmap.sources.plugin_thread.MOST_HELD_SECONDS", 0.02)
    fetch = Blocking()
    yield fetch
    fetch.free.set()


async def answer_at_once(client):
    return [Put("things", "thing:b", {"name": "b"})]


async def test_a_fetch_that_blocks_holds_up_no_other_source_and_is_named(blocking):
    (slow, _), (quick, scene) = polled(blocking.fetch, name="slow"), polled(answer_at_once, name="quick")
    at = f"{__file__}:{Blocking.fetch.__code__.co_firstlineno + 1}"

    def held():
        """Return the lines about the fetch; on a busy machine, a thread that starts slowly is noticed as well."""
        return [line for line in lines if line["event"] == "a plugin holds its thread" and line["at"] == at]

    with capture_logs() as lines:
        polling = asyncio.create_task(slow.poll())
        await until(held)
        await quick.poll()
        assert list(scene.items("things", "items")) == ["thing:b"]
        assert not polling.done()
        blocking.free.set()
        await polling
        await until(lambda: any(at in one for one in slow.state.last_overruns))
        assert "a plugin has given its thread back" in [line["event"] for line in lines]
    assert held()[0]["source"] == "slow"
    assert "self.free.wait(60)" in held()[0]["stack"]
    assert "run_forever" not in held()[0]["stack"]
    assert any(one.startswith(f"its thread was held by {at} for ") for one in slow.state.last_overruns)
    assert slow.state.held_seconds > 0
    assert quick.state.status is Freshness.FRESH
    await slow.close()
    await quick.close()


async def test_details_run_on_the_thread_of_the_plugin():
    async def details(client, name):
        return {"thread": threading.current_thread().name, "name": name}

    poller, _ = polled(answer_at_once)
    poller.source = replace(poller.source, details={"thing": details})
    assert await poller.details("thing", "a/b") == {"thread": "plugin things", "name": "a%2Fb"}
    await poller.close()


async def test_details_that_block_are_named_although_nobody_waits_for_them_any_more(monkeypatch):
    monkeypatch.setattr("livingmap.sources.plugin_thread.MOST_HELD_SECONDS", 0)
    entered, free = threading.Event(), threading.Event()

    async def details(client, name):
        entered.set()
        free.wait(60)

    poller, _ = polled(answer_at_once)
    poller.source = replace(poller.source, details={"thing": details})
    asking = asyncio.create_task(poller.details("thing", "a"))
    assert await asyncio.to_thread(entered.wait, 60)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    free.set()
    at = f"{__file__}:{details.__code__.co_firstlineno + 2}"
    await until(lambda: any(at in one for one in poller.state.last_overruns))
    await poller.close()


@pytest.mark.parametrize("threaded", [True, False])
async def test_details_that_end_the_process_are_an_error(threaded):
    async def details(client, name):
        raise Outlaw

    poller, _ = polled(answer_at_once, threaded=threaded)
    poller.source = replace(poller.source, details={"thing": details})
    with pytest.raises(RuntimeError, match="Outlaw"):
        await poller.details("thing", "a")
    await poller.close()


FOREVER = """
import asyncio, threading
from livingmap.sources.plugin_thread import PluginThread

started = threading.Event()

async def compute():
    started.set()
    while True:
        pass

async def loop():
    started.set()
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass

async def main():
    thread = PluginThread()
    asyncio.ensure_future(thread.run(NAME()))
    await asyncio.to_thread(started.wait)
    await thread.close()
    print("closed", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("name", ["compute", "loop"])
async def test_a_plugin_that_never_ends_does_not_keep_the_process_alive(name):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOREVER.replace("NAME", name), stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, printed.splitlines()[-1]) == (0, b"closed")
