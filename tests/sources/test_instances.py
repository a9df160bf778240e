"""Several sources of one plugin: each has a name, settings and a part of its own, and ids in its namespace."""

import contextlib

import pytest

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Message, Position, Put
from livingmap.core.namespaced import in_namespace
from livingmap.core.source import Layer, Source
from livingmap.testing import SourceHarness
from tests.access.small_map import NOON, RULES
from tests.support.maps import browser, living_map, snapshot
from tests.support.scripted_service import ScriptedService, Sent

MONITORING = """
from livingmap.plugin import Drop, Layer, NotFound, Reply, Put, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://monitoring"
    region: str = "nowhere"

async def jobs(client):
    return [Put("monitoring", f"job:{row['id']}", {"name": row["id"]}, collection="jobs")
            for row in await client.get("/jobs")]

async def targets(client):
    return [
        Put("monitoring", f"target:{row['id']}",
            {"job_id": f"job:{row['job']}", "peers": row["peers"], "slug": row["id"]},
            aliases=(f"target:{row['uuid']}",), namespaces={f"target:{row['id']}": "slug"})
        for row in await client.get("/targets")
    ]

async def fate(client, entity_id, fields):
    return {"status": "hidden", "asked": entity_id, "peers": fields["peers"]}

def on_down(event, part):
    entity_id = f"target:{event.payload['target']}"
    if event.payload["region"] != part.settings.region or part.get("monitoring", entity_id) is None:
        return []
    known = sorted(one for one, _ in part.items("monitoring"))
    return [Put("monitoring", entity_id, {"status": "down", "known": known,
                                          "job_was": part.get("monitoring", entity_id)["job_id"]}, creates=False)]

def on_gone(event, part):
    return [Drop("monitoring", f"target:{event.payload['target']}")]

async def details(client, key):
    answer = await client.get(f"/targets/{key}")
    return {"job_id": answer["job"], "asked": key}

@hookimpl
def livingmap_source():
    return Source(
        "monitoring", "prometheus", Settings,
        (Layer("monitoring", fetch=targets, references=("job_id", "peers"), unlisted=fate),
         Layer("monitoring", "jobs", fetch=jobs)),
        {"alert.down": on_down, "alert.gone": on_gone},
        {"target": details},
    )
"""


def service(targets):
    def answer(request):
        if request.path == "/jobs":
            return Sent([{"id": "web"}])
        if request.path == "/targets":
            return Sent(targets)
        return Sent({"job": "job:web"}) if request.path == "/targets/web-1" else Sent("no", 404)

    return ScriptedService(answer)


def target(name, *peers, job="web"):
    return {"id": name, "uuid": f"9f-{name}", "job": job, "peers": list(peers)}


@contextlib.asynccontextmanager
async def two_regions(folder, **rest):
    (folder / "monitoring.py").write_text(MONITORING)
    eu = [target("web-1", "target:9f-web-2"), target("web-2", "target:web-1"), target("web-3")]
    async with service(eu) as first, service([target("web-1")]) as second:
        sections = {
            "prom_eu": {
                "module": "./monitoring.py",
                "namespace": "eu",
                "region": "eu",
                "base_url": first.base_url,
            },
            "prom_us": {
                "module": "./monitoring.py",
                "namespace": "us",
                "region": "us",
                "base_url": second.base_url,
            },
        }
        for section in sections.values():
            section.update({"retries": 0, "timeout_seconds": 30})
        async with living_map(folder, sections, **rest) as living:
            yield living, eu


async def test_two_sources_of_one_plugin_stand_side_by_side(tmp_path):
    async with two_regions(tmp_path) as (living, _):
        whole = await snapshot(living)
        layer = whole["layers"]["monitoring"]
        assert {item["id"]: item["job_id"] for item in layer["items"]} == {
            "target:eu/web-1": "job:eu/web",
            "target:eu/web-2": "job:eu/web",
            "target:eu/web-3": "job:eu/web",
            "target:us/web-1": "job:us/web",
        }
        assert [item["id"] for item in layer["jobs"]] == ["job:eu/web", "job:us/web"]
        assert [source["name"] for source in whole["meta"]["sources"]] == ["prom_eu", "prom_us"]
        assert whole["meta"]["source_services"] == ["prometheus"]


async def test_references_and_aliases_follow_into_the_namespace(tmp_path):
    async with two_regions(tmp_path) as (living, _):
        items = living.fold.scene.items("monitoring", "items")
        assert items["target:eu/web-1"]["peers"] == ["target:eu/web-2"]
        assert living.fold.scene.resolve("target:eu/9f-web-1") == "target:eu/web-1"
        assert living.fold.scene.resolve("target:9f-web-1") == "target:9f-web-1"


async def test_a_handler_sees_the_settings_of_its_source_and_the_ids_of_its_service(tmp_path):
    async with two_regions(tmp_path) as (living, _):
        await living.log.append(Message("alert.down", {"target": "web-1", "region": "eu"}))
        items = living.fold.scene.items("monitoring", "items")
        assert items["target:eu/web-1"]["status"] == "down"
        assert items["target:eu/web-1"]["known"] == ["target:web-1", "target:web-2", "target:web-3"]
        assert items["target:eu/web-1"]["job_was"] == "job:web"
        assert "status" not in items["target:us/web-1"]
        await living.log.append(Message("alert.gone", {"target": "web-1"}))
        assert sorted(items) == ["target:eu/web-2", "target:eu/web-3"]


