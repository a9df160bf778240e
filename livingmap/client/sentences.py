"""Events in words: the templates of a running map, filled with what a client has of it."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

from livingmap.client.errors import MapError
from livingmap.client.http import MapClient
from livingmap.core.model import Fields
from livingmap.core.reducer import State
from livingmap.core.sentences import Happening, find_templates, in_words, sentence
from livingmap.core.templates import Templates


class EventTexts:
    """The texts of a map's events, in one language; English where there is none in that."""

    def __init__(self, entries: Sequence[Mapping[str, Any]], language: str = "en") -> None:
        self._language = language
        self._table: list[tuple[str, Mapping[str, Templates]]] = [
            (entry["event_type"], entry["texts"]) for entry in entries
        ]

    @classmethod
    async def of(cls, client: MapClient, language: str = "en") -> Self:
        """Return those of the map that ``client`` asks; none of one that has none or does not answer."""
        try:
            answer = await client.sentences()
        except MapError:
            return cls((), language)
        return cls(answer["sentences"], language)

    def sentence(
        self, event_type: str, payload: Fields, changes: Sequence[Mapping[str, Any]], state: State
    ) -> str:
        """Return what an event says, with the names that things have in ``state``; else its type in words."""

        def find(entity_id: str) -> Fields | None:
            return _find(state, entity_id)

        happening = Happening(payload, changes, find, self._language)
        return sentence(find_templates(self._table, event_type), happening) or in_words(event_type, happening)


def _find(state: State, entity_id: str) -> Fields | None:
    """Return an item, as the first layer by name has it that knows what it is called."""
    found = [
        items[entity_id]
        for name in sorted(state)
        for items in state[name].collections.values()
        if entity_id in items
    ]
    return next((item for item in found if item.get("name")), found[0] if found else None)
