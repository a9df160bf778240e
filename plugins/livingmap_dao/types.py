"""What the map says of DAOs, their treasuries, proposals and votes."""

from typing import Final

from livingmap.plugin import Relation, Status, Type, TypeField

_ICON: Final = "M12 3 4 7v1h16V7l-8-4ZM6 11v6M10 11v6M14 11v6M18 11v6M4 20h16"
_DAO: Final = {"en": "DAO", "uk": "ДАО"}

DAO: Final = Type(
    "dao",
    ("space", "planets"),
    elsewhere=(("dao", "items"),),
    label={"en": "DAO", "uk": "ДАО"},
    plural={"en": "DAOs", "uk": "ДАО"},
    counts={"en": {"one": "DAO", "other": "DAOs"}, "uk": {"one": "ДАО", "other": "ДАО"}},
    icon=_ICON,
    rank=20,
    statuses={
        "hidden": Status(
            "off", {"en": "hidden from the map's account", "uk": "приховано від облікового запису мапи"}
        )
    },
    fields=(
        TypeField("members", {"en": "members", "uk": "учасники"}, "number"),
        TypeField("active_proposals", {"en": "open proposals", "uk": "відкриті пропозиції"}, "number"),
        TypeField("total_proposals", {"en": "proposals", "uk": "пропозиції"}, "number", table=False),
        TypeField("holdings", {"en": "treasury", "uk": "скарбниця"}, "amounts"),
        TypeField("treasury", {"en": "treasury in all", "uk": "скарбниця разом"}, "number", table=False),
        TypeField("members_by_role", {"en": "members by role", "uk": "учасники за ролями"}, table=False),
        TypeField("governance_model", {"en": "governance", "uk": "врядування"}, table=False),
        TypeField("quorum_percent", {"en": "quorum", "uk": "кворум"}, "number", "%", table=False),
        TypeField("description", {"en": "description", "uk": "опис"}, "text", table=False),
        TypeField("hidden_since", {"en": "hidden since", "uk": "приховано з"}, "time", table=False),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
        TypeField("updated_at", {"en": "updated", "uk": "оновлено"}, "time", table=False),
    ),
    relations=(
        Relation(
            "orbits", {"en": "nodes in orbit", "uk": "ноди на орбіті"}, {"en": "DAOs", "uk": "ДАО"}, orbit=True
        ),
        Relation("microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "DAOs", "uk": "ДАО"}),
    ),
    place="district",
    look="planet",
    size="treasury",
)
PROPOSAL: Final = Type(
    "proposal",
    ("dao", "proposals"),
    label={"en": "Proposal", "uk": "Пропозиція"},
    plural={"en": "proposals", "uk": "пропозиції"},
    counts={
        "en": {"one": "proposal", "other": "proposals"},
        "uk": {"one": "пропозиція", "few": "пропозиції", "many": "пропозицій", "other": "пропозиції"},
    },
    icon=_ICON,
    rank=70,
    statuses={
        "active": Status("busy"),
        "draft": Status("idle", {"en": "draft", "uk": "чернетка"}),
        "passed": Status("good", {"en": "passed", "uk": "ухвалено"}),
        "executed": Status("good", {"en": "executed", "uk": "виконано"}),
        "rejected": Status("off", {"en": "rejected", "uk": "відхилено"}),
        "hidden": Status(
            "off", {"en": "hidden from the map's account", "uk": "приховано від облікового запису мапи"}
        ),
    },
    fields=(
        TypeField("end_at", {"en": "voting ends", "uk": "кінець голосування"}, "time"),
        TypeField("turnout_percent", {"en": "turnout", "uk": "явка"}, "number", "%"),
        TypeField("quorum_percent", {"en": "quorum", "uk": "кворум"}, "number", "%"),
        TypeField("votes_yes", {"en": "yes", "uk": "за"}, "number"),
        TypeField("votes_no", {"en": "no", "uk": "проти"}, "number"),
        TypeField("votes_abstain", {"en": "abstained", "uk": "утримались"}, "number"),
        TypeField("start_at", {"en": "voting begins", "uk": "початок голосування"}, "time", table=False),
        TypeField("hidden_since", {"en": "hidden since", "uk": "приховано з"}, "time", table=False),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
    ),
    relations=(Relation("dao_id", _DAO, {"en": "proposals", "uk": "пропозиції"}, arcs=False),),
    place="orbit",
    within=("dao_id",),
    look="moon",
)
VOTE: Final = Type(
    "vote",
    ("dao", "votes"),
    label={"en": "Vote", "uk": "Голос"},
    plural={"en": "votes", "uk": "голоси"},
    counts={
        "en": {"one": "vote", "other": "votes"},
        "uk": {"one": "голос", "few": "голоси", "many": "голосів", "other": "голосу"},
    },
    icon=_ICON,
    rank=91,
    fields=(
        TypeField("value", {"en": "vote", "uk": "голос"}),
        TypeField("weight", {"en": "weight", "uk": "вага"}, "number"),
        TypeField("cast_at", {"en": "cast", "uk": "подано"}, "time"),
    ),
    relations=(
        Relation(
            "proposal_id", {"en": "proposal", "uk": "пропозиція"}, {"en": "votes", "uk": "голоси"}, arcs=False
        ),
    ),
    place="list",
    within=("proposal_id",),
)
TREASURY: Final = Type(
    "treasury",
    ("dao", "treasury"),
    label={"en": "Treasury", "uk": "Скарбниця"},
    plural={"en": "treasuries", "uk": "скарбниці"},
    counts={
        "en": {"one": "treasury", "other": "treasuries"},
        "uk": {"one": "скарбниця", "few": "скарбниці", "many": "скарбниць", "other": "скарбниці"},
    },
    icon="M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4",
    rank=92,
    fields=(
        TypeField("balance", {"en": "balance", "uk": "залишок"}, "number"),
        TypeField("symbol", {"en": "token", "uk": "токен"}),
    ),
    relations=(Relation("dao_id", _DAO, {"en": "treasuries", "uk": "скарбниці"}, arcs=False),),
    place="list",
    within=("dao_id",),
)
