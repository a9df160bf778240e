import copy
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.plugin import Reply
from livingmap.testing import SourceContract, SourceHarness
from livingmap_nats import plugin
from livingmap_nats.rows import ConsumerRow, Group, Peer, StreamRow

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class TestContract(SourceContract):
    plugin = plugin


async def polled(answers=None, **settings):
    harness = SourceHarness(plugin, answers, **settings)
    await harness.poll()
    return harness


def replaced(**bodies):
    """Answer like the samples, but for the paths that are given."""
    samples = SourceHarness(plugin).samples

    def answer(request):
        body = bodies.get(request.path.removeprefix("/"))
        if isinstance(body, Reply):
            return body
        sample = samples.answer(request.path, request.query)
        return Reply({**copy.deepcopy(sample.body), **(body or {})}, sample.status)

    return answer


async def test_a_server_knows_its_peers_and_how_they_are():
    servers = (await polled()).items("nats", "servers")
    assert {name: item["status"] for name, item in servers.items()} == {
        "server:n1": "online",
        "server:n2": "online",
        "server:n3": "down",
    }
    assert servers["server:n1"] == {
        "name": "n1",
        "status": "online",
        "error": None,
        "version": "2.15.1",
        "connections": 0,
        "slow_consumers": 0,
        "pending_bytes": 0,
    }


async def test_a_stream_is_led_by_a_server_and_has_replicas():
    streams = (await polled()).items("nats", "streams")
    orders = dict(streams["stream:ORDERS"])
    assert orders.pop("last_at").startswith("2026-")
    assert orders == {
        "name": "ORDERS",
        "status": "degraded",
        "description": "Orders of the shop",
        "subjects": ["orders.>"],
        "messages": 12,
        "bytes": 2880,
        "server_id": "server:n1",
        "replica_ids": ["server:n2", "server:n3"],
    }
    assert (streams["stream:STOCK"]["status"], streams["stream:STOCK"]["last_at"]) == ("online", None)


async def test_a_consumer_that_waits_for_acknowledgements_is_blocked():
    consumers = (await polled()).items("nats", "consumers")
    billing = dict(consumers["consumer:ORDERS.billing"])
    assert billing.pop("last_active").startswith("2026-")
    assert billing == {
        "name": "billing",
        "status": "blocked",
        "stream_id": "stream:ORDERS",
        "delivery": "pull",
        "pending": 10,
        "unacknowledged": 2,
        "redelivered": 0,
    }
    assert consumers["consumer:STOCK.shelf"]["delivery"] == "push"


ROW = {"name": "c", "created": "2026-01-02T11:00:00Z"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "online"),
        ({"num_pending": 3}, "stalled"),
        ({"num_pending": 3, "delivered": {"last_active": "2026-01-02T11:59:00Z"}}, "online"),
        ({"num_pending": 3, "paused": True}, "paused"),
        ({"num_pending": 3, "num_ack_pending": 5, "config": {"max_ack_pending": 5}}, "blocked"),
        ({"num_pending": 3, "cluster": {"leader": "other", "replicas": [{"name": "other"}]}}, None),
        ({"num_pending": 3, "cluster": {"name": "shop"}}, "no_leader"),
        ({"cluster": {"leader": "here", "replicas": [{"name": "a", "current": False}]}}, "degraded"),
    ],
)
def test_the_status_of_a_consumer_is_what_its_leader_sees(fields, status):
    assert ConsumerRow.model_validate({**ROW, **fields}).status("here", NOON, 300) == status


@pytest.mark.parametrize(("seconds", "status"), [(3600, "online"), (3599, "stalled")])
def test_a_consumer_that_has_never_delivered_is_stalled_some_time_after_it_was_made(seconds, status):
    row = ConsumerRow.model_validate({**ROW, "num_pending": 1})
    assert row.status("here", NOON, seconds) == status
    assert row.status("here", NOON - timedelta(hours=1), 1) == "online"


@pytest.mark.parametrize(
    ("config", "state", "status"),
    [
        ({"discard": "new", "max_msgs": 5}, {"messages": 5}, "full"),
        ({"discard": "new", "max_msgs": 5}, {"messages": 4}, "online"),
        ({"discard": "new", "max_bytes": 50}, {"bytes": 50}, "full"),
        ({"discard": "old", "max_msgs": 5}, {"messages": 5}, "online"),
        ({"discard": "new"}, {"messages": 5}, "online"),
    ],
)
def test_a_stream_that_refuses_messages_is_full(config, state, status):
    assert StreamRow.model_validate({"name": "s", "config": config, "state": state}).status("here") == status


@pytest.mark.parametrize(
    ("group", "status"),
    [
        (Group(), "no_leader"),
        (Group(leader="here"), "online"),
        (Group(leader="other", replicas=[Peer(name="here")]), None),
        (Group(leader="here", replicas=[Peer(name="a", current=True)]), "online"),
        (Group(leader="here", replicas=[Peer(name="a", active=5)]), "degraded"),
    ],
)
def test_only_its_leader_knows_how_a_group_is(group, status):
    assert group.status("here") == status


async def test_what_only_another_server_knows_is_left_to_it():
    harness = await polled(replaced(varz={"server_name": "n2"}))
    assert harness.item("nats", "stream:ORDERS", "streams")["status"] == "online"
    assert harness.item("nats", "server:n3", "servers")["status"] == "unknown"
    assert "pending" not in harness.item("nats", "consumer:ORDERS.billing", "consumers")


async def test_a_server_that_is_not_well_says_why():
    error = {"status": "unavailable", "error": "JetStream has not established contact with a meta leader"}
    harness = await polled(replaced(healthz=Reply(error, 503)))
    server = harness.item("nats", "server:n1", "servers")
    assert server["status"] == "unhealthy"
    assert "has not established contact" in server["error"]
    assert harness.health.error is None


async def test_a_server_whose_client_does_not_keep_up_is_slow():
    connections = {"connections": [{"cid": 5, "pending_bytes": 2_000_000}]}
    harness = await polled(replaced(connz=connections))
    assert harness.item("nats", "server:n1", "servers")["status"] == "slow"
    patient = await polled(replaced(connz=connections), slow_bytes=3_000_000)
    assert patient.item("nats", "server:n1", "servers")["status"] == "online"


async def test_a_server_without_jetstream_has_no_streams():
    disabled = {"disabled": True, "meta_cluster": None, "account_details": []}
    harness = await polled(replaced(jsz=disabled))
    assert harness.health.error is None
    assert harness.items("nats", "servers").keys() == {"server:n1"}
    assert harness.items("nats", "streams") == {}


async def test_streams_of_two_accounts_may_have_one_name():
    details = [{"name": name, "stream_detail": [{"name": "S"}]} for name in ("$G", "SHOP")]
    harness = await polled(replaced(jsz={"account_details": details}))
    assert harness.items("nats", "streams").keys() == {"stream:S", "stream:SHOP.S"}


async def test_details_say_what_the_server_uses():
    harness = await polled()
    details = await harness.details("server:n1")
    assert details.keys() >= {"cpu", "memory", "storage", "messages_in", "started_at"}
    assert await harness.details("server:n3") == {}
