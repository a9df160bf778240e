"""What plugins make of large answers is computed beside the map's own loop."""

import asyncio
import threading

import pytest
from pydantic import BaseModel

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

ROWS = [{"id": str(number)} for number in range(3000)]


class Row(BaseModel):
    id: str


@pytest.fixture
async def aside():
    made = PluginThread()
    yield made
    await made.close()


def polled(aside, fetch):
    """Return the poller of a source whose service always answers with `ROWS`."""
    source = Source("things", "things-service", SourceSettings, (Layer("things", fetch=fetch),))
    settings = SourceSettings(base_url="http://things", interval_seconds=60)
    fold, log = Fold([source]), LocalLog()
    log.subscribe(fold.apply)
    service = SourceClient("things", settings, lambda _: Reply(ROWS))
    return Poller(source, service, fold.scene, log, utc_now, aside), fold.scene


async def test_a_fetch_that_computes_for_long_does_not_stop_the_map(aside):
    lives = threading.Event()

    async def fetch(client):
        rows = client.read(Row, await client.get("/things"), "/things")
        assert lives.wait(10), "the map's loop does not run while a plugin computes"
        return [Put("things", f"thing:{row.id}", {"name": row.id}) for row in rows]

    poller, scene = polled(aside, fetch)
    polling = asyncio.create_task(poller.poll())
    asyncio.get_running_loop().call_later(0.05, lives.set)
    await polling
    await poller.service.close()
    assert (poller.state.status, poller.state.rows) == (Freshness.FRESH, 3000)
    assert len(scene.items("things", "items")) == 3000


async def test_others_have_their_turn_while_thousands_of_items_are_compared(aside):
    async def fetch(client):
        return [Put("things", f"thing:{row['id']}", {"name": row["id"]}) for row in await client.get("/things")]

    poller, _ = polled(aside, fetch)
    await poller.poll()
    turns = 0

    async def take_turns():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    answer = [Put("things", f"thing:{row['id']}", {"name": "other"}) for row in ROWS]
    others = asyncio.create_task(take_turns())
    changes = await poller._difference(poller.source.layers[0], answer)
    others.cancel()
    await poller.service.close()
    assert len(changes) == 3000
    assert turns >= 6


@pytest.mark.parametrize("error", [SystemExit(3), asyncio.CancelledError(), ValueError("x")])
async def test_whatever_a_fetch_raises_there_is_an_error_here(aside, error):
    async def fetch(client):
        raise error

    poller, _ = polled(aside, fetch)
    await poller.poll()
    assert poller.state.error.startswith("things.items: ")
    await poller.service.close()
    assert await aside.run(asyncio.sleep(0, "it goes on")) == "it goes on"


async def test_cancelling_reaches_what_runs_aside(aside):
    ended = threading.Event()

    async def wait():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(aside.run(wait()))
    await aside.run(asyncio.sleep(0))
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await asyncio.to_thread(ended.wait, 10)
