"""The command that publishes a message on the NATS of a map."""

import asyncio
from typing import Annotated

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, fail, show
from livingmap.transport.connection import publish_once
from livingmap.transport.parsing import DeadMessage, read


def publish(
    subject: Annotated[str, typer.Argument(help="Such as agent.event.status.")],
    payload: Annotated[str, typer.Argument(help="A JSON object.")],
    config: ConfigOption = None,
) -> None:
    """Publish one message on the NATS of the configuration, to try things out."""
    configuration = load_config(config)
    if configuration.nats.url is None:
        fail("nats.url is not set: there is nowhere to publish")
    try:
        read(subject, payload.encode(), configuration.nats.most_bytes)
        asyncio.run(publish_once(configuration.nats, subject, payload.encode()))
    except DeadMessage as error:
        fail(f"the map would not read this: {error}")
    except OSError as error:
        fail(str(error))
    show(f"published on {subject}")
