"""space-service (:7002). It has no ``/api/space/scene``; trouble is among the events."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask
from livingmap_mock.things import Dao, Node

_ALERTS: Final = {
    "overloaded": ("node.alert.overload", "warn"),
    "degraded": ("node.alert.latency", "error"),
    "offline": ("node.alert.offline", "critical"),
}
_WARM: Final = 0.2


def _planets(ask: Ask) -> Json:
    agents = ask.network.agents_on
    return [_planet(dao, agents, ask.now) for dao in ask.network.daos]


def _planet(dao: Dao, agents: Counter[str], now: datetime) -> Json:
    down = sum(not node.is_up for node in dao.satellites) / max(len(dao.satellites), 1)
    voted = sum(len(proposal.votes) for proposal in dao.with_status("active"))
    activity = min(voted / len(dao.members), 1.0)
    return {
        "dao_id": f"dao:{dao.slug}",
        "name": dao.name,
        "health": "critical" if down > _WARM else "warn" if down else "good",
        "treasury": float(dao.balance),
        "activity": round(activity, 2),
        "governance_temperature": round(40 + 45 * activity, 1),
        "anomaly_score": round(0.02 + down, 2),
        "position": dao.position,
        "node_count": len(dao.satellites),
        "satellites": [
            {
                "node_id": f"node:{node.slug}",
                "gpu_load": node.load("gpu", now),
                "latency": node.latency(now),
                "agents": agents[node.slug],
            }
            for node in dao.satellites
        ],
    }


def _nodes(ask: Ask) -> Json:
    agents = ask.network.agents_on
    return [_node(node, agents[node.slug], ask.now) for node in ask.network.nodes]


def _node(node: Node, agents: int, now: datetime) -> Json:
    cpu, gpu, net = (node.load(what, now) for what in ("cpu", "gpu", "net"))
    return {
        "node_id": f"node:{node.slug}",
        "name": node.name,
        "microdao": f"microdao:{node.microdao.slug}",
        "gpu": {
            "load": gpu,
            "vram_used": round(node.vram * gpu, 1),
            "vram_total": node.vram,
            "temperature": round(34 + 45 * gpu, 1),
        },
        "cpu": {"load": cpu, "temperature": round(32 + 42 * cpu, 1)},
        "memory": {"used": round(node.memory * node.load("ram", now), 1), "total": node.memory},
        "network": {
            "latency": node.latency(now),
            "bandwidth_in": round(1000 * net, 1),
            "bandwidth_out": round(800 * net, 1),
            "packet_loss": 0.06 if node.condition == "degraded" else 0.01,
        },
        "agents": agents,
        "status": {"offline": "offline", "degraded": "degraded"}.get(node.condition, "healthy"),
    }


def _events(ask: Ask) -> Json:
    ask.number("seconds", 120)
    return sorted(_happened(ask), key=lambda event: -event["timestamp"])


def _happened(ask: Ask) -> Iterator[dict[str, Json]]:
    """Yield the alerts that stand, and the votes that are open."""
    for node in ask.network.nodes:
        if node.condition in _ALERTS and node.since:
            kind, severity = _ALERTS[node.condition]
            load: dict[str, Json] = {"gpu_load": node.load("gpu", ask.now)}
            yield _event(kind, None, f"node:{node.slug}", node.since, severity, load)
    for dao in ask.network.daos:
        for proposal in dao.with_status("active"):
            vote: dict[str, Json] = {"proposal_id": proposal.slug.upper(), "title": proposal.title}
            yield _event("dao.vote.opened", f"dao:{dao.slug}", None, proposal.start or ask.now, "info", vote)


def _event(
    kind: str, dao: str | None, node: str | None, when: datetime, severity: str, meta: dict[str, Json]
) -> dict[str, Json]:
    return {
        "type": kind,
        "dao_id": dao,
        "node_id": node,
        "timestamp": int(when.timestamp()),
        "severity": severity,
        "meta": meta,
    }


ANSWERS: Final[Answers] = {"/space/planets": _planets, "/space/nodes": _nodes, "/space/events": _events}
