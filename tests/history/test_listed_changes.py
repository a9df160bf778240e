"""What changed, as clients get it: entry by entry, item by item, from what to what."""

from datetime import UTC, datetime

import pytest

from livingmap.core.fold import TOUCHED, Fold, refreshed
from livingmap.core.model import Drop, Event, Position, Put, Total, change_to_json
from livingmap.core.source import Layer, Source
from livingmap.history import entry_of
from livingmap.history.changes import encoded
from tests.history.making import NOON, entry
from tests.history.test_api import PATH, asking

LAYERS = (Layer("nodes", volatile=("seen",), references=("lead_id", "helper_ids")), Layer("agents"))
NODES = Source("registry", "registry-service", object, LAYERS)
FIRST = [
    Put(
        "nodes", "node:gpu-1", {"name": "Hazel", "status": "online", "seen": 1, "metrics": {"cpu": 0.5, "gpu": 1}}
    ),
    Put("nodes", "node:gpu-2", {"title": "Oak", "status": "online"}, aliases=("node:uuid-2",)),
    Put("agents", "agent:sofia", {"status": "idle"}),
]
SECOND = [
    Put("nodes", "node:gpu-1", {"status": "offline", "seen": 2, "metrics": {"cpu": 0.9, "gpu": 1}}),
    Drop("nodes", "node:gpu-2"),
    Put("agents", "agent:sofia", {"seen": 2}, ("status",)),
    Total("nodes", {"online": 0}),
]
HAZEL = {"layer": "nodes", "collection": "items", "id": "node:gpu-1", "label": "Hazel"}


@pytest.fixture
def fold():
    return Fold([NODES])


@pytest.fixture
async def client(history, fold):
    """A client of a map that was polled three times; at last only volatile fields had changed."""
    polls = [
        refreshed("registry", 0, FIRST),
        refreshed("registry", 1, SECOND),
        refreshed("registry", 2, [Put("nodes", "node:gpu-1", {"seen": 3})], TOUCHED),
    ]
    for seq, message in enumerate(polls, 1):
        folded = fold.apply(Event(Position("e1", seq), message.type, message.payload, NOON))
        await history.write([entry_of(folded, fold.scene, seq - 1)])
    async with asking(history, fold) as opened:
        yield opened


def field(name, before, after):
    return {"name": name, "from": before, "to": after}


def put(changed, *fields, came=False):
    return {"op": "put", **changed, "came": came, "went": False, "fields": list(fields)}


OAK = {"layer": "nodes", "collection": "items", "id": "node:gpu-2", "label": "Oak"}
SOFIA = {"layer": "agents", "collection": "items", "id": "agent:sofia", "label": "sofia"}
STATUS = field("status", "online", "offline")


async def items(client, **query):
    answer = await client.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def changes(client, **query):
    return [(item["changes"], item["more"]) for item in await items(client, **query)]


async def test_a_poll_lists_what_it_found(client):
    metrics = field("metrics", {"cpu": 0.5, "gpu": 1}, {"cpu": 0.9, "gpu": 1})
    gone = {"op": "drop", **OAK, "came": False, "went": True, "fields": []}
    total = {"op": "total", "layer": "nodes", "collection": None, "id": None, "label": None}
    assert await changes(client) == [
        (
            [
                put(HAZEL, STATUS, metrics),
                gone,
                put(SOFIA, field("seen", None, 2), field("status", "idle", None)),
                {**total, "came": False, "went": False, "fields": [field("online", None, 0)]},
            ],
            0,
        ),
        ([put(HAZEL, came=True), put({**OAK}, came=True), put(SOFIA, came=True)], 0),
    ]


async def test_values_that_change_all_the_time_are_not_listed(client):
    assert await changes(client, event_type=TOUCHED) == [([], 0)]
    assert await changes(client, field="seen") == [([put(SOFIA, field("seen", None, 2))], 3)]


async def test_with_an_entity_its_own_changes_are_listed_and_of_what_came_and_went_all_fields(client):
    gone = {"op": "drop", **OAK, "came": False, "went": True}
    name = [field("title", "Oak", None), field("status", "online", None)]
    came = [field("title", None, "Oak"), field("status", None, "online")]
    expected = [([{**gone, "fields": name}], 3), ([put(OAK, *came, came=True)], 2)]
    assert await changes(client, entity_id="node:gpu-2") == expected
    assert await changes(client, entity_id="node:gpu-3") == []


async def test_with_a_field_only_entries_that_changed_it_are_listed(client):
    assert await changes(client, entity_id="node:gpu-1", field="status") == [
        ([put(HAZEL, STATUS)], 3),
        ([put(HAZEL, field("status", None, "online"), came=True)], 2),
    ]
    assert await changes(client, entity_id="agent:sofia", field="metrics") == []
    assert [len(one) for one, _ in await changes(client, field="status")] == [3, 3]
    assert await changes(client, field="online") == [([ANY_TOTAL], 3)]


