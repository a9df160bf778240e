"""What a service is asked, and how it refuses."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, TypeVar

from livingmap.plugin import Json, Reply, Request
from livingmap_mock.network import Network, Roll

T = TypeVar("T")


class Refusal(Exception):
    """An answer that is not 200, with FastAPI's body."""

    def __init__(self, status: int, detail: Json) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"detail": detail}


@dataclass(frozen=True, slots=True)
class Ask:
    """One GET, and the network at that moment."""

    network: Network
    now: datetime
    query: Mapping[str, str]
    words: Mapping[str, str]
    """The values in the path where its template has ``{name}``."""

    def number(self, name: str, default: int, least: int = 0, most: int | None = None) -> int:
        """Return a parameter that is a whole number. Raises Refusal, a 422, for another."""
        text = self.query.get(name, str(default))
        if not re.fullmatch(r"-?\d{1,9}", text):
            message = "Input should be a valid integer, unable to parse string as an integer"
            raise _invalid(name, text, "int_parsing", message)
        if int(text) < least:
            raise _invalid(name, text, "greater_than_equal", f"Input should be greater than or equal to {least}")
        if most is not None and int(text) > most:
            raise _invalid(name, text, "less_than_equal", f"Input should be less than or equal to {most}")
        return int(text)

    def page(self, rows: Roll[T] | Sequence[T], limit: int, most: int | None = None) -> Sequence[T]:
        """Return the rows that ``limit`` and ``offset`` ask for."""
        offset = self.number("offset", 0)
        return rows[offset : offset + self.number("limit", limit, most=most)]


def _invalid(name: str, text: str, kind: str, message: str) -> Refusal:
    return Refusal(422, [{"type": kind, "loc": ["query", name], "msg": message, "input": text}])


Answers: TypeAlias = Mapping[str, Callable[[Ask], Json]]
"""By path template, such as ``/dao/{slug}``, what a service answers."""


TAGGED: Final = frozenset({"/agents", "/city/agents", "/public/agents"})
"""The long lists, which change only when something happens: they have a tag, and need not be sent again."""


class Service:
    """A simulated service: the paths that the real one has, and no others."""

    def __init__(self, answers: Answers) -> None:
        self._answers = [(_pattern(template), answer) for template, answer in answers.items()]

    def reply(self, network: Network, request: Request, now: datetime) -> Reply | None:
        """Answer ``request``; None if there is no such path."""
        for pattern, answer in self._answers:
            if match := pattern.fullmatch(request.path):
                etag = {"etag": f'"{network.steps}"'} if request.path in TAGGED else {}
                if etag and request.headers.get("if-none-match") == etag["etag"]:
                    return Reply(b"", 304, etag)
                try:
                    return Reply(answer(Ask(network, now, request.query, match.groupdict())), headers=etag)
                except Refusal as refusal:
                    return Reply(refusal.body, refusal.status)
        return None


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


def there(thing: T | None, detail: str) -> T:
    """Return ``thing``. Raises Refusal, a 404, if it is not there."""
    if thing is None:
        raise Refusal(404, detail)
    return thing
