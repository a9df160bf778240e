"""Policies: from an actor to its rights, by the rules of the configuration and the decisions of the engine."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from livingmap.access.decisions import Decisions, PolicyState
from livingmap.access.memberships import Memberships, MembershipState
from livingmap.access.settings import AuthSettings, ItemRule, MapRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import Actor, Credential
from livingmap.core.auth import Question
from livingmap.core.vocabulary import type_of
from livingmap.errors import LivingMapError

ITSELF: Final = "id"
"""The field of a rule that means the item itself."""

_ANYBODY: Final = "anybody"
"""The id of the actor about whom shared decisions are asked."""

QuestionKind = tuple[str, str]
"""An action and a type of resource: what questions about many ids have in common."""


class NotPermitted(LivingMapError):
    """The actor may not read the map at all."""


class Undecided(LivingMapError):
    """Whether the actor may read the map cannot be decided now."""


def question_kinds(rules: Iterable[ItemRule]) -> tuple[QuestionKind, ...]:
    """Return the different kinds of question that rules ask, in their order."""
    return tuple(dict.fromkeys((rule.action, rule.type) for rule in rules if rule.type is not None))


class Identities(Protocol):
    """What policies have to know of ids: a scene."""

    def resolve(self, entity_id: str) -> str:
        """Return the id of the map for an id or alias."""

    def named(self, entity_id: str, namespace: str) -> str | None:
        """Return the id of an item in a namespace; None if it has none there."""


class Policies:
    """Decides what an actor is shown.

    ``layers`` are those of the map. ``targets`` returns, for each kind of question, the ids on the map that it may
    be asked about; the engine gets them as ``identities`` say. Without ``decisions`` no engine is asked, without
    ``memberships`` actors are what their credentials say.
    """

    def __init__(
        self,
        settings: AuthSettings,
        layers: Iterable[str],
        targets: Callable[[], Mapping[QuestionKind, Iterable[str]]],
        decisions: Decisions | None = None,
        identities: Identities | None = None,
        memberships: Memberships | None = None,
    ) -> None:
        self._settings = settings
        self.layers = frozenset(layers)
        """The layers of the map."""
        self._targets = targets
        self._kinds = question_kinds(settings.pdp.items)
        self._shared = frozenset(self._kinds).difference(
            question_kinds(rule for rule in settings.pdp.items if not rule.shared)
        )
        self._own_types = {
            name for rule in settings.pdp.items if rule.type and rule.field == ITSELF for name in rule.types
        }
        self._decisions = decisions
        self._identities = identities
        self._memberships = memberships
        self._asked_about: tuple[object, dict[QuestionKind, dict[str, Question]]] = (None, {})

    @property
    def state(self) -> PolicyState | None:
        """How the policy engine is doing; None if none is asked."""
        return self._decisions.state if self._decisions else None

    @property
    def membership_state(self) -> MembershipState | None:
        """How asking for memberships goes; None if nobody is asked."""
        return self._memberships.state if self._memberships else None

    async def rights(self, actor: Actor, credential: Credential | None = None, *, summary: bool = False) -> Rights:
        """Return what ``actor`` is shown. Raises NotPermitted, or Undecided if that cannot be decided now.

        Memberships are asked for first, with the actor's own ``credential``; then the engine, about the
        rest.
        """
        if not frozenset(self._settings.admin_roles).isdisjoint(actor.roles):
            return EVERYTHING
        if self._decisions is None:
            return Rights(summary=summary, reports=False)
        is_complete = True
        if self._memberships is not None and credential is not None:
            actor, is_complete = await self._memberships.complete(actor, credential)
        over_map = {rule: _question(rule, actor) for rule in self._settings.pdp.map}
        over_items = {} if summary else self._about_items(self._decisions.namespace)
        members = frozenset(map(self._resolve, actor.memberships))
        permitted, whole = await self._permitted(self._decisions, actor, over_map.values(), over_items, members)
        self._refuse_map(over_map, permitted, whole=whole)
        hidden = {name for rule, question in over_map.items() if question not in permitted for name in rule.layers}
        grants = tuple(
            _free(self._decisions, kind, members).intersection(some)
            | {one for one, question in some.items() if question in permitted}
            for kind, some in over_items.items()
        )
        return Rights(
            layers=self.layers - hidden if hidden else None,
            grants=grants if self._settings.pdp.items and not summary else None,
            summary=summary,
            reports=False,
            memberships=frozenset(one for one in members if type_of(one) not in self._own_types),
            pending=not (whole and is_complete),
        )

    async def _permitted(
        self,
        decisions: Decisions,
        actor: Actor,
        over_map: Iterable[Question],
        over_items: Mapping[QuestionKind, Mapping[str, Question]],
        members: frozenset[str],
    ) -> tuple[set[Question], bool]:
        """Ask what memberships do not decide: of the actor, or where a rule says so of anybody with its roles."""
        own, shared = dict.fromkeys(over_map), dict[Question, None]()
        for kind, some in over_items.items():
            free = _free(decisions, kind, members)
            asked = (question for one, question in some.items() if one not in free)
            (shared if kind in self._shared else own).update(dict.fromkeys(asked))
        anybody = Actor(_ANYBODY, actor.actor_type, (), actor.roles)
        rounds = [decisions.permitted(one, some) for one, some in ((actor, own), (anybody, shared)) if some]
        outcomes = await asyncio.gather(*rounds)
        permitted = {question for some, _ in outcomes for question in some}
        return permitted, all(whole for _, whole in outcomes)

    def _about_items(self, namespace: str | None) -> dict[QuestionKind, dict[str, Question]]:
        """Return for each kind the question about each id, in the words of the engine."""
        targets = self._targets()
        if self._asked_about[0] is not targets:
            about = {
                kind: {one: Question(*kind, self._named(one, namespace)) for one in targets.get(kind, ())}
                for kind in self._kinds
            }
            self._asked_about = targets, about
        return self._asked_about[1]

    def _resolve(self, entity_id: str) -> str:
        return self._identities.resolve(entity_id) if self._identities else entity_id

    def _named(self, entity_id: str, namespace: str | None) -> str:
        """Return the id by which the engine knows an item."""
        if namespace is None or self._identities is None:
            return entity_id
        return self._identities.named(entity_id, namespace) or entity_id

    @staticmethod
    def _refuse_map(over_map: Mapping[MapRule, Question], permitted: set[Question], *, whole: bool) -> None:
        refused = [rule for rule, question in over_map.items() if not rule.layers and question not in permitted]
        if refused and not whole:
            raise Undecided("whether you may read the map cannot be decided now; try again in a moment")
        if refused:
            raise NotPermitted("the policies do not let you read the map")

    async def close(self) -> None:
        """Close the connections."""
        if self._decisions is not None:
            await self._decisions.close()
        if self._memberships is not None:
            await self._memberships.close()


def _free(decisions: Decisions, kind: QuestionKind, members: frozenset[str]) -> frozenset[str]:
    """Return the ids about which membership alone permits what a kind of question asks."""
    return members if kind[0] in decisions.members_may else frozenset()


def _question(rule: MapRule, actor: Actor) -> Question:
    return Question(rule.action, rule.type, rule.id.replace("{actor_id}", actor.actor_id))