ANY_TOTAL = {
    "op": "total",
    "layer": "nodes",
    "collection": None,
    "id": None,
    "label": None,
    "came": False,
    "went": False,
    "fields": [field("online", None, 0)],
}


async def test_a_field_may_be_the_path_to_a_value_within_one(client):
    assert await changes(client, field="metrics.cpu") == [
        ([put(HAZEL, field("metrics.cpu", 0.5, 0.9))], 3),
        ([put(HAZEL, field("metrics.cpu", None, 0.5), came=True)], 2),
    ]
    assert [more for _, more in await changes(client, field="metrics.gpu")] == [2]


async def test_pages_by_field_follow_each_other(client, history):
    rows = [Put("nodes", "node:gpu-1", {"name" if seq % 3 else "status": str(seq)}, was={}) for seq in range(30)]
    await history.write([entry(10 + seq, changes=encoded([change_to_json(row)])) for seq, row in enumerate(rows)])
    seen, query = [], {"field": "status", "limit": 4}
    while True:
        page = (await client.get(PATH, params=query)).json()
        seen += [item["payload"].get("seq") for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [*range(37, 9, -3), None, None]


async def test_at_most_a_hundred_changes_are_listed(client, history):
    rows = [Put("agents", f"agent:{number}", {"n": number}, came=True) for number in range(101)]
    message = refreshed("registry", 9, rows)
    folded = Fold([NODES]).apply(Event(Position("e2", 1), message.type, message.payload, datetime.now(UTC)))
    await history.write([entry_of(folded)])
    listed, more = (await changes(client, limit=1))[0]
    assert ([change["id"] for change in listed], more) == ([f"agent:{number}" for number in range(100)], 1)
    asked = await changes(client, entity_id="agent:100")
    assert [(change["id"], more) for found, more in asked for change in found] == [("agent:100", 100)]


async def test_entries_of_before_list_what_became_of_fields(client, history):
    old = change_to_json(Put("nodes", "node:gpu-1", {"status": "busy"}))
    gone = change_to_json(Drop("nodes", "node:gpu-9"))
    await history.write([entry(9, "node.event", epoch="e0", changes=encoded([old, gone]))])
    nine = {"layer": "nodes", "collection": "items", "id": "node:gpu-9", "label": "gpu-9"}
    assert (await changes(client, event_type="node.event"))[0] == (
        [
            put(HAZEL, field("status", None, "busy")),
            {"op": "drop", **nine, "came": False, "went": True, "fields": []},
        ],
        0,
    )


async def test_an_alias_that_was_learnt_is_no_change_of_what_refers_to_it(client, history, fold):
    early = {"lead_id": "agent:7f3c", "helper_ids": ["agent:7f3c", "agent:sofia"], "motto": "agent:7f3c"}
    for seq, changed in enumerate(
        (
            Put("nodes", "node:gpu-1", early),
            Put("agents", "agent:max", {"name": "Max"}, aliases=("agent:7f3c",)),
            Put("nodes", "node:gpu-1", {"lead_id": "agent:sofia", "motto": "agent:max"}),
        ),
        start=4,
    ):
        message = refreshed("registry", seq, [changed])
        folded = fold.apply(Event(Position("e1", seq), message.type, message.payload, NOON))
        await history.write([entry_of(folded, fold.scene, seq - 1)])
    assert await changes(client, entity_id="node:gpu-1", field="lead_id") == [
        ([put(HAZEL, field("lead_id", "agent:max", "agent:sofia"))], 0),
        ([put(HAZEL, field("lead_id", None, "agent:max"))], 0),
    ]
    assert await changes(client, entity_id="node:gpu-1", field="helper_ids") == [
        ([put(HAZEL, field("helper_ids", None, ["agent:max", "agent:sofia"]))], 0)
    ]
    # a field that does not refer to anything keeps its text
    assert await changes(client, entity_id="node:gpu-1", field="motto") == [
        ([put(HAZEL, field("motto", "agent:7f3c", "agent:max"))], 0),
        ([put(HAZEL, field("motto", None, "agent:7f3c"))], 0),
    ]


async def test_an_item_says_when_its_publisher_says_it_was_and_whose_it_is(client, history, fold):
    await history.write([entry(9, "node.event", occurred_at=NOON, source="registry", changes=None)])
    item = (await items(client, event_type="node.event"))[0]
    assert (item["occurred_at"], item["source"]) == ("2025-11-24T12:00:00Z", "registry")
    assert (item["changes"], item["more"]) == (None, 0)


@pytest.mark.parametrize("value", ["", " ", "a\0b"])
async def test_a_field_that_cannot_be_is_refused(client, value):
    answer = await client.get(PATH, params={"field": value})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")
