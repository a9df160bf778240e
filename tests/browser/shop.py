"""A plugin for tests: the network of a small shop, of whose things this repository knows nothing.

Five layers and about 300 things, of five declared types and one that nobody has declared.
"""

from datetime import UTC, datetime, timedelta

from livingmap.plugin import (
    Client,
    Layer,
    Put,
    Relation,
    Source,
    SourceSettings,
    Status,
    Type,
    TypeField,
    hookimpl,
)

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
HOSTS = ("web", "cart", "search", "payment", "mail", "images")
QUEUES = ("checkout", "shipping", "invoices", "newsletter", "returns")
TABLES = ("customers", "products", "baskets", "payments", "reviews", "prices", "addresses", "sessions")
STATES = ("paid", "packed", "shipped", "shipped", "delivered", "delivered", "delivered", "cancelled")
CITIES = ("Львів", "Kyiv", "Одеса", "Gdańsk", "Brno")


class Settings(SourceSettings):
    base_url: str = "http://shop.example.org"


async def fetch_services(_: Client) -> list[Put]:
    return [Put("monitoring", f"service:{name}", {"name": name}, collection="services") for name in HOSTS]


async def fetch_targets(_: Client) -> list[Put]:
    return [
        Put(
            "monitoring",
            f"target:{host}-{number}",
            {
                "name": f"{host}-{number}",
                "service_id": f"service:{host}",
                "health": "down" if (host, number) == ("payment", 2) else "up",
                "scrape_seconds": 0.012 + at * 0.007,
                "memory_bytes": 180_000_000 + 43_000_000 * at + 7_000_000 * number,
                "processor": round(0.12 + at * 0.09 + number * 0.03, 2),
                "dashboard": f"https://grafana.example.org/d/{host}",
                "last_scrape": (NOW - timedelta(seconds=15 * number)).isoformat(),
            },
            collection="targets",
        )
        for at, host in enumerate(HOSTS)
        for number in range(1, 6)
    ]


async def fetch_alerts(_: Client) -> list[Put]:
    alerts = (("TargetDown", "firing", "payment-2"), ("SlowAnswers", "pending", "search-1"))
    return [
        Put(
            "monitoring",
            f"alert:{name}",
            {"name": name, "state": state, "target_id": f"target:{target}", "since": NOW.isoformat()},
            collection="alerts",
        )
        for name, state, target in alerts
    ]


async def fetch_queues(_: Client) -> list[Put]:
    return [
        Put(
            "queues",
            f"queue:{name}",
            {
                "name": f"Queue {name}",
                "status": "growing" if name == "returns" else "online",
                "waiting": 12 + 170 * at,
                "rate": 3.5 * (at + 1),
            },
        )
        for at, name in enumerate(QUEUES)
    ]


async def fetch_orders(_: Client) -> list[Put]:
    return [
        Put(
            "orders",
            f"order:{10_000 + at}",
            {
                "name": f"№ {10_000 + at}",
                "state": STATES[at % len(STATES)],
                "queue_id": f"queue:{QUEUES[at * 7 % len(QUEUES)]}",
                "total": {"UAH": 240 + 35 * (at % 29)},
                "city": CITIES[at % len(CITIES)],
                "ordered_at": (NOW - timedelta(minutes=17 * at)).isoformat(),
            },
        )
        for at in range(160)
    ]


async def fetch_tables(_: Client) -> list[Put]:
    return [
        Put(
            "database",
            f"table:{name}",
            {"name": name, "rows": 1000 * 3**at, "size": 90_000 * 3**at, "dead_share": 0.02 * at},
            collection="tables",
        )
        for at, name in enumerate(TABLES)
    ]


async def fetch_stock(_: Client) -> list[Put]:
    return [
        Put(
            "stock",
            f"shelf:{row}-{number}",
            {"name": f"Shelf {row}{number}", "articles": 5 * number, "table": "table:products"},
        )
        for row in "ABCD"
        for number in range(1, 22)
    ]


