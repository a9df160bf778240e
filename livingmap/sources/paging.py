"""Following pages: the rows of a list that a service gives page by page."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from livingmap.core.model import Json
from livingmap.core.paging import ByCursor, ByLink, ByNumber, ByOffset, Paging
from livingmap.errors import InvalidAnswer, NotFound
from livingmap.sources.answer import Answer, Call

MOST_PAGES: Final = 200
MOST_ROWS: Final = 100_000

Ask: TypeAlias = Callable[[Call], Awaitable[Answer]]


async def all_rows(ask: Ask, base_url: str, first: Call, paging: Paging) -> list[Json]:
    """Return the rows of all pages, the first of which answers ``first``.

    Raises InvalidAnswer for a list that does not end: half of it would be taken for the whole.
    """
    rows: list[Json] = []
    call: Call | None = _first(first, paging)
    for number in range(MOST_PAGES):
        assert call is not None  # noqa: S101 - the loop ends before
        answer = await _page(ask, call, paging, is_first=number == 0)
        if answer is None:
            return rows
        page = _rows(call.path, answer.value, paging.rows)
        rows += page
        following = _next(call, answer, paging, page, len(rows), base_url)
        if following is None:
            return rows
        if following.query == call.query and following.path == call.path:
            raise InvalidAnswer(f"{call.path}: a page names itself as the next one")
        if len(rows) > MOST_ROWS:
            raise InvalidAnswer(f"{call.path}: more than {MOST_ROWS} rows")
        call = following
    raise InvalidAnswer(f"{first.path}: more than {MOST_PAGES} pages")


async def _page(ask: Ask, call: Call, paging: Paging, *, is_first: bool) -> Answer | None:
    """Return one page; None after the last, where services that count pages answer 404."""
    try:
        return await ask(call)
    except NotFound:
        if is_first or not isinstance(paging, ByNumber | ByOffset):
            raise
        return None


def _first(call: Call, paging: Paging) -> Call:
    if isinstance(paging, ByNumber):
        return _with(call, paging.parameter, paging.first)
    return call


def _next(call: Call, answer: Answer, paging: Paging, page: list[Json], count: int, base_url: str) -> Call | None:
    match paging:
        case ByCursor():
            cursor = _at(answer.value, paging.cursor)
            return None if cursor is None or cursor == "" else _with(call, paging.parameter, cursor)
        case ByLink():
            return None if answer.next_url is None else _linked(call, answer.next_url, base_url)
        case ByOffset():
            return _with(call, paging.parameter, count) if page else None
        case ByNumber():
            return _with(call, paging.parameter, call.query[paging.parameter] + 1) if page else None


def _with(call: Call, name: str, value: Json) -> Call:
    query: Mapping[str, Json] = {**call.query, name: value}
    return Call(call.method, call.path, query, call.body, call.headers)


def _linked(call: Call, link: str, base_url: str) -> Call:
    """Return the request that a link means. It goes to the service's own address, wherever the link points."""
    target, base = urlsplit(link), urlsplit(base_url).path
    if not target.path.startswith(f"{base}/"):
        raise InvalidAnswer(f"{call.path}: the next page is not below base_url: {target.path!r}")
    query = parse_qs(target.query, keep_blank_values=True)
    return Call(call.method, target.path.removeprefix(base), query, call.body, call.headers)


def _rows(path: str, answer: Json, steps: str) -> list[Json]:
    rows = _at(answer, steps)
    if not isinstance(rows, list):
        where = f" at {steps}" if steps else ""
        raise InvalidAnswer(f"{path}: expected an array{where}, got {type(rows).__name__}")
    return rows


def _at(value: Json, steps: str) -> Json:
    for step in filter(None, steps.split(".")):
        value = value.get(step) if isinstance(value, dict) else None
    return value
