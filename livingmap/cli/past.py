"""The commands that ask a running map for its past."""

import asyncio
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final

import typer

from livingmap.cli.options import (
    DEFAULT_URL,
    LanguageOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    complain,
    fail,
    language_of,
    show,
    show_json,
    token_of,
)
from livingmap.client import ChangeTexts, MapClient, MapError, Refused
from livingmap.client.changes import listed

_MOMENT: Final = "a time such as 2026-01-02T03:04:05Z, -15m, -2h, -1d, or a cursor"
_MOST_LINES: Final = 100
_COUNTED: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "came": "came",
        "went": "went",
        "changed": "changed",
        "trouble_began": "in trouble",
        "trouble_ended": "well again",
    },
    "uk": {
        "came": "з'явилося",
        "went": "зникло",
        "changed": "змінилося",
        "trouble_began": "має проблеми",
        "trouble_ended": "знову гаразд",
    },
}


def diff(
    since: Annotated[str, typer.Option("--from", help=f"From this moment on: {_MOMENT}.")],
    until: Annotated[str | None, typer.Option("--to", help="Up to this moment. Default: now.")] = None,
    summary: Annotated[bool, typer.Option("--summary", help="What it comes to, in place of each change.")] = False,
    layers: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    language: LanguageOption = None,
    json: Annotated[bool, typer.Option("--json", help="The answer of the map as it came.")] = False,
) -> None:
    """Show how a running map changed between two moments: thing by thing, from what to what."""
    words = language_of(language)

    async def ask() -> None:
        async with MapClient(url, token=token_of(token, token_file)) as client:
            wanted = None if layers is None else layers.split(",")
            answer = await client.diff(since, until, layers=wanted, summary=summary, language=words)
            if json:
                show_json(answer)
                return
            show(f"{answer['from']['at']} … {answer['to']['at']}")
            complain(*(f"not known: {gap['since']} … {gap['until']}: {gap['reason']}" for gap in answer["gaps"]))
            if summary:
                plurals = {one["name"]: one["plural"] for one in (await client.types(words))["types"]}
                lines = _summary(answer["summary"] or {}, words, plurals)
            else:
                names = {one["id"]: one["label"] async for one in client.entities()}
                lines = _changes(answer, names, await ChangeTexts.of(client, words))
            for line in lines:
                show(line)

    try:
        asyncio.run(ask())
    except MapError as error:
        fail(str(error))


async def nothing_found(client: MapClient, entity: str | None, field: str | None) -> list[str]:
    """Return why the history may have nothing of what was asked for, and how far back it reaches."""
    oldest = (await client.get("history", limit=1)).get("oldest_available")
    lines = ["nothing was found: the history " + (f"reaches back to {oldest}" if oldest else "is empty")]
    if entity is None:
        return lines
    try:
        item = await client.entity(entity)
    except Refused as error:
        return [*lines, f"{entity} is not on the map now"] if error.status == HTTPStatus.NOT_FOUND else lines
    types = (await client.types())["types"]
    declared = next((one["fields"] for one in types if one["name"] == item["type"]), ())
    fields = sorted({*item["data"], *(one["name"].partition(".")[0] for one in declared)})
    if field is not None and field.partition(".")[0] not in fields:
        lines.append(f"{entity} has no field {field!r} (there are: {', '.join(fields)})")
    return lines


def snapshot_at(at: str, layers: str | None, url: str, token: str | None) -> dict[str, Any]:
    """Return the snapshot of a moment of a running map. Ends the program if it cannot be had."""

    async def ask() -> dict[str, Any]:
        async with MapClient(url, token=token) as client:
            return dict(await client.snapshot(None if layers is None else layers.split(","), at=at))

    try:
        return asyncio.run(ask())
    except MapError as error:
        fail(str(error))


def _changes(answer: Mapping[str, Any], names: Mapping[str, str], texts: ChangeTexts) -> Iterator[str]:
    span = answer["from"]["at"], answer["to"]["at"]
    lines = texts.lines([listed(change, names) for change in answer["changes"]], span)
    yield from lines[:_MOST_LINES]
    if more := len(lines[_MOST_LINES:]):
        yield texts.more(more)


def _summary(summary: Mapping[str, Any], language: str, plurals: Mapping[str, str]) -> Iterator[str]:
    """Yield the story of a time, step by step, and how many things of each type it concerned."""
    for step in summary.get("story", ()):
        first, last = (f"{time[:16].replace('T', ' ')}Z" if time else "" for time in (step["at"], step["until"]))
        until = f" … {last}" if last > first else ""
        yield f"{first}{until}  {step['text']}"
    words = _COUNTED.get(language, _COUNTED["en"])
    for one in summary.get("types", ()):
        counts = [f"{word}: {one[name]['count']}" for name, word in words.items() if one[name]["count"]]
        if counts:
            yield f"{plurals.get(one['type'], one['type'])}  {'; '.join(counts)}"
