"""Handlers: one for each subject, of all that the section says about it."""

from collections.abc import Callable, Sequence

from livingmap.plugin import Change, Drop, Event, Handler, InvalidAnswer, Json, Part, Put, rfc3339, without_none
from livingmap_http.expressions import finder
from livingmap_http.rows import field_values, identifier
from livingmap_http.sections import EventSection


def messages_of(sections: Sequence[EventSection]) -> Handler:
    """Return the handler of the messages of one subject."""
    readers = [_reader(section) for section in sections]

    def on_message(event: Event, part: Part) -> list[Change]:
        try:
            return [change for read in readers for change in read(event)]
        except ValueError as error:
            raise InvalidAnswer(f"payload: {error}") from None

    return on_message


def _reader(section: EventSection) -> Callable[[Event], list[Change]]:
    holds, fields = finder(section.when or "`true`"), field_values(section)
    entity_id = _id_reader(section)

    def read(event: Event) -> list[Change]:
        if not holds(event.payload):
            return []
        item = identifier(section.type, entity_id(event))
        if section.drops:
            return [Drop(section.layer, item, section.collection)]
        values = without_none(fields(event.payload))
        if section.received:
            values[section.received] = rfc3339(event.received_at)
        return [Put(section.layer, item, values, collection=section.collection, creates=section.creates)]

    return read


def _id_reader(section: EventSection) -> Callable[[Event], Json]:
    if section.token is not None:
        index = section.token - 1
        return lambda event: dict(enumerate(event.type.split("."))).get(index)
    find = finder(section.id or "id")
    return lambda event: find(event.payload)
