"""The metrics, as Prometheus itself would read them."""

import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from livingmap.core.model import Message
from livingmap.history.holdings import Holdings
from tests.stream.conftest import served
from tests.support.maps import browser, living_map
from tests.support.prometheus import check_queries, promtool

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = ROOT / "docs" / "operations.md"
DASHBOARD = ROOT / "deploy" / "grafana" / "livingmap.json"
TOKEN = "a token that only the scraper has"

ABBREVIATED = {"s", "ms", "us", "ns", "sec", "b", "kb", "mb", "gb", "tb", "pb", "m", "h", "d"}
OTHER_UNITS = {
    *("milliseconds", "microseconds", "nanoseconds", "minutes", "hours", "days", "weeks"),
    *("kilobytes", "megabytes", "gigabytes", "bits", "percent"),
}
LATER = {"kind", "reason"}
"""Labels of metrics of which there is none until something has happened."""


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
    assert told["livingmap_viewers", "map"] == told["livingmap_viewers", "problems"] == 0
    assert told["livingmap_viewers_behind",] == 0
    assert told["livingmap_attached",] == 1
    assert ("livingmap_source_up", "usage") not in told


async def test_a_source_that_is_down_shows(tmp_path):
    sources = {"agents": {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1}}
    async with living_map(tmp_path, sources) as living:
        told = await metrics(living)
    assert (told["livingmap_source_up", "agents"], told["livingmap_source_failures", "agents"]) == (0, 1)
    assert ("livingmap_source_age_seconds", "agents") not in told


async def test_requests_are_counted_by_endpoint_and_status(living):
    async with browser(living) as client:
        for path in ("/living-map/health", "/living-map/entities/agent:nobody", "/nothing", "/nothing/else"):
            await client.get(path)
        await client.head("/living-map/health")
        await client.request("BREW", "/living-map/health")
    told = await metrics(living)
    counted = {key[1:]: value for key, value in told.items() if key[0] == "livingmap_http_requests_total"}
    assert counted == {
        ("GET", "/living-map/health", "200"): 2,  # HEAD is answered as GET
        ("GET", "/living-map/entities/{entity_id:path}", "404"): 1,
        ("GET", "none", "404"): 2,
        ("none", "/living-map/health", "405"): 1,
    }
    assert told["livingmap_http_request_duration_seconds_count", "/living-map/health"] == 3


async def test_snapshots_that_are_answered_at_once_are_counted(living):
    path, statuses = "/living-map/snapshot", Counter()
    async with served(living) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        tag = ""
        while statuses["304"] == 0:  # on a slow machine the snapshot may be another one each time
            answer = await client.get(path, headers={"if-none-match": tag})
            statuses[str(answer.status_code)] += 1
            tag = answer.headers["etag"]
    told = await metrics(living)
    counted = {key[1:]: value for key, value in told.items() if key[0] == "livingmap_http_requests_total"}
    assert counted == {("GET", path, status): number for status, number in statuses.items()}


async def test_what_takes_time_is_measured(living):
    await living.writer.drain(5)
    told = await metrics(living)
    assert told["livingmap_poll_duration_seconds_count", "agents"] == 1
    assert told["livingmap_fold_duration_seconds_count",] == told["livingmap_events_total",]
    assert told["livingmap_fold_duration_seconds_bucket", "+Inf"] == told["livingmap_fold_duration_seconds_count",]
    assert told["livingmap_history_write_duration_seconds_count",] >= 1


@pytest.fixture
async def whole(tmp_path):
    """A map that has every metric: with NATS, and with access control."""
    token_file = tmp_path / "scraper"
    token_file.write_text(f"{TOKEN}\n")
    nowhere = {"base_url": "http://127.0.0.1:9"}
    auth = {"mode": "daarion", "authenticator": nowhere, "pdp": {"enabled": True, **nowhere}}
    nats = {"url": "nats://127.0.0.1:9", "jetstream": False}
    server = {"metrics_token_file": "scraper"}
    async with living_map(tmp_path, {"agents": {"mock": True}}, nats=nats, auth=auth, server=server) as living:
        living.forecast.holdings = Holdings(7017, 1, date(2025, 11, 24), 0, 7017, 0, free_bytes=7017)
        yield living


