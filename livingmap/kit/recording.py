"""Recordings: what a service answers and publishes, as samples that a plugin can be tested with."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from pydantic import SecretStr

from livingmap.config.loading import Config
from livingmap.core.fold import Fold
from livingmap.core.model import Event, Fields, Json
from livingmap.core.redaction import Redaction
from livingmap.core.source import Source
from livingmap.errors import LivingMapError, SourceError
from livingmap.kit.scrubbing import Scrubber
from livingmap.log.local import LocalLog, utc_now
from livingmap.sources.account import Account
from livingmap.sources.answer import Answer, Call
from livingmap.sources.json_client import DETAILS
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SectionSettings
from livingmap.sources.source_client import SourceClient
from livingmap.transport.connection import call, connected
from livingmap.transport.parsing import DeadMessage, read
from livingmap.transport.settings import NatsSettings
from livingmap.transport.wire import Arrival

_MOST_MESSAGES: Final = 50
"""So many of each pattern are kept; more show nothing new."""
_DETAILS_PER_TYPE: Final = 2


class RecordingError(LivingMapError):
    """There is nothing to record, or nowhere to put it."""


@dataclass(slots=True)
class Recording:
    """What was recorded of one source, scrubbed."""

    answers: list[dict[str, Json]] = field(default_factory=list)
    messages: list[dict[str, Json]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What failed meanwhile, for people."""

    def save(self, folder: Path) -> list[Path]:
        """Write it as samples and return the files. Raises RecordingError if the folder holds anything."""
        if folder.exists() and any(folder.iterdir()):
            raise RecordingError(f"{folder} is not empty; name another folder by --into")
        folder.mkdir(parents=True, exist_ok=True)
        texts = {name: json.dumps(one, indent=2, ensure_ascii=False) + "\n" for name, one in _named(self.answers)}
        if self.messages:
            lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in self.messages)
            texts["messages.jsonl"] = "".join(lines)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return [folder / name for name in texts]


class _RecordingClient(SourceClient):
    """A client that keeps each request with its answer."""

    def __init__(self, name: str, settings: SectionSettings, account: Account | None) -> None:
        super().__init__(name, settings, account=account)
        self.exchanges: list[tuple[Call, Answer]] = []

    async def ask(self, call: Call, purpose: str) -> Answer:
        answer = await super().ask(call, purpose)
        self.exchanges.append((call, copy(answer)))  # the poll lets go of its own
        return answer


async def record(config: Config, name: str, seconds: float) -> Recording:
    """Ask the service of a source once, and listen to its messages for some seconds. Raises RecordingError."""
    source, settings = _of(config, name)
    scrubber = Scrubber(Redaction(config.auth.redact), _secrets(settings))
    recording = Recording()
    listening = _messages(config.nats, source, seconds)
    exchanges, messages = await asyncio.gather(_exchanges(config, source, settings, recording), listening)
    recording.answers = [
        _sample(request, answer, scrubber, differing) for request, answer, differing in _distinguished(exchanges)
    ]
    for subject, data in messages:
        try:
            message = read(subject, data, config.nats.most_bytes)
        except DeadMessage as error:
            recording.problems.append(f"{subject}: {error}")
        else:
            recording.messages.append({"subject": message.type, "payload": scrubber.clean(dict(message.payload))})
    recording.problems = [scrubber.text(problem) for problem in recording.problems]
    return recording


def _of(config: Config, name: str) -> tuple[Source, SectionSettings]:
    enabled = {source.name: (source, settings) for source, settings in config.enabled()}
    if name not in enabled:
        raise RecordingError(f"{name}: no such source is enabled (there are: {', '.join(enabled)})")
    source, settings = enabled[name]
    if settings.mock:
        raise RecordingError(f"{name}: says mock: true, so there is no service to record")
    return source, settings


