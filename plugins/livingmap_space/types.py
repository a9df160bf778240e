"""What the map says of planets and nodes."""

from typing import Final

from livingmap.plugin import Relation, Status, Type, TypeField

NODE: Final = Type(
    "node",
    ("nodes", "items"),
    elsewhere=(("space", "nodes"),),
    label={"en": "Node", "uk": "Нода"},
    plural={"en": "nodes", "uk": "ноди"},
    counts={
        "en": {"one": "node", "other": "nodes"},
        "uk": {"one": "нода", "few": "ноди", "many": "нод", "other": "ноди"},
    },
    icon="M4 5h16v5H4zM4 14h16v5H4zM7.500 7.500h.01M7.500 16.500h.01M11 7.500h6M11 16.500h6",
    rank=30,
    statuses={
        "offline": Status("bad"),
        "node.alert.latency": Status("warn", {"en": "slow to respond", "uk": "повільно відповідає"}),
        "node.alert.offline": Status("bad", {"en": "not responding", "uk": "не відповідає"}),
        "node.alert.overload": Status("warn", {"en": "overloaded", "uk": "перевантажена"}),
    },
    fields=(
        TypeField("metrics.cpu", {"en": "CPU", "uk": "ЦП"}, "ratio"),
        TypeField("metrics.gpu", {"en": "GPU", "uk": "ГП"}, "ratio"),
        TypeField("metrics.ram", {"en": "memory", "uk": "пам'ять"}, "ratio"),
        TypeField("metrics.net_in", {"en": "network in", "uk": "вхідний трафік"}, "number"),
        TypeField("metrics.net_out", {"en": "network out", "uk": "вихідний трафік"}, "number"),
    ),
    relations=(
        Relation("microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "nodes", "uk": "ноди"}),
        Relation("microdao_ids", {"en": "serves", "uk": "обслуговує"}, {"en": "nodes", "uk": "ноди"}),
    ),
    within=("microdao_id", "microdao_ids"),
    look="tower",
)
SPACE: Final = Type(
    "space",
    ("space", "planets"),
    label={"en": "Planet", "uk": "Планета"},
    plural={"en": "planets", "uk": "планети"},
    counts={
        "en": {"one": "planet", "other": "planets"},
        "uk": {"one": "планета", "few": "планети", "many": "планет", "other": "планети"},
    },
    icon="M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM3.5 16.5c1.5 2 6.500-.2 10.500-3.300s7.500-7 6.500-9-5-.5-8 1.500",
    rank=90,
    relations=(
        Relation(
            "orbits",
            {"en": "nodes in orbit", "uk": "ноди на орбіті"},
            {"en": "planets", "uk": "планети"},
            orbit=True,
        ),
    ),
    place="district",
    look="planet",
)
DAO: Final = Type(
    "dao",
    ("space", "planets"),
    label={"en": "DAO", "uk": "ДАО"},
    plural={"en": "DAOs", "uk": "ДАО"},
    rank=20,
    status="health",
    statuses={
        "good": Status("good", {"en": "good", "uk": "добре"}),
        "green": Status("good", {"en": "good", "uk": "добре"}),
        "warn": Status("warn", {"en": "attention", "uk": "увага"}),
        "yellow": Status("warn", {"en": "attention", "uk": "увага"}),
        "critical": Status("bad", {"en": "critical", "uk": "критично"}),
        "red": Status("bad", {"en": "critical", "uk": "критично"}),
    },
    fields=(
        TypeField("activity", {"en": "activity", "uk": "активність"}, "ratio"),
        TypeField(
            "governance_temperature", {"en": "governance temperature", "uk": "температура врядування"}, "number"
        ),
        TypeField("anomaly_score", {"en": "anomaly", "uk": "аномальність"}, "number"),
    ),
    relations=(
        Relation(
            "orbits", {"en": "nodes in orbit", "uk": "ноди на орбіті"}, {"en": "DAOs", "uk": "ДАО"}, orbit=True
        ),
    ),
    place="district",
    look="planet",
    size="treasury",
    glow=("activity",),
)
