"""Aliases: the other ids under which sources refer to an entity, and how an id is resolved."""

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from livingmap.core.shared import shared

K = TypeVar("K", bound=Hashable)

NAMESPACES: Final = ("external", "uuid", "slug")
"""The namespaces of ids, the strongest first: the ids that services exchange, the keys of their databases, and the
names that people choose. Any other namespace, such as one service's own numbers, is weaker than these."""
_OTHER: Final = len(NAMESPACES)
_UNNAMED: Final = _OTHER + 1
_NO_NAMESPACES: Final[Mapping[str, str]] = {}
_MOST_ANSWERS: Final = 4096


@dataclass(frozen=True, slots=True)
class Collision:
    """An id that several entities claim."""

    id: str
    claims: tuple[tuple[str, str | None], ...]
    """The entities that claim it, each with the namespace in which it does so, the strongest claim first."""
    refers_to: str
    """The entity to which the id refers where nothing says which one is meant."""


class Aliases:
    """Entity ids, their aliases, and the entity that either refers to.

    Example: the city service lists ``agent:sofia`` with the alias ``agent:7f3c``. From then on an event about
    ``agent:7f3c`` changes ``agent:sofia``, and a ``lead_id`` of ``agent:7f3c`` is shown as ``agent:sofia``.

    An id that several entities claim is a `Collision`. It refers to the entity that claims it in the strongest
    namespace, in whatever order the claims came. Example: ``dao:oak`` is the external id of ``dao:oak-trust``, and
    another service lists a DAO with the slug ``oak`` and the alias ``dao:17``. ``dao:oak`` then refers to
    ``dao:oak-trust``, and the other DAO is *displaced*: it is shown as ``dao:17``.

    Without namespaces an id that some source lists as an entity refers to itself, and an alias that several
    entities claim to the first of them by name. ``same_as`` joins ids by hand: its keys refer to what its values
    refer to.
    """

    def __init__(self, same_as: Mapping[str, str] = _NO_NAMESPACES) -> None:
        self.revision = 0
        """Grows whenever an id changes what it refers to."""
        self.displaced: dict[str, str] = {}
        """By id as sources list it, the id under which an entity is shown as another has the stronger claim."""
        self.contested: set[str] = set()
        """The ids that several entities claim."""
        self.contests = 0
        """Grows whenever an id becomes contested, or ceases to be."""
        self._same_as = dict(same_as)
        self._joined: dict[str, list[str]] = defaultdict(list)
        """By id, those that are joined to it by hand."""
        for one, target in same_as.items():
            self._joined[target].append(one)
        self._entities: Counter[str] = Counter()
        """By id, how many sources list it as an entity."""
        self._claims: dict[str, tuple[str, ...]] = {}
        """By alias, the ids that claim it."""
        self._aliases: dict[str, tuple[str, ...]] = {}
        """By id, the aliases that it claims."""
        self._again: Counter[tuple[str, str]] = Counter()
        """By alias and id, how many sources but the first make that claim."""
        self._namespaces: dict[str | tuple[str, str], tuple[str, ...]] = {}
        """By id, for itself, and by id and alias, the namespaces in which it claims them, one a source."""
        self._same: dict[str, tuple[str, ...]] = {}
        """Answers of `same` that still hold."""

    def resolve(self, entity_id: str) -> str:
        """Return the id that ``entity_id`` refers to: itself, unless it is only an alias."""
        if not self._same_as and not self._claims.get(entity_id):  # as most ids
            return entity_id
        target = self._same_as.get(entity_id, entity_id)
        passed: tuple[str, ...] = ()
        while claims := self._claims.get(target):
            owner = self._owner(target, claims)
            if owner not in self._same_as:
                return self.displaced.get(owner, owner)
            if target in passed:  # joined ids claim each other's targets: all of these mean the first by name
                return min(passed[passed.index(target) :])
            passed += (target,)
            target = self._same_as[owner]
        return target

    def shown(self, listed_id: str) -> str:
        """Return the id under which the entity is shown that its sources list as ``listed_id``."""
        if listed_id in self._same_as:
            return self.resolve(listed_id)
        return self.displaced.get(listed_id, listed_id)

    def has(self, entity_id: str) -> bool:
        """Tell whether some source lists an entity under exactly this id."""
        return entity_id in self._entities

    def same(self, entity_id: str) -> tuple[str, ...]:
        """Return the resolved id first, then every id that refers to it, in order of name.

        The id under which a displaced entity is listed is among its own, though it refers to another entity.
        """
        target = self.resolve(entity_id)
        if target not in self._aliases and not self.displaced and not self._same_as:
            return (target,)
        ids = self._same.get(target)
        if ids is None:
            if len(self._same) >= _MOST_ANSWERS:
                self._same.clear()
            others = {*self._names(target)} - {target}
            ids = self._same[target] = (target, *sorted(others))
        return ids

    def _names(self, target: str) -> Iterator[str]:
        joined = [one for one in self._same_as if self.resolve(one) == target]
        listed = [one for one, shown in self.displaced.items() if shown == target]
        for one in (target, *joined, *listed):
            yield one
            yield from (alias for alias in self._aliases.get(one, ()) if self.resolve(alias) == target)

    def named(self, entity_id: str, namespace: str) -> str | None:
        """Return the id that an entity has in a namespace, the first by name of several; None if it has none."""
        ids = self.same(entity_id)
        names = (
            name
            for listed in ids
            if self.shown(listed) == ids[0]
            for name in (listed, *self._aliases.get(listed, ()))
            if namespace in self._namespaces.get(_claim(listed, name), ())
        )
        return min(names, default=None)

    def collision(self, name: str) -> Collision:
        """Return what is known of a `contested` id."""
        claims = sorted((self._rank(listed, name), listed) for listed in self._claimants(name))
        shown = {self.shown(listed): self._namespace(listed, name) for _, listed in claims}
        return Collision(name, tuple(shown.items()), self.resolve(name))

    # writing

    def add(self, entity_id: str) -> set[str]:
        """Count one more source that lists ``entity_id``; return the ids that may refer to something else now."""
        if self._is_alone(entity_id, entity_id):  # most ids: nobody else claims it, so it refers to itself anyway
            self._entities[entity_id] += 1
            return set()
        before = self._referents(entity_id)
        self._entities[entity_id] += 1
        return self._affected(entity_id, entity_id, before)

    def remove(self, entity_id: str) -> set[str]:
        """Undo one `add`; return the ids that may refer to something else now."""
        before = self._referents(entity_id)
        _count(self._entities, entity_id, -1)
        return self._affected(entity_id, entity_id, before)

    def rename(
        self,
        entity_id: str,
        old: tuple[str, ...],
        new: tuple[str, ...],
        old_namespaces: Mapping[str, str] = _NO_NAMESPACES,
        new_namespaces: Mapping[str, str] = _NO_NAMESPACES,
    ) -> set[str]:
        """Replace one source's aliases of an id; return the ids that may refer to something else now.

        The namespaces are by claimed id: of the aliases, and of the id itself.
        """
        affected: set[str] = set()
        if old_namespaces == new_namespaces:
            names: set[str] = {*old} ^ {*new} if old != new else set()
        else:
            names = {*old, *new, *old_namespaces, *new_namespaces}
        for name in names:
            step = (name in new) - (name in old)
            if self._is_alone(name, entity_id):
                affected |= self._claim_alone(name, entity_id, step)
                self._note_namespace(entity_id, name, old_namespaces.get(name), new_namespaces.get(name))
                continue
            before = self._referents(name)
            self._count_claim(name, entity_id, step)
            self._note_namespace(entity_id, name, old_namespaces.get(name), new_namespaces.get(name))
            affected |= self._affected(name, entity_id, before)
        return affected

    def _is_alone(self, name: str, entity_id: str) -> bool:
        """Tell whether no claim to ``name`` but those of ``entity_id`` can matter, so that ranks do not either."""
        if self._same_as or self.displaced or name in self.contested:
            return False
        claims = self._claims.get(name)
        if claims and (len(claims) > 1 or entity_id not in claims):
            return False
        return name == entity_id or name not in self._entities

    def _claim_alone(self, name: str, entity_id: str, step: int) -> set[str]:
        """Count claims to a name that is of one entity alone; return what refers to something else now."""
        before = name in self._claims
        self._count_claim(name, entity_id, step)
        if name == entity_id or before == (name in self._claims):
            return set()
        for one in (name, entity_id):  # nothing else refers to another entity now
            self._same.pop(one, None)
        self.revision += 1
        return {name, entity_id}

    def _count_claim(self, name: str, entity_id: str, step: int) -> None:
        claim = (name, entity_id)
        if step > 0 and entity_id in self._claims.get(name, ()):
            self._again[claim] += 1
        elif step < 0 and claim in self._again:
            _count(self._again, claim, -1)
        elif step:
            for claims, key, claimed in ((self._claims, name, entity_id), (self._aliases, entity_id, name)):
                others = claims.get(key, ())
                others = (*others, claimed) if step > 0 else _without(others, claimed)
                if others:
                    claims[key] = shared(others)
                else:
                    claims.pop(key, None)

    def _note_namespace(self, entity_id: str, name: str, old: str | None, new: str | None) -> None:
        if old == new:
            return
        namespaces = _without(self._namespaces.get(_claim(entity_id, name), ()), old)
        if new is not None:
            namespaces = (*namespaces, new)
        if namespaces:
            self._namespaces[_claim(entity_id, name)] = shared(namespaces)
        else:
            self._namespaces.pop(_claim(entity_id, name), None)

    # who claims what

    def _owner(self, name: str, claims: Collection[str]) -> str:
        """Return the listed id of the entity with the strongest claim to an alias of ``claims``."""
        first = (
            min(claims, key=lambda one: (self._rank(one, name), one)) if len(claims) > 1 else next(iter(claims))
        )
        if name not in self._entities:
            return first
        return first if self._rank(first, name) < self._rank(name, name) < _UNNAMED else name

    def _claimants(self, name: str) -> set[str]:
        """Return the listed ids of the entities that claim a name."""
        own = {name} if name in self._entities else set()
        return own.union(self._claims.get(name, ()))

    def _rank(self, entity_id: str, name: str) -> int:
        return min(map(_rank, self._namespaces.get(_claim(entity_id, name), ())), default=_UNNAMED)

    def _namespace(self, entity_id: str, name: str) -> str | None:
        namespaces = self._namespaces.get(_claim(entity_id, name), ())
        return min(namespaces, key=lambda one: (_rank(one), one), default=None)

    def _referents(self, name: str) -> dict[str, str]:
        """Return what is referred to by the ids whose meaning a claim to ``name`` may change."""
        names = {name}
        for one in self._claimants(name):
            names |= {one, *self._aliases.get(one, ())}
        return {one: self.resolve(one) for one in (self._with_joined(names) if self._same_as else names)}

    def _with_joined(self, names: Iterable[str]) -> set[str]:
        """Return names and those joined to them by hand, whose aliases mean what the names mean, and so on."""
        found: set[str] = set()
        waiting = [*names]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                for one in self._joined.get(name, ()):
                    waiting += (one, *self._aliases.get(one, ()))
        return found

    def _affected(self, name: str, entity_id: str, before: Mapping[str, str]) -> set[str]:
        self._same.clear()
        affected: set[str] = set()
        contested = self._note_contested(name, entity_id)
        for one, previous in before.items():
            after = self.resolve(one)
            if previous != after:
                affected |= {one, previous, after}
                if one in self._same_as:
                    affected.update(self._aliases.get(one, ()))
        self.revision += bool(affected)
        return affected | contested

    def _note_contested(self, name: str, entity_id: str) -> set[str]:
        """Note whether a name is contested, and which of its claimants are displaced; return what that changes.

        ``entity_id`` may have given the name up just now.
        """
        claimants = self._claimants(name)
        entities = {self._same_as.get(one, one) for one in claimants}
        was_contested = name in self.contested
        self.contests += was_contested != (len(entities) > 1)
        if len(entities) > 1:
            self.contested.add(name)
        else:
            self.contested.discard(name)
        affected: set[str] = set()
        if was_contested or name in self.contested or name in self._same_as:
            affected = {name, *map(self.shown, claimants)}
        judged = {name, entity_id, *claimants}
        if affected or not self.displaced.keys().isdisjoint(judged):
            for listed in judged:
                affected |= self._note_displaced(listed)
        return affected

    def _note_displaced(self, listed: str) -> set[str]:
        before = self.displaced.pop(listed, listed)
        if self._is_displaced(listed):
            self.displaced[listed] = self._other_name(listed)
        after = self.displaced.get(listed, listed)
        return {listed, before, after, *self._aliases.get(listed, ())} if before != after else set()

    def _is_displaced(self, listed: str) -> bool:
        """Tell whether the id of an entity refers to another one, and that not by hand."""
        claims = self._claims.get(listed)
        if not claims or listed not in self._entities or listed in self._same_as:
            return False
        owner = self._owner(listed, claims)
        return self._same_as.get(owner, owner) != listed

    def _other_name(self, listed: str) -> str:
        """Return the strongest alias that no other entity has, or one made of the id and its namespace."""
        free = [
            alias
            for alias in self._aliases.get(listed, ())
            if alias != listed and alias not in self._same_as and self._owner(alias, self._claims[alias]) == listed
        ]
        ranked = min(free, key=lambda alias: (self._rank(listed, alias), alias), default=None)
        return ranked or f"{listed}@{self._namespace(listed, listed)}"


def _claim(entity_id: str, name: str) -> str | tuple[str, str]:
    return entity_id if name == entity_id else (entity_id, name)


def _rank(namespace: str) -> int:
    return NAMESPACES.index(namespace) if namespace in NAMESPACES else _OTHER


def _without(names: tuple[str, ...], name: str | None) -> tuple[str, ...]:
    """Return ``names`` less one ``name``, if it is among them."""
    if name not in names:
        return names
    place = names.index(name)
    return names[:place] + names[place + 1 :]


def _count(counter: Counter[K], key: K, step: int) -> None:
    counter[key] += step
    if not counter[key]:
        del counter[key]
