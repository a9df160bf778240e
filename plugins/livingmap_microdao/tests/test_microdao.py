from datetime import timedelta

import pytest

from livingmap.plugin import Drop, NotFound, Put, Reply
from livingmap.testing import SourceContract, SourceHarness
from livingmap_microdao import plugin

RIVER = "microdao:river-council"
RIVER_UUID = "7e5d1a90-3c44-4f0b-8d2e-6b9c0f7a1101"
PUMP = "microdao:pump-guild"
HERON = "microdao:heron-archive"
MOORINGS = "microdao:new-moorings"
ABOUT_RIVER = {"microdao_id": RIVER_UUID, "slug": "river-council"}
NOON = "2026-01-02T12:00:00Z"


class TestContract(SourceContract):
    plugin = plugin


def asking(stage_answers):
    """Answer from a dict by path; an int is a status, a missing path a 404."""

    def answer(request):
        body = stage_answers.get(request.path)
        if isinstance(body, int):
            return Reply({"detail": "no"}, body)
        return None if body is None else Reply(body)

    return answer


def row(slug, **fields):
    return {"id": f"uuid-{slug}", "slug": slug, "name": slug.title(), **fields}


async def polled(harness=None):
    harness = harness or SourceHarness(plugin)
    await harness.poll()
    return harness


async def test_a_microdao_has_the_fields_of_the_specification():
    harness = await polled()
    assert harness.item("city", RIVER) == {
        "slug": "river-council",
        "name": "River Council",
        "status": "active",
        "agents": None,
        "nodes": None,
        "description": "Рада трьох річок",
        "members": 3,
        "treasury": {"RIPPLE": "7310.25", "SILT": "40"},
        "created_at": "2026-01-01T08:00:10.250000Z",
        "updated_at": "2026-01-02T09:30:00.125000Z",
    }


async def test_what_only_this_service_knows_stands_in_its_own_layer():
    harness = await polled()
    assert dict(harness.items("microdao")) == {
        RIVER: {
            "owner": "c1d2e3f4-0000-4a4a-8b8b-000000000001",
            "external_id": "microdao:7e5d1a90",
            "members": 3,
            "members_by_role": {"member": 2, "owner": 1},
            "treasury": {"RIPPLE": "7310.25", "SILT": "40"},
        },
        PUMP: {
            "owner": "c1d2e3f4-0000-4a4a-8b8b-000000000002",
            "external_id": "microdao:7e5d1a91",
            "members": 2,
            "members_by_role": {"member": 1, "owner": 1},
            "treasury": {},
        },
        HERON: {
            "owner": "c1d2e3f4-0000-4a4a-8b8b-000000000001",
            "external_id": "microdao:7e5d1a92",
            "members": 1,
            "members_by_role": None,
            "treasury": None,
        },
    }


@pytest.mark.parametrize("alias", [f"microdao:{RIVER_UUID}", "microdao:7e5d1a90"])
async def test_a_microdao_is_found_by_its_uuid_and_its_external_id(alias):
    harness = await polled()
    assert harness.item("city", alias) == harness.item("city", RIVER)


async def test_a_switched_off_microdao_is_inactive():
    harness = await polled()
    assert harness.item("city", HERON)["status"] == "inactive"


async def test_the_city_knows_how_many_microdaos_it_has():
    harness = await polled()
    assert harness.totals("city") == {"microdaos_total": 3}


async def test_the_missing_path_of_the_specification_is_asked_once():
    harness = await polled(await polled(SourceHarness(plugin, most_treasuries=0, most_counted=0)))
    assert [request.path for request in harness.requests] == ["/microdaos", "/microdao", "/microdao"]


async def test_the_account_of_the_setting_asks():
    harness = await polled(SourceHarness(plugin, token="of-the-account"))
    assert {request.bearer for request in harness.requests} == {"of-the-account"}


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: {"items": rows}])
async def test_an_answer_of_the_specifications_shape_keeps_its_ids_and_counts(wrap):
    fields = {"id": "microdao:7", "slug": "weir", "name": "Weir", "status": "active", "agents": 9, "nodes": 3}
    harness = await polled(SourceHarness(plugin, asking({"/microdaos": wrap([fields])})))
    item = harness.item("city", "microdao:weir")
    assert list(harness.items("city")) == ["microdao:7"]
    assert {name: item[name] for name in fields if name != "id"} == {n: v for n, v in fields.items() if n != "id"}


