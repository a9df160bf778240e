"""The endpoints of problems, on whole maps."""

import html
import re
from datetime import timedelta

import pytest

from livingmap.core.fold import ACKNOWLEDGED
from livingmap.core.model import Message
from livingmap.core.units import rfc3339
from livingmap.history.memory import MemoryHistory
from tests.support.maps import browser, living_map, poll
from tests.support.nats_server import until

NOWHERE = {"agents": {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1, "retries": 0}}
SHOWN = {"registry": {"mock": True}, "space": {"mock": True}}
MOCK = {"nodes": 3, "events_per_second": 0}


async def problems(client, **filters):
    answer = (await client.get("/living-map/problems", params=filters)).raise_for_status().json()
    assert answer["total"] == len(answer["items"])
    return answer["items"]


@pytest.fixture
async def down(tmp_path):
    async with living_map(tmp_path, NOWHERE) as living, browser(living) as client:
        yield living, client


@pytest.fixture
async def shown(tmp_path):
    async with living_map(tmp_path, SHOWN, mock=MOCK) as living, browser(living) as client:
        yield living, client


async def test_a_source_that_is_down_is_a_problem_that_says_what_to_do(down):
    _, client = down
    [one] = await problems(client)
    assert all(one[name] for name in ("id", "since", "last_seen"))
    assert one | {"id": "", "since": "", "last_seen": "", "detail": ""} == {
        "id": "",
        "code": "source_down",
        "severity": "critical",
        "state": "open",
        "title": "Source down",
        "what": "Source agents is not responding",
        "meaning": "The map shows what the service said last, or nothing of it.",
        "todo": "Run `livingmap probe SOURCE`. Is the service running, is `base_url` right, is the token valid?",
        "link": "docs/problems#source_down",
        "since": "",
        "at_least": False,
        "last_seen": "",
        "source": "agents",
        "process": None,
        "affects": {"entities": [], "layers": ["agents"]},
        "detail": "",
        "acknowledgement": None,
    }
    assert "agents.items" in one["detail"]


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_the_link_of_a_problem_leads_to_what_it_means_and_what_to_do(down, language):
    _, client = down
    headers = {"accept-language": language}
    [one] = (await client.get("/living-map/problems", headers=headers)).json()["items"]
    path, _, anchor = one["link"].partition("#")
    answer = (await client.get(f"/{path}", headers=headers)).raise_for_status()
    [section] = re.findall(f'<section id="{anchor}">.*?</section>', answer.text, flags=re.DOTALL)
    text = html.unescape(re.sub("<[^>]+>", "", section))
    assert [part in text for part in (one["title"], one["meaning"], one["todo"].replace("`", ""))] == [True] * 3
    assert answer.headers["content-language"] == language


async def test_it_is_said_in_the_readers_language(down):
    _, client = down
    answer = await client.get("/living-map/problems", headers={"accept-language": "uk-UA,en;q=0.5"})
    assert answer.headers["content-language"] == "uk"
    assert answer.json()["items"][0]["what"] == "Джерело agents не відповідає"


async def test_a_problem_keeps_its_id_and_time_until_it_is_over(down):
    living, client = down
    [one] = await problems(client)
    await poll(living)
    [again] = await problems(client)
    assert (one["id"], one["since"]) == (again["id"], again["since"])
    living.pollers["agents"].state.status = living.pollers["agents"].state.status.FRESH
    assert await problems(client) == []


