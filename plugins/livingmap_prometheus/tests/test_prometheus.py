import re
from pathlib import Path
from typing import ClassVar

import pytest
import yaml
from pydantic import ValidationError

from livingmap.plugin import Layer, Put, Reply, Source, SourceSettings
from livingmap.testing import SourceContract, SourceHarness
from livingmap_prometheus import plugin

README = Path(plugin.__file__).with_name("README.md").read_text()
SETTINGS = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0])["sources"]["prometheus"]
STOCK = "target:shop@stock-1.shop:9100"
TILL = "target:shop@till-1.shop:9100"


class TestContract(SourceContract):
    plugin = plugin
    settings: ClassVar = SETTINGS


async def polled(answers=None, others=(), **settings):
    harness = SourceHarness(plugin, answers, others, **settings)
    await harness.poll()
    return harness


async def test_a_target_is_of_its_job_and_says_why_it_is_down():
    harness = await polled()
    assert harness.item("monitoring", STOCK, "targets") == {
        "name": "stock-1.shop:9100",
        "status": "down",
        "job_id": "job:shop",
        "error": 'Get "http://stock-1.shop:9100/metrics": dial tcp stock-1.shop:9100: connect: connection refused',
        "labels": {"shop": "stock"},
    }
    assert harness.item("monitoring", TILL, "targets") == {
        "name": "till-1.shop:9100",
        "status": "online",
        "job_id": "job:shop",
        "error": None,
        "labels": {"shop": "till", "zone": "west"},
    }


async def test_a_job_is_as_well_as_its_targets():
    assert dict((await polled()).items("monitoring", "jobs")) == {
        "job:prometheus": {"name": "prometheus", "status": "online", "targets": 1, "targets_down": 0},
        "job:shop": {"name": "shop", "status": "degraded", "targets": 2, "targets_down": 1},
    }


@pytest.mark.parametrize(
    ("health", "status"),
    [(("down", "down"), "down"), (("unknown", "unknown"), "unknown"), (("up", "unknown"), "online")],
)
async def test_a_job_is_down_with_all_its_targets(health, status):
    rows = [{"labels": {"job": "j", "instance": str(n)}, "health": one} for n, one in enumerate(health)]
    harness = await polled(lambda _: Reply({"data": {"activeTargets": rows, "alerts": []}}))
    assert harness.item("monitoring", "job:j", "jobs")["status"] == status


async def test_of_two_targets_with_one_job_and_instance_the_one_that_is_down_counts():
    rows = [{"labels": {"job": "j", "instance": "i"}, "health": health} for health in ("up", "down", "up")]
    harness = await polled(lambda _: Reply({"data": {"activeTargets": rows, "alerts": []}}))
    assert harness.item("monitoring", "target:j@i", "targets")["status"] == "down"
    assert harness.item("monitoring", "job:j", "jobs")["targets"] == 1


async def test_an_error_does_not_show_the_parameters_of_an_address():
    row = {
        "labels": {"job": "j", "instance": "i"},
        "health": "down",
        "lastError": 'Get "http://i/metrics?key=hush-hush": EOF',
    }
    harness = await polled(lambda _: Reply({"data": {"activeTargets": [row], "alerts": []}}))
    assert harness.item("monitoring", "target:j@i", "targets")["error"] == 'Get "http://i/metrics": EOF'


async def test_alerts_say_how_bad_they_are_and_what_they_are_about():
    items = {item["name"]: item for item in (await polled()).items("monitoring", "alerts").values()}
    down = items["TargetDown"]
    assert down.pop("since").startswith("2026-")
    assert down == {
        "name": "TargetDown",
        "status": "critical",
        "summary": "stock-1.shop:9100 of shop does not answer",
        "severity": "critical",
        "target_id": STOCK,
        "job_id": "job:shop",
        "runbook": "https://runbooks.example.org/target-down",
        "labels": {"shop": "stock"},
    }
    assert items["TillQueueLong"]["status"] == "pending"
    assert (items["NoOrders"]["status"], items["NoOrders"]["job_id"]) == ("info", None)


