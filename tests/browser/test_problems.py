"""What is wrong: since when, whom it affects, what to do, and that somebody has seen it."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import SHIPS

ACKNOWLEDGE = re.compile("/acknowledge$")


def line(page, name):
    return page.get_by_role("region", name="Problems").get_by_role("listitem").filter(has_text=name)


def test_a_new_problem_is_announced_explained_and_stands_back_once_somebody_has_seen_it(visitors, harbour):
    guest = visitors(harbour.map.url)
    guest.is_cut_off = True  # a test refuses once on behalf of the map
    page = guest.visit("/?panel=problems")
    expect(page.get_by_text("All is well")).to_be_visible()
    harbour.say({**SHIPS, "Aurora": {"status": "error"}})
    expect(page.locator("output.hidden[aria-live]")).to_have_text("1 new problem: Aurora: error")
    aurora = line(page, "Aurora")
    expect(aurora).to_have_count(1)
    expect(aurora).to_contain_text(re.compile(r"since \d\d:\d\d:\d\d"))
    expect(aurora).to_contain_text("affects 1 ship")
    badge = page.locator(".badge")
    expect(badge).to_contain_text("1 problem")
    aurora.get_by_role("button", name="What to do").click()
    expect(aurora).to_contain_text("Open it on the map")
    with page.expect_popup() as about:
        aurora.get_by_role("link", name="More about this").click()
    expect(about.value).to_have_url(re.compile("/docs/problems#entity_"))
    about.value.close()
    guest.see("problem-open")
    page.route(ACKNOWLEDGE, lambda route: route.fulfill(status=403, json={"detail": "no"}))
    aurora.get_by_label("Note for others").fill("a tug is on its way")
    aurora.get_by_role("button", name="I have seen it").click()
    expect(aurora.get_by_role("alert")).to_contain_text("You may not do that")
    page.unroute(ACKNOWLEDGE)
    aurora.get_by_role("button", name="I have seen it").click()
    seen = page.locator("details.seen")
    expect(seen.get_by_role("heading")).to_have_text(re.compile(r"Seen by somebody\s*1"))
    expect(badge).to_have_count(0)
    expect(page.get_by_text("All is well")).to_have_count(0)
    assert guest.faults() == []
    colleague = visitors(harbour.map.url, locale="uk-UA", viewport={"width": 360, "height": 780})
    other = colleague.visit("/?panel=problems")
    other.get_by_text("Хтось уже бачив").click()
    expect(other.locator(".trouble-seen")).to_contain_text("a tug is on its way")
    colleague.see("problem-seen-360")
    harbour.say(SHIPS)
    expect(page.get_by_text("All is well")).to_be_visible()
    expect(seen).to_have_count(0)


def test_sound_and_notifications_are_off_until_somebody_wishes_them(visitors, harbour):
    guest = visitors(harbour.map.url, permissions=["notifications"])
    page = guest.visit("/?panel=problems")
    expect(page.get_by_label("play a sound")).not_to_be_checked()
    expect(page.get_by_label("show a notification of the browser")).not_to_be_checked()
    page.get_by_label("play a sound").check()
    page.reload()
    expect(page.get_by_label("play a sound")).to_be_checked()
