"""Kinds of problems of the log, of the cluster on it, and of the clock beside it."""

from typing import Final

from livingmap.problems.kind import Kind, Severity

STANDING_STILL: Final = Kind(
    "standing_still",
    Severity.CRITICAL,
    {"en": "The map stands still", "uk": "Мапа завмерла"},
    {"en": "The map stands still: its log is away", "uk": "Мапа завмерла: її журнал недоступний"},
    {
        "en": "There is no connection to NATS, so the map shows the state of the time at which it was lost. After "
        "`nats.detached_seconds` it polls for itself.",
        "uk": "Немає з'єднання з NATS, тож мапа показує стан на час, коли його було втрачено. Через "
        "`nats.detached_seconds` вона опитує сервіси сама.",
    },
    {
        "en": "Is nats-server running, and can this process reach `nats.url`? The map connects again by itself.",
        "uk": "Чи працює nats-server, і чи має цей процес доступ до `nats.url`? Мапа з'єднається знову сама.",
    },
    is_public=True,
    of_process=True,
)
ON_ITS_OWN: Final = Kind(
    "on_its_own",
    Severity.CRITICAL,
    {"en": "A process is on its own", "uk": "Процес працює сам"},
    {
        "en": "The log is away, and the map shows what this process polls itself",
        "uk": "Журнал недоступний, і мапа показує те, що цей процес опитує сам",
    },
    {
        "en": "Polls go on, messages do not arrive, and nothing is written into the history. When the log is "
        "back, the map returns to it.",
        "uk": "Опитування тривають, повідомлення не надходять, в історію нічого не записується. Коли журнал "
        "повернеться, мапа повернеться до нього.",
    },
    {
        "en": "Is nats-server running, and can this process reach `nats.url`?",
        "uk": "Чи працює nats-server, і чи має цей процес доступ до `nats.url`?",
    },
    is_public=True,
    of_process=True,
)
REPLAYING: Final = Kind(
    "replaying",
    Severity.INFO,
    {"en": "The log is being read", "uk": "Журнал читається"},
    {"en": "The log is still being read", "uk": "Журнал ще читається"},
    {
        "en": "The process was just started, or its log is just back. Until it has read all it answers 503.",
        "uk": "Процес щойно запущено, або журнал щойно повернувся. Доки не прочитано все, він відповідає 503.",
    },
    {
        "en": "Wait; the line `the log is being read` says how much is left.",
        "uk": "Зачекайте; рядок `the log is being read` каже, скільки лишилося.",
    },
    is_public=True,
    of_process=True,
    alert_seconds=600,
)
NATS_AWAY: Final = Kind(
    "nats_away",
    Severity.CRITICAL,
    {"en": "NATS is away", "uk": "NATS недоступний"},
    {"en": "There is no connection to {intake}", "uk": "Немає з'єднання з {intake}"},
    {
        "en": "Without JetStream, what services publish meanwhile is lost. Polls go on and correct the map.",
        "uk": "Без JetStream усе, що сервіси тим часом публікують, утрачається. Опитування тривають і виправляють "
        "мапу.",
    },
    {
        "en": "Is nats-server running, and can the map reach `nats.url`?",
        "uk": "Чи працює nats-server, і чи має мапа доступ до `nats.url`?",
    },
    of_process=True,
)
SUBJECTS_REFUSED: Final = Kind(
    "subjects_refused",
    Severity.WARNING,
    {"en": "Subscriptions refused", "uk": "У підписках відмовлено"},
    {
        "en": "NATS refuses {count:count subscription|subscriptions}",
        "uk": "NATS відмовляє у {count:count підписці|підписках|підписках}",
    },
    {
        "en": "The account of the map may not read these subjects, so their messages do not arrive.",
        "uk": "Обліковий запис мапи не має права читати ці теми, тож їхні повідомлення не надходять.",
    },
    {
        "en": "Give the account of `nats` the right to subscribe to the subjects of the plugins.",
        "uk": "Надайте обліковому запису з `nats` право підписуватися на теми плагінів.",
    },
    of_process=True,
)
QUORUM_LOST: Final = Kind(
    "quorum_lost",
    Severity.CRITICAL,
    {"en": "The stream stores nothing", "uk": "Потік нічого не зберігає"},
    {"en": "The stream stores nothing", "uk": "Потік нічого не зберігає"},
    {
        "en": "The stream has no majority of its servers, or their disk is full. What services publish is lost, "
        "and sources turn stale.",
        "uk": "Потік не має більшості своїх серверів, або їхній диск повний. Опубліковане сервісами втрачається, "
        "а дані джерел застарівають.",
    },
    {
        "en": "Start the missing nats-servers, or make room and start nats-server again.",
        "uk": "Запустіть відсутні nats-server або звільніть місце й запустіть nats-server знову.",
    },
    of_process=True,
)
NO_LEADER: Final = Kind(
    "no_leader",
    Severity.CRITICAL,
    {"en": "No process leads", "uk": "Жоден процес не веде"},
    {"en": "No process leads", "uk": "Жоден процес не веде"},
    {
        "en": "Nobody has renewed the lease for twice its time. No source is polled, and a shared history is not "
        "written.",
        "uk": "Ніхто не поновлював оренду довше за два її строки. Жодне джерело не опитується, спільна історія не "
        "записується.",
    },
    {
        "en": "Run `livingmap cluster status`. A process that lacks sources leads only after half a minute; with "
        "no quorum in NATS none can.",
        "uk": "Виконайте `livingmap cluster status`. Процес, якому бракує джерел, веде лише за пів хвилини; без "
        "кворуму в NATS не може жоден.",
    },
    of_process=True,
)
SOURCES_LACKING: Final = Kind(
    "sources_lacking",
    Severity.WARNING,
    {"en": "A process lacks sources", "uk": "Процесу бракує джерел"},
    {
        "en": "This process lacks sources of the others: {sources}",
        "uk": "Цьому процесу бракує джерел інших процесів: {sources}",
    },
    {
        "en": "Its configuration differs. It shows nothing of these sources, and leads only if no other can.",
        "uk": "Його конфігурація відрізняється. З цих джерел він нічого не показує і веде лише тоді, коли інші не "
        "можуть.",
    },
    {
        "en": "Give all processes one configuration, then `livingmap reload`.",
        "uk": "Дайте всім процесам одну конфігурацію, потім `livingmap reload`.",
    },
    of_process=True,
    alert_seconds=600,
)
STREAM_DIFFERS: Final = Kind(
    "stream_differs",
    Severity.INFO,
    {"en": "The stream keeps more", "uk": "Потік зберігає більше"},
    {
        "en": "The stream keeps more than the configuration asks for",
        "uk": "Потік зберігає більше, ніж вимагає конфігурація",
    },
    {
        "en": "Streams only grow by themselves, so that a process of an older configuration takes nothing away.",
        "uk": "Самі потоки лише ростуть, щоб процес зі старішою конфігурацією нічого не відібрав.",
    },
    {
        "en": "If that is meant, run `livingmap cluster apply --allow-shrink`.",
        "uk": "Якщо так і задумано, виконайте `livingmap cluster apply --allow-shrink`.",
    },
    of_process=True,
    alert_seconds=None,
)
POSSIBLE_LOSS: Final = Kind(
    "possible_loss",
    Severity.WARNING,
    {"en": "The stream missed messages", "uk": "Потік пропустив повідомлення"},
    {
        "en": "The stream missed messages within the last hour",
        "uk": "За останню годину потік пропустив повідомлення",
    },
    {
        "en": "They were published while the stream took none. The next polls correct the map; the history has a "
        "gap.",
        "uk": "Їх опубліковано, коли потік не приймав нічого. Мапу виправлять наступні опитування; в історії є "
        "прогалина.",
    },
    {
        "en": "Publish through JetStream what must not be lost. The entry `livingmap.log.possible_loss` has the "
        "subjects.",
        "uk": "Те, що не можна втрачати, публікуйте через JetStream. Теми наведено в записі "
        "`livingmap.log.possible_loss`.",
    },
    alert_seconds=0,
)
MESSAGES_DROPPED: Final = Kind(
    "messages_dropped",
    Severity.WARNING,
    {"en": "Messages dropped", "uk": "Повідомлення відкинуто"},
    {
        "en": "Messages came faster than they could be logged",
        "uk": "Повідомлення надходили швидше, ніж їх можна було записати",
    },
    {
        "en": "The oldest that waited were dropped within the last hour. The next polls correct the map.",
        "uk": "За останню годину найстаріші з тих, що чекали, відкинуто. Мапу виправлять наступні опитування.",
    },
    {
        "en": "Use JetStream, where they wait in the stream, or raise `nats.most_waiting`.",
        "uk": "Використайте JetStream, де вони чекають у потоці, або збільште `nats.most_waiting`.",
    },
    of_process=True,
    alert_seconds=0,
)
DEAD_LETTERS: Final = Kind(
    "dead_letters",
    Severity.INFO,
    {"en": "Messages set aside", "uk": "Повідомлення відкладено"},
    {"en": "Messages were set aside", "uk": "Деякі повідомлення відкладено"},
    {
        "en": "Messages of the last hour cannot be events: they are not JSON objects, too large, or not clean.",
        "uk": "Повідомлення за останню годину не можуть бути подіями: це не об'єкти JSON, вони завеликі або "
        "пошкоджені.",
    },
    {
        "en": "`dead_letters` in `/living-map/sources` has the reasons and first bytes.",
        "uk": "`dead_letters` у `/living-map/sources` наводить причини й перші байти.",
    },
    of_process=True,
    alert_seconds=None,
)
CLOCK_SET: Final = Kind(
    "clock_set",
    Severity.WARNING,
    {"en": "The clock was set", "uk": "Годинник переставлено"},
    {"en": "The clock of the machine was set", "uk": "Годинник машини переставлено"},
    {
        "en": "It was set within the last hour, or the machine was asleep. Sources may be stale until their next "
        "poll; entries keep the order of the log.",
        "uk": "Це сталося за останню годину, або машина спала. Дані джерел можуть вважатися застарілими до "
        "наступного опитування; записи зберігають порядок журналу.",
    },
    {
        "en": "Have the clock kept by NTP (`timedatectl`). If it happens again, look at the host of the machine.",
        "uk": "Нехай годинник веде NTP (`timedatectl`). Якщо це повториться, перевірте хост машини.",
    },
    of_process=True,
    alert_seconds=0,
)
MAP_AWAY: Final = Kind(
    "map_away",
    Severity.CRITICAL,
    {"en": "A process does not answer", "uk": "Процес не відповідає"},
    {"en": "A process of the map does not answer", "uk": "Процес мапи не відповідає"},
    {
        "en": "Prometheus cannot read its metrics. If no process answers, nobody sees the map.",
        "uk": "Prometheus не може прочитати його метрик. Якщо не відповідає жоден процес, мапи ніхто не бачить.",
    },
    {
        "en": "Look at its log and restart it. A scraper that lacks the metrics token gets 401.",
        "uk": "Перегляньте його журнал і перезапустіть. Збирач без токена метрик отримує 401.",
    },
    expression='up{job="livingmap"} == 0',
)
TWO_LEADERS: Final = Kind(
    "two_leaders",
    Severity.CRITICAL,
    {"en": "Two processes lead", "uk": "Ведуть два процеси"},
    {"en": "Two processes lead at once", "uk": "Два процеси ведуть одночасно"},
    {
        "en": "For some seconds after a leader was paused that is normal: what the older one says does not count. "
        "If it lasts, the processes do not share one bucket.",
        "uk": "Кілька секунд після паузи ведучого це нормально: сказане старішим не враховується. Якщо це триває, "
        "процеси не мають спільного сховища.",
    },
    {
        "en": "Do all processes have the same `nats.url` and `nats.stream`?",
        "uk": "Чи мають усі процеси однакові `nats.url` і `nats.stream`?",
    },
    expression='sum(livingmap_leader{job="livingmap"}) > 1 and sum(livingmap_shared_log{job="livingmap"}) > 1',
)

KINDS: Final = (
    STANDING_STILL,
    ON_ITS_OWN,
    REPLAYING,
    NATS_AWAY,
    SUBJECTS_REFUSED,
    QUORUM_LOST,
    NO_LEADER,
    SOURCES_LACKING,
    STREAM_DIFFERS,
    POSSIBLE_LOSS,
    MESSAGES_DROPPED,
    DEAD_LETTERS,
    CLOCK_SET,
    MAP_AWAY,
    TWO_LEADERS,
)
