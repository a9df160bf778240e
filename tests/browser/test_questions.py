"""What people ask of numbers and votes, each answered in at most three steps."""

import json
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlparse
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.thumb import PHONE, Thumb
from tests.support.ports import free_port
from tests.support.running import replayed

DAY = timedelta(days=1)
CREW = {"Aurora": 41, "Borealis": 9, "Tender": 4}
"""What the crews came to in the end; on all days before Aurora had 12 or 13."""


def details(page):
    return page.get_by_role("complementary", name="Details")


def read(url, language="en"):
    with urlopen(Request(url, headers={"Accept-Language": language}), timeout=30) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def week(the_harbour, tmp_path_factory):
    """A week of the harbour in a file that is served: each hour the crews, and in the end an unusual one."""
    end = datetime.now(UTC).replace(hour=12, minute=30, second=0, microsecond=0) - 2 * DAY
    start = end - 8 * DAY
    lines = head(f"{the_harbour.map.url}/living-map", start)
    hours = (start + timedelta(hours=hour) for hour in range(1, 8 * 24))
    lines += [event(at, Aurora=12 + at.day % 2, Borealis=9, Tender=4) for at in hours]
    lines.append(event(end - timedelta(minutes=40), "degraded", **CREW))
    with served(lines, end, tmp_path_factory) as shown:
        yield shown


@pytest.fixture(scope="module")
def hours(the_map, tmp_path_factory):
    """Three hours in which the network stays as it is."""
    end = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - DAY
    lines = head(f"{the_map.url}/living-map", end - timedelta(hours=3))
    with served(lines, end, tmp_path_factory) as shown:
        yield shown


def head(api, start):
    """Return how an export begins: with what a map says of its types, and with what it has."""
    types = {language: read(f"{api}/types", language) for language in ("en", "uk")}
    sentences = read(f"{api}/sentences")["sentences"]
    export = {"kind": "export", "format": 1, "version": "1", "types": types, "sentences": sentences}
    return [export, {"kind": "snapshot", "timestamp": start.isoformat(), "payload": read(f"{api}/snapshot")}]


@contextmanager
def served(lines, end, tmp_path_factory):
    """Serve an export; give its address, and when it ends."""
    file = tmp_path_factory.mktemp("export") / "export.jsonl"
    ended = [*lines, {"kind": "end", "at": end.isoformat()}]
    file.write_text("\n".join(map(json.dumps, ended)), encoding="utf-8")
    with replayed(file, free_port()) as url:
        yield url, end.isoformat().replace("+00:00", "Z")


def event(at, status=None, **crew):
    changed = {"Aurora": {"status": status}} if status else {}
    changes = [
        {"op": "put", "layer": "harbour", "collection": "items", "id": f"ship:{name}", "unset": []}
        | {"set": {"crew": count, **changed.get(name, {})}}
        for name, count in crew.items()
    ]
    kind = {"kind": "event", "event_type": "ship.counted", "timestamp": at.isoformat(), "payload": {}}
    return {**kind, "changes": changes}


def test_numbers_over_time_say_what_is_unusual_and_a_link_keeps_them(visitors, week):
    url, end = week
    guest = visitors(url)
    page = guest.visit(f"/?at={end}", live=False)
    page.get_by_role("button", name="Trends").click()
    panel = page.get_by_role("region", name="Trends")
    panel.get_by_label("By").select_option("Ship: each by itself")
    expect(panel.locator(".trend-list .trend-unusual")).to_have_text(
        [re.compile("^3.* times its usual 1[23]$")] * 2
    )
    expect(panel.locator(".trend-list").last.locator(".trend-name")).to_have_text(list(CREW))
    panel.get_by_role("button", name=re.compile("^Aurora")).last.click()
    expect(panel.locator(".chart")).to_have_count(2)
    assert guest.faults() == []
    guest.see("trends")
    other = visitors(url, locale="uk", viewport={"width": 360, "height": 740}, color_scheme="light")
    there = other.visit(page.url.removeprefix(url), live=False)
    expect(there.locator(".trend-list .trend-unusual").first).to_have_text(
        re.compile("раза? більше за звичні 1[23]$")
    )
    assert there.evaluate("document.documentElement.scrollWidth") == 360
    assert other.faults() == []


