from datetime import timedelta

import pytest

from livingmap.plugin import Drop, NotFound, Put, Reply
from livingmap.testing import SourceContract, SourceHarness
from livingmap_dao import plugin

DELTA = "dao:delta-trust"
DELTA_UUID = "3f2a9c10-51b7-4c8e-a0d4-9e1b2c3d4401"
ESTUARY = "dao:estuary-fund"
RIVER = "microdao:7e5d1a90-3c44-4f0b-8d2e-6b9c0f7a1101"
PUMP = "microdao:7e5d1a90-3c44-4f0b-8d2e-6b9c0f7a1102"
PROPOSAL = "proposal:9d4c7b20-2e81-4f36-b5a7-1c0d8e6f55"
TOLL, WATCH, SLUICE, DREDGE = (f"{PROPOSAL}0{number}" for number in (1, 2, 3, 4))
VOTE = "6a1f3e50-8b72-4d19-9c64-2f7a0b5d66"
ABOUT_DELTA = {"dao_id": DELTA_UUID, "slug": "delta-trust"}
NOON = "2026-01-02T12:00:00Z"
WEIR = {"dao": {"id": "uuid-weir", "slug": "weir", "name": "Weir"}, "members_count": 2}


class TestContract(SourceContract):
    plugin = plugin


def asking(answers):
    """Answer from a dict by path; an int is a status, a missing path a 404."""

    def answer(request):
        body = answers.get(request.path)
        if isinstance(body, int):
            return Reply({"detail": "no"}, body)
        return None if body is None else Reply(body)

    return answer


def two_daos():
    """Return answers of a service with the DAOs ``weir`` and ``lock``, each with one active proposal."""
    answers = {"/dao": [{"id": f"uuid-{slug}", "slug": slug, "name": slug.title()} for slug in ("weir", "lock")]}
    for slug in ("weir", "lock"):
        path = f"/dao/{slug}"
        treasury = [{"token_symbol": "SILT", "balance": "1"}]
        proposal = {"id": f"{slug}-p", "slug": "p", "title": "P", "status": "active"}
        answers |= {
            path: {"members_count": 2, "treasury_items": treasury},
            f"{path}/proposals": [proposal],
            f"{path}/proposals/p": {**proposal, "votes_yes": 1},
            f"{path}/proposals/p/votes": [
                {"id": f"{slug}-v", "proposal_id": f"{slug}-p", "vote_value": "yes", "weight": "1"}
            ],
        }
    return answers


async def polled(harness=None):
    harness = harness or SourceHarness(plugin)
    await harness.poll()
    return harness


def vote(number, value, ts, weight="1"):
    return {
        "dao_id": DELTA_UUID,
        "proposal_id": SLUICE.partition(":")[2],
        "vote_id": f"{VOTE}0{number}",
        "voter_user_id": "user:501",
        "vote_value": value,
        "weight": weight,
        "ts": ts,
    }


def result(harness, entity_id=SLUICE):
    item = harness.item("dao", entity_id, "proposals")
    return {name: item[name] for name in item if name.startswith(("votes_", "weight_"))}


def counts(harness, entity_id=DELTA):
    item = harness.item("dao", entity_id)
    return item["active_proposals"], item["total_proposals"]


async def test_a_planet_has_the_fields_of_the_specification():
    harness = await polled()
    assert dict(harness.items("space", "planets")) == {
        DELTA: {
            "name": "Delta Trust",
            "type": "dao",
            "orbits": [],
            "status": "active",
            "microdao_id": RIVER,
            "holdings": {"RIPPLE": "64200", "SILT": "12.5"},
        },
        ESTUARY: {
            "name": "Estuary Fund",
            "type": "dao",
            "orbits": [],
            "status": "inactive",
            "microdao_id": PUMP,
            "holdings": {},
        },
    }


