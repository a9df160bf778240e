"""What the section of a source holds, apart from plugin.py because these models are of its parts, not of it."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from livingmap.plugin import Json
from livingmap_http.expressions import Expression

_STEPS: Final = r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*"

Steps = Annotated[str, Field(pattern=f"^{_STEPS}$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _not_the_id(name: str) -> str:
    if name == "id":
        raise ValueError("is the id of the item itself; give the field another name")
    return name


FieldName = Annotated[Name, AfterValidator(_not_the_id)]
Text = Annotated[dict[str, str], BeforeValidator(lambda value: {"en": value} if isinstance(value, str) else value)]
"""Words for people, by language; a plain text is English."""
Tone = Literal["good", "busy", "idle", "warn", "bad", "off"]


class Section(BaseModel):
    """A part of the section of a source."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Reference(Section):
    """A field that holds the id of another item, or a list of ids."""

    type: Name
    """The type of the other item."""
    id: Expression
    """Where its id stands in a row."""
    label: Text = {}
    """What the other item is to this one, such as job."""
    referrers: Text = {}
    """What these items are called from the other side, such as targets."""


class StatusSection(Section):
    """A word of a type's status."""

    tone: Tone
    """How it is judged; warn and bad are trouble."""
    label: Text = {}
    """What people call it."""


class FieldSection(Section):
    """A field as people read it."""

    label: Text = {}
    """What people call it; by default its name, made readable."""
    kind: Literal["auto", "text", "number", "ratio", "bytes", "seconds", "time", "link", "amounts"] = "auto"
    """How it is written."""
    unit: str = ""
    """What is shown after a number, such as °C."""
    table: bool = True
    """Whether it is a column of the table."""


class TypeSection(Section):
    """What people call the things of a type, how they are judged, and where they stand on the map."""

    label: Text = {}
    """One of them, such as Station."""
    plural: Text = {}
    """Several of them, such as stations."""
    counts: dict[str, dict[str, str]] = {}
    """What goes with a number, by language and plural category: {en: {one: station, other: stations}}."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""
    rank: int = 500
    """Their place in lists, the lowest first."""
    statuses: dict[str, StatusSection] = {}
    """By status, beside the map's own words."""
    fields: dict[FieldName, FieldSection] = {}
    """In the order in which they are shown."""
    place: Literal["district", "inside", "orbit", "list"] = "inside"
    """Where they stand: as districts, inside or in orbit of what within refers to, or only in lists."""
    within: tuple[FieldName, ...] = ()
    """References that say inside or in orbit of what they stand; the first that is set."""
    look: str = "mark"
    """How they are drawn."""


class LayerSection(Section):
    """What people call a layer."""

    title: Text = {}
    """Its name, such as Weather."""
    hint: Text = {}
    """What it shows, in a sentence."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""


class CursorPages(Section):
    """Each answer holds the cursor of the next page."""

    by: Literal["cursor"]
    cursor: Steps = "next_cursor"
    """Where the cursor is in an answer."""
    parameter: str = "cursor"
    """The parameter with which it is sent."""


class LinkPages(Section):
    """Each answer has a header Link with the address of the next page."""

    by: Literal["link"]


class OffsetPages(Section):
    """The next page begins after as many rows as came so far."""

    by: Literal["offset"]
    parameter: str = "offset"
    """The parameter with which the number of rows is sent."""


class NumberPages(Section):
    """Pages are numbered."""

    by: Literal["number"]
    parameter: str = "page"
    """The parameter with which the number is sent."""
    first: int = 1
    """The number of the first page."""


Pages = Annotated[CursorPages | LinkPages | OffsetPages | NumberPages, Field(discriminator="by")]


class FieldsSection(Section):
    """Which fields are made of a row or of a message."""

    fields: dict[FieldName, Expression] = {}
    """By field, where its value stands."""
    references: dict[FieldName, Reference] = {}
    """By field, the other items that it names."""
    times: frozenset[FieldName] = frozenset()
    """Those of the fields that are times, in ISO 8601 or as seconds or milliseconds since 1970."""
    status_words: dict[str, str] = {}
    """What the service's words for the field status mean: {"2": degraded}. Words that the map has need none."""


class DetailsSection(FieldsSection):
    """One request about one item, for those who open it."""

    path: Annotated[str, Field(pattern=r"^/.*\{name\}")]
    """What to ask for: {name} is what the id has after the colon."""
    query: dict[str, str | int | float | bool] = {}
    """Parameters of the request."""
    row: Expression = "@"
    """Where the item is in the answer."""


class ItemSection(FieldsSection):
    """How items are made, of the rows of an answer or of messages."""

    layer: Name
    """The layer that the items are in."""
    collection: Name = "items"
    """The collection of that layer."""
    type: Name
    """The type of the items, such as station: the part of their ids before the colon."""


class ListSection(ItemSection):
    """One request that lists items."""

    path: Annotated[str, Field(pattern=r"^/")]
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
