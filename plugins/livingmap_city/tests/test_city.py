import pytest

from livingmap.plugin import NotFound, Put, Reply, Total
from livingmap.testing import SourceContract, SourceHarness
from livingmap_city import plugin
from livingmap_city.totals import active_users, city_health

NOON = "2026-01-02T12:00:00Z"
RIVER = "microdao:river-council"
PUMP = "microdao:pump-guild"
SNAPSHOT = {
    "microdaos_total": 12,
    "active_users": 57,
    "active_agents": 34,
    "health": "yellow",
    "items": [
        {
            "id": "microdao:7",
            "slug": "river-council",
            "name": "River",
            "status": "active",
            "agents": 9,
            "nodes": 3,
        },
        {"id": "microdao:8", "slug": "pump-guild", "name": "Pumps"},
    ],
}


class TestContract(SourceContract):
    plugin = plugin


def only(**bodies):
    """Answer the paths, written with ``_`` for ``/``, that are given, and 404 for all others."""
    paths = {"/" + name.replace("_", "/"): body for name, body in bodies.items()}
    return lambda request: Reply(paths[request.path]) if request.path in paths else None


async def polled():
    harness = SourceHarness(plugin)
    await harness.poll()
    return harness


async def test_a_microdao_has_the_fields_of_the_specification():
    harness = await polled()
    assert harness.item("city", RIVER) == {
        "slug": "river-council",
        "name": "River Council",
        "status": "active",
        "description": "Decides about the water",
        "district": "Riverside",
        "members": 5,
        "orchestrator_id": "agent:orest",
        "parent_id": None,
        "agents": 1,
        "nodes": 1,
    }


async def test_a_microdao_is_found_by_the_citys_id():
    harness = await polled()
    assert harness.item("city", "microdao:dao_pump") == harness.item("city", PUMP)
    assert harness.item("city", PUMP)["parent_id"] == RIVER


async def test_a_microdao_that_is_not_active_is_inactive():
    harness = await polled()
    assert harness.item("city", PUMP)["status"] == "inactive"


async def test_one_users_view_is_passed_over_and_not_asked_again():
    harness = await polled()
    assert list(harness.items("city")) == [RIVER, PUMP]
    harness.requests.clear()
    await harness.poll()
    assert "/api/city/snapshot" not in {request.path for request in harness.requests}


async def test_the_snapshot_of_the_specification_is_taken_as_it_is():
    harness = SourceHarness(plugin, only(api_city_snapshot=SNAPSHOT))
    await harness.poll()
    assert harness.health.error is None
    assert harness.totals("city") == {name: SNAPSHOT[name] for name in SNAPSHOT if name != "items"}
    item = harness.item("city", RIVER)
    assert {name: value for name, value in item.items() if value is not None} == {
        "slug": "river-council",
        "name": "River",
        "status": "active",
        "agents": 9,
        "nodes": 3,
    }
    assert sorted(harness.items("city")) == ["microdao:7", "microdao:8"]
    assert harness.item("city", "microdao:8")["status"] == "active"


async def test_people_counted_by_the_snapshot_are_not_counted_again():
    room = {"id": "room_quay", "slug": "quay", "name": "Quay", "members_online": 2}
    harness = SourceHarness(plugin, only(api_city_snapshot=SNAPSHOT, city_rooms=[room]))
    await harness.poll()
    assert harness.totals("city")["active_users"] == 57
    assert await harness.poll() == []


async def test_people_are_counted_in_the_rooms_if_the_snapshot_does_not_count_them():
    room = {"id": "room_quay", "slug": "quay", "name": "Quay", "members_online": 2}
    harness = SourceHarness(plugin, only(api_city_snapshot={"items": []}, city_rooms=[room]))
    await harness.poll()
    assert harness.totals("city")["active_users"] == 2


async def test_every_page_is_read():
    rows = [{"id": f"dao_{n}", "slug": f"dao-{n}", "name": f"DAO {n}"} for n in range(250)]

    def answer(request):
        if request.path != "/city/microdao":
            return None
        start, size = int(request.query["offset"]), int(request.query["limit"])
        return Reply(rows[start : start + size])

    harness = SourceHarness(plugin, answer)
    await harness.poll()
    assert len(harness.items("city")) == 250


async def test_a_service_that_knows_no_pages_is_asked_twice():
    rows = [{"id": f"dao_{n}", "slug": f"dao-{n}", "name": f"DAO {n}"} for n in range(100)]
    harness = SourceHarness(plugin, only(city_microdao=rows))
    await harness.poll()
    assert len(harness.items("city")) == 100
    assert [request.path for request in harness.requests].count("/city/microdao") == 2


async def test_pages_without_end_are_refused():
    def answer(request):
        start = int(request.query.get("offset", 0))
        rows = [{"id": f"dao_{n}", "name": "?"} for n in range(start, start + 100)]
        return Reply(rows) if request.path == "/city/microdao" else None

    harness = SourceHarness(plugin, answer)
    await harness.poll()
    assert "city.items: /city/microdao: more than 2000 pages of 100" in harness.health.error
    assert harness.items("city") == {}


