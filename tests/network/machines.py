"""The services of the network that know of no members: usage-engine, space-service and node-registry.

Space-service as it runs is a mock with one planet and one node, of a microDAO that nobody else knows.
"""

from typing import Any

from tests.network.services import NetworkService

PLANET = {
    "dao_id": "dao:3",
    "name": "Aurora Circle",
    "health": "good",
    "treasury": 513200.0,
    "activity": 0.84,
    "governance_temperature": 72.0,
    "anomaly_score": 0.04,
    "position": {"x": 120.0, "y": 40.0, "z": -300.0},
    "node_count": 12,
    "satellites": [{"node_id": "node:03", "gpu_load": 0.66, "latency": 14.0, "agents": 22}],
}
NODE = {
    "node_id": "node:03",
    "name": "Quantum Relay",
    "microdao": "microdao:7",
    "gpu": {"load": 0.72, "vram_used": 30.1, "vram_total": 40.0, "temperature": 71.0},
    "cpu": {"load": 0.44, "temperature": 62.0},
    "memory": {"used": 11.2, "total": 32.0},
    "network": {"latency": 12.0, "bandwidth_in": 540.0, "bandwidth_out": 430.0, "packet_loss": 0.01},
    "agents": 14,
    "status": "healthy",
}


class RegistryService(NetworkService):
    """node-registry: calls every node online, however old its heartbeat is."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        rows = {node.key: node.row for node in self.population.nodes}
        match steps:
            case ["api", "v1", "nodes"]:
                return {"nodes": list(rows.values()), "total": len(rows)}
            case ["api", "v1", "nodes", key] if key in rows:
                return rows[key]
        return None


class UsageService(NetworkService):
    """usage-engine: sums of the period, and the agents that were used."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        if steps != ["internal", "usage", "summary"]:
            return None
        used = self.population.tokens
        return {
            "summary": {
                "period_start": "2026-11-27T10:00:00.995358",
                "period_end": "2026-11-28T10:00:00.995371",
                "microdao_id": None,
                "agent_id": None,
                "llm_calls_total": len(used),
                "llm_tokens_total": sum(used.values()),
                "agent_invocations_total": len(used),
            },
            "models": [
                {
                    "model": "gpt-4.1-mini",
                    "provider": "openai",
                    "calls": len(used),
                    "tokens": sum(used.values()),
                    "avg_latency_ms": 1175.0,
                }
            ],
            "agents": [
                {
                    "agent_id": f"agent:{name}",
                    "invocations": 1,
                    "llm_calls": 1,
                    "tool_calls": 0,
                    "messages_sent": 0,
                    "total_tokens": tokens,
                }
                for name, tokens in used.items()
            ],
            "tools": [],
        }


class SpaceService(NetworkService):
    """space-service: the same planet and the same node, always."""

    def found(self, steps: list[str], headers: dict[str, str]) -> Any:
        match steps:
            case ["space", "planets"]:
                return [PLANET]
            case ["space", "nodes"]:
                return [NODE]
            case ["space", "events"]:
                return []
        return None
