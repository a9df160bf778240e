"""Changes in words, by what a map says of its types."""

import json
from pathlib import Path

import pytest

from livingmap.client import ChangeTexts, MapClient
from livingmap.client.changes import listed

SHARED = json.loads(
    (Path(__file__).parents[2] / "frontend" / "tests" / "changes.json").read_text(encoding="utf-8")
)
"""What the npm package's twin is held to, too."""


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: case["name"])
def test_changes_are_put_into_words(case):
    texts = ChangeTexts({"types": SHARED["types"]}, case.get("language", "en"))
    assert texts.lines(case["changes"], case.get("span")) == case["lines"]


def test_what_is_not_shown_is_counted():
    assert [ChangeTexts({}, "uk").more(number) for number in (1, 2, 5)] == [
        "та ще 1 зміна",
        "та ще 2 зміни",
        "та ще 5 змін",
    ]


def test_a_change_of_a_difference_reads_like_one_of_the_history():
    place = {"layer": "nodes", "collection": "items", "id": "node:a"}
    put = {"op": "put", **place, "set": {"status": "busy"}, "unset": ["mood"], "was": {"mood": "calm"}}
    came = {"op": "put", **place, "id": "node:b", "set": {"name": "Bo"}, "unset": [], "was": {}, "came": True}
    drop = {"op": "drop", **place, "id": "node:c", "was": {"title": "Cedar"}}
    total = {"op": "total", "layer": "nodes", "set": {"online": 2}, "unset": [], "was": {"online": 3}}
    assert ChangeTexts({}).lines([listed(one, {"node:a": "Ash"}) for one in (put, came, drop, total)]) == [
        "node:a “Ash”  status: — → busy; mood: calm → —",
        "node:b “Bo”  new on the map",
        "node:c “Cedar”  no longer on the map",
        "nodes  online: 3 → 2",
    ]


async def test_a_map_that_does_not_answer_has_plain_names():
    async with MapClient("http://127.0.0.1:9") as client:
        texts = await ChangeTexts.of(client, "fr")
    change = {"layer": "nodes", "id": "node:ash", "label": "Ash", "came": False, "went": False}
    fields = [{"name": "state", "from": "online", "to": "offline"}]
    assert texts.lines([{**change, "fields": fields}]) == ["node:ash “Ash”  state: online → offline"]
