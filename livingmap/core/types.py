"""Types: what a plugin says of the things that it lists, as data: words, statuses, fields, relations, a place.

Example: ``Type("target", home=("monitoring", "targets"), label={"en": "Target", "uk": "Ціль"},
statuses={"down": Status("bad")}, relations=(Relation("job_id", {"en": "job"}, {"en": "targets"}),),
within=("job_id",))``. Catalogue, access, history, API and page read it. A type that no plugin declares is shown
all the same, in generic words.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from livingmap.core.model import CollectionKey

Words: TypeAlias = Mapping[str, str]
"""A text by language, in English at least: ``{"en": "Target", "uk": "Ціль"}``."""

Counted: TypeAlias = Mapping[str, str]
"""A word by plural category (CLDR): ``{"one": "target", "other": "targets"}``."""

Tone: TypeAlias = Literal["good", "busy", "idle", "warn", "bad", "off"]
FieldKind: TypeAlias = Literal["auto", "text", "number", "ratio", "bytes", "seconds", "time", "link", "amounts"]
Place: TypeAlias = Literal["district", "inside", "orbit", "list"]

PLURALS: Final = ("zero", "one", "two", "few", "many", "other")
"""The plural categories of the CLDR; every language has the last one."""

LAST: Final = 500
"""The rank of types that give none."""

TROUBLE: Final[frozenset[Tone]] = frozenset({"warn", "bad"})
"""The tones of statuses that mean something is wrong."""


@dataclass(frozen=True, slots=True)
class Status:
    """How one status of a type is judged, and what it is called."""

    tone: Tone
    """``warn`` and ``bad`` are trouble."""
    label: Words = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeField:
    """A field of an item as people read it."""

    name: str
    """Its name, or a path to a value within it: ``metrics.cpu``."""
    label: Words = dataclasses.field(default_factory=dict)
    """By default the name, made readable."""
    kind: FieldKind = "auto"
    unit: str = ""
    """Shown after a number: ``req/s``, ``°C``."""
    table: bool = True
    """Whether it is a column of the table."""
    additive: bool = False
    """Whether the numbers of several things add up: tokens do, latencies do not."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A field that holds the id of another thing, or a list of ids."""

    field: str
    label: Words = dataclasses.field(default_factory=dict)
    """What the other thing is to this one: "job"."""
    referrers: Words = dataclasses.field(default_factory=dict)
    """What things of this type are called from the other side: "targets"."""
    arcs: bool = True
    """Whether it is drawn on the map when one of the two is selected."""
    orbit: bool = False
    """Whether the other thing circles this one on the map, besides where it stands."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type of thing. Of several plugins that declare one the first in the YAML wins; the rest is added."""

    name: str
    """The part of an id before its colon: ``target`` of ``target:api-1``."""
    home: CollectionKey
    """The layer and the collection that list it: ``("monitoring", "targets")``."""
    elsewhere: tuple[CollectionKey, ...] = ()
    """Further collections in which its things stand, such as those that orbit something in another layer."""
    label: Words = dataclasses.field(default_factory=dict)
    """One of them, where the word stands alone: "Target"."""
    plural: Words = dataclasses.field(default_factory=dict)
    """Several of them: "targets"."""
    counts: Mapping[str, Counted] = dataclasses.field(default_factory=dict)
    """By language, what goes with a number: ``{"en": {"one": "target", "other": "targets"}}``."""
    icon: str = ""
    """SVG path data, lines in a square of 24."""
    rank: int = LAST
    """Its place in lists, the lowest first."""
    status: str = "status"
    """The field that says how it is. Where an item lacks it, ``status`` does."""
    statuses: Mapping[str, Status] = dataclasses.field(default_factory=dict)
    """By status, beside the map's own words such as ``online`` and ``degraded``."""
    fields: tuple[TypeField, ...] = ()
    """In the order in which they are shown; others follow."""
    relations: tuple[Relation, ...] = ()
    place: Place = "inside"
    """Where it stands: as a district, inside or in orbit of what ``within`` refers to, or only in lists."""
    within: tuple[str, ...] = ()
    """Relations that say inside or in orbit of what it stands: the first that is set."""
    look: str = "mark"
    """How it is drawn: the page has ``mark``, ``light``, ``tower``, ``hall``, ``planet``, ``moon``, ``lamp`` …"""
    size: str = ""
    """A number that makes it larger on the map, and its name weightier."""
    glow: tuple[str, ...] = ()
    """Numbers that make it shine; the first says how much."""
    group: str = ""
    """A field: things of equal value stand together, or have one colour."""
    highlight: str = ""
    """A field that is true of those that stand out."""
