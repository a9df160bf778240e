"""The page in a real browser: what people see and do."""

import json
import re
from datetime import UTC, datetime
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOVING
from tests.browser.shifts import assert_still, assert_that_it_kept_still, watch_shifts

LAYERS = ("City", "Space", "Nodes", "Agents", "DAO", "Messaging")
NODE = "node:eastmere-1-gpu"


def test_the_map_is_drawn(visitor):
    page = visitor.visit()
    expect(page.locator("main canvas").first).to_be_visible()
    visitor.see("map-dark")
    assert len(page.screenshot()) > 150_000  # a map in all its colours does not compress to less


def test_each_layer_can_be_shown_alone(visitor):
    page = visitor.visit("/?panel=none")
    for layer in LAYERS:
        page.get_by_role("button", name=re.compile(f"^{layer}")).dblclick()
        pressed = page.get_by_role("group", name="Layers").locator("[aria-pressed=true]")
        expect(pressed).to_have_text(re.compile(f"^{layer}"))
        assert f"layers={layer.lower()}" in page.url
        visitor.see(f"layer-{layer.lower()}")
        pressed.dblclick()
        expect(page.get_by_role("group", name="Layers").locator("[aria-pressed=true]")).to_have_count(len(LAYERS))


def test_an_event_changes_what_is_seen_without_a_reload(visitor, the_map):
    page = visitor.visit(f"/?select={NODE}&panel=events")
    page.evaluate("window.sameLoad = true")
    for cpu, shown in ((0.41, "41%"), (0.93, "93%")):
        the_map.publish("node.metrics.update", {"node_id": NODE, "cpu": cpu, "gpu": 0.5, "ram": 0.5})
        details = page.get_by_role("complementary", name="Details")
        expect(details.locator(".live-value", has_text="CPU").locator(".load-number")).to_have_text(shown)
        expect(page.get_by_role("list", name="What happens").get_by_text(f"CPU {shown}").first).to_be_visible()
        expect(details.locator(".history").get_by_text(f"CPU {shown}").first).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Problems"))).to_be_visible()
    visitor.see("details")
    assert page.evaluate("window.sameLoad")


def test_who_searches_is_flown_there_and_a_click_on_the_map_opens_it(visitors, the_map):
    visitor = visitors(the_map.url, **MOVING)
    page = visitor.visit()
    page.keyboard.press("/")
    page.keyboard.type("amber com")
    expect(page.get_by_text("1 found")).to_be_visible()
    page.keyboard.press("Enter")
    details = page.get_by_role("complementary", name="Details")
    expect(details.get_by_role("heading", name="Amber Commons")).to_be_visible()
    expect(page).to_have_url(re.compile("view="))
    visitor.see("search")
    details.get_by_role("button", name="Close the details").click()
    expect(details).to_have_count(0)
    box = page.locator("main").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(details.get_by_role("heading").first).to_be_visible()


def test_filters_narrow_the_search_and_stand_in_the_address(visitor):
    page = visitor.visit("/?type=node&status=offline")
    offline = int(page.get_by_text(re.compile(r"^\d+ found$")).text_content().split()[0])
    assert 0 < offline < 40
    page.get_by_label("Status").select_option("")
    expect(page.get_by_text("40 found")).to_be_visible()
    assert "type=node" in page.url
    assert "status" not in page.url
    page.get_by_role("button", name="Clear").click()
    assert "type" not in page.url


def test_relations_lead_from_one_thing_to_the_next(visitor):
    page = visitor.visit(f"/?select={NODE}")
    details = page.get_by_role("complementary", name="Details")
    details.locator(".relations").get_by_role("button").first.click()
    expect(details.get_by_role("heading").first).not_to_have_text("Калина-1")
    page.go_back()
    expect(details.get_by_role("heading").first).to_have_text("Калина-1")


