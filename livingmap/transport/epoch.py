"""The epoch of a log in a stream, which ends when the stream is made anew."""

from datetime import UTC, datetime
from typing import Final

from nats.js.api import StreamInfo

_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_of(info: StreamInfo) -> str:
    """Return the epoch of the log in a stream: the time at which the stream was created."""
    return f"{round((info.created or _BEGIN).timestamp() * 1e6):x}"
