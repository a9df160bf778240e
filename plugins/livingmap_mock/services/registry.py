"""node-registry (:9205). Its nodes are ``online`` for ever: nobody asks it to clean up. It has no real alerts."""

from datetime import datetime
from typing import Final
from uuid import NAMESPACE_DNS, uuid5

from livingmap.plugin import Json
from livingmap_mock.founding import FOUNDED
from livingmap_mock.services.ask import Answers, Ask, there
from livingmap_mock.things import Node
from livingmap_mock.times import naive, zulu

_BEAT_SECONDS: Final = 30


def _nodes(ask: Ask) -> Json:
    wanted = ask.query.get("status", "online") == "online"
    rows = [_row(node, ask.now) for node in ask.network.nodes] if wanted else []
    return {"nodes": rows, "total": len(rows)}


def _one(ask: Ask) -> Json:
    return _row(_asked(ask), ask.now)


def _profile(ask: Ask) -> Json:
    node = _asked(ask)
    return {
        "node_id": node.slug,
        "name": node.name,
        "role": node.roles[0],
        "type": "worker",
        "ip_address": None,
        "hostname": node.hostname,
        "status": "online",
        "roles": list(node.roles),
        "gpu": None,
        "modules": [],
        "version": "1.0.0",
        "vpn_ip": None,
    }


def _asked(ask: Ask) -> Node:
    slug = ask.words["node"]
    return there(ask.network.nodes.get(slug), f"Node not found: {slug}")


def _row(node: Node, now: datetime) -> dict[str, Json]:
    beat = zulu(_last_beat(node, now))
    return {
        "id": str(uuid5(NAMESPACE_DNS, node.hostname)),
        "node_id": node.slug,
        "node_name": node.name,
        "node_role": node.roles[0],
        "node_type": "worker",
        "ip_address": None,
        "local_ip": None,
        "hostname": node.hostname,
        "status": "online",
        "last_heartbeat": beat,
        "registered_at": zulu(FOUNDED),
        "updated_at": beat,
        "metadata": {"capabilities": {"gpu": "gpu" in node.roles}, "first_registration": naive(FOUNDED)},
    }


def _last_beat(node: Node, now: datetime) -> datetime:
    """Return the last full half minute in which the node was up."""
    moment = now if node.is_up or node.since is None else node.since
    return moment.replace(second=moment.second // _BEAT_SECONDS * _BEAT_SECONDS, microsecond=0)


ANSWERS: Final[Answers] = {
    "/api/v1/nodes": _nodes,
    "/api/v1/nodes/{node}": _one,
    "/api/v1/nodes/{node}/profile": _profile,
}