async def test_a_dao_has_its_rules_and_its_counts():
    harness = await polled()
    assert harness.item("dao", DELTA) == {
        "slug": "delta-trust",
        "name": "Delta Trust",
        "status": "active",
        "description": "Holds the delta in trust",
        "microdao_id": RIVER,
        "owner": "c1d2e3f4-0000-4a4a-8b8b-000000000001",
        "governance_model": "simple",
        "quorum_percent": 40,
        "voting_period_seconds": 259200,
        "members": 4,
        "members_by_role": {"admin": 1, "member": 2, "owner": 1},
        "active_proposals": 1,
        "total_proposals": 4,
        "created_at": "2026-01-01T09:00:00.125000Z",
        "updated_at": "2026-01-02T07:00:00.500000Z",
    }


@pytest.mark.parametrize(("layer", "collection"), [("space", "planets"), ("dao", "items")])
async def test_a_dao_is_found_by_its_uuid(layer, collection):
    harness = await polled()
    assert harness.item(layer, f"dao:{DELTA_UUID}", collection) == harness.item(layer, DELTA, collection)


async def test_an_active_proposal_shows_how_its_votes_stand():
    harness = await polled()
    assert harness.item("dao", SLUICE, "proposals") == {
        "dao_id": DELTA,
        "slug": "new-sluice",
        "title": "Build a second sluice",
        "status": "active",
        "author": "c1d2e3f4-0000-4a4a-8b8b-000000000001",
        "created_at": "2026-01-01T15:00:00.400000Z",
        "start_at": "2026-01-01T16:00:00Z",
        "end_at": "2026-01-04T16:00:00Z",
        "votes_yes": 2,
        "votes_no": 1,
        "votes_abstain": 0,
        "weight_yes": "3.5",
        "weight_no": "1",
        "weight_abstain": "0",
        "quorum_percent": 40,
        "turnout_percent": 75.0,
    }


async def test_a_proposal_may_have_a_quorum_of_its_own_and_an_unknown_turnout_is_not_shown():
    answers = two_daos()
    answers["/dao/weir/proposals"][0] |= {"quorum_percent_override": 12.5}
    answers["/dao/weir/proposals/p"] |= {"votes_yes": 1, "votes_no": 0, "votes_abstain": 0}
    answers["/dao/lock"] = 403
    answers["/dao/lock/proposals/p"] |= {"votes_yes": 1, "votes_no": 0, "votes_abstain": 0}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    weir, lock = (harness.item("dao", f"proposal:{slug}-p", "proposals") for slug in ("weir", "lock"))
    assert (weir["quorum_percent"], weir["turnout_percent"]) == (12.5, 50.0)
    assert (lock["quorum_percent"], "turnout_percent" in lock) == (None, False)


async def test_a_draft_is_not_asked_for_votes():
    harness = await polled()
    assert result(harness, DREDGE) == {}


async def test_results_of_the_newest_concluded_proposals_are_asked():
    harness = await polled(SourceHarness(plugin, concluded_results=1))
    assert (result(harness, WATCH)["votes_yes"], result(harness, TOLL)) == (3, {})


async def test_votes_and_treasury_refer_to_what_they_belong_to():
    harness = await polled()
    assert harness.items("dao", "votes")[f"vote:{VOTE}02"] == {
        "proposal_id": SLUICE,
        "value": "yes",
        "weight": "2.5",
        "voter": "c1d2e3f4-0000-4a4a-8b8b-000000000002",
        "cast_at": "2026-01-02T08:30:00.200000Z",
    }
    assert dict(harness.items("dao", "treasury")) == {
        "treasury:delta-trust/RIPPLE": {"dao_id": DELTA, "symbol": "RIPPLE", "balance": "64200"},
        "treasury:delta-trust/SILT": {"dao_id": DELTA, "symbol": "SILT", "balance": "12.5"},
    }


async def test_the_layer_counts_its_daos_and_proposals():
    harness = await polled()
    assert harness.totals("dao") == {
        "daos": 2,
        "treasury_totals": {"RIPPLE": "64200", "SILT": "12.5"},
        "proposals_total": 4,
        "proposals_active": 1,
    }


