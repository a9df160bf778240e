"""What the map says of agents."""

from typing import Final

from livingmap.plugin import Relation, Type, TypeField

AGENT: Final = Type(
    "agent",
    ("agents", "items"),
    label={"en": "Agent", "uk": "Агент"},
    plural={"en": "agents", "uk": "агенти"},
    counts={
        "en": {"one": "agent", "other": "agents"},
        "uk": {"one": "агент", "few": "агенти", "many": "агентів", "other": "агента"},
    },
    icon="M12 4v3M6 9h12v9H6zM9.500 13h.01M14.500 13h.01M3 12v3M21 12v3M12 4h.01",
    rank=40,
    fields=(
        TypeField("kind", {"en": "kind", "uk": "вид"}),
        TypeField("model", {"en": "model", "uk": "модель"}),
        TypeField("description", {"en": "description", "uk": "опис"}, "text", table=False),
        TypeField("district", {"en": "district", "uk": "район"}, "text", table=False),
        TypeField("quota", {"en": "quota", "uk": "квота"}, table=False),
        TypeField("tools", {"en": "tools", "uk": "інструменти"}, table=False),
        TypeField("capabilities", {"en": "capabilities", "uk": "здібності"}, table=False),
        TypeField("last_events", {"en": "latest events", "uk": "останні події"}, table=False),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
        TypeField("updated_at", {"en": "updated", "uk": "оновлено"}, "time", table=False),
    ),
    relations=(
        Relation(
            "microdao_id",
            {"en": "microDAO", "uk": "мікроДАО"},
            {"en": "agents", "uk": "агенти"},
            arcs=False,
        ),
        Relation("node_id", {"en": "runs on", "uk": "працює на"}, {"en": "agents", "uk": "агенти"}),
        Relation("room_id", {"en": "is at", "uk": "перебуває в"}, {"en": "agents here", "uk": "агенти тут"}),
    ),
    within=("microdao_id",),
    look="light",
    highlight="is_orchestrator",
)
