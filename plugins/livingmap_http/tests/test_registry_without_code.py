"""node-registry, which has a plugin of its own, described in the YAML: both make the same map."""

import yaml

import livingmap_http.plugin
import livingmap_registry.plugin
from livingmap.testing import SourceHarness

LOCK = "node:node-lock-81f3e09b"
SECTION = yaml.safe_load("""
base_url: http://node-registry:9205
lists:
  - path: /api/v1/nodes
    rows: nodes
    layer: nodes
    type: node
    id: node_id
    aliases: [id]
    fields:
      name: node_name
      role: node_role
      type: node_type
      status: status
      capabilities: metadata.capabilities.gpu && ['gpu'] || `[]`
      last_heartbeat: last_heartbeat
      registered_at: registered_at
    times: [last_heartbeat, registered_at]
    defaults: {status: unknown}
    alive: [last_heartbeat, last_report_at]
  - path: /api/v1/nodes
    rows: nodes
    layer: addresses
    type: node
    id: node_id
    fields: {hostname: hostname, ip_address: ip_address, local_ip: local_ip}
events:
  - subject: node.metrics.*
    when: status != 'offline'
    layer: nodes
    type: node
    id: node_id
    received: last_report_at
types:
  node: {label: {en: Node, uk: Вузол}, plural: {en: nodes, uk: вузли}}
""")


async def described():
    """Return the samples of node-registry as its plugin and as the YAML show them."""
    with_code = SourceHarness(livingmap_registry.plugin, addresses=True)
    without = SourceHarness(livingmap_http.plugin, with_code.samples, **SECTION)
    await with_code.poll()
    await without.poll()
    return with_code, without


async def test_the_nodes_and_their_addresses_are_those_of_the_plugin():
    with_code, without = await described()
    assert without.health.error is None
    assert dict(without.items("nodes")) == dict(with_code.items("nodes"))
    assert dict(without.items("addresses")) == dict(with_code.items("addresses"))
    assert without.item("nodes", "node:f08a3c62-9f64-4c8b-b1d7-6f1a2be4c073") == without.item("nodes", LOCK)


async def test_messages_change_the_nodes_as_they_do_with_the_plugin():
    with_code, without = await described()
    for message in with_code.samples.messages:
        expected = await with_code.send(message.type, message.payload)
        assert await without.send(message.type, message.payload) == expected
    assert without.item("nodes", LOCK)["status"] == "online"


async def test_both_layers_are_asked_for_once():
    _, without = await described()
    assert [request.path for request in without.requests] == ["/api/v1/nodes"]
