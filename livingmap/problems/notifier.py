"""The notifier: sends problems that last to people, grouped, once, and says when they are over.

Example: at 03:00 a database goes away, and with it three sources go down. A minute later the route "on call" gets
one message with three problems. At 03:20 they are back; the next message, which the pause allows, says that all
three are over. A source that goes down and comes back within its minute is never heard of.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog
from pydantic import SecretStr

from livingmap.access.view import EVERYTHING
from livingmap.cluster import Cluster
from livingmap.config.notify import NotifyRoute
from livingmap.core.fold import NOTIFIED
from livingmap.core.language import ENGLISH
from livingmap.core.layers import Layers
from livingmap.core.model import Json, Message
from livingmap.core.progress import Progress
from livingmap.core.units import rfc3339
from livingmap.problems.in_words import what_is_wrong
from livingmap.problems.kind import Severity
from livingmap.problems.message import Ending, ended_json, message, tone
from livingmap.problems.notified import MOST, Incident, Notified, payload_of
from livingmap.problems.open_problems import OpenProblems, Problem
from livingmap.problems.reports import Reports
from livingmap.problems.sending import NotSent, Publish, Send, Tone

NATS: Final = "nats"
"""The name of the route for programs, as the log has it; those for people have numbers."""
_PROGRAMS: Final = NotifyRoute(urls=(SecretStr("nats:"),), severity="info", pause_seconds=10)
_LOOK_SECONDS: Final = 5.0
_OVER_SECONDS: Final = 60.0
"""A problem that is not there for so long is over; one that comes back sooner is the same."""
_SETTLED_SECONDS: Final = 120.0
"""A process that has led for a shorter time may just not have found yet what another one had."""

_logger = structlog.get_logger(__name__)


class Append(Protocol):
    """Appends a message to the log; see `livingmap.log.Log.append_once`."""

    async def __call__(self, message: Message, name: str, /) -> bool:
        """Append ``message``."""


@dataclass(slots=True)
class _Route:
    """A route, and what this process knows of its messages."""

    name: str
    settings: NotifyRoute
    free_at: float = 0.0
    """When the next message may be sent, by the clock of the notifier."""
    missing: dict[str, float] = field(default_factory=dict)
    """Since when problems that were sent are not there."""
    is_failing: bool = False


class Notifier:
    """Sends problems on ``routes`` while this process leads, or led last and nobody does."""

    def __init__(
        self,
        routes: Sequence[NotifyRoute],
        problems: OpenProblems,
        scene: Layers,
        notified: Notified,
        is_responsible: Callable[[], bool],
        append: Append,
        send: Send,
        publish: Publish | None,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self.sent = self.failed = 0
        """How many messages an address took, and how many not."""
        self._routes = [_Route(str(number), settings) for number, settings in enumerate(routes)]
        if publish is not None:
            self._routes.append(_Route(NATS, _PROGRAMS))
        self._publish = publish
        self._problems = problems
        self._scene = scene
        self._notified = notified
        self._is_responsible = is_responsible
        self._append = append
        self._send = send
        self._now = now
        self._clock = clock
        self._responsible_since: float | None = None
        self._unlogged: deque[dict[str, Json]] = deque(maxlen=MOST)
        """What was sent and is not in the log yet."""

    async def run(self) -> None:
        """Look for what to send until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Send what has to be sent now."""
        await self._log_sent()
        if not self._is_responsible():
            self._responsible_since = None
            return
        clock = self._clock()
        if self._responsible_since is None:
            self._responsible_since = clock
            for route in self._routes:
                route.missing = {}  # what was missing earlier may have been there while another process led
        problems = self._problems.everything(self._scene)
        for route in self._routes:
            await self._serve(route, problems, clock)

    async def _serve(self, route: _Route, problems: Sequence[Problem], clock: float) -> None:
        """Send a route what has to be sent of the ``problems`` that were there at ``clock``."""
        known = self._notified.of(route.name)
        begun = [one for one in problems if one.id not in known and self._is_to_send(route.settings, one)]
        ended = self._over(route, known.values(), {one.id for one in problems}, clock)
        settings, now = route.settings, self._now()
        if settings.is_quiet(now.astimezone(ZoneInfo(settings.timezone)).time()):
            begun, ended = [one for one in begun if one.severity is Severity.CRITICAL], []
        if (begun or ended) and self._clock() >= route.free_at:
            await self._tell(route, begun, ended)

    def _is_to_send(self, route: NotifyRoute, one: Problem) -> bool:
        """Tell whether a problem is open, one for a route, and has lasted for as long as an alert would wait."""
        lasting = one.kind.alert_seconds
        return (
            one.state == "open"
            and lasting is not None
            and self._now() - one.since >= timedelta(seconds=lasting)
            and one.severity.rank <= Severity(route.severity).rank
            and (not route.codes or one.kind.code in route.codes)
            and (not route.sources or one.finding.source in route.sources)
            and (not route.layers or not set(route.layers).isdisjoint(one.finding.layers))
        )

    def _over(self, route: _Route, known: Iterable[Incident], present: set[str], clock: float) -> list[Ending]:
        """Return which problems that were sent are over: for a while none of them was there."""
        absent = [one for one in known if one.id not in present]
        route.missing = {one.id: route.missing.get(one.id, clock) for one in absent}
        if clock - (self._responsible_since or clock) < _SETTLED_SECONDS:
            return []
        over = [one for one in absent if clock - route.missing[one.id] >= _OVER_SECONDS]
        return [Ending(one, self._ended_at(route.missing[one.id])) for one in over]

    def _ended_at(self, missing_since: float) -> datetime | None:
        """Return when a problem ended; None if it was gone when this process began to lead."""
        if missing_since == self._responsible_since:
            return None
        return self._now() - timedelta(seconds=self._clock() - missing_since)

    async def _tell(self, route: _Route, begun: Sequence[Problem], ended: Sequence[Ending]) -> None:
        """Send one message; what was sent to nobody is sent again later."""
        incidents = [self._incident(one, route.settings.language) for one in begun]
        route.free_at = self._clock() + route.settings.pause_seconds
        if route.name == NATS:
            is_sent = await self._published(route, [*self._begun(begun), *map(ended_json, ended)])
        else:
            title, text = message(route.settings.language, begun, incidents, ended)
            is_sent = await self._sent_to_any(route, title, text, tone(begun))
        if not is_sent:
            return
        self._unlogged.append(payload_of(route.name, incidents, [one.incident.id for one in ended]))
        await self._log_sent()

    def _incident(self, one: Problem, language: str) -> Incident:
        what, since = what_is_wrong(one.finding, self._scene, language), rfc3339(one.since.replace(microsecond=0))
        return Incident(one.id, what, one.severity, one.kind.code, str(since))

    async def _log_sent(self) -> None:
        """Have the log take what was sent. While it does not, this process remembers, whatever is restored."""
        for payload in self._unlogged:
            self._notified.take(payload)
        with contextlib.suppress(OSError):
            while self._unlogged:
                await self._append(Message(NOTIFIED, self._unlogged[0]), secrets.token_hex(16))
                self._unlogged.popleft()

    def _begun(self, problems: Iterable[Problem]) -> Iterator[bytes]:
        """Yield problems as programs get them: as administrators do that ask for them."""
        reports = Reports(self._scene, EVERYTHING, ENGLISH)
        for one in problems:
            yield reports.report(one).model_dump_json().encode()

    async def _published(self, route: _Route, payloads: Sequence[bytes]) -> bool:
        """Publish messages; tell whether the server has them."""
        reasons = []
        try:
            if self._publish is not None:
                await self._publish(payloads)
            self.sent += len(payloads)
        except NotSent as error:
            self.failed += len(payloads)
            reasons = [str(error)]
        _note(route, reasons)
        return not reasons

    async def _sent_to_any(self, route: _Route, title: str, text: str, tone: Tone) -> bool:
        """Send a message to all addresses of a route; tell whether any got it."""
        reasons, before = [], self.sent
        try:
            addresses = route.settings.addresses()
        except OSError as error:
            addresses, reasons = [], [f"urls_file: {error.strerror}"]
        for address in addresses:
            try:
                await self._send(address, title, text, tone)
                self.sent += 1
            except NotSent as error:
                self.failed += 1
                reasons.append(str(error))
        _note(route, reasons)
        return self.sent > before


def _note(route: _Route, reasons: Sequence[str]) -> None:
    """Note why something could not be sent, and log it the first time."""
    if reasons and not route.is_failing:
        _logger.warning("a notification could not be sent", route=route.name, reasons=reasons)
    route.is_failing = bool(reasons)


def responsible(cluster: Cluster, progress: Progress) -> bool:
    """Tell whether this process is to notify: it leads, or led last, and nobody else is seen to lead."""
    if cluster.leads:
        return True
    led_last = 0 < cluster.term() >= progress.term
    return led_last and (progress.away_since is not None or cluster.leaderless_seconds() is not None)