async def test_problems_are_filtered(down):
    _, client = down
    for filters, number in (
        ({"severity": "critical"}, 1),
        ({"severity": "info"}, 0),
        ({"code": "source_down"}, 1),
        ({"code": "source_stale"}, 0),
        ({"source": "agents"}, 1),
        ({"source": "city"}, 0),
        ({"state": "open"}, 1),
        ({"state": "acknowledged"}, 0),
    ):
        assert len(await problems(client, **filters)) == number, filters
    refused = await client.get("/living-map/problems", params={"code": "nothing"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_parameter")
    assert "source_down" in refused.json()["detail"]


async def test_a_client_that_has_the_problems_gets_304(down):
    _, client = down

    async def has_them():
        tag = (await client.get("/living-map/problems")).headers["etag"]
        answer = await client.get("/living-map/problems", headers={"if-none-match": tag})
        return answer.status_code == 304  # or ten seconds are just over

    await until(has_them)


async def overload(living, cpu=0.95, entity=None):
    entity = entity or min(living.fold.scene.items("nodes", "items"))
    await living.log.append(
        Message("node.metrics.update", {"node_id": entity, "cpu": cpu, "gpu": 0.1, "ram": 0.1})
    )
    return entity


async def test_an_entity_in_trouble_is_a_problem_of_it(shown):
    living, client = shown
    before = {one["id"] for one in await problems(client)}
    entity = await overload(living)
    name = living.fold.scene.items("nodes", "items")[entity]["name"]
    [one] = [one for one in await problems(client, code="entity_overloaded") if one["id"] not in before]
    assert one["what"] == f"{name} is overloaded: 95% in use"
    assert (one["severity"], one["source"]) == ("critical", "space")
    assert one["affects"] == {"entities": [{"id": entity, "type": "node", "layer": "nodes"}], "layers": ["nodes"]}
    await overload(living, 0.5)
    assert {one["id"] for one in await problems(client)} <= before


async def test_somebody_acknowledges_a_problem_until_a_time(down):
    living, client = down
    [one] = await problems(client)
    path, until = f"/living-map/problems/{one['id']}/acknowledge", living.reader.now() + timedelta(hours=1)
    answer = await client.post(path, json={"until": rfc3339(until), "note": "a disk is on its way"})
    assert answer.status_code == 200
    [shown] = await problems(client, state="acknowledged")
    assert shown["acknowledgement"] == answer.json()["acknowledgement"] | {"at": shown["acknowledgement"]["at"]}
    assert shown["acknowledgement"] | {"at": ""} == {
        "by": None,
        "at": "",
        "until": rfc3339(until),
        "note": "a disk is on its way",
    }
    assert await problems(client, state="open") == []
    await living.writer.drain(5)
    history = (await client.get("/living-map/history", params={"event_type": ACKNOWLEDGED})).json()["items"]
    assert [(item["payload"]["code"], item["payload"]["note"]) for item in history] == [
        ("source_down", "a disk is on its way")
    ]


@pytest.mark.parametrize("sources", [NOWHERE, SHOWN])
async def test_an_acknowledgement_outlasts_a_restart_without_jetstream(tmp_path, sources):
    kept = MemoryHistory()
    async with living_map(tmp_path, sources, mock=MOCK, kept=kept) as living, browser(living) as client:
        if sources is SHOWN:
            await overload(living)
        before = await problems(client)
        for one in before:
            await client.post(f"/living-map/problems/{one['id']}/acknowledge", json={"note": "seen"})
        await living.writer.drain(5)
    async with living_map(tmp_path, sources, mock=MOCK, kept=kept) as living, browser(living) as client:
        if sources is SHOWN:
            await overload(living)
        await living.writer.drain(5)
        tasks = dict(living.problems.background(kept, lambda: True))
        tasks.pop("problems").close()
        await tasks.pop("acknowledgements")
        assert not tasks
        after = {one["id"]: one for one in await problems(client)}
        assert before
        for one in before:
            assert after[one["id"]]["acknowledgement"]["note"] == "seen"
            assert after[one["id"]]["since"] == one["since"]


async def test_while_the_log_is_away_nothing_is_acknowledged(down):
    living, client = down
    living.log.progress.detach(living.reader.now())
    one = (await problems(client))[-1]
    answer = await client.post(f"/living-map/problems/{one['id']}/acknowledge", json={})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")


@pytest.mark.parametrize(
    ("status", "code", "request_"),
    [
        (404, "unknown_problem", {"json": {}}),
        (422, "invalid_parameter", {"json": {"until": "2001-01-01T00:00:00Z"}}),
        (422, "invalid_parameter", {"json": {"until": "2030-01-01T00:00:00"}}),
        (422, "invalid_parameter", {"json": {"until": "2999-01-01T00:00:00Z"}}),
        (422, "invalid_parameter", {"json": {"note": "x" * 501}}),
        (422, "invalid_parameter", {"json": {"by": "somebody else"}}),
        (422, "invalid_parameter", {"content": b"{", "headers": {"content-type": "application/json"}}),
        (413, "too_large", {"json": {"note": "x" * 5000}}),
        (415, "unsupported_media_type", {"content": b"{}", "headers": {"content-type": "text/plain"}}),
    ],
)
async def test_what_cannot_be_acknowledged_is_refused(down, status, code, request_):
    _, client = down
    [one] = await problems(client)
    name = "nothing" if status == 404 else one["id"]
    answer = await client.post(f"/living-map/problems/{name}/acknowledge", **request_)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert [one["state"] for one in await problems(client)] == ["open"]
