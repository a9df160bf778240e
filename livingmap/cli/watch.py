"""The commands that talk to a running map, or to its NATS."""

import asyncio
import os
import sys
from contextlib import aclosing
from json import dumps
from typing import Annotated, Any, Final

import typer

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
    """Follow the stream of a running map; a broken connection goes on where it was."""
    from livingmap.remote import RemoteError, fits, follow  # noqa: PLC0415

    async def run() -> None:
        async with aclosing(follow(url, layer, lambda: token_of(token, token_file))) as messages:
            async for message in messages:
                if fits(message, type):
                    print(dumps(message) if json else _line(message), flush=True)  # noqa: T201

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # whoever read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except RemoteError as error:
        fail(str(error))


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
    from livingmap.remote import RemoteError, get  # noqa: PLC0415

    try:
        page = get(
            url,
            "/living-map/history",
            token_of(token, token_file),
            since=since,
            event_type=type,
            entity_id=entity,
            limit=limit,
        )
    except RemoteError as error:
        fail(str(error))
    for item in page["items"]:
        line = dumps(item) if json else f"{item['timestamp']} {item['event_type']}  {dumps(item['payload'])}"
        out.print(line, highlight=False, markup=False)


def publish(
    subject: Annotated[str, typer.Argument(help="Such as agent.event.status.")],
    payload: Annotated[str, typer.Argument(help="A JSON object.")],
    config: ConfigOption = None,
) -> None:
    """Publish one message on the NATS of the configuration, to try things out."""
    loaded = load_config(config)
    if loaded.nats.url is None:
        fail("nats.url is not set: there is nowhere to publish")
    from livingmap.transport.connection import publish_once  # noqa: PLC0415
    from livingmap.transport.parsing import DeadMessage, read  # noqa: PLC0415

    try:
        read(subject, payload.encode(), loaded.nats.most_bytes)
        asyncio.run(publish_once(loaded.nats, subject, payload.encode()))
    except DeadMessage as error:
        fail(f"the map would not read this: {error}")
    except OSError as error:
        fail(str(error))
    out.print(f"published on {subject}", highlight=False, markup=False)


def _line(message: dict[str, Any]) -> str:
    """Return one message for people."""
    time = str(message.get("timestamp", ""))[11:19]
    match message["kind"]:
        case "event":
            touched = [change.get("id", change["layer"]) for change in message["changes"]]
            rest = f" +{len(touched) - _MOST_SHOWN}" if len(touched) > _MOST_SHOWN else ""
            return f"{time} {message['event_type']}  {' '.join(touched[:_MOST_SHOWN])}{rest}"
        case "snapshot":
            layers = message["payload"]["layers"]
            items = sum(
                len(value) for layer in layers.values() for value in layer.values() if isinstance(value, list)
            )
            return f"{time} snapshot ({message['reason']})  {items} items in {len(layers)} layers"
        case "changes":
            return f"{time} caught up  {len(message['changes'])} changes of {message['skipped']} events"
        case "disconnected":
            return f"disconnected, trying again within {message['retry_seconds']} s"
        case kind:
            return f"{time} {kind}"