@pytest.mark.parametrize(("language", "word"), [("en", "Open"), ("uk", "Відкрити")])
def test_a_thing_opens_where_it_has_a_page_elsewhere(visitors, the_map, language, word):
    guest = visitors(the_map.url, locale=language)
    link = guest.visit(f"/?panel=none&select={NODE}").get_by_role("link", name=word, exact=True)
    expect(link).to_have_attribute("href", "https://city.example.org/nodes/eastmere-1-gpu")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(link).to_have_attribute("target", "_blank")
    guest.see(f"open-{language}")
    guest.context.route("https://city.example.org/**", lambda route: route.fulfill(body="<title>there</title>"))
    with guest.context.expect_page() as opened:
        link.click()
    assert opened.value.evaluate("window.opener") is None


def test_problems_come_first_and_lead_to_where_they_are(visitor):
    page = visitor.visit("/?panel=problems")
    panel = page.get_by_role("region", name="Problems")
    visitor.see("problems")
    panel.get_by_role("button", name=re.compile("offline")).first.click()
    expect(page.get_by_role("complementary", name="Details").get_by_text("offline").first).to_be_visible()


def test_a_pause_holds_everything_and_ends_in_one_update(visitor, the_map):
    page = visitor.visit("/?panel=events")
    page.get_by_role("banner").get_by_role("button", name="Pause").click()
    for number in range(3):
        the_map.publish(
            "node.metrics.update", {"node_id": NODE, "cpu": 0.61 + number / 100, "gpu": 0.5, "ram": 0.5}
        )
    resume = page.get_by_role("banner").get_by_role("button", name=re.compile("Resume"))
    expect(resume).to_have_text(re.compile(r"Resume([3-9]|\d\d)"))  # polls are events too
    expect(page.get_by_text("CPU 63%")).to_have_count(0)
    resume.click()
    line = page.locator(".happening", has=page.get_by_text("CPU 63%")).first  # one line of one thing, which opens
    line.get_by_role("button", expanded=False).click()
    for cpu in ("61%", "62%", "63%"):
        expect(line.get_by_text(f"CPU {cpu}").last).to_be_visible()


def test_what_happened_to_one_thing_is_one_line_and_a_place_chooses_it(visitors, the_map):
    with urlopen(f"{the_map.url}/living-map/entities/{NODE}", timeout=30) as answer:
        home = json.load(answer)["data"]["microdao_id"]
    for locale, label, everywhere, tens in (("en", "Place", "everywhere", 70), ("uk", "Місце", "усюди", 80)):
        page = visitors(the_map.url, locale=locale).visit(f"/?panel=events&events-place={home}")
        for load in (tens + 1, tens + 2, tens + 3):
            values = {"node_id": NODE, "cpu": load / 100, "gpu": 0.5, "ram": 0.5}
            the_map.publish("node.metrics.update", values)
        second, third = (page.get_by_text(re.compile(rf"{tens + last}\s?%")) for last in (2, 3))
        line = page.locator(".happening", has=third).first
        line.get_by_role("button", expanded=False).click()
        expect(line.get_by_text(re.compile(rf"{tens + 2}\s?%")).last).to_be_visible()
        place = page.get_by_role("combobox", name=label, exact=True)
        expect(place).to_have_value(home)
        other = place.locator(f"option:not([value='']):not([value='{home}'])").first.get_attribute("value")
        place.select_option(other)
        expect(page).to_have_url(re.compile(f"events-place={re.escape(other)}"))
        expect(second).to_have_count(0)
        place.select_option(label=everywhere)
        expect(second).not_to_have_count(0)
        expect(page).not_to_have_url(re.compile("events-place"))


