"""Who may see the map: the login, an expired token, the public summary, and who is not let in."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import FAMILIES, MOCK
from tests.support.access import SECRET, token
from tests.support.ports import free_port
from tests.support.reverse_proxy import RECIPES, nginx
from tests.support.running import RunningMap
from tests.test_docs import ROOT, blocks

LOGIN = "https://auth.example.org"
CITY = "https://city.example.org"
FRAME = """<!doctype html><title>City</title>
<iframe src="{map}/?panel=none" width="1000" height="700"></iframe>
<script>
  window.selected = [];
  const send = (message) => frames[0].postMessage(message, "{map}");
  addEventListener("message", ({{ data, source, origin }}) => {{
    if (source !== frames[0] || origin !== "{map}") return;
    if (data.kind === "livingmap.ready") {{
      send({{ kind: "livingmap.token", token: "{token}" }});
      send({{ kind: "livingmap.select", id: "{node}" }});
      send({{ kind: "livingmap.fly", id: "{node}" }});
    }}
    if (data.kind === "livingmap.selected") selected.push(data.id);
  }});
</script>"""
NODE = "node:eastmere-1-gpu"


def guarded(folder, server=None, **auth):
    """Return a map that asks who one is; people log in at auth-service, which a test answers for."""
    return RunningMap(
        folder,
        free_port(),
        server=server or {},
        ui={"login_url": LOGIN, "embedders": [CITY]},
        auth={"mode": "daarion", "authenticator": {"secret": SECRET}, **auth},
        mock={**MOCK, "events_per_second": 5},
        sources={name: {"mock": True} for name in FAMILIES},
    )


@pytest.fixture(scope="module")
def site():
    """Where nginx has the map, beside its own address."""
    return f"http://127.0.0.1:{free_port()}"


@pytest.fixture(scope="module")
def private(tmp_path_factory, site):
    living = guarded(tmp_path_factory.mktemp("private"), {"public_url": f"{site}/map"})
    living.start()
    yield living
    living.stop()


@pytest.fixture
def daarion(private, site, tmp_path):
    """The nginx of DAARION, with the page at a path of its own, as the recipe has it."""
    address, upstream = (url.removeprefix("http://") for url in (site, private.url))
    [paths] = [block.text for block in blocks(ROOT / "docs" / "daarion.md", "nginx")]
    recipe = (RECIPES / "nginx.conf").read_text()
    upgrade, page = recipe[: recipe.index("server {")], recipe[recipe.index("  location /map/") :]
    locations = (paths + page).replace("living-map-service:7017", upstream).replace("127.0.0.1:7017", upstream)
    proxy = nginx(tmp_path, int(address.rpartition(":")[2]), f"{upgrade}server {{ listen {address};\n{locations}")
    with ThreadPoolExecutor(1) as thread:  # the browser has the loop of this one
        runner = thread.submit(asyncio.Runner).result()
        thread.submit(runner.run, proxy.start()).result()
        yield site
        thread.submit(runner.run, proxy.stop()).result()
        thread.submit(runner.close).result()


@pytest.fixture(scope="module")
def public(tmp_path_factory):
    living = guarded(tmp_path_factory.mktemp("public"), public_mode="summary")
    living.start()
    yield living
    living.stop()


def answer_logins(visitor, **claims):
    """Answer for auth-service as it does: one account, and one password that is right."""
    visitor.is_cut_off = True  # a browser says aloud that it got a 401
    allow = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}

    def answer(route):
        if route.request.method == "OPTIONS":
            route.fulfill(status=204, headers=allow)
        elif route.request.post_data_json["password"] == "correct-horse-1":
            user = {"id": "u-1", "email": "alice@example.org", "display_name": "Alice", "roles": ["user"]}
            body = {"access_token": token(**claims), "refresh_token": "r", "expires_in": 1800, "user": user}
            route.fulfill(json=body, headers=allow)
        else:
            route.fulfill(status=401, json={"detail": "Invalid credentials"}, headers=allow)

    visitor.page.route(f"{LOGIN}/api/auth/login", answer)


def log_in(page, password="correct-horse-1"):
    page.get_by_label("E-mail").fill("alice@example.org")
    page.get_by_label("Password").fill(password)
    page.get_by_role("dialog").get_by_role("button", name="Log in").click()


def test_who_is_not_known_logs_in_and_sees_the_map(visitors, private):
    visitor = visitors(private.url)
    answer_logins(visitor)
    page = visitor.visit("/?panel=events", live=False)
    expect(page.get_by_role("dialog", name="Log in to see the map")).to_be_visible()
    assert visitor.faults() == []
    visitor.see("login")
    log_in(page, "wrong-horse")
    expect(page.get_by_role("alert")).to_have_text("The e-mail or the password is wrong.")
    log_in(page)
    expect(page.locator(".connection.is-live")).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("list", name="What happens").get_by_role("listitem").first).to_be_visible()
    page.reload()
    expect(page.locator(".connection.is-live")).to_be_visible()
    page.get_by_role("button", name="Log out: Alice").click()
    expect(page.get_by_role("dialog", name="Log in to see the map")).to_be_visible()


def test_behind_the_proxy_of_daarion_one_logs_in_at_the_path_of_the_page(visitors, daarion):
    visitor = visitors(daarion)
    answer_logins(visitor)
    page = visitor.visit("/map", live=False)
    assert page.url.partition("?")[0] == f"{daarion}/map/"
    log_in(page)
    expect(page.locator(".connection.is-live")).to_be_visible()
    expect(page.locator(".connection-way")).to_have_count(0)  # it came by the WebSocket
    answer = page.request.get(f"{daarion}/api/living-map/snapshot", headers={"authorization": f"Bearer {token()}"})
    assert (answer.status, page.request.get(f"{daarion}/api/living-map/snapshot").status) == (200, 401)
    page.reload()
    expect(page.locator(".connection.is-live")).to_be_visible()


def test_a_token_that_runs_out_is_asked_for_anew_and_the_map_goes_on(visitors, private):
    visitor = visitors(private.url)
    answer_logins(visitor, seconds=6)
    page = visitor.visit(live=False)
    log_in(page)
    expect(page.locator(".connection.is-live")).to_be_visible()
    page.evaluate("window.sameLoad = true")
    expect(page.get_by_text("Your session has expired.", exact=False)).to_be_visible()
    answer_logins(visitor)
    log_in(page)
    expect(page.locator(".connection.is-live")).to_be_visible()
    assert page.evaluate("window.sameLoad")


def test_no_token_ever_stands_in_an_address(visitors, private):
    visitor = visitors(private.url)
    answer_logins(visitor)
    asked = []
    visitor.page.on("request", lambda request: asked.append(request.url))
    visitor.page.on("websocket", lambda socket: asked.append(socket.url))
    page = visitor.visit(live=False)
    log_in(page)
    expect(page.locator(".connection.is-live")).to_be_visible()
    assert any(address.startswith("ws://") for address in asked)
    assert [address for address in asked if "eyJ" in address] == []
    assert "eyJ" not in page.url


def test_everybody_sees_the_public_summary_and_who_logs_in_sees_everything(visitors, public):
    visitor = visitors(public.url)
    answer_logins(visitor)
    page = visitor.visit()
    expect(page.get_by_role("heading", name="The network in numbers")).to_be_visible()
    expect(page.locator(".summary li", has_text=re.compile("agents"))).to_contain_text("200")
    assert visitor.faults() == []
    visitor.see("summary")
    page.get_by_role("banner").get_by_role("button", name="Log in").click()
    log_in(page)
    expect(page.get_by_role("heading", name="The network in numbers")).to_have_count(0)
    expect(page.get_by_text(re.compile(r"^[23]\d\d found$"))).to_be_visible()


def test_who_may_not_read_the_map_is_told_so(visitors, private):
    visitor = visitors(private.url)
    answer_logins(visitor)
    denied = {"code": "forbidden", "detail": "the policies do not let you read this map"}
    visitor.page.route(re.compile("/living-map/snapshot"), lambda route: route.fulfill(status=403, json=denied))
    page = visitor.visit(live=False)
    dialog = page.get_by_role("dialog", name="You are not allowed to read this map")
    expect(dialog).to_contain_text("the policies do not let you read this map")
    assert visitor.faults() == []


@pytest.mark.parametrize(("origin", "is_let_in"), [(CITY, True), ("https://elsewhere.example.org", False)])
def test_a_page_that_may_frame_the_map_hands_it_a_token_and_selects(visitors, private, origin, is_let_in):
    visitor = visitors(private.url)
    visitor.is_cut_off = True
    body = FRAME.format(map=private.url, token=token(), node=NODE)
    visitor.page.route(
        re.compile(re.escape(origin)), lambda route: route.fulfill(body=body, content_type="text/html")
    )
    page = visitor.page
    page.goto(origin)
    frame = page.frame_locator("iframe")
    if is_let_in:
        expect(frame.locator(".connection.is-live")).to_be_visible()
        expect(frame.locator(".details")).to_contain_text("Калина-1")
        page.wait_for_function(f"() => selected.at(-1) === '{NODE}'")
        page.evaluate("send({kind: 'livingmap.select', id: null})")
        page.wait_for_function("() => selected.at(-1) === null")
        # a frame within, although of an origin that may, is not the page that frames the map
        frame.locator("body").evaluate("window.postMessage({kind: 'livingmap.select', id: 'node:no'}, '*')")
        page.evaluate("send({kind: 'livingmap.select', id: 'agent:sofia'})")
        page.wait_for_function("() => selected.length > 2")
        assert page.evaluate("selected") == [NODE, None, "agent:sofia"]
    else:
        expect(frame.locator("body")).not_to_contain_text("Living Map")
        visitor.complaints.clear()  # that it refused the frame, in which nothing of ours can run
