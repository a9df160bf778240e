"""A planted story: a map of a few things, what happened to them, and a history that has it."""

import json
from datetime import UTC, datetime, timedelta

from livingmap.core.model import Position
from livingmap.core.source import Layer, Source
from livingmap.core.types import Relation, Status, Type, TypeField
from livingmap.core.vocabulary import Vocabulary
from livingmap.history import Entry
from livingmap.history.state import State, packed_layers

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)

TYPES = (
    Type(
        "node",
        ("nodes", "items"),
        label={"en": "Node", "uk": "Вузол"},
        plural={"en": "nodes", "uk": "вузли"},
        counts={
            "en": {"one": "node", "other": "nodes"},
            "uk": {"one": "вузол", "few": "вузли", "many": "вузлів", "other": "вузла"},
        },
        rank=1,
        statuses={"offline": Status("bad", {"en": "offline", "uk": "не на зв'язку"})},
        fields=(
            TypeField("metrics.cpu", {"en": "CPU", "uk": "ЦП"}, "ratio"),
            TypeField("jobs", {"en": "jobs", "uk": "завдання"}, "number", additive=True),
        ),
    ),
    Type(
        "agent",
        ("agents", "items"),
        label={"en": "Agent", "uk": "Агент"},
        plural={"en": "agents", "uk": "агенти"},
        counts={
            "en": {"one": "agent", "other": "agents"},
            "uk": {"one": "агент", "few": "агенти", "many": "агентів", "other": "агента"},
        },
        rank=2,
        fields=(TypeField("tokens", {"en": "tokens", "uk": "токени"}, "number", "tk", additive=True),),
        relations=(Relation("node_id", {"en": "runs on", "uk": "працює на"}),),
    ),
    Type(
        "dao",
        ("space", "planets"),
        label={"en": "DAO"},
        rank=3,
        size="treasury",
        fields=(
            TypeField("holdings", {"en": "holdings", "uk": "статки"}, "amounts"),
            TypeField("treasury", {"en": "treasury", "uk": "скарбниця"}, "number"),
        ),
    ),
)
LAYERS = (Layer("nodes"), Layer("agents", references=("node_id",)), Layer("space", "planets"), Layer("things"))
VOCABULARY = Vocabulary([Source("things", "thing-service", object, LAYERS, types=TYPES)])


def put(entity_id, *, unset=(), **fields):
    place = {"node": ("nodes", "items"), "agent": ("agents", "items"), "dao": ("space", "planets")}
    layer, collection = place.get(entity_id.partition(":")[0], ("things", "items"))
    where = {"layer": layer, "collection": collection, "id": entity_id}
    return {"op": "put", **where, "set": fields, "unset": list(unset), "was": {}}


def drop(entity_id):
    one = put(entity_id)
    return {"op": "drop", **{name: one[name] for name in ("layer", "collection", "id", "was")}}


def at(text, second=0):
    """Return a time of the day of the story."""
    hours, minutes = map(int, text.split(":"))
    return MIDNIGHT + timedelta(hours=hours, minutes=minutes, seconds=second)


class Story:
    """Entries and states of a history, told in order."""

    def __init__(self, history):
        self.history = history
        self._epoch, self._seq, self._layers = "e1", 0, {}

    def restart(self):
        """Let another log begin."""
        self._epoch, self._seq = f"e{int(self._epoch[1:]) + 1}", 0

    def skip(self, count=1):
        """Let the history lack entries."""
        self._seq += count

    async def tell(self, time, *changes, kept=True):
        """Write an entry of a time."""
        previous, self._seq = self._seq, self._seq + 1
        raw = json.dumps(changes).encode() if kept else None
        position = Position(self._epoch, self._seq)
        ids = tuple(dict.fromkeys(one["id"] for one in changes))
        entry = Entry(position, "things.happened", {}, time, entity_ids=ids, previous=previous, changes=raw)
        await self.history.write([entry])
        return entry

    async def keep_state(self, time, *items):
        """Write the state of the last entry, in which these things are on the map."""
        layers = {}
        for item in items:
            one = put(item["id"])
            layers.setdefault(one["layer"], {}).setdefault(one["collection"], []).append(item)
        position = Position(self._epoch, self._seq)
        await self.history.write_state(State(position, time, time, packed_layers(layers, [])))
