"""The events on the page in a real browser: each reads as a sentence, in both languages."""

import re

import pytest
from playwright.sync_api import expect

from livingmap.plugin import Samples
from tests.browser.conftest import FAMILIES
from tests.support.maps import SOURCES

MESSAGES = [
    message for source in SOURCES if source.name in FAMILIES for message in Samples.load(source.samples).messages
]
TYPES = {message.type for message in MESSAGES}
LISTS = {"en": "What happens", "uk": "Що відбувається"}
CYRILLIC = re.compile("[\u0400-\u04ff]")
READ = """list => [...list.querySelectorAll("li")].map(line => [
  line.querySelector("time").title, line.querySelector(".event-text").textContent])"""


def test_every_event_that_is_published_reads_as_a_sentence_in_both_languages(visitors, the_map):
    guests = {
        language: visitors(the_map.url, locale=language, viewport={"width": 1280, "height": 2200})
        for language in LISTS
    }
    pages = {language: guest.visit("/?panel=events") for language, guest in guests.items()}
    the_map.publish_all(MESSAGES)
    for language, page in pages.items():
        feed = page.get_by_role("list", name=LISTS[language])
        for kind in TYPES:
            expect(feed.locator(f"time[title='{kind}']").first).to_be_attached()
        guests[language].see(f"events-{language}")
        lines = [line for line in feed.evaluate(READ) if line[0] in TYPES]  # not what the polls found
        assert {kind for kind, _ in lines} >= TYPES
        assert [text for kind, text in lines if kind.replace(".", " ").replace("_", " ") in text] == []
        assert [
            text for _, text in lines if "{" in text or (language == "uk") != bool(CYRILLIC.search(text))
        ] == []


@pytest.mark.parametrize(("language", "text"), [("en", "is overloaded"), ("uk", "працює з перевантаженням")])
def test_the_history_of_a_thing_reads_as_sentences(visitors, the_map, language, text):
    node = "node:eastmere-1-gpu"
    the_map.publish("node.alerts.overload", {"type": "node.alert.overload", "node_id": node, "severity": "warn"})
    page = visitors(the_map.url, locale=language).visit(f"/?panel=none&select={node}")
    expect(page.locator(".history").get_by_text(f"Калина-1 {text}").first).to_be_visible()
