"""The page by keyboard alone and by touch alone."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOVING
from tests.browser.thumb import PHONE
from tests.support.running import wait_until

NODE = "node:eastmere-1-gpu"
FOCUS = "document.activeElement.textContent.trim() || document.activeElement.getAttribute('aria-label')"
AT_LINE = "(number) => document.activeElement.closest('li')?.ariaPosInSet === number"


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_a_walk_by_keyboard_alone(visitor):
    page = visitor.visit("/")
    press(page, "Tab")
    assert page.evaluate(FOCUS) == "Skip to the Map"
    press(page, "Enter")
    the_map = page.get_by_role("application")
    expect(the_map).to_be_focused()
    # from one thing to the next, into one, and back to where the walk was
    press(page, "Tab", "Tab", "Enter")
    title = page.locator(".details h2")
    expect(title).to_be_focused()
    first = title.text_content()
    press(page, "Escape")
    expect(the_map).to_be_focused()
    press(page, "Tab", "Enter")
    expect(title).not_to_have_text(first)
    press(page, "Escape", "/")
    # into the results and through them by arrows: Tab goes over the list in one step
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("a")
    press(page, "ArrowDown", "ArrowDown")

    def is_at_the_end():
        """Go to the last line; what is listed may still become less after the typing."""
        press(page, "End")
        return page.evaluate(AT_LINE, page.locator(".lines li").first.get_attribute("aria-setsize"))

    wait_until(is_at_the_end)
    press(page, "Home")
    page.wait_for_function(AT_LINE, arg="1")
    press(page, "Enter")
    expect(title).to_be_focused()
    press(page, "Escape")
    page.wait_for_function(AT_LINE, arg="1")
    press(page, "Tab")
    assert page.evaluate("!document.activeElement.closest('.lines')")
    press(page, "/")
    expect(page.locator("#search")).to_be_focused()


def test_a_thing_seen_from_near_has_its_own_chart_and_holding_it_counts_what_depends_on_it(visitor):
    page = visitor.visit("/?panel=none&select=node:eastmere-1-gpu")
    page.get_by_role("button", name="Show on the map").focus()
    press(page, "Enter")
    expect(page).to_have_url(re.compile("view="))
    expect(page.locator(".own-chart")).to_have_count(0)
    page.get_by_role("application").focus()
    press(page, "+", "+", "+", "+", "d")
    expect(page.locator(".own-chart").first).to_be_visible()
    held = page.get_by_role("status").filter(has_text=re.compile("depends? on it"))
    expect(held).to_be_visible()
    press(page, "Escape")
    expect(held).to_have_count(0)


def test_few_tabs_lead_to_the_map_and_to_the_rows_of_the_table(visitor):
    page = visitor.visit("/")
    tabs = 0
    while not page.evaluate("document.activeElement.getAttribute('role') === 'application'"):
        press(page, "Tab")
        tabs += 1
        assert tabs < 40
    page.goto(f"{visitor.url}/?mode=table&layers=nodes,agents")
    rows = page.locator(".table-body .table-row")
    expect(rows.first).to_be_visible()
    assert set(page.locator(".cell-type").all_text_contents()) <= {"Node", "Agent", "Model", "Tool"}
    rows.first.get_by_role("button").focus()
    press(page, "ArrowDown", "Enter")
    expect(page.locator(".details h2")).to_have_text(re.compile(rows.nth(1).locator(".cell-name").text_content()))
    page.get_by_role("button", name="Nodes").click()
    expect(page.locator(".cell-type", has_text="Node")).to_have_count(0)


def test_a_walk_by_touch_alone(visitors, the_map):
    visitor = visitors(the_map.url, **PHONE, **MOVING)
    visitor.looks_before_the_map = True
    page = visitor.visit("/")
    page.get_by_role("button", name="Search").tap()
    page.locator(".lines .line").first.tap()
    expect(page.locator(".details")).to_be_visible()

    def is_above_the_sheet():
        box, sheet = page.get_by_role("application").bounding_box(), page.locator(".details").bounding_box()
        return box["y"] + box["height"] <= sheet["y"] + 20

    wait_until(is_above_the_sheet)  # both may still move
    # a long touch dims all but what depends on a thing, and the next tap lets go
    page.get_by_role("button", name="Show on the map").tap()
    expect(page).to_have_url(re.compile("view="))
    name = page.locator(".details h2").text_content()
    box = page.get_by_role("application").bounding_box()
    middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    hand = page.context.new_cdp_session(page)
    hand.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [middle]})
    held = page.get_by_role("status").filter(has_text=re.compile("depends? on it"))
    expect(held).to_contain_text(name)
    hand.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(held).to_be_visible()
    page.touchscreen.tap(middle["x"], middle["y"])
    expect(held).to_have_count(0)
    expect(page.locator(".details h2")).to_have_text(name)
    page.get_by_role("button", name="Close the details").tap()
    expect(page.locator(".details")).to_have_count(0)
    page.get_by_role("button", name="Problems").tap()
    page.get_by_role("button", name="What to do").first.tap()
    expect(page.get_by_role("button", name="I have seen it")).to_be_visible()
    page.get_by_role("button", name="Close the panel").tap()
    page.get_by_role("button", name="Agents").tap()
    page.get_by_role("button", name="Table").tap()
    expect(page.locator(".cell-type", has_text="Agent")).to_have_count(0)
    page.locator(".table-body button").first.tap()
    expect(page.locator(".details")).to_be_visible()
    page.get_by_role("button", name="Close the details").tap()
    page.get_by_role("slider", name="The moment that the map shows").tap()
    expect(page.locator(".past")).to_be_visible()
    page.locator(".past").get_by_role("button", name="Live").tap()
    expect(page.locator(".past")).to_have_count(0)


def test_on_a_phone_the_past_has_room_for_its_controls_and_keeps_none_for_details_that_are_not(visitors, the_map):
    visitor = visitors(the_map.url, locale="uk", **PHONE)
    visitor.looks_before_the_map = True
    page = visitor.visit(f"/?at=2020-01-01T00:00:00Z&select={NODE}", live=False)
    expect(page.locator(".past")).to_be_visible()
    expect(page.locator(".river-live")).to_be_visible()
    boxes = [one.bounding_box() for one in page.locator(".river > *").all()]
    assert max(box["y"] + box["height"] for box in boxes) <= page.locator(".rail").bounding_box()["y"]
    stage = page.get_by_role("main").bounding_box()
    assert stage["y"] + stage["height"] == pytest.approx(page.locator(".river").bounding_box()["y"], abs=1)


def test_on_a_phone_the_top_bar_has_room_while_the_map_is_paused(visitors, the_map):
    page = visitors(the_map.url, locale="uk", **PHONE).visit("/")
    page.locator(".pause").tap()
    the_map.publish("node.metrics.update", {"node_id": NODE, "cpu": 0.31})
    expect(page.locator(".pause .count")).to_be_visible()
    brand, tools, layers = (page.locator(one).bounding_box() for one in (".brand", ".tools", ".layers"))
    assert brand["y"] >= 0
    assert brand["x"] + brand["width"] <= tools["x"]
    assert layers["y"] + layers["height"] <= page.get_by_role("main").bounding_box()["y"]


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
def test_what_is_shown_on_the_map_is_in_the_middle_of_what_nothing_covers(visitors, the_map, width, height):
    guest = visitors(the_map.url, viewport={"width": width, "height": height})
    page = guest.visit(f"/?panel=none&select={NODE}&only={NODE}")
    name = page.locator(".details h2").text_content()
    banner = page.locator(".banners > *")
    expect(banner).to_be_visible()
    page.get_by_role("button", name="Show on the map").click()
    expect(page).to_have_url(re.compile("view="))
    covers = [banner.bounding_box(), page.locator(".details").bounding_box()]
    stage = page.get_by_role("main").bounding_box()
    top = covers[0]["y"] + covers[0]["height"]
    bottom = min(stage["y"] + stage["height"], covers[1]["y"] if covers[1]["x"] < width / 2 else height)
    middle = (stage["x"] + stage["width"] / 2, (top + bottom) / 2)
    page.mouse.move(*middle, steps=3)
    expect(page.get_by_role("tooltip")).to_contain_text(name)
