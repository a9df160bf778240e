"""The page and its line to the map: it breaks, it is blocked, it comes back."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FAMILIES, MOCK
from tests.support.ports import free_port
from tests.support.running import RunningMap

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
    lively.stop()
    expect(page.locator(".connection.is-reconnecting")).to_be_visible()
    visitor.see("reconnecting")
    lively.start()
    expect(page.locator(".connection.is-live")).to_be_visible()
    newest = page.get_by_role("list", name="What happens").get_by_role("listitem").first
    expect(newest).not_to_have_text(newest.inner_text())
    assert page.evaluate("window.sameLoad")


def test_where_websockets_are_blocked_events_come_all_the_same(visitors, lively):
    visitor = visitors(lively.url)
    visitor.is_cut_off = True
    visitor.page.route_web_socket(re.compile("/living-map/stream"), lambda socket: socket.close(code=4000))
    page = visitor.visit("/?panel=events")
    expect(page.get_by_text("SSE")).to_be_visible()
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
