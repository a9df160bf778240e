import pytest

from livingmap.plugin import Put, Reply
from livingmap.testing import SourceContract, SourceHarness
from livingmap_space import plugin

WEIR = "node:11"
LOCK = "node:12"
DELTA = "dao:delta-trust"
OVERLOAD = {
    "gpu_load": 0.93,
    "type": "node.alert.overload",
    "severity": "warn",
    "timestamp": "2026-01-02T11:58:00Z",
}
SCENE = {
    "planets": [
        {"id": "dao:river", "name": "River", "type": "dao", "orbits": ["node:gpu-1", "gpu-2"], "status": "active"},
        {"id": "space:buoy", "name": "Buoy", "type": "beacon"},
        {"id": "raft", "name": "Raft", "type": "beacon"},
    ],
    "nodes": [
        {"id": "node:gpu-1", "name": "NODE1", "cpu": 0.42, "gpu": 0.77, "memory": 0.63, "alerts": ["hot"]},
        {"id": "node:gpu-2", "name": "NODE2", "cpu": 42, "gpu": "0.5", "memory": {"used": 1, "total": 0}},
    ],
}


class TestContract(SourceContract):
    plugin = plugin


def only(**bodies):
    """Answer the paths, written with ``_`` for ``/``, that are given, and 404 for all others."""
    paths = {"/" + name.replace("_", "/"): body for name, body in bodies.items()}
    return lambda request: Reply(paths[request.path]) if request.path in paths else None


async def polled(**bodies):
    harness = SourceHarness(plugin, only(**bodies) if bodies else None)
    await harness.poll()
    return harness


async def test_a_planet_has_the_fields_of_the_specification():
    harness = await polled()
    assert harness.item("space", DELTA, "planets") == {
        "name": "Delta Trust",
        "type": "dao",
        "orbits": [WEIR, LOCK],
        "status": "active",
        "health": "good",
        "treasury": 90210.5,
        "activity": 0.62,
        "governance_temperature": 41.0,
        "anomaly_score": 0.01,
        "position": {"x": -40.0, "y": 12.5, "z": 210.0},
        "node_count": 2,
    }


@pytest.mark.parametrize(
    ("health", "status"), [("good", "active"), ("warn", "degraded"), ("critical", "degraded"), (None, "unknown")]
)
async def test_the_health_of_a_planet_is_its_status(health, status):
    harness = await polled(space_planets=[{"dao_id": "3", "name": "P", "health": health}], space_nodes=[])
    assert harness.item("space", "dao:3", "planets")["status"] == status


async def test_a_node_in_space_has_the_fields_of_the_specification():
    harness = await polled()
    assert dict(harness.items("space", "nodes")) == {
        WEIR: {"name": "Weir Station", "status": "online", "cpu": 0.31, "gpu": 0.2, "memory": 0.25, "alerts": []},
        LOCK: {
            "name": "Lock House",
            "status": "degraded",
            "cpu": 0.88,
            "gpu": 0.93,
            "memory": 0.9531,
            "alerts": [OVERLOAD],
        },
    }


async def test_a_node_has_the_fields_of_the_specification():
    harness = await polled()
    assert harness.item("nodes", LOCK) == {
        "name": "Lock House",
        "microdao_id": "microdao:pump-guild",
        "status": "degraded",
        "metrics": {"cpu": 0.88, "gpu": 0.93, "ram": 0.9531, "net_in": 840.0, "net_out": 610.0},
        "alerts": [OVERLOAD],
        "agents": 1,
    }
    assert harness.item("nodes", WEIR)["status"] == "online"


async def test_the_missing_scene_is_asked_once():
    harness = await polled()
    await harness.poll()
    assert [request.path for request in harness.requests].count("/api/space/scene") == 1
    assert [request.path for request in harness.requests].count("/space/nodes") == 2


async def test_the_scene_of_the_specification_is_all_that_is_asked():
    harness = await polled(api_space_scene=SCENE)
    assert harness.health.error is None
    assert [request.path for request in harness.requests] == ["/api/space/scene"]
    planets = harness.items("space", "planets")
    assert {
        entity_id: (planet["type"], planet["orbits"], planet["status"]) for entity_id, planet in planets.items()
    } == {
        "dao:river": ("dao", ["node:gpu-1", "node:gpu-2"], "active"),
        "space:buoy": ("beacon", [], "unknown"),
        "space:raft": ("beacon", [], "unknown"),
    }
    unknown = {"status": "unknown", "cpu": 0.42}
    assert dict(harness.items("space", "nodes")) == {
        "node:gpu-1": {"name": "NODE1", **unknown, "gpu": 0.77, "memory": 0.63, "alerts": ["hot"]},
        "node:gpu-2": {"name": "NODE2", **unknown, "gpu": 0.5, "memory": None, "alerts": []},
    }
    assert harness.item("nodes", "node:gpu-1") == {
        "name": "NODE1",
        "microdao_id": None,
        "status": "unknown",
        "metrics": {"cpu": 0.42, "gpu": 0.77, "ram": 0.63, "net_in": None, "net_out": None},
        "alerts": ["hot"],
        "agents": None,
    }


