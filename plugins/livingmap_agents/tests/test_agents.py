from livingmap.plugin import Drop, Put, Reply, Total
from livingmap.testing import SourceContract, SourceHarness
from livingmap_agents import plugin

OREST = "agent:orest"
OREST_UUID = "0b6f7c52-7d3e-4c1a-9f10-5a8f3e2b1c01"
RIVER = "microdao:7e5d1a90-3c44-4f0b-8d2e-6b9c0f7a1101"
NOON = "2026-01-02T12:00:00Z"


class TestContract(SourceContract):
    plugin = plugin


async def test_an_agent_has_the_fields_of_the_specification():
    harness = SourceHarness(plugin)
    await harness.poll()
    assert harness.item("agents", OREST) == {
        "name": "Orest",
        "kind": "assistant",
        "microdao_id": RIVER,
        "status": "active",
        "description": "Keeps the notes of the river council",
        "model": "llama-4-scout",
        "tools": ["notes.write", "calendar.read"],
        "created_at": "2026-01-01T08:15:30.104512Z",
        "updated_at": "2026-01-02T09:00:00.000001Z",
    }


async def test_an_agent_is_found_by_its_uuid():
    harness = SourceHarness(plugin)
    await harness.poll()
    assert harness.item("agents", f"agent:{OREST_UUID}") == harness.item("agents", OREST)


async def test_a_switched_off_agent_is_inactive():
    harness = SourceHarness(plugin)
    await harness.poll()
    assert harness.item("agents", "agent:sluice-keeper")["status"] == "inactive"


async def test_a_system_prompt_never_enters_the_map():
    harness = SourceHarness(plugin)
    await harness.poll()
    assert "secret" not in str(dict(harness.items("agents")))
    assert "secret" not in str(await harness.details(OREST))


async def test_details_have_the_last_events_and_what_was_used_of_the_quota():
    details = await SourceHarness(plugin).details(OREST)
    assert details["last_events"] == [
        {
            "kind": "tool_call",
            "ts": "2026-01-02T11:40:15.186466Z",
            "channel_id": "channel:0d1c2b3a-0000-4a4a-8b8b-000000000001",
            "tool_id": "notes.write",
        },
        {"kind": "updated", "ts": "2026-01-02T09:00:00.000001Z"},
        {"kind": "created", "ts": "2026-01-01T08:15:30.108000Z"},
    ]
    assert details["quota"] == {"tokens_minute": 120, "runs_today": 4, "users_today": 2, "concurrent_runs": 0}


async def test_details_without_events_and_quota_are_those_of_the_agent():
    def answer(request):
        return Reply({"id": "1", "name": "Orest"}) if request.path == f"/agents/{OREST}" else None

    details = await SourceHarness(plugin, answer).details(OREST)
    assert (details["name"], {"last_events", "quota"} & details.keys()) == ("Orest", set())


async def test_the_missing_metrics_path_is_asked_once():
    harness = SourceHarness(plugin)
    await harness.poll()
    await harness.poll()
    assert [request.path for request in harness.requests] == ["/agents/metrics", "/agents", "/agents"]


async def test_metrics_of_the_specification_give_a_status():
    def answer(request):
        if request.path == "/agents/metrics":
            return Reply({"items": [{"agent_id": OREST, "status": "healthy"}]})
        return Reply([{"id": "1", "external_id": OREST, "name": "Orest"}])

    harness = SourceHarness(plugin, answer)
    await harness.poll()
    assert harness.item("agents", OREST)["status"] == "online"


async def test_one_bad_row_is_dropped_and_told():
    rows = [{"id": []}, {"id": "agent:a", "name": "A"}]
    harness = SourceHarness(plugin, lambda request: Reply(rows) if request.path == "/agents" else None)
    await harness.poll()
    assert list(harness.items("agents")) == ["agent:a"]
    assert harness.health.dropped == ["/agents[0].id: Input should be a valid string"]


async def test_details_are_asked_from_the_service():
    harness = SourceHarness(plugin)
    assert (await harness.details(OREST))["model"] == "llama-4-maverick"


async def test_a_created_agent_appears_and_a_deleted_one_goes():
    harness = SourceHarness(plugin)
    fields = {"name": "Tamila", "kind": "assistant", "status": "active", "last_active_at": NOON}
    payload = {"agent_id": "agent:tamila", "name": "Tamila", "kind": "assistant"}
    assert await harness.send("agent.event.created", payload) == [
        Put("agents", "agent:tamila", fields),
        Total("agents", {"total_agents": 1}),
    ]
    assert await harness.send("agent.event.deleted", {"agent_id": "agent:tamila"}) == [
        Drop("agents", "agent:tamila"),
        Total("agents", {"total_agents": 0}),
    ]


async def test_a_status_event_changes_only_the_status():
    harness = SourceHarness(plugin)
    await harness.poll()
    changes = await harness.send("agent.event.status", {"agent_id": OREST_UUID, "status": "busy"})
    assert changes == [Put("agents", OREST, {"status": "busy", "status_at": NOON, "last_active_at": NOON})]


async def test_an_unknown_agent_is_not_made_up_from_a_sign_of_life():
    harness = SourceHarness(plugin)
    assert await harness.send("agents.reply", {"agent_id": "agent:nobody"}) == []


async def test_a_run_makes_busy_until_it_ends():
    harness = SourceHarness(plugin)
    await harness.poll()
    await harness.send("agents.runs.created", {"agent_id": OREST})
    assert harness.item("agents", OREST)["status"] == "busy"
    await harness.send("agents.runs.finished", {"agent_id": OREST})
    assert harness.item("agents", OREST)["status"] == "online"


async def test_a_filter_decision_is_noted_without_its_prompt():
    harness = SourceHarness(plugin)
    await harness.poll()
    payload = {"decision": "modify", "target_agent_id": OREST, "rewrite_prompt": "hush"}
    changes = await harness.send("agent.filter.decision", payload)
    assert changes == [Put("agents", OREST, {"last_decision": "modify", "last_active_at": NOON})]


async def test_a_bot_makes_an_agent_reachable():
    harness = SourceHarness(plugin)
    await harness.poll()
    await harness.send("bot.registered", {"agent_id": OREST, "bot_token": "1:x"})
    assert harness.item("agents", OREST)["telegram"] is True
    await harness.send("bot.unregistered", {"agent_id": OREST, "bot_token": "1:x"})
    assert harness.item("agents", OREST)["telegram"] is False


async def test_errors_leave_their_time():
    harness = SourceHarness(plugin)
    await harness.poll()
    changes = await harness.send("agents.error", {"agent_id": OREST, "error": "boom"})
    assert changes == [Put("agents", OREST, {"last_active_at": NOON, "last_error_at": NOON})]
