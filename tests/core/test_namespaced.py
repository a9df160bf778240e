"""A source in a namespace: it speaks and reads in ids of its own, and the map has them in the namespace."""

from datetime import UTC, datetime

import pytest

from livingmap.core.model import Drop, Event, Position, Put, Total
from livingmap.core.namespaced import in_namespace, inside, outside
from livingmap.core.part import Part
from livingmap.core.source import Layer, Source

CLIENT = object()
TOTAL = Total("monitoring", {"n": 1, "job_id": "job:a"})


def target(namespace="", collection="items"):
    """Return a target that refers to others, with all its ids in a namespace."""
    return Put(
        "monitoring",
        f"target:{namespace}web",
        {
            "job_id": f"job:{namespace}a",
            "peers": [f"target:{namespace}b", 7, [f"target:{namespace}c"]],
            "name": "target:web",
        },
        ("slug",),
        collection,
        (f"target:{namespace}9f", f"target:{namespace}8f"),
        creates=False,
        namespaces={f"target:{namespace}web": "slug"},
        unknown=("load",),
    )


def in_eu(*layers, **functions):
    """Return a source in the namespace ``eu``."""
    made = Source("prom_eu", "prometheus", object, layers, **functions)
    return in_namespace(made, "eu")


TARGETS = Layer("monitoring", references=("job_id", "peers"))


@pytest.mark.parametrize(
    ("own", "on_the_map"),
    [
        ("target:web", "target:eu/web"),
        ("target:a:b", "target:eu/a:b"),
        ("target:eu/web", "target:eu/eu/web"),
        ("target:", "target:"),
        ("web", "web"),
        ("", ""),
    ],
)
def test_an_id_gets_the_namespace_after_its_type_and_loses_it_again(own, on_the_map):
    assert inside("eu", own) == on_the_map
    assert outside("eu", on_the_map) == own
    assert inside("", own) == outside("", own) == own


def test_without_a_namespace_nothing_is_moved():
    assert inside("", "target:/web") == outside("", "target:/web") == "target:/web"


def test_an_id_of_another_namespace_is_nobodys_own():
    ids = ["target:us/web", "target:europe/web", "target:eu", "eu/web"]
    assert outside("eu", ids) == ids
    assert outside("eu", ["target:eu/web", {"id": "target:eu/web"}, None]) == [
        "target:web",
        {"id": "target:eu/web"},
        None,
    ]


async def test_what_polls_list_is_in_the_namespace():
    async def fetch(client):
        assert client is CLIENT
        return [target(), TOTAL, Drop("monitoring", "target:web")]

    made = in_eu(Layer("monitoring", fetch=fetch, references=("job_id", "peers")), Layer("monitoring", "jobs"))
    assert await made.layers[0].fetch(CLIENT) == [target("eu/"), TOTAL]
    assert (made.layers[0].name, made.layers[0].references) == ("monitoring", ("job_id", "peers"))
    assert made.layers[1] == Layer("monitoring", "jobs")
    assert (made.name, made.namespace, made.run) == ("prom_eu", "eu", None)


async def test_a_collection_without_references_keeps_the_values_of_its_fields():
    async def fetch(client):
        return [Put("monitoring", "job:a", {"job_id": "job:b"}, collection="jobs")]

    made = in_eu(TARGETS, Layer("monitoring", "jobs", fetch=fetch))
    assert await made.layers[1].fetch(CLIENT) == [
        Put("monitoring", "job:eu/a", {"job_id": "job:b"}, collection="jobs")
    ]


