import json
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from pydantic import ValidationError

from livingmap.plugin import Message, Mock
from livingmap.testing import plugin_manager
from livingmap_mock import plugin
from livingmap_mock.plugin import MockSettings
from livingmap_mock.world import SimulatedWorld


def test_pluggy_takes_the_plugin():
    assert plugin_manager(plugin).hook.livingmap_mock() == [Mock(settings=MockSettings, build=SimulatedWorld)]


def test_every_setting_says_what_it_is():
    assert [name for name, info in MockSettings.model_fields.items() if not info.description] == []


@pytest.mark.parametrize(
    "wrong", [{"agent": 3}, {"agents": 0}, {"agents": 100_001}, {"events_per_second": 10_001}]
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(ValidationError):
        MockSettings(**wrong)


def test_the_same_seed_and_calls_give_the_same_world(simulate):
    def play(world):
        messages = list(world.steps(500))
        return messages, world.get("agents", "/agents"), world.get("city", "/public/nodes")

    assert play(simulate()) == play(simulate())
    assert play(simulate()) != play(simulate(seed=8))


def test_the_sizes_are_those_of_the_settings(simulate):
    world = simulate(agents=70, nodes=11, microdaos=5, daos=3)
    assert {
        "agents": len(world.get("agents", "/agents")),
        "city agents": world.get("city", "/public/agents")["total"],
        "nodes": len(world.get("space", "/space/nodes")),
        "city nodes": world.get("city", "/public/nodes")["total"],
        "microdaos": len(world.get("microdao", "/microdao")),
        "city microdaos": len(world.get("city", "/city/microdao")),
        "daos": len(world.get("dao", "/dao")),
        "planets": len(world.get("space", "/space/planets")),
    } == {
        "agents": 70,
        "city agents": 70,
        "nodes": 11,
        "city nodes": 11,
        "microdaos": 5,
        "city microdaos": 5,
        "daos": 3,
        "planets": 3,
    }


def test_a_world_of_one_lives(simulate):
    world = simulate(agents=1, nodes=1, microdaos=1, daos=1)
    assert len(list(world.steps(3000))) > 1000


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("agents", "/agents/metrics"),
        ("agents", "/agents/agent:nobody"),
        ("city", "/city/microdao/nowhere"),
        ("city", "/public/nodes/nowhere"),
        ("dao", "/dao/proposals/summary"),
        ("dao", "/dao/proposals"),
        ("microdao", "/microdaos"),
        ("messaging", "/api/messaging/channels/00000000-0000-0000-0000-000000000000"),
        ("space", "/api/space/scene"),
        ("nothing", "/"),
    ],
)
def test_what_is_not_there_in_reality_is_a_404(simulate, service, path):
    assert simulate().status(service, path) == 404


def test_the_missing_metrics_path_is_taken_for_an_agent(simulate):
    reply = simulate().reply("agents", "/agents/metrics")
    assert reply.body == {"detail": "Agent 'metrics' not found"}


