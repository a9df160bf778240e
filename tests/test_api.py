"""What clients get over HTTP."""

import gzip
import re

import brotli
import pytest
import zstandard
from structlog.testing import capture_logs

from livingmap.access.view import Rights, View
from livingmap.api.prepared import accepted_encoding
from livingmap.api.snapshot import Snapshots
from livingmap.core.fold import refreshed
from livingmap.core.model import Drop, Message, Put
from tests.support.maps import SOURCES, browser, living_map
from tests.support.scripted_service import ScriptedService, Sent
from tests.support.services import stub_services

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
async def living(tmp_path):
    async with (
        stub_services([source for source in SOURCES if source.name in {"agents", "usage"}]) as services,
        living_map(tmp_path, {name: {"base_url": one.base_url} for name, one in services.items()}) as made,
    ):
        yield made


@pytest.fixture
async def client(living):
    async with browser(living) as opened:
        yield opened


async def say(living, *changes, source="agents"):
    await living.log.append(refreshed(source, living.log.position.seq, changes))


async def test_health_is_the_body_of_the_specification(client):
    body = (await client.get("/living-map/health")).json()
    assert body.keys() == {"status", "service", "version", "time"}
    assert (body["status"], body["service"]) == ("ok", "living-map-service")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["time"])


async def test_live_and_ready_answer(client, living):
    assert (await client.get("/living-map/health/live")).json() == {"status": "ok"}
    ready = await client.get("/living-map/health/ready")
    assert (ready.status_code, ready.json()["log"], ready.json()["phase"]) == (200, "attached", "live")


async def test_a_map_that_has_not_read_its_log_is_not_ready(tmp_path):
    nobody = {"url": "nats://127.0.0.1:9"}
    async with living_map(tmp_path, {"agents": {"mock": True}}, polled=False, nats=nobody) as made:
        ready = await browser(made).get("/living-map/health/ready")
    body = ready.json()
    assert (ready.status_code, body["status"], body["log"]) == (503, "not_ready", "detached")
    assert (body["phase"], body["intakes"]) == ("replaying", {"nats": "disconnected"})


async def test_the_snapshot_says_when_and_whence(client):
    body = (await client.get("/living-map/snapshot")).json()
    assert RFC_3339.fullmatch(body["generated_at"])
    assert body["meta"].keys() == {
        "version",
        "generated_at",
        "cursor",
        "source_services",
        "sources",
        "phase",
        "standing_still_since",
        "at",
        "gaps",
        "collisions",
        "access",
    }
    assert body["meta"]["generated_at"] == body["generated_at"]
    assert body["meta"]["source_services"] == ["agents-service", "usage-engine"]
    for one in body["meta"]["sources"]:
        assert one.keys() == {"name", "service", "status", "observed_at", "age_seconds", "error"}
        assert RFC_3339.fullmatch(one["observed_at"])


@pytest.mark.parametrize(
    ("encoding", "decode"),
    [
        ("zstd", lambda body: zstandard.ZstdDecompressor().decompress(body)),
        ("br", brotli.decompress),
        ("gzip", gzip.decompress),
        ("identity", bytes),
    ],
)
async def test_the_snapshot_comes_in_every_encoding_with_a_validator_of_its_own(client, encoding, decode):
    plain = (await client.get("/living-map/snapshot", headers={"accept-encoding": "identity"})).content
    request = client.build_request("GET", "/living-map/snapshot", headers={"accept-encoding": encoding})
    answer = await client.send(request, stream=True)
    body = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert decode(body) == plain
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["vary"] == "Accept-Encoding"
    again = await client.get(
        "/living-map/snapshot", headers={"accept-encoding": encoding, "if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0", "identity"),
        ("*", "zstd"),
        ("zstd;q=0, *;q=0.1", "br"),
        ("", "identity"),
        ("gzip;q=nonsense", "identity"),
    ],
)
def test_the_best_encoding_that_the_client_takes_is_chosen(header, expected):
    assert accepted_encoding(header) == expected


async def test_the_validator_changes_with_every_change(client, living):
    first = (await client.get("/living-map/snapshot")).headers["etag"]
    await say(living, Put("agents", "agent:new", {"name": "New"}))
    second = await client.get("/living-map/snapshot", headers={"if-none-match": first})
    assert second.status_code == 200
    assert "agent:new" in {item["id"] for item in second.json()["layers"]["agents"]["items"]}