async def test_every_path_is_asked_once():
    harness = await polled()
    asked = [request.path for request in harness.requests]
    assert sorted(asked) == [
        "/dao",
        "/dao/delta-trust",
        "/dao/delta-trust/members",
        "/dao/delta-trust/proposals",
        "/dao/delta-trust/proposals/new-sluice",
        "/dao/delta-trust/proposals/new-sluice/votes",
        "/dao/delta-trust/proposals/night-watch",
        "/dao/delta-trust/proposals/toll-gate",
        "/dao/estuary-fund",
        "/dao/estuary-fund/members",
        "/dao/estuary-fund/proposals",
        "/dao/proposals/summary",
    ]


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"items": rows}])
@pytest.mark.parametrize(
    "row",
    [
        {"dao_id": "uuid-weir", "active": 2, "total": 5},
        {"slug": "weir", "active_proposals": 2, "total_proposals": 5},
    ],
)
async def test_a_summary_of_the_specification_gives_the_counts(wrap, row):
    daos = [{"id": "uuid-weir", "slug": "weir", "name": "Weir"}]
    harness = await polled(SourceHarness(plugin, asking({"/dao": daos, "/dao/proposals/summary": wrap([row])})))
    assert counts(harness, "dao:weir") == (2, 5)


async def test_an_answer_of_the_specifications_shape_keeps_its_ids():
    rows = [{"id": "dao:3", "name": "Core", "type": "dao", "status": "active"}]
    harness = await polled(SourceHarness(plugin, asking({"/dao": {"items": rows}})))
    assert harness.item("space", "dao:3", "planets")["name"] == "Core"
    assert counts(harness, "dao:3") == (None, None)


@pytest.mark.parametrize(
    ("path", "collection", "field"),
    [("/dao/weir", "items", "members"), ("/dao/weir/proposals/p", "proposals", "votes_yes")],
)
async def test_a_failure_that_costs_one_its_counts_loses_no_other(path, collection, field):
    harness = await polled(SourceHarness(plugin, asking({**two_daos(), path: 500})))
    values = sorted(str(item.get(field)) for item in harness.items("dao", collection).values())
    assert values == sorted(["None", str({"members": 2, "votes_yes": 1}[field])])


@pytest.mark.parametrize(
    ("path", "collection"),
    [("/dao/weir", "treasury"), ("/dao/weir/proposals", "proposals"), ("/dao/weir/proposals/p/votes", "votes")],
)
async def test_a_failure_that_hides_items_leaves_the_collection_as_it_was(path, collection):
    answers = two_daos()
    harness = await polled(SourceHarness(plugin, asking(answers)))
    before = dict(harness.items("dao", collection))
    answers[path] = 503
    await harness.poll()
    assert dict(harness.items("dao", collection)) == before
    assert len(before) == 2
    assert f"dao.{collection}: http://dao-service:7016{path}: 503" in harness.health.error


ADDING_FIELDS = ("/dao/{}", "/dao/{}/members", "/dao/{}/proposals/p")


@pytest.mark.parametrize("path", ADDING_FIELDS)
async def test_items_are_shown_without_the_fields_that_fail_for_each_of_them(path):
    answers = two_daos() | {path.format(slug): 503 for slug in ("weir", "lock")}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    assert sorted(harness.items("space", "planets")) == ["dao:lock", "dao:weir"]
    assert sorted(harness.items("dao")) == ["dao:lock", "dao:weir"]
    assert sorted(harness.items("dao", "proposals")) == ["proposal:lock-p", "proposal:weir-p"]


@pytest.mark.parametrize("slugs", [["weir"], ["weir", "lock"]])
@pytest.mark.parametrize("path", ADDING_FIELDS)
async def test_fields_stay_as_they_were_when_they_fail(path, slugs):
    answers = two_daos()
    for slug in ("weir", "lock"):
        answers[f"/dao/{slug}"] |= {"active_proposals_count": 1, "total_proposals_count": 5}
        answers[f"/dao/{slug}/members"] = [{"role": "owner"}, {"role": "member"}]
        answers[f"/dao/{slug}/proposals/p"] |= {"votes_no": 0, "votes_abstain": 0, "total_weight_yes": "1"}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    assert harness.item("dao", "dao:weir")["members_by_role"] == {"member": 1, "owner": 1}
    assert harness.item("dao", "proposal:weir-p", "proposals")["turnout_percent"] == 50.0
    answers |= {path.format(slug): 503 for slug in slugs}
    assert await harness.poll() == []


