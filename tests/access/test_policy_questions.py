"""Policies: which questions the engine is asked, about whom and in whose words, and what members need not ask."""

from dataclasses import replace

import pytest

from livingmap.access.decisions import Decisions
from livingmap.access.memberships import Memberships, MembershipState
from livingmap.access.policy import NotPermitted, Policies
from livingmap.access.settings import AuthSettings
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import Actor, Credential, Scheme
from livingmap.core.auth import MembershipLookup, PolicyEngine, Question
from livingmap.errors import Unreachable
from livingmap.sources.settings import ServiceSettings

TOKEN = Credential(Scheme.BEARER, "token")
ANN = Actor("ann", "agent", ("group:7",), ("user",))
MEMBER = replace(ANN, memberships=frozenset({"microdao:1"}))
ANYBODY = Actor("anybody", "agent", (), ("user",))
ENTER = {"type": "map", "id": "whole", "action": "enter"}
ITSELF = {"types": ["microdao"], "field": "id", "type": "microdao"}
OWNED = {"types": ["agent"], "field": "microdao_id", "type": "microdao"}
MANAGED = {"types": ["agent"], "field": "id", "type": "agent", "action": "manage"}
READ, MANAGE = ("read", "microdao"), ("manage", "agent")
TARGETS = {READ: ["microdao:1", "microdao:2"], MANAGE: ["agent:1"]}


class Scene:
    """What a scene tells of ids: one alias, and two names in the namespace of the engine."""

    def resolve(self, entity_id):
        return "microdao:1" if entity_id == "microdao:slug" else entity_id

    def named(self, entity_id, namespace):
        assert namespace == "pdp"
        return {"microdao:1": "microdao:one", "agent:1": ""}.get(entity_id)


class Judge:
    """Policies whose engine permits the ids that a test names, and fails about others."""

    def __init__(self, *permitted, away=(), items=(ITSELF, OWNED), rules=(), lookup=None, scene=None, **engine):
        self.asked = []
        self.permitted, self.away = permitted, away
        self.targets = TARGETS
        self.credentials = []
        self.lookup = lookup
        own = ServiceSettings(base_url="http://judge:1")
        settings = AuthSettings(mode="porter", pdp={"enabled": True, "map": rules, "items": items})
        self.engine = PolicyEngine("judge", "judge", ServiceSettings, self._decide, **engine)
        self.decisions = Decisions(self.engine, settings.pdp, own, lambda: 0.0)
        asking = Memberships(MembershipLookup((), self._complete), {}, 60, lambda: 0.0) if lookup else None
        self.policies = Policies(settings, ("city",), lambda: self.targets, self.decisions, scene, asking)

    async def _decide(self, client, actor, question):
        self.asked.append((actor, question))
        if question.id in self.away:
            raise Unreachable("away")
        return question.id in self.permitted

    async def _complete(self, clients, actor, credential):
        self.credentials.append(credential)
        if isinstance(self.lookup, Exception):
            raise self.lookup
        return replace(actor, memberships=frozenset(self.lookup))

    async def rights(self, actor=ANN, credential=None, **given):
        return await self.policies.rights(actor, credential, **given)

    @property
    def ids_asked(self):
        return sorted(question.id for _, question in self.asked)


def granted(*ids, **more):
    return Rights(None, tuple(map(frozenset, ids)), False, False, **more)


# members


MEMBERS_READ = {"members_may": frozenset({"read"})}


async def test_what_membership_permits_is_not_asked_and_the_rest_is():
    judge = Judge("microdao:2", items=(OWNED,), **MEMBERS_READ)
    of = frozenset({"microdao:1"})
    assert await judge.rights(MEMBER) == granted({"microdao:1", "microdao:2"}, memberships=of)
    assert judge.asked == [(MEMBER, Question("read", "microdao", "microdao:2"))]


async def test_members_of_nothing_are_asked_about_everything():
    judge = Judge("microdao:2", **MEMBERS_READ)
    assert await judge.rights() == granted({"microdao:2"})
    assert judge.ids_asked == ["microdao:1", "microdao:2"]


async def test_an_action_that_members_may_not_do_is_asked_about():
    judge = Judge(items=(OWNED, MANAGED), **MEMBERS_READ)
    actor = replace(ANN, memberships=frozenset({"agent:1"}))
    assert await judge.rights(actor) == granted((), ())
    assert judge.ids_asked == ["agent:1", "microdao:1", "microdao:2"]
    judge = Judge(items=(OWNED,))
    assert await judge.rights(MEMBER) == granted((), memberships=MEMBER.memberships)


async def test_a_member_by_an_alias_is_a_member():
    actor = replace(ANN, memberships=frozenset({"microdao:slug"}))
    judge = Judge(items=(OWNED,), scene=Scene(), **MEMBERS_READ)
    assert await judge.rights(actor) == granted({"microdao:1"}, memberships=frozenset({"microdao:1"}))


async def test_membership_shows_a_thing_of_a_type_with_a_rule_of_its_own_only_by_that_rule():
    actor = replace(ANN, memberships=frozenset({"microdao:1", "dao:1", "agent:1"}))
    follows = {"types": ["agent"], "field": "id"}
    judge = Judge(items=(ITSELF, follows, {"types": ["dao"], "field": "microdao_id", "type": "microdao"}))
    assert await judge.rights(actor) == granted((), memberships=frozenset({"dao:1", "agent:1"}))


