"""Replicas: what processes share beside the stream is kept on as many servers as the stream itself."""

import dataclasses
from typing import Final

import structlog
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from livingmap.transport.connection import call

BUCKET: Final = "KV_"
CHECKPOINTS: Final = "OBJ_"

_logger = structlog.get_logger(__name__)


async def replicate(js: JetStreamContext, stream: str, kind: str) -> None:
    """Raise the replicas of what is kept as ``kind`` to those of ``stream``; do nothing if it is not there yet.

    With one replica beside a stream of three, the loss of one server would stop polls, checkpoints and starts.
    """
    try:
        wanted = (await call(js.stream_info(stream), "looking at the stream")).config.num_replicas or 1
        present = (await call(js.stream_info(f"{kind}{stream}"), "looking at its replicas")).config
        if (present.num_replicas or 1) < wanted:
            raised = dataclasses.replace(present, num_replicas=wanted)
            await call(js.update_stream(raised), "raising its replicas")
            _logger.info("replicas were raised", name=f"{kind}{stream}", replicas=wanted)
    except NotFoundError:
        return
    except APIError as error:
        _logger.warning("replicas cannot be raised", name=f"{kind}{stream}", error=error.description)