async def test_a_field_that_may_not_be_seen_any_more_goes():
    answers = two_daos() | {"/dao/weir/members": [{"role": "owner"}]}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    answers["/dao/weir/members"] = 403
    await harness.poll()
    assert harness.item("dao", "dao:weir")["members_by_role"] is None


async def test_active_proposals_are_unknown_until_their_list_answers():
    answers = two_daos() | {"/dao/weir/proposals": 500}
    answers["/dao/weir"] |= {"active_proposals_count": 2}
    listed = answers | {"/dao/weir/proposals": two_daos()["/dao/weir/proposals"]}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    assert counts(harness, "dao:weir") == (None, None)
    answers |= listed
    await harness.poll()
    assert counts(harness, "dao:weir") == (1, None)


@pytest.mark.parametrize("status", [403, 404])
async def test_what_the_account_may_not_see_is_left_out(status):
    forbidden = {"/dao/weir": status, "/dao/weir/proposals": status}
    harness = await polled(SourceHarness(plugin, asking({**two_daos(), **forbidden})))
    assert harness.health.error is None
    shown = {name: sorted(harness.items("dao", name)) for name in ("items", "proposals", "votes", "treasury")}
    assert shown == {
        "items": ["dao:lock", "dao:weir"],
        "proposals": ["proposal:lock-p"],
        "votes": ["vote:lock-v"],
        "treasury": ["treasury:lock/SILT"],
    }


async def test_details_are_asked_from_the_service():
    details = await SourceHarness(plugin).details(DELTA)
    assert (details["type"], details["members"], details["holdings"]) == (
        "dao",
        4,
        {"RIPPLE": "64200", "SILT": "12.5"},
    )


async def test_details_come_without_the_roles_that_fail():
    answers = two_daos() | {"/dao/weir/members": 503}
    details = await SourceHarness(plugin, asking(answers | {"/dao/weir": WEIR})).details("dao:weir")
    assert (details["name"], details["members"], "members_by_role" in details) == ("Weir", 2, False)


async def test_details_of_a_dao_that_the_service_does_not_know_are_not_found():
    with pytest.raises(NotFound):
        await SourceHarness(plugin).details("dao:3")


async def test_a_created_dao_appears():
    harness = SourceHarness(plugin)
    created = {"dao_id": "uuid-9", "slug": "tide-pool", "name": "Tide Pool", "microdao_id": "uuid-2"}
    await harness.send(
        "dao.event.created", {**created, "owner_user_id": "user:501", "ts": "2026-01-02T11:55:00+00:00"}
    )
    assert harness.item("space", "dao:uuid-9", "planets") == {
        "name": "Tide Pool",
        "type": "dao",
        "status": "active",
        "orbits": [],
        "microdao_id": "microdao:uuid-2",
    }
    assert harness.item("dao", "dao:tide-pool") == {
        "slug": "tide-pool",
        "name": "Tide Pool",
        "status": "active",
        "microdao_id": "microdao:uuid-2",
        "owner": "user:501",
        "members": 1,
        "members_by_role": {"owner": 1},
        "active_proposals": None,
        "total_proposals": None,
        "created_at": "2026-01-02T11:55:00Z",
    }


