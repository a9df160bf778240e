"""What fails among 10,000 things is seen at the first look at the map: from afar, wherever it stands."""

import base64
import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import MOVING, ROOT
from tests.support.ports import free_port
from tests.support.running import RunningMap

CAPITAL = ROOT / "tests" / "browser" / "capital.py"
FAILING = ["tower:3", "tower:47", "tower:88", "tower:131", "tower:149"]
"""In five quarters, from the middle of the city to an island at its edge."""
LEAST_DOTS, LEAST_HEIGHT = 50, 12
"""So many red dots side by side are seen at a glance; the letters of red names are less high."""
FIRES = """async ([before, after]) => {
  const [calm, burning] = await Promise.all([before, after].map(async (png) => {
    const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    return pen.getImageData(0, 0, bitmap.width, bitmap.height);
  }));
  const { width, height } = burning;
  const isRed = ({ data }, at) => {
    const [red, green, blue] = data.slice(at * 4, at * 4 + 3);
    return red > 150 && red - Math.max(green, blue) > 70;
  };
  const fresh = new Uint8Array(width * height).map((_, at) => isRed(burning, at) && !isRed(calm, at));
  const sizes = [];
  for (let start = 0; start < fresh.length; start += 1) {
    if (!fresh[start]) continue;
    const [spot, box] = [[start], { left: width, right: 0, top: height, bottom: 0, dots: 0 }];
    fresh[start] = 0;
    while (spot.length > 0) {
      const at = spot.pop();
      const [x, y] = [at % width, Math.floor(at / width)];
      box.dots += 1;
      box.left = Math.min(box.left, x); box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y); box.bottom = Math.max(box.bottom, y);
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const next = at + dx + dy * width;
        if (x + dx >= 0 && x + dx < width && fresh[next]) { fresh[next] = 0; spot.push(next); }
      }
    }
    sizes.push(box);
  }
  return sizes;
}"""


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    """The file that names what fails in a city of 10,000 things, and that city."""
    folder = tmp_path_factory.mktemp("capital")
    file = folder / "failing.json"
    file.write_text("[]", encoding="utf-8")
    own = {"module": str(CAPITAL), "interval_seconds": 1, "path": str(file)}
    city = RunningMap(folder, free_port(), sources={"capital": own})
    city.start()
    yield file, city
    city.stop()


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (360, 780)])
def test_each_of_five_that_fail_has_a_fire_of_its_own(visitors, failing, width, height, theme):
    file, city = failing
    visitor = visitors(city.url, viewport={"width": width, "height": height}, color_scheme=theme, **MOVING)
    calm = drawn(visitor, file, [])
    burning = drawn(visitor, file, FAILING)
    visitor.see(f"trouble-{width}-{theme}")
    blank = visitor.context.new_page()  # its policy forbids nothing
    spots = blank.evaluate(FIRES, [base64.b64encode(one).decode() for one in (calm, burning)])
    fires = [one for one in spots if one["dots"] >= LEAST_DOTS and one["bottom"] - one["top"] >= LEAST_HEIGHT]
    assert len(fires) == len(FAILING), spots


def drawn(visitor, file, failing):
    """Return a picture of the map, once it shows that these fail."""
    fresh = file.with_suffix(".new")
    fresh.write_text(json.dumps(failing), encoding="utf-8")
    fresh.replace(file)
    page = visitor.visit("/?panel=none")
    name = f"Problems {len(failing)} problems" if failing else "Problems"
    expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    page.wait_for_function("() => performance.getEntriesByName('livingmap:drawn').length > 0")
    stage = page.locator("main")
    picture, last = stage.screenshot(), b""
    while picture != last:  # names and ground are drawn frame by frame
        page.wait_for_timeout(500)
        picture, last = stage.screenshot(), picture
    return picture
