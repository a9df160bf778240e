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


@pytest.mark.parametrize(
    "rule", ["agents.system_prompt", "agents.*", "*", "", "a.b.c", "a.*.*", ".*.x", "a.*.", "a.*.b.c"]
)
def test_a_rule_has_a_form(rule):
    assert invalid_reason(rule) == "is not of the form layer.*.field"


def test_a_rule_does_not_remove_the_id():
    assert invalid_reason("a.*.id") == "removes the id"


@pytest.mark.parametrize("rule", ["agents.*.system_prompt", "*.*.email"])
def test_what_is_a_rule(rule):
    assert invalid_reason(rule) is None


def test_rules_of_one_layer_add_up_and_leave_others_alone():
    redaction = Redaction(["agents.*.a", "agents.*.b", "nodes.*.c", "*.*.d"])
    fields = dict.fromkeys(["a", "b", "c", "d", "secret", "x"], 1)
    assert redaction.fields("agents", fields) == {"c": 1, "x": 1}
    assert redaction.fields("nodes", fields) == {"a": 1, "b": 1, "x": 1}
    assert redaction.fields("city", fields) == {"a": 1, "b": 1, "c": 1, "x": 1}
    assert redaction.payload(fields) == {"x": 1}


def test_lists_in_lists_are_cleaned():
    value = {"a": [1, [{"secret": 1, "x": [None]}], "secret"], "b": {"c": {"d": [{"password": 1}]}}}
    assert Redaction().payload(value) == {"a": [1, [{"x": [None]}], "secret"], "b": {"c": {"d": [{}]}}}


@pytest.mark.parametrize("clean", [1, "x", None, [1], {"x": 1}])
def test_what_is_clean_hides_nothing_of_what_follows(clean):
    secret = {"secret": 1}
    assert Redaction().payload({"a": clean, "b": secret}) == {"a": clean, "b": {}}
    assert Redaction().payload({"a": [clean, secret, [clean, secret]]}) == {"a": [clean, {}, [clean, {}]]}


def test_a_change_keeps_all_but_its_redacted_fields():
    put = Put("agents", "agent:a", {"secret": 1, "x": 2}, ("y",), "rooms", ("agent:b",), creates=False)
    assert Redaction().change(put) == Put(
        "agents", "agent:a", {"x": 2}, ("y",), "rooms", ("agent:b",), creates=False
    )
