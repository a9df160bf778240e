"""Problems of the network: things in trouble by what their types say, and ids that several things claim."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from livingmap.core.catalogue import home_of
from livingmap.core.fold import OF_POLLS, Folded
from livingmap.core.layers import Layers
from livingmap.core.model import CollectionKey, Drop, Fields, Json, Put
from livingmap.core.scene import Scene
from livingmap.core.trouble import QuickLook, Trouble, TroubleKind, telling_fields, troubles_of
from livingmap.core.vocabulary import Vocabulary, type_of
from livingmap.problems.kind import Finding, Kind, Severity

ENTITY_IN_TROUBLE: Final = Kind(
    "entity_in_trouble",
    Severity.CRITICAL,
    {"en": "Something is in trouble", "uk": "Щось має проблему"},
    {"en": "{subject} is {status}", "uk": "{subject}: {status}"},
    {
        "en": "Its status is one that its type calls trouble.",
        "uk": "Його стан належить до тих, які його тип вважає проблемою.",
    },
    {
        "en": "Open it on the map: what belongs to it and what it depends on stand beside it.",
        "uk": "Відкрийте його на мапі: поруч те, що до нього належить, і те, від чого воно залежить.",
    },
    is_public=True,
    alert_seconds=120,
)
ENTITY_ALERTS: Final = Kind(
    "entity_alerts",
    Severity.CRITICAL,
    {"en": "Something raises an alert", "uk": "Щось повідомляє про тривогу"},
    {"en": "{subject}: {alert}", "uk": "{subject}: {alert}"},
    {
        "en": "It says so itself, by its field `alerts`.",
        "uk": "Воно саме повідомляє про тривогу полем `alerts`.",
    },
    {
        "en": "The alert is that of its service; it goes when the service takes it back.",
        "uk": "Це тривога його сервісу; вона зникне, коли сервіс її зніме.",
    },
    is_public=True,
    alert_seconds=120,
)
ENTITY_OVERLOADED: Final = Kind(
    "entity_overloaded",
    Severity.CRITICAL,
    {"en": "A machine is overloaded", "uk": "Машину перевантажено"},
    {
        "en": "{subject} is overloaded: {load:percent} in use",
        "uk": "{subject}: перевантажено, використано {load:percent}",
    },
    {
        "en": "At least nine tenths of its processor, its memory or its GPU are in use.",
        "uk": "Використано щонайменше дев'ять десятих його процесора, пам'яті або GPU.",
    },
    {
        "en": "Move work elsewhere, or give it more. Its agents are listed beside it on the map.",
        "uk": "Перенесіть роботу або додайте ресурсів. Його агентів перелічено поруч із ним на мапі.",
    },
    is_public=True,
    alert_seconds=300,
)
ID_COLLISION: Final = Kind(
    "id_collision",
    Severity.WARNING,
    {"en": "Several things claim one id", "uk": "Кілька речей претендують на один ідентифікатор"},
    {
        "en": "{count:count thing claims|things claim} the id {id}",
        "uk": "{count:count річ претендує|речі претендують|речей претендують} на ідентифікатор {id}",
    },
    {
        "en": "Services have one id for different things. It refers to the one with the stronger claim; the "
        "others are shown under other ids.",
        "uk": "Сервіси мають один ідентифікатор для різних речей. Він означає ту, чия претензія сильніша; решту "
        "показано під іншими ідентифікаторами.",
    },
    {
        "en": "`same_as` joins what is the same, and separates what is not.",
        "uk": "`same_as` об'єднує те саме і роз'єднує різне.",
    },
    is_public=True,
    alert_seconds=None,
)

KINDS: Final = (ENTITY_IN_TROUBLE, ENTITY_ALERTS, ENTITY_OVERLOADED, ID_COLLISION)

_KINDS: Final[Mapping[TroubleKind, Kind]] = {
    "status": ENTITY_IN_TROUBLE,
    "alert": ENTITY_ALERTS,
    "load": ENTITY_OVERLOADED,
}
_STATE: Final = "troubles"
"""The name under which checkpoints have since when things are in trouble."""


@dataclass(frozen=True, slots=True)
class OpenTrouble:
    """A thing that is in trouble."""

    kind: Kind
    severity: Severity
    since: datetime
    at_least: bool
    """Whether it may have begun before: the thing was in trouble when the map saw it first."""
    seen_at: datetime
    """When an entry said so last."""
    source: str | None
    """The source that says so."""


class Troubles:
    """The things of ``scene`` that are in trouble. A follower of the log, kept in checkpoints.

    ``since`` is the time of the entry from which on a thing is in trouble, the same in every process. Where that
    was before the checkpoint from which a process of an older version began, it is when this one first saw it.
    """

    def __init__(self, scene: Scene, now: Callable[[], datetime]) -> None:
        self._scene = scene
        self._now = now
        self._open: dict[str, dict[str, OpenTrouble]] = {}
        """By id, then by code."""
        self._since: dict[tuple[str, str], tuple[datetime, bool]] = {}
        """What `restore` has, until the scene is looked at."""
        self._vocabulary: Vocabulary | None = None
        self._telling: frozenset[str] = frozenset()
        self._homes: Mapping[str, str] = {}
        self._quick_look = QuickLook(scene.vocabulary)
        self._at: datetime | None = None

    def __iter__(self) -> Iterator[tuple[str, OpenTrouble]]:
        """Yield all troubles, each with the id of the thing."""
        for entity_id, troubles in self._open.items():
            for trouble in troubles.values():
                yield entity_id, trouble

    # as a follower of the log

    def on_entry(self, folded: Folded, _: int) -> None:
        """Look at what an entry has changed."""
        self._at = at = folded.event.received_at
        if self._scene.vocabulary is not self._vocabulary:
            self._look_at_all(at)
            return
        for change in folded.changes:
            if isinstance(change, Put):
                if change.id in self._open or self._may_mean_trouble(change):
                    is_first = folded.event.type in OF_POLLS and self._telling.isdisjoint(change.was)
                    self._judge(change.id, at, is_first=is_first)
            elif isinstance(change, Drop) and change.id in self._open:
                self._judge(change.id, at)

    def _may_mean_trouble(self, change: Put) -> bool:
        """Tell whether a change of a thing that is well can be more than that; most cannot, and many come."""
        if self._telling.isdisjoint(change.set) and self._telling.isdisjoint(change.unset):
            return False
        type_, layer = type_of(change.id), change.layer
        if self._homes.get(type_, layer) != layer:
            return False
        item = self._scene.items(layer, change.collection).get(change.id)
        return item is not None and not self._quick_look.clears(type_, item)

    def on_restored(self) -> None:
        """Look at the whole scene: it is another one."""
        self._look_at_all(self._at or self._now())

    def _look_at_all(self, at: datetime) -> None:
        scene, before = self._scene, self._open
        self._vocabulary, self._open = scene.vocabulary, {}
        self._homes, self._quick_look = scene.vocabulary.homes, QuickLook(scene.vocabulary)
        self._telling = frozenset(
            name
            for type_ in ("", *scene.vocabulary.types)
            for kind in _KINDS
            for name in telling_fields(scene.vocabulary, type_, kind)
        )
        for layer, collections in scene.layers().items():
            for collection in collections:
                for entity_id, item in scene.items(layer, collection).items():
                    if entity_id not in self._open and not self._quick_look.clears(type_of(entity_id), item):
                        self._judge(entity_id, at, before.get(entity_id, {}), is_first=True)
        self._since = {}

    def _judge(
        self,
        entity_id: str,
        at: datetime,
        before: Mapping[str, OpenTrouble] | None = None,
        *,
        is_first: bool = False,
    ) -> None:
        """Note what is wrong with a thing now; ``before`` is what was, by default what is noted.

        ``is_first`` if it was found, and not seen to become so.
        """
        before = self._open.pop(entity_id, {}) if before is None else before
        place = home_of(self._scene, entity_id)
        if place is None:
            return
        troubles: dict[str, OpenTrouble] = {}
        for kind, trouble in _gravest(self._scene.vocabulary, entity_id, self._scene.items(*place)[entity_id]):
            old = before.get(kind.code)
            then = self._since.get((entity_id, kind.code), (at, is_first))
            since, at_least = (old.since, old.at_least) if old else then
            source = self._source(place, entity_id, trouble.kind)
            troubles[kind.code] = OpenTrouble(kind, Severity(trouble.severity), since, at_least, at, source)
        if troubles:
            self._open[entity_id] = troubles

    def _source(self, place: CollectionKey, entity_id: str, by: TroubleKind) -> str | None:
        """Return the source whose value it is that means trouble."""
        owners = self._scene.owners(*place, entity_id)
        names = telling_fields(self._scene.vocabulary, type_of(entity_id), by)
        return next((owners[name] for name in names if name in owners), None)

    # as something that is kept in checkpoints

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield since when things are in trouble, as JSON."""
        yield (
            _STATE,
            [[entity_id, one.kind.code, one.since.isoformat(), one.at_least] for entity_id, one in self],
        )

    def restore(self, states: Mapping[str, Json]) -> None:
        """Restore what `states` yielded; `on_restored` follows."""
        self._open = {}
        self._since = {
            (entity_id, code): (datetime.fromisoformat(since), at_least != [False])
            for entity_id, code, since, *at_least in states.get(_STATE, ())
        }

    # reading

    def find(self, shown: Layers) -> Iterator[Finding]:
        """Yield the problems of what is ``shown`` of the scene, by what is shown of it."""
        for entity_id, troubles in self._open.items():
            place = home_of(shown, entity_id)
            if place is None:
                continue
            item = shown.items(*place)[entity_id]
            for kind, trouble in _gravest(shown.vocabulary, entity_id, item):
                if one := troubles.get(kind.code):
                    yield _finding(entity_id, place, trouble, one)


