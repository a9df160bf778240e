"""auth-service and the PDP away, slow or lying: never open by mistake, never a 500, and it passes by itself."""

import asyncio
import json
import re
import time

import httpx
import pytest
from websockets.asyncio.client import connect

from livingmap.access.filtered_scene import FilteredScene
from livingmap.core.model import Message
from tests.access.conftest import RULES
from tests.access.test_matrix import bearer, closed, first
from tests.support.access import LIES, external_ids, token
from tests.support.nats_server import until

LYING = [*LIES, "hang", "dead"]


async def break_down(service, how):
    if how == "dead":
        await service.kill()
    else:
        service.mode = how


async def mend(service):
    service.mode = "well"
    if service._server is None:
        await service.start()


async def eventually(client, path, headers, good):
    """Ask until the answer is ``good``; nothing on the way may be a fault of the map."""
    async with asyncio.timeout(120):
        while True:
            answer = await client.get(path, headers=headers)
            assert answer.status_code != 500
            if good(answer):
                return answer
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("how", LYING)
async def test_while_auth_service_fails_remembered_callers_stay_and_others_are_asked_to_retry(
    guarded, services, how
):
    made = await guarded(authenticator={"timeout_seconds": 1.5}, failures_per_minute=1000)
    remembered, stranger, forged = (
        bearer(token("u-1")),
        bearer(token("u-2")),
        bearer(token("u-3", secret="f" * 40)),
    )
    async with httpx.AsyncClient(base_url=made.url) as client:
        assert (await client.get("/living-map/snapshot", headers=remembered)).status_code == 200
        await break_down(services.auth, how)
        assert (await client.get("/living-map/snapshot", headers=remembered)).status_code == 200
        for path in ("/living-map/snapshot", "/living-map/entities", "/living-map/history", "/living-map/events"):
            for headers in (stranger, forged):
                answer = await client.get(path, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (503, "auth_unavailable"), path
                assert answer.headers["retry-after"]
                assert services.auth.base_url not in answer.text
            assert (await client.get(path)).status_code == 401
        async with connect(made.ws, additional_headers=stranger) as socket:
            assert (await first(socket))["code"] == "auth_unavailable"
            assert await closed(socket) == 1013
        for path in ("/living-map/health", "/living-map/health/ready"):
            assert (await client.get(path)).status_code == 200
        await mend(services.auth)
        await eventually(client, "/living-map/snapshot", stranger, lambda answer: answer.status_code == 200)
        assert (await client.get("/living-map/snapshot", headers=forged)).status_code == 401


@pytest.mark.parametrize("how", LYING)
async def test_while_the_pdp_fails_nothing_new_is_permitted(guarded, services, how):
    pdp = {"items": RULES, "ttl_seconds": 600, "timeout_seconds": 1.5, "patience_seconds": 3.0}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    ids = sorted(made.living.fold.scene.items("city", "items"))
    for actor in ("u-1", "u-2"):
        services.pdp.allow(actor, *external_ids(made.living, *ids))
    remembered, stranger, admin = bearer(token("u-1")), bearer(token("u-2")), bearer(token("u-3", roles=["admin"]))

    def shows(answer):
        return [item["id"] for item in answer.json()["layers"]["city"]["items"]]

    async with httpx.AsyncClient(base_url=made.url, timeout=30) as client:
        assert shows(await client.get("/living-map/snapshot", headers=remembered)) == ids
        await break_down(services.pdp, how)
        assert shows(await client.get("/living-map/snapshot", headers=remembered)) == ids
        answer = await client.get("/living-map/snapshot", headers=stranger)
        assert (answer.status_code, shows(answer)) == (200, [])
        assert shows(await client.get("/living-map/snapshot", headers=admin)) == ids
        report = (await client.get("/living-map/sources", headers=admin)).json()["access"]["policies"]
        assert report["failed"] > 0
        assert report["error"]
        await mend(services.pdp)
        await eventually(client, "/living-map/snapshot", stranger, lambda answer: shows(answer) == ids)


async def test_a_rule_over_the_whole_map_refuses_callers_and_an_undecided_one_asks_them_to_retry(
    guarded, services
):
    pdp = {"map": [{"type": "microdao", "id": "microdao:core"}], "timeout_seconds": 1.5, "patience_seconds": 3.0}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    services.pdp.allow("u-1", "microdao:core")
    async with httpx.AsyncClient(base_url=made.url, timeout=30) as client:
        path = "/living-map/snapshot"
        assert (await client.get(path, headers=bearer(token("u-1")))).status_code == 200
        answer = await client.get(path, headers=bearer(token("u-2")))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (await client.get(path, headers=bearer(token("s-1", roles=["service"])))).status_code == 200
        services.pdp.mode = "500"
        answer = await client.get(path, headers=bearer(token("u-3")))
        assert (answer.status_code, answer.json()["code"]) == (503, "policy_unavailable")
    async with connect(made.ws, additional_headers=bearer(token("u-2"))) as socket:
        assert (await first(socket))["code"] == "forbidden"
        assert await closed(socket) == 4403


async def test_an_open_socket_whose_reader_loses_its_permission_is_closed_with_the_reason(guarded, services):
    pdp = {"map": [{"type": "microdao", "id": "microdao:core"}], "ttl_seconds": 1.0}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    services.pdp.allow("u-1", "microdao:core")
    async with connect(made.ws, additional_headers=bearer(token("u-1")), max_size=None) as socket:
        assert (await first(socket))["kind"] == "snapshot"
        services.pdp.permits.clear()
        began = time.monotonic()
        assert (await first(socket))["code"] == "forbidden"
        assert await closed(socket) == 4403
        assert time.monotonic() - began < 10


async def test_a_layer_that_is_not_permitted_looks_absent(guarded, services):
    pdp = {"map": [{"layers": ["usage", "dao"], "action": "view_usage", "type": "usage", "id": "{actor_id}"}]}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    services.pdp.allow("u-1", "u-1", action="view_usage", kind="usage")
    async with httpx.AsyncClient(base_url=made.url, timeout=30) as client:
        some, none = bearer(token("u-1")), bearer(token("u-2"))
        layers = (await client.get("/living-map/snapshot", headers=some)).json()["layers"]
        assert {"usage", "dao"} <= layers.keys()
        layers = (await client.get("/living-map/snapshot", headers=none)).json()["layers"]
        assert not {"usage", "dao"} & layers.keys()
        answer = await client.get("/living-map/snapshot?layers=usage", headers=none)
        assert answer.status_code == 422
        assert "usage" not in answer.json()["detail"].partition("there are")[2]
        assert (await client.get("/living-map/snapshot?layers=usage", headers=some)).status_code == 200
        whole = await client.get("/living-map/snapshot", headers=some)
        tagged = await client.get("/living-map/snapshot", headers={**none, "if-none-match": whole.headers["etag"]})
        assert tagged.status_code == 200


async def test_errors_of_services_are_for_administrators(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret})
    state = next(iter(made.living.pollers.values())).state
    state.error, state.revision = "http://10.0.0.7:1234/hush: 500", state.revision + 1
    async with httpx.AsyncClient(base_url=made.url) as client:
        assert "hush" not in (await client.get("/living-map/snapshot", headers=bearer(token("u-1")))).text
        admin = bearer(token("u-2", roles=["admin"]))
        assert "hush" in (await client.get("/living-map/snapshot", headers=admin)).text


