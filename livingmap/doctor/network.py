"""NATS as a whole: its servers, then the rights of the account, then what lies on them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from livingmap.config.loading import Config
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.jetstream import of_jetstream
from livingmap.doctor.nats import of_rights, of_server
from livingmap.doctor.processes import of_processes

_BLOCKING: Final = (Code.NO_JETSTREAM, Code.NO_QUORUM)
"""Without these no process can be listened to."""


async def of_nats(config: Config, patterns: Sequence[str]) -> Sequence[Finding]:
    """Return what is wrong with NATS. What rests on something that is wrong is not looked at."""
    settings = config.nats
    servers = settings.servers()
    rounds = await asyncio.gather(*(of_server(settings, server) for server in servers))
    findings = [finding for found in rounds for finding in found]
    if all(rounds):
        return list(dict.fromkeys(findings))
    rights = await of_rights(settings, patterns)
    if rights:
        return [*findings, *rights]
    jetstream = await of_jetstream(settings, patterns)
    if not settings.jetstream or any(one.code in _BLOCKING for one in jetstream):
        return [*findings, *jetstream]
    processes = await of_processes(config)
    if any(one.code is Code.LACKS_SOURCES for one in processes):  # it is theirs what the stream has beyond this
        jetstream = [one for one in jetstream if one.code is not Code.STREAM_KEEPS_MORE]
    return [*findings, *jetstream, *processes]