def test_the_table_says_the_same_and_sorts(visitor):
    page = visitor.visit("/?mode=table&panel=none&type=node")
    table = page.get_by_role("table")
    assert table.get_attribute("aria-rowcount") == "41"
    table.get_by_role("button", name="CPU").click()
    expect(table.get_by_role("columnheader", name="CPU")).to_have_attribute("aria-sort", "descending")
    loads = [
        int(text.rstrip("%"))
        for text in table.locator(".table-body .table-row > div:nth-child(4)").all_inner_texts()[:9]
    ]
    assert loads == sorted(loads, reverse=True)
    table.get_by_role("row").nth(1).get_by_role("button").click()
    expect(page.get_by_role("complementary", name="Details")).to_be_visible()
    visitor.see("table")


def test_which_votes_end_next_and_how_they_stand_is_a_link(visitors, the_map):
    page = visitors(the_map.url).visit("/?mode=table&panel=none&type=proposal&status=active")
    table = page.get_by_role("table")
    ends = table.get_by_role("columnheader", name=re.compile("^(Voting )?[Ee]nds"))
    ends.get_by_role("button").click()
    expect(ends).to_have_attribute("aria-sort", "ascending")
    expect(table.get_by_role("columnheader", name=re.compile("[Qq]uorum"))).to_be_visible()
    first = table.get_by_role("row").nth(1).get_by_role("button").inner_text()
    other = visitors(the_map.url).visit(page.url.removeprefix(the_map.url))
    expect(other.get_by_role("row").nth(1)).to_contain_text(first)


@pytest.mark.parametrize("locale", ["en", "uk"])
def test_a_narrower_table_says_at_what_time_votes_end(visitors, the_map, locale):
    guest = visitors(the_map.url, viewport={"width": 768, "height": 1024}, locale=locale)
    page = guest.visit("/?mode=table&panel=none&type=proposal&status=active")
    time = page.locator(".table-body .table-row > div", has_text=re.compile(r"\d:\d\d")).first
    assert time.evaluate("cell => cell.scrollWidth <= cell.clientWidth")


def test_sources_say_that_they_are_simulated(visitor):
    page = visitor.visit("/?panel=sources")
    expect(
        page.get_by_role("list", name="Where this comes from").get_by_text("simulated", exact=True)
    ).to_have_count(7)
    visitor.see("sources")


def test_the_page_speaks_ukrainian_and_remembers_it(visitor):
    page = visitor.visit()
    page.locator(".language").click()
    expect(page.get_by_role("heading", name="Жива мапа")).to_be_visible()
    page = visitor.visit()
    expect(page.locator(".connection.is-live")).to_have_text("Наживо")
    assert page.evaluate("document.documentElement.lang") == "uk"
    visitor.see("ukrainian")


def test_the_first_visit_explains_itself_once(visitors, the_map):
    newcomer = visitors(the_map.url, introduced=False)
    page = newcomer.visit()
    expect(page.get_by_role("dialog", name="How to read the map")).to_be_visible()
    assert newcomer.faults() == []
    newcomer.see("introduction")
    page.get_by_role("button", name="Look around").click()
    page = newcomer.visit()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_light_and_dark_can_be_chosen(visitors, the_map):
    page = (guest := visitors(the_map.url, color_scheme="light")).visit(f"/?select={NODE}")
    guest.see("map-light")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark or light").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_a_narrow_window_shows_everything_in_its_width(visitors, the_map):
    guest = visitors(the_map.url, viewport={"width": 360, "height": 740}, has_touch=True)
    page = guest.visit()
    guest.see("narrow")
    page.get_by_role("button", name=re.compile("^Search")).tap()
    page.get_by_label("Search the map").fill("amber com")
    page.get_by_role("region", name="Search").get_by_role("button", name=re.compile("Amber Commons")).tap()
    expect(page.get_by_role("complementary", name="Details")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.wait_for_function("() => !document.querySelector('aside')?.getAnimations({subtree: true}).length")
    assert guest.faults() == []
    guest.see("narrow-details")


@pytest.mark.parametrize(
    "address",
    [
        f"/?select={NODE}&panel=events",
        "/?panel=problems&select=dao:kolo-kamianoho-brodu",
        "/?panel=sources",
        "/?mode=table",
    ],
)
def test_axe_finds_no_serious_fault(visitors, the_map, address):
    guest = visitors(the_map.url, color_scheme="dark")
    page = guest.visit(address)
    assert guest.faults() == []
    page.emulate_media(color_scheme="light")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    assert guest.faults() == []


def test_details_that_still_wait_for_their_charts_have_no_fault_either(visitors, the_map):
    guest = visitors(the_map.url)
    page = guest.visit(f"/?select={NODE}")
    sections = page.locator(".details .scroll > div")
    expect(sections).not_to_have_class("is-settling")
    sections.evaluate("element => { element.className = 'is-settling' }")
    expect(sections).to_be_hidden()
    assert guest.faults() == []


@pytest.mark.parametrize("address", ["panel=none", "panel=problems"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 360), (768, 1024), (1440, 900), (1920, 1080)])
def test_the_page_does_not_move_while_it_loads(visitors, the_map, width, height, address):
    guest = visitors(the_map.url, is_cold=True, **MOVING, viewport={"width": width, "height": height})
    page = guest.visit(f"/?{address}&select={NODE}")
    expect(page.locator(".details .since")).to_be_visible()
    assert_that_it_kept_still(page)


