"""What is pressed is large enough, for a mouse as for a finger."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_page import NODE

LAID_OVER = ".panel, .details, .compare, .table"
STATES = {
    "map": "panel=none",
    "search": "panel=search",
    "votes": "panel=search&type=proposal",
    "problems": "panel=problems",
    "events": "panel=events",
    "trends": "panel=trends",
    "sources": "panel=sources",
    "table": "panel=none&mode=table",
    "details": f"panel=none&select={NODE}",
    "microDAO": "panel=none&select=microdao:amber-commons",
    "day": f"panel=none&select={NODE}&day=today",
    "pinned": "panel=none&only=microdao:amber-commons",
    "compared": "panel=none&only=microdao:amber-commons&beside=microdao:cedar-workshop",
    "past": "panel=none&at=-5s",
}
FINGER = {"has_touch": True, "is_mobile": True}
SMALL = """(least) => {
  const isInSentence = (one) => getComputedStyle(one).display.startsWith('inline') &&
    [...one.parentElement.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const boxOf = (one) => (one.type === 'checkbox' ? one.closest('label') : one).getBoundingClientRect();
  return [...document.querySelectorAll('button, a[href], select, input, summary, [role="slider"]')]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && !isInSentence(one))
    .map((one) => [boxOf(one), one])
    .filter(([box]) => box.width > 1 && (box.height < least - 0.5 || box.width < least - 0.5))
    .map(([{ width, height }, one]) => [one.className || one.nodeName, one.ariaLabel ||
      one.textContent.slice(0, 40), Math.round(width), Math.round(height)].join(' '));
}"""


GO = """(query) => {
  history.pushState(null, '', `?${query}`);
  dispatchEvent(new PopStateEvent('popstate'));
}"""


@pytest.mark.parametrize(("least", "options"), [(24, {}), (44, FINGER)], ids=["mouse", "finger"])
def test_what_is_pressed_is_large_enough(visitors, the_map, least, options):
    guest = visitors(the_map.url, viewport={"width": 360, "height": 740}, **options)
    page = guest.visit("/?panel=none")
    for state, query in STATES.items():
        page.evaluate(GO, "panel=none")
        expect(page.locator(LAID_OVER)).to_have_count(0)
        page.evaluate(GO, query)
        if state in ("map", "pinned", "past"):
            expect(page.locator(".river-bar")).to_be_visible()
        else:
            expect(page.locator(LAID_OVER).locator("button, select, input").first).to_be_visible()
        expect(page.locator(".is-settling")).to_have_count(0)
        assert page.evaluate(SMALL, least) == [], state
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, state
        guest.see(f"targets-{least}-{state}")
