from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.plugin import Json, Message, Request, Source, SourceSettings
from livingmap_mock.plugin import MockSettings
from livingmap_mock.world import SimulatedWorld

KNOWN = ("agents", "city", "space", "microdao", "dao", "usage", "messaging", "registry")


class Player:
    """A simulated world whose clock goes on by a second with every step."""

    def __init__(self, *names, samples=None, **settings):
        sources = [
            Source(f"{name}", f"{name}-service", SourceSettings, (), samples=samples) for name in names or KNOWN
        ]
        self.world = SimulatedWorld(MockSettings(**settings), sources)
        self.now = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)

    def reply(self, service, path, **query):
        return self.world.reply(Request(service, path, query), self.now)

    def get(self, service, path, **query) -> Json:
        reply = self.reply(service, path, **query)
        assert reply is not None, path
        assert reply.status == 200, reply.body
        return reply.body

    def status(self, service, path, **query):
        reply = self.reply(service, path, **query)
        return reply.status if reply else 404

    def steps(self, number) -> Iterator[Message]:
        for _ in range(number):
            self.now += timedelta(seconds=1)
            yield from self.world.step(self.now)

    def words(self):
        """Return something that exists for every word in a path template."""
        dao = self.get("dao", "/dao")[0]["slug"]
        return {
            "agent": self.get("agents", "/agents")[0]["external_id"],
            "channel": self.get("messaging", "/api/messaging/channels")[0]["id"],
            "dao": dao,
            "microdao": self.get("microdao", "/microdao")[0]["slug"],
            "node": self.get("city", "/public/nodes")["items"][0]["node_id"],
            "proposal": self.get("dao", f"/dao/{dao}/proposals")[1]["slug"],
            "room": self.get("city", "/city/rooms")[0]["id"],
        }


@pytest.fixture
def simulate():
    """Return what builds a world: of the named sources, or of all."""
    return Player