async def test_a_scene_may_have_the_shape_of_the_real_answers():
    samples = {sample.path: sample.body for sample in SourceHarness(plugin).samples.answers}
    scene = {name: samples[f"/space/{name}"] for name in ("planets", "nodes", "events")}
    harness, real = await polled(api_space_scene=scene), await polled()
    for place in (("space", "planets"), ("space", "nodes"), ("nodes", "items")):
        assert harness.items(*place) == real.items(*place)


async def test_an_answer_that_is_no_scene_is_passed_over():
    harness = await polled(api_space_scene={"planets": "many"}, space_planets=[], space_nodes=[])
    assert harness.health.error is None
    assert harness.health.missing == ["/api/space/scene", "/space/events"]


async def test_a_name_that_makes_no_id_drops_one_row():
    rows = [{"dao_id": "dao:", "name": "?"}, {"dao_id": "dao:5", "name": "Five"}]
    harness = await polled(space_planets=rows, space_nodes=[])
    assert list(harness.items("space", "planets")) == ["dao:5"]
    assert harness.health.dropped == ["/space/planets[0].dao_id: no id can be made of it"]


async def test_metrics_of_an_event_replace_what_they_tell():
    harness = await polled()
    assert await harness.send("node.metrics.update", {"node_id": WEIR, "cpu": 0.8, "gpu": 0.95}) == [
        Put(
            "nodes",
            WEIR,
            {"metrics": {"cpu": 0.8, "gpu": 0.95, "ram": 0.25, "net_in": 210.0, "net_out": 95.5}},
        ),
        Put("space", WEIR, {"cpu": 0.8, "gpu": 0.95}, collection="nodes"),
    ]


async def test_metrics_may_be_nested_text_and_percent():
    harness = await polled()
    payload = {"node_id": "12", "status": "healthy", "metrics": {"cpu": "0.41", "memory": 77, "net_out": "800"}}
    assert await harness.send("node.metrics.update", payload) == [
        Put(
            "nodes",
            LOCK,
            {
                "metrics": {"cpu": 0.41, "gpu": 0.93, "ram": 0.77, "net_in": 840.0, "net_out": 800.0},
                "status": "online",
            },
        ),
        Put("space", LOCK, {"cpu": 0.41, "memory": 0.77}, collection="nodes"),
        Put("space", LOCK, {"status": "online"}, collection="nodes"),
    ]


async def test_what_cannot_be_read_as_a_load_stays_as_it_was():
    harness = await polled()
    assert await harness.send("node.metrics.update", {"node_id": WEIR, "cpu": "hot", "gpu": None}) == []


async def test_the_next_poll_tells_the_loads_anew():
    harness = await polled()
    before = dict(harness.item("nodes", WEIR))
    await harness.send("node.metrics.update", {"node_id": WEIR, "cpu": 0.8})
    await harness.poll()
    assert harness.item("nodes", WEIR) == before


async def test_an_unknown_node_is_not_made_up_from_its_metrics():
    harness = await polled()
    assert await harness.send("node.metrics.update", {"node_id": "node:99", "cpu": 0.8}) == []


@pytest.mark.parametrize("subject", ["node.alerts.latency", "events.space.node"])
async def test_an_alert_comes_first_among_those_of_its_node(subject):
    harness = await polled()
    payload = {
        "type": "node.alert.latency",
        "dao_id": None,
        "node_id": LOCK,
        "timestamp": 1767355120,
        "severity": "error",
        "meta": {"latency": 240.0, "trace": {"deep": []}},
    }
    alert = {
        "latency": 240.0,
        "type": "node.alert.latency",
        "severity": "error",
        "timestamp": "2026-01-02T11:58:40Z",
    }
    assert await harness.send(subject, payload) == [
        Put("nodes", LOCK, {"alerts": [alert, OVERLOAD]}),
        Put("space", LOCK, {"alerts": [alert, OVERLOAD]}, collection="nodes"),
    ]


async def test_an_alert_without_a_time_has_that_of_its_arrival():
    harness = await polled()
    await harness.send("node.alerts.disk", {"node_id": WEIR})
    assert harness.item("nodes", WEIR)["alerts"] == [
        {"type": "alert", "severity": "warn", "timestamp": "2026-01-02T12:00:00Z"}
    ]


async def test_only_the_newest_alerts_are_kept():
    harness = await polled()
    for number in range(25):
        await harness.send("node.alerts.disk", {"node_id": WEIR, "type": f"disk-{number}"})
    kept = [alert["type"] for alert in harness.item("nodes", WEIR)["alerts"]]
    assert kept == [f"disk-{number}" for number in range(24, 4, -1)]


async def test_news_of_a_dao_and_mere_information_are_no_alerts():
    harness = await polled()
    assert await harness.send("events.space.dao", {"dao_id": DELTA, "severity": "critical"}) == []
    assert await harness.send("events.space.node", {"node_id": WEIR, "severity": "info"}) == []