@pytest.mark.parametrize("address", ["panel=none", "panel=problems"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 360), (768, 1024)])
def test_nor_does_it_move_while_it_loads_a_moment_of_the_past(visitors, the_map, width, height, address):
    guest = visitors(the_map.url, is_cold=True, **MOVING, viewport={"width": width, "height": height})
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    page = guest.visit(f"/?{address}&select={NODE}&at={moment}", live=False)
    expect(page.locator(".details .since")).to_be_visible()
    expect(page.locator(".past-note")).to_be_attached()
    assert_that_it_kept_still(page)


def test_a_link_to_a_page_elsewhere_that_comes_late_moves_nothing(visitors, the_map):
    guest = visitors(the_map.url, is_cold=True, viewport={"width": 360, "height": 740})

    def late(route):
        guest.page.wait_for_timeout(1500)
        route.fulfill(response=route.fetch())

    guest.context.route("**/living-map/entities/*", late)
    page = guest.visit(f"/?panel=none&select={NODE}")
    actions = page.locator(".details .actions")
    expect(actions).to_be_visible()
    watch_shifts(page)
    expect(actions.get_by_role("link", name="Open")).to_be_visible()
    assert_still(page)


def test_a_chart_whose_answer_comes_late_and_is_empty_says_why_there_is_none(visitors, the_map):
    guest = visitors(the_map.url)

    def late(route):
        guest.page.wait_for_timeout(1500)
        route.fulfill(json={**route.fetch().json(), "points": []})

    guest.context.route("**/living-map/series?*metrics.cpu*", late)
    page = guest.visit(f"/?panel=none&select={NODE}")
    cpu = page.locator(".live-value").filter(has=page.get_by_text("CPU", exact=True))
    expect(cpu.locator(".chart.is-empty")).to_have_text("Nothing was recorded in this span.")


def test_what_is_grave_is_listed_before_what_only_wants_attention(visitor):
    page = visitor.visit("/?panel=problems")
    sections = page.locator(".problems section")
    expect(sections).to_have_count(2)
    expect(sections.first.get_by_role("heading")).to_have_text(re.compile("^nodes"))


def test_the_rows_of_a_table_are_rows_in_a_narrow_window_too(visitors, the_map):
    page = visitors(the_map.url, viewport={"width": 360, "height": 740}).visit("/?mode=table&type=node")
    expect(page.get_by_role("columnheader").nth(8)).to_be_attached()
    tops = "(cells) => new Set(cells.map((cell) => Math.round(cell.getBoundingClientRect().top / 8))).size"
    assert page.get_by_role("columnheader").evaluate_all(tops) == 1
    assert page.get_by_role("row").nth(1).get_by_role("cell").evaluate_all(tops) == 1


