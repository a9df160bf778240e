"""Since you left: what happened meanwhile is told, and shown as it was before and after."""

import json
import re
from urllib.request import urlopen

from playwright.sync_api import expect

from tests.browser.conftest import MOVING, SHIPS
from tests.browser.test_time import AWAY, banner, details, pass_time
from tests.support.running import wait_until


def status_of_aurora(harbour):
    with urlopen(f"{harbour.map.url}/living-map/entities/ship:Aurora", timeout=10) as answer:
        return json.load(answer)["data"]["status"]


def test_a_ship_that_failed_and_recovered_is_the_story(visitors, harbour):
    pass_time(2)
    for status in ("error", "online"):
        harbour.say({**SHIPS, "Aurora": {**SHIPS["Aurora"], "status": status}})
        wait_until(lambda status=status: status_of_aurora(harbour) == status)
        pass_time(2)
    guest = visitors(harbour.map.url, **MOVING)
    guest.looks_before_the_map = True
    guest.context.add_init_script(AWAY)
    page = guest.visit()
    story = page.get_by_role("region", name=re.compile("Since you left, 14 hours ago"))
    story.get_by_role("button", name="Show me").click()
    step = story.get_by_role("listitem").filter(has_text="Aurora")
    expect(step).to_contain_text(re.compile(r"\d\d:\d\d.\d\d:\d\dAurora: error"))
    step.get_by_role("button").click()
    expect(banner(page)).to_be_visible()
    expect(details(page).get_by_role("heading", name="Aurora")).to_be_visible()
    expect(details(page).locator(".chip").first).to_have_text("online")
    story.get_by_role("button", name="After").click()
    expect(details(page).locator(".chip").first).to_have_text("error")
    story.get_by_role("button", name="Skip").last.click()
    expect(page.locator(".connection.is-live")).to_be_visible()
    expect(details(page).locator(".chip").first).to_have_text("online")
    assert guest.faults() == []
