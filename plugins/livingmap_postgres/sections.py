"""What the setting queries holds, apart from plugin.py because a query is only a part of the section."""

from typing import Annotated

from pydantic import Field

from livingmap.plugin import FieldName, GivenWords, NestedSettings, PlainName


class Reference(NestedSettings):
    """A column that holds the id of another item, or an array of ids."""

    type: PlainName
    """The type of the other item."""
    label: GivenWords = {}
    """What the other item is to this one, such as supplier."""
    referrers: GivenWords = {}
    """What these items are called from the other side, such as products."""


class QuerySection(NestedSettings):
    """A query whose rows are items."""

    sql: Annotated[str, Field(min_length=1)]
    """One SELECT, with a column id; name and status are read as such, all other columns are fields."""
    layer: PlainName
    """The layer that the items are in."""
    collection: PlainName = "items"
    """The collection of that layer."""
    type: PlainName
    """The type of the items: the part of their ids before the colon."""
    references: dict[FieldName, Reference] = {}
    """By column, of which type the items are that it names."""
    status_words: dict[str, str] = {}
    """What the words of the column status mean, where the map has other ones."""
    decorates: bool = False
    """Add fields to items that other sources list, and list none."""
