"""What happened between two moments, as clients get it in words."""

import pytest

from livingmap.history.memory import MemoryHistory
from tests.past.life import Life, drop, put

DIFF = "/living-map/diff"


@pytest.fixture
async def life(tmp_path):
    one = Life(tmp_path, 1, MemoryHistory())
    async with one.run():
        yield one


async def summary(life, start, language="en", **more):
    async with life.browser() as client:
        parameters = {"from": start.isoformat(), "summary": "true", **more}
        answer = await client.get(DIFF, params=parameters, headers={"accept-language": language})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-language"] == language
    assert answer.json()["changes"] is None
    return answer.json()["summary"]


def counted(*names):
    return {"count": len(names), "items": [{"id": f"agent:{name.lower()}", "label": name} for name in names]}


async def test_a_summary_says_by_type_what_came_went_changed_and_was_in_trouble(life):
    start = await life.say(put("agent:a", name="A"), put("agent:b", name="B"), put("agent:c", name="C"))
    red = await life.say(put("agent:a", status="error"), put("agent:b", model="x"), seconds=90)
    fine = await life.say(put("agent:a", status="online"), seconds=90)
    await life.say(put("agent:d", name="D"), drop("agent:c"), seconds=90)
    summed = await summary(life, start)
    assert summed["types"] == [
        {
            "type": "agent",
            "layer": "agents",
            "came": counted("D"),
            "went": counted("C"),
            "changed": counted("A", "B"),
            "trouble_began": counted("A"),
            "trouble_ended": counted("A"),
        }
    ]
    when = {one["text"]: (one["at"], one["until"], one["kind"], one["severity"]) for one in summed["story"]}
    last = f"{life.now:%Y-%m-%dT%H:%M:%SZ}"
    assert when == {
        "A: error": (f"{red:%Y-%m-%dT%H:%M:%SZ}", f"{fine:%Y-%m-%dT%H:%M:%SZ}", "trouble", "critical"),
        "1 new agent (D)": (last, None, "came", None),
        "1 agent gone (C)": (last, None, "went", None),
    }
    assert summed["story"][0]["entity_ids"] == ["agent:a"]
    assert summed["entries"] == 4


async def test_a_summary_is_written_in_the_language_of_the_caller(life):
    start = await life.say(put("agent:a", name="A"))
    await life.say(put("agent:b", name="B"), seconds=90)
    assert [one["text"] for one in (await summary(life, start, "uk"))["story"]] == ["Нове: 1 агент (B)"]


async def test_a_summary_is_of_the_layers_that_are_asked_for(life):
    start = await life.say(put("agent:a", name="A"))
    await life.say(put("agent:a", status="error"), put("city:x", "city"), seconds=90)
    summed = await summary(life, start, layers="city")
    assert [one["type"] for one in summed["types"]] == ["city"]
    assert {one["layer"] for one in summed["story"]} == {"city"}


async def test_a_summary_of_no_time_at_all_is_empty(life):
    start = await life.say(put("agent:a", status="error"))
    summed = await summary(life, start, to=start.isoformat())
    assert (summed["types"], summed["story"]) == ([], [])


async def test_without_a_summary_there_are_the_changes(life):
    start = await life.say(put("agent:a"))
    assert (await life.get(DIFF, **{"from": start.isoformat()})).json()["summary"] is None
