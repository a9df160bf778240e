from collections import Counter
from decimal import Decimal
from itertools import islice

import pytest


def vote_is_counted(world, payload):
    dao, proposal = proposal_of(world, payload)
    votes = world.get("dao", f"/dao/{dao}/proposals/{proposal}/votes")
    vote = next(vote for vote in votes if vote["id"] == payload["vote_id"])
    assert vote["vote_value"] == payload["vote_value"]
    assert Decimal(vote["weight"]) == Decimal(payload["weight"])
    counted = world.get("dao", f"/dao/{dao}/proposals/{proposal}")
    assert counted["votes_yes"] + counted["votes_no"] + counted["votes_abstain"] == len(votes)


def proposal_is_in_its_state(world, payload):
    dao, proposal = proposal_of(world, payload)
    status = world.get("dao", f"/dao/{dao}/proposals/{proposal}")["status"]
    assert status == payload.get("final_status", payload.get("status", "active"))


def proposal_of(world, payload):
    dao = next(row["slug"] for row in world.get("dao", "/dao") if row["id"] == payload["dao_id"])
    rows = world.get("dao", f"/dao/{dao}/proposals")
    return dao, next(row["slug"] for row in rows if row["id"] == payload["proposal_id"])


def dao_treasury_is_current(world, payload):
    (item,) = world.get("dao", f"/dao/{payload['slug']}/treasury")
    assert (item["token_symbol"], item["balance"]) == (payload["token_symbol"], payload["new_balance"])


def microdao_treasury_is_current(world, payload):
    (item,) = world.get("microdao", f"/microdao/{payload['slug']}/treasury")
    assert (item["token_symbol"], item["balance"]) == (payload["token_symbol"], payload["new_balance"])


def member_is_listed(world, payload):
    rows = world.get("microdao", f"/microdao/{payload['slug']}/members")
    assert {"id": payload["member_id"], "user_id": payload["user_id"], "role": payload["role"]}.items() <= next(
        row.items() for row in rows if row["id"] == payload["member_id"]
    )
    assert len(rows) == world.get("microdao", f"/microdao/{payload['slug']}")["member_count"]


def member_is_gone(world, payload):
    rows = world.get("microdao", f"/microdao/{payload['slug']}/members")
    assert payload["member_id"] not in [row["id"] for row in rows]


def microdao_is_described(world, payload):
    assert payload["changes"].items() <= world.get("microdao", f"/microdao/{payload['slug']}").items()


def microdao_is_there(world, payload):
    assert world.get("microdao", f"/microdao/{payload['slug']}")["id"] == payload["microdao_id"]
    assert world.get("city", f"/city/microdao/{payload['slug']}")["name"] == payload["name"]


def microdao_is_gone(world, payload):
    assert world.status("microdao", f"/microdao/{payload['slug']}") == 404
    assert world.status("city", f"/city/microdao/{payload['slug']}") == 404
    homes = {row["id"] for row in world.get("microdao", "/microdao")}
    assert {row["microdao_id"] for row in world.get("agents", "/agents")} <= homes


def agent_is_there(world, payload):
    row = world.get("agents", f"/agents/{payload['agent_id']}")
    assert {name: row[name] for name in ("name", "kind", "microdao_id")} == {
        name: payload[name] for name in ("name", "kind", "microdao_id")
    }


def agent_is_gone(world, payload):
    assert world.status("agents", f"/agents/{payload['agent_id']}") == 404
    assert payload["agent_id"].removeprefix("agent:") not in [
        row["id"] for row in world.get("city", "/city/agents")
    ]


def agent_is_present(world, payload):
    statuses = {f"agent:{row['id']}": row["status"] for row in world.get("city", "/city/agents")}
    assert statuses[payload["agent_id"]] == payload["status"]


def node_is_loaded(world, payload):
    row = next(row for row in world.get("space", "/space/nodes") if row["node_id"] == payload["node_id"])
    assert (row["cpu"]["load"], row["gpu"]["load"]) == (payload["cpu"], payload["gpu"])
    assert (row["network"]["bandwidth_in"], row["network"]["bandwidth_out"]) == (
        payload["net_in"],
        payload["net_out"],
    )
    listed = world.get("city", f"/public/nodes/{payload['node_id'].removeprefix('node:')}")
    assert listed["status"] == payload["status"]


def message_is_kept(world, payload):
    newest = world.get("messaging", f"/api/messaging/channels/{payload['channel_id']}/messages", limit="1")[0]
    assert (newest["id"], newest["sender_id"]) == (payload["message_id"], payload["sender_id"])
    channel = world.get("messaging", f"/api/messaging/channels/{payload['channel_id']}")
    assert channel["microdao_id"] == payload["microdao_id"]


def target_is_a_member(world, payload):
    members = world.get("messaging", f"/api/messaging/channels/{payload['channel_id']}/members")
    assert payload["target_agent_id"] in [None, *(member["member_id"] for member in members)]


def agent_is_known(world, payload):
    assert world.status("agents", f"/agents/{payload['agent_id']}") == 200


def room_is_as_full(world, payload):
    rooms = {room["slug"]: room["members_online"] for room in world.get("city", "/city/rooms")}
    assert rooms[payload["room_slug"]] == payload["online_count"]


