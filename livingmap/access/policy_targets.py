"""What items belong to, by the rules: the ids that the PDP is asked about."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from livingmap.access.policy import ITSELF, Asked, asked_by
from livingmap.access.settings import ItemRule
from livingmap.core.model import Fields
from livingmap.core.scene import Scene

_GOOD_SECONDS: Final = 1.0


def owners(rule: ItemRule, entity_id: str, item: Fields) -> Iterator[str]:
    """Yield the ids of what an item belongs to by a rule."""
    if rule.field == ITSELF:
        yield entity_id
        return
    value = item.get(rule.field)
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one


class PolicyTargets:
    """The ids on the map that rules may ask about; looked for again when it has changed, once a second."""

    def __init__(
        self, scene: Scene, rules: Sequence[ItemRule], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scene = scene
        self._clock = clock
        self._asked = asked_by(rules)
        self._by_type: dict[str, list[ItemRule]] = defaultdict(list)
        for rule in rules:
            for kind in rule.types if rule.type is not None else ():
                self._by_type[kind].append(rule)
        self._versions: list[int] = []
        self._found: dict[Asked, frozenset[str]] = {}
        self._good_until = float("-inf")

    def __call__(self) -> Mapping[Asked, frozenset[str]]:
        """Return the ids for each kind of question."""
        if not self._asked or self._clock() < self._good_until:
            return self._found
        versions = [self._scene.version(name) for name in self._scene.layers()]
        if versions != self._versions:
            self._versions, self._found = versions, self._look()
        self._good_until = self._clock() + _GOOD_SECONDS
        return self._found

    def _look(self) -> dict[Asked, frozenset[str]]:
        found: dict[Asked, set[str]] = {asked: set() for asked in self._asked}
        for layer, collections in self._scene.layers().items():
            for collection in collections:
                for entity_id, item in self._scene.items(layer, collection).items():
                    for rule in self._by_type.get(entity_id.partition(":")[0], ()):
                        ids = map(self._scene.resolve, owners(rule, entity_id, item))
                        found[rule.action, str(rule.type)].update(ids)
        return {asked: frozenset(ids) for asked, ids in found.items()}
