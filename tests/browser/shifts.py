"""What moves on a page of itself, as the browser measures it (https://web.dev/articles/cls)."""

MOST_SHIFT = 0.05
"""Half of what https://web.dev/articles/cls calls good."""
_WATCH = """() => {
  window.shifts = [];
  const place = (rect) => [rect.x, rect.y, rect.width, rect.height].map(Math.round);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) {
      if (one.hadRecentInput) continue;
      const sources = one.sources.map(({ node, previousRect, currentRect }) =>
        [node?.className || node?.nodeName, place(previousRect), place(currentRect)]);
      window.shifts.push([one.value, Math.round(one.startTime), sources]);
    }
  }).observe({ type: 'layout-shift', buffered: BUFFERED });
}"""


def watch_shifts(page, *, since_opened=False) -> None:
    """Note from now on what moves, or all that has moved since the page was opened."""
    page.evaluate(_WATCH.replace("BUFFERED", str(since_opened).lower()))


def assert_still(page, most=0.001) -> None:
    """Assert that little has moved of what was watched; else say what moved, and where to."""
    page.wait_for_timeout(500)
    moves = page.evaluate("window.shifts")
    largest = "\n".join(map(str, sorted(moves, reverse=True)[:4]))
    assert sum(value for value, _, _ in moves) < most, largest


def assert_that_it_kept_still(page) -> None:
    """Assert that a page has moved little of itself since it was opened."""
    watch_shifts(page, since_opened=True)
    assert_still(page, MOST_SHIFT)
