"""Samples: recorded answers and messages of a service, kept as files beside the plugin that reads them.

``samples/*.json`` hold one answer each, ``{"path": "/agents", "query": {}, "status": 200, "body": …}``;
``samples/messages.jsonl`` holds one message a line, ``{"subject": "agent.event.status", "payload": {…}}``.
``samples/listings.jsonl`` holds what a run emitted, one collection a line, ``{"layer": "orders", "collection":
"items", "rows": [{"id": "order:1", "set": {…}}]}``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from livingmap.core.model import Json, Message, Put


@dataclass(frozen=True, slots=True)
class Sample:
    """What a service answered to one request."""

    path: str
    body: Json
    status: int = 200
    query: Mapping[str, str] = field(default_factory=dict)
    """Must be among the parameters of the request; empty fits any."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of the answer, such as a ``Link`` to the next page."""

    def fits(self, path: str, query: Mapping[str, str], method: str = "GET") -> bool:
        """Tell whether this is the answer to a request such as ``GET path?query``."""
        return method == self.method and path == self.path and self.query.items() <= query.items()


@dataclass(frozen=True, slots=True)
class Listing:
    """What a run emitted of one collection as a whole."""

    layer: str
    rows: tuple[Put, ...]
    collection: str = "items"


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of one folder."""

    answers: tuple[Sample, ...] = ()
    messages: tuple[Message, ...] = ()

    listings: tuple[Listing, ...] = ()

    @classmethod
    def load(cls, folder: Path) -> "Samples":
        """Read ``folder``. Raises ValueError with the name of a file that is not a sample."""
        answers = []
        for file in sorted(folder.glob("*.json")):
            try:
                answers.append(Sample(**json.loads(file.read_text(encoding="utf-8"))))
            except (TypeError, ValueError) as error:
                raise ValueError(f"{file}: not a sample: {error}") from error
        loaded = _lines(folder / "messages.jsonl")
        messages = tuple(Message(one["subject"], one["payload"]) for one in loaded)
        return cls(tuple(answers), messages, tuple(map(_listing, _lines(folder / "listings.jsonl"))))

    def answer(self, path: str, query: Mapping[str, str], method: str = "GET") -> Sample | None:
        """Return the sample that answers ``GET path?query`` or the like, the one with the most parameters."""
        fitting = [sample for sample in self.answers if sample.fits(path, query, method)]
        return max(fitting, key=lambda sample: len(sample.query), default=None)


def _lines(file: Path) -> list[Json]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [json.loads(line) for line in lines if line.strip()]


def _listing(line: Json) -> Listing:
    layer, collection = line["layer"], line.get("collection", "items")
    rows = [
        Put(layer, row["id"], row.get("set", {}), collection=collection, aliases=tuple(row.get("aliases", ())))
        for row in line["rows"]
    ]
    return Listing(layer, tuple(rows), collection)