async def test_a_path_that_the_real_service_lost_is_an_error_and_no_empty_city():
    harness = SourceHarness(plugin, only(city_microdao=[]))
    await harness.poll()
    assert {error.partition(": ")[0] for error in harness.health.error.split("; ")} == {
        "city.rooms",
        "agents.items",
        "nodes.items",
    }
    assert harness.totals("city")["active_agents"] is None


async def test_a_name_that_makes_no_id_drops_one_row():
    rows = [
        {"id": "microdao:", "name": "?"},
        {"id": " ", "name": "?"},
        {"id": "dao_1", "slug": "one", "name": "One"},
    ]
    harness = SourceHarness(plugin, only(city_microdao=rows))
    await harness.poll()
    assert list(harness.items("city")) == ["microdao:one"]
    assert harness.health.dropped == [
        "/city/microdao[0].id: no id can be made of it",
        "/city/microdao[1].id: no id can be made of it",
    ]


async def test_a_room_has_its_place_on_the_map():
    harness = await polled()
    assert harness.item("city", "city:quay", "rooms") == {
        "slug": "quay",
        "name": "The Quay",
        "status": "active",
        "description": "Де швартуються",
        "members_online": 2,
        "microdao_id": RIVER,
        "is_default": False,
        "created_at": "2026-01-01T07:30:00.250000Z",
        "room_type": "district",
        "zone": "south",
        "icon": None,
        "color": "#0EA5E9",
        "x": 0,
        "y": 3,
        "w": 2,
        "h": 1,
    }


async def test_rooms_are_there_without_a_map():
    rooms = [{"id": "room_quay", "slug": "quay", "name": "Quay"}]
    harness = SourceHarness(plugin, only(city_microdao=[], city_rooms=rooms))
    await harness.poll()
    assert harness.item("city", "city:room_quay", "rooms")["x"] is None


async def test_rooms_without_a_count_leave_the_number_of_people_unknown():
    rooms = [{"id": "room_quay", "slug": "quay", "name": "Quay"}]
    harness = SourceHarness(plugin, only(city_microdao=[], city_rooms=rooms))
    await harness.poll()
    assert harness.totals("city")["active_users"] is None


async def test_the_totals_are_counted():
    harness = await polled()
    assert harness.totals("city") == {
        "active_users": 4,
        "microdaos_total": 2,
        "active_agents": 2,
        "health": "red",
    }


@pytest.mark.parametrize(
    ("nodes", "offline", "degraded", "health"),
    [
        (0, 0, 0, None),
        (4, 0, 0, "green"),
        (4, 1, 0, "yellow"),
        (4, 0, 4, "yellow"),
        (4, 2, 0, "red"),
        (1, 1, 0, "red"),
    ],
)
def test_the_health_of_the_city(nodes, offline, degraded, health):
    assert city_health(nodes, offline, degraded) == health


async def test_an_agent_is_put_together_from_both_lists():
    harness = await polled()
    assert harness.item("agents", "agent:lampa") == {
        "name": "Lampa",
        "kind": "social",
        "title": None,
        "status": "busy",
        "microdao_id": None,
        "node_id": None,
        "room_id": "city:market",
        "district": None,
        "is_orchestrator": False,
        "color": "amber",
        "capabilities": ["greet", "guide"],
    }
    assert harness.item("agents", "agent:orest") == {
        "name": "Orest",
        "kind": "orchestrator",
        "title": "Scribe",
        "status": "online",
        "microdao_id": RIVER,
        "node_id": "node:node-3-lviv-gpu",
        "room_id": None,
        "district": "Riverside",
        "is_orchestrator": True,
        "color": "cyan",
        "capabilities": [],
    }
    assert sorted(harness.items("agents")) == ["agent:ag_lampa", "agent:lviv-watch", "agent:orest"]


async def test_a_node_shows_neither_host_name_nor_address():
    harness = await polled()
    assert harness.item("nodes", "node:node-3-lviv-gpu") == {
        "name": "Lviv GPU",
        "microdao_id": RIVER,
        "status": "online",
        "roles": ["core", "gpu"],
        "environment": "production",
        "agents": 2,
        "agents_online": 1,
        "last_heartbeat": "2026-01-02T11:59:30.125000Z",
    }
    assert "192.0.2" not in str(dict(harness.items("nodes"))) + str(dict(harness.items("agents")))


async def test_details_of_a_microdao_name_what_belongs_to_it():
    harness = SourceHarness(plugin)
    assert await harness.details(RIVER) == {
        "slug": "river-council",
        "name": "River Council",
        "status": "active",
        "description": "Decides about the water",
        "district": "Riverside",
        "members": None,
        "orchestrator_id": "agent:orest",
        "parent_id": None,
        "agent_ids": ["agent:orest"],
        "room_ids": ["city:room_quay"],
        "child_ids": ["microdao:dao_pump"],
    }