async def test_what_is_redacted_is_in_nothing_that_is_sent_or_kept(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret}, redact=["agents.*.mood"])
    admin = bearer(token("u-2", roles=["admin"]))
    agent = next(iter(made.living.fold.scene.items("agents", "items")))
    async with connect(made.ws, additional_headers=admin, max_size=None) as socket:
        await first(socket)
        payload = {"agent_id": agent, "status": "busy", "mood": "hush-1", "more": [{"system_prompt": "hush-2"}]}
        await made.living.log.append(Message("agent.event.status", payload))
        message = await first(socket)
        assert message["payload"] == {"agent_id": agent, "status": "busy", "more": [{}]}
        await made.living.writer.drain(5)
        async with httpx.AsyncClient(base_url=made.url) as client:
            for path in ("snapshot", "history", f"entities/{agent}"):
                text = (await client.get(f"/living-map/{path}", headers=admin)).text
                assert "hush" not in text
        assert "hush" not in json.dumps(message)


async def test_pages_of_other_origins_read_only_where_they_are_named(tmp_path):
    from tests.stream.conftest import served  # noqa: PLC0415
    from tests.support.maps import living_map  # noqa: PLC0415

    city = "https://city.example.org"
    sources = {"usage": {"mock": True}}
    async with living_map(tmp_path, sources, server={"cors_origins": [city]}) as living, served(living) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            for path in ("/living-map/snapshot", "/living-map/entities"):
                answer = await client.get(path, headers={"origin": city})
                assert answer.headers["access-control-allow-origin"] == city
                exposed = answer.headers["access-control-expose-headers"].split(", ")
                assert {"Date", "ETag", "Retry-After"} <= set(exposed)  # by the clock of the map ages are told
                other = await client.get(path, headers={"origin": "https://evil.example.org"})
                assert "access-control-allow-origin" not in other.headers
            asked = {"origin": city, "access-control-request-method": "GET"}
            preflight = {**asked, "access-control-request-headers": "authorization"}
            answer = await client.options("/living-map/snapshot", headers=preflight)
            assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, city)
        async with connect(f"ws://{address}/living-map/stream", origin=city) as socket:
            assert (await first(socket))["kind"] == "snapshot"


