"""Sources then: how far each source could be trusted at a past moment."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from livingmap.core.fold import DOWN, OF_POLLS, UP
from livingmap.core.freshness import Freshness, seconds_since
from livingmap.core.model import Fields, Json
from livingmap.core.units import rfc3339
from livingmap.history import Entry

_SHOWN: Final = ("name", "service", "status", "observed_at", "age_seconds", "error")
_GOOD: Final = (Freshness.FRESH, Freshness.MOCK)
_OVERDUE: Final = "the map has nothing of that time"


class SourcesThen:
    """The sources of a `livingmap.history.State`, which the entries after it change.

    A poll that finds nothing new leaves no entry. So a source counts as it was in the state, for as long as no
    entry says otherwise and the map had entries at all.
    """

    def __init__(self, sources: Iterable[Fields]) -> None:
        self._sources: dict[str, dict[str, Json]] = {one["name"]: dict(one) for one in sources}
        self._before: dict[str, str] = {}
        """What a source that is down was before."""

    def copy(self) -> "SourcesThen":
        """Return sources that go on from here and leave these as they are."""
        other = SourcesThen(self._sources.values())
        other._before = dict(self._before)
        return other

    def take(self, entry: Entry) -> None:
        """Take in what an entry says of its source."""
        one = self._sources.get(entry.source or "")
        if one is None:
            return
        if entry.event_type in OF_POLLS:
            one["observed_at"] = rfc3339(entry.received_at)
            one["contributed"] = True
            if one["status"] == Freshness.STARTING:
                one["status"] = one.get("good") or one["status"]
        elif entry.event_type == DOWN:
            self._before[one["name"]] = one["status"]
            one["status"], one["error"] = str(Freshness.DOWN), entry.payload.get("error")
        elif entry.event_type == UP:
            before = self._before.pop(one["name"], "")
            one["status"] = before if before in _GOOD else one.get("good") or str(Freshness.FRESH)
            one["error"] = None

    def services(self) -> list[str]:
        """Return the services from which something on the map had come, each once."""
        return list(dict.fromkeys(one["service"] for one in self._sources.values() if one.get("contributed")))

    def at(self, time: datetime, *, silent: bool, reports: bool) -> list[dict[str, Json]]:
        """Return the sources as in ``meta.sources`` at a time; ``silent`` if the map had no entries then."""
        return [self._shown(one, time, silent=silent, reports=reports) for one in self._sources.values()]

    def _shown(self, one: Fields, time: datetime, *, silent: bool, reports: bool) -> dict[str, Json]:
        seen = datetime.fromisoformat(one["observed_at"]) if one.get("observed_at") else None
        age, limit = seconds_since(seen, time), one.get("stale_after_seconds")
        shown = {name: one.get(name) for name in _SHOWN}
        shown["age_seconds"] = None if age is None else round(age, 1)
        if silent and one["status"] in _GOOD and limit is not None and (age is None or age > limit):
            shown["status"], shown["error"] = str(Freshness.STALE), one.get("error") or _OVERDUE
        return shown if reports else shown | {"error": None}
