"""Section ``stream``: how messages are shaped for clients that were written against another map."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StreamSettings(BaseModel):
    """The messages of the stream."""

    model_config = _DOCUMENTED

    snapshot_field: Literal["payload", "data"] = "payload"
    """The field of a snapshot message that holds the snapshot; the map's own clients read both."""
