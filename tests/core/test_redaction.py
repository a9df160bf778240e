"""What nobody gets to see is taken out wherever it is, and nothing else is touched."""

import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.redaction import ALWAYS, Redaction, invalid_reason

REDACTION = Redaction(["agents.*.owner", "*.*.email"])


def test_a_rule_takes_its_field_out_of_its_layer_at_any_depth():
    put = Put(
        "agents", "agent:a", {"name": "A", "owner": "o", "more": [{"email": "e", "x": 1}], "system_prompt": "s"}
    )
    assert REDACTION.change(put) == Put("agents", "agent:a", {"name": "A", "more": [{"x": 1}]})
    assert REDACTION.change(Put("nodes", "node:a", {"owner": "o"})).set == {"owner": "o"}
    assert REDACTION.change(Total("nodes", {"email": 1, "n": 2})) == Total("nodes", {"n": 2})


def test_of_payloads_every_rule_takes_its_field_out():
    assert REDACTION.payload({"a": {"owner": 1, "b": [{"bot_token": 2}]}}) == {"a": {"b": [{}]}}


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_some_are_taken_out_always(name):
    assert Redaction().payload({name: "x", "y": 1}) == {"y": 1}


def test_what_is_clean_stays_the_very_same():
    put, drop, payload = Put("agents", "agent:a", {"x": [1, {"y": 2}]}), Drop("agents", "agent:a"), {"x": [1]}
    assert REDACTION.change(put) is put
    assert REDACTION.change(drop) is drop
    assert REDACTION.payload(payload) is payload


@pytest.mark.parametrize("rule", ["agents.system_prompt", "agents.*", "*", "", "a.b.c", "a.*.*", "a.*.id", ".*.x"])
def test_what_is_no_rule(rule):
    assert invalid_reason(rule)


@pytest.mark.parametrize("rule", ["agents.*.system_prompt", "*.*.email"])
def test_what_is_a_rule(rule):
    assert invalid_reason(rule) is None
