import json
from datetime import UTC, datetime, timedelta

import pytest

from livingmap.plugin import Drop, Put, Reply, Total
from livingmap.testing import SourceContract, SourceHarness
from livingmap_messaging import plugin
from livingmap_messaging.activity import CHANNELS

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
GENERAL = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2201"
NIGHT_SHIFT = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2202"
SUCCESSION = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2203"
DIRECT = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2204"
NEW = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2205"
LIVELY = {
    "messages_1h": 2,
    "messages_24h": 3,
    "messages_capped": False,
    "last_message_at": "2026-01-02T11:40:02.152649Z",
    "last_sender_id": "agent:orest",
}
TOTALS = {"messages_1h": 3, "messages_24h": 5, "messages_capped": False, "channels_total": 4}


class TestContract(SourceContract):
    plugin = plugin


@pytest.fixture
async def polled():
    harness = SourceHarness(plugin)
    await harness.poll()
    return harness


def ago(**spans):
    return (NOON - timedelta(**spans)).isoformat()


def message(channel=GENERAL, created_at="2026-01-02T11:58:00+00:00", **more):
    payload = {"sender_id": "user:501", "sender_type": "human", "microdao_id": "microdao:river-council"}
    return {"channel_id": channel.partition(":")[2], "created_at": created_at, **payload, **more}


def service(times, status=200):
    """Answer for one open channel ``a`` with messages of these times, paged as the service does it."""
    rows = [
        {"id": str(number), "sender_id": "user:501", "sender_type": "human", "created_at": at}
        for number, at in enumerate(times)
    ]

    def answer(request):
        if request.path == CHANNELS:
            return Reply([{"id": "a", "name": "A", "visibility": "public"}])
        before = request.query.get("before")
        older = [row for row in rows if before is None or row["created_at"] < before]
        return Reply(older[: int(request.query["limit"])], status)

    return answer


def activity(harness, entity_id):
    item = harness.item("messaging", entity_id, "channels")
    return {name: item.get(name) for name in LIVELY}


async def test_a_channel_has_its_fields_and_its_activity(polled):
    assert polled.item("messaging", GENERAL, "channels") == {
        "name": "Загальний",
        "slug": "general",
        "status": "active",
        "microdao_id": "microdao:river-council",
        "visibility": "public",
        "is_direct": False,
        "is_encrypted": False,
        "created_at": "2026-01-01T08:00:00.104512Z",
        **LIVELY,
    }


async def test_the_layer_sums_up_all_channels(polled):
    assert polled.totals("messaging") == TOTALS


async def test_a_channel_without_messages_is_silent(polled):
    assert activity(polled, NIGHT_SHIFT) == {
        "messages_1h": 0,
        "messages_24h": 0,
        "messages_capped": False,
        "last_message_at": None,
        "last_sender_id": None,
    }


@pytest.mark.parametrize("entity_id", [SUCCESSION, DIRECT])
async def test_a_closed_channel_shows_neither_its_name_nor_who_speaks(polled, entity_id):
    await polled.send("messaging.message.created", message(entity_id))
    item = polled.item("messaging", entity_id, "channels")
    assert [item[name] for name in ("name", "slug", "last_sender_id")] == [None, None, None]
    assert item["last_message_at"] == "2026-01-02T11:58:00Z"


async def test_no_text_ever_enters_the_map(polled):
    shown = json.dumps([dict(polled.items("messaging", "channels")), await polled.details(SUCCESSION)])
    assert "secret" not in shown
    assert "doors" not in shown


async def test_windows_slide_though_nothing_happens(polled):
    polled.now = NOON + timedelta(minutes=41)
    await polled.poll()
    assert activity(polled, GENERAL) == {**LIVELY, "messages_1h": 0}
    polled.now = NOON + timedelta(days=1)
    await polled.poll()
    assert polled.totals("messaging") == {**TOTALS, "messages_1h": 0, "messages_24h": 0}


async def test_a_silent_channel_costs_one_small_request():
    harness = SourceHarness(plugin, service([ago(days=days) for days in range(2, 60)]))
    await harness.poll()
    assert [request.query for request in harness.requests[1:]] == [{"limit": "20"}]


async def test_a_busy_channel_is_counted_page_by_page():
    harness = SourceHarness(plugin, service([ago(minutes=4 * number) for number in range(500)]))
    await harness.poll()
    assert [request.query for request in harness.requests[1:]] == [
        {"limit": "20"},
        {"limit": "200", "before": ago(minutes=4 * 19)},
        {"limit": "200", "before": ago(minutes=4 * 219)},
    ]
    assert activity(harness, "channel:a") == {
        "messages_1h": 15,
        "messages_24h": 360,
        "messages_capped": False,
        "last_message_at": "2026-01-02T12:00:00Z",
        "last_sender_id": "user:501",
    }


async def test_counts_beyond_the_pages_are_the_least_there_can_be():
    harness = SourceHarness(plugin, service([ago(minutes=4 * number) for number in range(500)]), recount_pages=2)
    await harness.poll()
    assert {"messages_24h": 220, "messages_capped": True}.items() <= activity(harness, "channel:a").items()
    assert {"messages_24h": 220, "messages_capped": True}.items() <= harness.totals("messaging").items()


