"""What the host checks of the types that a plugin declares."""

import pytest

from livingmap.plugin import Layer, Relation, Source, SourceSettings, Status, Type, TypeField
from livingmap.sources.type_rules import invalid_types

HOME = ("monitoring", "targets")
NOWHERE = (
    "is at home in ('agents', 'things'), not one of the plugin's layers: "
    "('agents', 'items'), ('monitoring', 'targets')"
)
PLACE = "not a layer and a collection like ('monitoring', 'targets')"
KINDS = "auto, text, number, ratio, bytes, seconds, time, link, amounts"


def faults(*types, **layer):
    layers = (Layer("monitoring", "targets", **layer), Layer("agents", decorates=True))
    return invalid_types(Source("prom", "prometheus", SourceSettings, layers, types=types))


def test_a_whole_declaration_is_accepted():
    whole = Type(
        "target",
        HOME,
        label={"en": "Target", "uk": "Ціль"},
        plural={"en": "targets"},
        counts={"en": {"one": "target", "other": "targets"}},
        statuses={"down": Status("bad", {"en": "down"})},
        fields=(TypeField("latency", {"en": "Latency"}, "seconds"),),
        relations=(Relation("job_id", {"en": "job"}, {"en": "targets"}),),
        within=("job_id",),
    )
    assert faults(whole, title={"en": "Monitoring"}, standing={"up": None}) == []


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"name": "Target"}, "has a name that no id can begin with; write it like 'target'"),
        ({"home": ("agents", "things")}, NOWHERE),
        ({"label": {"uk": "Ціль"}}, "has a label without English (en)"),
        (
            {"plural": "targets"},
            "has a plural that is not text by language, such as {'en': 'Target', 'uk': 'Ціль'}",
        ),
        (
            {"counts": {"en": "targets"}},
            "has counts that are not like {'en': {'one': 'target', 'other': 'targets'}}",
        ),
        (
            {"counts": {"en": {"many": "targets"}}},
            "has counts in 'en' without 'other'",
        ),
        (
            {"counts": {"en": {"some": "targets", "other": "targets"}}},
            "has counts in 'en' for 'some', not a plural category (there are: zero, one, two, few, many, other)",
        ),
        ({"place": "sea"}, "has place 'sea'; there are district, inside, orbit, list"),
        ({"statuses": {"down": "bad"}}, "has statuses that are not a mapping from status to Status"),
        (
            {"statuses": {"down": Status("awful")}},
            "has a status 'down' that says tone 'awful'; there are good, busy, idle, warn, bad, off",
        ),
        ({"fields": TypeField("a")}, "has fields that are not a tuple of TypeField"),
        ({"fields": (TypeField("a"), TypeField("a"))}, "has the field 'a' twice"),
        (
            {"fields": (TypeField("a", kind="hours"),)},
            f"has a field 'a' that says kind 'hours'; there are {KINDS}",
        ),
        ({"home": ["monitoring", "targets"]}, f"has the place ['monitoring', 'targets'], {PLACE}"),
        ({"home": ("monitoring",)}, f"has the place ('monitoring',), {PLACE}"),
        ({"elsewhere": ("monitoring", "targets")}, f"has the place 'monitoring', {PLACE}"),
        ({"fields": (TypeField(["a"]),)}, "has a TypeField whose name is not a text"),
        ({"icon": None}, "has icon=None, not a text"),
        ({"rank": "first"}, "has rank='first', not a whole number"),
        ({"glow": "activity"}, "has glow='activity', not a tuple of fields: write (…,), with the comma"),
        ({"relations": [Relation("a")]}, "has relations that are not a tuple of Relation"),
        ({"within": ("job_id",)}, "stands within 'job_id', not one of its relations: it has none"),
        (
            {"within": "job_id", "relations": (Relation("job_id"),)},
            "has within='job_id', not a tuple of fields: write (…,), with the comma",
        ),
    ],
)
def test_a_fault_says_the_type_what_is_wrong_and_what_would_do(said, fault):
    said = {"name": "target", "home": HOME, **said}
    assert faults(Type(**said))[0] == f"type {said['name']!r} {fault}"


def test_the_words_and_totals_of_a_layer_are_checked_as_well():
    assert faults(title="Monitoring", hint={"uk": "Цілі"}, standing=True) == [
        "layer 'monitoring' has a title that is not text by language, such as {'en': 'Target', 'uk': 'Ціль'}",
        "layer 'monitoring' has a hint without English (en)",
        "layer 'monitoring' has standing=True; give a mapping with its totals, such as {}",
    ]


def test_a_type_is_declared_once_by_a_plugin():
    assert faults(Type("target", HOME), Type("target", HOME)) == ["type 'target' is declared twice"]


def test_types_without_the_comma_are_explained():
    source = Source("prom", "prometheus", SourceSettings, (Layer("monitoring"),), types=Type("target", HOME))
    assert invalid_types(source) == ["its types are not a tuple of Type: write (Type(…),), with the comma"]