def test_tokens_and_cost_are_added_up_by_microdao_by_agent_and_by_model(visitors, hours):
    url, end = hours
    guest = visitors(url)
    page = guest.visit(f"/?panel=trends&at={end}", live=False)
    panel = page.get_by_role("region", name="Trends")
    layers = read(f"{url}/living-map/snapshot?at={end}")["layers"]
    used = [one for one in layers["agents"]["items"] if "usage" in one]
    models = layers["usage"]["models"]
    by_home = {one["microdao_id"]: 0 for one in used}
    for one in used:
        by_home[one["microdao_id"]] += one["usage"]["tokens_24h"]
    dearest = (
        ("cost, 24 h, estimated", "microDAO", max(by_home.values())),
        ("cost, 24 h, estimated", "Agent: each by itself", max(one["usage"]["tokens_24h"] for one in used)),
        ("cost", "Model: each by itself", max(one["tokens"] for one in models)),
    )
    for field, by, tokens in dearest:
        panel.get_by_label("What").select_option(field)
        panel.get_by_label("By").select_option(by)
        first = panel.locator(".trend-list").last.locator("li").first
        expect(first).to_contain_text(f"{round(tokens * 2 / 1e6, 2):g} USD")
    guest.see("cost")


def test_the_day_of_a_thing_says_how_it_was_and_what_happened(visitors, week):
    url, end = week
    guest = visitors(url, timezone_id="UTC")
    page = guest.visit(f"/?at={end}&select=ship:Aurora", live=False)
    details(page).get_by_role("button", name="Its day").click()
    expect(details(page).locator(".day-times")).to_contain_text("degraded 40 min")
    expect(details(page).locator(".day-groups > li")).to_have_count(1)
    expect(details(page).locator(".live-value").first).to_contain_text("Crew41")
    assert guest.faults() == []
    there = visitors(url, timezone_id="America/New_York").visit(page.url.removeprefix(url), live=False)
    expect(details(there).locator(".day-times")).to_contain_text("degraded 40 min")
    details(page).get_by_role("button", name="The day before").click()
    expect(details(page).locator(".day-times")).to_have_text("online 1 day")
    details(page).get_by_role("button", name="← Details").click()
    expect(details(page).get_by_role("button", name="Its day")).to_be_visible()


def test_the_day_of_a_thing_waits_for_the_end_of_a_recording(visitors, week):
    url, end = week
    guest = visitors(url, timezone_id="UTC")
    waiting = []

    def hold(route):
        waiting.append(route)

    guest.page.route(re.compile("/snapshot.*at=-0s"), hold)
    day = f"{end[:10]}T00:00:00Z"
    page = guest.visit(f"/?at={end}&select=ship:Aurora&day={day}", live=False)
    expect(details(page)).to_contain_text("Reading")
    page.wait_for_timeout(500)
    for route in waiting:
        route.continue_()
    expect(details(page).locator(".day-times")).to_contain_text("degraded 40 min")


def test_of_a_day_before_anything_was_recorded_nothing_is_asked_that_nobody_can_know(visitors, week):
    url, end = week
    day = datetime.fromisoformat(end).replace(hour=0, minute=0) - 9 * DAY
    guest = visitors(url, timezone_id="UTC")
    page = guest.visit(f"/?at={end}&select=ship:Aurora&day={day:%Y-%m-%dT%H:%M:%SZ}", live=False)
    expect(details(page).locator(".live-value").first).to_contain_text("Crewnot recorded")
    expect(details(page)).to_contain_text("Nothing was recorded on this day.")


def test_two_things_stand_side_by_side_and_a_link_keeps_them(visitors, harbour):
    guest = visitors(harbour.map.url)
    page = guest.visit("/?panel=none&only=ship:Aurora")
    page.get_by_label("Compare with…").focus()  # only then the others are listed
    page.get_by_label("Compare with…").select_option("Borealis")
    both = page.get_by_role("region", name="Aurora and Borealis")
    crew = both.get_by_role("row", name=re.compile("^Crew"))
    expect(crew.get_by_role("cell")).to_have_text(["12", "9"])
    widths = [bar.bounding_box()["width"] for bar in crew.locator(".compare-bar > span").all()]
    assert widths[1] == pytest.approx(widths[0] * 9 / 12, abs=1)
    assert guest.faults() == []
    guest.see("compare")
    assert parse_qs(urlparse(page.url).query)["beside"] == ["ship:Borealis"]
    other = visitors(harbour.map.url, viewport={"width": 360, "height": 740})
    there = other.visit(page.url.removeprefix(harbour.map.url))
    expect(there.get_by_role("row", name=re.compile("^Crew")).get_by_role("cell")).to_have_text(["12", "9"])
    assert there.evaluate("document.documentElement.scrollWidth") == 360
    assert other.faults() == []
    there.get_by_role("button", name="End the comparison").click()
    expect(there.get_by_text("Only Aurora and what depends on it")).to_be_visible()


