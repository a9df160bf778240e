"""Problems of settings: a configuration that is refused, services of access control that fail."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from livingmap.access.access import AccessState
from livingmap.config.reloading import Reloading
from livingmap.problems.growth import Growth
from livingmap.problems.kind import Finding, Kind, Severity

_RECENT_SECONDS: Final = 3600.0

CONFIGURATION_REFUSED: Final = Kind(
    "configuration_refused",
    Severity.WARNING,
    {"en": "New configuration refused", "uk": "Нову конфігурацію відхилено"},
    {
        "en": "The new configuration is refused; the one before is used",
        "uk": "Нову конфігурацію відхилено; діє попередня",
    },
    {
        "en": "The file was read again and cannot be used as a whole. After a restart the map would not come up.",
        "uk": "Файл прочитано знову, і використати його загалом не можна. Після перезапуску мапа не піднялася б.",
    },
    {
        "en": "Run `livingmap check`: it names each line. What only a restart can change needs one.",
        "uk": "Виконайте `livingmap check`: команда назве кожен рядок. Дещо потребує саме перезапуску.",
    },
    of_process=True,
    alert_seconds=300,
)
CALLERS_UNKNOWN: Final = Kind(
    "callers_unknown",
    Severity.CRITICAL,
    {"en": "Callers cannot be identified", "uk": "Тих, хто звертається, не розпізнано"},
    {
        "en": "{service} cannot say who callers are",
        "uk": "{service} не може сказати, хто звертається",
    },
    {
        "en": "Callers whose token is not remembered get 503. Nobody is let in by mistake.",
        "uk": "Ті, чий токен не запам'ятався, отримують 503. Помилково не допущено нікого.",
    },
    {
        "en": "Is the service of `auth.authenticator` running? The detail has its last answer.",
        "uk": "Чи працює сервіс із `auth.authenticator`? Подробиці наводять його останню відповідь.",
    },
    of_process=True,
)
POLICIES_UNDECIDED: Final = Kind(
    "policies_undecided",
    Severity.WARNING,
    {"en": "Policies are not decided", "uk": "Політики не вирішено"},
    {"en": "The policy engine does not decide", "uk": "Рушій політик не відповідає"},
    {
        "en": "What is not remembered is denied: readers see less than they may.",
        "uk": "Те, що не запам'яталося, заборонено: читачі бачать менше, ніж мають право.",
    },
    {
        "en": "Is the service of `auth.pdp` running, and quick enough for `patience_seconds`?",
        "uk": "Чи працює сервіс із `auth.pdp`, і чи встигає він за `patience_seconds`?",
    },
    of_process=True,
)
MEMBERSHIPS_UNKNOWN: Final = Kind(
    "memberships_unknown",
    Severity.WARNING,
    {"en": "Memberships are not known", "uk": "Належність невідома"},
    {
        "en": "What callers belong to cannot be found out",
        "uk": "Не вдається дізнатися, до чого належать читачі",
    },
    {
        "en": "Members may see less than they may until the services answer.",
        "uk": "Учасники можуть бачити менше, ніж мають право, доки сервіси не відповідатимуть.",
    },
    {
        "en": "`access.memberships` in `/living-map/sources` names the sources that are asked.",
        "uk": "`access.memberships` у `/living-map/sources` називає джерела, які опитуються.",
    },
    of_process=True,
)
LINES_DROPPED: Final = Kind(
    "lines_dropped",
    Severity.INFO,
    {"en": "Log lines dropped", "uk": "Рядки журналу втрачено"},
    {
        "en": "Lines of the program's log could not be written",
        "uk": "Рядки журналу програми не вдалося записати",
    },
    {
        "en": "The disk was full within the last hour, or nobody read the log. The map goes on.",
        "uk": "За останню годину диск був повний, або журналу ніхто не читав. Мапа працює.",
    },
    {
        "en": "Make room, or start again what reads the log.",
        "uk": "Звільніть місце або перезапустіть те, що читає журнал.",
    },
    of_process=True,
    alert_seconds=0,
)

KINDS: Final = (CONFIGURATION_REFUSED, CALLERS_UNKNOWN, POLICIES_UNDECIDED, MEMBERSHIPS_UNKNOWN, LINES_DROPPED)


class SettingProblems:
    """Finds what is wrong with the configuration, access control, and the program's own log."""

    def __init__(
        self,
        reloading: Reloading,
        access: Callable[[], AccessState | None],
        lines_dropped: Callable[[], int],
    ) -> None:
        self._reloading = reloading
        self._access = access
        self._lines_dropped = lines_dropped
        self._dropped = Growth(_RECENT_SECONDS)

    def find(self, now: datetime) -> Iterator[Finding]:
        """Yield the problems there are now."""
        outcome = self._reloading.outcome
        if outcome is not None and outcome.refused:
            yield Finding(CONFIGURATION_REFUSED, since=outcome.at, detail="\n".join(outcome.refused))
        if (access := self._access()) is not None:
            yield from _of_access(access)
        if self._dropped.note(self._lines_dropped(), now):
            yield Finding(LINES_DROPPED, since=self._dropped.began, seen_at=self._dropped.ended)


def _of_access(access: AccessState) -> Iterator[Finding]:
    if access.error is not None:
        service = access.service or access.mode
        yield Finding(CALLERS_UNKNOWN, values={"service": service}, detail=access.error)
    if access.policies is not None and access.policies.error is not None:
        yield Finding(POLICIES_UNDECIDED, detail=access.policies.error)
    if access.memberships is not None and access.memberships.error is not None:
        yield Finding(MEMBERSHIPS_UNKNOWN, detail=access.memberships.error)
