"""The commands that show what happens on a running map, and what happened."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from json import dumps
from typing import Annotated, Any, Final

import typer

from livingmap import supervision
from livingmap.cli.following import following
from livingmap.cli.options import (
    DEFAULT_URL,
    LanguageOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    clock,
    complain,
    fail,
    language_of,
    show,
    token_of,
)
from livingmap.cli.past import nothing_found
from livingmap.client import (
    ChangeTexts,
    EventTexts,
    LiveMessage,
    MapClient,
    MapError,
    State,
    follow,
    state_of,
)
from livingmap.core.route import matches

_MOST_LINES: Final = 10
"""How many changes of an entry are shown, if nothing was asked for that they are about."""


def tail(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    layer: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Play the past from this moment: 2026-01-02T03:04:05Z, or -1h.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="End there; default: go on to the present, and stay.")] = None,
    speed: Annotated[str, typer.Option(help="How many times faster than it was: 1 to 1000, or max.")] = "1",
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON message a line, as it came.")] = False,
) -> None:
    """Follow the stream of a running map; a connection that breaks is made again and goes on where it was."""
    stream = _Stream(url, None if layer is None else layer.split(","), start, to, speed)
    words = None if json else language_of(language)
    with following():
        supervision.run(_tail(stream, lambda: token_of(token, token_file), type, words))


@dataclass(frozen=True, slots=True)
class _Stream:
    """What is followed."""

    url: str
    layers: list[str] | None
    start: str | None
    to: str | None
    speed: str


async def _tail(
    stream: _Stream,
    token: Callable[[], str | None],
    pattern: str | None,
    language: str | None,
) -> None:
    """Print messages as they come, as JSON if there is no language.

    Raises MapError if the first connection fails, or if the map refuses.
    """
    texts = None
    if language is not None:
        async with MapClient(stream.url, token=token) as client:
            texts = await EventTexts.of(client, language)
    async with follow(
        stream.url, layers=stream.layers, token=token, from_=stream.start, to=stream.to, speed=stream.speed
    ) as live:
        async for message in live:
            if live.cursor is None and live.error is not None:
                raise live.error
            if message["kind"] != "event" or pattern is None or matches(pattern, message["event_type"]):
                show(_line(message, texts, live.state) if texts else dumps(message))


def history(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on: 2026-01-02T03:04:05Z, or -15m, -2h, -1d.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="Up to this time, exclusive, given in the same ways. Default: now.")
    ] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="Only what concerns this entity: agent:sofia.")] = None,
    field: Annotated[
        str | None, typer.Option(help="Only what changed this field: status, or metrics.cpu.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what happened on a running map, newest first, and under each entry what it changed."""

    async def ask() -> None:
        asked = {"since": since, "until": until, "event_type": type, "entity_id": entity, "field": field}
        async with MapClient(url, token=token_of(token, token_file)) as client:
            entries = _newest(client, {name: value for name, value in asked.items() if value}, limit)
            number = 0
            if json:
                async for entry in entries:
                    number += 1
                    show(dumps(entry))
            else:
                words = language_of(language)
                texts, changes = await EventTexts.of(client, words), await ChangeTexts.of(client, words)
                state = state_of((await client.snapshot())["layers"])
                most = _MOST_LINES if entity is None and field is None else None
                async for entry in entries:
                    number += 1
                    for line in _lines(entry, texts, changes, state, most):
                        show(line)
            if not number:
                complain(*await nothing_found(client, entity, field))

    try:
        asyncio.run(ask())
    except MapError as error:
        fail(str(error))


async def _newest(client: MapClient, query: dict[str, str], limit: int) -> AsyncIterator[dict[str, Any]]:
    """Yield the newest entries; a page may have fewer although there are more."""
    left = limit
    async with aclosing(client.history(**query, limit=str(limit))) as entries:
        async for entry in entries:
            yield entry
            left -= 1
            if not left:
                return


def _lines(
    entry: dict[str, Any], texts: EventTexts, changes: ChangeTexts, state: State, most: int | None
) -> Iterator[str]:
    """Yield one entry of the history for people: what happened, and the changes.

    With ``most`` not all of them, and of each what matters.
    """
    listed, payload = entry.get("changes") or [], entry["payload"]
    if "changed" in payload:  # what a poll brought is more than what it changed
        payload = {**payload, "changed": len(listed) + entry["more"]}
    subjects = [change for change in listed if change["id"] is not None]
    words = texts.sentence(entry["event_type"], payload, subjects, state)
    yield f"{entry['timestamp']} {entry['event_type']}  {words}"
    lines = changes.lines(listed, None if most is None else (entry["timestamp"], entry["timestamp"]))
    yield from (f"    {line}" for line in lines[:most])
    if most is not None and (more := len(lines[most:]) + entry.get("more", 0)):
        yield f"    {changes.more(more)}"


def _line(message: LiveMessage, texts: EventTexts, state: State) -> str:
    """Return one message for people."""
    time = clock(str(message.get("timestamp", "")))
    match message["kind"]:
        case "event":
            words = texts.sentence(message["event_type"], message["payload"], message["changes"], state)
            return f"{time} {message['event_type']}  {words}"
        case "snapshot":
            layers = message["payload"]["layers"]
            lists = [value for layer in layers.values() for value in layer.values() if isinstance(value, list)]
            return f"{time} snapshot ({message['reason']})  {sum(map(len, lists))} items in {len(layers)} layers"
        case "changes":
            return f"{time} caught up  {len(message['changes'])} changes of {message['skipped']} events"
        case "playing" | "paused":
            return f"{clock(message['at'])} {message['kind']}  speed {message['speed']}"
        case "gap":
            return f"{clock(message['since'])} gap until {clock(message['until'])}  {message['reason']}"
        case "live" | "end":
            return f"{clock(message['at'])} {message['kind']}"
        case "disconnected":
            return f"disconnected, trying again within {message['retry_seconds']:.1f} s: {message['detail']}"
        case kind:
            return f"{time} {kind}".lstrip()
