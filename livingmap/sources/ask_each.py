"""Asking many paths at once, where one that fails should not cost the others."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel

from livingmap.core.members import Roles, listed_roles
from livingmap.core.model import Json
from livingmap.core.source import Client
from livingmap.errors import RequestRejected, SourceError

T = TypeVar("T")


class Answers(dict[str, T]):
    """What was made of the answers, by path."""

    failed: frozenset[str] = frozenset()
    """The paths that failed, unlike those that are missing or forbidden: what they would say is unknown."""

    def renamed(self, paths: Mapping[str, str]) -> "Answers[T]":
        """Return the same with each path replaced by another, such as that of the item that it is about."""
        answers = Answers({paths[path]: answer for path, answer in self.items()})
        answers.failed = frozenset(paths[path] for path in self.failed)
        return answers


class _MemberRow(BaseModel):
    """A member in a list of members. Who it is goes into the digest of all, and no further."""

    user_id: str | None = None
    role: str


async def ask_each(
    client: Client,
    paths: Sequence[str],
    read: Callable[[Json, str], T],
    *,
    all_needed: bool = False,
    none_needed: bool = False,
) -> Answers[T]:
    """Return by path what ``read(answer, path)`` makes of the answer; a 4xx is left out.

    Any other failure costs that path alone, unless all are needed: then the first one is raised. If every path
    fails, the service itself is at fault, and the first failure is raised, unless none is needed: the answers
    only add fields to items that are listed without them.
    """
    results = await asyncio.gather(*(_ask(client, path, read) for path in paths))
    failures = [result for result in results if isinstance(result, SourceError)]
    if failures and (all_needed or (len(failures) == len(results) and not none_needed)):
        raise failures[0]
    answers: Answers[T] = Answers()
    for path, result in zip(paths, results, strict=True):
        if result is not None and not isinstance(result, SourceError):
            answers[path] = result
    answers.failed = frozenset(
        path for path, result in zip(paths, results, strict=True) if isinstance(result, SourceError)
    )
    return answers


async def member_roles(client: Client, paths: Iterable[str]) -> Answers[Roles]:
    """Return by path of an item the roles in the list of members at ``<path>/members``; no failure is raised."""
    lists = {f"{path}/members": path for path in paths}
    roles = await ask_each(
        client,
        list(lists),
        lambda answer, path: listed_roles(
            (row.user_id, row.role) for row in client.read(_MemberRow, answer, path)
        ),
        none_needed=True,
    )
    return roles.renamed(lists)


async def _ask(client: Client, path: str, read: Callable[[Json, str], T]) -> T | SourceError | None:
    try:
        answer = await client.optional(path)
        return None if answer is None else read(answer, path)
    except RequestRejected:
        return None
    except SourceError as error:
        return error