def _gravest(vocabulary: Vocabulary, entity_id: str, item: Fields) -> Iterator[tuple[Kind, Trouble]]:
    """Yield the kinds of problems that a thing has, each with the gravest of its troubles."""
    troubles = troubles_of(vocabulary, type_of(entity_id), item)
    for by in dict.fromkeys(one.kind for one in troubles):
        alike = [one for one in troubles if one.kind == by]
        yield _KINDS[by], next((one for one in alike if one.is_critical), alike[0])


def _finding(entity_id: str, place: CollectionKey, trouble: Trouble, one: OpenTrouble) -> Finding:
    """Return the problem of a thing; the reader's language decides about the words of its sentence."""
    values: Fields = {trouble.kind: float(trouble.text) if trouble.kind == "load" else trouble.text}
    return Finding(
        one.kind,
        entity_id,
        values,
        one.since,
        one.seen_at,
        one.source,
        (entity_id,),
        (place[0],),
        severity=Severity(trouble.severity),
        at_least=one.at_least,
    )


class Collisions:
    """Finds the ids of ``scene`` that several things claim."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def find(self, _: datetime) -> Iterator[Finding]:
        """Yield the problems there are now."""
        for one in self._scene.collisions():
            ids = tuple(entity_id for entity_id, _ in one.claims)
            homes = (home_of(self._scene, entity_id) for entity_id in ids)
            layers = tuple(dict.fromkeys(home[0] for home in homes if home))
            yield Finding(ID_COLLISION, one.id, {"id": one.id, "count": len(ids)}, entity_ids=ids, layers=layers)
