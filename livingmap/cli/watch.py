"""The commands that talk to a running map, or to its NATS."""

import asyncio
import os
import sys
from collections.abc import Callable
from json import dumps
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from livingmap import supervision
from livingmap.cli.options import (
    DEFAULT_URL,
    ConfigOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    fail,
    load_config,
    out,
    token_of,
)
from livingmap.core.route import matches

if TYPE_CHECKING:  # the client is imported by the commands that use it: `check` has to be quick
    from livingmap.client import LiveMessage

_MOST_SHOWN: Final = 4


def tail(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    layer: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON message a line, as it came.")] = False,
) -> None:
    """Follow the stream of a running map; a connection that breaks is made again and goes on where it was."""
    from livingmap.client import MapError  # noqa: PLC0415

    layers = None if layer is None else layer.split(",")
    try:
        supervision.run(_tail(url, layers, lambda: token_of(token, token_file), type, _as_json if json else _line))
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
    format_line: Callable[["LiveMessage"], str],
) -> None:
    """Print messages as they come. Raises MapError if the first connection fails, or if the map refuses."""
    from livingmap.client import follow  # noqa: PLC0415

    async with follow(url, layers=layers, token=token) as live:
        async for message in live:
            if live.cursor is None and live.error is not None:
                raise live.error
            if message["kind"] != "event" or pattern is None or matches(pattern, message["event_type"]):
                print(format_line(message), flush=True)  # noqa: T201


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
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what happened on a running map, newest first."""
    from livingmap.client import MapClient, MapError  # noqa: PLC0415

    async def ask() -> Any:
        async with MapClient(url, token=token_of(token, token_file)) as client:
            return await client.get("history", since=since, event_type=type, entity_id=entity, limit=limit)

    try:
        page = asyncio.run(ask())
    except MapError as error:
        fail(str(error))
    for entry in page["items"]:
        line = dumps(entry) if json else f"{entry['timestamp']} {entry['event_type']}  {dumps(entry['payload'])}"
        out.print(line, highlight=False, markup=False)


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
    out.print(f"published on {subject}", highlight=False, markup=False)


def _as_json(message: "LiveMessage") -> str:
    return dumps(message)


def _line(message: "LiveMessage") -> str:
    """Return one message for people."""
    time = str(message.get("timestamp", ""))[11:19]
    match message["kind"]:
        case "event":
            targets = [str(change.get("id", change["layer"])) for change in message["changes"]]
            rest = f" +{len(targets) - _MOST_SHOWN}" if len(targets) > _MOST_SHOWN else ""
            return f"{time} {message['event_type']}  {' '.join(targets[:_MOST_SHOWN])}{rest}"
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
