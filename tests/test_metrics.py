"""The metrics, as Prometheus itself would read them."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from livingmap.core.model import Message
from tests.support.maps import browser, living_map

OPERATIONS = Path(__file__).resolve().parents[1] / "docs" / "operations.md"


@pytest.fixture
async def living(tmp_path):
    sources = {"agents": {"mock": True}, "city": {"mock": True}, "usage": {"enabled": False}}
    async with living_map(tmp_path, sources, mock={"agents": 20, "nodes": 4, "microdaos": 3}) as made:
        yield made


async def metrics(living):
    async with browser(living) as client:
        answer = (await client.get("/metrics")).raise_for_status()
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_the_numbers_are_those_of_the_map(living):
    before = await metrics(living)
    await living.log.append(Message("agent.event.status", {"agent_id": "agent:nobody", "status": "busy"}))
    await living.log.append(Message("agent.event.status", {"agent_id": []}))
    await living.writer.drain(5)
    told = await metrics(living)
    assert told["livingmap_events_total",] == before["livingmap_events_total",] + 2
    assert told["livingmap_position",] == living.log.position.seq
    assert told["livingmap_items", "agents"] == len(living.fold.scene.items("agents", "items")) == 20
    assert told["livingmap_source_up", "agents"] == 1
    assert told["livingmap_source_polls_total", "agents"] == 1
    assert told["livingmap_source_events_total", "agents"] == before["livingmap_source_events_total", "agents"] + 2
    assert told["livingmap_source_faults_total", "agents"] == 1
    assert told["livingmap_history_written_total",] == told["livingmap_events_total",]
    assert told["livingmap_history_waiting",] == told["livingmap_history_failing",] == 0
    assert told["livingmap_viewers",] == told["livingmap_viewers_behind",] == 0
    assert told["livingmap_attached",] == 1
    assert ("livingmap_source_up", "usage") not in told


async def test_a_source_that_is_down_shows(tmp_path):
    sources = {"agents": {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}}
    async with living_map(tmp_path, sources) as living:
        told = await metrics(living)
    assert (told["livingmap_source_up", "agents"], told["livingmap_source_failures", "agents"]) == (0, 1)
    assert ("livingmap_source_age_seconds", "agents") not in told


async def test_every_metric_is_told(tmp_path):
    sources = {"agents": {"mock": True}}
    async with living_map(tmp_path, sources, nats={"url": "nats://127.0.0.1:9", "jetstream": False}) as living:
        told = {name for name, *_ in await metrics(living) if name.startswith("livingmap_")}
    page = OPERATIONS.read_text(encoding="utf-8")
    assert {name for name in told if f"`{name}`" not in page} == set()
