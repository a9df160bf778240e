"""The types of this source: what people call them, how they are judged, and where they stand."""

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
        TypeField("connections", {"en": "connections", "uk": "підключення"}, "number"),
        TypeField("slow_consumers", {"en": "cut off as too slow", "uk": "від'єднано повільних"}, "number"),
        TypeField(
            "pending_bytes", {"en": "waiting for a slow client", "uk": "чекає на повільного клієнта"}, "bytes"
        ),
        TypeField("version", {"en": "version", "uk": "версія"}, "text"),
        TypeField("error", {"en": "error", "uk": "помилка"}, "text"),
        TypeField("started_at", {"en": "started", "uk": "запущено"}, "time", table=False),
        TypeField("cpu", {"en": "CPU", "uk": "ЦП"}, "ratio", table=False),
        TypeField("memory", {"en": "memory", "uk": "пам'ять"}, "bytes", table=False),
        TypeField("storage", {"en": "stored", "uk": "збережено"}, "bytes", table=False),
        TypeField("subscriptions", {"en": "subscriptions", "uk": "підписки"}, "number", table=False),
        TypeField("messages_in", {"en": "messages in", "uk": "отримано повідомлень"}, "number", table=False),
        TypeField("messages_out", {"en": "messages out", "uk": "надіслано повідомлень"}, "number", table=False),
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
        TypeField("messages", {"en": "messages", "uk": "повідомлення"}, "number"),
        TypeField("bytes", {"en": "size", "uk": "розмір"}, "bytes"),
        TypeField("last_at", {"en": "last message", "uk": "останнє повідомлення"}, "time"),
        TypeField("subjects", {"en": "subjects", "uk": "теми"}),
        TypeField("description", {"en": "description", "uk": "опис"}, "text", table=False),
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
        TypeField("pending", {"en": "not delivered yet", "uk": "ще не доставлено"}, "number"),
        TypeField("unacknowledged", {"en": "not acknowledged", "uk": "непідтверджені"}, "number"),
        TypeField("redelivered", {"en": "delivered again", "uk": "доставлено повторно"}, "number"),
        TypeField("last_active", {"en": "last delivery", "uk": "остання доставка"}, "time"),
        TypeField("delivery", {"en": "delivery", "uk": "доставка"}, "text", table=False),
    ),
    relations=(Relation("stream_id", {"en": "stream", "uk": "потік"}, {"en": "consumers", "uk": "споживачі"}),),
    within=("stream_id",),
)
