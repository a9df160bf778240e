"""What the map says of registered nodes."""

from typing import Final

from livingmap.plugin import Status, Type, TypeField

NODE: Final = Type(
    "node",
    ("nodes", "items"),
    label={"en": "Node", "uk": "Нода"},
    plural={"en": "nodes", "uk": "ноди"},
    rank=30,
    statuses={"offline": Status("bad")},
    fields=(
        TypeField("role", {"en": "role", "uk": "роль"}),
        TypeField("last_heartbeat", {"en": "last heartbeat", "uk": "останній сигнал"}, "time"),
        TypeField("type", {"en": "type", "uk": "тип"}, table=False),
        TypeField("capabilities", {"en": "capabilities", "uk": "здібності"}, table=False),
        TypeField("registered_at", {"en": "registered", "uk": "зареєстровано"}, "time", table=False),
    ),
    look="tower",
)
