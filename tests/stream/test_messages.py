"""The messages of a stream, held against what AsyncAPI says of them and against each other."""

import json
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator

from livingmap.access.view import WHOLE, View
from livingmap.api.asyncapi import document
from livingmap.core.fold import Folded, refreshed
from livingmap.core.model import Drop, Event, Position, Put, Total
from livingmap.core.progress import Progress
from livingmap.history import Gap, entry_of
from livingmap.problems.kind import Severity
from livingmap.problems.reports import Affected, ProblemReport
from livingmap.stream import messages

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
CHANGES = (
    Put("agents", "agent:a", {"x": 1}, ("y",), was={"y": 0}, came=True),
    Drop("space", "planet:p", "planets", was={"name": "P"}),
    Total("city", {"n": 2}, ("m",), was={"n": 1, "m": 1}),
)
FOLDED = Folded(Event(Position("e", 1), "agent.event.status", {"agent_id": "agent:a"}, NOW), CHANGES)
POLL = refreshed("agents", 1, CHANGES)
SNAPSHOT = {
    "generated_at": "2026-01-02T03:04:05Z",
    "layers": {},
    "meta": {
        "version": "1",
        "generated_at": "2026-01-02T03:04:05Z",
        "cursor": "c",
        "source_services": [],
        "sources": [],
        "phase": "live",
        "standing_still_since": None,
        "at": None,
        "gaps": [],
        "collisions": [],
        "access": "complete",
    },
}
PROBLEM = ProblemReport(
    id="3b0c6f2a9d41e87c",
    code="source_down",
    severity=Severity.CRITICAL,
    state="open",
    title="Source down",
    what="Source agents is not responding",
    meaning="The map shows what the service said last, or nothing of it.",
    todo="Run `livingmap probe SOURCE`.",
    link="docs/problems#source_down",
    since="2026-11-23T04:55:40Z",
    at_least=False,
    last_seen="2026-11-23T05:10:20Z",
    source="agents",
    process=None,
    affects=Affected(entities=[], layers=["agents"]),
    detail=None,
    acknowledgement=None,
).model_dump()
SENT = [
    messages.problems([PROBLEM], 1, NOW),
    messages.problem("ended", PROBLEM, NOW),
    messages.event(FOLDED, "c", WHOLE),
    messages.event_from_history(entry_of(FOLDED, previous=0), "c", WHOLE),
    messages.conflated(CHANGES, 2, "c"),
    *(messages.snapshot(json.dumps(SNAPSHOT).encode(), reason, "c", NOW) for reason in messages.SnapshotReason),
    messages.heartbeat("c", NOW, Progress(Position("e", 1))),
    messages.past_heartbeat("c", NOW, NOW),
    messages.playing(NOW, 60),
    messages.paused(NOW, "max"),
    messages.gap(Gap("e", 2, 4, NOW, NOW, "full"), restricted=False),
    messages.gap(Gap("e", 2, 4, NOW, NOW, "full"), restricted=True),
    messages.live(NOW, "c"),
    messages.end(NOW),
    messages.restarting(500),
    messages.warning("token_expires", "?", NOW),
    messages.warning("unauthenticated", "?", None),
    messages.authenticated(NOW),
    messages.authenticated(None),
    messages.error("no_json", "?"),
]


def schemas():
    told = document()
    models = told["components"]["schemas"].values()
    return {
        model["properties"]["kind"]["const"]: {**model, "components": told["components"]}
        for model in models
        if "kind" in model.get("properties", {})
    }


@pytest.mark.parametrize("message", SENT)
def test_every_message_is_as_asyncapi_describes_it(message):
    sent = json.loads(message)
    Draft202012Validator(schemas()[sent["kind"]]).validate(sent)


def test_asyncapi_describes_what_is_sent_and_no_other_kind():
    sent = [reference["$ref"].rpartition("/")[2] for reference in document()["operations"]["send"]["messages"]]
    described = {document()["components"]["schemas"][name]["properties"]["kind"]["const"] for name in sent}
    assert described == {json.loads(message)["kind"] for message in SENT}


@pytest.mark.parametrize("layers", [None, ("agents",), ("city", "space"), ("nodes",), ()])
@pytest.mark.parametrize(
    "folded", [FOLDED, Folded(Event(Position("e", 2), POLL.type, POLL.payload, NOW), CHANGES)]
)
def test_the_history_gives_the_message_that_the_event_was(folded, layers):
    view, entry = View(layers), entry_of(folded, previous=0)
    assert messages.event_from_history(entry, "c", view) == messages.event(folded, "c", view)


def test_a_snapshot_may_be_named_data_and_is_described_so():
    message = json.loads(
        messages.snapshot(json.dumps(SNAPSHOT).encode(), messages.SnapshotReason.CONNECT, "c", NOW, "data")
    )
    assert (message["data"], message.keys()) == (SNAPSHOT, {"kind", "timestamp", "cursor", "reason", "data"})
    described = document("data")
    model = {**described["components"]["schemas"]["SnapshotMessage"], "components": described["components"]}
    Draft202012Validator(model).validate(message)
