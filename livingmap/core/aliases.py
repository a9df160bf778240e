"""Aliases: the other ids under which sources refer to an entity, and how an id is resolved."""

from collections import Counter, defaultdict


class Aliases:
    """Entity ids, their aliases, and the entity that either refers to.

    Example: the city service lists ``agent:sofia`` with the alias ``agent:7f3c``. From then on an event about
    ``agent:7f3c`` changes ``agent:sofia``, and a ``lead_id`` of ``agent:7f3c`` is shown as ``agent:sofia``.

    An id that some source lists as an entity refers to itself, even if another entity claims it as an alias: two
    entities are never merged against a source's word. An alias that several entities claim refers to the first of
    them by name, in whatever order the claims came.
    """

    def __init__(self) -> None:
        self.revision = 0
        """Grows whenever an id changes what it refers to."""
        self._entities: Counter[str] = Counter()
        """By id, how many sources list it as an entity."""
        self._claims: dict[str, Counter[str]] = defaultdict(Counter)
        """By alias, the ids that claim it."""
        self._aliases: dict[str, Counter[str]] = defaultdict(Counter)
        """By id, the aliases that it claims."""
        self._same: dict[str, tuple[str, ...]] = {}
        """The answers of `same` since the last change."""

    def resolve(self, entity_id: str) -> str:
        """Return the id that ``entity_id`` refers to: itself, unless it is only an alias."""
        claims = self._claims.get(entity_id)
        return entity_id if claims is None or entity_id in self._entities else min(claims)

    def same(self, entity_id: str) -> tuple[str, ...]:
        """Return the resolved id first, then every alias that refers to it, in order of name."""
        target = self.resolve(entity_id)
        aliases = self._aliases.get(target)
        if aliases is None:
            return (target,)
        ids = self._same.get(target)
        if ids is None:
            others = (alias for alias in aliases if alias != target and self.resolve(alias) == target)
            ids = self._same[target] = (target, *sorted(others))
        return ids

    def add(self, entity_id: str) -> set[str]:
        """Count one more source that lists ``entity_id``; return the ids that may refer to something else now."""
        before = self.resolve(entity_id)
        self._entities[entity_id] += 1
        return self._affected(entity_id, before)

    def remove(self, entity_id: str) -> set[str]:
        """Undo one `add`; return the ids that may refer to something else now."""
        before = self.resolve(entity_id)
        self._entities[entity_id] -= 1
        if not self._entities[entity_id]:
            del self._entities[entity_id]
        return self._affected(entity_id, before)

    def rename(self, entity_id: str, old: tuple[str, ...], new: tuple[str, ...]) -> set[str]:
        """Replace one source's aliases of an id; return the ids that may refer to something else now."""
        affected: set[str] = set()
        for alias in {*old} ^ {*new} if old != new else ():
            before = self.resolve(alias)
            step = 1 if alias in new else -1
            for counters, name, key in ((self._claims, alias, entity_id), (self._aliases, entity_id, alias)):
                counters[name][key] += step
                if not counters[name][key]:
                    del counters[name][key]
                if not counters[name]:
                    del counters[name]
            affected |= self._affected(alias, before)
        return affected

    def _affected(self, entity_id: str, before: str) -> set[str]:
        self._same.clear()
        after = self.resolve(entity_id)
        if before == after:
            return set()
        self.revision += 1
        return {entity_id, before, after}
