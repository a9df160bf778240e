"""Problems, live: what is wrong with a running map and the network that it shows, as a client keeps it."""

import ssl as tls
from collections.abc import Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Final, Self, TypeAlias

from livingmap.client.connection import Query
from livingmap.client.errors import MapError, Refused
from livingmap.client.following import Following
from livingmap.client.http import Limits, MapClient, Token
from livingmap.client.machine import Transport
from livingmap.client.messages import DisconnectedMessage, read
from livingmap.client.problem_messages import Problem, ProblemFeedMessage, read_problems

LiveProblemsMessage: TypeAlias = ProblemFeedMessage | DisconnectedMessage
"""What `LiveProblems` yields."""

_RANKS: Final[Mapping[str, int]] = MappingProxyType({"critical": 0, "warning": 1, "info": 2})

_BAD_REQUEST: Final = 400


class _ProblemFeed:
    """The feed of problems in a language, and those that are there now."""

    def __init__(self, language: str) -> None:
        self.problems: dict[str, Problem] = {}
        self._language = language

    def query(self) -> Query:
        """Return what to ask for: every connection begins with all that is wrong."""
        return Query(None, None, problems_in=self._language)

    async def load(self) -> ProblemFeedMessage:
        """Never asked for."""
        raise NotImplementedError

    def read(self, text: str | bytes) -> ProblemFeedMessage | None:
        """Read a message. Raises Refused if the map is older than this feed: it sends a snapshot instead."""
        message = read_problems(text)
        if message is None and (other := read(text)) and other["kind"] == "snapshot":
            detail = "this map is too old to have a feed of problems; it can only list those of the moment"
            raise Refused(detail, status=_BAD_REQUEST)
        return message

    def take(self, message: ProblemFeedMessage) -> None:
        """Take a message."""
        match message["kind"]:
            case "problems":
                self.problems = {item["id"]: item for item in message["items"]}
            case "problem" if message["state"] == "ended":
                self.problems.pop(message["item"]["id"], None)
            case "problem":
                self.problems[message["item"]["id"]] = message["item"]


class LiveProblems:
    """Problems that are followed: iterate over it for changes, and look at ``problems`` between them.

    Made by `follow_problems`.
    """

    def __init__(self, client: MapClient, language: str) -> None:
        self._feed = _ProblemFeed(language)
        self._following = Following[ProblemFeedMessage](client, self._feed, loaded=True)

    @property
    def problems(self) -> Sequence[Problem]:
        """Those that are there as of the last message, the gravest first, and of equal ones the oldest."""
        every = self._feed.problems.values()
        return sorted(every, key=lambda one: (_RANKS.get(one["severity"], len(_RANKS)), one["since"], one["id"]))

    @property
    def status(self) -> str:
        """One of idle, connecting, live, reconnecting, unauthenticated, forbidden, refused."""
        return self._following.status

    @property
    def transport(self) -> Transport | None:
        """How the stream comes; None while it does not."""
        return self._following.transport

    @property
    def error(self) -> MapError | None:
        """Why the last attempt to connect failed, or the connection ended; None while it is live."""
        return self._following.error

    def retry(self) -> None:
        """End a wait: attempt at once, for example because the network is back. Else it does nothing."""
        self._following.retry()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection. The problems stay."""
        await self._following.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveProblemsMessage:
        return await anext(self._following.messages)


def follow_problems(
    url: str,
    *,
    language: str = "en",
    token: Token = None,
    limits: Limits | None = None,
    ssl: tls.SSLContext | None = None,
) -> LiveProblems:
    """Follow what is wrong with the map at ``url``: iterate over the answer, in ``async with``.

    It yields ``problems``, all there are, after every connection; then a ``problem`` for each that begins, changes
    or ends; and, as `follow` does, a message ``disconnected`` of its own. The problems are described in
    ``language``, ``en`` or ``uk``; the rest is as for `follow`.
    """
    return LiveProblems(MapClient(url, token=token, limits=limits, ssl=ssl), language)
