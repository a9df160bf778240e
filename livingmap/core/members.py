"""How many members something has: in all (``members``), and in each role (``members_by_role``).

Their ids are not kept, only a digest of them (``members_digest``): it changes when one member replaces another.
Of a small group, it can be found out by trial which ids make it: so it is a private field of its layer.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from livingmap.core.model import Fields, Json

Step: TypeAlias = tuple[str | None, int]
"""A role, None if it is unknown, and how many members more it has."""


_DIGEST_BYTES: Final = 8


class Roles(list[str]):
    """The roles of the members that a service lists."""

    digest: str | None = None
    """The digest of their ids; None if the service does not give all of them."""


def listed_roles(members: Iterable[tuple[str | None, str]]) -> Roles:
    """Return the roles of members, each given with the user."""
    members = list(members)
    roles, digest = Roles(role for _, role in members), "0" * 2 * _DIGEST_BYTES
    for user, _ in members:
        moved = moved_digest(digest, user)
        if moved is None:
            return roles
        digest = moved
    roles.digest = digest
    return roles


def moved_digest(digest: str | None, user: str | None) -> str | None:
    """Return the digest of the members when ``user`` joins them, or leaves; None if it is not known.

    Each user is a number, and the digest is the exclusive or of them: in whatever order they came, it is the same.
    """
    if digest is None or user is None:
        return None
    own = hashlib.blake2b(user.encode(), digest_size=_DIGEST_BYTES).digest()
    return (int.from_bytes(own) ^ int(digest, 16)).to_bytes(_DIGEST_BYTES).hex()


def member_counts(count: int | None, roles: Iterable[str] | None) -> dict[str, Json]:
    """Return the counts of a service that says how many members there are, lists their roles, or both.

    What is unknown is left out. Of two numbers the larger one holds: a service that counts only the caller's own
    row says 1, whatever it lists.
    """
    by_role = None if roles is None else dict(sorted(Counter(roles).items()))
    if by_role is None:
        return {} if count is None else {"members": count}
    counts: dict[str, Json] = {"members": max(count or 0, sum(by_role.values())), "members_by_role": by_role}
    digest = roles.digest if isinstance(roles, Roles) else None
    return counts if digest is None else {**counts, "members_digest": digest}


def moved_members(item: Fields, *steps: Step) -> dict[str, Json]:
    """Return the counts of ``item`` that ``steps`` move; an unknown count stays unknown.

    ``("member", -1), ("admin", 1)`` is a member who becomes an admin. ``(None, 1)`` is somebody who joins in a
    role that is unknown: then so is the number of each role. There are never fewer members than are known, an
    owner at least.
    """
    counts: dict[str, Json] = {}
    by_role = item.get("members_by_role")
    if by_role is not None:
        counts["members_by_role"] = by_role = _moved_roles(by_role, steps)
    total = sum(step for _, step in steps)
    if (members := item.get("members")) is not None and total:
        least = max(int(item.get("owner") is not None), sum((by_role or {}).values()))
        counts["members"] = max(members + total, least)
    return counts


def _moved_roles(by_role: Mapping[str, int], steps: Iterable[Step]) -> dict[str, int] | None:
    moved = Counter(by_role)
    for role, step in steps:
        if role is None:
            return None
        moved[role] += step
    return dict(sorted((+moved).items()))