TARGET = Type(
    "target",
    ("monitoring", "targets"),
    label={"en": "Target", "uk": "Ціль"},
    plural={"en": "targets", "uk": "цілі"},
    counts={
        "en": {"one": "target", "other": "targets"},
        "uk": {"one": "ціль", "few": "цілі", "many": "цілей", "other": "цілі"},
    },
    icon="M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8ZM12 12h.01",
    rank=120,
    status="health",
    statuses={
        "up": Status("good", {"en": "up", "uk": "працює"}),
        "down": Status("bad", {"en": "does not answer", "uk": "не відповідає"}),
    },
    fields=(
        TypeField("processor", {"en": "processor", "uk": "процесор"}, "ratio"),
        TypeField("memory_bytes", {"en": "memory", "uk": "пам'ять"}, "bytes"),
        TypeField("scrape_seconds", {"en": "scrape takes", "uk": "опитування триває"}, "seconds"),
        TypeField("last_scrape", {"en": "last scrape", "uk": "останнє опитування"}, "time"),
        TypeField("dashboard", {"en": "dashboard", "uk": "панель"}, "link", table=False),
    ),
    relations=(Relation("service_id", {"en": "service", "uk": "сервіс"}, {"en": "targets", "uk": "цілі"}),),
    within=("service_id",),
    look="tower",
)
SERVICE = Type(
    "service",
    ("monitoring", "services"),
    label={"en": "Service", "uk": "Сервіс"},
    plural={"en": "services", "uk": "сервіси"},
    counts={
        "en": {"one": "service", "other": "services"},
        "uk": {"one": "сервіс", "few": "сервіси", "many": "сервісів", "other": "сервісу"},
    },
    icon="M4 7h16v10H4zM8 17v3M16 17v3M6 20h12M8 11h8",
    rank=110,
    place="district",
    look="quarter",
)
ALERT = Type(
    "alert",
    ("monitoring", "alerts"),
    label={"en": "Alert", "uk": "Тривога"},
    plural={"en": "alerts", "uk": "тривоги"},
    counts={
        "en": {"one": "alert", "other": "alerts"},
        "uk": {"one": "тривога", "few": "тривоги", "many": "тривог", "other": "тривоги"},
    },
    icon="M6 16V11a6 6 0 0 1 12 0v5l2 2H4l2-2ZM10 21h4",
    rank=130,
    status="state",
    statuses={
        "firing": Status("bad", {"en": "firing", "uk": "лунає"}),
        "pending": Status("warn", {"en": "pending", "uk": "очікує"}),
    },
    fields=(TypeField("since", {"en": "since", "uk": "від"}, "time"),),
    relations=(Relation("target_id", {"en": "target", "uk": "ціль"}, {"en": "alerts", "uk": "тривоги"}),),
    within=("target_id",),
)
QUEUE = Type(
    "queue",
    ("queues", "items"),
    label={"en": "Queue", "uk": "Черга"},
    plural={"en": "queues", "uk": "черги"},
    counts={
        "en": {"one": "queue", "other": "queues"},
        "uk": {"one": "черга", "few": "черги", "many": "черг", "other": "черги"},
    },
    icon="M4 6h16M4 12h16M4 18h10",
    rank=200,
    statuses={"growing": Status("warn", {"en": "growing", "uk": "росте"})},
    fields=(
        TypeField("waiting", {"en": "waiting", "uk": "очікують"}, "number"),
        TypeField("rate", {"en": "rate", "uk": "швидкість"}, "number", "1/s"),
    ),
    place="district",
    look="quarter",
)
ORDER = Type(
    "order",
    ("orders", "items"),
    label={"en": "Order", "uk": "Замовлення"},
    plural={"en": "orders", "uk": "замовлення"},
    counts={
        "en": {"one": "order", "other": "orders"},
        "uk": {"one": "замовлення", "few": "замовлення", "many": "замовлень", "other": "замовлення"},
    },
    icon="M5 8h14l-1 12H6L5 8ZM9 8V6a3 3 0 0 1 6 0v2",
    rank=300,
    status="state",
    statuses={
        "paid": Status("busy", {"en": "paid", "uk": "оплачено"}),
        "packed": Status("busy", {"en": "packed", "uk": "зібрано"}),
        "shipped": Status("good", {"en": "shipped", "uk": "надіслано"}),
        "delivered": Status("good", {"en": "delivered", "uk": "доставлено"}),
        "cancelled": Status("off", {"en": "cancelled", "uk": "скасовано"}),
    },
    fields=(
        TypeField("total", {"en": "total", "uk": "сума"}, "amounts"),
        TypeField("city", {"en": "city", "uk": "місто"}),
        TypeField("ordered_at", {"en": "ordered", "uk": "замовлено"}, "time"),
    ),
    relations=(
        Relation("queue_id", {"en": "queue", "uk": "черга"}, {"en": "orders", "uk": "замовлення"}, arcs=False),
    ),
    within=("queue_id",),
    look="light",
)
TABLE = Type(
    "table",
    ("database", "tables"),
    label={"en": "Table", "uk": "Таблиця"},
    plural={"en": "tables", "uk": "таблиці"},
    counts={
        "en": {"one": "table", "other": "tables"},
        "uk": {"one": "таблиця", "few": "таблиці", "many": "таблиць", "other": "таблиці"},
    },
    icon="M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
    rank=400,
    fields=(
        TypeField("rows", {"en": "rows", "uk": "рядки"}, "number"),
        TypeField("size", {"en": "size", "uk": "обсяг"}, "bytes"),
        TypeField("dead_share", {"en": "dead rows", "uk": "мертві рядки"}, "ratio"),
    ),
    look="hall",
)


@hookimpl
def livingmap_source() -> Source:
    return Source(
        name="shop",
        service="shop",
        settings=Settings,
        layers=(
            Layer(
                "monitoring",
                "services",
                fetch=fetch_services,
                title={"en": "Monitoring", "uk": "Моніторинг"},
                hint={"en": "What runs, and what is wrong with it", "uk": "Що працює та що з цим негаразд"},
                icon="M3 12h4l2.500-7 5 14 2.500-7h4",
            ),
            Layer("monitoring", "targets", fetch=fetch_targets, references=("service_id",)),
            Layer("monitoring", "alerts", fetch=fetch_alerts, references=("target_id",)),
            Layer("queues", fetch=fetch_queues, title={"en": "Queues", "uk": "Черги"}),
            Layer(
                "orders",
                fetch=fetch_orders,
                references=("queue_id",),
                title={"en": "Orders", "uk": "Замовлення"},
            ),
            Layer("database", "tables", fetch=fetch_tables, title={"en": "Database", "uk": "База даних"}),
            Layer("stock", fetch=fetch_stock),
        ),
        types=(TARGET, SERVICE, ALERT, QUEUE, ORDER, TABLE),
    )
