"""What the section of a source holds, apart from plugin.py because these models are of its parts, not of it."""

import difflib
import re
from collections.abc import Collection
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from livingmap.plugin import FieldName, GivenWords, Json, NestedSettings, PlainName
from livingmap_http.expressions import Expression

_STEPS: Final = r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*"

Steps = Annotated[str, Field(pattern=f"^{_STEPS}$")]


def not_a_field(name: str, fields: Collection[str]) -> str:
    """Return what is wrong with a name that is not among ``fields``."""
    close = difflib.get_close_matches(name, fields, n=1)
    there = f" (there are: {', '.join(sorted(fields))})" if fields else ""
    return f"{name} is not one of the fields" + (f"; did you mean {close[0]}?" if close else there)


def _path(path: str) -> str:
    if not path.startswith("/"):
        raise ValueError(f"a path begins with /: /{path}")
    return path


def _path_of_one(path: str) -> str:
    if "{name}" not in path:
        raise ValueError("a path of details holds {name}, what the id has after the colon: /stations/{name}")
    return path


Path = Annotated[str, AfterValidator(_path)]


class Reference(NestedSettings):
    """A field that holds the id of another item, or a list of ids."""

    type: PlainName
    """The type of the other item."""
    id: Expression
    """Where its id stands in a row."""
    label: GivenWords = {}
    """What the other item is to this one, such as job."""
    referrers: GivenWords = {}
    """What these items are called from the other side, such as targets."""


class CursorPages(NestedSettings):
    """Each answer holds the cursor of the next page."""

    by: Literal["cursor"]
    cursor: Steps = "next_cursor"
    """Where the cursor is in an answer."""
    parameter: str = "cursor"
    """The parameter with which it is sent."""


class LinkPages(NestedSettings):
    """Each answer has a header Link with the address of the next page."""

    by: Literal["link"]


class OffsetPages(NestedSettings):
    """The next page begins after as many rows as came so far."""

    by: Literal["offset"]
    parameter: str = "offset"
    """The parameter with which the number of rows is sent."""


class NumberPages(NestedSettings):
    """Pages are numbered."""

    by: Literal["number"]
    parameter: str = "page"
    """The parameter with which the number is sent."""
    first: int = 1
    """The number of the first page."""


Pages = Annotated[CursorPages | LinkPages | OffsetPages | NumberPages, Field(discriminator="by")]


class FieldsSection(NestedSettings):
    """Which fields are made of a row or of a message."""

    fields: dict[FieldName, Expression] = {}
    """By field, where its value stands."""
    references: dict[FieldName, Reference] = {}
    """By field, the other items that it names."""
    times: frozenset[FieldName] = frozenset()
    """Those of the fields that are times, in ISO 8601 or as seconds or milliseconds since 1970."""
    status_words: dict[str, str] = {}
    """What the service's words for the field status mean: {"2": degraded}. Words that the map has need none."""

    @model_validator(mode="after")
    def _times_are_fields(self) -> Self:
        if unknown := [name for name in sorted(self.times) if name not in self.fields]:
            raise ValueError("; ".join(f"times: {not_a_field(name, self.fields)}" for name in unknown))
        return self


class DetailsSection(FieldsSection):
    """One request about one item, for those who open it."""

    path: Annotated[Path, AfterValidator(_path_of_one)]
    """What to ask for: {name} is what the id has after the colon."""
    query: dict[str, str | int | float | bool] = {}
    """Parameters of the request."""
    row: Expression = "@"
    """Where the item is in the answer."""


class ItemSection(FieldsSection):
    """How items are made, of the rows of an answer or of messages."""

    layer: PlainName
    """The layer that the items are in."""
    collection: PlainName = "items"
    """The collection of that layer."""
    type: PlainName
    """The type of the items, such as station: the part of their ids before the colon."""


class ListSection(ItemSection):
    """One request that lists items."""

    path: Path
    """What to ask for, below base_url."""
    query: dict[str, str | int | float | bool] = {}
    """Parameters of the request."""
    body: dict[str, Json] | None = None
    """What to send as JSON; the request is then a POST, such as a GraphQL query. It must change nothing."""
    pages: Pages | None = None
    """How the list is divided into pages."""
    rows: Expression = "@"
    """Where the rows stand in the answer; by default it is an array of them."""
    keyed: bool = False
    """The rows are an object, not an array: each row is then {"key": …, "value": …}."""
    id: Expression
    """Where the id of an item stands in a row."""
    aliases: tuple[Expression, ...] = ()
    """Where other names of the item stand."""
    defaults: dict[FieldName, Json] = {}
    """The values of fields that no source fills."""
    decorates: bool = False
    """Add fields to items that other sources list, and list none."""
    complete: bool = True
    """The service lists all items; false: those that messages created stay although it does not list them."""
    alive: tuple[FieldName, ...] = ()
    """Fields with times: alive_seconds after the latest of them the item is offline."""

    @model_validator(mode="after")
    def _pages_have_rows(self) -> Self:
        if self.pages is not None and (self.body is not None or self.keyed):
            raise ValueError("pages go together with neither body nor keyed")
        if self.pages is not None and self.rows != "@" and not re.fullmatch(_STEPS, self.rows):
            raise ValueError(f"with pages, rows is a path such as data.stations, not {self.rows!r}")
        return self


class EventSection(ItemSection):
    """What messages of a subject say about items."""

    subject: str
    """The subject, or a pattern of NATS: * is one token, > the rest."""
    id: Expression | None = None
    """Where the id of the item stands in the message."""
    token: Annotated[int, Field(ge=1)] | None = None
    """Instead of id: which token of the subject it is, from 1."""
    when: Expression | None = None
    """Only messages in which this is true, such as state == 'closed'."""
    received: FieldName | None = None
    """A field that gets the time at which the message was received."""
    creates: bool = False
    """The message makes an item that nobody has listed."""
    drops: bool = False
    """The message says that the item is gone."""

    @model_validator(mode="after")
    def _one_id(self) -> Self:
        if (self.id is None) == (self.token is None):
            raise ValueError("give either id, where it stands in the message, or token, its place in the subject")
        return self
