"""The stream that keeps the log: made if it is not there, and brought to what the plugins need now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo, StreamSource
from nats.js.errors import APIError, NotFoundError, ServiceUnavailableError

from livingmap.core.route import covers, disjoint, overlap
from livingmap.errors import LogError
from livingmap.transport.connection import NatsClient, call
from livingmap.transport.settings import NatsSettings

OWN: Final = "livingmap"
"""The first token of the subjects on which the map itself speaks."""

_API: Final = "$JS.API"
_NOT_ENABLED: Final = (10039, 10076)  # for the account, on the server
_RACED: Final = (10058, 10065)  # the name or a subject is taken: another process was first
_FOR_NOW: Final = 503
_DUPLICATES_SECONDS: Final = 120
_DAY_SECONDS: Final = 86_400

_logger = structlog.get_logger(__name__)


class Stream:
    """The stream of the log, as a participant of the connection: it comes before all that uses the stream."""

    def __init__(self, settings: NatsSettings, patterns: Sequence[str]) -> None:
        self._settings = settings
        self._patterns = list(patterns)
        self._info: StreamInfo | None = None
        self._refused: list[str] = []

    @property
    def info(self) -> StreamInfo:
        """How the stream stood when the connection was made."""
        if self._info is None:
            raise ConnectionError("the stream was not looked at yet")
        return self._info

    async def attach(self, client: NatsClient) -> None:
        """Make the stream, or bring it to what the plugins need. Raises LogError if it cannot be had."""
        try:
            await _check(client.jetstream(), self._refused)
            self._info = await _declare(client, self._settings, self._patterns)
        except LogError as error:
            if self._info is not None:  # it could be had before: it may be again
                raise ConnectionError(str(error)) from error
            raise

    def check(self) -> None:
        """Do nothing: the log sees whether its messages come."""

    def detach(self) -> None:
        """Do nothing: it is looked at again at the next connection."""

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


async def _check(js: JetStreamContext, refused: Sequence[str]) -> None:
    """Raise LogError if there is no JetStream for us. ``refused`` gets the server's complaints meanwhile."""
    try:
        await call(js.account_info(), "asking for JetStream")
    except ServiceUnavailableError:
        raise LogError(
            "nats.jetstream: the server has no JetStream; start it with --jetstream, or set nats.jetstream: false "
            "to take messages as they come"
        ) from None
    except APIError as error:
        if error.err_code in _NOT_ENABLED:
            raise LogError(
                f"nats.jetstream: {error.description}; enable it for the account, or set nats.jetstream: false"
            ) from None
        raise
    except NatsTimeoutError:
        if refused:
            raise LogError(
                f"nats.jetstream: the account may not use JetStream ({refused[-1]}); allow it to publish on "
                f"{_API}.>, or set nats.jetstream: false"
            ) from None
        raise


async def _declare(client: NatsClient, settings: NatsSettings, patterns: Sequence[str]) -> StreamInfo:
    """Make the stream, or bring it to what is wanted; return how it stands. Raises LogError if it cannot be."""
    js, wanted = client.jetstream(), await _wanted(client, settings.stream, patterns)
    config = _config(settings, wanted)
    try:
        try:
            found = await call(js.stream_info(settings.stream), "looking at the stream")
        except NotFoundError:
            return await call(js.add_stream(config), "making the stream")
        if _fits(found.config, config):
            return found
        return await call(js.update_stream(config), "updating the stream")
    except APIError as error:
        if error.code == _FOR_NOW or error.err_code in _RACED:  # the connection is made anew, and looks again
            raise
        raise LogError(
            f"nats.stream: the server does not keep {settings.stream}: {error.description}; it would take "
            f"{', '.join(wanted.subjects)}, up to {settings.stream_bytes} bytes (nats.stream_bytes)"
        ) from error


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
        no_ack=True,  # who requests on one of these subjects waits for a service's answer, not for the stream's
    )


def _fits(found: StreamConfig, wanted: StreamConfig) -> bool:
    def shape(one: StreamConfig) -> tuple[object, ...]:
        sources = {(source.name, source.filter_subject) for source in one.sources or ()}
        limits = one.max_age, one.max_bytes, one.num_replicas, one.no_ack
        return set(one.subjects or ()), sources, *limits

    return shape(found) == shape(wanted)


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
