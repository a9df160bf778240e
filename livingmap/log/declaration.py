"""The declaration of the stream: creates the stream of the log, and extends it to what the plugins need."""

import asyncio
import dataclasses
import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo, StreamSource
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from livingmap.core.route import covers, disjoint, overlap
from livingmap.errors import LogError
from livingmap.transport import IntakeStatus
from livingmap.transport.connection import NatsClient, call
from livingmap.transport.settings import NatsSettings

OWN: Final = "livingmap"
"""The first token of the subjects on which the map itself speaks."""

_API: Final = "$JS.API"
NOT_ENABLED: Final = (10039, 10076)
"""Codes of the server's errors: JetStream is not enabled for the account, or on the server."""
_RACED: Final = (10058, 10065)  # the name or a subject is taken: another process was first
_FOR_NOW: Final = 503
_NO_PEERS: Final = 10005  # for so many replicas, or so many bytes: servers of the cluster may be down
_MOST_COMPLAINTS: Final = 10
_DUPLICATES_SECONDS: Final = 120
_DAY_SECONDS: Final = 86_400

_logger = structlog.get_logger(__name__)


class Stream:
    """The stream of the log, as a participant of the connection: it comes before all that uses the stream."""

    def __init__(
        self, settings: NatsSettings, patterns: Sequence[str], status: IntakeStatus, *, may_shrink: bool = False
    ) -> None:
        self._settings = settings
        self._status = status
        self._may_shrink = may_shrink
        self._patterns = list(patterns)
        self._info: StreamInfo | None = None
        self._refused: deque[str] = deque(maxlen=_MOST_COMPLAINTS)
        self._leadership: tuple[str, datetime | None] | None = None
        self.led_anew_at: float | None = None
        """When an election of the stream's leader was noticed last, by the event loop's clock."""

    @property
    def info(self) -> StreamInfo:
        """The state of the stream when the connection was made."""
        if self._info is None:
            raise ConnectionError("the stream was not looked at yet")
        return self._info

    async def attach(self, client: NatsClient) -> None:
        """Create the stream, or extend it to what the plugins need. Raises LogError if that is not possible."""
        try:
            await _check(client, self._refused)
            self._info = await self._declare(client)
            self._note_leadership(self._info)
        except LogError as error:
            if self._info is not None:  # it could be had before: it may be again
                raise ConnectionError(str(error)) from error
            raise

    async def look(self, client: NatsClient) -> StreamInfo:
        """Return the state of the stream now."""
        info = await call(client.jetstream().stream_info(self._settings.stream), "looking at the stream")
        self._note_leadership(info)
        return info

    def _note_leadership(self, info: StreamInfo) -> None:
        if info.cluster is None or not info.cluster.leader:
            return
        before, self._leadership = self._leadership, (info.cluster.leader, info.cluster.leader_since)
        if before not in (None, self._leadership):
            self.led_anew_at = asyncio.get_running_loop().time()

    async def listen(self, patterns: Sequence[str], client: NatsClient) -> None:
        """Have the stream take ``patterns``, too. Raises LogError if it cannot; then nothing has changed."""
        before, self._patterns = self._patterns, list(patterns)
        try:
            self._info = await self._declare(client)
        except BaseException:
            self._patterns = before
            raise

    async def _declare(self, client: NatsClient) -> StreamInfo:
        """Make the stream, or let it grow to what is wanted; return how it stands. Raises LogError if it cannot.

        It does not shrink: a process whose configuration lacks something would take it from all the others.
        """
        js, name = client.jetstream(), self._settings.stream
        wanted = await wanted_stream(client, self._settings, self._patterns)
        try:
            try:
                info = await call(js.stream_info(name), "looking at the stream")
            except NotFoundError:
                return await call(js.add_stream(wanted), "making the stream")
            target = wanted if self._may_shrink else grown(info.config, wanted)
            self._note(differences(target, wanted))
            if _shape(info.config) == _shape(target):
                return info
            return await call(js.update_stream(target), "updating the stream")
        except APIError as error:
            if error.code == _FOR_NOW or error.err_code in (
                *_RACED,
                _NO_PEERS,
            ):  # the connection is made anew, and looks again
                raise
            raise LogError(
                f"nats.stream: the server does not keep {name}: {error.description}; it would take "
                f"{', '.join(wanted.subjects or ())}, up to {wanted.max_bytes} bytes (nats.stream_bytes)"
            ) from error

    def _note(self, extra: list[str]) -> None:
        if extra and extra != self._status.differences:
            _logger.warning("the stream keeps more than this configuration asks for", differences=extra)
        self._status.differences = extra

    def check(self) -> None:
        """Do nothing: the log sees whether its messages come."""

    def detach(self) -> None:
        """Do nothing: the stream is checked again at the next connection."""

    def on_error(self, error: Exception) -> bool:
        """Note what the account may not do, for the LogError that follows."""
        if "permissions violation" in str(error).lower():
            self._refused.append(str(error).removeprefix("nats: "))
        return False


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Which subjects the stream takes itself, and which it gets by way of the streams that own them."""

    subjects: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    """Name of the other stream, and what to take from it."""


async def _check(client: NatsClient, refused: Sequence[str]) -> None:
    """Raise LogError if the account has no JetStream, ConnectionError if there is none yet.

    ``refused`` gets the server's complaints meanwhile.
    """
    try:
        await call(client.jetstream().account_info(), "asking for JetStream")
    except ServiceUnavailableError as error:
        if error.err_code in NOT_ENABLED:
            raise _not_enabled(error) from None
        # a server of a cluster that has no majority answers so, too, or not at all
        if client.has_jetstream or error.err_code:
            raise ConnectionError(
                "JetStream is not available yet: too few servers of its cluster are up"
            ) from None
        raise LogError(
            "nats.jetstream: the server has no JetStream; start it with --jetstream, or set nats.jetstream: false "
            "to take messages as they come"
        ) from None
    except APIError as error:
        if error.err_code in NOT_ENABLED:
            raise _not_enabled(error) from None
        raise
    except NatsTimeoutError:
        if refused:
            raise LogError(
                f"nats.jetstream: the account may not use JetStream ({refused[-1]}); allow it to publish on "
                f"{_API}.>, or set nats.jetstream: false"
            ) from None
        if client.has_jetstream:
            raise ConnectionError("JetStream does not answer yet: too few servers of its cluster are up") from None
        raise


def _not_enabled(error: APIError) -> LogError:
    return LogError(
        f"nats.jetstream: {error.description}; enable it for the account, or set nats.jetstream: false"
    )


async def wanted_stream(client: NatsClient, settings: NatsSettings, patterns: Sequence[str]) -> StreamConfig:
    """Return how the stream is to be, beside those that own some of its subjects. Raises LogError."""
    return _config(settings, await _wanted(client, settings.stream, patterns))


def _config(settings: NatsSettings, wanted: _Wanted) -> StreamConfig:
    return StreamConfig(
        name=settings.stream,
        description="The log of the Living Map",
        subjects=list(wanted.subjects),
        sources=[StreamSource(name, filter_subject=subject) for name, subject in wanted.sources],
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.OLD,
        storage=StorageType.FILE,
        max_age=settings.stream_days * _DAY_SECONDS,
        max_bytes=settings.stream_bytes,
        num_replicas=settings.stream_replicas,
        duplicate_window=min(_DUPLICATES_SECONDS, settings.stream_days * _DAY_SECONDS),
        no_ack=True,  # a requester on one of these subjects waits for a service's answer, not for the stream's
    )


def _shape(config: StreamConfig) -> tuple[object, ...]:
    """Return what two configurations of the stream may differ in."""
    limits = config.max_age, config.max_bytes, config.num_replicas, config.no_ack
    return set(config.subjects or ()), set(_source_keys(config)), *limits


def grown(present: StreamConfig, wanted: StreamConfig) -> StreamConfig:
    """Return ``wanted`` with everything that the present stream has beyond it."""
    sources = {key: source for config in (present, wanted) for key, source in _source_keys(config).items()}
    return dataclasses.replace(
        wanted,
        subjects=disjoint([*(present.subjects or ()), *(wanted.subjects or ())]),
        sources=list(sources.values()),
        max_age=_larger(present.max_age, wanted.max_age, unlimited=0),
        max_bytes=_larger(present.max_bytes, wanted.max_bytes, unlimited=-1),
        num_replicas=max(present.num_replicas or 1, wanted.num_replicas or 1),
    )


def _larger(one: float | None, other: float | None, unlimited: int) -> Any:
    """Return the larger of two limits; None, 0 and less mean that there is none, which the server calls so."""
    return max(one, other) if one and one > 0 and other and other > 0 else unlimited


def _source_keys(config: StreamConfig) -> dict[tuple[str | None, str | None], StreamSource]:
    return {(source.name, source.filter_subject): source for source in config.sources or ()}


def differences(present: StreamConfig, wanted: StreamConfig) -> list[str]:
    """Say, setting by setting, what the stream has beyond what is ``wanted``; nothing if they are alike."""
    subjects = sorted(set(present.subjects or ()) - set(wanted.subjects or ()))
    sources = sorted(f"{name}: {subject}" for name, subject in _source_keys(present).keys() - _source_keys(wanted))
    lines = [f"subjects: {', '.join(subjects)}"] if subjects else []
    lines += [f"subjects of other streams: {', '.join(sources)}"] if sources else []
    settings = (
        ("stream_days", present.max_age, wanted.max_age, _DAY_SECONDS),
        ("stream_bytes", present.max_bytes, wanted.max_bytes, 1),
        ("stream_replicas", present.num_replicas, wanted.num_replicas, 1),
    )
    lines += [
        f"{name}: {there / unit:g} there, {here / unit:g} here"
        for name, there, here, unit in settings
        if there is not None and here is not None and there != here
    ]
    return lines


async def _wanted(client: NatsClient, name: str, patterns: Sequence[str]) -> _Wanted:
    subjects, sources = [], []
    for pattern in disjoint([f"{OWN}.{name}.>", *patterns]):  # a stream may not name a subject twice
        owned = await _owned(client, name, pattern)
        sources += [
            (other, min(pattern, subject, key=len) if covers(subject, pattern) else subject)
            for other, subject in owned
        ]
        if not owned:
            subjects.append(pattern)
        elif not any(covers(subject, pattern) for _, subject in owned):
            _logger.warning(
                "another stream has a part of a subject; the rest of it is not heard",
                subject=pattern,
                streams=sorted({f"{other}: {subject}" for other, subject in owned}),
            )
    return _Wanted(tuple(subjects), tuple(dict.fromkeys(sources)))


async def _owned(client: NatsClient, name: str, pattern: str) -> list[tuple[str, str]]:
    """Return the subjects of other streams that overlap ``pattern``: a subject belongs to one stream alone."""
    js, asked = client.jetstream(), json.dumps({"subject": pattern}).encode()
    reply = await call(client.request(f"{_API}.STREAM.NAMES", asked, timeout=5), "asking for streams")
    answer = json.loads(reply.data)
    found = []
    for other in answer.get("streams") or ():
        if other == name:
            continue
        config = (await call(js.stream_info(other), "looking at another stream")).config
        if config.retention == RetentionPolicy.WORK_QUEUE:  # reading along would take from its workers
            raise LogError(
                f"nats.stream: {pattern} belongs to the work queue {other}, from which nobody may read along; "
                "disable the source that needs it, or set nats.jetstream: false"
            )
        found += [(other, subject) for subject in config.subjects or () if overlap(subject, pattern)]
    return found
