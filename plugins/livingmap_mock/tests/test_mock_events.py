from collections import Counter
from decimal import Decimal
from itertools import islice

import pytest


def vote_is_counted(world, said):
    dao, proposal = proposal_of(world, said)
    votes = world.get("dao", f"/dao/{dao}/proposals/{proposal}/votes")
    vote = next(vote for vote in votes if vote["id"] == said["vote_id"])
    assert vote["vote_value"] == said["vote_value"]
    assert Decimal(vote["weight"]) == Decimal(said["weight"])
    counted = world.get("dao", f"/dao/{dao}/proposals/{proposal}")
    assert counted["votes_yes"] + counted["votes_no"] + counted["votes_abstain"] == len(votes)


def proposal_is_in_its_state(world, said):
    dao, proposal = proposal_of(world, said)
    status = world.get("dao", f"/dao/{dao}/proposals/{proposal}")["status"]
    assert status == said.get("final_status", said.get("status", "active"))


def proposal_of(world, said):
    dao = next(row["slug"] for row in world.get("dao", "/dao") if row["id"] == said["dao_id"])
    rows = world.get("dao", f"/dao/{dao}/proposals")
    return dao, next(row["slug"] for row in rows if row["id"] == said["proposal_id"])


def dao_treasury_is_told(world, said):
    (item,) = world.get("dao", f"/dao/{said['slug']}/treasury")
    assert (item["token_symbol"], item["balance"]) == (said["token_symbol"], said["new_balance"])


def microdao_treasury_is_told(world, said):
    (item,) = world.get("microdao", f"/microdao/{said['slug']}/treasury")
    assert (item["token_symbol"], item["balance"]) == (said["token_symbol"], said["new_balance"])


def member_is_listed(world, said):
    rows = world.get("microdao", f"/microdao/{said['slug']}/members")
    assert {"id": said["member_id"], "user_id": said["user_id"], "role": said["role"]}.items() <= next(
        row.items() for row in rows if row["id"] == said["member_id"]
    )
    assert len(rows) == world.get("microdao", f"/microdao/{said['slug']}")["member_count"]


def member_is_gone(world, said):
    rows = world.get("microdao", f"/microdao/{said['slug']}/members")
    assert said["member_id"] not in [row["id"] for row in rows]


def microdao_is_described(world, said):
    assert said["changes"].items() <= world.get("microdao", f"/microdao/{said['slug']}").items()


def microdao_is_there(world, said):
    assert world.get("microdao", f"/microdao/{said['slug']}")["id"] == said["microdao_id"]
    assert world.get("city", f"/city/microdao/{said['slug']}")["name"] == said["name"]


def microdao_is_gone(world, said):
    assert world.status("microdao", f"/microdao/{said['slug']}") == 404
    assert world.status("city", f"/city/microdao/{said['slug']}") == 404
    homes = {row["id"] for row in world.get("microdao", "/microdao")}
    assert {row["microdao_id"] for row in world.get("agents", "/agents")} <= homes


def agent_is_there(world, said):
    row = world.get("agents", f"/agents/{said['agent_id']}")
    assert {name: row[name] for name in ("name", "kind", "microdao_id")} == {
        name: said[name] for name in ("name", "kind", "microdao_id")
    }


def agent_is_gone(world, said):
    assert world.status("agents", f"/agents/{said['agent_id']}") == 404
    assert said["agent_id"].removeprefix("agent:") not in [row["id"] for row in world.get("city", "/city/agents")]


def agent_is_present(world, said):
    statuses = {f"agent:{row['id']}": row["status"] for row in world.get("city", "/city/agents")}
    assert statuses[said["agent_id"]] == said["status"]


def node_is_loaded(world, said):
    row = next(row for row in world.get("space", "/space/nodes") if row["node_id"] == said["node_id"])
    assert (row["cpu"]["load"], row["gpu"]["load"]) == (said["cpu"], said["gpu"])
    assert (row["network"]["bandwidth_in"], row["network"]["bandwidth_out"]) == (said["net_in"], said["net_out"])
    listed = world.get("city", f"/public/nodes/{said['node_id'].removeprefix('node:')}")
    assert listed["status"] == said["status"]


def message_is_kept(world, said):
    newest = world.get("messaging", f"/api/messaging/channels/{said['channel_id']}/messages", limit="1")[0]
    assert (newest["id"], newest["sender_id"]) == (said["message_id"], said["sender_id"])
    channel = world.get("messaging", f"/api/messaging/channels/{said['channel_id']}")
    assert channel["microdao_id"] == said["microdao_id"]


def target_is_a_member(world, said):
    members = world.get("messaging", f"/api/messaging/channels/{said['channel_id']}/members")
    assert said["target_agent_id"] in [None, *(member["member_id"] for member in members)]


def agent_is_known(world, said):
    assert world.status("agents", f"/agents/{said['agent_id']}") == 200


def room_is_as_full(world, said):
    rooms = {room["slug"]: room["members_online"] for room in world.get("city", "/city/rooms")}
    assert rooms[said["room_slug"]] == said["online_count"]


AGREEMENTS = {
    "agent.event.created": agent_is_there,
    "agent.event.deleted": agent_is_gone,
    "agent.event.status": agent_is_present,
    "agent.filter.decision": target_is_a_member,
    "city.presence.room.windmill": room_is_as_full,
    "dao.event.proposal_activated": proposal_is_in_its_state,
    "dao.event.proposal_closed": proposal_is_in_its_state,
    "dao.event.proposal_created": proposal_is_in_its_state,
    "dao.event.treasury_updated": dao_treasury_is_told,
    "dao.event.vote_cast": vote_is_counted,
    "messaging.message.created": message_is_kept,
    "microdao.event.created": microdao_is_there,
    "microdao.event.deleted": microdao_is_gone,
    "microdao.event.member_added": member_is_listed,
    "microdao.event.member_removed": member_is_gone,
    "microdao.event.treasury_updated": microdao_treasury_is_told,
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
    told = (message for message in world.steps(20_000) if message.type == subject)
    seen = 0
    for message in islice(told, 4):
        AGREEMENTS[subject](world, message.payload)
        seen += 1
    assert seen == 4


def test_every_subject_that_is_told_is_checked(simulate):
    told = {message.type for message in simulate(agents=40, nodes=20).steps(20_000)}
    rooms = {subject for subject in told if subject.startswith("city.presence.room.")}
    assert told - rooms == AGREEMENTS.keys() - {"city.presence.room.windmill"}
    assert len(rooms) == 8


def test_what_is_used_is_counted(simulate):
    world = simulate("usage")
    before = world.get("usage", "/internal/usage/summary")["summary"]
    told = Counter()
    for message in world.steps(300):
        told[message.type] += 1
        told["tokens"] += message.payload.get("total_tokens", 0)
    after = world.get("usage", "/internal/usage/summary")["summary"]
    assert {
        name: after[name] - before[name] for name in ("llm_calls_total", "llm_tokens_total", "tool_calls_total")
    } == {
        "llm_calls_total": told["usage.llm"],
        "llm_tokens_total": told["tokens"],
        "tool_calls_total": told["usage.tool"],
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
    told = Counter(message.type.partition(".")[0] for message in simulate().steps(5000))
    assert {name for name, _ in told.most_common(2)} <= {"node", "messaging", "agent", "usage"}
    assert 0 < told["dao"] + told["microdao"] < sum(told.values()) * 0.1


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
    assert everything == sorted(everything, key=lambda said: said["created_at"], reverse=True)
    assert world.get("messaging", path, limit="2", before=everything[0]["created_at"]) == everything[1:3]
