from typing import ClassVar

import pytest

from livingmap.plugin import Put, Reply
from livingmap.testing import SourceContract, SourceHarness
from livingmap_registry import plugin

WEIR = "node:node-weir-5d20c7aa"
LOCK = "node:node-lock-81f3e09b"


class TestContract(SourceContract):
    plugin = plugin
    settings: ClassVar = {"addresses": True}


async def polled(answers=None, **settings):
    harness = SourceHarness(plugin, answers, **settings)
    await harness.poll()
    return harness


async def test_a_node_has_role_type_and_heartbeat():
    harness = await polled()
    assert harness.item("nodes", LOCK) == {
        "name": "Шлюзова",
        "role": "worker",
        "type": "worker",
        "status": "offline",
        "capabilities": ["gpu"],
        "last_heartbeat": "2026-01-02T09:12:07.000450Z",
        "registered_at": "2025-12-03T17:40:12.118000Z",
    }


async def test_the_key_of_a_row_is_an_alias():
    harness = await polled()
    assert harness.item("nodes", "node:f08a3c62-9f64-4c8b-b1d7-6f1a2be4c073") == harness.item("nodes", LOCK)


async def test_addresses_are_asked_for():
    assert (await polled()).items("addresses") == {}
    harness = await polled(addresses=True)
    assert dict(harness.items("addresses")) == {
        WEIR: {"hostname": "weir", "ip_address": "203.0.113.21", "local_ip": None},
        LOCK: {"hostname": "lock.local", "ip_address": None, "local_ip": "10.8.0.12"},
    }


async def test_no_address_is_among_the_nodes():
    harness = await polled(addresses=True)
    shown = str([*harness.items("nodes").values(), await harness.details(WEIR)])
    assert [address for address in ("203.0.113.21", "10.8.0.12", "lock.local") if address in shown] == []


async def test_alerts_are_asked_for():
    assert "alerts" not in (await polled()).item("nodes", LOCK)
    harness = await polled(alerts=True)
    assert harness.item("nodes", LOCK)["alerts"] == [
        {
            "type": "alert",
            "severity": "warning",
            "title": "The pump does not answer",
            "timestamp": "2026-01-02T09:40:36.140951Z",
        }
    ]
    assert harness.item("nodes", WEIR)["alerts"] == []


async def test_a_registry_without_alerts_leaves_them_unknown():
    def answers(request):
        return Reply({"nodes": [{"node_id": "n", "node_name": "N"}]}) if request.path == "/api/v1/nodes" else None

    harness = await polled(answers, alerts=True)
    assert harness.health.error is None
    assert "alerts" not in harness.item("nodes", "node:n")


async def test_the_list_is_asked_once_for_both_layers():
    harness = await polled(addresses=True)
    assert [request.path for request in harness.requests] == ["/api/v1/nodes"]


async def test_a_node_that_reports_is_alive():
    harness = await polled()
    assert await harness.send("node.metrics.update", {"node_id": LOCK, "cpu": 0.4}) == [
        Put("nodes", LOCK, {"last_report_at": "2026-01-02T12:00:00Z", "status": "online"})
    ]


@pytest.mark.parametrize("payload", [{"node_id": LOCK, "status": "offline"}, {"node_id": "node:stranger"}])
async def test_what_is_offline_or_not_registered_is_not_made_alive(payload):
    harness = await polled()
    assert await harness.send("node.metrics.update", payload) == []
    assert harness.items("nodes").keys() == {WEIR, LOCK}


async def test_details_add_the_profile():
    harness = await polled()
    details = await harness.details(WEIR)
    assert {name: details[name] for name in ("roles", "modules", "version")} == {
        "roles": [],
        "modules": [],
        "version": "1.0.0",
    }


async def test_a_node_without_a_profile_has_details():
    node = {"node_id": "n", "node_name": "N", "node_role": "worker"}
    answers = {"/api/v1/nodes": {"nodes": [node]}, "/api/v1/nodes/n": node}
    harness = await polled(lambda request: Reply(answers[request.path]) if request.path in answers else None)
    assert (await harness.details("node:n"))["role"] == "worker"
