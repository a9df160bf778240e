"""Asking many paths at once, where one that fails should not cost the others."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from livingmap.core.model import Json
from livingmap.core.source import Client
from livingmap.errors import RequestRejected, SourceError

T = TypeVar("T")


async def ask_each(
    client: Client, paths: Sequence[str], read: Callable[[Json, str], T], *, all_needed: bool = False
) -> dict[str, T]:
    """Return by path what ``read(answer, path)`` makes of the answer; a 4xx is left out.

    Any other failure costs that path alone, unless all are needed: then the first one is raised. If every path
    fails, the service itself is at fault, and the first failure is raised in any case.
    """
    answers = await asyncio.gather(*(_ask(client, path, read) for path in paths))
    failures = [answer for answer in answers if isinstance(answer, SourceError)]
    if failures and (all_needed or len(failures) == len(answers)):
        raise failures[0]
    return {
        path: answer
        for path, answer in zip(paths, answers, strict=True)
        if answer is not None and not isinstance(answer, SourceError)
    }


async def _ask(client: Client, path: str, read: Callable[[Json, str], T]) -> T | SourceError | None:
    try:
        answer = await client.optional(path)
        return None if answer is None else read(answer, path)
    except RequestRejected:
        return None
    except SourceError as error:
        return error
