"""JetStream: whether it is there and has its quorum, and whether the streams of the map are as configured."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import PeerInfo, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from livingmap.cluster.replicas import BUCKET, CHECKPOINTS, LOST
from livingmap.doctor.asking import shortened
from livingmap.doctor.clocks import of_clock
from livingmap.doctor.finding import Code, Finding
from livingmap.errors import LogError
from livingmap.log.declaration import NOT_ENABLED, differences, grown, wanted_stream
from livingmap.log.local import utc_now
from livingmap.transport.connection import NatsClient, call, connected
from livingmap.transport.settings import NatsSettings

_OFF: Final = "`nats.jetstream: false` to take messages as they come"
_ENABLE: Final = f"say `jetstream: enabled` in the account's section on the server, or set {_OFF}"
_STREAMS: Final = 3
"""The log, the bucket, the checkpoints."""
_SPARE_BYTES: Final = 4096
SILENT_SECONDS: Final = 10.0
"""A replica answers the leader every second; NATS lists a killed server as offline only after minutes."""
_ANSWER_SECONDS: Final = 3.0


async def of_jetstream(settings: NatsSettings, patterns: Sequence[str]) -> Sequence[Finding]:
    """Return what is wrong with JetStream, or with what the map keeps there."""
    async with connected(settings) as client:
        findings = of_payload(settings, client.max_payload)
        if not settings.jetstream:
            return findings
        missing = await _missing(client)
        if missing is not None:
            return [*findings, missing]
        try:
            return [*findings, *await _of_streams(client, settings, patterns)]
        except (NatsTimeoutError, TimeoutError, ServiceUnavailableError):
            return [*findings, _no_quorum("a stream")]


def of_payload(settings: NatsSettings, max_payload: int) -> list[Finding]:
    """Return that a server takes less in one message than the map may have to publish."""
    least = settings.most_bytes + _SPARE_BYTES
    if max_payload >= least:
        return []
    what = f"the server takes messages of {max_payload} bytes at most, and the map may have some of {least}"
    fix = f"say `max_payload: {max(least, 1024 * 1024)}` in the server's configuration"
    return [Finding(Code.MAX_PAYLOAD, "nats.most_bytes", what, fix)]


async def _missing(client: NatsClient) -> Finding | None:
    """Return why there is no JetStream; None if there is."""
    try:
        await call(client.jetstream().account_info(), "asking for JetStream")
    except ServiceUnavailableError as error:
        if error.err_code in NOT_ENABLED or (client.has_jetstream and not client.is_clustered):
            return Finding(Code.NO_JETSTREAM, "nats.jetstream", "the account has no JetStream", _ENABLE)
        if client.has_jetstream or error.err_code:
            return _no_quorum("JetStream")
        fix = f"start it with `--jetstream`, or set {_OFF}"
        return Finding(Code.NO_JETSTREAM, "nats.jetstream", "the server has no JetStream", fix)
    except APIError as error:
        fix = _ENABLE if error.err_code in NOT_ENABLED else "see the log of the server"
        return Finding(Code.NO_JETSTREAM, "nats.jetstream", shortened(error.description), fix)
    except (NatsError, TimeoutError) as error:
        if client.has_jetstream:
            return _no_quorum("JetStream")
        fix = f"start the server with `--jetstream`, or set {_OFF}"
        return Finding(Code.NO_JETSTREAM, "nats.jetstream", f"JetStream does not answer ({shortened(error)})", fix)
    return None


def _no_quorum(what: str) -> Finding:
    fix = "start the servers of the cluster that are down: more than half of them have to be up"
    return Finding(
        Code.NO_QUORUM, "nats.url", f"{what} does not answer: too few servers of its cluster are up", fix
    )


async def _of_streams(client: NatsClient, settings: NatsSettings, patterns: Sequence[str]) -> list[Finding]:
    findings = await _of_clock(client, settings)
    try:
        wanted = await wanted_stream(client, settings, patterns)
    except LogError as error:
        what, _, fix = str(error).removeprefix("nats.stream: ").partition("; ")
        return [*findings, Finding(Code.STREAM_REFUSED, "nats.stream", what, fix)]
    present = await _info(client, settings.stream)
    if present is None:
        return [*findings, *_of_servers(client, settings), *await _of_room(client, settings)]
    more = differences(grown(present.config, wanted), wanted)
    if more:
        fix = "`livingmap cluster apply --allow-shrink`, once all processes have this configuration"
        findings.append(Finding(Code.STREAM_KEEPS_MORE, "nats.stream", "; ".join(more), fix))
    return [*findings, *_of_servers(client, settings), *await _of_replicas(client, settings, present)]


async def _info(client: NatsClient, name: str) -> StreamInfo | None:
    try:
        return await call(client.jetstream().stream_info(name), f"looking at {name}")
    except NotFoundError:
        return None


def _of_servers(client: NatsClient, settings: NatsSettings) -> list[Finding]:
    """Return that there are fewer servers than replicas, as far as the server says how many there are."""
    servers = client.cluster_size
    if servers is None or settings.stream_replicas <= servers:
        if servers is not None and servers > 2 and settings.stream_replicas == 1:  # noqa: PLR2004 - a majority
            what = f"the cluster has {servers} servers, and the log is on one: if that stops, the map stands still"
            return [Finding(Code.SINGLE_REPLICA, "nats.stream_replicas", what)]
        return []
    what = f"{settings.stream_replicas} replicas are asked for, and {servers} of the cluster's servers are up"
    fix = f"start more servers, or set `nats.stream_replicas: {servers}`"
    return [Finding(Code.REPLICAS, "nats.stream_replicas", what, fix)]


async def _of_replicas(client: NatsClient, settings: NatsSettings, present: StreamInfo) -> list[Finding]:
    findings, wanted = [], _replicas(present.config)
    infos = await _infos(client, settings)
    if any(_is_unseen(one) for info in infos.values() if info for one in _others(info)):
        await asyncio.sleep(_ANSWER_SECONDS)  # of a leader that was only just elected
        infos = await _infos(client, settings)
    for name, info in infos.items():
        if info is None:
            what = f"{name} does not answer, unlike the stream"
            findings.append(Finding(Code.NO_QUORUM, "nats.url", what, LOST.format(name=name)))
            continue
        findings += _away(name, info)
        if _replicas(info.config) < wanted:
            what = f"{name} is kept on {_replicas(info.config)} servers, and {settings.stream} on {wanted}"
            fix = f"start a map: it raises them, or run `nats stream edit {name} --replicas {wanted}`"
            findings.append(Finding(Code.REPLICAS, "nats.stream_replicas", what, fix))
    return findings


async def _infos(client: NatsClient, settings: NatsSettings) -> dict[str, StreamInfo | None]:
    """Return what there is of the streams of the map, by name; None of one beside the log that does not answer."""
    infos: dict[str, StreamInfo | None] = {}
    if (log := await _info(client, settings.stream)) is not None:
        infos[settings.stream] = log
    for name in (f"{BUCKET}{settings.stream}", f"{CHECKPOINTS}{settings.stream}"):
        with contextlib.suppress(NotFoundError):
            infos[name] = await _info_or_none(client, name)
    return infos


async def _info_or_none(client: NatsClient, name: str) -> StreamInfo | None:
    """Return how something stands; None if there is no answer. Raises NotFoundError."""
    try:
        return await call(client.jetstream().stream_info(name), f"looking at {name}")
    except TimeoutError:
        return None


def _others(info: StreamInfo) -> Sequence[PeerInfo]:
    """Return the replicas beside the leader's."""
    return (info.cluster.replicas if info.cluster else None) or ()


