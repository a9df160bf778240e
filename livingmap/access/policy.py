"""From an actor to its rights: the rules of the configuration, put to the PDP as questions."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from livingmap.access.decisions import Decisions, PolicyState, Question
from livingmap.access.settings import AuthSettings, ItemRule, MapRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.actor import Actor
from livingmap.errors import LivingMapError

ITSELF: Final = "id"
"""The field of a rule that means the item itself."""

Asked = tuple[str, str]
"""An action and a type of resource: what rules about items ask for, for many ids."""


class NotPermitted(LivingMapError):
    """The actor may not read the map at all."""


class Undecided(LivingMapError):
    """Whether the actor may read the map cannot be told now."""


def asked_by(rules: Iterable[ItemRule]) -> tuple[Asked, ...]:
    """Return the different kinds of question that rules ask, in their order."""
    return tuple(dict.fromkeys((rule.action, rule.type) for rule in rules if rule.type is not None))


class Policies:
    """Decides what an actor is shown.

    ``layers`` are those of the map; ``named`` returns, for each kind of question, the ids on the map that it may
    be asked about.
    """

    def __init__(
        self, settings: AuthSettings, layers: Iterable[str], named: Callable[[], Mapping[Asked, Iterable[str]]]
    ) -> None:
        self._settings = settings
        self._layers = frozenset(layers)
        self._named = named
        self._asked = asked_by(settings.pdp.items)
        self._decisions = Decisions(settings.pdp) if settings.pdp.enabled else None

    @property
    def state(self) -> PolicyState | None:
        """How the PDP fares; None if it is not asked."""
        return self._decisions.state if self._decisions else None

    async def rights(self, actor: Actor, *, summary: bool = False) -> Rights:
        """Return what ``actor`` is shown. Raises NotPermitted, or Undecided if that cannot be told now."""
        if not frozenset(self._settings.admin_roles).isdisjoint(actor.roles):
            return EVERYTHING
        if self._decisions is None:
            return Rights(summary=summary, reports=False)
        over_map = {rule: _question(rule, actor) for rule in self._settings.pdp.map}
        over_items = {} if summary else {asked: list(self._of_items(asked)) for asked in self._asked}
        questions = [*over_map.values(), *(one for some in over_items.values() for one in some)]
        permitted, whole = await self._decisions.permitted(actor, dict.fromkeys(questions))
        self._refuse_map(over_map, permitted, whole=whole)
        hidden = {name for rule, one in over_map.items() if one not in permitted for name in rule.layers}
        grants = tuple(frozenset(one.id for one in some if one in permitted) for some in over_items.values())
        return Rights(
            layers=self._layers - hidden if hidden else None,
            grants=grants if self._settings.pdp.items and not summary else None,
            summary=summary,
            reports=False,
        )

    def _of_items(self, asked: Asked) -> Iterator[Question]:
        for entity_id in self._named().get(asked, ()):
            yield Question(*asked, entity_id)

    @staticmethod
    def _refuse_map(over_map: Mapping[MapRule, Question], permitted: set[Question], *, whole: bool) -> None:
        refused = [one for rule, one in over_map.items() if not rule.layers and one not in permitted]
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
