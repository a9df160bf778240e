"""What was notified: of which problems which route has had a message. Entries of the log, so that nobody gets two.

Example: the leading process sends "Source agents is not responding" on route 0 and appends that it did. It is
killed. The process that leads next has read that entry: it sends nothing more of this problem but its end.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import structlog

from livingmap.core.fold import NOTIFIED, Folded
from livingmap.core.model import Fields, Json

_STATE: Final = "notified"
"""The name under which checkpoints have them."""
MOST: Final = 1000
"""Of how many problems each route remembers that it was sent them; the oldest makes room."""

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Incident:
    """A problem that was sent."""

    id: str
    what: str
    """As it was sent, for when it is over."""
    severity: str
    code: str = ""
    """Of what kind it is; empty if an earlier version of the map sent it."""
    since: str = ""
    """Since when it was open, to the second; empty if an earlier version of the map sent it."""


class Notified:
    """The problems that each route was sent and that were not said to be over. A follower, kept in checkpoints."""

    def __init__(self) -> None:
        self._routes: dict[str, dict[str, Incident]] = {}

    def of(self, route: str) -> Mapping[str, Incident]:
        """Return what a route was sent, by id."""
        return self._routes.get(route, {})

    def take(self, payload: Fields) -> None:
        """Take what was sent. What makes no sense is left out."""
        try:
            begun = [_incident(one) for one in payload["begun"]]
            ended = [str(one) for one in payload["ended"]]
            incidents = self._routes.setdefault(str(payload["route"]), {})
        except (KeyError, TypeError, AttributeError) as error:
            _logger.debug("a notification makes no sense", error=f"{type(error).__name__}: {error}")
            return
        for one in ended:
            incidents.pop(one, None)
        incidents.update((one.id, one) for one in begun)
        while len(incidents) > MOST:
            del incidents[next(iter(incidents))]

    # as a follower of the log

    def on_entry(self, folded: Folded, _: int) -> None:
        """Take an entry."""
        if folded.event.type == NOTIFIED:
            self.take(folded.event.payload)

    def on_restored(self) -> None:
        """Do nothing: what was kept has been restored."""

    # as something that is kept in checkpoints

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield them as JSON."""
        yield (
            _STATE,
            [payload_of(route, list(incidents.values()), []) for route, incidents in self._routes.items()],
        )

    def restore(self, states: Mapping[str, Json]) -> None:
        """Restore what `states` yielded."""
        self._routes = {}
        for payload in states.get(_STATE, ()):
            self.take(payload)


def payload_of(route: str, begun: Sequence[Incident], ended: Sequence[str]) -> dict[str, Json]:
    """Return the payload of the entry that says what a route was sent."""
    incidents = [asdict(one) for one in begun]
    return {"route": route, "begun": incidents, "ended": list(ended)}


def _incident(fields: Fields) -> Incident:
    more = (str(fields.get(name, "")) for name in ("code", "since"))
    return Incident(str(fields["id"]), str(fields["what"]), str(fields["severity"]), *more)