async def test_with_the_rules_of_the_example_a_reader_sees_what_belongs_to_its_microdao(guarded, services):
    usage = {"layers": ["usage"], "action": "view_usage", "type": "usage", "id": "network"}
    pdp = {"items": RULES, "map": [usage], "ttl_seconds": 3600, "patience_seconds": 60}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    living, headers = made.living, bearer(token("u-1"))
    [mine, *others] = sorted(living.fold.scene.items("city", "items"))
    services.pdp.allow("u-1", *external_ids(made.living, mine))
    world = living._simulation._worlds[0].world
    async with (
        connect(made.ws, additional_headers=headers, max_size=None) as socket,
        httpx.AsyncClient(base_url=made.url, headers=headers) as client,
    ):
        messages = [await socket.recv()]
        for _ in range(60):
            for message in world.step(living.reader.now()):
                await living.log.append(message)
        await until(lambda: living.hub.is_idle)
        await socket.send("?")
        async with asyncio.timeout(120):
            while json.loads(messages[-1])["kind"] != "error":
                messages.append(await socket.recv())
        await living.writer.drain(5)
        paths = ("snapshot", "history?limit=1000", "entities?limit=1000", "types")
        messages += [(await client.get(f"/living-map/{path}")).text for path in paths]
        listed = (await client.get("/living-map/entities?type=proposal&limit=1000")).json()["items"]
        hidden_type = await client.get("/living-map/entities?type=model")
        layers = (await client.get("/living-map/snapshot")).json()["layers"]
    proposals = {item["id"] for item in layers["dao"]["proposals"]}
    daos = {item["id"] for item in layers["dao"]["items"]}
    assert "usage" not in layers
    assert {item["id"] for item in listed} == proposals
    assert "type: no such type 'model' (there are: microdao, dao, node, agent" in hidden_type.json()["detail"]
    assert [item["id"] for item in layers["city"]["items"]] == [mine]
    assert {item["microdao_id"] for item in layers["agents"]["items"]} == {mine}
    assert {item["dao_id"] for item in layers["dao"]["proposals"]} <= daos
    assert {item["proposal_id"] for item in layers["dao"]["votes"]} <= proposals
    assert len(layers["agents"]["items"]) == layers["city"]["items"][0]["agents"]
    assert sum('"kind":"event"' in one for one in messages) > 10
    scene = living.fold.scene
    theirs = [
        entity_id
        for entity_id, item in scene.items("agents", "items").items()
        if item.get("microdao_id") in others
    ]
    sent = "\n".join(messages)
    for entity_id in (*others, *theirs):
        assert not re.search(rf"(?<![\w-]){re.escape(entity_id)}(?![\w-])", sent), entity_id


async def test_a_fault_in_a_filtered_scene_costs_its_readers_a_snapshot_and_others_nothing(
    guarded, services, monkeypatch
):
    pdp = {"items": RULES, "ttl_seconds": 3600, "patience_seconds": 60}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    living = made.living
    agent = next(iter(living.fold.scene.items("agents", "items")))
    admin = bearer(token("u-2", roles=["admin"]))
    async with (
        connect(made.ws, additional_headers=bearer(token("u-1")), max_size=None) as some,
        connect(made.ws, additional_headers=admin, max_size=None) as everything,
    ):
        assert [(await first(one))["kind"] for one in (some, everything)] == ["snapshot", "snapshot"]
        with monkeypatch.context() as broken:
            broken.setattr(FilteredScene, "take", lambda *_: 1 / 0)
            await living.log.append(Message("agent.event.status", {"agent_id": agent, "status": "busy"}))
        assert (await first(everything))["event_type"] == "agent.event.status"
        message = await first(some)
        assert (message["kind"], message["reason"]) == ("snapshot", "cursor_expired")
        await living.log.append(Message("agent.event.status", {"agent_id": agent, "status": "online"}))
        assert (await first(everything))["event_type"] == "agent.event.status"


async def test_a_page_of_the_history_is_full_also_for_a_reader_that_sees_little(guarded, services):
    pdp = {"items": RULES, "ttl_seconds": 3600, "patience_seconds": 60}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    agents = made.living.fold.scene.items("agents", "items")
    mine = next(item["microdao_id"] for item in agents.values() if item.get("microdao_id"))
    services.pdp.allow("u-1", *external_ids(made.living, mine))
    for number in range(400):
        agent = list(agents)[number % len(agents)]
        payload = {"agent_id": agent, "status": "busy", "number": number}
        await made.living.log.append(Message("agent.event.status", payload))
    await made.living.writer.drain(5)
    expected = [n for n in range(400) if agents[list(agents)[n % len(agents)]].get("microdao_id") in (mine, None)]
    numbers, cursor = [], None
    async with httpx.AsyncClient(base_url=made.url, headers=bearer(token("u-1"))) as client:
        while True:
            query = {"event_type": "agent.event.status", "limit": 20} | ({"cursor": cursor} if cursor else {})
            page = (await client.get("/living-map/history", params=query)).json()
            numbers += [item["payload"]["number"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
            assert len(page["items"]) == 20
    assert numbers == expected[::-1]