async def test_a_membership_permits_nothing_of_the_whole_map():
    rule = {"type": "microdao", "id": "microdao:1"}
    with pytest.raises(NotPermitted):
        await Judge(rules=(rule,), **MEMBERS_READ).rights(MEMBER)


# memberships that are looked up


async def test_memberships_are_looked_up_with_the_callers_own_credential():
    judge = Judge(items=(OWNED,), lookup=["microdao:1"], **MEMBERS_READ)
    assert judge.policies.membership_state == MembershipState()
    of = frozenset({"microdao:1"})
    assert await judge.rights(ANN, TOKEN) == granted({"microdao:1"}, memberships=of)
    assert judge.asked == [(MEMBER, Question("read", "microdao", "microdao:2"))]
    assert judge.credentials == [TOKEN]
    assert judge.policies.membership_state == MembershipState(asked=1)


async def test_without_a_credential_no_membership_is_looked_up():
    judge = Judge(items=(OWNED,), lookup=["microdao:1"], **MEMBERS_READ)
    assert await judge.rights() == granted(())
    assert judge.credentials == []
    assert Judge().policies.membership_state is None


async def test_while_memberships_cannot_be_found_out_rights_are_pending():
    judge = Judge("microdao:1", items=(OWNED,), lookup=Unreachable("away"))
    assert await judge.rights(ANN, TOKEN) == granted({"microdao:1"}, pending=True)


async def test_while_the_engine_is_away_rights_are_pending():
    judge = Judge("microdao:1", away=["microdao:2"], items=(OWNED,))
    assert await judge.rights() == granted({"microdao:1"}, pending=True)


async def test_an_administrator_is_not_looked_up():
    judge = Judge(lookup=["microdao:1"])
    assert await judge.rights(replace(ANN, roles=("admin",)), TOKEN) == EVERYTHING
    assert judge.credentials == []


# shared decisions


SHARED = {"shared": True}


async def test_shared_decisions_are_asked_about_anybody_of_these_roles_and_others_about_the_caller():
    judge = Judge("microdao:1", "whole", items=(OWNED | SHARED, MANAGED), rules=(ENTER,))
    for name in ("ann", "bo"):
        assert await judge.rights(replace(ANN, actor_id=name)) == granted({"microdao:1"}, ())
    shared = [(ANYBODY, Question(*READ, one)) for one in TARGETS[READ]]
    own = [
        (replace(ANN, actor_id=name), question)
        for name in ("ann", "bo")
        for question in (Question("enter", "map", "whole"), Question(*MANAGE, "agent:1"))
    ]
    assert sorted(judge.asked, key=repr) == sorted(own + shared, key=repr)


async def test_a_kind_of_question_is_shared_only_if_all_its_rules_are():
    judge = Judge("microdao:1", items=(OWNED | SHARED, ITSELF))
    await judge.rights()
    assert {actor for actor, _ in judge.asked} == {ANN}
    judge = Judge("microdao:1", items=(OWNED | SHARED, ITSELF | SHARED, MANAGED))
    await judge.rights()
    assert {actor for actor, question in judge.asked if question.type == "microdao"} == {ANYBODY}


async def test_shared_decisions_that_cannot_be_made_leave_rights_pending():
    judge = Judge("agent:1", away=["microdao:2"], items=(OWNED | SHARED, MANAGED))
    assert await judge.rights() == granted((), {"agent:1"}, pending=True)
    judge = Judge("microdao:1", away=["agent:1"], items=(OWNED | SHARED, MANAGED))
    assert await judge.rights() == granted({"microdao:1"}, (), pending=True)


# in the words of the engine


async def test_an_engine_with_a_namespace_is_asked_by_the_ids_of_it():
    judge = Judge("microdao:one", "microdao:2", items=(OWNED, MANAGED), scene=Scene(), namespace="pdp")
    assert await judge.rights() == granted({"microdao:1", "microdao:2"}, ())
    assert judge.ids_asked == ["agent:1", "microdao:2", "microdao:one"]


@pytest.mark.parametrize("given", [{"scene": Scene()}, {"namespace": "pdp"}], ids=["no namespace", "no scene"])
async def test_without_a_namespace_or_a_scene_an_engine_is_asked_by_the_ids_of_the_map(given):
    judge = Judge("microdao:1", items=(OWNED,), **given)
    assert await judge.rights() == granted({"microdao:1"})
    assert judge.ids_asked == ["microdao:1", "microdao:2"]


async def test_what_comes_to_the_map_is_asked_about():
    judge = Judge("microdao:3", items=(OWNED,))
    assert await judge.rights() == granted(())
    judge.targets = {READ: ["microdao:2", "microdao:3"]}
    assert await judge.rights() == granted({"microdao:3"})
    assert judge.ids_asked == ["microdao:1", "microdao:2", "microdao:3"]


async def test_a_rule_over_items_of_which_none_is_on_the_map_grants_nothing():
    judge = Judge("microdao:1", items=(OWNED, MANAGED))
    judge.targets = {MANAGE: ["agent:1"]}
    assert await judge.rights() == granted((), ())
    assert judge.ids_asked == ["agent:1"]


# the end


async def test_the_connections_of_the_engine_and_of_the_lookup_are_closed():
    class Closing:
        is_closed = False

        async def close(self):
            self.is_closed = True

    engine, lookup = Closing(), Closing()
    await Policies(AuthSettings(mode="porter"), (), dict, engine, None, lookup).close()
    assert (engine.is_closed, lookup.is_closed) == (True, True)
    await Policies(AuthSettings(mode="porter"), (), dict).close()
