"""The river of time: any moment of the map, in a browser, as a link, and as a story for those who were away."""

import json
import re
import time
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FAMILIES, MOCK, SHIPS
from tests.support.ports import free_port
from tests.support.running import RunningMap, nats_server, wait_until

NODE = "node:eastmere-1-gpu"
"""A node that failed for some seconds, and is fine now."""
FAILED_SECONDS = 5
ALIVE = {"city": {"heartbeat_seconds": 86_400}}
"""Nobody sends heartbeats here, and no node is to be offline for that, however slow the machine."""
AWAY = """
localStorage.getItem('livingmap.seen') || localStorage.setItem('livingmap.seen', Date.now() - 14 * 3600 * 1000)
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """A map on which one node has failed and recovered."""
    with nats_server(free_port()) as url:
        living = RunningMap(
            tmp_path_factory.mktemp("night"),
            free_port(),
            nats={"url": url, "jetstream": False},
            mock={**MOCK, "agents": 60, "events_per_second": 0},
            sources={name: {"mock": True, "interval_seconds": 3600, **ALIVE.get(name, {})} for name in FAMILIES},
        )
        living.start()
        pass_time(FAILED_SECONDS)
        living.publish("node.metrics.update", {"node_id": NODE, "status": "error", "cpu": 0.97})
        pass_time(FAILED_SECONDS)
        living.publish("node.metrics.update", {"node_id": NODE, "status": "online", "cpu": 0.21})
        wait_until(lambda: len(turns(living)) == 2)
        yield living
        living.stop()


def pass_time(seconds):
    """Let a past come about that is wide enough to be pointed at."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() > end)


def turns(living):
    """Return when the node recovered and when it failed, in seconds since 1970."""
    with urlopen(f"{living.url}/living-map/history?entity_id={NODE}&field=status&limit=10", timeout=30) as answer:
        items = json.load(answer)["items"]
    changed = [item for item in items if not any(one["came"] for one in item["changes"])]
    return [datetime.fromisoformat(item["timestamp"]).timestamp() for item in changed]


def drag_to(page, moment):
    """Drag the river from its end to a moment, in seconds since 1970."""
    river = page.get_by_role("slider", name="The moment that the map shows")

    def point_at(moment):
        box = river.bounding_box()
        begin, end = (float(river.get_attribute(f"aria-value{name}")) for name in ("min", "max"))
        share = min(1 - 20 / box["width"], (moment - begin) / (end - begin))
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 2, steps=8)

    def is_there():
        point_at(moment)
        return abs(float(river.get_attribute("aria-valuenow")) - moment) < 2

    point_at(time.time())
    page.mouse.down()
    wait_until(is_there)  # its place and span change, until it knows since when the history is kept
    page.mouse.up()
    return river


def details(page):
    return page.get_by_role("complementary", name="Details")


def banner(page):
    return page.get_by_text("This is not the present.")


def test_a_drag_shows_the_moment_at_which_a_node_had_failed(visitors, night):
    guest = visitors(night.url)
    page = guest.visit(f"/?select={NODE}")
    page.evaluate("window.sameLoad = true")
    expect(details(page).locator(".chip").first).to_have_text("online")
    recovered, failed = turns(night)
    river = drag_to(page, (failed + recovered) / 2)
    expect(details(page).locator(".chip").first).to_have_text("error")
    expect(banner(page)).to_be_visible()
    expect(page).to_have_title(re.compile("^⏱"))
    expect(page.locator(".connection")).to_have_text("Past")
    assert "ago" in river.get_attribute("aria-valuetext")
    assert "at=" in page.url
    guest.see("past")
    page.keyboard.press("l")
    expect(details(page).locator(".chip").first).to_have_text("online")
    expect(banner(page)).to_have_count(0)
    expect(page).to_have_title("Living Map")
    assert "at=" not in page.url
    page.go_back()
    expect(details(page).locator(".chip").first).to_have_text("error")
    page.go_forward()
    expect(details(page).locator(".chip").first).to_have_text("online")
    assert page.evaluate("window.sameLoad")


def test_a_link_to_a_moment_shows_somebody_else_the_same(visitors, night):
    page = visitors(night.url).visit(f"/?select={NODE}&panel=problems")
    recovered, failed = turns(night)
    drag_to(page, (failed + recovered) / 2)
    expect(details(page).locator(".chip").first).to_have_text("error")
    other = visitors(night.url)
    opened = other.visit(page.url.removeprefix(night.url), live=False)
    expect(details(opened).locator(".chip").first).to_have_text("error")
    expect(banner(opened)).to_be_visible()
    problems = opened.get_by_role("region", name="Problems")
    expect(problems.get_by_role("button", name=re.compile("Калина-1 error"))).to_be_visible()
    assert other.faults() == []
    opened.get_by_role("button", name="Live", exact=True).first.click()
    expect(details(opened).locator(".chip").first).to_have_text("online")


def test_the_river_leads_from_trouble_to_trouble_and_by_keys(visitors, night):
    page = visitors(night.url).visit(f"/?select={NODE}")
    page.get_by_role("button", name="Back to where trouble began").click()
    expect(banner(page)).to_be_visible()
    river = page.get_by_role("slider", name="The moment that the map shows")
    moment = int(river.get_attribute("aria-valuenow"))
    river.focus()
    page.keyboard.press("ArrowRight")
    expect(river).to_have_attribute("aria-valuenow", re.compile(rf"{moment + 1}|{moment}"))
    page.keyboard.press("End")
    expect(river).to_have_attribute("aria-valuetext", "now, live")