async def test_only_the_layers_asked_for_are_there(client):
    body = (await client.get("/living-map/snapshot?layers=usage,agents")).json()
    assert list(body["layers"]) == ["agents", "usage"]


@pytest.mark.parametrize(("layers", "said"), [("sky", "no such layer: sky"), ("", "names no layer")])
async def test_an_unknown_layer_is_refused_with_the_known_ones(client, layers, said):
    answer = await client.get("/living-map/snapshot", params={"layers": layers})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unknown_layer"
    assert said in answer.json()["detail"]
    assert "agents" in answer.json()["detail"]


async def test_nothing_is_made_anew_while_nothing_changes(living):
    snapshots = Snapshots(living.reader)
    first = snapshots.prepared()
    assert snapshots.prepared() is first
    assert await first.encoded("zstd") is await first.encoded("zstd")
    await say(living, Put("agents", "agent:new", {"name": "New"}))
    assert snapshots.prepared() is not first


async def test_ten_thousand_entities_are_served_from_prepared_bytes(living, client):
    await say(living, *(Put("agents", f"agent:{number}", {"name": f"A{number}"}) for number in range(10_000)))
    answers = [await client.get("/living-map/snapshot", headers={"accept-encoding": "gzip"}) for _ in range(3)]
    assert len(answers[0].json()["layers"]["agents"]["items"]) > 10_000
    assert len({answer.content for answer in answers}) == 1


async def test_an_entity_is_listed_with_its_minimal_data(client):
    body = (await client.get("/living-map/entities?q=orest")).json()
    orest = {"id": "agent:orest", "type": "agent", "label": "Orest", "status": "active", "layer": "agents"}
    assert body == {"items": [{**orest, "links": []}], "next_cursor": None, "gaps": []}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("type=agent&status=inactive", ["agent:sluice-keeper"]),
        ("type=tool&q=no-such", []),
        ("layer=agents&q=ДАРИНА", ["agent:0b6f7c527d3e"]),
        ("layer=usage&type=agent", []),
        ("status=active&limit=1", ["agent:0b6f7c527d3e"]),
    ],
)
async def test_entities_are_filtered(client, query, expected):
    body = (await client.get(f"/living-map/entities?{query}")).json()
    assert [item["id"] for item in body["items"]] == expected


@pytest.mark.parametrize(
    "query",
    ["type=star", "layer=sky", "limit=0", "limit=1001", "limit=x", "cursor=%21", "cursor=%C3%A9", "cursor=gICA"],
)
async def test_bad_parameters_are_refused(client, query):
    answer = await client.get(f"/living-map/entities?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("type=star", "type: no such type 'star' (there are: agent, model, tool)"),
        ("layer=sky", "layer: no such layer 'sky' (there are: agents, usage)"),
    ],
)
async def test_an_unknown_type_or_layer_is_refused_with_those_there_are(client, query, detail):
    assert (await client.get(f"/living-map/entities?{query}")).json()["detail"] == detail


async def test_pages_neither_repeat_nor_miss_while_the_map_changes(client, living):
    await say(living, *(Put("agents", f"agent:x{number:03}", {}) for number in range(100)))
    seen, cursor, step = [], None, 0
    while True:
        params = {"limit": 7, "q": "agent:x", **({"cursor": cursor} if cursor else {})}
        body = (await client.get("/living-map/entities", params=params)).json()
        seen += [item["id"] for item in body["items"]]
        cursor, step = body["next_cursor"], step + 1
        await say(
            living, Put("agents", f"agent:w{step}"), Put("agents", f"agent:x{step:03}a"), Drop("agents", seen[0])
        )
        if cursor is None:
            break
    assert len(seen) == len(set(seen))
    assert {f"agent:x{number:03}" for number in range(100)} <= set(seen)


