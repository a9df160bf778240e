"""What people ask of the map, each answered in at most three steps."""

import re
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHIPS


def details(page):
    return page.get_by_role("complementary", name="Details")


def test_only_one_thing_and_what_depends_on_it_fills_the_view_also_by_a_link(visitors, harbour):
    guest = visitors(harbour.map.url)
    page = guest.visit("/?mode=table&select=ship:Aurora")
    rows = page.get_by_role("row")
    expect(rows).to_have_count(1 + len(SHIPS))
    details(page).get_by_role("button", name="Only this").click()
    expect(rows).to_have_count(1 + 2)
    expect(rows.filter(has_text="Borealis")).to_have_count(0)
    link = page.url
    assert parse_qs(urlparse(link).query)["only"] == ["ship:Aurora"]
    guest.see("only")
    other = visitors(harbour.map.url).visit(link.removeprefix(harbour.map.url))
    expect(other.get_by_role("row")).to_have_count(1 + 2)
    other.get_by_role("button", name="Show everything again").first.click()
    expect(other.get_by_role("row")).to_have_count(1 + len(SHIPS))


def test_what_depends_on_a_thing_is_counted_step_by_step(visitors, harbour):
    harbour.say({**SHIPS, "Barge": {"status": "online", "tug_of": "ship:Tender"}})
    page = visitors(harbour.map.url).visit("/?select=ship:Aurora")
    steps = details(page).locator(".ring")
    expect(steps.nth(0)).to_contain_text("1 step away: 1 ship")
    expect(steps.nth(1)).to_contain_text("2 steps away: 1 ship")
    steps.nth(1).locator("summary").click()
    expect(steps.nth(1).get_by_role("button", name="Barge")).to_be_visible()


@pytest.mark.parametrize("may_copy", [True, False])
def test_a_link_shows_a_colleague_exactly_this_moment(visitors, harbour, may_copy):
    guest = visitors(harbour.map.url, permissions=["clipboard-read", "clipboard-write"] if may_copy else [])
    if not may_copy:  # as on plain HTTP, in a browser that lets no page copy there
        guest.page.add_init_script(
            "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false"
        )
    page = guest.visit("/?select=ship:Aurora&panel=problems")
    page.get_by_role("button", name="Copy this moment").click()
    if may_copy:
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        link = page.evaluate("navigator.clipboard.readText()")
    else:
        link = page.get_by_label("The link, to be copied by hand").input_value()
    query = parse_qs(urlparse(link).query)
    assert query["select"] == ["ship:Aurora"]
    assert query["panel"] == ["problems"]
    other = visitors(harbour.map.url).visit(link.removeprefix(harbour.map.url), live=False)
    expect(other.get_by_text("This is not the present.")).to_be_visible()
    expect(details(other).locator(".chip").first).to_have_text(re.compile("online"))


def test_since_says_at_least_where_the_map_has_not_watched_for_longer(visitors, harbour):
    page = visitors(harbour.map.url).visit("/?select=ship:Borealis")
    expect(details(page).locator(".since")).to_contain_text("online at least since")