def test_a_part_that_cannot_be_loaded_says_so_and_is_tried_again(visitors, the_map):
    guest = visitors(the_map.url)
    guest.is_cut_off = True
    parts = re.compile(r"/assets/(EventsPanel|Sections)-")
    guest.context.route(parts, lambda route: route.abort())
    page = guest.visit("/?panel=events&select=" + NODE)
    for place in (page.get_by_role("region", name="Events"), page.get_by_role("complementary", name="Details")):
        alert = place.get_by_role("alert")
        expect(alert).to_contain_text("could not be loaded")
        expect(alert.get_by_role("button", name="Reload")).to_be_visible()
    page.wait_for_function(  # until all is tried: what loads the rest while the page is idle may try these again
        "() => performance.getEntriesByType('resource').some(({name}) => /Compare-/.test(name))"
    )
    guest.context.unroute(parts)
    for place in (page.get_by_role("region", name="Events"), page.get_by_role("complementary", name="Details")):
        place.get_by_role("button", name="Try again").click()
        expect(place.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("list", name="What happens")).to_be_visible()
    expect(page.locator(".details .live-value").first).to_be_visible()


def test_what_is_opened_later_is_there_without_a_network(visitors, the_map):
    guest = visitors(the_map.url)
    guest.is_cut_off = True
    page = guest.visit("/?panel=none")
    page.wait_for_function(
        "() => performance.getEntriesByType('resource').some(({name}) => /Compare-/.test(name))"
    )
    guest.context.set_offline(True)
    page.get_by_role("button", name=re.compile("^Sources")).click()
    expect(page.get_by_role("list", name="Where this comes from")).to_be_visible()


SMALL = ((360, 740), (640, 360), (360, 500))


@pytest.mark.parametrize("locale", ["en", "uk"])
@pytest.mark.parametrize("at", ["-5s", "2020-01-01T00:00:00Z"])
def test_no_banner_lies_over_a_title_in_a_small_window(visitors, the_map, locale, at):
    guest = visitors(the_map.url, viewport={"width": SMALL[0][0], "height": SMALL[0][1]}, locale=locale)
    guest.looks_before_the_map = True
    for sheet, address in ((".panel", "panel=problems"), (".details", f"panel=none&select={NODE}")):
        if sheet == ".details" and at != "-5s":
            continue  # nothing is known of a moment that is not kept
        page = guest.visit(f"/?{address}&at={at}&only=microdao:amber-commons", live=False)
        expect(page.locator(f"{sheet} h2").first).to_be_visible()
        expect(page.locator(".past strong")).to_be_visible()
        for width, height in SMALL:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_function(
                """([sheet, width]) => {
                  const [banners, title] = ['.banners', sheet + ' h2'].map(
                    (one) => document.querySelector(one).getBoundingClientRect());
                  const isBeside = banners.right <= title.left || title.right <= banners.left;
                  const isApart = banners.bottom <= title.top || isBeside;
                  const isInside = document.documentElement.scrollWidth === width;  // once the sheet has slid in
                  return isApart && isInside && title.bottom < innerHeight;
                }""",
                arg=[sheet, width],
            )


def test_a_vote_is_called_by_what_is_voted_on(visitor, the_map):
    with urlopen(f"{the_map.url}/living-map/snapshot?layers=dao", timeout=30) as answer:
        dao = json.load(answer)["layers"]["dao"]
    titles = {one["id"]: one["title"] for one in dao["proposals"]}
    names = {f"{one['id'][5:13]} · {titles[one['proposal_id']]}" for one in dao["votes"]}
    page = visitor.visit("/?mode=table&panel=none&type=vote")
    first = page.get_by_role("row").nth(1).get_by_role("button").inner_text()
    assert first.strip() in names