async def test_a_deleted_dao_goes_with_all_that_is_its_own():
    harness = await polled()
    changes = await harness.send("dao.event.deleted", ABOUT_DELTA)
    gone = [(one.collection, one.id) for one in changes if isinstance(one, Drop)]
    assert sorted(gone) == [
        ("items", DELTA),
        ("planets", DELTA),
        *(("proposals", entity_id) for entity_id in (TOLL, WATCH, SLUICE, DREDGE)),
        ("treasury", "treasury:delta-trust/RIPPLE"),
        ("treasury", "treasury:delta-trust/SILT"),
        *(("votes", f"vote:{VOTE}0{number}") for number in (1, 2, 3)),
    ]
    totals = {"daos": 1, "treasury_totals": {}, "proposals_total": 0, "proposals_active": 0}
    assert harness.totals("dao") == totals


async def test_an_update_changes_what_it_names():
    harness = await polled()
    changes = {"name": "Delta", "quorum_percent": 45, "is_active": False}
    payload = {**ABOUT_DELTA, "changes": changes, "ts": "2026-01-02T11:55:01+00:00"}
    fields = {"name": "Delta", "status": "inactive"}
    updated = {**fields, "quorum_percent": 45, "updated_at": "2026-01-02T11:55:01Z"}
    assert await harness.send("dao.event.updated", payload) == [
        Put("space", DELTA, fields, collection="planets"),
        Put("dao", DELTA, updated),
    ]


@pytest.mark.parametrize(("verb", "members"), [("member_added", 5), ("member_removed", 3)])
async def test_members_are_counted_once(verb, members):
    harness = await polled()
    payload = {**ABOUT_DELTA, "role": "member", "ts": "2026-01-02T11:55:02.000321"}
    fields = {
        "members": members,
        "members_by_role": {"admin": 1, "member": members - 2, "owner": 1},
        "members_changed_at": "2026-01-02T11:55:02.000321Z",
    }
    assert await harness.send(f"dao.event.{verb}", payload) == [Put("dao", DELTA, fields)]
    assert await harness.send(f"dao.event.{verb}", payload) == []


async def test_roles_count_the_members_whose_overview_fails():
    members = {"/dao/weir/members": [{"role": "owner"}, {"role": "member"}, {"role": "member"}]}
    harness = await polled(SourceHarness(plugin, asking({**two_daos(), **members, "/dao/weir": 403})))
    item = harness.item("dao", "dao:weir")
    assert (item["members"], item["members_by_role"]) == (3, {"member": 2, "owner": 1})


async def test_the_owner_of_a_dao_remains_whatever_is_removed():
    harness = await polled()
    for second in range(6):
        payload = {**ABOUT_DELTA, "role": "member", "ts": f"2026-01-02T11:55:0{second}"}
        await harness.send("dao.event.member_removed", payload)
    item = harness.item("dao", DELTA)
    assert (item["members"], item["members_by_role"]) == (2, {"admin": 1, "owner": 1})


async def test_details_count_the_members_that_the_map_counts():
    harness = await polled()
    shown, details = harness.item("dao", DELTA), await harness.details(DELTA)
    assert {name: shown[name] for name in ("members", "members_by_role")} == {
        name: details[name] for name in ("members", "members_by_role")
    }


async def test_an_unknown_number_of_members_stays_unknown():
    harness = SourceHarness(plugin)
    await harness.send("dao.event.created", ABOUT_DELTA)
    await harness.send("dao.event.member_added", ABOUT_DELTA)
    assert harness.item("dao", DELTA)["members"] is None


@pytest.mark.parametrize(
    ("payload", "balance"),
    [
        ({"delta": "800", "new_balance": "65000"}, "65000"),
        ({"new_balance": 0}, "0"),
        ({"delta": "-0.5"}, "64199.5"),
    ],
)
async def test_a_treasury_has_its_new_balance(payload, balance):
    harness = await polled()
    await harness.send("dao.event.treasury_updated", {**ABOUT_DELTA, "token_symbol": "RIPPLE", **payload})
    assert harness.item("dao", "treasury:delta-trust/RIPPLE", "treasury")["balance"] == balance


