"""Every event that is published reads as a sentence, in English and in Ukrainian."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from livingmap.config.loading import load
from livingmap.core.own_sentences import OWN_SENTENCES
from livingmap.core.sentences import Happening, find_templates, sentence, table
from livingmap.plugin import Samples
from livingmap_mock.plugin import MockSettings
from livingmap_mock.world import SimulatedWorld
from tests.support.maps import SOURCES, browser, living_map

ROOT = Path(__file__).parents[1]
ITEMS = {
    "agent:orest": {"name": "Orest"},
    "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2201": {"name": "General"},
    "city:market": {"name": "Market"},
    "dao:delta-trust": {"name": "Delta Trust"},
    "microdao:river-council": {"name": "River Council"},
    "node:11": {"name": "NODE1"},
    "proposal:7": {"title": "Paint the lock", "dao_id": "dao:delta-trust"},
}
CHANNEL = "5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2201"
USER = "c1d2e3f4-0000-4a4a-8b8b-000000000003"
UNKNOWN = "09f4a509-546c-449b-a91b-723f6aba04c1"


CYRILLIC = re.compile("[\u0400-\u04ff]")
ROOM = re.compile(r"city\.presence\.room\..+")
PUBLISHED = {
    *(f"agent.event.{what}" for what in ("created", "deleted", "status")),
    *(f"dao.event.{what}" for what in ("treasury_updated", "vote_cast")),
    *(f"dao.event.proposal_{what}" for what in ("activated", "closed", "created")),
    *(f"microdao.event.{what}" for what in ("created", "deleted", "updated", "treasury_updated")),
    *(f"microdao.event.member_{what}" for what in ("added", "removed")),
    *("usage.agent", "usage.llm", "usage.tool"),
    *("agent.filter.decision", "messaging.message.created", "node.metrics.update", "router.invoke.agent"),
    "city.presence.room.*",
}
"""All that the mock world publishes."""


def assert_reads(message, text):
    """Assert that a message reads as a sentence: nothing is missing in it, and it is not the type in words."""
    assert text, message
    assert not {"{", "}", "None"} & {*text.split(), *text}, text
    assert re.sub("[._]", " ", message.type) not in text, text


def read(event_type, payload, language, sentences=None, changes=()):
    """Return what an event says with the sentences of all plugins, or of one."""
    declared = [OWN_SENTENCES, *(source.sentences for source in SOURCES)] if sentences is None else [sentences]
    happening = Happening(payload, changes, ITEMS.get, language)
    return sentence(find_templates(table(declared), event_type), happening)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_type_that_a_plugin_handles_has_a_sentence_in_both_languages(source):
    assert source.sentences.keys() >= source.handlers.keys()
    for pattern, texts in source.sentences.items():
        assert list(texts) == ["en", "uk"], pattern
        alternatives = {language: [one] if isinstance(one, str) else one for language, one in texts.items()}
        assert len(alternatives["en"]) == len(alternatives["uk"]), pattern
        assert [one for one in alternatives["en"] if CYRILLIC.search(one)] == []
        assert [one for one in alternatives["uk"] if not CYRILLIC.search(one)] == []


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_sample_reads_as_a_sentence(source, language):
    messages = Samples.load(source.samples).messages
    assert messages
    for message in messages:
        assert_reads(message, read(message.type, message.payload, language, source.sentences))


@pytest.mark.parametrize("language", ["en", "uk"])
def test_everything_that_the_mock_world_publishes_reads_as_a_sentence(language):
    sources = [source for source, _ in load(ROOT / "config" / "demo.yaml").enabled()]
    world = SimulatedWorld(MockSettings(), sources)
    now, types = datetime(2026, 1, 2, 12, 0, tzinfo=UTC), set()
    for step in range(4000):
        for message in world.step(now + timedelta(seconds=step)):
            types.add(ROOM.sub("city.presence.room.*", message.type))
            assert_reads(message, read(message.type, message.payload, language))
    assert types == PUBLISHED


TOLD = [
    (
        "dao.event.treasury_updated",
        {"slug": "delta-trust", "delta": "513200", "token_symbol": "RIPPLE"},
        "Delta Trust received 513,200 RIPPLE",
        "ДАО «Delta Trust» отримує 513\u00a0200 RIPPLE",
    ),
    (
        "microdao.event.treasury_updated",
        {"slug": "river-council", "delta": "-12820.50", "token_symbol": "SILT"},
        "River Council spent 12,820.5 SILT",
        "МікроДАО «River Council» витрачає 12\u00a0820,5 SILT",
    ),
    (
        "microdao.event.treasury_updated",
        {
            "slug": "river-council",
            "operation": "set_balance",
            "new_balance": "900.00000000",
            "token_symbol": "SILT",
        },
        "River Council now has 900 SILT",
        "МікроДАО «River Council» тепер має 900 SILT",
    ),
    (
        "microdao.event.member_added",
        {"slug": "river-council", "user_id": USER, "role": "admin"},
        "c1d2e3f4 joined River Council as an administrator",
        "c1d2e3f4 приєднується до мікроДАО «River Council» як адміністратор",
    ),
    (
        "dao.event.member_removed",
        {"slug": "delta-trust", "user_id": USER, "role": "member"},
        "c1d2e3f4 is no longer in Delta Trust",
        "c1d2e3f4 більше не в ДАО «Delta Trust»",
    ),
    (
        "microdao.event.member_role_updated",
        {"slug": "river-council", "user_id": USER, "old_role": "member", "new_role": "guest"},
        "c1d2e3f4 is now a guest of River Council",
        "c1d2e3f4 тепер гість мікроДАО «River Council»",
    ),
    (
        "microdao.event.updated",
        {"slug": "river-council", "changes": {"name": "River Council", "description": "By the river"}},
        "River Council has changed: name, description",
        "МікроДАО «River Council» оновлює дані: назва, опис",
    ),
    (
        "dao.event.updated",
        {"slug": "delta-trust", "changes": {"quorum_percent": 30}},
        "Delta Trust has changed: quorum",
        "ДАО «Delta Trust» оновлює дані: кворум",
    ),
    (
        "microdao.event.settings_updated",
        {"slug": "river-council", "updated_keys": ["join_mode", "visibility"]},
        "River Council changed settings: join mode, visibility",
        "МікроДАО «River Council» змінює налаштування: спосіб вступу, видимість",
    ),
    (
        "dao.event.proposal_created",
        {"dao_id": UNKNOWN, "proposal_id": "7", "title": "Paint the lock"},
        "New proposal in Delta Trust: Paint the lock",
        "Нова пропозиція в ДАО «Delta Trust»: Paint the lock",
    ),
    (
        "dao.event.proposal_closed",
        {"dao_id": UNKNOWN, "proposal_id": UNKNOWN, "slug": "p-174", "is_passed": False},
        "The proposal “p-174” was rejected",
        "Пропозицію «p-174» відхилено",
    ),
    (
        "dao.event.vote_cast",
        {"dao_id": UNKNOWN, "proposal_id": "7", "vote_value": "abstain"},
        "A vote on “Paint the lock”: abstained",
        "Голос щодо пропозиції «Paint the lock»: утримання",
    ),
    (
        "messaging.message.created",
        {"channel_id": CHANNEL, "sender_id": "user:93"},
        "New message in General",
        "Нове повідомлення в каналі «General»",
    ),
    (
        "messaging.message.created",
        {"channel_id": CHANNEL, "sender_id": "agent:orest"},
        "Orest wrote in General",
        "Orest пише в каналі «General»",
    ),
    (
        "agent.filter.decision",
        {"channel_id": CHANNEL, "decision": "deny", "target_agent_id": None},
        "The filter kept a message from the agents in General",
        "Канал «General»: фільтр не передав повідомлення агентам",
    ),
    (
        "usage.llm",
        {"agent_id": "agent:orest", "total_tokens": 1, "model": "llama-4-scout"},
        "Orest used 1 token of llama-4-scout",
        "Orest використовує 1 токен моделі llama-4-scout",
    ),
    (
        "city.presence.room.market",
        {"room_slug": "market", "online_count": 22},
        "Market: 22 people in the room",
        "Market: у кімнаті 22 людини",  # noqa: RUF001
    ),
    ("node.metrics.update", {"node_id": "11", "status": "offline"}, "NODE1 is offline", "NODE1 не в мережі"),
    (
        "node.metrics.update",
        {"node_id": "11", "cpu": 0.5, "gpu": 97},
        "NODE1: CPU 50%, GPU 97%",
        "NODE1: ЦП 50%, ГП 97%",
    ),
    (
        "node.alerts.overload",
        {"node_id": "node:11", "type": "node.alert.overload"},
        "NODE1 is overloaded",
        "NODE1 працює з перевантаженням",
    ),
    (
        "livingmap.source.refreshed",
        {"source": "dao", "changed": 21},
        "Source dao was polled: 21 changes",
        "Джерело dao опитано: 21 зміна",
    ),
    (
        "livingmap.time.passed",
        {},
        "Something has not been heard of for too long",
        "Про щось надто довго немає звістки",
    ),
]


@pytest.mark.parametrize(("event_type", "payload", "english", "ukrainian"), TOLD)
def test_a_sentence_says_what_happened(event_type, payload, english, ukrainian):
    assert read(event_type, payload, "en") == english
    assert read(event_type, payload, "uk") == ukrainian


async def test_the_api_serves_the_sentences_of_the_enabled_plugins_to_anybody(tmp_path):
    auth = {"mode": "daarion", "authenticator": {"base_url": "http://127.0.0.1:9"}}
    async with (
        living_map(tmp_path, {"dao": {"mock": True}, "usage": {"mock": True}}, polled=False, auth=auth) as living,
        browser(living) as client,
    ):
        answer = await client.get("/living-map/sentences")
        again = await client.get("/living-map/sentences", headers={"If-None-Match": answer.headers["etag"]})
        refused = await client.get("/living-map/snapshot")
    entries = answer.json()["sentences"]
    texts = {entry["event_type"]: entry["texts"] for entry in entries}
    closed = {"en": ["The DAO {slug:dao} was closed"], "uk": ["ДАО «{slug:dao}» закрито"]}
    handled = {pattern for source in SOURCES if source.name in {"dao", "usage"} for pattern in source.handlers}
    assert texts.keys() == handled | OWN_SENTENCES.keys()
    assert texts["dao.event.deleted"] == closed
    assert [one["event_type"] for one in entries][-1] in {"dao.event.*", "usage.llm.*", "usage.agent.*"}
    assert (again.status_code, refused.status_code) == (304, 401)
