"""The source nats against a real nats-server."""

import nats.js.api as js

from tests.support.maps import living_map, poll, snapshot
from tests.support.nats_server import jetstream_server, until
from tests.support.ports import free_port


async def test_a_real_server_shows_its_streams_and_a_consumer_that_is_blocked(tmp_path):
    port = free_port()
    async with jetstream_server(tmp_path, f"http: 127.0.0.1:{port}\nserver_name: shop-1") as server:
        async with server.publisher() as client:
            stream = client.jetstream()
            await stream.add_stream(js.StreamConfig(name="ORDERS", subjects=["orders.>"]))
            await stream.add_consumer("ORDERS", js.ConsumerConfig(durable_name="billing", max_ack_pending=1))
            for _ in range(3):
                await stream.publish("orders.new", b"{}")
            await (await stream.pull_subscribe_bind("billing", "ORDERS")).fetch(1)
        section = {"base_url": f"http://127.0.0.1:{port}", "timeout_seconds": 30}
        async with living_map(tmp_path, {"nats": section}) as living:

            async def is_blocked():
                await poll(living)
                [consumer] = (await snapshot(living))["layers"]["nats"]["consumers"]
                return consumer["status"] == "blocked"

            await until(is_blocked)
            shown = (await snapshot(living))["layers"]["nats"]
    assert [(one["id"], one["status"]) for one in shown["servers"]] == [("server:shop-1", "online")]
    [stream] = shown["streams"]
    assert (stream["id"], stream["messages"], stream["server_id"]) == ("stream:ORDERS", 3, "server:shop-1")
    [consumer] = shown["consumers"]
    assert (consumer["id"], consumer["pending"], consumer["unacknowledged"]) == ("consumer:ORDERS.billing", 2, 1)
