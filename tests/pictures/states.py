"""States in which the page is looked at: in which world, at which address, and what is done there first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.test_graphics import LOSE, REMEMBER
from tests.pictures import worlds
from tests.pictures.worlds import World

NODE = "node:eastmere-1-gpu"
PLACE = "microdao:amber-commons"
DAO = "dao:kolo-kamianoho-brodu"

Act = Callable[[Page, World], Any]


@dataclass(frozen=True)
class State:
    """What the page is made to show."""

    name: str
    world: Any
    address: str = "/"
    act: Act = lambda page, world: None
    is_live: bool = True
    before: str = ""
    """A script that runs in the page before anything else."""
    context: dict[str, Any] = field(default_factory=dict)
    undo: Callable[[World], Any] = lambda world: None


def click(selector: str) -> Act:
    return lambda page, world: page.locator(selector).first.click()


def press(key: str) -> Act:
    return lambda page, world: page.keyboard.press(key)


def first_of(kind: str) -> Act:
    """Select the first thing of a type that the map has."""

    def act(page, world):
        one = world.read(f"entities?type={kind}&limit=1")["items"][0]["id"]
        page.goto(f"{world.url}/?panel=none&select={one}")
        expect(page.locator(".details h2").first).to_be_visible()
        expect(page.locator(".connection.is-live")).to_be_visible()

    return act


def acknowledge(page, world):
    """Say of the first problem that somebody has seen it, and look at those."""
    page.locator(".trouble-more").first.click()
    page.locator(".acknowledge button[type=submit]").first.click()
    page.locator("details.seen summary").click()


def lose_graphics(page, world):
    page.wait_for_timeout(1500)
    page.evaluate(LOSE)


def gone(page, world):
    world.deeds["stop"]()
    page.wait_for_timeout(4000)


def cut_off(page, world):
    world.deeds["lose_log"]()
    page.wait_for_timeout(4000)


def map_focus(page, world):
    page.get_by_role("application").focus()
    page.keyboard.press("Tab")


TYPES = ["agent", "node", "microdao", "dao", "proposal", "vote", "treasury", "channel", "city"]

STATES = [
    State("live", worlds.lively),
    State("live-closed", worlds.lively, "/?panel=none"),
    State("events", worlds.lively, "/?panel=events", lambda page, world: page.wait_for_timeout(4000)),
    State(
        "events-day",
        worlds.lively,
        f"/?panel=none&select={NODE}",
        click(".details .actions button:nth-of-type(2)"),
    ),
    State("paused", worlds.lively, f"/?select={NODE}", click(".pause")),
    State("past", worlds.lively, f"/?at=-5s&select={NODE}", is_live=False),
    State("past-unknown", worlds.lively, "/?at=2020-01-01T00:00:00Z", is_live=False),
    State("table", worlds.lively, "/?mode=table"),
    State("table-details", worlds.lively, f"/?mode=table&panel=none&type=node&select={NODE}"),
    State("search", worlds.lively, "/?panel=search&q=amber"),
    State("search-nothing", worlds.lively, "/?panel=search&q=qqqq"),
    State("search-type", worlds.lively, "/?panel=search&type=proposal"),
    State("sources", worlds.lively, "/?panel=sources"),
    State("trends-early", worlds.lively, "/?panel=trends"),
    State("pinned", worlds.lively, f"/?panel=none&only={PLACE}"),
    State("compare", worlds.lively, f"/?panel=none&only={PLACE}&beside=microdao:cedar-workshop"),
    State("help", worlds.lively, "/?panel=none", lambda page, world: page.locator(".tools button").last.click()),
    State("introduction", worlds.lively, "/", before="localStorage.clear()"),
    State("problems", worlds.still, "/?panel=problems"),
    State("problem-details", worlds.still, f"/?panel=problems&select={DAO}"),
    State("problems-seen", worlds.still, "/?panel=problems", acknowledge),
    *(State(f"details-{kind}", worlds.still, "/?panel=none", first_of(kind)) for kind in TYPES),
    State("skip-link", worlds.still, "/?panel=none", press("Tab")),
    State("map-focus", worlds.still, "/?panel=none", map_focus),
    State("reduced-motion", worlds.still, "/?panel=none", context={"reduced_motion": "reduce"}),
    State("graphics-lost", worlds.still, "/?panel=none", lose_graphics, before=REMEMBER),
    State("trends", worlds.week, "/?panel=trends&at={world.end}", is_live=False),
    State(
        "trends-each",
        worlds.week,
        "/?panel=trends&trend=agent,usage.tokens_24h,,168&at={world.end}",
        is_live=False,
    ),
    State("trouble", worlds.troubled, "/"),
    State("trouble-details", worlds.troubled, "/?panel=problems&select=ship:Aurora"),
    State("trouble-table", worlds.troubled, "/?mode=table&panel=sources&type=ship"),
    State("unread", worlds.unread, "/?panel=problems"),
    State("empty", worlds.empty, "/"),
    State("sign-in", worlds.private, "/", is_live=False),
    State("shop", worlds.shop, "/"),
    State("shop-problems", worlds.shop, "/?panel=problems"),
    State(
        "cut-off",
        worlds.cut_off,
        "/?panel=problems",
        cut_off,
    ),
    State(
        "server-gone",
        worlds.still,
        f"/?panel=problems&select={NODE}",
        gone,
        undo=lambda world: world.deeds["start"](),
    ),
]
