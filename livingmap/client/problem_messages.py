"""The messages of the feed of problems, as they come over the wire, and how one is read."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, TypedDict, cast

from livingmap.client.messages import (
    MESSAGES,
    ErrorMessage,
    HeartbeatMessage,
    Json,
    RestartingMessage,
    Shape,
    WarningMessage,
    check,
    kind_of,
)


class Problem(TypedDict):
    """A problem, as ``GET /living-map/problems`` lists it."""

    id: str
    code: str
    severity: Literal["critical", "warning", "info"]
    state: Literal["open", "acknowledged"]
    title: str
    what: str
    meaning: str
    todo: str
    link: str
    since: str
    at_least: bool
    last_seen: str
    source: str | None
    process: str | None
    affects: Mapping[str, Json]
    detail: str | None
    acknowledgement: Mapping[str, Json] | None


class ProblemsMessage(TypedDict):
    """All that is wrong: at the start of the feed of problems, and whenever changes cannot say it."""

    kind: Literal["problems"]
    timestamp: str
    items: Sequence[Problem]
    total: int
    """How many problems there are; the gravest are in ``items``."""


class ProblemMessage(TypedDict):
    """A problem that has begun, has changed, or is over."""

    kind: Literal["problem"]
    timestamp: str
    state: Literal["open", "acknowledged", "ended"]
    item: Problem


ProblemFeedMessage: TypeAlias = (
    ProblemsMessage | ProblemMessage | HeartbeatMessage | RestartingMessage | WarningMessage | ErrorMessage
)
"""What a map sends to clients that follow its problems."""

_PROBLEM_FEED: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "problems": {"timestamp": str, "items": list, "total": int},
        "problem": {"timestamp": str, "state": str, "item": dict},
        **{kind: MESSAGES[kind] for kind in ("heartbeat", "restarting", "warning", "error")},
    }
)
_PROBLEM: Final[Shape] = MappingProxyType(
    {"id": str, "code": str, "severity": str, "state": str, "what": str, "since": str}
)


def read_problems(text: str | bytes) -> ProblemFeedMessage | None:
    """Read one message of the feed of problems, as `read` does those of the map."""
    kind, message = kind_of(text)
    if kind not in _PROBLEM_FEED:
        return None
    check(kind, message, _PROBLEM_FEED[kind])
    for item in (*message.get("items", ()), *([message["item"]] if kind == "problem" else ())):
        check("problem", item, _PROBLEM)
    return cast("ProblemFeedMessage", message)