async def test_an_entity_is_described_with_the_details_of_its_service(client):
    body = (await client.get("/living-map/entities/agent:orest")).json()
    assert body.keys() == {"id", "type", "layer", "data", "sources", "observed_at", "links", "gaps"}
    assert (body["type"], body["layer"]) == ("agent", "agents")
    assert body["data"]["model"] == "llama-4-maverick"
    assert body["sources"]["usage"] == "usage"
    assert body["sources"]["model"] == "agents"
    assert RFC_3339.fullmatch(body["observed_at"])


THINGS = """
import asyncio
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl

async def things(client):
    return [Put("things", "thing:1", await client.get("/things"))]

async def details(client, name):
    answer = await client.get(f"/things/{name}")
    if "late" in answer:
        await asyncio.Event().wait()
    return answer

@hookimpl
def livingmap_source():
    return Source("shop", "shop", SourceSettings, (Layer("things", fetch=things),), details={"thing": details})
"""


async def test_a_service_that_gives_no_details_is_reported_until_it_does(tmp_path, monkeypatch):
    (tmp_path / "things.py").write_text(THINGS)
    answers = iter([Sent("broken", 500), Sent({"late": True}), Sent(status=404), Sent({"motto": "onward"})])

    def answer(request):
        return Sent({"name": "One"}) if request.path == "/things" else next(answers)

    async def asked(client):
        data = (await client.get("/living-map/entities/thing:1")).json()["data"]
        (source,) = (await client.get("/living-map/sources")).json()["items"]
        return data, source["details_error"]

    seen = []
    async with ScriptedService(answer) as service:
        section = {"module": "./things.py", "base_url": service.base_url, "retries": 0, "timeout_seconds": 30}
        async with living_map(tmp_path, {"shop": section}) as living, browser(living) as client:
            with capture_logs() as lines:
                for seconds in (30, 0.5, 30, 30):
                    monkeypatch.setattr("livingmap.state.reader._DETAILS_SECONDS", seconds)
                    seen.append(await asked(client))
    one, late = {"name": "One"}, "no details within 0.5 s"
    assert seen[0] == (one, seen[0][1])
    assert seen[0][1].startswith(f"{service.base_url}/things/1: 500")
    assert seen[1:] == [(one, late), (one, late), ({**one, "motto": "onward"}, None)]
    assert [line["event"] for line in lines] == ["details cannot be had for now", "details can be had again"]


async def test_an_entity_links_to_its_pages_elsewhere(tmp_path):
    sources = {
        "agents": {"mock": True, "links": {"agent": "https://city.org/agents/{id:key}", "node": "https://x.org"}},
        "city": {"mock": True, "links": {"agent": "https://city.org/{name}/{nothing}"}},
        "usage": {"mock": True, "links": {"agent": "mailto:{id:key}@city.org"}},
        "dao": {"mock": True, "links": {"agent": "https://dao.org"}},
    }
    async with living_map(tmp_path, sources) as living, browser(living) as client:
        items = (await client.get("/living-map/snapshot")).json()["layers"]["agents"]["items"]
        used = next(item for item in items if "usage" in item)
        body = (await client.get(f"/living-map/entities/{used['id']}")).json()
        listed = (await client.get("/living-map/entities", params={"only": f"{used['id']},node:none"})).json()
        others = (await client.get("/living-map/entities", params={"type": "dao"})).json()["items"]
    key = used["id"].removeprefix("agent:")
    links = [
        {"source": "agents", "url": f"https://city.org/agents/{key}"},
        {"source": "usage", "url": f"mailto:{key}@city.org"},
    ]
    assert body["links"] == links
    assert [(one["id"], one["links"]) for one in listed["items"]] == [(used["id"], links)]
    assert others
    assert all(one["links"] == [] for one in others)


async def test_only_some_entities_are_listed_by_id_or_alias(client):
    alias = "agent:0b6f7c52-7d3e-4c1a-9f10-5a8f3e2b1c01"
    answer = await client.get("/living-map/entities", params={"only": f"agent:none,{alias}"})
    assert [one["id"] for one in answer.json()["items"]] == ["agent:orest"]
    assert (await client.get("/living-map/entities", params={"only": "x" * 4001})).status_code == 422


async def test_an_entity_is_found_by_its_alias(client):
    body = (await client.get("/living-map/entities/agent:0b6f7c52-7d3e-4c1a-9f10-5a8f3e2b1c01")).json()
    assert body["id"] == "agent:orest"


