"""The types of this source: what people call them, how they are judged, and where they stand."""

from typing import Final

from livingmap.plugin import Relation, Status, Type, TypeField

JOB: Final = Type(
    "job",
    ("monitoring", "jobs"),
    label={"en": "Job", "uk": "Служба"},
    plural={"en": "jobs", "uk": "служби"},
    counts={
        "en": {"one": "job", "other": "jobs"},
        "uk": {"one": "служба", "few": "служби", "many": "служб", "other": "служби"},
    },
    icon="M3 7l9-4 9 4-9 4zM3 12l9 4 9-4M3 17l9 4 9-4",
    rank=310,
    statuses={"down": Status("bad", {"en": "down", "uk": "не відповідає"})},
    fields=(
        TypeField("targets", {"en": "targets", "uk": "цілі"}, "number"),
        TypeField("targets_down", {"en": "targets that are down", "uk": "цілі, що не відповідають"}, "number"),
    ),
    place="district",
)

TARGET: Final = Type(
    "target",
    ("monitoring", "targets"),
    label={"en": "Target", "uk": "Ціль"},
    plural={"en": "targets", "uk": "цілі"},
    counts={
        "en": {"one": "target", "other": "targets"},
        "uk": {"one": "ціль", "few": "цілі", "many": "цілей", "other": "цілі"},
    },
    icon="M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 8a4 4 0 1 0 0 8a4 4 0 1 0 0-8",
    rank=320,
    statuses={"down": Status("bad", {"en": "down", "uk": "не відповідає"})},
    fields=(
        TypeField("error", {"en": "error", "uk": "помилка"}, "text"),
        TypeField("labels", {"en": "labels", "uk": "мітки"}, table=False),
        TypeField("last_scrape", {"en": "last scrape", "uk": "останнє опитування"}, "time", table=False),
        TypeField("last_scrape_seconds", {"en": "took", "uk": "тривало"}, "seconds", table=False),
    ),
    relations=(Relation("job_id", {"en": "job", "uk": "служба"}, {"en": "targets", "uk": "цілі"}),),
    within=("job_id",),
    look="tower",
)

ALERT: Final = Type(
    "alert",
    ("monitoring", "alerts"),
    label={"en": "Alert", "uk": "Тривога"},
    plural={"en": "alerts", "uk": "тривоги"},
    counts={
        "en": {"one": "alert", "other": "alerts"},
        "uk": {"one": "тривога", "few": "тривоги", "many": "тривог", "other": "тривоги"},
    },
    icon="M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
    rank=300,
    statuses={
        "critical": Status("bad", {"en": "critical", "uk": "критична"}),
        "warning": Status("warn", {"en": "warning", "uk": "попередження"}),
        "firing": Status("warn", {"en": "firing", "uk": "триває"}),
        "info": Status("idle", {"en": "for information", "uk": "до відома"}),
        "pending": Status("busy", {"en": "pending", "uk": "очікує"}),
    },
    fields=(
        TypeField("summary", {"en": "summary", "uk": "зміст"}, "text"),
        TypeField("since", {"en": "since", "uk": "від"}, "time"),
        TypeField("severity", {"en": "severity", "uk": "серйозність"}, "text"),
        TypeField("runbook", {"en": "runbook", "uk": "інструкція"}, "link", table=False),
        TypeField("labels", {"en": "labels", "uk": "мітки"}, table=False),
    ),
    relations=(
        Relation("target_id", {"en": "target", "uk": "ціль"}, {"en": "alerts", "uk": "тривоги"}),
        Relation("job_id", {"en": "job", "uk": "служба"}, {"en": "alerts", "uk": "тривоги"}),
    ),
    within=("job_id",),
)

QUERY: Final = Type(
    "query",
    ("monitoring", "queries"),
    label={"en": "Query", "uk": "Запит"},
    plural={"en": "queries", "uk": "запити"},
    counts={
        "en": {"one": "query", "other": "queries"},
        "uk": {"one": "запит", "few": "запити", "many": "запитів", "other": "запити"},
    },
    icon="M4 6h16M4 12h10M4 18h6",
    rank=330,
    statuses={"refused": Status("bad", {"en": "refused", "uk": "відхилено"})},
    fields=(
        TypeField("value", {"en": "value", "uk": "значення"}, "number"),
        TypeField("query", {"en": "PromQL", "uk": "PromQL"}, "text"),
        TypeField("error", {"en": "error", "uk": "помилка"}, "text"),
    ),
    place="list",
)
