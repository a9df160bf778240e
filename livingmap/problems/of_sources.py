"""Problems of sources: down, stale, not loaded, or with a plugin that does not do what it should."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.problems.growth import Growth
from livingmap.problems.kind import Finding, Kind, Severity

_OVERRUN_SECONDS: Final = 600.0

SOURCE_DOWN: Final = Kind(
    "source_down",
    Severity.CRITICAL,
    {"en": "Source down", "uk": "Джерело не відповідає"},
    {"en": "Source {source} is not responding", "uk": "Джерело {source} не відповідає"},
    {
        "en": "The map shows what the service said last, or nothing of it.",
        "uk": "Мапа показує останнє, що повідомив сервіс, або нічого з нього.",
    },
    {
        "en": "Run `livingmap probe SOURCE`. Is the service running, is `base_url` right, is the token valid?",
        "uk": "Виконайте `livingmap probe SOURCE`. Чи працює сервіс, чи правильний `base_url`, чи дійсний токен?",
    },
    is_public=True,
)
SOURCE_STALE: Final = Kind(
    "source_stale",
    Severity.WARNING,
    {"en": "Source out of date", "uk": "Дані джерела застаріли"},
    {"en": "Source {source} is out of date", "uk": "Дані джерела {source} застаріли"},
    {
        "en": "The last poll missed something, or none was complete for too long. For what is missing the map "
        "shows the last good data.",
        "uk": "Останнє опитування щось пропустило, або повного не було надто довго. Там, де бракує даних, мапа "
        "показує останні добрі.",
    },
    {
        "en": "The detail names the layer and the request. An answer that is suddenly much smaller is held until "
        "the next poll confirms it.",
        "uk": "Подробиці називають шар і запит. Відповідь, що раптом стала значно меншою, чекає на підтвердження "
        "наступним опитуванням.",
    },
    is_public=True,
    alert_seconds=300,
)
SOURCE_FAILED: Final = Kind(
    "source_failed",
    Severity.CRITICAL,
    {"en": "Source not loaded", "uk": "Джерело не завантажено"},
    {"en": "Source {source} could not be loaded", "uk": "Джерело {source} не вдалося завантажити"},
    {
        "en": "Its plugin is missing or broken. Nothing of it is on the map.",
        "uk": "Його плагіна немає, або він несправний. На мапі немає нічого з нього.",
    },
    {
        "en": "Run `livingmap check`: it names file and line. Then `livingmap reload`.",
        "uk": "Виконайте `livingmap check`: команда назве файл і рядок. Потім `livingmap reload`.",
    },
    is_public=True,
)
ROWS_DROPPED: Final = Kind(
    "rows_dropped",
    Severity.INFO,
    {"en": "Rows dropped", "uk": "Рядки відкинуто"},
    {
        "en": "{count:count row|rows} of source {source} could not be used",
        "uk": "Джерело {source}: не вдалося використати {count:count рядок|рядки|рядків}",
    },
    {
        "en": "The service sent rows that are not what its plugin expects. The other rows are shown.",
        "uk": "Сервіс надіслав рядки, яких його плагін не очікує. Решту рядків показано.",
    },
    {
        "en": "`dropped` in `/living-map/sources` gives the reasons. Mend the service, or the plugin's rows.",
        "uk": "`dropped` у `/living-map/sources` наводить причини. Виправте сервіс або рядки плагіна.",
    },
    alert_seconds=None,
)
EVENTS_UNUSABLE: Final = Kind(
    "events_unusable",
    Severity.INFO,
    {"en": "Events of no use", "uk": "Непридатні події"},
    {
        "en": "Events could not be used by source {source}",
        "uk": "Джерело {source} не змогло використати деякі події",
    },
    {
        "en": "A handler of the plugin raised on events of the last ten minutes. They changed nothing for this "
        "source; the next poll corrects the map.",
        "uk": "Обробник плагіна дав збій на подіях за останні десять хвилин. Для цього джерела вони нічого не "
        "змінили; мапу виправить наступне опитування.",
    },
    {
        "en": "`last_faults` in `/living-map/sources` gives the events and reasons, the log the traceback.",
        "uk": "`last_faults` у `/living-map/sources` наводить події та причини, а журнал програми трасування.",
    },
    of_process=True,
    alert_seconds=None,
)
PLUGIN_OVER_BUDGET: Final = Kind(
    "plugin_over_budget",
    Severity.WARNING,
    {"en": "Plugin over its budget", "uk": "Плагін перевищив час"},
    {
        "en": "The plugin of source {source} held on for too long",
        "uk": "Плагін джерела {source} працював надто довго",
    },
    {
        "en": "Its code held the map, or its own thread, for longer than it may within the last ten minutes. A "
        "handler that does so three times is set aside.",
        "uk": "За останні десять хвилин його код затримував мапу або власний потік довше, ніж дозволено. "
        "Обробник, який зробить це тричі, буде відсторонено.",
    },
    {
        "en": "`last_overruns` in `/living-map/sources` gives file and line. What blocks belongs into a fetch, "
        "not into a handler.",
        "uk": "`last_overruns` у `/living-map/sources` наводить файл і рядок. Те, що блокує, має бути у fetch, "
        "а не в обробнику.",
    },
    of_process=True,
)
HANDLER_SET_ASIDE: Final = Kind(
    "handler_set_aside",
    Severity.WARNING,
    {"en": "Handler set aside", "uk": "Обробник відсторонено"},
    {
        "en": "Messages on {handler} are left out for source {source}",
        "uk": "Повідомлення {handler} для джерела {source} пропускаються",
    },
    {
        "en": "The handler held up the map again and again. It is tried again after a pause; until then its "
        "messages change nothing, and the source is stale.",
        "uk": "Обробник раз у раз затримував мапу. Після паузи його спробують знову; доти його повідомлення "
        "нічого не змінюють, а дані джерела вважаються застарілими.",
    },
    {
        "en": "`last_overruns` in `/living-map/sources` gives file and line of the plugin.",
        "uk": "`last_overruns` у `/living-map/sources` наводить файл і рядок плагіна.",
    },
)

KINDS: Final = (
    SOURCE_DOWN,
    SOURCE_FAILED,
    SOURCE_STALE,
    HANDLER_SET_ASIDE,
    PLUGIN_OVER_BUDGET,
    EVENTS_UNUSABLE,
    ROWS_DROPPED,
)
_KINDS: Final = {
    Freshness.DOWN: SOURCE_DOWN,
    Freshness.STALE: SOURCE_STALE,
    Freshness.FAILED: SOURCE_FAILED,
}


class SourceProblems:
    """Finds the problems of the sources whose health ``states`` returns.

    ``layers_of`` returns the layers of a source by its name.
    """

    def __init__(
        self, states: Callable[[], Sequence[SourceHealth]], layers_of: Callable[[str], tuple[str, ...]]
    ) -> None:
        self._states = states
        self._layers_of = layers_of
        self._overruns: dict[str, Growth] = {}
        self._faults: dict[str, Growth] = {}

    def find(self, now: datetime) -> Iterator[Finding]:
        """Yield the problems there are now."""
        for state in self._states():
            if state.status is not Freshness.DISABLED:
                yield from self._of(state, now)

    def _of(self, state: SourceHealth, now: datetime) -> Iterator[Finding]:
        name, layers, values = state.name, self._layers_of(state.name), {"source": state.name}
        if kind := self._kind(state, now):
            since, detail = self._since(state, kind), state.error_at(now)
            yield Finding(kind, name, values, since, source=name, layers=layers, detail=detail)
        for pattern in state.set_aside:
            about = {**values, "handler": pattern}
            yield Finding(HANDLER_SET_ASIDE, f"{name} {pattern}", about, source=name, layers=layers)
        if state.dropped_rows:
            rows, reason = {**values, "count": state.dropped_rows}, next(iter(state.dropped), None)
            yield Finding(ROWS_DROPPED, name, rows, source=name, layers=layers, detail=reason)
        counts = (
            (PLUGIN_OVER_BUDGET, self._overruns, state.overruns, state.last_overruns),
            (EVENTS_UNUSABLE, self._faults, state.faults, state.last_faults),
        )
        for kind, growths, count, texts in counts:
            growth = growths.setdefault(name, Growth(_OVERRUN_SECONDS))
            if growth.note(count, now):
                detail = texts[-1] if texts else None
                yield Finding(kind, name, values, growth.began, growth.ended, name, layers=layers, detail=detail)

    def _kind(self, state: SourceHealth, now: datetime) -> Kind | None:
        """Return how a source fares badly; one that is stale for a handler alone has a problem of its own."""
        status = state.status_at(now)
        is_good = state.status in (Freshness.FRESH, Freshness.MOCK)
        if status is Freshness.STALE and is_good and state.set_aside and not state.run_error:
            return None if not state.is_overdue(now) else SOURCE_STALE
        return _KINDS.get(status)

    def _since(self, state: SourceHealth, kind: Kind) -> datetime | None:
        """Return since when a source is known to be stale, where polls just stopped to come."""
        is_good = state.status in (Freshness.FRESH, Freshness.MOCK)
        if kind is SOURCE_STALE and is_good and state.observed_at and state.stale_after_seconds:
            return state.observed_at + timedelta(seconds=state.stale_after_seconds)
        return None