def test_a_handler_speaks_and_reads_in_its_own_ids():
    settings, read = object(), {}
    part = Part(settings=settings)
    part.put(target("eu/"), "target:eu/web", 1, 0)
    room = Put("monitoring", "target:eu/web", {"job_id": "job:eu/b"}, collection="rooms")
    part.put(room, "target:eu/web", 1, 0)
    part.put(Put("monitoring", "target:us/x", {"name": "X"}, collection="rooms"), "target:us/x", 1, 0)
    part.set_total(TOTAL, 1, 0)

    def on_down(event, own):
        read.update(
            event=event,
            settings=own.settings,
            item=own.get("monitoring", "target:web"),
            room=own.get("monitoring", "target:web", "rooms")["job_id"],
            nobody=(own.get("monitoring", "target:us/x", "rooms"), own.get("monitoring", "target:none")),
            items=list(own.items("monitoring")),
            rooms=[entity_id for entity_id, _ in own.items("monitoring", "rooms")],
            counts=(own.count("monitoring"), own.count("monitoring", "rooms"), own.count("city")),
            total=own.total("monitoring"),
        )
        return [target(), Drop("monitoring", "target:web", "rooms"), TOTAL]

    event = Event(Position("e", 1), "alert.down", {"id": "target:eu/web"}, datetime(2026, 1, 2, tzinfo=UTC))
    made = in_eu(TARGETS, handlers={"alert.*": on_down})
    assert made.handlers["alert.*"](event, part) == [
        target("eu/"),
        Drop("monitoring", "target:eu/web", "rooms"),
        TOTAL,
    ]
    assert read == {
        "event": event,
        "settings": settings,
        "item": target().set,
        "room": "job:eu/b",
        "nobody": (None, None),
        "items": [("target:web", target().set)],
        "rooms": ["target:web", "target:us/x"],
        "counts": (1, 2, 0),
        "total": TOTAL.set,
    }


async def test_details_are_asked_for_by_the_services_own_key_and_what_they_refer_to_is_on_the_map():
    asked = []

    async def details(client, key):
        asked.append((client, key))
        return {"job_id": "job:a", "peers": ["target:b"], "name": "job:a"}

    made = in_eu(TARGETS, Layer("city", references=("owner",)), details={"target": details})
    fields = {"job_id": "job:eu/a", "peers": ["target:eu/b"], "name": "job:a"}
    assert await made.details["target"](CLIENT, "eu%2Fweb%3A1") == fields
    assert await made.details["target"](CLIENT, "us%2Fweb") == fields
    assert asked == [(CLIENT, "web%3A1"), (CLIENT, "us%2Fweb")]


@pytest.mark.parametrize("marks", [None, {"status": "hidden", "job_id": "job:b"}])
async def test_what_becomes_of_an_item_is_asked_and_answered_in_its_own_ids(marks):
    asked = []

    async def unlisted(client, entity_id, fields):
        asked.append((client, entity_id, fields))
        return marks

    made = in_eu(Layer("monitoring", unlisted=unlisted, references=("job_id", "peers")))
    answer = await made.layers[0].unlisted(CLIENT, "target:eu/web", target("eu/").set)
    assert asked == [(CLIENT, "target:web", target().set)]
    assert answer == (None if marks is None else {"status": "hidden", "job_id": "job:eu/b"})


class Emitted(list):
    """What a run says, as the map gets it."""

    async def event(self, subject, payload):
        self.append((subject, payload))

    async def replace(self, layer, rows, collection="other"):
        self.append((layer, rows, collection))

    async def change(self, *changes):
        self.append(changes)

    async def alive(self):
        self.append("alive")


async def test_what_a_run_says_is_in_the_namespace():
    async def run(client, emit):
        assert client is CLIENT
        await emit.event("alert.down", {"id": "target:web"})
        await emit.replace("monitoring", [target(), TOTAL, Drop("monitoring", "target:web")])
        await emit.replace("monitoring", iter([target()]), "rooms")
        await emit.change(target(), Drop("monitoring", "target:web"))
        await emit.alive()

    emitted = Emitted()
    await in_eu(TARGETS, run=run).run(CLIENT, emitted)
    assert emitted == [
        ("alert.down", {"id": "target:web"}),
        ("monitoring", [target("eu/"), TOTAL], "items"),
        ("monitoring", [target("eu/")], "rooms"),
        (target("eu/"), Drop("monitoring", "target:eu/web")),
        "alive",
    ]
