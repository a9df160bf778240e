"""Redaction: removes secrets from changes and payloads before anything is stored or sent.

Example: the rule ``agents.*.owner`` makes ``Put("agents", "agent:sofia", {"name": "Sofia", "owner": "u1"})`` into
``Put("agents", "agent:sofia", {"name": "Sofia"})``. No caller sees the field, whatever its rights; what only some
may see is the business of `livingmap.access`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from livingmap.core.model import Change, Drop, Fields, Json

ALWAYS: Final = frozenset(
    {
        "access_token",
        "api_key",
        "bot_token",
        "password",
        "password_hash",
        "private_key",
        "refresh_token",
        "rewrite_prompt",
        "secret",
        "session_token",
        "system_prompt",
    }
)
"""Fields that are always removed, at any depth."""

_ANY: Final = "*"
_ATOMS: Final = frozenset({str, int, float, bool, type(None)})
"""The types of JSON values that hold no others."""
_PARTS: Final = 3


def invalid_reason(rule: str) -> str | None:
    """Return why ``rule`` is not a valid redaction rule; None if it is valid."""
    parts = rule.split(".")
    if len(parts) != _PARTS or parts[1] != _ANY or not parts[0] or not parts[2] or parts[2] == _ANY:
        return "is not of the form layer.*.field"
    return "removes the id" if parts[2] == "id" else None


class Redaction:
    """Removes the fields `ALWAYS`, and those of rules ``layer.*.field``, at any depth.

    Payloads belong to no layer: a rule removes its field from all of them.
    """

    def __init__(self, rules: Iterable[str] = ()) -> None:
        self._by_layer: dict[str, frozenset[str]] = {}
        split = [(rule.split(".")[0], rule.split(".")[2]) for rule in rules]
        self._anywhere = ALWAYS | {field for layer, field in split if layer == _ANY}
        for name in {layer for layer, _ in split if layer != _ANY}:
            self._by_layer[name] = self._anywhere | {field for layer, field in split if layer == name}
        self.names = self._anywhere | {field for _, field in split}
        """The fields that are removed, from everything or from some layer."""

    def removes(self, layer: str, name: str) -> bool:
        """Tell whether the field ``name`` of a layer's items is removed."""
        return name in self._by_layer.get(layer, self._anywhere)

    def change(self, change: Change) -> Change:
        """Return ``change`` without redacted fields; itself if it has none."""
        if isinstance(change, Drop):
            return change
        clean = self.fields(change.layer, change.set)
        return change if clean is change.set else replace(change, set=clean)

    def fields(self, layer: str, fields: Fields) -> Fields:
        """Return the fields of an item, or of a layer, without redacted ones; itself if there are none."""
        return _clean(fields, self._by_layer.get(layer, self._anywhere))

    def payload(self, payload: Fields) -> Fields:
        """Return a message's payload without redacted fields; itself if it has none."""
        return _clean(payload, self.names)


def _clean(fields: Fields, hidden: frozenset[str]) -> Fields:
    """Return ``fields`` without the ``hidden`` ones; itself if it has none, which is nearly always."""
    if not _shows(fields, hidden):
        return fields
    return {name: _cleaned(value, hidden) for name, value in fields.items() if name not in hidden}


def _shows(fields: Fields, hidden: frozenset[str]) -> bool:
    """Tell whether ``fields`` hold a hidden one at any depth. Loops: no other part of a fold takes as long."""
    return not hidden.isdisjoint(fields) or _holds(fields.values(), hidden)


def _holds(values: Iterable[Json], hidden: frozenset[str]) -> bool:
    for value in values:
        if type(value) in _ATOMS:
            continue
        if _shows(value, hidden) if isinstance(value, dict) else isinstance(value, list) and _holds(value, hidden):
            return True
    return False


def _cleaned(value: Json, hidden: frozenset[str]) -> Json:
    if isinstance(value, dict):
        return _clean(value, hidden)
    return [_cleaned(one, hidden) for one in value] if isinstance(value, list) else value
