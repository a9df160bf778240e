"""Some of the sources at work are replaced while the others go on."""

import asyncio

import pytest

from livingmap.core.model import Put
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.log.local import LocalLog
from livingmap.sources.at_work import SourcesAtWork
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.support.nats_server import until


class Settings(SourceSettings):
    base_url: str = "http://things"
    interval_seconds: float = 86_400


class Town:
    """Services that count how often each is asked, and answer once they may."""

    def __init__(self):
        self.asked = []
        self.open = asyncio.Event()
        self.log = LocalLog()
        self.entries = []
        self.log.subscribe(self.entries.append)

    def poller(self, name, asks="things"):
        async def fetch(client):
            self.asked.append(asks)
            await self.open.wait()
            return [Put(name, f"thing:{asks}", {"name": "A"})]

        source = Source(name, "s", Settings, (Layer(name, fetch=fetch),))
        client = SourceClient(name, Settings(), lambda _: Reply([]), None)
        return Poller(source, client, Scene([source]), self.log)

    def polled(self):
        return [entry.payload["source"] for entry in self.entries]


@pytest.fixture
def town():
    return Town()


async def test_a_replaced_source_appends_no_more_and_the_others_are_not_disturbed(town):
    stays, goes, comes = town.poller("city"), town.poller("usage", "old"), town.poller("usage", "new")
    at_work = SourcesAtWork([stays, goes])
    running = asyncio.create_task(at_work.run())
    await until(lambda: sorted(town.asked) == ["old", "things"])
    assert at_work.replace([comes, stays]) == [goes]
    await until(lambda: len(town.asked) == 3)
    town.open.set()
    await until(lambda: len(town.entries) == 2)
    assert sorted(town.polled()) == ["city", "usage"]
    assert {entry.payload["changes"][0]["id"] for entry in town.entries} == {"thing:things", "thing:new"}
    assert town.asked.count("things") == 1
    assert list(at_work.pollers) == ["usage", "city"]
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()


async def test_what_is_replaced_while_nothing_runs_runs_later(town):
    at_work = SourcesAtWork([town.poller("city", "old")])
    at_work.replace([town.poller("city", "new")])
    town.open.set()
    running = asyncio.create_task(at_work.run())
    await until(lambda: town.entries)
    assert town.asked == ["new"]
    running.cancel()
    await asyncio.wait([running])


async def test_a_poller_that_raises_ends_the_run(town, monkeypatch):
    broken = town.poller("city")

    async def fail():
        raise RuntimeError("a fault of the program")

    monkeypatch.setattr(broken, "run", fail)
    with pytest.raises(RuntimeError, match="a fault of the program"):
        await SourcesAtWork([broken]).run()