async def test_one_bad_row_is_dropped_and_reported():
    harness = await polled(SourceHarness(plugin, asking({"/microdao": [{"id": []}, row("weir")]})))
    assert list(harness.items("city")) == ["microdao:weir"]
    assert harness.health.dropped[0] == "/microdao[0].id: Input should be a valid string"


async def test_a_failing_treasury_loses_no_other():
    answers = {
        "/microdao": [row("weir"), row("lock")],
        "/microdao/weir/treasury": 500,
        "/microdao/lock/treasury": [{"token_symbol": "SILT", "balance": 1.5}],
    }
    harness = await polled(SourceHarness(plugin, asking(answers)))
    treasuries = {entity_id: item["treasury"] for entity_id, item in harness.items("microdao").items()}
    assert treasuries == {"microdao:weir": None, "microdao:lock": {"SILT": "1.5"}}


async def test_treasuries_stay_when_all_of_them_fail():
    answers = {"/microdao": [row("weir")], "/microdao/weir/treasury": [{"token_symbol": "SILT", "balance": "1"}]}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    answers["/microdao/weir/treasury"] = 503
    assert await harness.poll() == []
    reason = "microdao.items: http://microdao-service:7015/microdao/weir/treasury: 503"
    assert harness.health.error.startswith(reason)
    assert harness.item("city", "microdao:weir")["treasury"] == {"SILT": "1"}


@pytest.mark.parametrize(
    ("path", "layers"),
    [
        ("/microdao/{}", ["city", "microdao"]),
        ("/microdao/{}/members", ["city", "microdao"]),
        ("/microdao/{}/treasury", ["city"]),
    ],
)
async def test_items_are_shown_without_the_fields_that_fail_for_each_of_them(path, layers):
    answers = {"/microdao": [row("weir"), row("lock")], **{path.format(slug): 503 for slug in ("weir", "lock")}}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    both = ["microdao:lock", "microdao:weir"]
    assert {layer: sorted(harness.items(layer)) for layer in layers} == dict.fromkeys(layers, both)


@pytest.mark.parametrize("slugs", [["weir"], ["weir", "lock"]])
@pytest.mark.parametrize("path", ["/microdao/{}", "/microdao/{}/members", "/microdao/{}/treasury"])
async def test_fields_stay_as_they_were_when_they_fail(path, slugs):
    answers = {"/microdao": [row("weir"), row("lock")]}
    for slug in ("weir", "lock"):
        answers[f"/microdao/{slug}"] = row(slug, member_count=2)
        answers[f"/microdao/{slug}/members"] = [{"role": "owner"}, {"role": "member"}]
        answers[f"/microdao/{slug}/treasury"] = [{"token_symbol": "SILT", "balance": "1"}]
    harness = await polled(SourceHarness(plugin, asking(answers)))
    answers |= {path.format(slug): 503 for slug in slugs}
    assert await harness.poll() == []
    weir = harness.item("microdao", "microdao:weir")
    assert (weir["members"], weir["members_by_role"]) == (2, {"member": 1, "owner": 1})
    assert harness.item("city", "microdao:weir")["treasury"] == {"SILT": "1"}


@pytest.mark.parametrize("extra", ["members", "treasury"])
async def test_details_come_without_what_fails(extra):
    answers = {"/microdao/weir": row("weir", member_count=2), f"/microdao/weir/{extra}": 503}
    details = await SourceHarness(plugin, asking(answers)).details("microdao:weir")
    assert (details["name"], details["members"]) == ("Weir", 2)
    assert {"members_by_role", "treasury"}.isdisjoint(details)


async def test_a_treasury_that_may_not_be_seen_is_told_by_events():
    answers = {"/microdao": [row("weir")], "/microdao/weir/treasury": 403}
    harness = await polled(SourceHarness(plugin, asking(answers)))
    payload = {"microdao_id": "uuid-weir", "slug": "weir", "token_symbol": "SILT", "new_balance": "2.5"}
    await harness.send("microdao.event.treasury_updated", payload)
    assert await harness.poll() == []
    assert harness.item("microdao", "microdao:weir")["treasury"] == {"SILT": "2.5"}


async def test_treasuries_are_asked_up_to_a_number():
    answers = {"/microdao": [row("weir"), row("lock/b")], "/microdao/weir/treasury": []}
    harness = await polled(SourceHarness(plugin, asking(answers), most_treasuries=1))
    assert harness.requests[-1].path == "/microdao/weir/treasury"


