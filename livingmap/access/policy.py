"""Policies: from an actor to its rights, by the rules of the configuration and the decisions of the engine."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from livingmap.access.decisions import Decisions, PolicyState
from livingmap.access.settings import AuthSettings, ItemRule, MapRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import Actor
from livingmap.core.auth import Question
from livingmap.errors import LivingMapError

ITSELF: Final = "id"
"""The field of a rule that means the item itself."""

QuestionKind = tuple[str, str]
"""An action and a type of resource: what questions about many ids have in common."""


class NotPermitted(LivingMapError):
    """The actor may not read the map at all."""


class Undecided(LivingMapError):
    """Whether the actor may read the map cannot be decided now."""


def question_kinds(rules: Iterable[ItemRule]) -> tuple[QuestionKind, ...]:
    """Return the different kinds of question that rules ask, in their order."""
    return tuple(dict.fromkeys((rule.action, rule.type) for rule in rules if rule.type is not None))


class Policies:
    """Decides what an actor is shown.

    ``layers`` are those of the map. ``targets`` returns, for each kind of question, the ids on the map that it may
    be asked about. Without ``decisions`` no engine is asked.
    """

    def __init__(
        self,
        settings: AuthSettings,
        layers: Iterable[str],
        targets: Callable[[], Mapping[QuestionKind, Iterable[str]]],
        decisions: Decisions | None = None,
    ) -> None:
        self._settings = settings
        self._layers = frozenset(layers)
        self._targets = targets
        self._kinds = question_kinds(settings.pdp.items)
        self._decisions = decisions

    @property
    def state(self) -> PolicyState | None:
        """How the policy engine is doing; None if none is asked."""
        return self._decisions.state if self._decisions else None

    async def rights(self, actor: Actor, *, summary: bool = False) -> Rights:
        """Return what ``actor`` is shown. Raises NotPermitted, or Undecided if that cannot be decided now."""
        if not frozenset(self._settings.admin_roles).isdisjoint(actor.roles):
            return EVERYTHING
        if self._decisions is None:
            return Rights(summary=summary, reports=False)
        over_map = {rule: _question(rule, actor) for rule in self._settings.pdp.map}
        over_items = {} if summary else {kind: list(self._about_items(kind)) for kind in self._kinds}
        questions = [*over_map.values(), *(question for some in over_items.values() for question in some)]
        permitted, whole = await self._decisions.permitted(actor, dict.fromkeys(questions))
        self._refuse_map(over_map, permitted, whole=whole)
        hidden = {name for rule, question in over_map.items() if question not in permitted for name in rule.layers}
        grants = tuple(
            frozenset(question.id for question in some if question in permitted) for some in over_items.values()
        )
        return Rights(
            layers=self._layers - hidden if hidden else None,
            grants=grants if self._settings.pdp.items and not summary else None,
            summary=summary,
            reports=False,
        )

    def _about_items(self, kind: QuestionKind) -> Iterator[Question]:
        for entity_id in self._targets().get(kind, ()):
            yield Question(*kind, entity_id)

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


def _question(rule: MapRule, actor: Actor) -> Question:
    return Question(rule.action, rule.type, rule.id.replace("{actor_id}", actor.actor_id))
