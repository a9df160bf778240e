"""How soon a source is polled again: after its interval, or after as long as the last poll took."""

import asyncio
import time
from itertools import pairwise

from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Put
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.errors import Unreachable
from livingmap.hookspecs import Reply
from livingmap.log.local import LocalLog
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.support.nats_server import until

_POLL_SECONDS = 0.3
_LEAST_PAUSE = 0.25
"""Each pause varies by a tenth."""


class Settings(SourceSettings):
    base_url: str = "http://things"
    interval_seconds: float = 0.02
    timeout_seconds: float = 1


class Slow:
    """A source of which each poll takes a while."""

    def __init__(self, *, fails: bool = False):
        self.fails = fails
        self.polls: list[tuple[float, float]] = []
        """When each began and ended."""
        source = Source("things", "s", Settings, (Layer("things", fetch=self.fetch),))
        client = SourceClient("things", Settings(), lambda _: Reply([]), None)
        self.poller = Poller(source, client, Scene([source]), LocalLog())

    async def fetch(self, client):
        began = time.monotonic()
        await asyncio.sleep(_POLL_SECONDS)
        self.polls.append((began, time.monotonic()))
        if self.fails:
            raise Unreachable("no")
        return [Put("things", "thing:1", {"name": "A"})]

    async def poll(self, times):
        """Let the source be polled so often, and return the health that it has then."""
        polling = asyncio.create_task(self.poller.run())
        await until(lambda: len(self.polls) >= times)
        polling.cancel()
        await asyncio.wait([polling])
        return self.poller.state

    def pauses(self):
        return [begin - end for (_, end), (begin, _) in pairwise(self.polls)]


async def test_after_a_long_poll_the_source_rests_as_long_as_that_took():
    slow = Slow()
    health = await slow.poll(3)
    assert min(slow.pauses()) >= _LEAST_PAUSE
    assert health.stale_after_seconds >= 3 * _POLL_SECONDS + Settings().timeout_seconds


async def test_how_long_a_poll_took_that_failed_does_not_count():
    slow = Slow(fails=True)
    health = await slow.poll(3)
    assert health.stale_after_seconds == 3 * Settings().interval_seconds + Settings().timeout_seconds


def test_all_processes_know_when_it_is_stale():
    health = SourceHealth("things", "s", polls=1, stale_after_seconds=90.5)
    other = SourceHealth("things", "s", stale_after_seconds=3.0)
    other.adopt(health.status_report())
    assert other.stale_after_seconds == 90.5
