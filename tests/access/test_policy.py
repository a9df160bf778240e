"""Policies: the questions that the rules ask about an actor, and the rights that follow from the answers."""

import pytest

from livingmap.access.decisions import Decisions
from livingmap.access.policy import NotPermitted, Policies, Undecided, question_kinds
from livingmap.access.settings import AuthSettings, ItemRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import Actor
from livingmap.core.auth import PolicyEngine, Question
from livingmap.errors import Unreachable
from livingmap.sources.settings import ServiceSettings

LAYERS = ("agents", "city", "space")
ANN = Actor("ann")
MAP = [
    {"type": "map", "id": "of-{actor_id}", "action": "enter"},
    {"layers": ["city"], "type": "layer", "id": "city"},
    {"layers": ["agents", "space"], "type": "layer", "id": "rest"},
]
ITEMS = [
    {"types": ["microdao"], "field": "id", "type": "microdao"},
    {"types": ["agent"], "field": "microdao_id", "type": "microdao"},
    {"types": ["agent"], "field": "id", "type": "agent", "action": "manage"},
    {"types": ["vote"], "field": "proposal_id"},
]
TARGETS = {("read", "microdao"): ["microdao:1", "microdao:2"]}
ENTER = Question("enter", "map", "of-ann")
CITY = Question("read", "layer", "city")
REST = Question("read", "layer", "rest")
FIRST = Question("read", "microdao", "microdao:1")
SECOND = Question("read", "microdao", "microdao:2")


class Judge:
    """Policies whose engine permits the questions that a test names, and fails for others."""

    def __init__(self, *permitted, away=(), items=(), layer_rules=MAP):
        self.asked = []
        self.permitted, self.away = permitted, away
        own = ServiceSettings(base_url="http://judge:1")
        settings = AuthSettings(mode="porter", pdp={"enabled": True, "map": layer_rules, "items": items})
        engine = PolicyEngine("judge", "judge", ServiceSettings, self._decide)
        decisions = Decisions(engine, settings.pdp, own, lambda: 0.0)
        self.policies = Policies(settings, LAYERS, lambda: TARGETS, decisions)

    async def _decide(self, client, actor, question):
        self.asked.append((actor, question))
        if question in self.away:
            raise Unreachable("away")
        return question in self.permitted

    async def rights(self, actor=ANN, **given):
        return await self.policies.rights(actor, **given)


async def test_without_an_engine_an_actor_sees_everything_but_the_errors_of_services():
    policies = Policies(AuthSettings(mode="porter"), LAYERS, dict)
    assert policies.state is None
    assert await policies.rights(ANN) == Rights(None, None, False, False)
    assert await policies.rights(ANN, summary=True) == Rights(None, None, True, False)
    await policies.close()


async def test_an_administrator_sees_everything_and_no_engine_is_asked():
    judge = Judge()
    assert await judge.rights(Actor("root", roles=("user", "admin"))) == EVERYTHING
    assert judge.asked == []


async def test_layers_are_shown_by_the_rules_over_them():
    assert await Judge(ENTER, CITY, REST).rights() == Rights(None, None, False, False)
    assert await Judge(ENTER, REST).rights() == Rights(frozenset({"agents", "space"}), None, False, False)
    assert await Judge(ENTER, CITY).rights() == Rights(frozenset({"city"}), None, False, False)
    assert await Judge(ENTER).rights() == Rights(frozenset(), None, False, False)


async def test_a_layer_whose_rule_cannot_be_decided_is_hidden():
    assert await Judge(ENTER, REST, away=[CITY]).rights() == Rights(
        frozenset({"agents", "space"}), None, False, False, pending=True
    )


async def test_an_actor_without_permission_over_the_whole_map_is_refused():
    with pytest.raises(NotPermitted, match=r"^the policies do not let you read the map$"):
        await Judge(CITY, REST).rights()
    with pytest.raises(NotPermitted):
        await Judge(ENTER, CITY, REST).rights(Actor("bo"))


async def test_a_rule_over_the_whole_map_that_cannot_be_decided_is_not_a_refusal():
    text = r"^whether you may read the map cannot be decided now; try again in a moment$"
    with pytest.raises(Undecided, match=text):
        await Judge(CITY, REST, away=[ENTER]).rights()


async def test_items_are_shown_by_what_is_permitted_of_each_kind_of_question():
    judge = Judge(ENTER, CITY, REST, SECOND, items=ITEMS)
    grants = (frozenset({"microdao:2"}), frozenset())
    assert await judge.rights() == Rights(None, grants, False, False)
    assert sorted(judge.asked) == sorted((ANN, one) for one in (ENTER, CITY, REST, FIRST, SECOND))


async def test_a_summary_asks_about_no_item():
    judge = Judge(ENTER, CITY, REST, items=ITEMS)
    assert await judge.rights(summary=True) == Rights(None, None, True, False)
    assert len(judge.asked) == 3


async def test_rules_that_follow_others_show_nothing_that_is_not_granted():
    judge = Judge(items=ITEMS[3:], layer_rules=())
    assert await judge.rights() == Rights(None, (), False, False)


def test_the_kinds_of_question_are_asked_once_in_the_order_of_the_rules():
    rules = [ItemRule(**rule) for rule in ITEMS]
    assert question_kinds(rules) == (("read", "microdao"), ("manage", "agent"))