async def test_a_token_that_is_new_appears():
    harness = await polled()
    payload = {**ABOUT_DELTA, "token_symbol": "MUD", "new_balance": "7", "ts": "2026-01-02T11:55:04"}
    fields = {"dao_id": DELTA, "symbol": "MUD", "balance": "7", "changed_at": "2026-01-02T11:55:04Z"}
    changes = await harness.send("dao.event.treasury_updated", payload)
    assert changes[0] == Put("dao", "treasury:delta-trust/MUD", fields, collection="treasury")
    holdings = {"RIPPLE": "64200", "SILT": "12.5", "MUD": "7"}
    assert harness.item("space", DELTA, "planets")["holdings"] == holdings
    assert harness.totals("dao")["treasury_totals"] == holdings


async def test_a_balance_of_which_nothing_is_known_stays_unknown():
    harness = await polled()
    payload = {**ABOUT_DELTA, "token_symbol": "MUD", "delta": "7"}
    assert await harness.send("dao.event.treasury_updated", payload) == []


async def test_an_old_balance_does_not_come_back():
    harness = await polled()
    old = {**ABOUT_DELTA, "token_symbol": "SILT", "new_balance": "1", "ts": "2026-01-02T11:55:05"}
    for payload in (old, {**old, "new_balance": "2", "ts": "2026-01-02T11:55:06"}, old):
        await harness.send("dao.event.treasury_updated", payload)
    assert harness.item("dao", "treasury:delta-trust/SILT", "treasury")["balance"] == "2"


async def test_a_proposal_goes_from_draft_to_outcome_and_its_dao_counts_it():
    harness = await polled()
    about = {"dao_id": DELTA_UUID, "proposal_id": "uuid-5", "slug": "reed-beds"}
    created = {**about, "title": "Plant reed beds", "created_by_user_id": "user:501", "status": "draft"}
    await harness.send("dao.event.proposal_created", created)
    assert harness.item("dao", "proposal:uuid-5", "proposals") == {
        "dao_id": DELTA,
        "slug": "reed-beds",
        "title": "Plant reed beds",
        "status": "draft",
        "author": "user:501",
        "created_at": NOON,
    }
    assert counts(harness) == (1, 5)
    await harness.send("dao.event.proposal_activated", about)
    assert harness.item("dao", "proposal:uuid-5", "proposals")["status"] == "active"
    assert counts(harness) == (2, 5)
    await harness.send("dao.event.proposal_closed", {**about, "final_status": "passed", "is_passed": True})
    assert harness.item("dao", "proposal:uuid-5", "proposals")["status"] == "passed"
    assert counts(harness) == (1, 5)


async def test_what_is_said_of_a_proposal_again_counts_nothing():
    harness = await polled()
    about = {"dao_id": DELTA_UUID, "proposal_id": "uuid-5", "slug": "reed-beds", "ts": "2026-01-02T11:55:05"}
    messages = [(f"dao.event.proposal_{verb}", about) for verb in ("created", "activated", "closed")]
    for subject, payload in messages:
        await harness.send(subject, payload)
    for subject, payload in messages:
        assert await harness.send(subject, payload) == []


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"final_status": "active", "is_passed": True}, "passed"),
        ({"final_status": "active", "is_passed": False}, "rejected"),
        ({"final_status": "executed", "is_passed": True}, "executed"),
        ({"final_status": "active"}, "unknown"),
    ],
)
async def test_a_closed_proposal_is_never_active(payload, status):
    harness = await polled()
    about = {"dao_id": DELTA_UUID, "proposal_id": SLUICE.partition(":")[2]}
    await harness.send("dao.event.proposal_closed", {**about, **payload})
    assert harness.item("dao", SLUICE, "proposals")["status"] == status
    assert counts(harness) == (0, 4)


@pytest.mark.parametrize(("is_passed", "status"), [(True, "passed"), (False, "rejected")])
async def test_a_closed_proposal_stays_closed_whatever_its_service_goes_on_saying(is_passed, status):
    harness = await polled()
    about = {"dao_id": DELTA_UUID, "proposal_id": SLUICE.partition(":")[2]}
    await harness.send("dao.event.proposal_closed", {**about, "final_status": "active", "is_passed": is_passed})
    assert await harness.poll() == []
    assert harness.item("dao", SLUICE, "proposals")["status"] == status
    assert counts(harness) == (0, 4)
    assert harness.totals("dao")["proposals_active"] == 0
    assert (await harness.details(DELTA))["active_proposals"] is None  # that of the map stays


