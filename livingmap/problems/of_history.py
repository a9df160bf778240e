"""Problems of the history: it cannot be written, has lost something, or is not pruned."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from livingmap.history.writer import HistoryWriter
from livingmap.problems.growth import Growth
from livingmap.problems.kind import Finding, Kind, Severity

_RECENT_SECONDS: Final = 3600.0
"""For so long a loss is a problem."""
_DAYS: Final = {Severity.CRITICAL: 1, Severity.WARNING: 7, Severity.INFO: 30}
"""How grave a disk is that is full in fewer days."""
_STAYS: Final = 1.25
"""By so much the forecast has to rise above that before it is less grave: small changes are not news."""
_DAYS_IN_HOURS: Final = 3
"""A forecast of fewer days is given in hours."""

HISTORY_WAITING: Final = Kind(
    "history_waiting",
    Severity.WARNING,
    {"en": "The history cannot be written", "uk": "Історія не записується"},
    {
        "en": "The history cannot be written: {count:count entry waits|entries wait}",
        "uk": "Історію не вдається записати: чекають {count:count запис|записи|записів}",
    },
    {
        "en": "The database is away or refuses to be written. The map goes on; its history answers 503 or lacks "
        "what is newest.",
        "uk": "База даних недоступна або не приймає запису. Мапа працює; історія відповідає 503 або не має "
        "найновішого.",
    },
    {
        "en": "Mend the database: the entries are written by themselves. Without JetStream at most 50,000 wait; "
        "then the oldest are lost.",
        "uk": "Відновіть базу даних: записи буде додано самі собою. Без JetStream чекає щонайбільше 50 000; далі "
        "найстаріші втрачаються.",
    },
    of_process=True,
    alert_seconds=120,
)
HISTORY_LOST: Final = Kind(
    "history_lost",
    Severity.CRITICAL,
    {"en": "History lost", "uk": "Історію втрачено"},
    {
        "en": "Entries of the history were lost within the last hour",
        "uk": "За останню годину втрачено записи історії",
    },
    {
        "en": "They had to make room while the database was away. Each is in a recorded gap.",
        "uk": "Вони звільнили місце, поки база даних була недоступна. Кожен є в записаній прогалині.",
    },
    {
        "en": "Mend the database. With JetStream the stream keeps what the database cannot take.",
        "uk": "Відновіть базу даних. З JetStream те, чого не приймає база, зберігає потік.",
    },
    of_process=True,
    alert_seconds=0,
)
HISTORY_NOT_PRUNED: Final = Kind(
    "history_not_pruned",
    Severity.WARNING,
    {"en": "Old history is kept", "uk": "Стара історія лишається"},
    {"en": "Old history is not deleted", "uk": "Стару історію не видаляють"},
    {
        "en": "More than `history.retention_most_share` of it would be deleted at once: a clock is wrong, or the "
        "retention was shortened.",
        "uk": "Видалити довелося б одразу більше за `history.retention_most_share`: хибний годинник, або строк "
        "зберігання скорочено.",
    },
    {
        "en": "Check the clock. If it is right, set `history.retention_most_share: 1` for one start.",
        "uk": "Перевірте годинник. Якщо він правильний, задайте `history.retention_most_share: 1` на один запуск.",
    },
    of_process=True,
    alert_seconds=900,
)
HISTORY_CATCHING_UP: Final = Kind(
    "history_catching_up",
    Severity.INFO,
    {"en": "The history catches up", "uk": "Історія надолужує"},
    {"en": "The history catches up from the stream", "uk": "Історія надолужує з потоку"},
    {
        "en": "The database was away for longer than memory lasts. What is missing is read from the stream again.",
        "uk": "База даних була недоступна довше, ніж вистачає пам'яті. Чого бракує, читається з потоку знову.",
    },
    {
        "en": "Wait; `livingmap_history_behind` falls to 0. The stream must keep what is missing until then.",
        "uk": "Зачекайте; `livingmap_history_behind` спаде до 0. Доти потік має зберігати те, чого бракує.",
    },
    of_process=True,
    alert_seconds=3600,
)

HISTORY_DISK_FILLS: Final = Kind(
    "history_disk_fills",
    Severity.WARNING,
    {"en": "The disk of the history fills", "uk": "Диск історії заповнюється"},
    {
        "en": (
            "At this rate the disk of the history is full in {hours:count hour|hours}",
            "At this rate the disk of the history is full in {days:count day|days}",
        ),
        "uk": (
            "З такою швидкістю диск історії заповниться за {hours:count годину|години|годин}",
            "З такою швидкістю диск історії заповниться за {days:count день|дні|днів}",
        ),
    },
    {
        "en": "Then the history cannot be written. The forecast is by what was written yesterday, today and in "
        "the last hour. Less than a day is critical, less than a week a warning, less than a month worth knowing.",
        "uk": "Тоді історію не вдасться записувати. Прогноз зроблено за тим, що записано вчора, сьогодні й за "
        "останню годину. Менше дня: критично, менше тижня: попередження, менше місяця: до відома.",
    },
    {
        "en": "Make room, or keep less: `history.retention_days`, `history.retention_by_type`. `livingmap size` "
        "says what it will take.",
        "uk": "Звільніть місце або зберігайте менше: `history.retention_days`, `history.retention_by_type`. "
        "`livingmap size` каже, скільки вона займе.",
    },
    alert_seconds=900,
)

KINDS: Final = (HISTORY_LOST, HISTORY_WAITING, HISTORY_NOT_PRUNED, HISTORY_CATCHING_UP, HISTORY_DISK_FILLS)


class HistoryProblems:
    """Finds the problems of a history by its ``writer``; ``days_left`` is in how many days its disk is full."""

    def __init__(self, writer: HistoryWriter, days_left: Callable[[], float | None]) -> None:
        self._writer = writer
        self._days_left = days_left
        self._filling: Severity | None = None
        """How grave it was lately that the disk fills."""
        self._lost = Growth(_RECENT_SECONDS)

    def find(self, now: datetime) -> Iterator[Finding]:
        """Yield the problems there are now."""
        writer = self._writer
        if writer.error is not None:
            yield Finding(HISTORY_WAITING, values={"count": writer.buffered}, detail=writer.error)
        if self._lost.note(writer.lost, now):
            yield Finding(HISTORY_LOST, since=self._lost.began, seen_at=self._lost.ended)
        if writer.retention_error is not None:
            yield Finding(HISTORY_NOT_PRUNED, detail=writer.retention_error)
        if writer.state == "catching_up":
            yield Finding(HISTORY_CATCHING_UP)
        yield from self._of_disk(self._days_left())

    def _of_disk(self, days: float | None) -> Iterator[Finding]:
        self._filling = None if days is None else _filling(days, self._filling)
        if days is not None and self._filling is not None:
            left = {"hours": int(days * 24)} if days < _DAYS_IN_HOURS else {"days": int(days)}
            yield Finding(HISTORY_DISK_FILLS, values=left, severity=self._filling)


def _filling(days: float, before: Severity | None) -> Severity | None:
    """Return how grave it is that a disk is full in some days; what was as grave ``before`` ends later."""
    for severity, most in _DAYS.items():
        is_as_grave = before is not None and before.rank <= severity.rank
        if days < most * (_STAYS if is_as_grave else 1):
            return severity
    return None