@pytest.mark.parametrize(
    ("service", "path", "query"),
    [
        ("city", "/public/agents", {"limit": "201"}),
        ("city", "/city/microdao", {"limit": "101"}),
        ("city", "/city/microdao", {"offset": "-1"}),
        ("usage", "/internal/usage/summary", {"period_hours": "0"}),
        ("usage", "/internal/usage/summary", {"period_hours": "721"}),
        ("space", "/space/events", {"seconds": "abc"}),
        ("messaging", "/api/messaging/channels/{channel}/messages", {"before": "yesterday"}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_a_422(simulate, service, path, query):
    world = simulate()
    assert world.status(service, path.format(**world.words()), **query) == 422


def test_pages_neither_repeat_nor_miss(simulate):
    world = simulate(agents=250)
    pages = [world.get("city", "/public/agents", limit="100", offset=str(offset)) for offset in (0, 100, 200)]
    listed = [agent["id"] for page in pages for agent in page["items"]]
    assert listed == [agent["id"] for agent in world.get("city", "/city/agents")]
    assert len(set(listed)) == 250


def test_usage_lists_the_twenty_busiest_agents(simulate):
    world = simulate()
    listed = world.get("usage", "/internal/usage/summary", period_hours="24")["agents"]
    invocations = [agent["invocations"] for agent in listed]
    assert len(listed) == 20
    assert invocations == sorted(invocations, reverse=True)


def test_usage_of_one_agent_is_in_the_summary_alone(simulate):
    world = simulate()
    answer = world.get("usage", "/internal/usage/summary")
    busiest = answer["agents"][0]
    narrowed = world.get("usage", "/internal/usage/summary", agent_id=busiest["agent_id"])
    assert narrowed["summary"]["llm_calls_total"] == busiest["llm_calls"]
    assert narrowed["agents"] == answer["agents"]


def test_usage_is_forgotten_after_a_day(simulate):
    world = simulate("usage")
    before = world.get("usage", "/internal/usage/summary")["summary"]["llm_calls_total"]
    list(world.steps(200))
    world.now += timedelta(days=2)
    list(world.steps(1))
    assert world.get("usage", "/internal/usage/summary")["summary"]["llm_calls_total"] == before + 1


def test_an_agent_is_the_same_one_everywhere(simulate):
    world = simulate()
    homes = {row["id"]: row["slug"] for row in world.get("microdao", "/microdao")}
    agents = {
        row["external_id"]: (row["name"], homes[row["microdao_id"]]) for row in world.get("agents", "/agents")
    }
    items = world.get("city", "/public/agents", limit="200")["items"]
    assert agents == {f"agent:{row['id']}": (row["display_name"], row["primary_microdao_slug"]) for row in items}


def test_a_node_is_the_same_one_everywhere(simulate):
    world = simulate()
    slugs = {row["slug"] for row in world.get("microdao", "/microdao")}
    nodes = world.get("space", "/space/nodes")
    listed = world.get("city", "/public/nodes")["items"]
    orbiting = [one for planet in world.get("space", "/space/planets") for one in planet["satellites"]]
    assert [row["node_id"] for row in nodes] == [f"node:{row['node_id']}" for row in listed]
    assert {row["microdao"].removeprefix("microdao:") for row in nodes} <= slugs
    assert sorted(one["node_id"] for one in orbiting) == sorted(row["node_id"] for row in nodes)


def test_there_are_problems_to_show(simulate):
    world = simulate()
    assert Counter(row["status"] for row in world.get("space", "/space/nodes")) == {
        "healthy": 36,
        "offline": 2,
        "degraded": 2,
    }
    alerts = Counter(event["type"] for event in world.get("space", "/space/events"))
    assert alerts == {
        "node.alert.overload": 2,
        "node.alert.offline": 2,
        "node.alert.latency": 2,
        "dao.vote.opened": 6,
    }


def test_names_are_in_two_scripts(simulate):
    names = [row["name"] for row in simulate().get("microdao", "/microdao")]
    assert 0 < sum(name.isascii() for name in names) < len(names)


def test_loads_drift_smoothly(simulate):
    world = simulate()

    def loads():
        world.now += timedelta(seconds=1)
        return {row["node_id"]: row["gpu"]["load"] for row in world.get("space", "/space/nodes")}

    minute = [loads() for _ in range(60)]
    steps = [abs(now[node] - then[node]) for then, now in pairwise(minute) for node in now]
    assert 0 < max(steps) < 0.05


def test_what_the_services_list_is_named_by_its_own_id(simulate):
    world = simulate()
    for row in world.get("agents", "/agents"):
        assert world.get("agents", f"/agents/{row['external_id']}") == row
    for row in world.get("microdao", "/microdao"):
        assert world.get("microdao", f"/microdao/{row['slug']}") == row
    for row in world.get("city", "/public/nodes")["items"]:
        assert world.get("city", f"/public/nodes/{row['node_id']}") == row
    for row in world.get("dao", "/dao"):
        assert world.get("dao", f"/dao/{row['slug']}")["dao"] == row


def test_an_unknown_service_is_replayed_from_its_samples(simulate, tmp_path):
    (tmp_path / "stations.json").write_text('{"path": "/stations", "body": [{"id": 1}]}')
    (tmp_path / "broken.json").write_text('{"path": "/broken", "status": 503, "body": {"detail": "no"}}')
    lines = [
        {"subject": "weather.reading", "payload": {"celsius": 3}},
        {"subject": "weather.storm", "payload": {}},
    ]
    (tmp_path / "messages.jsonl").write_text("\n".join(map(json.dumps, lines)))
    world = simulate("weather", samples=tmp_path)
    assert world.get("weather", "/stations") == [{"id": 1}]
    assert world.status("weather", "/broken") == 503
    assert world.status("weather", "/other") == 404
    one, other = (Message(message["subject"], message["payload"]) for message in lines)
    assert list(world.steps(3)) == [one, other, one]


def test_an_unknown_service_without_samples_is_silent(simulate):
    world = simulate("weather")
    assert world.status("weather", "/stations") == 404
    assert list(world.steps(3)) == []