async def test_without_its_service_an_entity_is_described_from_the_map(client, living):
    await living.pollers["agents"].service.close()
    body = (await client.get("/living-map/entities/agent:orest")).json()
    assert body["data"]["model"] == "llama-4-scout"


@pytest.mark.parametrize("entity_id", ["agent:nobody", "nonsense", "star:1", "agent:../../etc", "agent:%00"])
async def test_an_unknown_entity_is_not_found(client, entity_id):
    answer = await client.get(f"/living-map/entities/{entity_id}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_entity")


async def test_sources_tell_what_went_wrong(client, living):
    await living.log.append(Message("agent.event.status", {"no": "agent"}))
    report = {one["name"]: one for one in (await client.get("/living-map/sources")).json()["items"]}
    agents = report["agents"]
    assert (agents["status"], agents["rows"], agents["missing"]) == ("fresh", 3, ["/agents/metrics"])
    assert (agents["faults"], agents["events"]) == (1, 2)
    assert "payload.agent_id: Field required" in agents["last_faults"][0]


async def test_what_is_nowhere_and_what_is_not_allowed_are_problems(client):
    nowhere = await client.get("/living-map/nowhere")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    forbidden = await client.delete("/living-map/snapshot")
    assert (forbidden.status_code, forbidden.json()["code"]) == (405, "method_not_allowed")
    assert forbidden.headers["allow"] == "GET"


async def test_an_unexpected_error_is_a_problem_without_its_reason(client, living, monkeypatch):
    monkeypatch.setattr(type(living.reader), "contributors", lambda _: 1 / 0)
    answer = await client.get("/living-map/snapshot")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "division" not in answer.text


async def test_the_api_documents_itself(client):
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {
        "/living-map/health",
        "/living-map/health/live",
        "/living-map/health/ready",
        "/living-map/snapshot",
        "/living-map/entities",
        "/living-map/diff",
        "/living-map/entities/{entity_id}",
        "/living-map/ingest/{source}",
        "/living-map/problems",
        "/living-map/problems/{problem_id}/acknowledge",
        "/living-map/sentences",
        "/living-map/series",
        "/living-map/timeline",
        "/living-map/totals",
        "/living-map/types",
        "/living-map/sources",
        "/living-map/events",
        "/living-map/history",
        "/metrics",
        "/asyncapi.json",
    }
    page = (await client.get("/docs")).text
    assert "https://" not in page
    for file in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (await client.get(file)).status_code == 200, file


@pytest.mark.parametrize("path", ["/", "/living-map/health", "/living-map/snapshot", "/living-map/entities"])
async def test_head_is_get_without_the_body(client, path):
    whole, head = await client.get(path), await client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    assert head.headers.get("etag") == whole.headers.get("etag")


async def test_bytes_of_32_views_are_kept_and_the_least_recently_used_make_room(living):
    snapshots = Snapshots(living.reader)
    views = [View(("city",) * (number + 1)) for number in range(33)]
    made = [snapshots.prepared(view) for view in views[:32]]
    assert snapshots.prepared(views[0]) is made[0]
    snapshots.prepared(views[32])
    assert snapshots.prepared(views[0]) is made[0]
    assert snapshots.prepared(views[2]) is made[2]
    assert snapshots.prepared(views[1]) is not made[1]


async def test_64_catalogues_are_kept_and_the_least_recently_used_make_room(living):
    rights = [Rights(frozenset({f"layer-{number}"})) for number in range(65)]
    made = [living.reader.catalogue(one) for one in rights[:64]]
    assert living.reader.catalogue(rights[0]) is made[0]
    living.reader.catalogue(rights[64])
    assert living.reader.catalogue(rights[0]) is made[0]
    assert living.reader.catalogue(rights[2]) is made[2]
    assert living.reader.catalogue(rights[1]) is not made[1]


async def test_a_view_that_was_forgotten_gets_a_validator_of_its_new_bytes(living):
    snapshots = Snapshots(living.reader)
    first = snapshots.prepared(View(("city",)))
    for number in range(40):
        snapshots.prepared(View(("city",) * (number + 2)))
    again = snapshots.prepared(View(("city",)))
    assert (again.body == first.body) == (again.tag == first.tag)
