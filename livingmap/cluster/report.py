"""The state of a cluster for its operator: the stream, the generation, and the processes that broadcast."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from nats.js.errors import KeyNotFoundError, NotFoundError

from livingmap.cluster import generation
from livingmap.cluster.generation import Generation
from livingmap.cluster.nats import PRESENCE_SECONDS, subject_of
from livingmap.cluster.presence import Member, member_in
from livingmap.transport.connection import NatsClient, call
from livingmap.transport.settings import NatsSettings
from livingmap.transport.wire import Arrival

_LISTEN_SECONDS: Final = 2 * PRESENCE_SECONDS + 1


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """The state of a cluster."""

    generation: Generation
    leader: str | None
    """The id of the process that holds the lease; None if none does."""
    members: tuple[Member, ...]
    """The processes of which a broadcast came within some seconds, by id."""


async def report(client: NatsClient, settings: NatsSettings) -> ClusterReport | None:
    """Return the state of the cluster; None if there is none on this server yet. Listens for some seconds."""
    members: dict[str, Member] = {}

    def note(arrival: Arrival) -> None:
        if member := member_in(arrival.data, asyncio.get_running_loop().time()):
            members[member.id] = member

    await client.take(note, subject_of(settings))
    try:
        bucket = await call(client.jetstream().key_value(settings.stream), "opening the bucket")
    except NotFoundError:
        return None
    await asyncio.sleep(_LISTEN_SECONDS)
    try:
        leader = ((await call(bucket.get("leader"), "reading the lease")).value or b"").decode()
    except KeyNotFoundError:
        leader = None
    by_id = tuple(members[one] for one in sorted(members))
    return ClusterReport(await generation.read(bucket), leader, by_id)


async def set_generation(client: NatsClient, settings: NatsSettings, sources: Collection[str]) -> Generation:
    """Make ``sources`` those of the cluster, also if it has more now; return the generation."""
    bucket = await call(client.jetstream().key_value(settings.stream), "opening the bucket")
    return await generation.write(bucket, await generation.read(bucket), sources)
