"""Paging: how a service divides a long list into pages, as `livingmap.core.source.Client.get_all` follows it."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ByCursor:
    """Each answer holds the cursor of the next page; the last one holds none, null or an empty text."""

    rows: str = "items"
    """Where the rows are in an answer, with dots between the steps; empty if the answer is the array itself."""
    cursor: str = "next_cursor"
    """Where the cursor is in an answer, such as ``meta.next``."""
    parameter: str = "cursor"
    """The parameter with which the cursor is sent."""


@dataclass(frozen=True, slots=True)
class ByLink:
    """Each answer has a header ``Link`` with the address of the next page (RFC 8288), the last one has none."""

    rows: str = ""
    """Where the rows are in an answer, with dots between the steps; empty if the answer is the array itself."""


@dataclass(frozen=True, slots=True)
class ByOffset:
    """The next page begins after as many rows as came so far. The last page is the one before an empty one."""

    rows: str = ""
    """Where the rows are in an answer, with dots between the steps; empty if the answer is the array itself."""
    parameter: str = "offset"
    """The parameter with which the number of rows is sent."""


@dataclass(frozen=True, slots=True)
class ByNumber:
    """Pages are numbered. The last page is the one before an empty one, or before one that is not there."""

    rows: str = ""
    """Where the rows are in an answer, with dots between the steps; empty if the answer is the array itself."""
    parameter: str = "page"
    """The parameter with which the number of the page is sent."""
    first: int = 1
    """The number of the first page."""


Paging: TypeAlias = ByCursor | ByLink | ByOffset | ByNumber
"""A way to divide a list into pages."""