async def test_without_pages_no_messages_are_asked_for_or_counted():
    harness = SourceHarness(plugin, recount_pages=0)
    await harness.poll()
    await harness.send("messaging.message.created", message())
    assert [request.path for request in harness.requests] == [CHANNELS]
    assert harness.totals("messaging") == {"channels_total": 4}
    assert activity(harness, GENERAL) == {
        **dict.fromkeys(LIVELY),
        "last_message_at": "2026-01-02T11:58:00Z",
        "last_sender_id": "user:501",
    }


@pytest.mark.parametrize("status", [403, 404])
async def test_a_channel_that_refuses_has_unknown_activity(status):
    harness = SourceHarness(plugin, service([], status))
    await harness.poll()
    assert harness.health.error is None
    assert activity(harness, "channel:a") == dict.fromkeys(LIVELY)
    assert harness.totals("messaging") == {
        "messages_1h": None,
        "messages_24h": None,
        "messages_capped": None,
        "channels_total": 1,
    }


async def test_messages_that_cannot_be_had_keep_the_last_good_counts():
    status = 200

    def answer(request):
        return service([ago(minutes=1)], status)(request)

    harness = SourceHarness(plugin, answer)
    await harness.poll()
    status = 500
    changes = await harness.poll()
    assert [change for change in changes if change.layer] == []
    assert "500" in harness.health.error
    assert activity(harness, "channel:a")["messages_24h"] == 1


async def test_no_channels_are_no_messages():
    harness = SourceHarness(plugin, lambda _: Reply([]))
    await harness.poll()
    assert harness.totals("messaging") == {**TOTALS, "messages_1h": 0, "messages_24h": 0, "channels_total": 0}


async def test_a_message_counts_in_its_channel_and_in_the_layer(polled):
    assert await polled.send("messaging.message.created", message()) == [
        Put(
            "messaging",
            GENERAL,
            {
                "messages_1h": 3,
                "messages_24h": 4,
                "last_message_at": "2026-01-02T11:58:00Z",
                "last_sender_id": "user:501",
            },
            collection="channels",
        ),
        Total("messaging", {"messages_1h": 4, "messages_24h": 6}),
    ]


async def test_a_message_that_comes_twice_counts_once(polled):
    first, second = message(), message(created_at="2026-01-02T11:59:00+00:00")
    for payload in (first, second):
        await polled.send("messaging.message.created", payload)
    for payload in (first, second):
        assert await polled.send("messaging.message.created", payload) == []


async def test_a_message_that_a_poll_counted_before_it_was_heard_counts_once(polled):
    payload = message(created_at="2026-01-02T11:40:02.152649+00:00", sender_id="agent:orest", sender_type="agent")
    assert await polled.send("messaging.message.created", payload) == []


async def test_a_message_that_comes_late_counts_only_in_the_windows_it_is_in(polled):
    changes = await polled.send("messaging.message.created", message(NIGHT_SHIFT, ago(hours=2)))
    assert changes[0].set == {
        "messages_24h": 1,
        "last_message_at": "2026-01-02T10:00:00Z",
        "last_sender_id": "user:501",
    }
    assert changes[1:] == [Total("messaging", {"messages_24h": 6})]


async def test_a_message_without_a_time_came_now(polled):
    await polled.send("messaging.message.created", message(created_at=None))
    assert polled.item("messaging", GENERAL, "channels")["last_message_at"] == "2026-01-02T12:00:00Z"


async def test_a_channel_that_talks_is_there_until_a_poll_knows_better(polled):
    assert await polled.send("messaging.message.created", message(NEW)) == [
        Put(
            "messaging",
            NEW,
            {
                "last_message_at": "2026-01-02T11:58:00Z",
                "microdao_id": "microdao:river-council",
                "status": "active",
            },
            collection="channels",
        ),
        Total("messaging", {"messages_1h": 4, "messages_24h": 6, "channels_total": 5}),
    ]
    assert Drop("messaging", NEW, "channels") in await polled.poll()
    assert polled.totals("messaging") == TOTALS


async def test_the_next_poll_corrects_what_was_counted(polled):
    await polled.send("messaging.message.created", message())
    await polled.poll()
    assert activity(polled, GENERAL) == LIVELY


async def test_details_tell_how_many_belong_to_a_channel(polled):
    assert await polled.details(GENERAL) == {
        **polled.item("messaging", GENERAL, "channels"),
        "description": "Everything about the river",
        "members": 2,
        "member_agents": 1,
    }


async def test_details_do_without_members():
    def answer(request):
        if request.path == f"{CHANNELS}/a":
            return Reply({"id": "a", "name": "A", "visibility": "private", "description": "secret"})
        return None

    details = await SourceHarness(plugin, answer).details("channel:a")
    assert "members" not in details
    assert details["description"] is None


async def test_one_bad_row_is_dropped_and_told():
    rows = [{"id": "../../internal"}, {"id": "a", "name": "A"}]
    harness = SourceHarness(plugin, lambda request: Reply(rows if request.path == CHANNELS else []))
    await harness.poll()
    assert list(harness.items("messaging", "channels")) == ["channel:a"]
    assert [row.partition(": ")[0] for row in harness.health.dropped] == [f"{CHANNELS}[0].id"]
