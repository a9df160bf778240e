"""The endpoint of the sentences: what clients make of events, in every language that plugins know."""

from collections.abc import Iterable, Mapping
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.core.templates import Templates

PATH: Final = "/living-map/sentences"


class EventSentences(BaseModel):
    """The texts of the events of one type."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    event_type: str
    """A type, or a pattern with the wildcards of NATS."""
    texts: dict[str, list[str]]
    """By language; the first text that can be filled is used."""


class SentenceTable(BaseModel):
    """The texts of all events. The first entry that an event's type matches is used."""

    sentences: list[EventSentences]


class PreparedSentences:
    """The table as it is sent. It is made anew when there are other sources."""

    def __init__(self) -> None:
        self.prepared = Prepared(b"{}", "application/json", "no-cache")

    def replace(self, table: Iterable[tuple[str, Mapping[str, Templates]]]) -> None:
        """Send ``table`` from now on."""
        entries = [
            {"event_type": pattern, "texts": {language: _listed(one) for language, one in texts.items()}}
            for pattern, texts in table
        ]
        self.prepared = Prepared(orjson.dumps({"sentences": entries}), "application/json", "no-cache")


def routes(table: PreparedSentences) -> APIRouter:
    """Return the endpoint. It needs no token, as it reveals nothing of the map but which plugins it has."""
    router = APIRouter(tags=["map"])

    @router.get(PATH, summary="Sentences", response_model=SentenceTable)
    async def sentences(request: Request) -> Response:
        """Return the texts by which clients say what has happened."""
        return await table.prepared.answer(request, accepted_encoding(request.headers.get("accept-encoding", "")))

    return router


def _listed(templates: Templates) -> list[str]:
    return [templates] if isinstance(templates, str) else list(templates)