async def test_details_are_asked_from_the_service():
    details = await SourceHarness(plugin).details(RIVER)
    assert (details["members"], details["owner"]) == (3, "c1d2e3f4-0000-4a4a-8b8b-000000000001")


async def test_details_of_a_microdao_that_the_service_does_not_know_are_not_found():
    with pytest.raises(NotFound):
        await SourceHarness(plugin).details("microdao:7")


async def test_a_created_microdao_appears_and_a_deleted_one_goes():
    harness = SourceHarness(plugin)
    created = {
        "microdao_id": "uuid-9",
        "slug": "new-moorings",
        "name": "New Moorings",
        "owner_user_id": "user:501",
    }
    ts = "2026-01-02T11:50:00.104512+00:00"
    await harness.send("microdao.event.created", {**created, "ts": ts})
    assert harness.item("city", "microdao:uuid-9") == {
        "slug": "new-moorings",
        "name": "New Moorings",
        "status": "active",
        "agents": None,
        "nodes": None,
        "treasury": None,
        "members": 1,
        "created_at": "2026-01-02T11:50:00.104512Z",
    }
    assert harness.item("microdao", MOORINGS) == {
        "owner": "user:501",
        "members": 1,
        "members_by_role": {"owner": 1},
        "treasury": None,
        "last_active_at": NOON,
    }
    changes = await harness.send("microdao.event.deleted", {"microdao_id": "uuid-9", "slug": "new-moorings"})
    assert [one for one in changes if isinstance(one, Drop)] == [
        Drop("city", MOORINGS),
        Drop("microdao", MOORINGS),
    ]


LATER = "2026-01-02T12:00:30Z"


async def hidden(answer=403, **settings):
    """Return a harness whose account has just lost the microDAO ``lock`` of three, and the service's answers."""
    answers = {"/microdao": [row("weir"), row("lock"), row("ford")], "/microdao/lock": row("lock", member_count=2)}
    harness = await polled(SourceHarness(plugin, asking(answers), **settings))
    answers |= {"/microdao": [row("weir"), row("ford")], "/microdao/lock": answer}
    harness.now += timedelta(seconds=30)
    await harness.poll()
    return harness, answers


async def test_a_microdao_that_the_account_may_no_longer_see_stays_with_its_age():
    harness, answers = await hidden()
    lock = harness.item("city", "microdao:lock")
    assert (lock["name"], lock["members"], lock["status"]) == ("Lock", 2, "hidden")
    assert lock["hidden_since"] == harness.item("microdao", "microdao:lock")["hidden_since"] == LATER
    harness.now += timedelta(days=29)
    assert await harness.poll() == []
    answers["/microdao"].append(row("lock"))
    answers["/microdao/lock"] = row("lock", member_count=2)
    await harness.poll()
    lock = harness.item("city", "microdao:lock")
    assert (lock["status"], "hidden_since" in lock) == ("active", False)


async def test_a_hidden_microdao_goes_after_the_days_of_the_setting():
    harness, _ = await hidden(hidden_days=2)
    harness.now += timedelta(days=2)
    changes = await harness.poll()
    assert [one for one in changes if isinstance(one, Drop)] == [
        Drop("city", "microdao:lock"),
        Drop("microdao", "microdao:lock"),
    ]


async def test_a_rename_of_a_hidden_microdao_is_heeded_and_a_deletion_deletes_it():
    harness, _ = await hidden()
    about = {"microdao_id": "uuid-lock", "slug": "lock"}
    await harness.send("microdao.event.updated", {**about, "changes": {"name": "Locked"}})
    await harness.poll()
    lock = harness.item("city", "microdao:lock")
    assert (lock["name"], lock["status"]) == ("Locked", "hidden")
    await harness.send("microdao.event.deleted", about)
    await harness.poll()
    assert sorted(harness.items("city")) == ["microdao:ford", "microdao:weir"]


async def test_a_microdao_that_was_deleted_without_a_message_goes():
    harness, _ = await hidden(answer=None)
    assert sorted(harness.items("city")) == ["microdao:ford", "microdao:weir"]


@pytest.mark.parametrize("status", [401, 429, 500])
async def test_a_service_that_does_not_say_whether_it_is_hidden_changes_nothing(status):
    harness, _ = await hidden(answer=status)
    assert harness.item("city", "microdao:lock")["status"] == "active"
    assert harness.item("city", "microdao:lock")["members"] == 2


