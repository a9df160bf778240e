"""The types and what people call them, apart from plugin.py because that holds only the settings and the hook."""

from typing import Final

from livingmap.plugin import Relation, Status, Type, TypeField

_NO_LEADER: Final = Status("bad", {"en": "without a leader", "uk": "без лідера"})

SERVER: Final = Type(
    "server",
    ("nats", "servers"),
    label={"en": "NATS server", "uk": "Сервер NATS"},
    plural={"en": "NATS servers", "uk": "сервери NATS"},
    counts={
        "en": {"one": "NATS server", "other": "NATS servers"},
        "uk": {"one": "сервер NATS", "few": "сервери NATS", "many": "серверів NATS", "other": "сервера NATS"},
    },
    icon="M4 4h16v6H4zM4 14h16v6H4zM8 7h0M8 17h0",
    rank=350,
    statuses={
        "down": Status("bad", {"en": "down", "uk": "не відповідає"}),
        "unhealthy": Status("bad", {"en": "unhealthy", "uk": "несправний"}),
        "slow": Status("warn", {"en": "clients do not keep up", "uk": "клієнти не встигають"}),
    },
    fields=(
        TypeField("connections", {"en": "Connections", "uk": "Підключення"}, "number"),
        TypeField("slow_consumers", {"en": "Cut off as too slow", "uk": "Від'єднано повільних"}, "number"),
        TypeField(
            "pending_bytes", {"en": "Waiting for a slow client", "uk": "Чекає на повільного клієнта"}, "bytes"
        ),
        TypeField("version", {"en": "Version", "uk": "Версія"}, "text"),
        TypeField("error", {"en": "Error", "uk": "Помилка"}, "text"),
        TypeField("started_at", {"en": "Started", "uk": "Запущено"}, "time", table=False),
        TypeField("cpu", {"en": "CPU", "uk": "ЦП"}, "ratio", table=False),
        TypeField("memory", {"en": "Memory", "uk": "Пам'ять"}, "bytes", table=False),
        TypeField("storage", {"en": "Stored", "uk": "Збережено"}, "bytes", table=False),
        TypeField("subscriptions", {"en": "Subscriptions", "uk": "Підписки"}, "number", table=False),
        TypeField("messages_in", {"en": "Messages in", "uk": "Отримано повідомлень"}, "number", table=False),
        TypeField("messages_out", {"en": "Messages out", "uk": "Надіслано повідомлень"}, "number", table=False),
    ),
    place="district",
)

STREAM: Final = Type(
    "stream",
    ("nats", "streams"),
    label={"en": "Stream", "uk": "Потік"},
    plural={"en": "streams", "uk": "потоки"},
    counts={
        "en": {"one": "stream", "other": "streams"},
        "uk": {"one": "потік", "few": "потоки", "many": "потоків", "other": "потоку"},
    },
    icon="M3 8c3-3 6 3 9 0s6 3 9 0M3 16c3-3 6 3 9 0s6 3 9 0",
    rank=360,
    statuses={
        "no_leader": _NO_LEADER,
        "full": Status("bad", {"en": "full", "uk": "заповнений"}),
    },
    fields=(
        TypeField("messages", {"en": "Messages", "uk": "Повідомлення"}, "number"),
        TypeField("bytes", {"en": "Size", "uk": "Розмір"}, "bytes"),
        TypeField("last_at", {"en": "Last message", "uk": "Останнє повідомлення"}, "time"),
        TypeField("subjects", {"en": "Subjects", "uk": "Теми"}),
        TypeField("description", {"en": "Description", "uk": "Опис"}, "text", table=False),
    ),
    relations=(
        Relation(
            "server_id", {"en": "led by", "uk": "лідер"}, {"en": "streams that it leads", "uk": "веде потоки"}
        ),
        Relation(
            "replica_ids",
            {"en": "replicas", "uk": "репліки"},
            {"en": "replicas of streams", "uk": "репліки потоків"},
        ),
    ),
    within=("server_id",),
    look="hall",
)

CONSUMER: Final = Type(
    "consumer",
    ("nats", "consumers"),
    label={"en": "Consumer", "uk": "Споживач"},
    plural={"en": "consumers", "uk": "споживачі"},
    counts={
        "en": {"one": "consumer", "other": "consumers"},
        "uk": {"one": "споживач", "few": "споживачі", "many": "споживачів", "other": "споживача"},
    },
    icon="M12 3v10M8 9l4 4 4-4M4 15v5h16v-5",
    rank=370,
    statuses={
        "no_leader": _NO_LEADER,
        "blocked": Status("bad", {"en": "waits for acknowledgements", "uk": "чекає на підтвердження"}),
        "stalled": Status("bad", {"en": "stalled", "uk": "зупинився"}),
        "paused": Status("idle", {"en": "paused", "uk": "призупинений"}),
    },
    fields=(
        TypeField("pending", {"en": "Not delivered yet", "uk": "Ще не доставлено"}, "number"),
        TypeField("unacknowledged", {"en": "Not acknowledged", "uk": "Непідтверджені"}, "number"),
        TypeField("redelivered", {"en": "Delivered again", "uk": "Доставлено повторно"}, "number"),
        TypeField("last_active", {"en": "Last delivery", "uk": "Остання доставка"}, "time"),
        TypeField("delivery", {"en": "Delivery", "uk": "Доставка"}, "text", table=False),
    ),
    relations=(Relation("stream_id", {"en": "stream", "uk": "потік"}, {"en": "consumers", "uk": "споживачі"}),),
    within=("stream_id",),
)
