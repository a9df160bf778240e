"""The timeline and series of numbers as clients get them."""

import httpx
import pytest
from fastapi import FastAPI

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.settings import ItemRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.api import problems, series, timeline, totals
from livingmap.cluster import Alone
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Position, Put
from livingmap.core.redaction import Redaction
from livingmap.core.source import Count, Source, Tally
from livingmap.history import Gap
from livingmap.history.memory import MemoryHistory
from livingmap.log.local import LocalLog
from livingmap.past.moment import Moments
from livingmap.past.rollups import RollUps
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.state.reader import MapReader
from tests.past.stories import LAYERS, TYPES, Story, at, put

TALLY = Tally("space", "treasury", (Count("agents"),), per="dao_id", collection="planets")
SOURCE = Source("things", "thing-service", object, LAYERS, types=TYPES, tallies=(TALLY,))
TIMELINE, SERIES, TOTALS = (f"/living-map/{name}" for name in ("timeline", "series", "totals"))
RULES = [ItemRule(types=("node",), type="node", action="look", field="id")]


class Caller:
    """Stands for the dependencies of access control: every request has these rights."""

    def __init__(self, rights):
        self._rights = rights

    def items(self):
        return self._rights


def asking(history, rights=EVERYTHING, redact=(), items=()):
    fold, log = Fold([SOURCE], Redaction(redact)), LocalLog()
    puts = [Put(put(entity_id)["layer"], entity_id, fields) for entity_id, fields in items]
    message = refreshed("things", 1, puts)
    fold.apply(Event(Position("e1", 1), message.type, message.payload, at("12:00")))
    filtered_scenes = FilteredScenes(fold, [SOURCE], RULES, log.progress.here)
    reader = MapReader(fold, filtered_scenes, log.progress, Alone().cursor_key, lambda: at("12:00"))
    moments = Moments(history, log.progress, Alone().cursor_key, reader.now)
    visible = VisibleRollUps(reader, RollUps(history, lambda: fold.scene.vocabulary, 400))
    app = FastAPI()
    problems.install(app)
    for routes in (timeline.routes, series.routes, totals.routes):
        app.include_router(routes(reader, history, moments, visible, Caller(rights)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://map")


async def planted():
    """Return a history in which Hazel-15 was red, and the map stopped for a while."""
    history = MemoryHistory()
    story = Story(history)
    await story.tell(at("02:00"))
    hazel = {"id": "node:hazel", "name": "Hazel-15", "status": "online", "metrics": {"cpu": 0.25}}
    oak = {"id": "dao:oak", "name": "Oak, see node:hazel", "treasury": "120"}
    await story.keep_state(at("02:00"), hazel, oak)
    await story.tell(at("02:10"), put("node:hazel", status="offline"), put("dao:oak", status="error"))
    await story.tell(at("02:44"), put("node:hazel", status="online", metrics={"cpu": 0.5}))
    story.restart()
    await story.tell(at("04:00"), put("dao:oak", treasury="130"))
    await story.keep_state(at("04:00"), hazel, oak | {"treasury": "130", "status": "error"})
    return history


async def answer(path, rights=EVERYTHING, **more):
    options = {name: more.pop(name) for name in ("redact", "items", "history") if name in more}
    params = {name.removesuffix("_"): value for name, value in more.items()}
    async with asking(options.pop("history", None) or await planted(), rights, **options) as client:
        return await client.get(path, params=params)


async def test_a_timeline_says_how_much_happened_and_what_was_wrong():
    body = (await answer(TIMELINE, from_="2026-03-01T02:00:00Z", to="2026-03-01T05:00:00Z", points=3)).json()
    assert body == {
        "from": "2026-03-01T02:00:00Z",
        "to": "2026-03-01T05:00:00Z",
        "oldest": "2026-03-01T02:00:00Z",
        "points": [
            {"time": "2026-03-01T02:00:00Z", "entries": 3, "changes": 3, "troubled": 2, "worst": "critical"},
            {"time": "2026-03-01T03:00:00Z", "entries": 0, "changes": 0, "troubled": None, "worst": None},
            {"time": "2026-03-01T04:00:00Z", "entries": 1, "changes": 1, "troubled": 1, "worst": "critical"},
        ],
        "gaps": [
            {"since": "2026-03-01T02:44:00Z", "until": "2026-03-01T04:00:00Z", "reason": timeline.NOT_RUNNING}
        ],
        "troubles": [
            {
                "entity_id": "dao:oak",
                "type": "dao",
                "layer": "space",
                "label": "Oak, see node:hazel",
                "kind": "status",
                "status": "error",
                "severity": "critical",
                "began": "2026-03-01T02:10:00Z",
                "ended": None,
            },
            {
                "entity_id": "node:hazel",
                "type": "node",
                "layer": "nodes",
                "label": "Hazel-15",
                "kind": "status",
                "status": "offline",
                "severity": "critical",
                "began": "2026-03-01T02:10:00Z",
                "ended": "2026-03-01T02:44:00Z",
            },
        ],
        "more_troubles": 0,
    }


async def test_a_timeline_is_of_the_last_day_unless_it_is_asked_for_another_time():
    body = (await answer(TIMELINE)).json()
    assert (body["from"], body["to"], len(body["points"])) == ("2026-02-28T12:00:00Z", "2026-03-01T12:00:00Z", 288)
    before = [one for one in body["points"] if one["entries"] is None]
    assert before[-1]["time"] == "2026-03-01T01:55:00Z"
    assert len((await answer(TIMELINE, from_="-1h")).json()["points"]) == 60


async def test_a_timeline_can_be_of_some_layers():
    body = (await answer(TIMELINE, from_="-12h", points=1, layers="nodes")).json()
    assert [one["entity_id"] for one in body["troubles"]] == ["node:hazel"]
    assert (body["points"][0]["entries"], body["points"][0]["changes"]) == (2, 2)
    assert (await answer(TIMELINE, layers="none")).status_code == 422


async def test_a_timeline_without_roll_ups_is_empty():
    body = (await answer(TIMELINE, history=MemoryHistory(), points=1)).json()
    assert (body["oldest"], body["troubles"], body["gaps"]) == (None, [], [])
    nothing = {"time": "2026-02-28T12:00:00Z", "entries": None, "changes": None, "troubled": None, "worst": None}
    assert body["points"] == [nothing]


async def test_gaps_of_the_history_are_in_both():
    history = await planted()
    await history.record_gap(Gap("e1", 9, 9, at("02:30"), at("02:31"), "lost"))
    gaps = (await answer(TIMELINE, history=history)).json()["gaps"]
    assert [one["reason"] for one in gaps] == ["lost", timeline.NOT_RUNNING]
    body = (await answer(SERIES, history=history, entity_id="dao:oak", field="treasury")).json()
    assert body["gaps"][0] == {"since": "2026-03-01T02:30:00Z", "until": "2026-03-01T02:31:00Z"}


async def test_a_series_says_what_a_number_was():
    body = (
        await answer(SERIES, entity_id="node:hazel", field="metrics.cpu", from_="2026-03-01T02:40", points=300)
    ).json()
    assert {name: body[name] for name in ("entity_id", "field", "unit", "resolution")} == {
        "entity_id": "node:hazel",
        "field": "metrics.cpu",
        "unit": None,
        "resolution": "minute",
    }
    assert body["points"][0] == {"time": "2026-03-01T02:40:00Z", "min": 0.25, "mean": 0.25, "max": 0.25}
    means = {one["time"][11:16]: one["mean"] for one in body["points"]}
    assert (means["02:42"], means["02:44"], "02:46" in means, means["04:00"]) == (0.25, 0.5, False, 0.25)


async def test_a_short_series_is_made_of_the_entries():
    span = {"from_": "2026-03-01T02:43:00Z", "to": "2026-03-01T02:45:00Z"}
    body = (await answer(SERIES, entity_id="node:hazel", field="metrics.cpu", points=24, **span)).json()
    assert body["resolution"] == "entry"
    assert [one["mean"] for one in body["points"][10:]] == [0.25, 0.25, 0.5]


@pytest.mark.parametrize("start", ["2026-03-01T01:45:00Z", "2026-02-27T02:45:00Z"], ids=["minutes", "hours"])
@pytest.mark.parametrize(
    ("to", "mean"), [("02:44:20", 0.25), ("02:44:40", 0.21), ("02:44:59", 0.21)], ids=["before", "at", "after"]
)
async def test_nothing_after_the_end_of_a_series_counts(start, to, mean):
    history = MemoryHistory()
    story = Story(history)
    await story.tell(at("02:00"))
    await story.keep_state(at("02:00"), {"id": "node:hazel", "metrics": {"cpu": 0.25}})
    await story.tell(at("02:44", 30), put("node:hazel", metrics={"cpu": 0.21}))
    await story.tell(at("02:44", 59), put("node:hazel", metrics={"cpu": 0.99}))
    await story.tell(at("02:50"), put("node:hazel", metrics={"cpu": 0.0}))
    span = {"from_": start, "to": f"2026-03-01T{to}Z", "points": 3}
    body = (await answer(SERIES, history=history, entity_id="node:hazel", field="metrics.cpu", **span)).json()
    last = body["points"][-1]
    assert last["min"] == mean
    assert last["max"] <= 0.25


@pytest.mark.parametrize("field", ["metrics.nope", "status"])
async def test_a_field_that_is_not_a_number_is_refused_with_those_that_are(field):
    here = {"items": [("node:here", {"status": "online", "metrics": {"gpu": 0.5}})], "entity_id": "node:here"}
    response = await answer(SERIES, field=field, **here)
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameter")
    assert response.json()["detail"].endswith("it has jobs, metrics.cpu, metrics.gpu")


async def test_a_long_series_is_made_of_hours():
    body = (await answer(SERIES, entity_id="node:hazel", field="metrics.cpu", from_="-12h", points=4)).json()
    assert body["resolution"] == "hour"
    assert body["points"][0] == {"time": "2026-03-01T00:00:00Z", "min": 0.25, "mean": 0.375, "max": 0.5}


async def test_what_is_not_known_is_said_to_be_so():
    missing = await answer(SERIES, entity_id="node:none", field="metrics.cpu")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_entity")
    here = {"items": [("node:here", {"name": "Here"})], "entity_id": "node:here"}
    assert (await answer(SERIES, field="metrics.cpu", **here)).json()["points"] == []


@pytest.mark.parametrize("path", [TIMELINE, f"{SERIES}?entity_id=node:hazel&field=metrics.cpu"])
@pytest.mark.parametrize(
    "query",
    [
        "from=soon",
        "to=2027-01-01",
        "from=-1h&to=-2h",
        "points=0",
        "points=2001",
        "from=-5w",
        "from=2026-03-01T12:00Z",
    ],
)
async def test_what_makes_no_sense_is_refused(path, query):
    async with asking(MemoryHistory()) as client:
        response = await client.get(f"{path}{'&' if '?' in path else '?'}{query}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameter")
    assert query.partition("=")[0] in response.json()["detail"]


@pytest.mark.parametrize(
    "query", ["field=x", "entity_id=node:a", "entity_id=hazel&field=x", "entity_id=node:a&field="]
)
async def test_a_series_needs_an_entity_and_a_field(query):
    async with asking(MemoryHistory()) as client:
        assert (await client.get(f"{SERIES}?{query}")).status_code == 422


@pytest.mark.parametrize("path", [TIMELINE, f"{SERIES}?entity_id=node:hazel&field=metrics.cpu"])
async def test_a_client_that_has_the_answer_is_not_sent_it_again(path):
    async with asking(await planted()) as client:
        first = await client.get(path)
        assert first.headers["cache-control"] == "private, no-cache"
        again = await client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 304


# rights


LAYER = Rights(layers=frozenset({"nodes"}), reports=False)
GRANTED = Rights(grants=(frozenset({"node:hazel"}),), reports=False)
REFUSED = Rights(grants=(frozenset(),), reports=False)


@pytest.mark.parametrize("items", [[], [("node:hazel", {"name": "Hazel-15"})]], ids=["gone", "still there"])
@pytest.mark.parametrize(
    ("rights", "troubles"),
    [
        (LAYER, [("node:hazel", "Hazel-15")]),
        (GRANTED, [("dao:oak", "Oak, see node:hazel"), ("node:hazel", "Hazel-15")]),
        (REFUSED, [("dao:oak", "oak")]),
    ],
)
async def test_troubles_are_those_of_what_is_shown_and_name_nothing_else(rights, troubles, items):
    body = (await answer(TIMELINE, rights, from_="-12h", points=1, items=items)).json()
    assert [(one["entity_id"], one["label"]) for one in body["troubles"]] == troubles
    (point,) = body["points"]
    assert point == {
        "time": "2026-03-01T00:00:00Z",
        "entries": None,
        "changes": None,
        "troubled": len(troubles),
        "worst": "critical",
    }


@pytest.mark.parametrize("items", [[], [("node:hazel", {"name": "Hazel-15"})]], ids=["gone", "still there"])
@pytest.mark.parametrize(("rights", "status"), [(LAYER, 200), (GRANTED, 200), (REFUSED, 404)])
async def test_numbers_are_those_of_what_is_shown(rights, status, items):
    response = await answer(SERIES, rights, entity_id="node:hazel", field="metrics.cpu", items=items)
    assert response.status_code == status


async def test_a_number_that_counts_what_may_be_hidden_is_shown_to_those_who_see_everything():
    assert (await answer(SERIES, entity_id="dao:oak", field="treasury")).status_code == 200
    assert (await answer(SERIES, GRANTED, entity_id="dao:oak", field="treasury")).status_code == 404


async def test_what_is_redacted_today_was_so_then():
    body = (await answer(TIMELINE, redact=["space.*.status"])).json()
    assert [one["entity_id"] for one in body["troubles"]] == ["node:hazel"]
    redacted = {"redact": ["nodes.*.cpu"], "entity_id": "node:hazel", "field": "metrics.cpu"}
    assert (await answer(SERIES, **redacted)).status_code == 404


async def test_what_was_of_a_type_that_nobody_declares_and_is_gone_is_hidden_from_limited_rights():
    history = MemoryHistory()
    story = Story(history)
    await story.tell(at("02:00"))
    await story.keep_state(at("02:00"), {"id": "relic:r", "status": "offline", "age": 7})
    for rights, count, status in ((EVERYTHING, 1, 200), (GRANTED, 0, 404)):
        body = (await answer(TIMELINE, rights, history=history)).json()
        assert len(body["troubles"]) == count
        series_of = await answer(SERIES, rights, history=history, entity_id="relic:r", field="age")
        assert series_of.status_code == status


AGENTS = [
    ("agent:sofia", {"tokens": 300, "node_id": "node:hazel"}),
    ("agent:borys", {"tokens": 20, "node_id": "node:hazel"}),
    ("agent:loner", {"tokens": 7}),
]


async def counted():
    """Return a history in which three agents used tokens."""
    history = MemoryHistory()
    story = Story(history)
    await story.tell(at("02:00"))
    await story.keep_state(at("02:00"), *({"id": one, **fields} for one, fields in AGENTS))
    await story.tell(at("11:00"), put("agent:sofia", tokens=300), put("agent:borys", tokens=10))
    await story.tell(at("11:30"), put("agent:borys", tokens=20))
    return history


async def test_totals_are_added_up_by_what_things_refer_to():
    span = {"type": "agent", "field": "tokens", "from_": "2026-03-01T10:00:00Z", "to": "2026-03-01T12:00:00Z"}
    body = (
        await answer(
            TOTALS, history=await counted(), items=[*AGENTS, ("node:hazel", {})], by="node_id", points=2, **span
        )
    ).json()
    ten, eleven = "2026-03-01T10:00:00Z", "2026-03-01T11:00:00Z"
    items = body.pop("items")
    assert body == {
        "type": "agent",
        "field": "tokens",
        "unit": "tk",
        "by": "node_id",
        "from": ten,
        "to": "2026-03-01T12:00:00Z",
        "step_seconds": 3600,
        "things": 3,
        "left_out": 0,
        "now": 327,
        "known": 3,
        "usual": None,
        "unusual": False,
        "points": [
            {"time": ten, "total": 327, "known": 3},
            {"time": eleven, "total": 322, "known": 3},
        ],
        "more": 0,
        "gaps": [],
    }
    assert [(one["id"], one["things"], one["now"]) for one in items] == [("node:hazel", 2, 320), (None, 1, 7)]
    alone = (await answer(TOTALS, history=await counted(), items=AGENTS, only="agent:borys", **span)).json()
    assert [(one["id"], one["now"]) for one in alone["items"]] == [("agent:borys", 20)]
    assert alone["now"] == 20
    first = (await answer(TOTALS, history=await counted(), items=AGENTS, limit=1, **span)).json()
    assert ([one["id"] for one in first["items"]], first["more"], first["now"]) == (["agent:sofia"], 2, 327)


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ({"type": "robot", "field": "tokens"}, "type: no such type: 'robot' (there are: node, agent, dao)"),
        ({"type": "agent", "field": "age"}, "field: agent has no number 'age' that adds up (there are: tokens)"),
        ({"type": "agent", "field": "tokens", "by": "x"}, "by: agent has no relation 'x' (there are: node_id)"),
    ],
)
async def test_what_cannot_be_added_up_is_refused(query, detail):
    response = await answer(TOTALS, **query)
    assert (response.status_code, response.json()["detail"]) == (422, detail)


async def test_totals_count_only_what_the_caller_may_see():
    items = [*AGENTS, ("node:hazel", {"jobs": 5}), ("node:oak", {"jobs": 40})]
    story = Story(history := MemoryHistory())
    await story.tell(at("02:00"))
    await story.keep_state(at("02:00"), *({"id": one, **fields} for one, fields in items))
    jobs = {"history": history, "items": items, "type": "node", "field": "jobs"}
    body = (await answer(TOTALS, GRANTED, **jobs)).json()
    assert ([(one["id"], one["now"]) for one in body["items"]], body["now"]) == ([("node:hazel", 5)], 5)
    tokens = {"history": history, "items": items, "type": "agent", "field": "tokens", "by": "node_id"}
    body = (await answer(TOTALS, REFUSED, **tokens)).json()
    assert [(one["id"], one["now"]) for one in body["items"]] == [(None, 327)]  # of nodes that are hidden
    assert (await answer(TOTALS, LAYER, **tokens)).status_code == 422
    body = (await answer(TOTALS, redact=["agents.*.tokens"], **tokens)).json()
    assert (body["now"], body["things"], body["points"], body["items"]) == (None, 0, [], [])
