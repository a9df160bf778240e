"""What the map says of public places, and of what city-service lists beside services of their own."""

from typing import Final

from livingmap.plugin import Relation, Type, TypeField

CITY: Final = Type(
    "city",
    ("city", "rooms"),
    label={"en": "Public place", "uk": "Громадське місце"},
    plural={"en": "public places", "uk": "громадські місця"},
    counts={
        "en": {"one": "public place", "other": "public places"},
        "uk": {
            "one": "громадське місце",
            "few": "громадські місця",
            "many": "громадських місць",
            "other": "громадського місця",
        },
    },
    icon="M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2V6ZM9 4v14M15 6v14",
    rank=60,
    fields=(
        TypeField("members_online", {"en": "people here", "uk": "людей тут"}, "number"),
        TypeField("room_type", {"en": "purpose", "uk": "призначення"}),
        TypeField("zone", {"en": "zone", "uk": "зона"}),
        TypeField("description", {"en": "description", "uk": "опис"}, "text", table=False),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
    ),
    relations=(
        Relation(
            "microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "public places", "uk": "громадські місця"}
        ),
    ),
    within=("microdao_id",),
    look="hall",
    glow=("members_online",),
    group="room_type",
)
MICRODAO: Final = Type(
    "microdao",
    ("city", "items"),
    label={"en": "microDAO", "uk": "мікроДАО"},
    plural={"en": "microDAOs", "uk": "мікроДАО"},
    rank=10,
    place="district",
    look="quarter",
    size="agents",
    group="district",
)
AGENT: Final = Type(
    "agent",
    ("agents", "items"),
    label={"en": "Agent", "uk": "Агент"},
    plural={"en": "agents", "uk": "агенти"},
    rank=40,
    relations=(
        Relation(
            "microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "agents", "uk": "агенти"}, arcs=False
        ),
        Relation("room_id", {"en": "is at", "uk": "перебуває в"}, {"en": "agents here", "uk": "агенти тут"}),
    ),
    within=("microdao_id",),
    look="light",
    highlight="is_orchestrator",
)
NODE: Final = Type(
    "node",
    ("nodes", "items"),
    label={"en": "Node", "uk": "Нода"},
    plural={"en": "nodes", "uk": "ноди"},
    rank=30,
    fields=(
        TypeField("agents", {"en": "agents", "uk": "агенти"}, "number"),
        TypeField("agents_online", {"en": "agents online", "uk": "агенти в мережі"}, "number", table=False),
        TypeField("environment", {"en": "environment", "uk": "середовище"}, table=False),
    ),
    relations=(Relation("microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "nodes", "uk": "ноди"}),),
    within=("microdao_id",),
    look="tower",
)
