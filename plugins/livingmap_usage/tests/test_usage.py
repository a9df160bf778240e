import pytest

from livingmap.plugin import Drop, Put, Reply, Total
from livingmap.testing import SourceContract, SourceHarness
from livingmap_usage import plugin
from livingmap_usage.sums import added, tidy

OREST = "agent:orest"
SCOUT = "model:local/llama-4-scout"
NOTES = "tool:notes.write"
TOTALS = {
    "period_hours": 24,
    "llm_calls": 9,
    "tokens": 6400,
    "tokens_prompt": 5100,
    "tokens_completion": 1300,
    "llm_latency_avg_ms": 820.0,
    "tool_calls": 4,
    "tool_calls_failed": 1,
    "tool_latency_avg_ms": 150.0,
    "invocations": 5,
    "invocations_failed": 0,
    "messages": 12,
    "messages_length": 0,
}
USAGE = {"llm_calls_24h": 6, "tokens_24h": 4800, "invocations_24h": 4, "tool_calls_24h": 3}
NO_USAGE = dict.fromkeys(USAGE, 0)
NOBODY = {"llm_calls_total": 0, "llm_tokens_total": 0, "llm_latency_avg_ms": 0.0}
CALL = {
    "event_id": "e1",
    "agent_id": OREST,
    "model": "llama-4-scout",
    "provider": "local",
    "prompt_tokens": 300,
    "completion_tokens": 100,
    "total_tokens": 400,
    "latency_ms": 500,
}


class TestContract(SourceContract):
    plugin = plugin


def summary(summary=NOBODY, **lists):
    return lambda request: Reply({"summary": summary, "models": [], "agents": [], "tools": [], **lists})


def usage(harness, agent=OREST):
    known = harness.fold.scene.part("usage").get("agents", agent)
    return known["usage"] if known else None


@pytest.fixture
async def polled():
    harness = SourceHarness(plugin)
    await harness.poll()
    return harness


async def test_an_agent_gets_the_usage_of_the_specification(polled):
    assert usage(polled) == USAGE


async def test_usage_makes_up_no_agent(polled):
    await polled.send("usage.llm", {**CALL, "agent_id": "agent:nobody"})
    assert polled.items("agents") == {}


async def test_the_layer_has_the_totals_of_the_period_without_its_moving_ends(polled):
    assert polled.totals("usage") == TOTALS


async def test_models_and_tools_are_listed(polled):
    assert polled.items("usage", "models") == {
        SCOUT: {
            "name": "llama-4-scout",
            "provider": "local",
            "calls": 7,
            "tokens": 5000,
            "avg_latency_ms": 700.0,
        },
        "model:openrouter/qwen-3-32b": {
            "name": "qwen-3-32b",
            "provider": "openrouter",
            "calls": 2,
            "tokens": 1400,
            "avg_latency_ms": 1240.0,
        },
    }
    assert polled.items("usage", "tools") == {
        NOTES: {"name": "Write Notes", "calls": 3, "success_rate": 0.667, "avg_latency_ms": 120.0},
        "tool:metrics.get": {"name": "Get Metrics", "calls": 1, "success_rate": 1.0, "avg_latency_ms": 240.0},
    }


async def test_a_day_is_asked_for_once(polled):
    assert [(request.path, request.query) for request in polled.requests] == [
        ("/internal/usage/summary", {"period_hours": "24"})
    ]


async def test_agents_show_a_day_whatever_the_period():
    def answer(request):
        calls = {"24": 1, "168": 7}[request.query["period_hours"]]
        agents = [{"agent_id": OREST, "llm_calls": calls}]
        return Reply({"summary": {"llm_calls_total": calls}, "agents": agents})

    harness = SourceHarness(plugin, answer, period_hours=168)
    await harness.poll()
    assert usage(harness)["llm_calls_24h"] == 1
    assert {"period_hours": 168, "llm_calls": 7}.items() <= harness.totals("usage").items()


@pytest.mark.parametrize("hours", [0, 721])
def test_the_period_is_one_that_the_service_takes(hours):
    with pytest.raises(ValueError, match="period_hours"):
        plugin.UsageSettings(period_hours=hours)


async def test_only_the_moving_period_is_no_news():
    ends = iter(["2026-01-02T12:00:00.1", "2026-01-02T12:00:15.1"])
    harness = SourceHarness(plugin, lambda _: Reply({"summary": {**NOBODY, "period_end": next(ends)}}))
    await harness.poll()
    assert await harness.poll() == []


async def test_an_average_over_no_calls_is_unknown():
    harness = SourceHarness(plugin, summary())
    await harness.poll()
    assert harness.totals("usage")["llm_calls"] == 0
    assert harness.totals("usage")["llm_latency_avg_ms"] is None


async def test_a_renamed_tool_is_one_tool():
    tools = [
        {"tool_id": "a", "tool_name": "New", "calls": 3, "success_rate": 1.0, "avg_latency_ms": 100.0},
        {"tool_id": "a", "tool_name": "Old", "calls": 1, "success_rate": 0.0, "avg_latency_ms": 200.0},
    ]
    harness = SourceHarness(plugin, summary(tools=tools))
    await harness.poll()
    merged = {"name": "New", "calls": 4, "success_rate": 0.75, "avg_latency_ms": 125.0}
    assert harness.items("usage", "tools") == {"tool:a": merged}
    assert await harness.poll() == []


