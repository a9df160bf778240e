"""A map that lives at random, and what a reader may see of it, worked out by brute force."""

import random
import re

from livingmap.access.settings import ItemRule
from livingmap.core.model import Drop, Put, Total
from livingmap.core.source import Count, Layer, Source, Tally
from livingmap.core.types import Type

PLACES = {
    "microdao": [("city", "items"), ("deep", "items")],
    "agent": [("agents", "items"), ("deep", "items")],
    "dao": [("space", "planets"), ("gov", "items")],
    "proposal": [("gov", "proposals")],  # which no source declares
    "tree": [("grove", "trees"), ("deep", "items")],
}
HOMES = {"microdao": "city", "agent": "agents", "dao": "space", "tree": "grove"}
TYPES = tuple(Type(name, PLACES[name][0]) for name in HOMES)
LAYERS = ("agents", "city", "deep", "gov", "grove", "space")
IDS = [f"{kind}:{rest}" for kind in PLACES for rest in "abc"]
RULES = (
    ItemRule(types=("microdao",), field="id", type="microdao"),
    ItemRule(types=("agent", "dao", "tree"), field="microdao_id", type="microdao"),
    ItemRule(types=("agent",), field="friends", type="agent", action="manage"),
    ItemRule(types=("proposal",), field="dao_id"),
    ItemRule(types=("dao",), field="parent"),
)
TALLIES = (
    Tally("city", "microdaos", (Count("city"),)),
    Tally("city", "busy", (Count("agents", field="status", values=frozenset({"busy"})),)),
    Tally("city", "agents", (Count("agents"),), per="microdao_id"),
    Tally("space", "proposals", (Count("gov", "proposals"),), per="dao_id", collection="planets"),
    Tally("space", "sum", (Count("gov", "proposals"), Count("agents")), rule=lambda one, other: one + other),
)


def source(name):
    places = dict.fromkeys(place for some in PLACES.values() for place in some)
    references = ("microdao_id", "dao_id", "friends", "parent")
    layers = tuple(Layer(*place, references=references) for place in places)
    return Source(name, f"{name}-service", object, layers, tallies=TALLIES, types=TYPES)


SOURCES = [source("red"), source("green")]


def some_steps(seed):
    """Return a life of the map: dense, so that what is rare happens in nearly every one."""
    numbers = random.Random(seed)
    return [
        (numbers.choice(["red", "green"]), [some_change(numbers) for _ in range(numbers.randint(0, 4))])
        for _ in range(numbers.randint(0, 30))
    ]


def some_change(numbers):
    entity_id = numbers.choice(IDS)
    kind = entity_id.partition(":")[0]
    place = numbers.choice(PLACES[kind])
    match numbers.randint(0, 9):
        case 0 | 1:
            return Drop(place[0], entity_id, place[1])
        case 2:
            return Total(numbers.choice(LAYERS), {"users": numbers.randint(0, 3)})
        case _:
            others = [one for one in IDS if one.startswith(kind)]
            aliases = (numbers.choice(others),) if numbers.random() < 0.2 else ()
            return Put(place[0], entity_id, some_fields(numbers), (), place[1], aliases, numbers.random() < 0.85)


def some_fields(numbers):
    def text():
        one = numbers.choice(IDS)
        return numbers.choice([one, f"see {one}, now.", f"it is {one}.", "A", "http://x/y", "nobody:z", "12:30"])

    fields = {
        "name": numbers.choice(["A", "B", None]),
        "status": numbers.choice(["busy", "online", "error"]),
        "microdao_id": numbers.choice([*IDS[:3], None]),
        "dao_id": numbers.choice([*IDS[6:9], None]),
        "parent": numbers.choice([*IDS[6:9], None, None]),
        "friends": numbers.sample(IDS[3:6], numbers.randint(0, 2)),
        "note": numbers.choice([text(), [text(), None, text()], {text(): text()}, {"a": [{"b": text()}]}]),
        "agents": numbers.randint(5, 6),
    }
    return {name: fields[name] for name in numbers.sample(sorted(fields), numbers.randint(0, 5))}