def test_a_vote_leads_to_its_page_and_what_has_none_leads_nowhere(visitor):
    page = visitor.visit("/?mode=table&type=proposal&status=active&sort=end_at")
    page.get_by_role("table").get_by_role("row").nth(1).get_by_role("button").click()
    link = details(page).get_by_role("link", name="Open")
    proposal = parse_qs(urlparse(page.url).query)["select"][0]
    expect(link).to_have_attribute("href", f"https://vote.example.org/{proposal.removeprefix('proposal:')}")
    page.goto(f"{visitor.url}/?select=agent:bramwell-ledger")  # for agents no link is configured
    expect(details(page).locator(".facts")).to_be_visible()
    expect(details(page).get_by_role("link", name="Open")).to_have_count(0)


def test_a_thumb_learns_which_votes_end_soon_and_how_they_stand(visitors, the_map):
    page = visitors(the_map.url, **PHONE).visit("/")
    thumb = Thumb()
    thumb.tap(page.get_by_role("button", name="Search"))
    thumb.choose(page.get_by_label("Type"), "Proposal")
    first = page.locator(".lines .line").first
    expect(first).to_contain_text(re.compile(r"voting ends .* · turnout [\d.]+% · quorum [\d.]+%"))
    proposals = read(f"{the_map.url}/living-map/snapshot")["layers"]["dao"]["proposals"]
    now = datetime.now(UTC).isoformat()
    ends = {one["title"]: one["end_at"] for one in proposals if (one["end_at"] or "") > now}
    assert ends[first.locator(".line-name").text_content()] == min(ends.values())
    assert is_whole(first.locator(".line-more"))
    for line in page.locator(".lines .line-more").all():
        assert is_whole(line)
    link = page.locator(".lines li").first.get_by_role("link", name="Open")
    page_of_vote = link.get_attribute("href")
    page.context.route("https://vote.example.org/**", lambda route: route.fulfill(body="The vote"))
    with page.context.expect_page() as opened:
        thumb.tap(link)
    expect(opened.value).to_have_url(page_of_vote)
    opened.value.close()
    page.context.unroute("https://vote.example.org/**")
    assert page_of_vote == f"https://vote.example.org/{first_id(proposals, ends)}"
    first.tap()
    expect(details(page).get_by_role("link", name="Open")).to_have_attribute("href", page_of_vote)


def first_id(proposals, ends):
    """Return the key of the vote that ends first."""
    soonest = min(ends, key=ends.get)
    return next(one["id"] for one in proposals if one["title"] == soonest).removeprefix("proposal:")


def is_whole(text) -> bool:
    return text.evaluate("one => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth")


def test_a_thumb_finds_what_is_unusual_and_what_somebody_did_that_day(visitors, week):
    url, end = week
    page = visitors(url, timezone_id="UTC", **PHONE).visit(f"/?at={end}", live=False)
    thumb = Thumb()
    thumb.tap(page.get_by_role("button", name="Trends"))
    panel = page.get_by_role("region", name="Trends")
    thumb.choose(panel.get_by_label("By"), "Ship: each by itself")
    expect(panel.locator(".trend-list .trend-unusual").first).to_have_text(re.compile("times its usual"))
    thumb.tap(panel.get_by_role("button", name=re.compile("^Aurora")).last)
    expect(panel.locator(".trend-more .chart")).to_be_visible()
    thumb = Thumb()
    thumb.tap(page.get_by_role("button", name="Search"))
    thumb.tap(page.locator(".lines .line", has_text="Aurora"))
    thumb.tap(details(page).get_by_role("button", name="Its day"))
    expect(details(page).locator(".day-times")).to_contain_text("degraded 40 min")


def test_a_thumb_pins_compares_counts_and_sends(visitors, the_map):
    guest = visitors(the_map.url, permissions=["clipboard-read", "clipboard-write"], **PHONE)
    page = guest.visit("/")
    thumb = Thumb()
    thumb.tap(page.get_by_role("button", name="Search"))
    thumb.tap(page.locator(".lines .line").first)
    # each of these is the third tap
    steps = details(page).locator(".ring")
    steps.first.locator("summary").tap()
    expect(steps.first.get_by_role("button").first).to_be_visible()
    expect(steps.nth(1)).to_contain_text("2 steps away")
    details(page).get_by_role("button", name="Copy this moment").tap()
    expect(details(page).get_by_role("button", name="Copied")).to_be_visible()
    link = parse_qs(urlparse(page.evaluate("navigator.clipboard.readText()")).query)
    assert link["select"] == parse_qs(urlparse(page.url).query)["select"]
    details(page).get_by_role("button", name="Only this").tap()
    assert parse_qs(urlparse(page.url).query)["only"] == link["select"]
    beside = details(page).get_by_label("Compare with…")
    thumb.tap(beside)
    beside.select_option(index=1)
    # and nothing lies over the answer
    expect(details(page)).to_have_count(0)
    assert parse_qs(urlparse(page.url).query)["only"] == link["select"]
    expect(page.locator(".compare-table").first).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") == 360