async def test_a_call_counts_for_its_agent_its_model_and_the_totals(polled):
    await polled.send("usage.llm", CALL)
    assert usage(polled) == {**USAGE, "llm_calls_24h": 7, "tokens_24h": 5200}
    assert polled.item("usage", SCOUT, "models") == {
        "name": "llama-4-scout",
        "provider": "local",
        "calls": 8,
        "tokens": 5400,
        "avg_latency_ms": 675.0,
    }
    assert polled.totals("usage") == {
        **TOTALS,
        "llm_calls": 10,
        "tokens": 6800,
        "tokens_prompt": 5400,
        "tokens_completion": 1400,
        "llm_latency_avg_ms": 788.0,
    }


async def test_a_call_in_the_words_of_agents_service_counts_alike(polled):
    payload = {"agent_id": "orest", "model": "m", "tokens_input": "150", "tokens_output": "80", "latency_ms": 820}
    assert await polled.send("usage.llm", payload) == [
        Total("usage", {"llm_calls": 10, "tokens": 6630, "tokens_prompt": 5250, "tokens_completion": 1380})
    ]
    assert usage(polled) == {**USAGE, "llm_calls_24h": 7, "tokens_24h": 5030}


async def test_a_subject_of_the_specification_counts_alike(polled):
    await polled.send("usage.llm.increment", CALL)
    await polled.send("usage.agent.increment", {"agent_id": OREST})
    assert usage(polled) == {
        "llm_calls_24h": 7,
        "tokens_24h": 5200,
        "invocations_24h": 5,
        "tool_calls_24h": 3,
    }


async def test_a_call_of_no_agent_counts_for_the_totals(polled):
    await polled.send("usage.llm", {**CALL, "agent_id": None})
    assert usage(polled) == USAGE
    assert polled.totals("usage")["llm_calls"] == 10


async def test_a_tool_call_counts_for_its_agent_its_tool_and_the_totals(polled):
    payload = {"agent_id": OREST, "tool_id": "notes.write", "success": False, "latency_ms": 160}
    changes = await polled.send("usage.tool", payload)
    assert changes == [
        Put("usage", NOTES, {"calls": 4, "success_rate": 0.5, "avg_latency_ms": 130.0}, collection="tools"),
        Total("usage", {"tool_calls": 5, "tool_calls_failed": 2, "tool_latency_avg_ms": 152.0}),
    ]
    assert usage(polled) == {**USAGE, "tool_calls_24h": 4}


async def test_an_invocation_counts_itself_and_not_the_calls_it_made(polled):
    payload = {"event_id": "e2", "agent_id": OREST, "llm_calls": 3, "tool_calls": 2, "success": False}
    changes = await polled.send("usage.agent", payload)
    assert changes == [
        Total("usage", {"invocations": 6, "invocations_failed": 1}),
    ]
    assert usage(polled) == {**USAGE, "invocations_24h": 5}


async def test_a_first_use_is_one_if_the_lists_are_complete(polled):
    await polled.send("usage.llm", {**CALL, "agent_id": "agent:tamila", "model": "new", "provider": "lab"})
    await polled.send("usage.tool", {"tool_id": "calendar.read", "success": True, "latency_ms": 60})
    assert usage(polled, "agent:tamila") == {**NO_USAGE, "llm_calls_24h": 1, "tokens_24h": 400}
    assert polled.item("usage", "model:lab/new", "models") == {
        "name": "new",
        "provider": "lab",
        "calls": 1,
        "tokens": 400,
        "avg_latency_ms": 500.0,
    }
    assert polled.item("usage", "tool:calendar.read", "tools") == {
        "name": "calendar.read",
        "calls": 1,
        "success_rate": 1.0,
        "avg_latency_ms": 60.0,
    }


async def test_a_first_use_in_an_empty_network_is_one():
    harness = SourceHarness(plugin, summary())
    await harness.poll()
    await harness.send("usage.llm", CALL)
    assert usage(harness) == {**NO_USAGE, "llm_calls_24h": 1, "tokens_24h": 400}
    assert harness.totals("usage")["llm_latency_avg_ms"] == 500.0


async def test_a_use_beyond_a_full_list_is_of_unknown_count():
    agents = [{"agent_id": f"agent:{number}", "llm_calls": 9} for number in range(20)]
    models = [{"model": str(number), "provider": "lab", "calls": 9} for number in range(20)]
    harness = SourceHarness(plugin, summary(agents=agents, models=models))
    await harness.poll()
    await harness.send("usage.llm", CALL)
    assert usage(harness) is None
    assert len(harness.items("usage", "models")) == 20
    assert harness.totals("usage")["llm_calls"] == 1


