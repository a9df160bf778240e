"""Requests: one for each list that the section has, and one about an item."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final, cast

from pydantic import BeforeValidator

from livingmap.plugin import (
    ByCursor,
    ByLink,
    ByNumber,
    ByOffset,
    Client,
    Details,
    Fetch,
    Fields,
    InvalidAnswer,
    Json,
    Paging,
    Put,
    without_none,
)
from livingmap_http.expressions import Finder, finder
from livingmap_http.rows import Row, field_values, identifier
from livingmap_http.sections import (
    CursorPages,
    DetailsSection,
    LinkPages,
    ListSection,
    NumberPages,
    OffsetPages,
    Pages,
)

_NOTHING: Final = (None, "")
_MOST_SHOWN: Final = 200
"""Characters of the names in an answer."""


def rows_of(sections: Sequence[ListSection]) -> Fetch:
    """Return the fetch of the lists that fill one collection."""
    readers = [(section, finder(section.rows), _model(section)) for section in sections]

    async def fetch_rows(client: Client) -> list[Put]:
        return [
            _put(section, row)
            for section, find, model in readers
            for row in _read(client, section, model, await _rows(client, section, find))
        ]

    return fetch_rows


def _read(client: Client, section: ListSection, model: type[Row], answer: Json) -> list[Row]:
    """Return the rows that can be used, and note the fields that none of them has."""
    rows = client.read(model, _with_ids(section, answer), section.path)
    expressions = {**section.fields, **{name: one.id for name, one in section.references.items()}}
    for name, expression in expressions.items():
        if rows and all(row.fields[name] is None for row in rows):
            what = "no time" if name in section.times else "nothing"
            client.note(f"{section.path}: {name}: {expression} finds {what} in any of {len(rows)} rows")
    return rows


def details_of(section: DetailsSection) -> Details:
    """Return what asks about one item."""
    find, fields = finder(section.row), field_values(section)

    async def item_details(client: Client, name: str) -> Fields:
        path = section.path.replace("{name}", name)
        try:
            return without_none(fields(find(await client.get(path, **section.query))))
        except ValueError as error:
            raise InvalidAnswer(f"{path}: {error}") from None

    return item_details


async def _rows(client: Client, section: ListSection, find: Finder) -> Json:
    if section.pages is not None:
        return await client.get_all(section.path, _paging(section, section.pages), **section.query)
    answer = await _answer(client, section)
    try:
        rows = find(answer)
    except ValueError as error:
        raise InvalidAnswer(f"{section.path}: {section.rows!r} does not fit the answer: {error}") from None
    if rows is None:
        raise InvalidAnswer(f"{section.path}: rows: {section.rows} finds nothing (the answer {_has(answer)})")
    if section.keyed and isinstance(rows, dict):
        return [{"key": key, "value": value} for key, value in rows.items()]
    return rows


def _has(value: Json) -> str:
    """Return the end of a sentence that says what there is in a value."""
    if isinstance(value, dict):
        return f"has: {', '.join(sorted(value))}"[:_MOST_SHOWN]
    return "is null" if value is None else f"is of the type {type(value).__name__}"


def _with_ids(section: ListSection, rows: Json) -> Json:
    """Return the rows. Raises InvalidAnswer if none has an id: then the expression is wrong, not a row."""
    find = finder(section.id)
    try:
        lost = isinstance(rows, list) and rows and all(find(row) is None for row in rows)
    except ValueError:
        return rows  # each row says so by itself
    if lost:
        problem = f"id: {section.id} finds nothing in any of {len(rows)} rows (the first {_has(rows[0])})"
        raise InvalidAnswer(f"{section.path}: {problem}")
    return rows


async def _answer(client: Client, section: ListSection) -> Json:
    if section.body is not None:
        return await client.post(section.path, section.body, **section.query)
    return await client.get(section.path, **section.query)


def _paging(section: ListSection, pages: Pages) -> Paging:
    rows = "" if section.rows == "@" else section.rows
    match pages:
        case CursorPages():
            return ByCursor(rows, pages.cursor, pages.parameter)
        case LinkPages():
            return ByLink(rows)
        case OffsetPages():
            return ByOffset(rows, pages.parameter)
        case NumberPages():
            return ByNumber(rows, pages.parameter, pages.first)


def _model(section: ListSection) -> type[Row]:
    return cast("type[Row]", Annotated[Row, BeforeValidator(_row_reader(section))])


def _row_reader(section: ListSection) -> Callable[[Json], Row]:
    find_id, fields = finder(section.id), field_values(section)
    aliases = [finder(expression) for expression in section.aliases]

    def read(row: Json) -> Row:
        own = find_id(row)
        if own is None:
            raise ValueError(f"id: {section.id} finds nothing in the row")
        entity_id = identifier(section.type, own)
        names = [identifier(section.type, name) for find in aliases if (name := find(row)) not in _NOTHING]
        return Row(entity_id, fields(row), tuple(name for name in names if name != entity_id))

    return read


def _put(section: ListSection, row: Row) -> Put:
    return Put(section.layer, row.id, row.fields, collection=section.collection, aliases=row.aliases)