async def test_details_are_asked_by_the_name_that_the_service_knows(tmp_path):
    async with two_regions(tmp_path) as (living, _), browser(living) as client:
        answer = (await client.get("/living-map/entities/target:eu/web-1")).raise_for_status().json()
        assert (answer["id"], answer["data"]["asked"], answer["data"]["job_id"]) == (
            "target:eu/web-1",
            "web-1",
            "job:eu/web",
        )
        assert answer["sources"]["slug"] == "prom_eu"


async def test_the_fate_of_what_is_not_listed_is_asked_by_the_services_own_id(tmp_path):
    async with two_regions(tmp_path) as (living, rows):
        rows.pop(1)
        await living.pollers["prom_eu"].poll()
        item = living.fold.scene.items("monitoring", "items")["target:eu/web-2"]
        assert (item["status"], item["asked"], item["peers"]) == ("hidden", "target:web-2", ["target:eu/web-1"])


async def test_links_lead_to_the_services_own_pages(tmp_path):
    (tmp_path / "monitoring.py").write_text(MONITORING)
    links = {"target": "https://prom.example.org/{id}/{job_id:key}"}
    async with service([target("web-1")]) as eu:
        section = {"module": "./monitoring.py", "namespace": "eu", "base_url": eu.base_url, "links": links}
        async with living_map(tmp_path, {"prom": section}) as living, browser(living) as client:
            answer = (await client.get("/living-map/entities/target:eu/web-1")).json()
    assert answer["links"] == [{"source": "prom", "url": "https://prom.example.org/target%3Aweb-1/web"}]


async def test_same_as_takes_the_ids_that_the_source_alone_has(tmp_path):
    joined = {"prom_us/target:web-1": "target:north", "target:eu/web-1": "target:south"}
    async with two_regions(tmp_path, same_as=joined) as (living, _):
        ids = sorted(living.fold.scene.items("monitoring", "items"))
        assert ids == ["target:eu/web-2", "target:eu/web-3", "target:north", "target:south"]


async def test_without_a_namespace_two_sources_of_one_plugin_describe_the_same_things(tmp_path):
    (tmp_path / "monitoring.py").write_text(MONITORING)
    async with service([target("web-1")]) as one, service([target("web-1"), target("web-9")]) as other:
        sections = {
            name: {"module": "./monitoring.py", "base_url": server.base_url}
            for name, server in (("first", one), ("second", other))
        }
        async with living_map(tmp_path, sections) as living:
            assert sorted(living.fold.scene.items("monitoring", "items")) == ["target:web-1", "target:web-9"]


async def test_an_installed_plugin_may_have_several_sections_and_the_world_answers_each(tmp_path):
    sections = {
        "space": {"mock": True},
        "space_north": {"plugin": "space", "mock": True, "namespace": "north"},
    }
    async with living_map(tmp_path, sections, mock={"nodes": 3, "events_per_second": 0}) as living:
        ids = sorted(living.fold.scene.items("nodes", "items"))
        assert len(ids) == 6
        assert {entity_id.replace("north/", "") for entity_id in ids} == {
            one for one in ids if "north/" not in one
        }
        assert [state.status for state in (one.state for one in living.pollers.values())] == ["mock", "mock"]


@pytest.mark.parametrize("payload", [{"agent": "sofia"}, {"by": "sofia"}, {"note": "ask agent:sofia"}])
def test_a_message_that_names_a_hidden_thing_without_its_namespace_is_withheld(payload):
    source = in_namespace(
        Source("talk", "s", object, (Layer("agents", references=("microdao_id",)),), {"talk.*": lambda *_: []}),
        "eu",
    )
    fold, rights = Fold([source]), Rights(grants=(frozenset({"microdao:eu/river"}),), reports=False)
    scenes = FilteredScenes(fold, [source], RULES, lambda: Position("e", 2))
    agents = [
        Put("agents", "agent:eu/sofia", {"microdao_id": "microdao:eu/hill"}),
        Put("agents", "agent:eu/oksana", {"microdao_id": "microdao:eu/river"}),
    ]
    poll = refreshed("talk", 0, agents)
    scenes.take(fold.apply(Event(Position("e", 1), poll.type, poll.payload, NOON)))
    assert list(scenes.of(rights).items("agents", "items")) == ["agent:eu/oksana"]
    folded = fold.apply(Event(Position("e", 2), "talk.said", payload, NOON))
    scenes.take(folded)
    assert scenes.visible(folded, rights) is None
    shown = fold.apply(Event(Position("e", 3), "talk.said", {"agent": "oksana"}, NOON))
    scenes.take(shown)
    assert scenes.visible(shown, rights) is not None


@pytest.mark.parametrize("namespace", [None, "eu"])
async def test_a_poll_that_brings_nothing_new_makes_no_entry(namespace):
    module: dict = {}
    exec(compile(MONITORING, "monitoring.py", "exec"), module)
    rows = {"/jobs": [{"id": "web"}], "/targets": [target("web-1", "target:web-1")]}
    given = {"namespace": namespace} if namespace else {}
    harness = SourceHarness(
        module["livingmap_source"](), lambda request: module["Reply"](rows[request.path]), **given
    )
    assert await harness.poll()
    assert await harness.poll() == []
