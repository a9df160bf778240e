"""What is old is never shown as new: by the banner, the details, the table, the title, and in a narrow window."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHIPS

CLOCK = r"\d\d:\d\d:\d\d"


def details(page):
    return page.get_by_role("complementary", name="Details")


@pytest.mark.parametrize(("width", "locale"), [(1440, "en-US"), (360, "uk-UA")])
def test_what_a_silent_service_said_last_is_grey_and_says_its_age(visitors, harbour, width, locale):
    guest = visitors(harbour.map.url, viewport={"width": width, "height": 780}, locale=locale)
    page = guest.visit("/?select=ship:Aurora&panel=none")
    details_ = page.locator(".details")
    expect(details_.locator(".chip.is-old")).to_have_count(0)
    expect(details_.locator(".chip")).to_have_count(1)
    harbour.fall_silent()
    banner = page.locator(".doubts").filter(has_text="harbour-master")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text(re.compile(CLOCK))
    expect(page).to_have_title(re.compile("^⚠"))
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:"))
    expect(details_.locator(".chip.is-old")).to_be_visible()
    expect(details_.locator(".live-value.is-old").first).to_be_visible()
    expect(page.locator(".connection.is-doubted")).to_be_visible()
    assert banner.bounding_box()["width"] <= width
    guest.see(f"trust-source-{width}")
    page.goto(page.url.replace("panel=none", "panel=problems").replace("select=", "was="))
    problem = page.locator(".panel .trouble").filter(has_text="harbour-master")
    expect(problem).to_contain_text(re.compile(CLOCK))
    expect(banner).to_contain_text(re.search(CLOCK, problem.text_content())[0])
    expect(page.locator(".panel .empty")).to_have_count(0)  # it would say that all is well
    page.goto(harbour.map.url + "/?mode=table&panel=none")
    expect(page.get_by_role("row").filter(has_text="Borealis").locator(".age")).to_be_visible()
    guest.see(f"trust-table-{width}")
    assert guest.faults() == []
    harbour.say(SHIPS)
    expect(banner).to_have_count(0)
    expect(page.locator(".age")).to_have_count(0)
    expect(page).to_have_title(re.compile("^(Living Map|Жива мапа)$"))


def test_a_status_that_nobody_has_judged_is_not_all_is_well(visitors, harbour):
    page = visitors(harbour.map.url).visit("/?panel=problems")
    expect(page.get_by_text("All is well")).to_be_visible()
    harbour.say({**SHIPS, "Aurora": {"status": "adrift"}})
    expect(page.get_by_text("1 ship report “adrift”")).to_be_visible()
    expect(page.get_by_text("All is well")).to_have_count(0)
    harbour.say(SHIPS)
    expect(page.get_by_text("All is well")).to_be_visible()


def test_a_pause_is_not_called_live(visitors, harbour):
    page = visitors(harbour.map.url).visit("/?select=ship:Aurora")
    page.get_by_role("button", name="Pause").click()
    banner = page.locator(".doubts").filter(has_text="Paused: this is how it was at")
    expect(banner).to_be_visible()
    expect(page.locator(".connection")).to_have_text("Paused")
    expect(page).to_have_title(re.compile("^⏸ Paused at"))
    expect(details(page).locator(".chip.is-old")).to_be_visible()
    banner.get_by_role("button", name="Resume").click()
    expect(banner).to_have_count(0)
    expect(page.locator(".connection")).to_have_text("Live")


def test_only_what_is_live_is_green_at_the_end_of_the_river(visitors, harbour):
    page = visitors(harbour.map.url).visit("/?panel=none")
    button = page.locator(".river-live")
    green = button.evaluate("one => getComputedStyle(one).color")
    page.get_by_role("button", name="Pause").click()
    expect(button).not_to_have_css("color", green)
    page.locator(".doubts").get_by_role("button", name="Resume").click()
    expect(button).to_have_css("color", green)
    page.evaluate("document.querySelector('.connection').classList.replace('is-live', 'is-connecting')")
    expect(button).not_to_have_css("color", green)


def test_a_history_that_failed_once_is_read_again_and_nothing_is_said_of_what_is_not_known(visitors, harbour):
    guest = visitors(harbour.map.url)
    guest.is_cut_off = True
    history = re.compile("/living-map/history")
    guest.page.route(history, lambda route: route.fulfill(status=503, json={"detail": "the database is away"}))
    page = guest.visit("/?select=ship:Aurora&panel=events")
    expect(page.get_by_text("The history cannot be read at the moment.").first).to_be_visible()
    expect(page.get_by_text(re.compile("Nothing has (happened|been recorded)"))).to_have_count(0)
    page.unroute(history)
    expect(details(page).get_by_role("list").filter(has_text="came to the map")).to_be_visible()
    expect(page.get_by_text("The history cannot be read at the moment.")).to_have_count(0)


def test_a_server_that_is_gone_is_said_over_everything(visitors, harbour):
    guest = visitors(harbour.map.url, viewport={"width": 360, "height": 780})
    guest.is_cut_off = True
    page = guest.visit("/?select=ship:Aurora&panel=none")
    harbour.map.stop()
    banner = page.get_by_role("alert").filter(has_text="No connection to the map since")
    expect(banner).to_be_visible()
    expect(page).to_have_title(re.compile("^⚠ Not connected since"))
    expect(details(page).locator(".chip.is-old")).to_be_visible()
    guest.see("trust-away-360")
    assert guest.faults() == []
    harbour.map.start()
    expect(banner).to_have_count(0, timeout=60_000)
    expect(details(page).locator(".chip.is-old")).to_have_count(0)


def test_a_map_whose_services_have_nothing_is_not_said_to_wait_for_them(visitors, harbour):
    page = visitors(harbour.map.url).visit("/?panel=none")
    harbour.say({})
    expect(page.get_by_text("All sources have answered")).to_be_visible()
    harbour.fall_silent()
    expect(page.get_by_text("All sources have answered")).to_have_count(0)
    harbour.say(SHIPS)


@pytest.mark.parametrize("hours", [1, -1], ids=["ahead", "behind"])
def test_ages_go_by_the_clock_of_the_map_where_that_of_the_reader_is_wrong(visitors, harbour, hours):
    guest = visitors(harbour.map.url)
    guest.page.add_init_script(f"Date.now = ((now) => () => now() + {hours} * 3_600_000)(Date.now)")
    harbour.fall_silent()
    page = guest.visit("/?mode=table&panel=none")
    age = page.get_by_role("row").filter(has_text="Borealis").locator(".age")
    expect(age).to_have_text(re.compile(r"^\D*([2-9]|[1-5]\d) sec"))
    harbour.say(SHIPS)
    expect(age).to_have_count(0)