async def test_a_microdao_that_anybody_may_see_is_not_hidden():
    harness, _ = await hidden(answer=row("lock", name="Open Lock", member_count=7))
    lock = harness.item("city", "microdao:lock")
    assert (lock["name"], lock["members"], lock["status"], lock["hidden_since"]) == (
        "Open Lock",
        7,
        "active",
        None,
    )


async def test_an_update_changes_what_it_names():
    harness = await polled()
    payload = {
        **ABOUT_RIVER,
        "changes": {"name": "Delta Council", "is_active": False},
        "ts": "2026-01-02T11:59:00+00:00",
    }
    assert await harness.send("microdao.event.updated", payload) == [
        Put("city", RIVER, {"name": "Delta Council", "status": "inactive", "updated_at": "2026-01-02T11:59:00Z"}),
        Put("microdao", RIVER, {"last_active_at": NOON}),
    ]


@pytest.mark.parametrize(("verb", "members"), [("member_added", 4), ("member_removed", 2)])
async def test_members_are_counted(verb, members):
    harness = await polled()
    changes = await harness.send(
        f"microdao.event.{verb}", {**ABOUT_RIVER, "role": "member", "ts": "2026-01-02T11:50:02.000321"}
    )
    by_role = {"member": members - 1, "owner": 1}
    fields = {
        "members": members,
        "members_by_role": by_role,
        "members_changed_at": "2026-01-02T11:50:02.000321Z",
        "last_active_at": NOON,
    }
    assert changes == [Put("city", RIVER, {"members": members}), Put("microdao", RIVER, fields)]


async def test_an_unknown_number_of_members_stays_unknown():
    harness = SourceHarness(plugin)
    await harness.send("microdao.event.created", ABOUT_RIVER)
    await harness.send("microdao.event.member_added", ABOUT_RIVER)
    assert harness.item("microdao", RIVER)["members"] is None


async def test_a_member_who_is_announced_again_is_not_counted_again():
    harness = await polled()
    first = {**ABOUT_RIVER, "role": "member", "ts": "2026-01-02T11:50:02"}
    second = {**ABOUT_RIVER, "role": "guest", "ts": "2026-01-02T11:50:02.000001"}
    for payload in (first, second, first, second):
        await harness.send("microdao.event.member_added", payload)
    assert harness.item("city", RIVER)["members"] == 5
    assert harness.item("microdao", RIVER)["members_by_role"] == {"guest": 1, "member": 3, "owner": 1}


async def test_a_changed_role_moves_one_member_once():
    harness = await polled()
    payload = {**ABOUT_RIVER, "old_role": "member", "new_role": "admin", "ts": "2026-01-02T11:50:04.125000"}
    fields = {
        "members_by_role": {"admin": 1, "member": 1, "owner": 1},
        "roles_changed_at": "2026-01-02T11:50:04.125000Z",
        "last_active_at": NOON,
    }
    assert await harness.send("microdao.event.member_role_updated", payload) == [Put("microdao", RIVER, fields)]
    assert await harness.send("microdao.event.member_role_updated", payload) == []


async def test_the_owner_remains_whatever_is_removed():
    harness = await polled()
    for second in range(5):
        payload = {**ABOUT_RIVER, "role": "member", "ts": f"2026-01-02T11:50:0{second}"}
        await harness.send("microdao.event.member_removed", payload)
    assert harness.item("city", RIVER)["members"] == 1
    assert harness.item("microdao", RIVER)["members_by_role"] == {"owner": 1}


async def test_what_the_list_counts_is_only_the_account_itself():
    answers = {
        "/microdao": [row("weir", member_count=1), row("lock", member_count=1), row("ford", member_count=1)],
        "/microdao/weir": row("weir", member_count=4),
        "/microdao/weir/members": 403,
        "/microdao/lock": 403,
        "/microdao/lock/members": [{"role": "owner"}, {"role": "admin"}, {"role": "admin"}],
        "/microdao/ford": 500,
    }
    harness = await polled(SourceHarness(plugin, asking(answers)))
    unknown = {"members": None, "members_by_role": None}
    assert {
        entity_id: {name: item[name] for name in unknown} for entity_id, item in harness.items("microdao").items()
    } == {
        "microdao:weir": {"members": 4, "members_by_role": None},
        "microdao:lock": {"members": 3, "members_by_role": {"admin": 2, "owner": 1}},
        "microdao:ford": unknown,
    }
    assert {item["slug"]: item["members"] for item in harness.items("city").values()} == {
        "weir": 4,
        "lock": 3,
        "ford": None,
    }


