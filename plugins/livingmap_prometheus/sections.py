"""What the setting queries holds, apart from plugin.py because a query is only a part of the section."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from livingmap.plugin import GivenWords, NestedSettings, PlainName

OWN: Final = {"job": ("monitoring", "jobs"), "target": ("monitoring", "targets")}
_IDS: Final = {"job": "job:{job}", "target": "target:{job}@{instance}"}
_LABEL: Final = re.compile(r"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")


class QuerySection(NestedSettings):
    """A query whose numbers are shown."""

    query: Annotated[str, Field(min_length=1)]
    """The PromQL of an instant query."""
    item: str | None = None
    """What a number of the answer belongs to: job, target, or a template of an id such as node:{nodename}, with
    labels in braces; nothing if the query gives one number of the whole network."""
    layer: PlainName | None = None
    """With a template: the layer of those items, which another source lists."""
    collection: PlainName = "items"
    """The collection of that layer."""
    label: GivenWords = {}
    """What people call the number; by default the name of the query, made readable."""
    kind: Literal["auto", "number", "ratio", "bytes", "seconds", "time"] = "number"
    """How it is written."""
    unit: str = ""
    """What is shown after it, such as req/s."""

    @model_validator(mode="after")
    def _names_an_item(self) -> Self:
        template = self.item is not None and self.item not in OWN
        if template and not (re.match(r"[a-z][a-z0-9_]*:", self.item or "") and _LABEL.search(self.item or "")):
            raise ValueError(f"item: {self.item!r} is neither job nor target nor like node:{{nodename}}")
        if template != (self.layer is not None):
            raise ValueError("give layer with an item that is a template, and only then: it lists those items")
        return self

    @property
    def place(self) -> tuple[str, str] | None:
        """The layer and the collection that the numbers belong to; None if they are of no item."""
        return OWN.get(self.item or "") or ((self.layer, self.collection) if self.layer else None)

    def id_of(self, labels: dict[str, str]) -> str | None:
        """Return the id of the item that a series is about; None if it lacks a label."""
        template = _IDS.get(self.item or "", self.item or "")
        names = _LABEL.findall(template)
        if not names or not all(labels.get(name) for name in names):
            return None
        entity_id = _LABEL.sub(lambda match: labels[match[1]], template)
        return entity_id if not re.search(r"\s", entity_id) else None
