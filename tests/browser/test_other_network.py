"""The page before a network without a single plugin of this repository."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOVING
from tests.support.ports import free_port
from tests.support.running import RunningMap

SHOP = Path(__file__).with_name("shop.py")


@pytest.fixture(scope="module")
def the_shop(tmp_path_factory):
    living = RunningMap(
        tmp_path_factory.mktemp("shop"),
        free_port(),
        sources={"shop": {"module": str(SHOP), "interval_seconds": 3600}},
    )
    living.start()
    yield living
    living.stop()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_is_drawn_with_its_layers_by_their_titles(visitors, the_shop, theme):
    guest = visitors(the_shop.url, viewport={"width": 1440, "height": 900}, color_scheme=theme, **MOVING)
    page = guest.visit()
    expect(page.locator("main canvas").first).to_be_visible()
    layers = page.get_by_role("group", name="Layers").get_by_role("button")
    expect(layers).to_have_text(
        [re.compile(text) for text in ("^Monitoring38$", "^Queues5$", "^Orders160$", "^Database8$", "^Stock84$")]
    )
    assert page.locator(".layer .icon path[d='']").count() == 0
    guest.see(f"shop-{theme}")
    assert guest.faults() == []


@pytest.mark.parametrize(
    ("language", "plural", "status"),
    [("en", "targets", "does not answer"), ("uk", "цілі", "не відповідає")],
)
def test_its_problems_are_listed_in_its_words(visitors, the_shop, language, plural, status):
    guest = visitors(the_shop.url, locale=language)
    page = guest.visit("/?panel=problems")
    panel = page.locator(".panel")
    expect(panel.get_by_role("heading", name=re.compile(f"^{plural}"))).to_be_visible()
    line = panel.get_by_role("button", name=re.compile("^payment-2"))
    expect(line.get_by_text(status).first).to_be_visible()
    expect(panel.get_by_role("button")).to_have_count(9)  # two of a target, two alerts, a queue; one closes
    line.click()
    expect(page.locator(".details").get_by_role("heading", name="payment-2")).to_be_visible()
    guest.see(f"shop-problems-{language}")


@pytest.mark.parametrize(
    ("language", "columns"),
    [
        ("en", ["Name", "Status", "Belongs to", "Processor", "Memory", "Scrape takes", "Last scrape"]),
        ("uk", ["Назва", "Стан", "Належить до", "Процесор", "Пам'ять", "Опитування триває", "Останнє опитування"]),
    ],
)
def test_a_type_has_a_column_for_each_of_its_fields(visitors, the_shop, language, columns):
    guest = visitors(the_shop.url, locale=language, viewport={"width": 1440, "height": 900})
    page = guest.visit("/?mode=table&panel=none&type=target")
    expect(page.get_by_role("columnheader")).to_have_text(columns)
    row = page.get_by_role("row").filter(has_text="payment-2")
    expect(row).to_contain_text("45%")
    expect(row).to_contain_text(re.compile(r"323.(MB|МБ)"))
    expect(row).to_contain_text("payment")
    guest.see(f"shop-table-{language}")


def test_what_nobody_has_declared_has_columns_too(visitors, the_shop):
    page = visitors(the_shop.url).visit("/?mode=table&panel=none&type=shelf")
    expect(page.get_by_role("columnheader")).to_have_text(["Name", "Status", "Articles", "Table"])
    expect(page.get_by_role("row").nth(1)).to_contain_text("products")


@pytest.mark.parametrize(
    ("query", "hit"), [("CHÉCKOUT", "Queue checkout"), ("shelf a7", "Shelf A7"), ("10007", "№ 10007")]
)
def test_everything_is_found_by_its_name(visitors, the_shop, query, hit):
    page = visitors(the_shop.url).visit()
    page.get_by_label("Search the map").fill(query)
    expect(page.get_by_text("1 found")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".details").get_by_role("heading", name=hit)).to_be_visible()


def test_details_show_declared_fields_links_and_relations(visitors, the_shop):
    guest = visitors(the_shop.url)
    page = guest.visit("/?panel=none&select=target:payment-2")
    details = page.get_by_role("complementary", name="Details")
    expect(details.locator(".live-value").filter(has_text="processor")).to_contain_text("45%")
    link = details.get_by_role("link", name="grafana.example.org/d/payment")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(details.locator(".relations")).to_contain_text("TargetDown")
    guest.see("shop-details")
    details.locator(".relations").get_by_role("button", name="TargetDown").click()
    expect(details.get_by_role("heading", name="TargetDown")).to_be_visible()


def test_a_layer_can_be_shown_alone(visitors, the_shop):
    page = visitors(the_shop.url).visit("/?panel=none")
    page.get_by_role("button", name=re.compile("^Orders")).dblclick()
    pressed = page.get_by_role("group", name="Layers").locator("[aria-pressed=true]")
    expect(pressed).to_have_text(re.compile("^Orders"))
    assert "layers=orders" in page.url


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("address", ["/", "/?mode=table", "/?panel=problems", "/?select=order:10007"])
def test_a_narrow_window_has_room_for_all_of_it(visitors, the_shop, theme, address):
    guest = visitors(the_shop.url, viewport={"width": 360, "height": 740}, has_touch=True, color_scheme=theme)
    page = guest.visit(address)
    guest.see(f"shop-narrow-{theme}-{re.sub('[^a-z]+', '-', address).strip('-') or 'map'}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