async def test_details_of_a_node_name_who_looks_after_it():
    harness = await polled()
    assert await harness.details("node:node-3-lviv-gpu") == {
        **harness.item("nodes", "node:node-3-lviv-gpu"),
        "microdao_id": "microdao:dao_river",
        "guardian_id": "agent:lviv-watch",
        "steward_id": "agent:orest",
        "microdao_ids": ["microdao:dao_river"],
    }


async def test_details_of_a_room_tell_when_and_not_what_was_written():
    harness = await polled()
    details = await harness.details("city:market")
    assert details == {
        **harness.item("city", "city:market", "rooms"),
        "last_message_at": "2026-01-02T10:20:30.500000Z",
    }
    assert harness.requests[-1].path == "/city/rooms/room_city_market"


async def test_details_of_an_unknown_room_are_not_found():
    with pytest.raises(NotFound):
        await SourceHarness(plugin).details("city:nowhere")


async def test_presence_in_a_room_changes_the_room_and_the_city():
    harness = await polled()
    payload = {"room_slug": "market", "online_count": "6", "typing_count": 1, "last_event_ts": 1767355080500}
    fields = {"members_online": 6, "typing": 1, "last_event_at": "2026-01-02T11:58:00.500000Z"}
    assert await harness.send("city.presence.room.market", payload) == [
        Put("city", "city:market", fields, collection="rooms"),
        Total("city", {"active_users": 6}),
    ]


@pytest.mark.parametrize(
    ("rooms", "expected"),
    [
        ([(True, 7), (True, 7), (False, 3)], 7),
        ([(False, 2), (False, 3)], 5),
        ([(True, None), (False, 3)], 3),
        ([(True, 0), (False, 1)], 0),
        ([(True, None)], None),
        ([], None),
    ],
)
def test_the_default_rooms_count_the_whole_city(rooms, expected):
    fields = [{"is_default": default, "members_online": online} for default, online in rooms]
    assert active_users(fields) == Total("city", {"active_users": expected})


async def test_presence_in_an_unknown_room_changes_nothing():
    harness = await polled()
    payload = {"room_slug": "nowhere", "online_count": 6}
    assert await harness.send("city.presence.room.nowhere", payload) == []
    assert await harness.send("city.presence.room.market", {"room_slug": "market", "online_count": 4}) == [
        Put("city", "city:market", {"last_event_at": NOON}, collection="rooms")
    ]


async def test_who_types_is_not_shown():
    harness = await polled()
    await harness.send(
        "city.presence.room.market", {"room_slug": "market", "typing_users": ["@ivanna:river.example"]}
    )
    assert "ivanna" not in str(dict(harness.items("city", "rooms")))


async def test_presence_of_a_person_changes_nothing():
    harness = await polled()
    payload = {"type": "user.presence", "matrix_user_id": "@ivanna:river.example", "status": "online"}
    assert await harness.send("city.presence.user.ivanna", payload) == []


async def test_a_city_event_is_a_sign_of_life_of_a_microdao():
    harness = await polled()
    payload = {"microdao_id": "dao_pump", "status": "active", "member_count": 4}
    assert await harness.send("city.event.status", payload) == [
        Put("city", PUMP, {"status": "active", "members": 4, "last_event_at": NOON})
    ]


async def test_the_status_in_an_event_of_a_room_is_the_rooms():
    harness = await polled()
    payload = {"microdao_id": "river-council", "room_slug": "quay", "status": "busy", "members_online": 5}
    assert await harness.send("city.event.gathering", payload) == [
        Put(
            "city", "city:quay", {"status": "busy", "last_event_at": NOON, "members_online": 5}, collection="rooms"
        ),
        Put("city", RIVER, {"last_event_at": NOON}),
    ]


async def test_a_city_event_changes_only_the_totals_that_the_service_counts():
    harness = await polled()
    payload = {"active_users": 7, "active_agents": 99, "health": "green"}
    assert await harness.send("city.event.pulse", payload) == [Total("city", {"active_users": 7})]

    harness = SourceHarness(plugin, only(api_city_snapshot=SNAPSHOT))
    await harness.poll()
    assert await harness.send("city.event.pulse", payload) == [Total("city", payload)]


async def test_an_unknown_microdao_is_not_made_up_from_an_event():
    harness = await polled()
    assert await harness.send("city.event.status", {"microdao_id": "microdao:nobody", "status": "active"}) == []


async def test_an_event_with_a_name_that_makes_no_id_is_set_aside():
    harness = await polled()
    assert await harness.deliver("city.event.status", {"microdao_id": " ", "status": "active"}) == []
    assert [fault.error for fault in harness.faults] == [
        "InvalidAnswer: payload.microdao_id: no id can be made of it"
    ]
