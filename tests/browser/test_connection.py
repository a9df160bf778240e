"""The page and its line to the map: it breaks, it is blocked, it comes back."""

import contextlib
import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FAMILIES, MOCK
from tests.support.ports import free_port
from tests.support.running import RunningMap, nats_server

LIVELY = {**MOCK, "agents": 40, "events_per_second": 20}


@pytest.fixture
def lively(tmp_path):
    living = RunningMap(tmp_path, free_port(), mock=LIVELY, sources={name: {"mock": True} for name in FAMILIES})
    living.start()
    yield living
    living.stop()


def test_the_page_finds_back_to_a_map_that_was_started_anew(visitors, lively):
    visitor = visitors(lively.url)
    visitor.is_cut_off = True
    page = visitor.visit("/?panel=events")
    page.evaluate("window.sameLoad = true")
    happenings = page.get_by_role("list", name="What happens")
    sentence = happenings.get_by_text(re.compile(r"CPU \d+%")).first
    expect(sentence).to_be_visible()
    lively.stop()
    expect(page.locator(".connection.is-reconnecting")).to_be_visible()
    visitor.see("reconnecting")
    expect(sentence).to_be_visible()
    lively.start()
    expect(page.locator(".connection.is-live")).to_be_visible()
    newest = happenings.get_by_role("listitem").first
    expect(newest).not_to_have_text(newest.text_content())
    assert page.evaluate("window.sameLoad")


def test_where_websockets_are_blocked_events_come_all_the_same(visitors, lively):
    visitor = visitors(lively.url)
    visitor.is_cut_off = True
    visitor.page.route_web_socket(re.compile("/living-map/stream"), lambda socket: socket.close(code=4000))
    page = visitor.visit("/?panel=events")
    expect(page.get_by_text("SSE", exact=True)).to_be_visible()
    expect(page.get_by_role("list", name="What happens").get_by_role("listitem").nth(5)).to_be_visible()


def test_a_map_that_cannot_be_read_says_so_and_is_tried_again(visitors, lively):
    visitor = visitors(lively.url)
    visitor.is_cut_off = True
    snapshot = re.compile("/living-map/snapshot")
    visitor.page.route(snapshot, lambda route: route.fulfill(status=503, json={"detail": "the database is away"}))
    page = visitor.visit(live=False)
    expect(page.get_by_role("alert")).to_contain_text("the database is away")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.unroute(snapshot)
    expect(page.locator(".connection.is-live")).to_be_visible()


def test_a_map_that_lost_its_log_says_so_until_it_is_back(visitors, tmp_path):
    port, folder = free_port(), tmp_path / "nats"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.ExitStack())
        url = server.enter_context(nats_server(port, folder))
        living = RunningMap(
            tmp_path,
            free_port(),
            nats={"url": url, "detached_seconds": 1, "ping_seconds": 1},
            mock={**MOCK, "agents": 20, "events_per_second": 0},
            sources={name: {"mock": True, "interval_seconds": 2} for name in FAMILIES},
        )
        living.start()
        stack.callback(living.stop)
        visitor = visitors(living.url)
        page = visitor.visit("/?panel=problems")
        expect(page.locator(".connection.is-live")).to_have_text("Live")
        server.close()
        expect(page.get_by_role("alert")).to_contain_text("The map has lost its log")
        expect(page.get_by_text("Cut off")).to_be_visible()
        expect(page.get_by_text("All is well")).to_have_count(0)
        visitor.see("cut-off")
        server.enter_context(nats_server(port, folder))
        expect(page.get_by_role("alert")).to_have_count(0, timeout=60_000)
        expect(page.locator(".connection.is-live")).to_have_text("Live")
        visitor.is_cut_off = True  # the map stops before the page is closed