@pytest.mark.parametrize("slug", ["river-council", "pump-guild", "heron-archive"])
async def test_details_count_the_members_that_the_map_counts(slug):
    harness = await polled()
    shown, details = harness.item("microdao", f"microdao:{slug}"), await harness.details(f"microdao:{slug}")
    for name in ("members", "members_by_role"):
        assert shown[name] == details.get(name)


async def test_members_are_asked_up_to_a_number():
    answers = {"/microdao": [row("weir"), row("lock")]}
    harness = await polled(SourceHarness(plugin, asking(answers), most_counted=1, most_treasuries=0))
    asked = {request.path for request in harness.requests} - {"/microdaos", "/microdao"}
    assert asked == {"/microdao/weir", "/microdao/weir/members"}
    assert harness.health.error is None


@pytest.mark.parametrize(
    ("payload", "balance"),
    [
        ({"delta": "89.75", "new_balance": "7400"}, "7400"),
        ({"operation": "set_balance", "new_balance": "0E-8"}, "0"),
        ({"delta": "-0.25"}, "7310"),
    ],
)
async def test_a_treasury_has_its_new_balance(payload, balance):
    harness = await polled()
    await harness.send("microdao.event.treasury_updated", {**ABOUT_RIVER, "token_symbol": "RIPPLE", **payload})
    assert harness.item("microdao", RIVER)["treasury"] == {"RIPPLE": balance, "SILT": "40"}


async def test_treasuries_are_open_on_the_microdao_in_its_details_and_in_sum():
    harness = await polled()
    await harness.send(
        "microdao.event.treasury_updated",
        {"microdao_id": "x", "slug": "pump-guild", "token_symbol": "SILT", "new_balance": "0.000000000000000001"},
    )
    assert harness.item("city", PUMP)["treasury"] == {"SILT": "0.000000000000000001"}
    assert harness.totals("microdao") == {
        "treasury_totals": {"RIPPLE": "7310.25", "SILT": "40.000000000000000001"}
    }
    assert (await harness.details(RIVER))["treasury"] == harness.item("city", RIVER)["treasury"]


async def test_a_balance_of_which_nothing_is_known_stays_unknown():
    harness = await polled()
    assert await harness.send("microdao.event.treasury_updated", {**ABOUT_RIVER, "token_symbol": "MUD"}) == []


async def test_an_old_balance_does_not_come_back():
    harness = await polled()
    old = {**ABOUT_RIVER, "token_symbol": "SILT", "new_balance": "1", "ts": "2026-01-02T11:50:05"}
    for payload in (old, {**old, "new_balance": "2", "ts": "2026-01-02T11:50:06"}, old):
        await harness.send("microdao.event.treasury_updated", payload)
    assert harness.item("microdao", RIVER)["treasury"]["SILT"] == "2"


@pytest.mark.parametrize(
    ("verb", "payload", "keys"),
    [
        ("settings_updated", {"setting_key": "visibility", "value": "hush"}, ["visibility"]),
        ("settings_updated", {"updated_keys": ["visibility", "join_mode"]}, ["join_mode", "visibility"]),
        ("setting_deleted", {"setting_key": "join_mode"}, ["join_mode"]),
    ],
)
async def test_settings_leave_their_keys_and_the_time(verb, payload, keys):
    harness = await polled()
    fields = {"settings_changed": keys, "settings_changed_at": NOON, "last_active_at": NOON}
    assert await harness.send(f"microdao.event.{verb}", {**ABOUT_RIVER, **payload}) == [
        Put("microdao", RIVER, fields)
    ]


async def test_an_unknown_microdao_is_not_made_up():
    harness = SourceHarness(plugin)
    for message in harness.samples.messages:
        if not message.type.endswith((".created", ".deleted")):
            await harness.send(message.type, message.payload)
    assert [dict(harness.items(layer)) for layer in ("city", "microdao")] == [{}, {}]


async def test_what_is_not_known_yet_changes_nothing():
    harness = await polled()
    assert await harness.send("microdao.event.renamed", {"microdao_id": 7}) == []
