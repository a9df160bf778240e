"""What is read stays where it is while banners come, go and count, and small windows have signs for words."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SHIPS
from tests.browser.shifts import assert_still, watch_shifts
from tests.browser.thumb import PHONE

BARGES = {f"Barge {number:02}": {"status": "online"} for number in range(60)}
SHOW_NEW = re.compile(r"^Show \d+ new$")
"""Of one more where the service was silent in the test before, and is back."""
HISTORY = "section:has(.new-lines) > .history"
LAYERS = ("City", "Space", "Nodes", "Agents", "DAO", "Messaging")


def assert_at(read, place):
    """Assert that something comes to rest at a place, to less than a pixel."""
    for _ in range(20):
        box = read.bounding_box()
        if max(abs(box[one] - place[one]) for one in ("x", "y")) < 1:
            return
        read.page.wait_for_timeout(100)
    raise AssertionError((box, place))


@pytest.mark.parametrize(
    ("width", "address", "what"),
    [
        (360, "panel=none&mode=table", ".table-row:has-text('Barge 08')"),
        (1440, "panel=none&mode=table", ".table-row:has-text('Barge 08')"),
        (360, "panel=none&only=ship:Aurora", ".pinned"),
        (1440, "panel=none&only=ship:Aurora&select=ship:Tender", ".pinned"),
        (1440, "panel=search", ".line:has-text('Barge 03')"),
        (360, "panel=none&select=ship:Aurora", ".details .actions"),
        (1440, "panel=none&select=ship:Aurora", ".details .facts"),
    ],
)
def test_a_banner_that_comes_and_goes_moves_nothing_that_is_read(visitors, harbour, width, address, what):
    guest = visitors(harbour.map.url, viewport={"width": width, "height": 780})
    harbour.say({**SHIPS, **BARGES})
    page = guest.visit(f"/?{address}")
    read, banner = page.locator(what), page.locator(".doubts")
    expect(read).to_be_visible()
    place = read.bounding_box()
    harbour.fall_silent()
    expect(banner).to_be_visible()
    assert_at(read, place)
    guest.see(f"still-{width}")
    harbour.say({**SHIPS, **BARGES})
    expect(banner).to_have_count(0)
    assert_at(read, place)


@pytest.mark.parametrize(("width", "locale"), [(360, "uk"), (360, "en"), (1440, "en")])
def test_details_of_what_becomes_old_stay_where_they_are(visitors, harbour, width, locale):
    guest = visitors(harbour.map.url, viewport={"width": width, "height": 780}, locale=locale)
    page = guest.visit("/?panel=none&select=ship:Aurora")
    expect(page.locator(".details .since")).to_be_visible()
    places = """() => [...document.querySelectorAll('.details :is(.since, .actions, section, .facts)')].map(
      (one) => [one.offsetTop, one.offsetHeight])"""
    before = page.evaluate(places)
    harbour.fall_silent()
    expect(page.locator(".details .as-of")).to_be_visible()
    assert page.evaluate(places) == before
    guest.see(f"still-details-{width}-{locale}")


@pytest.mark.parametrize("width", [360, 1440])
def test_problems_that_begin_and_end_move_none_that_is_read(visitors, harbour, width):
    harbour.say({**SHIPS, "Aurora": {"status": "error"}, "Tender": {"status": "degraded"}})
    guest = visitors(harbour.map.url, viewport={"width": width, "height": 740})
    page = guest.visit("/?panel=problems")
    lines = page.locator(".problems .trouble")
    expect(lines).to_have_count(2)
    watch_shifts(page)
    harbour.say({**SHIPS, "Aurora": {"status": "error"}, "Borealis": {"status": "error"}})
    fresh = page.locator(".fresh")
    expect(fresh.locator(".trouble")).to_contain_text("Borealis")
    expect(lines.filter(has_text="Tender")).to_contain_text("over")
    assert_still(page)
    guest.see(f"still-problems-{width}")
    page.get_by_role("button", name="Put into order").click()
    expect(fresh).to_have_count(0)
    expect(lines).to_have_count(2)
    expect(lines.filter(has_text="Tender")).to_have_count(0)


def aurora(status):
    return {**SHIPS, "Aurora": {**SHIPS["Aurora"], "status": status}}


def places(lines):
    """Return where each of some lines is, by when it was, written otherwise the next day, and what it says."""
    script = """(lines) => lines.map((line) => {
      const time = line.querySelector('time');
      return [`${time.dateTime} ${line.innerText.replace(time.innerText, '')}`, line.getBoundingClientRect().y];
    })"""
    return dict(lines.evaluate_all(script))


@pytest.mark.parametrize("is_phone", [True, False])
@pytest.mark.parametrize(
    ("address", "part", "of"),
    [
        ("panel=events", ".panel", ".events"),
        ("panel=none&select=ship:Aurora", ".details", HISTORY),
    ],
)
def test_what_happens_meanwhile_waits_above_what_is_read(visitors, harbour, is_phone, address, part, of):
    harbour.say(aurora("error"))
    harbour.heard("Aurora", "error")
    options = PHONE if is_phone else {"viewport": {"width": 1440, "height": 780}}
    guest = visitors(harbour.map.url, **options)
    page = guest.visit(f"/?{address}")
    listed = page.locator(part).locator(of)
    read, show = listed.locator("> li"), page.locator(part).get_by_role("button", name=SHOW_NEW)
    expect(read.first).to_contain_text("error")
    expect(page.locator(".is-settling")).to_have_count(0)
    if not is_phone:
        read.first.hover()
    before, top = places(read), listed.bounding_box()["y"]
    watch_shifts(page)
    harbour.say(aurora("degraded"))
    expect(show).to_be_visible()
    assert_still(page)
    assert places(read).items() >= before.items()
    assert listed.bounding_box()["y"] == top
    guest.see(f"still-new-{address[6:10]}-{is_phone}")
    press = show.tap if is_phone else show.click
    press()
    expect(read.first).to_contain_text("degraded")
    expect(show).to_have_count(0)


def test_what_waits_is_still_there_when_the_mouse_has_come_to_its_button(visitors, harbour):
    page = visitors(harbour.map.url, viewport={"width": 1440, "height": 780}).visit("/?panel=events")
    harbour.say(aurora("error"))
    read, show = page.locator(".events > li"), page.get_by_role("button", name=SHOW_NEW)
    expect(read.first).to_contain_text("error")
    read.first.hover()
    harbour.say(aurora("degraded"))
    expect(show).to_be_visible()
    show.hover()
    page.wait_for_timeout(500)
    expect(read.first).to_contain_text("error")
    show.click()
    expect(read.first).to_contain_text("degraded")
    expect(show).to_have_count(0)


def test_a_list_of_events_that_nobody_reads_goes_on(visitors, harbour):
    page = visitors(harbour.map.url, viewport={"width": 1440, "height": 780}).visit("/?panel=events")
    read = page.locator(".events > li")
    page.mouse.move(1000, 400)
    for status in ("error", "degraded"):
        harbour.say(aurora(status))
        expect(read.first).to_contain_text(status)
    read.first.hover()
    harbour.say(aurora("error"))
    expect(page.get_by_role("button", name=SHOW_NEW)).to_be_visible()
    expect(read.first).to_contain_text("degraded")
    page.mouse.move(1000, 400)
    expect(read.first).to_contain_text("error")


@pytest.mark.parametrize("locale", ["en", "uk"])
def test_a_banner_in_a_narrow_window_has_three_lines_until_it_is_opened(visitors, harbour, locale):
    guest = visitors(harbour.map.url, viewport={"width": 360, "height": 740}, locale=locale)
    page = guest.visit("/?panel=none")
    harbour.fall_silent()
    text = page.locator(".doubts .doubt > span").first
    expect(text).to_be_visible()
    lines = "(one) => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight)"
    assert text.evaluate(lines) < 3.1
    assert page.locator(".doubts").bounding_box()["height"] < 70
    guest.see(f"still-banner-{locale}")
    more = page.locator(".doubts-more")
    more.click()
    expect(more).to_have_attribute("aria-expanded", "true")
    assert text.evaluate("(one) => one.scrollHeight <= one.clientHeight + 1")
    for part in (".doubt-meaning", ".button"):
        expect(page.locator(f".doubts {part}").first).to_be_visible()
    guest.see(f"still-banner-open-{locale}")


@pytest.mark.parametrize("locale", ["en", "uk"])
@pytest.mark.parametrize("width", [768, 1440])
def test_a_banner_has_room_for_however_long_ago_that_was(visitors, harbour, width, locale):
    page = visitors(harbour.map.url, viewport={"width": width, "height": 780}, locale=locale).visit("/?panel=none")
    harbour.fall_silent()
    expect(page.locator(".doubt-ago")).to_be_visible()
    boxes = page.evaluate(
        """() => {
          const ago = document.querySelector('.doubt-ago');
          const boxes = () => [...document.querySelectorAll('.doubts, .doubts strong, .doubts button')]
            .map((one) => one.getBoundingClientRect().toJSON());
          const texts = ['(just now)', '(9 seconds ago)', '(10 секунд тому)', '(59 хвилин тому)', '(9 days ago)'];
          return texts.map((text) => {
            ago.textContent = text;
            return boxes();
          });
        }"""
    )
    assert boxes == [boxes[0]] * 5


@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 360), (768, 1024)])
def test_a_layer_that_shows_its_sign_alone_keeps_its_name(visitors, the_map, width, height):
    page = visitors(the_map.url, viewport={"width": width, "height": height}).visit("/?panel=none")
    switches = [page.get_by_role("button", name=layer) for layer in LAYERS]
    boxes = [switch.bounding_box() for switch in switches]
    assert len({round(box["y"]) for box in boxes}) == 1, boxes
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), boxes
    for name in (page.locator(".connection-word"), page.locator(".brand span")):
        assert name.text_content()
        assert (name.bounding_box()["width"] <= 1) == (width < 700)
    expect(page.locator(".layer-name").first).to_be_visible(visible=width > 700)
