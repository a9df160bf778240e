"""What the map says of microDAOs."""

from typing import Final

from livingmap.plugin import Relation, Status, Type, TypeField

MICRODAO: Final = Type(
    "microdao",
    ("city", "items"),
    elsewhere=(("microdao", "items"),),
    label={"en": "microDAO", "uk": "мікроДАО"},
    plural={"en": "microDAOs", "uk": "мікроДАО"},
    counts={
        "en": {"one": "microDAO", "other": "microDAOs"},
        "uk": {"one": "мікроДАО", "other": "мікроДАО"},
    },
    icon="M3 21h18M5 21V9l5-3v15M10 21V4l9 4v13M13 10h3M13 14h3M13 18h3M7 12h0M7 16h0",
    rank=10,
    statuses={
        "hidden": Status(
            "off", {"en": "hidden from the map's account", "uk": "приховано від облікового запису мапи"}
        )
    },
    fields=(
        TypeField("district", {"en": "district", "uk": "район"}, "text"),
        TypeField("members", {"en": "members", "uk": "учасники"}, "number"),
        TypeField("agents", {"en": "agents", "uk": "агенти"}, "number"),
        TypeField("nodes", {"en": "nodes", "uk": "ноди"}, "number"),
        TypeField("treasury", {"en": "treasury", "uk": "скарбниця"}, "amounts"),
        TypeField("members_by_role", {"en": "members by role", "uk": "учасники за ролями"}, table=False),
        TypeField("description", {"en": "description", "uk": "опис"}, "text", table=False),
        TypeField("hidden_since", {"en": "hidden since", "uk": "приховано з"}, "time", table=False),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
        TypeField("updated_at", {"en": "updated", "uk": "оновлено"}, "time", table=False),
    ),
    relations=(
        Relation(
            "orchestrator_id",
            {"en": "orchestrator", "uk": "оркестратор"},
            {"en": "orchestrates", "uk": "керує"},
        ),
        Relation("parent_id", {"en": "part of", "uk": "входить до"}, {"en": "parts", "uk": "частини"}),
    ),
    place="district",
    look="quarter",
    size="agents",
    group="district",
)
