"""What an entry of the history changed, item by item and field by field, as the endpoint lists it."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from livingmap.core.catalogue import home_of
from livingmap.core.labels import label_in
from livingmap.core.layers import Layers
from livingmap.core.model import Fields, Json
from livingmap.core.values import value_at
from livingmap.history import Entry
from livingmap.history.changes import decoded, may_name

MOST_CHANGES: Final = 100
"""How many changes an entry lists at most."""

_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True, populate_by_name=True)


class HistoryField(BaseModel):
    """How a field changed."""

    model_config = _DOCUMENTED

    name: str
    from_: Any = Field(alias="from")
    """What it was; null also where it was not there, and in entries of versions that did not keep it."""
    to: Any
    """What it became; null also where it is gone."""


class HistoryChange(BaseModel):
    """How an item, or a layer itself, changed."""

    model_config = _DOCUMENTED

    op: str
    """``put``, ``drop``, or ``total`` for the layer itself."""
    layer: str
    collection: str | None
    id: str | None
    label: str | None
    """What it is called on the map, or was when it went."""
    came: bool
    """Whether it was not on the map before."""
    went: bool
    fields: list[HistoryField]
    """Those that do not change all the time. Of what came or went they are listed if the request names it."""


class ListedChanges:
    """Lists the changes of entries, with the names that things have in ``shown``.

    With ``entity_ids`` only those of these things, and with ``field``, which may be a path such as
    ``metrics.cpu``, only how that changed. Fields that change all the time are left out. In fields that
    refer to something ids are replaced by those that ``resolve`` returns, so learning an alias is not a change.
    """

    def __init__(
        self,
        shown: Layers,
        resolve: Callable[[str], str],
        entity_ids: tuple[str, ...] = (),
        field: str | None = None,
    ) -> None:
        self._shown = shown
        self._resolve = resolve
        self._ids = entity_ids
        self._field = field
        self._names: dict[str, str] = {}

    def may_concern(self, entry: Entry) -> bool:
        """Tell quickly whether an entry may have changed the field that is asked for, if any."""
        return self._field is None or may_name(entry.changes, (self._field, self._field.partition(".")[0]))

    def concerns(self, entry: Entry) -> bool:
        """Tell whether an entry changed the field that is asked for, if any."""
        return self._field is None or any(self._wants(change) for change in decoded(entry.changes))

    def of(self, entry: Entry) -> tuple[list[HistoryChange] | None, int]:
        """Return what an entry changed, None if that was not kept, and how many changes are not listed."""
        if entry.changes is None:
            return None, 0
        changes = [change for change in decoded(entry.changes) if self._lasts(change)]
        listed = [self._listed(change) for change in islice(filter(self._wants, changes), MOST_CHANGES)]
        return listed, len(changes) - len(listed)

    def _lasts(self, change: Fields) -> bool:
        """Tell whether a change is more than other values of fields that change all the time."""
        return change["op"] == "drop" or change.get("came", False) or any(self._fields_of(change))

    def _wants(self, change: Fields) -> bool:
        if self._ids and change.get("id") not in self._ids:
            return False
        return self._field is None or any(self._asked(change))

    def _fields_of(self, change: Fields) -> Iterator[tuple[str, Json, Json]]:
        """Yield each field that a change names with what it was and what it became."""
        place = change["layer"], change.get("collection", "")
        vocabulary = self._shown.vocabulary
        volatile, references = vocabulary.volatile.get(place, ()), vocabulary.references.get(place, ())
        was, after = change.get("was", {}), change.get("set", {})
        for name in was if change["op"] == "drop" else (*after, *change["unset"]):
            before, now = was.get(name), after.get(name)
            if name in references:
                before, now = self._meaning(before), self._meaning(now)
            if name not in volatile and before != now:
                yield name, before, now

    def _meaning(self, value: Json) -> Json:
        if isinstance(value, list):
            return [self._meaning(one) for one in value]
        return self._resolve(value) if isinstance(value, str) else value

    def _asked(self, change: Fields) -> Iterator[tuple[str, Json, Json]]:
        """Yield the field that is asked for, or the value within it, if the change is one of that."""
        path = self._field or ""
        for name, was, after in self._fields_of(change):
            if name == path:
                yield path, was, after
            elif path.startswith(f"{name}."):
                before, now = value_at({name: was}, path), value_at({name: after}, path)
                if before != now:
                    yield path, before, now

    def _listed(self, change: Fields) -> HistoryChange:
        came, went = change.get("came", False), change["op"] == "drop"
        fields = self._fields_of(change) if self._field is None else self._asked(change)
        is_asked_for = bool(self._ids or self._field)
        return HistoryChange.model_construct(
            op=change["op"],
            layer=change["layer"],
            collection=change.get("collection"),
            id=change.get("id"),
            label=self._label(change),
            came=came,
            went=went,
            fields=[
                HistoryField.model_construct(name=name, from_=was, to=after)
                for name, was, after in (fields if is_asked_for or not (came or went) else ())
            ],
        )

    def _label(self, change: Fields) -> str | None:
        entity_id: str | None = change.get("id")
        if entity_id is None:
            return None
        if entity_id not in self._names:
            place = home_of(self._shown, entity_id) or (change["layer"], change["collection"])
            item = self._shown.items(*place).get(entity_id)
            if item is None:
                return label_in(entity_id, {**change.get("was", {}), **change.get("set", {})})
            self._names[entity_id] = label_in(entity_id, item)
        return self._names[entity_id]