AGREEMENTS = {
    "agent.event.created": agent_is_there,
    "agent.event.deleted": agent_is_gone,
    "agent.event.status": agent_is_present,
    "agent.filter.decision": target_is_a_member,
    "city.presence.room.windmill": room_is_as_full,
    "dao.event.proposal_activated": proposal_is_in_its_state,
    "dao.event.proposal_closed": proposal_is_in_its_state,
    "dao.event.proposal_created": proposal_is_in_its_state,
    "dao.event.treasury_updated": dao_treasury_is_current,
    "dao.event.vote_cast": vote_is_counted,
    "messaging.message.created": message_is_kept,
    "microdao.event.created": microdao_is_there,
    "microdao.event.deleted": microdao_is_gone,
    "microdao.event.member_added": member_is_listed,
    "microdao.event.member_removed": member_is_gone,
    "microdao.event.treasury_updated": microdao_treasury_is_current,
    "microdao.event.updated": microdao_is_described,
    "node.metrics.update": node_is_loaded,
    "router.invoke.agent": agent_is_known,
    "usage.agent": agent_is_known,
    "usage.llm": agent_is_known,
    "usage.tool": agent_is_known,
}


@pytest.mark.parametrize("subject", AGREEMENTS)
def test_an_event_agrees_with_the_answers(simulate, subject):
    world = simulate(agents=40, nodes=20, microdaos=6, daos=3)
    messages = (message for message in world.steps(20_000) if message.type == subject)
    seen = 0
    for message in islice(messages, 4):
        AGREEMENTS[subject](world, message.payload)
        seen += 1
    assert seen == 4


def test_every_subject_that_is_told_is_checked(simulate):
    subjects = {message.type for message in simulate(agents=40, nodes=20).steps(20_000)}
    rooms = {subject for subject in subjects if subject.startswith("city.presence.room.")}
    assert subjects - rooms == AGREEMENTS.keys() - {"city.presence.room.windmill"}
    assert len(rooms) == 8


def test_what_is_used_is_counted(simulate):
    world = simulate("usage")
    before = world.get("usage", "/internal/usage/summary")["summary"]
    counts = Counter()
    for message in world.steps(300):
        counts[message.type] += 1
        counts["tokens"] += message.payload.get("total_tokens", 0)
    after = world.get("usage", "/internal/usage/summary")["summary"]
    assert {
        name: after[name] - before[name] for name in ("llm_calls_total", "llm_tokens_total", "tool_calls_total")
    } == {
        "llm_calls_total": counts["usage.llm"],
        "llm_tokens_total": counts["tokens"],
        "tool_calls_total": counts["usage.tool"],
    }


@pytest.mark.parametrize(
    ("name", "families"),
    [
        ("agents", {"agent", "router"}),
        ("city", {"city"}),
        ("dao", {"dao"}),
        ("messaging", {"messaging"}),
        ("microdao", {"microdao"}),
        ("space", {"node"}),
        ("usage", {"usage"}),
    ],
)
def test_only_mocked_services_publish(simulate, name, families):
    assert {message.type.partition(".")[0] for message in simulate(name).steps(3000)} == families


def test_most_of_what_happens_is_small(simulate):
    counts = Counter(message.type.partition(".")[0] for message in simulate().steps(5000))
    assert {name for name, _ in counts.most_common(2)} <= {"node", "messaging", "agent", "usage"}
    assert 0 < counts["dao"] + counts["microdao"] < sum(counts.values()) * 0.1


def test_the_population_stays_bounded(simulate):
    world = simulate(agents=40, nodes=20, microdaos=6, daos=3)
    list(world.steps(30_000))
    assert 40 <= len(world.get("agents", "/agents")) <= 46
    assert 6 <= len(world.get("microdao", "/microdao")) <= 9
    for dao in world.get("dao", "/dao"):
        assert len(world.get("dao", f"/dao/{dao['slug']}/proposals")) <= 12
    for channel in world.get("messaging", "/api/messaging/channels"):
        path = f"/api/messaging/channels/{channel['id']}/messages"
        assert len(world.get("messaging", path, limit="1000")) <= 100


def test_times_come_with_an_offset_and_without(simulate):
    stamps = {message.type: message.payload.get("ts") for message in simulate().steps(20_000)}
    naive = {subject for subject, stamp in stamps.items() if stamp and not stamp.endswith("+00:00")}
    assert naive == {
        "agent.event.deleted",
        "dao.event.proposal_activated",
        "dao.event.proposal_closed",
        "dao.event.treasury_updated",
        "microdao.event.deleted",
        "microdao.event.member_added",
        "microdao.event.member_removed",
        "microdao.event.treasury_updated",
    }


def test_messages_before_a_time_can_be_asked_for(simulate):
    world = simulate("messaging")
    list(world.steps(2000))
    path = "/api/messaging/channels/{channel}/messages".format(**world.words())
    everything = world.get("messaging", path, limit="1000")
    assert everything == sorted(everything, key=lambda message: message["created_at"], reverse=True)
    assert world.get("messaging", path, limit="2", before=everything[0]["created_at"]) == everything[1:3]
