"""``livingmap problems``: what is wrong with a running map and its network, once or as it happens."""

from collections.abc import Callable
from json import dumps
from typing import Annotated, Final

import typer

from livingmap import supervision
from livingmap.cli.following import following
from livingmap.cli.options import (
    DEFAULT_URL,
    LanguageOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    clock,
    complain,
    language_of,
    show,
    token_of,
)
from livingmap.client import LiveProblemsMessage, MapClient, Problem, follow_problems

_COLORS: Final = {"critical": "red", "warning": "yellow"}


def problems(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Stay, and show each problem that begins, changes or ends.")
    ] = False,
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what is wrong now, the gravest first, and what to do about it."""
    run = _follow if follow else _list
    words = language_of(language)
    with following():
        supervision.run(run(url, lambda: token_of(token, token_file), words, as_json=json))


async def _list(url: str, token: Callable[[], str | None], language: str, *, as_json: bool) -> None:
    async with MapClient(url, token=token) as client:
        answer = await client.problems(language)
    for problem in answer["items"]:
        if as_json:
            show(dumps(problem))
        else:
            show(_line(problem), _COLORS.get(problem["severity"]))
            show(f"    {problem['todo']}")
            show(f"    {url.rstrip('/')}/{problem['link']}")
    if not answer["items"]:
        complain("there are no problems")
    elif answer["total"] > len(answer["items"]):
        complain(f"and {answer['total'] - len(answer['items'])} more")


async def _follow(url: str, token: Callable[[], str | None], language: str, *, as_json: bool) -> None:
    """Print messages as they come. Raises MapError if the first connection fails, or if the map refuses."""
    has_begun = False
    async with follow_problems(url, language=language, token=token) as live:
        async for message in live:
            if not has_begun and live.error is not None:
                raise live.error
            has_begun = True
            if as_json:
                show(dumps(message))
            else:
                _show(message)


def _show(message: LiveProblemsMessage) -> None:
    """Print a message for people; nothing of one that says nothing of problems."""
    match message["kind"]:
        case "problems":
            for problem in message["items"]:
                show(_line(problem), _COLORS.get(problem["severity"]))
            complain(f"{message['total']} problems; waiting for changes")
        case "problem" if message["state"] == "ended":
            show(f"{clock(message['timestamp'])} ended        {message['item']['what']}", "green")
        case "problem":
            problem = message["item"]
            line = f"{clock(message['timestamp'])} {message['state']:<12} {_line(problem)}"
            show(line, _COLORS.get(problem["severity"]))
        case "disconnected":
            complain(f"disconnected, trying again within {message['retry_seconds']:.1f} s: {message['detail']}")


def _line(problem: Problem) -> str:
    seen = "  (acknowledged)" if problem["state"] == "acknowledged" else ""
    return f"{problem['severity']:<8} {problem['code']:<20} {problem['what']}  since {problem['since']}{seen}"
