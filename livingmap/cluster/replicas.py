"""Replicas: what processes share beside the stream is kept on as many servers as the stream itself."""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Final

import structlog
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from livingmap.transport.connection import call

BUCKET: Final = "KV_"
CHECKPOINTS: Final = "OBJ_"

_logger = structlog.get_logger(__name__)


LOST: Final = (
    "start the servers that hold it; if they are lost for good, `nats stream rm {name}`: a map makes it anew"
)
"""What mends that something beside the stream does not answer. It holds nothing that cannot be made again."""


@contextlib.contextmanager
def naming(name: str) -> Iterator[None]:
    """Raise ConnectionError with what can be done if no answer comes about ``name``, unlike about the stream."""
    try:
        yield
    except TimeoutError as error:
        raise ConnectionError(f"{name} does not answer: {LOST.format(name=name)}") from error


async def replicate(js: JetStreamContext, stream: str, kind: str) -> None:
    """Raise the replicas of what is kept as ``kind`` to those of ``stream``; do nothing if it is not there yet.

    With one replica beside a stream of three, the loss of one server would stop polls, checkpoints and starts.
    """
    try:
        wanted = (await call(js.stream_info(stream), "looking at the stream")).config.num_replicas or 1
        with naming(f"{kind}{stream}"):
            present = (await call(js.stream_info(f"{kind}{stream}"), "looking at its replicas")).config
            if (present.num_replicas or 1) < wanted:
                raised = dataclasses.replace(present, num_replicas=wanted)
                await call(js.update_stream(raised), "raising its replicas")
                _logger.info("replicas were raised", name=f"{kind}{stream}", replicas=wanted)
    except NotFoundError:
        return
    except APIError as error:
        _logger.warning("replicas cannot be raised", name=f"{kind}{stream}", error=error.description)
