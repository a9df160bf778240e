"""A small map of agents, of which readers with `RIGHTS` are shown those of one MicroDAO."""

from datetime import UTC, datetime

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.history import Entry
from livingmap.history.changes import kept

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
HIDDEN_UUID = "6f0c1c1e-3d2f-4a52-9a6e-0a9d2f7c1e10"
SHOWN_UUID = "7d0c7a55-3a52-4b5d-9a6e-0a9d2f7c1e10"
RULES = (ItemRule(types=("agent",), field="microdao_id", type="microdao"),)
RIGHTS = Rights(grants=(frozenset({"microdao:river"}),), reports=False)
RIVER, HILL = {"microdao_id": "microdao:river"}, {"microdao_id": "microdao:hill"}
AGENTS = (
    Put("agents", "agent:oksana", RIVER, aliases=(f"agent:{SHOWN_UUID}",)),
    Put("agents", "agent:sofia", HILL, aliases=(f"agent:{HIDDEN_UUID}",)),
    Put("agents", "agent:7", HILL),
    Put("agents", "agent:8", RIVER),
)


class SmallMap:
    """Two agents that are shown and two that are hidden. A message changes what a test says."""

    def __init__(self, rights=RIGHTS, clock=lambda: 0.0, types=()):
        layers = (Layer("agents", references=("microdao_id",)), Layer("deeds"))
        talk = Source("talk", "talk-service", object, layers[:1], {"talk.*": self._handle})
        both = Source("both", "both-service", object, layers, {"both.*": self._handle}, types=types)
        self.rights = rights
        self.seq = 0
        self._changes = []
        self.sources = [talk, both]
        self.fold = Fold(self.sources)
        self.scenes = FilteredScenes(self.fold, self.sources, RULES, lambda: Position("e", self.seq), clock)
        self.poll(*AGENTS)
        self.scenes.of(rights)

    def _handle(self, event, part):
        return self._changes

    def folded(self, kind, payload):
        self.seq += 1
        folded = self.fold.apply(Event(Position("e", self.seq), kind, payload, NOON))
        assert not folded.faults
        return folded

    def apply(self, kind, payload, rights=None):
        """Fold an event, let the scenes follow it, and return what is visible of it."""
        folded = self.folded(kind, payload)
        self.lost = self.scenes.take(folded)
        return self.scenes.visible(folded, self.rights if rights is None else rights)

    def poll(self, *changes, source="talk"):
        message = refreshed(source, self.seq, changes)
        return self.apply(message.type, message.payload)

    def visible(self, payload, *changes, kind="talk.said"):
        self._changes = list(changes)
        return self.apply(kind, payload)

    def entry(self, payload, *ids, kind="talk.said", rights=None, changes=None):
        raw = changes if changes is None else kept(changes, self.fold.scene.vocabulary)
        entry = Entry(Position("e", 9), kind, payload, NOON, entity_ids=ids, changes=raw)
        return self.scenes.entry(entry, self.rights if rights is None else rights)

    def item(self, entity_id):
        return self.scenes.of(self.rights).items("agents", "items").get(entity_id)