def test_a_typed_time_is_shown_and_one_that_is_not_kept_says_so(visitors, night):
    guest = visitors(night.url)
    guest.is_cut_off = True  # the browser complains of an answer that is no success
    page = guest.visit("/?at=2020-01-01T00:00:00Z", live=False)
    expect(page.get_by_role("alert")).to_contain_text("The map does not keep that moment.")
    asked = page.evaluate("new Date('2020-01-01T00:00:00Z').getFullYear()")
    expect(page.get_by_label("Go to a time")).to_have_value(re.compile(f"^{asked}-"))
    page.get_by_role("button", name="Show the oldest that it keeps").click()
    expect(banner(page)).to_be_visible()
    recovered, failed = turns(night)
    wanted = datetime.fromtimestamp(round((failed + recovered) / 2), UTC)
    local = page.evaluate(
        "(ms) => new Date(ms - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 19)",
        wanted.timestamp() * 1000,
    )
    page.get_by_label("Go to a time").fill(local)
    page.get_by_label("Go to a time").press("Enter")
    expect(page).to_have_url(re.compile(re.escape(wanted.strftime("at=%Y-%m-%dT%H:%M:%SZ"))))
    expect(banner(page)).to_be_visible()


def test_the_details_say_since_when_and_what_was_before(visitors, night):
    page = visitors(night.url).visit(f"/?select={NODE}&panel=events")
    since = details(page).locator(".since")
    expect(since).to_contain_text("online since")
    expect(since).to_contain_text("before: error")
    happened = page.get_by_role("list", name="What happens")
    expect(happened.get_by_text(re.compile("Калина-1"))).not_to_have_count(0)
    since.get_by_role("button").click()
    expect(banner(page)).to_be_visible()
    expect(details(page).locator(".chip").first).to_have_text("online")


def test_who_was_away_is_told_what_happened_and_shown_where(visitors, night):
    guest = visitors(night.url)
    guest.looks_before_the_map = True  # it was away for longer than the map is old
    guest.context.add_init_script(AWAY)
    page = guest.visit()
    story = page.get_by_role("region", name=re.compile("Since you left, 14 hours ago"))
    expect(story).to_be_visible()
    guest.see("story")
    story.get_by_role("button", name="Show me").click()
    expect(story.get_by_role("list")).to_contain_text(re.compile("trouble|Калина-1"))
    story.get_by_role("listitem").first.get_by_role("button").click()
    expect(banner(page)).to_be_visible()
    before = re.search("at=[^&]+", page.url).group()
    story.get_by_role("button", name="After").click()
    expect(page).not_to_have_url(re.compile(re.escape(before)))
    expect(banner(page)).to_be_visible()
    guest.see("story-step")
    assert guest.faults() == []
    story.get_by_role("button", name="Skip").last.click()
    expect(story).to_have_count(0)
    expect(page.locator(".connection.is-live")).to_be_visible()


def test_what_was_can_be_played_up_to_the_present(visitors, night):
    page = visitors(night.url).visit(f"/?select={NODE}")
    _, failed = turns(night)
    drag_to(page, failed - 1)
    expect(banner(page)).to_be_visible()
    page.get_by_label("Speed").select_option("1")
    page.get_by_role("button", name="Play from here").click()
    expect(details(page).locator(".chip").first).to_have_text("error")  # for seconds, at this speed
    page.get_by_label("Speed").select_option("60")
    expect(page.locator(".connection.is-live")).to_be_visible()
    expect(details(page).locator(".chip").first).to_have_text("online")


@pytest.mark.parametrize(("scheme", "locale"), [("dark", "uk-UA"), ("light", "en-GB")])
def test_a_moment_is_seen_for_what_it_is_in_a_narrow_window(visitors, night, scheme, locale):
    guest = visitors(
        night.url,
        viewport={"width": 360, "height": 740},
        has_touch=True,
        color_scheme=scheme,
        locale=locale,
    )
    page = guest.visit("/?at=-3s", live=False)
    expect(page.locator(".past strong")).to_be_visible()
    expect(page).to_have_url(re.compile(r"at=\d{4}-"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert guest.faults() == []
    guest.see(f"past-narrow-{scheme}")


def test_of_a_moment_that_is_not_kept_nothing_burns(visitors, harbour):
    def drawn(ships):
        harbour.say(ships)
        guest = visitors(harbour.map.url)
        guest.looks_before_the_map = True
        page = guest.visit("/?panel=none")
        expect(page.get_by_role("button", name=re.compile("^Problems . problem"))).to_have_count(
            int(ships != SHIPS)
        )
        page = guest.visit("/?panel=none&at=2020-01-01T00:00:00Z", live=False)
        expect(page.get_by_text("The map does not keep that moment.")).to_be_visible()
        page.wait_for_function("() => performance.getEntriesByName('livingmap:drawn').length > 0")
        return still(page.get_by_role("application"))

    assert drawn({**SHIPS, "Aurora": {"status": "error"}}) == drawn(SHIPS)


def still(stage):
    """Return a picture of the map, once nothing of it moves any more."""
    picture, last = stage.screenshot(), b""
    while picture != last:
        stage.page.wait_for_timeout(500)
        picture, last = stage.screenshot(), picture
    return picture