async def test_two_alerts_of_one_name_have_ids_of_their_own_that_stay():
    first, second = await polled(), await polled()
    ids = first.items("monitoring", "alerts").keys()
    assert ids == second.items("monitoring", "alerts").keys()
    rows = [{"labels": {"alertname": "A", "instance": one}, "state": "firing"} for one in "xy"]
    harness = await polled(lambda _: Reply({"data": {"activeTargets": [], "alerts": rows}}))
    assert [item["status"] for item in harness.items("monitoring", "alerts").values()] == ["firing", "firing"]


async def test_numbers_of_queries_are_of_jobs_targets_and_the_network():
    harness = await polled(**SETTINGS)
    assert harness.item("monitoring", TILL, "targets")["queue"] == 5
    assert "queue" not in harness.item("monitoring", STOCK, "targets")
    assert harness.item("monitoring", "job:prometheus", "jobs")["requests"] == 0.5
    assert harness.item("monitoring", "query:scraped", "queries") == {
        "name": "scraped",
        "status": "online",
        "query": "scalar(sum(up))",
        "error": None,
        "value": 2,
    }


async def test_numbers_may_be_of_items_that_another_source_lists():
    others = Source(
        "tills", "tills", SourceSettings, (Layer("tills"),), {"tills": lambda event, part: [TILL_ITEM]}
    )
    harness = await polled(None, [others], **SETTINGS)
    await harness.send("tills", {})
    await harness.poll()
    assert harness.item("tills", "till:till-1.shop:9100") == {"name": "Till 1", "till_queue": 5}


TILL_ITEM = Put("tills", "till:till-1.shop:9100", {"name": "Till 1"})


async def test_a_query_that_is_refused_is_shown_and_harms_nothing_else():
    queries = {"broken": {"query": "sum by (job) (up", "item": "job"}}
    harness = await polled(queries=queries)
    assert harness.health.error is None
    assert harness.item("monitoring", "job:shop", "jobs")["status"] == "degraded"
    query = harness.item("monitoring", "query:broken", "queries")
    assert query["status"] == "refused"
    assert "unclosed left parenthesis" in query["error"]


async def test_what_is_not_a_number_is_not_shown_as_one():
    harness = await polled(queries={"ratio": {"query": "0/0 * till_queue", "item": "target", "kind": "ratio"}})
    assert harness.item("monitoring", TILL, "targets")["ratio"] is None


async def test_details_say_when_a_target_was_scraped():
    details = await (await polled()).details(TILL)
    assert details["last_scrape"].startswith("2026-")
    assert 0 < details["last_scrape_seconds"] < 1


async def test_statuses_that_are_trouble_have_such_a_tone():
    tones = {
        (one.name, name): status.tone
        for one in TestContract().source.types
        for name, status in one.statuses.items()
    }
    trouble = {key for key, tone in tones.items() if tone in {"warn", "bad"}}
    assert trouble == {
        ("alert", "critical"),
        ("alert", "warning"),
        ("alert", "firing"),
        ("job", "down"),
        ("target", "down"),
        ("query", "refused"),
    }


async def test_queries_are_fields_of_their_types():
    fields = {one.name: [field.name for field in one.fields] for one in TestContract().source.types}
    assert fields["target"][0] == "queue"
    assert fields["job"][0] == "requests"


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"query": ""}, "at least 1 character"),
        ({"query": "up", "item": "tagret"}, "neither job nor target nor like node:{nodename}"),
        ({"query": "up", "item": "node:{host}"}, "give layer with an item that is a template"),
        ({"query": "up", "item": "job", "layer": "nodes"}, "give layer with an item that is a template"),
    ],
)
def test_what_is_wrong_with_a_query_is_said(query, problem):
    with pytest.raises(ValidationError) as caught:
        plugin.PrometheusSettings(queries={"q": query})
    [error] = caught.value.errors()
    assert error["loc"][:2] == ("queries", "q")
    assert problem in error["msg"]