async def scraped(living, token=TOKEN):
    async with browser(living) as client:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        await client.get("/living-map/health")
        return await client.get("/metrics", headers=headers)


async def families(living):
    text = (await scraped(living)).raise_for_status().text
    return [one for one in text_string_to_metric_families(text) if one.name.startswith("livingmap_")]


async def test_a_scraper_reads_with_its_token(whole, tmp_path):
    assert (await scraped(whole)).status_code == 200
    assert (await scraped(whole, None)).json()["code"] == "unauthenticated"
    assert (await scraped(whole, "another token of some length")).status_code in (401, 503)
    (tmp_path / "scraper").write_text("a newer token of some length")
    assert (await scraped(whole)).status_code in (401, 503)
    assert (await scraped(whole, "a newer token of some length")).status_code == 200
    async with browser(whole) as client:
        sources = await client.get("/living-map/sources", headers={"authorization": f"Bearer {TOKEN}"})
    assert sources.status_code in (401, 503)


async def test_a_token_that_cannot_be_read_admits_nobody(whole, tmp_path):
    (tmp_path / "scraper").unlink()
    with capture_logs() as lines:
        assert (await scraped(whole)).status_code in (401, 503)
    assert "the token of scrapers cannot be read" in [line["event"] for line in lines]


async def test_metrics_are_named_by_the_conventions_of_prometheus(whole):
    assert promtool("check", "metrics", given=(await scraped(whole)).text) == ""
    for family in await families(whole):
        name = family.name + ("_total" if family.type == "counter" else "")
        parts = name.split("_")
        assert family.documentation, name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name), name
        assert family.type in ("counter", "gauge", "histogram"), name
        assert parts[-1] != "total" or family.type == "counter", name
        assert parts[-1] not in {"bucket", "count", "sum", "info"} or name == "livingmap_info", name
        assert {"gauge", "counter", "histogram", "summary", "metric"}.isdisjoint(parts), name
        assert ABBREVIATED.isdisjoint(parts), name
        assert OTHER_UNITS.isdisjoint(parts), name
        for unit in {"seconds", "bytes", "ratio"}.intersection(parts):
            assert parts[-1] == unit or parts[-2:] == [unit, "total"], name
        for sample in family.samples:
            assert all(re.fullmatch(r"[a-z][a-z0-9_]*", label) for label in sample.labels), name
            assert {"job", "instance", "quantile"}.isdisjoint(sample.labels), name
            assert "le" not in sample.labels or family.type == "histogram", name


async def test_every_metric_is_told(whole):
    page = OPERATIONS.read_text(encoding="utf-8")
    names = [one.name + ("_total" if one.type == "counter" else "") for one in await families(whole)]
    assert {name for name in names if f"`{name}`" not in page} == set()
    assert set(re.findall(r"`(livingmap_\w+)`", page)) <= set(names)


async def test_every_metric_of_the_dashboard_exists(whole, tmp_path):
    text = (await scraped(whole)).text
    shown = {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}
    shown |= {f"{family.name}_total" for family in await families(whole) if family.type == "counter"}
    shown |= {f"{family.name}{end}" for family in await families(whole) for end in ("", "_bucket")}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    assert len(asked) > 30
    names = {name for one in asked for name in re.findall(r"\b((?:livingmap|process)_\w+)", one)}
    assert names <= shown
    labels = {"job", "instance", "le"} | {
        label for family in await families(whole) for sample in family.samples for label in sample.labels
    }
    check_queries(tmp_path, [one.replace("$__rate_interval", "1m") for one in asked])
    for one in asked:
        by = [label.strip() for some in re.findall(r"by \(([^)]*)\)", one) for label in some.split(",")]
        assert {*by, *re.findall(r"(\w+)=~?\"", one)} <= labels | LATER, one


def test_the_panels_of_the_dashboard_do_not_overlap():
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) == 23