async def test_the_active_proposals_of_a_dao_are_those_that_the_map_calls_so():
    answers = two_daos()
    answers["/dao/weir"] |= {"active_proposals_count": 1, "total_proposals_count": 1}
    answers["/dao/lock"] |= {"active_proposals_count": 4, "total_proposals_count": 5}
    answers["/dao/lock/proposals"] = 403
    harness = await polled(SourceHarness(plugin, asking(answers)))
    assert (counts(harness, "dao:weir"), counts(harness, "dao:lock")) == ((1, 1), (4, 5))
    closing = {"dao_id": "weir", "proposal_id": "weir-p", "final_status": "active", "is_passed": False}
    await harness.send("dao.event.proposal_closed", closing)
    await harness.poll()
    assert counts(harness, "dao:weir") == (0, 1)


async def test_the_first_votes_on_an_opened_draft_are_counted_from_nothing():
    harness = await polled()
    dredge = DREDGE.partition(":")[2]
    await harness.send("dao.event.proposal_activated", {"dao_id": DELTA_UUID, "proposal_id": dredge})
    await harness.send("dao.event.vote_cast", {**vote(7, "no", None, "2.5"), "proposal_id": dredge})
    assert result(harness, DREDGE) == {
        "votes_yes": 0,
        "votes_no": 1,
        "votes_abstain": 0,
        "weight_yes": "0",
        "weight_no": "2.5",
        "weight_abstain": "0",
    }


async def test_a_vote_counts_once_for_its_proposal():
    harness = await polled()
    payload = vote(4, "abstain", "2026-01-02T11:55:07.600000+00:00")
    fields = {
        "proposal_id": SLUICE,
        "value": "abstain",
        "weight": "1",
        "voter": "user:501",
        "cast_at": "2026-01-02T11:55:07.600000Z",
    }
    assert await harness.send("dao.event.vote_cast", payload) == [
        Put("dao", f"vote:{VOTE}04", fields, collection="votes"),
        Put(
            "dao",
            SLUICE,
            {"votes_abstain": 1, "weight_abstain": "1", "turnout_percent": 100.0},
            collection="proposals",
        ),
    ]
    assert await harness.send("dao.event.vote_cast", payload) == []


async def test_a_changed_vote_counts_elsewhere_and_its_past_does_not_come_back():
    harness = await polled()
    past = vote(2, "yes", "2026-01-02T08:30:00.200000+00:00", "2.5")
    for payload in (vote(2, "no", "2026-01-02T11:55:08+00:00", "2.5"), past):
        await harness.send("dao.event.vote_cast", payload)
    assert result(harness) == {
        "votes_yes": 1,
        "votes_no": 2,
        "votes_abstain": 0,
        "weight_yes": "1",
        "weight_no": "3.5",
        "weight_abstain": "0",
    }


async def test_the_same_vote_without_a_time_counts_nothing():
    harness = await polled()
    await harness.send("dao.event.vote_cast", vote(3, "no", None, "1"))
    assert result(harness)["votes_no"] == 1


async def test_votes_on_a_proposal_that_nobody_counted_leave_it_uncounted():
    harness = SourceHarness(plugin)
    await harness.send(
        "dao.event.proposal_created", {"dao_id": DELTA_UUID, "proposal_id": SLUICE.partition(":")[2]}
    )
    await harness.send("dao.event.vote_cast", vote(4, "yes", None))
    assert result(harness) == {}


async def test_an_unknown_dao_is_not_made_up():
    harness = SourceHarness(plugin)
    for message in harness.samples.messages:
        if message.type != "dao.event.created":
            await harness.send(message.type, message.payload)
    assert [dict(harness.items("space", "planets")), dict(harness.items("dao"))] == [{}, {}]