async def _exchanges(
    config: Config, source: Source, settings: SectionSettings, recording: Recording
) -> list[tuple[Call, Answer]]:
    """Poll once and ask for some details; note what fails."""
    account = config.access.account if getattr(settings, "account", False) else None
    own = Account(account.plugin, account.settings) if account else None
    client, fold = _RecordingClient(source.name, settings, own), Fold([source])
    log = LocalLog("recording", utc_now)

    def take(event: Event) -> None:
        fold.apply(event)

    log.subscribe(take)
    poller = Poller(source, client, fold.scene, log, utc_now)
    try:
        await poller.poll()
        recording.problems += [poller.state.error] if poller.state.error else []
        ids = sorted({entity_id for _, entity_id, _ in fold.scene.part(source.name).records()})
        async for problem in _failed_details(source, client, ids):
            recording.problems.append(problem)
    finally:
        await client.close()
        if own is not None:
            await own.close()
    return client.exchanges


async def _failed_details(source: Source, client: SourceClient, ids: Sequence[str]) -> AsyncIterator[str]:
    """Ask for the details of some items of each type, and yield what fails."""
    for kind, details in source.details.items():
        for entity_id in [one for one in ids if one.startswith(f"{kind}:")][:_DETAILS_PER_TYPE]:
            try:
                await details(client.client(utc_now(), DETAILS), quote(entity_id.partition(":")[2], safe=":"))
            except SourceError as error:
                yield f"details of {entity_id}: {error}"


async def _messages(nats: NatsSettings, source: Source, seconds: float) -> list[tuple[str, bytes]]:
    """Return what is published on the source's subjects for some seconds; nothing without a NATS server."""
    if nats.url is None or not source.handlers or seconds <= 0:
        return []
    messages: dict[str, list[tuple[str, bytes]]] = defaultdict(list)

    def keep(arrival: Arrival) -> None:
        kept = messages[arrival.subscription]
        if len(kept) < _MOST_MESSAGES:
            kept.append((arrival.subject, arrival.data))

    async with connected(nats) as client:
        await client.take(keep, *source.handlers)
        await call(client.flush(), "flushing")
        await asyncio.sleep(seconds)
    return [one for kept in messages.values() for one in kept]


def _distinguished(exchanges: Sequence[tuple[Call, Answer]]) -> Iterator[tuple[Call, Answer, set[str]]]:
    """Yield each different request with the parameters that tell it from others of its path.

    A parameter that is the same in all, or of the only one, such as ``since=<now>``, would fit no later request.
    """
    by_path: dict[tuple[str, str], dict[bytes, tuple[Call, Answer]]] = defaultdict(dict)
    for request, answer in exchanges:
        by_path[request.method, request.path][request.key()] = (request, answer)
    for alike in by_path.values():
        queries = [_texts(request.query) for request, _ in alike.values()]
        names = {name for query in queries for name in query}
        differing = {name for name in names if len({query.get(name) for query in queries}) > 1}
        for request, answer in alike.values():
            yield request, answer, differing


def _texts(query: Mapping[str, Json]) -> dict[str, str]:
    """Return the parameters as a service reads them; those that repeat tell nothing apart."""
    plain = {name: value for name, value in query.items() if not isinstance(value, list | tuple)}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in plain.items()}


def _sample(request: Call, answer: Answer, scrubber: Scrubber, differing: set[str]) -> dict[str, Json]:
    query: Fields = {name: value for name, value in _texts(request.query).items() if name in differing}
    return {
        "path": scrubber.text(request.path),
        **({"method": request.method} if request.method != "GET" else {}),
        **({"query": scrubber.clean(dict(query))} if query else {}),
        **({"headers": {"link": f'<{scrubber.text(answer.next_url)}>; rel="next"'}} if answer.next_url else {}),
        "body": scrubber.clean(answer.value),
    }


def _secrets(settings: SectionSettings) -> list[str]:
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [one.get_secret_value() for one in values if isinstance(one, SecretStr)]


def _named(answers: Sequence[dict[str, Json]]) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield each answer with the name of its file, after its path."""
    taken: set[str] = set()
    for answer in answers:
        words = "_".join([str(answer["path"]), *map(str, dict(answer.get("query") or {}).values())])
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", words).strip("_.")[:80] or "root"
        number = next(n for n in range(1, len(answers) + 2) if f"{name}-{n}" not in taken)
        taken.add(f"{name}-{number}")
        yield f"{name}.json" if number == 1 else f"{name}-{number}.json", answer
