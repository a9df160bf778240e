"""Which ids mean the same thing: the aliases that sources declare, and how an id is resolved."""

from collections import Counter, defaultdict


class Aliases:
    """Ids, their aliases, and what a reference to either means.

    An id under which something really stands means itself, even if another item claims it as an alias: two
    things are never made one against a source's word. An alias that several items claim means the first by
    name, whatever the order in which they came.
    """

    def __init__(self) -> None:
        self.revision = 0
        """Grows whenever an id gets another meaning."""
        self._real: Counter[str] = Counter()
        self._claims: dict[str, Counter[str]] = defaultdict(Counter)
        self._aliases: dict[str, Counter[str]] = defaultdict(Counter)
        self._same: dict[str, tuple[str, ...]] = {}
        """What `same` found out since names last changed."""

    def resolve(self, entity_id: str) -> str:
        """Return the id that ``entity_id`` means: itself, unless it is only an alias."""
        claims = self._claims.get(entity_id)
        return entity_id if claims is None or entity_id in self._real else min(claims)

    def same(self, entity_id: str) -> tuple[str, ...]:
        """Return the resolved id first, then every alias that means it, in order of name."""
        meant = self.resolve(entity_id)
        aliases = self._aliases.get(meant)
        if aliases is None:
            return (meant,)
        found = self._same.get(meant)
        if found is None:
            others = (one for one in aliases if one != meant and self.resolve(one) == meant)
            found = self._same[meant] = (meant, *sorted(others))
        return found

    def add(self, entity_id: str) -> set[str]:
        """Note that something stands under ``entity_id``; return the ids whose meaning that may have changed."""
        before = self.resolve(entity_id)
        self._real[entity_id] += 1
        return self._stirred(entity_id, before)

    def remove(self, entity_id: str) -> set[str]:
        """Undo one `add`; return the ids whose meaning that may have changed."""
        before = self.resolve(entity_id)
        self._real[entity_id] -= 1
        if not self._real[entity_id]:
            del self._real[entity_id]
        return self._stirred(entity_id, before)

    def rename(self, entity_id: str, old: tuple[str, ...], new: tuple[str, ...]) -> set[str]:
        """Replace one source's aliases of an id; return the ids whose meaning that may have changed."""
        stirred: set[str] = set()
        for alias in {*old} ^ {*new} if old != new else ():
            before = self.resolve(alias)
            step = 1 if alias in new else -1
            for counters, name, key in ((self._claims, alias, entity_id), (self._aliases, entity_id, alias)):
                counters[name][key] += step
                if not counters[name][key]:
                    del counters[name][key]
                if not counters[name]:
                    del counters[name]
            stirred |= self._stirred(alias, before)
        return stirred

    def _stirred(self, entity_id: str, before: str) -> set[str]:
        self._same.clear()
        after = self.resolve(entity_id)
        if before == after:
            return set()
        self.revision += 1
        return {entity_id, before, after}