async def test_what_is_not_known_yet_changes_nothing():
    harness = await polled()
    assert await harness.send("dao.event.proposal_status_changed", {"dao_id": 7}) == []


LATER = "2026-01-02T12:00:30Z"


async def hidden(answer=403, **settings):
    """Return a harness whose account has just lost the DAO ``lock`` of two, and the service's answers."""
    answers = two_daos()
    harness = await polled(SourceHarness(plugin, asking(answers), **settings))
    answers |= {"/dao": answers["/dao"][:1], "/dao/lock": answer}
    harness.now += timedelta(seconds=30)
    await harness.poll()
    return harness, answers


def whole(harness):
    """Return the ids in each collection that a DAO fills, but for votes."""
    places = (("space", "planets"), ("dao", "items"), ("dao", "proposals"), ("dao", "treasury"))
    return {collection: sorted(harness.items(layer, collection)) for layer, collection in places}


async def test_a_dao_that_the_account_may_no_longer_see_stays_with_its_age():
    harness, answers = await hidden()
    planet, lock = harness.item("space", "dao:lock", "planets"), harness.item("dao", "dao:lock")
    assert (planet["name"], planet["holdings"], planet["status"]) == ("Lock", {"SILT": "1"}, "hidden")
    assert (lock["members"], lock["status"]) == (2, "hidden")
    assert planet["hidden_since"] == lock["hidden_since"] == LATER
    assert harness.item("dao", "proposal:lock-p", "proposals")["hidden_since"] == LATER
    assert harness.item("dao", "treasury:lock/SILT", "treasury")["hidden_since"] == LATER
    assert harness.totals("dao")["treasury_totals"] == {"SILT": "2"}
    harness.now += timedelta(days=29)
    assert await harness.poll() == []
    answers |= two_daos()
    await harness.poll()
    for layer, entity_id, collection in (
        ("space", "dao:lock", "planets"),
        ("dao", "dao:lock", "items"),
        ("dao", "proposal:lock-p", "proposals"),
        ("dao", "treasury:lock/SILT", "treasury"),
    ):
        item = harness.item(layer, entity_id, collection)
        assert (item.get("status"), "hidden_since" in item) != ("hidden", True)
        assert "hidden_since" not in item


@pytest.mark.parametrize(("answer", "days"), [(403, 2), (None, 0)])
async def test_a_dao_goes_when_it_is_deleted_or_was_hidden_for_too_long(answer, days):
    harness, _ = await hidden(answer=answer, hidden_days=2)
    harness.now += timedelta(days=days)
    await harness.poll()
    assert whole(harness) == {
        "planets": ["dao:weir"],
        "items": ["dao:weir"],
        "proposals": ["proposal:weir-p"],
        "treasury": ["treasury:weir/SILT"],
    }


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_service_that_does_not_say_whether_a_dao_is_hidden_changes_nothing(status):
    harness, _ = await hidden(answer=status)
    assert whole(harness)["proposals"] == ["proposal:lock-p", "proposal:weir-p"]
    assert harness.item("space", "dao:lock", "planets")["status"] == "active"


async def test_a_dao_that_anybody_may_see_is_shown_without_what_only_members_are_listed():
    dao = {"id": "uuid-lock", "slug": "lock", "name": "Open Lock"}
    harness, _ = await hidden(answer={"dao": dao, "members_count": 7, "treasury_items": []})
    planet, lock = harness.item("space", "dao:lock", "planets"), harness.item("dao", "dao:lock")
    assert (planet["name"], planet["holdings"], planet["status"]) == ("Open Lock", {}, "active")
    assert (lock["members"], lock["status"]) == (7, "active")
    assert whole(harness)["proposals"] == ["proposal:weir-p"]


async def test_a_proposal_that_its_dao_does_not_list_any_more_goes():
    answers = two_daos()
    harness = await polled(SourceHarness(plugin, asking(answers)))
    answers["/dao/lock/proposals"] = []
    await harness.poll()
    assert whole(harness)["proposals"] == ["proposal:weir-p"]