class BruteForce:
    """The scene as a reader may see it, worked out from nothing, by the words of the documentation."""

    def __init__(self, scene, given, types):
        self.scene, self.rights, self.types = scene, given, types
        self.on_map = {}
        for layer, collections in scene.layers().items():
            for collection in collections:
                for entity_id, item in scene.items(layer, collection).items():
                    self.on_map.setdefault(entity_id, {})[layer, collection] = item

    def shows_layer(self, layer):
        return self.rights.layers is None or layer in self.rights.layers

    def rules_of(self, entity_id):
        kind = entity_id.partition(":")[0]
        return [rule for rule in RULES if kind in rule.types] if self.rights.grants is not None else []

    def grants(self, rule):
        return self.rights.grants[[("read", "microdao"), ("manage", "agent")].index((rule.action, rule.type))]

    def sees(self, entity_id, above=()):
        places = self.on_map.get(entity_id, {})
        if entity_id in above or not any(self.shows_layer(layer) for layer, _ in places):
            return False
        for rule in self.rules_of(entity_id):
            for item in places.values():
                value = entity_id if rule.field == "id" else item.get(rule.field)
                owners = [
                    self.scene.resolve(one) for one in (value if isinstance(value, list) else [value]) if one
                ]
                if not owners:
                    continue
                if rule.type:
                    allowed = [one for one in owners if one in self.grants(rule)]
                else:
                    allowed = [one for one in owners if self.sees(one, (*above, entity_id))]
                if not allowed:
                    return False
        return True

    def hidden(self, text):
        kind = text.partition(":")[0]
        if kind not in self.types:
            return False
        entity_id = self.scene.resolve(text)
        if entity_id in self.on_map:
            return not self.sees(entity_id)
        rules = self.rules_of(entity_id)
        if rules:
            return not all(rule.type and rule.field == "id" and entity_id in self.grants(rule) for rule in rules)
        return self.rights.layers is not None and HOMES.get(kind) not in self.rights.layers

    def listed(self):
        """What the catalogue lists: what is seen in its home layer, or of an undeclared type in any."""
        return {
            entity_id
            for entity_id, places in self.on_map.items()
            if self.sees(entity_id)
            for layer, _ in places
            if self.shows_layer(layer) and HOMES.get(entity_id.partition(":")[0], layer) == layer
        }

    def speaks(self, text):
        return any(self.hidden(one) for one in re.findall(r"[a-z]+:[a-z]+", text))

    def clean(self, value):
        if isinstance(value, str):
            return None if self.speaks(value) else value
        if isinstance(value, list):
            return [self.clean(one) for one in value if one is None or self.clean(one) is not None]
        if isinstance(value, dict):
            return {name: self.clean(one) for name, one in value.items() if not self.speaks(name)}
        return value

    def state(self):
        items = {}
        for entity_id, places in self.on_map.items():
            for (layer, collection), item in places.items():
                if self.shows_layer(layer) and self.sees(entity_id):
                    items[layer, collection, entity_id] = self.clean(dict(item))
        filled = [layer for layer in self.scene.filled_layers if self.shows_layer(layer)]
        for (layer, collection, entity_id), item in items.items():
            for tally in TALLIES:
                if tally.per and (layer, collection) == (tally.layer, tally.collection):
                    self._number(item, tally, items, filled, entity_id)
        totals = {}
        for layer in self.scene.layers():
            if not self.shows_layer(layer):
                continue
            fields = {} if self.rights.grants is not None else dict(self.scene.totals(layer))
            for tally in TALLIES:
                if tally.per is None and tally.layer == layer:
                    self._number(fields, tally, items, filled, None)
            totals[layer] = fields
        return {"items": items, "totals": {layer: fields for layer, fields in totals.items() if fields}}

    def _number(self, target, tally, items, filled, entity_id):
        counts = []
        for count in tally.counts:
            counted = [
                item
                for (layer, collection, _), item in items.items()
                if (layer, collection) == (count.layer, count.collection)
            ]
            counts.append(
                sum(
                    count.takes(item) and (entity_id is None or item.get(tally.per) == entity_id)
                    for item in counted
                )
            )
        number = tally.rule(*counts) if all(count.layer in filled for count in tally.counts) else None
        if self.rights.grants is not None or number is None:
            target[tally.field] = number
