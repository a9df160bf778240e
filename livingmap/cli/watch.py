"""The commands that talk to a running map, or to its NATS."""

import asyncio
import os
import sys
from collections.abc import Callable
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livingmap import supervision
from livingmap.cli.options import (
    DEFAULT_URL,
    ConfigOption,
    LanguageOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    fail,
    language_of,
    load_config,
    show,
    token_of,
)
from livingmap.core.route import matches

if TYPE_CHECKING:  # the client is imported by the commands that use it: `check` has to be quick
    from livingmap.client import EventTexts, LiveMessage, State


def tail(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    layer: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON message a line, as it came.")] = False,
) -> None:
    """Follow the stream of a running map; a connection that breaks is made again and goes on where it was."""
    from livingmap.client import MapError  # noqa: PLC0415

    layers = None if layer is None else layer.split(",")
    try:
        words = None if json else language_of(language)
        supervision.run(_tail(url, layers, lambda: token_of(token, token_file), type, words))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # the reader of the output has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except MapError as error:
        fail(str(error))


async def _tail(
    url: str,
    layers: list[str] | None,
    token: Callable[[], str | None],
    pattern: str | None,
    language: str | None,
) -> None:
    """Print messages as they come, as JSON if there is no language.

    Raises MapError if the first connection fails, or if the map refuses.
    """
    from livingmap.client import EventTexts, MapClient, follow  # noqa: PLC0415

    texts = None
    if language is not None:
        async with MapClient(url, token=token) as client:
            texts = await EventTexts.of(client, language)
    async with follow(url, layers=layers, token=token) as live:
        async for message in live:
            if live.cursor is None and live.error is not None:
                raise live.error
            if message["kind"] != "event" or pattern is None or matches(pattern, message["event_type"]):
                show(_line(message, texts, live.state) if texts else dumps(message))


def history(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    since: Annotated[str | None, typer.Option(help="From this time on: 2026-01-02T03:04:05Z.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="Only what concerns this entity: agent:sofia.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what happened on a running map, newest first."""
    from livingmap.client import EventTexts, MapClient, MapError, state_of  # noqa: PLC0415

    async def ask() -> list[str]:
        async with MapClient(url, token=token_of(token, token_file)) as client:
            page = await client.get("history", since=since, event_type=type, entity_id=entity, limit=limit)
            if json:
                return [dumps(entry) for entry in page["items"]]
            texts = await EventTexts.of(client, language_of(language))
            state = state_of((await client.snapshot())["layers"])
            return [_entry(entry, texts, state) for entry in page["items"]]

    try:
        lines = asyncio.run(ask())
    except MapError as error:
        fail(str(error))
    for line in lines:
        show(line)


def publish(
    subject: Annotated[str, typer.Argument(help="Such as agent.event.status.")],
    payload: Annotated[str, typer.Argument(help="A JSON object.")],
    config: ConfigOption = None,
) -> None:
    """Publish one message on the NATS of the configuration, to try things out."""
    configuration = load_config(config)
    if configuration.nats.url is None:
        fail("nats.url is not set: there is nowhere to publish")
    from livingmap.transport.connection import publish_once  # noqa: PLC0415
    from livingmap.transport.parsing import DeadMessage, read  # noqa: PLC0415

    try:
        read(subject, payload.encode(), configuration.nats.most_bytes)
        asyncio.run(publish_once(configuration.nats, subject, payload.encode()))
    except DeadMessage as error:
        fail(f"the map would not read this: {error}")
    except OSError as error:
        fail(str(error))
    show(f"published on {subject}")


def _entry(entry: dict[str, Any], texts: "EventTexts", state: "State") -> str:
    """Return one entry of the history for people."""
    words = texts.sentence(entry["event_type"], entry["payload"], (), state)
    return f"{entry['timestamp']} {entry['event_type']}  {words}"


def _line(message: "LiveMessage", texts: "EventTexts", state: "State") -> str:
    """Return one message for people."""
    time = str(message.get("timestamp", ""))[11:19]
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
        case "disconnected":
            return f"disconnected, trying again within {message['retry_seconds']:.1f} s: {message['detail']}"
        case kind:
            return f"{time} {kind}".lstrip()