def _is_unseen(replica: PeerInfo) -> bool:
    """Tell whether the leader has not seen a replica since it was elected."""
    return not replica.active and not replica.current


def _away(name: str, info: StreamInfo) -> list[Finding]:
    cluster = info.cluster
    if cluster is None or (cluster.leader is None and not cluster.replicas):
        return []
    if not cluster.leader:
        return [_no_quorum(f"the leader of {name}")]
    away = [reason for one in _others(info) if (reason := _reason(one))]
    if not away:
        return []
    what = f"{name} lacks a replica: {', '.join(away)}"
    fix = "start that server again, or let the others reach it: one more that stops, and the map stands still"
    return [Finding(Code.REPLICA_AWAY, "nats.url", what, fix)]


def _reason(replica: PeerInfo) -> str | None:
    """Return what is known of a replica that is away; None of one that is there."""
    if replica.offline:
        return f"{replica.name} is down"
    if _is_unseen(replica):
        return f"{replica.name} has not been seen since the leader was elected"
    seconds = (replica.active or 0) / 1e9
    return f"{replica.name} has not been seen for {seconds:.0f} s" if seconds > SILENT_SECONDS else None


def _replicas(config: StreamConfig) -> int:
    return config.num_replicas or 1


async def _of_room(client: NatsClient, settings: NatsSettings) -> list[Finding]:
    """Return that the account has no room for a stream that is still to be made."""
    info = await call(client.jetstream().account_info(), "asking for JetStream")
    limits = info.limits
    if 0 <= limits.max_streams < info.streams + _STREAMS:
        what = f"the account may have {limits.max_streams} streams, and the map needs {_STREAMS} more"
        return [Finding(Code.STORAGE, "nats.stream", what, f"allow it `max_streams: {info.streams + _STREAMS}`")]
    rooms = [limits.max_storage - info.storage] if limits.max_storage >= 0 else []
    rooms += [limits.storage_max_stream_bytes] if limits.storage_max_stream_bytes > 0 else []
    if not rooms or settings.stream_bytes <= min(rooms):
        return []
    half = max(min(rooms) // 2, 0)  # the bucket and the checkpoints need some as well
    what = f"the account has room for {min(rooms)} bytes, and the stream would take {settings.stream_bytes}"
    fix = f"allow the account more (`max_disk`), or set `nats.stream_bytes: {half}`"
    return [Finding(Code.STORAGE, "nats.stream_bytes", what, fix)]


async def _of_clock(client: NatsClient, settings: NatsSettings) -> list[Finding]:
    """Compare the clocks, if the server says what time it is (from 2.10 on)."""
    before = utc_now()
    asking = client.request(f"$JS.API.STREAM.INFO.{settings.stream}", b"", timeout=5)
    answer: dict[str, Any] = json.loads((await call(asking, "looking at the stream")).data)
    time = answer.get("ts")
    return of_clock("nats.url", "NATS", datetime.fromisoformat(time), before, utc_now()) if time else []