async def test_nothing_is_counted_before_the_service_was_heard():
    harness = SourceHarness(plugin)
    assert await harness.send("usage.llm", CALL) == []
    assert await harness.send("usage.tool", {"tool_id": "a"}) == []
    assert await harness.send("usage.agent", {"agent_id": OREST}) == []


async def test_the_next_poll_corrects_what_was_counted(polled):
    await polled.send("usage.llm", {**CALL, "agent_id": "agent:tamila", "model": "new", "provider": "lab"})
    changes = await polled.poll()
    assert Drop("usage", "model:lab/new", "models") in changes
    assert polled.totals("usage") == TOTALS
    assert usage(polled, "agent:tamila") is None


async def test_a_summary_that_is_no_object_is_told():
    harness = SourceHarness(plugin, lambda _: Reply(["x"]))
    await harness.poll()
    assert "expected an object, got list" in harness.health.error


@pytest.mark.parametrize(
    ("known", "more", "sums"),
    [
        ({"calls": 3, "tokens": 10}, {"calls": 1, "tokens": 5}, {"calls": 4, "tokens": 15}),
        ({"calls": 3}, {"calls": 1, "tokens": 5}, {"calls": 4}),
        ({"calls": 3, "tokens": 10}, {"calls": 1, "tokens": None}, {"calls": 4}),
        (
            {"calls": 3, "avg_latency_ms": 10.0},
            {"calls": 1, "avg_latency_ms": 50.0},
            {"calls": 4, "avg_latency_ms": 20.0},
        ),
        ({"calls": 3, "avg_latency_ms": None}, {"calls": 1, "avg_latency_ms": 50.0}, {"calls": 4}),
        (
            {"calls": 0, "avg_latency_ms": None},
            {"calls": 1, "avg_latency_ms": 50.0},
            {"calls": 1, "avg_latency_ms": 50.0},
        ),
        ({}, {"calls": 1, "avg_latency_ms": 50.0}, {}),
    ],
)
def test_sums_add_what_is_known(known, more, sums):
    assert added(known, more) == sums


def test_an_average_without_its_count_is_unknown():
    assert tidy({"calls": None, "avg_latency_ms": 5.0}) == {"calls": None, "avg_latency_ms": None}


PRICES = {"local/*": 0.5, "openrouter/qwen-3-32b": 2}
QWEN = "model:openrouter/qwen-3-32b"


def costs(harness):
    models = {one: fields["cost"] for one, fields in harness.items("usage", "models").items()}
    return models, usage(harness)["cost_24h"]


async def test_with_prices_models_have_a_cost_and_agents_an_estimate():
    harness = SourceHarness(plugin, prices=PRICES)
    await harness.poll()
    # 5,000 and 1,400 tokens cost 0.0053 in all; of these 6,400 the agent used 4,800
    assert costs(harness) == ({SCOUT: 0.0025, QWEN: 0.0028}, 0.003975)
    assert await harness.poll() == []
    fields = {field.name: (field.unit, field.additive) for one in harness.source.types for field in one.fields}
    assert (fields["cost"], fields["usage.cost_24h"]) == (("USD", True), ("USD", True))


async def test_a_call_costs_as_much_more():
    harness = SourceHarness(plugin, prices=PRICES, currency="EUR")
    await harness.poll()
    await harness.send("usage.llm", CALL)
    assert costs(harness) == ({SCOUT: 0.0027, QWEN: 0.0028}, 0.004306)


async def test_where_a_price_is_missing_no_cost_is_made_up():
    harness = SourceHarness(plugin, prices={"local/llama-4-scout": 1})
    await harness.poll()
    assert costs(harness) == ({SCOUT: 0.005, QWEN: None}, None)


async def test_one_price_for_all_is_the_price_of_all():
    harness = SourceHarness(plugin, prices={"*": 1})
    await harness.poll()
    assert costs(harness) == ({SCOUT: 0.005, QWEN: 0.0014}, 0.0048)


async def test_a_cost_of_nothing_stays_known():
    agents = [{"agent_id": OREST, "llm_calls": 0, "total_tokens": 0}]
    models = [{"model": "m", "provider": "p", "calls": 1, "tokens": 10}]
    harness = SourceHarness(plugin, summary(agents=agents, models=models), prices={"*": 1})
    await harness.poll()
    await harness.send("usage.agent", {"agent_id": OREST})
    assert usage(harness)["cost_24h"] == 0


@pytest.mark.parametrize("models", [None, [{"model": "m"}], 5])
async def test_a_list_of_models_that_cannot_be_read_costs_the_agents_only_their_cost(models):
    agents = [{"agent_id": OREST, "llm_calls": 1, "total_tokens": 10}]
    harness = SourceHarness(plugin, summary(agents=agents, models=models), prices={"*": 1})
    await harness.poll()
    assert (usage(harness)["tokens_24h"], usage(harness)["cost_24h"]) == (10, None)


@pytest.mark.parametrize("prices", [{"gpt": 1}, {"local/*": -1}])
def test_a_price_is_of_a_model_and_not_below_zero(prices):
    with pytest.raises(ValueError, match="prices"):
        plugin.UsageSettings(prices=prices)
