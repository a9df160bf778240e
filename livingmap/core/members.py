"""How many members something has: in all (``members``), and in each role (``members_by_role``)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from livingmap.core.model import Fields, Json

Step: TypeAlias = tuple[str | None, int]
"""A role, None if it is unknown, and how many members more it has."""


def member_counts(count: int | None, roles: Iterable[str] | None) -> dict[str, Json]:
    """Return the counts of a service that says how many members there are, lists their roles, or both.

    What is unknown is left out. Of two numbers the larger one holds: a service that counts only the caller's own
    row says 1, whatever it lists.
    """
    by_role = None if roles is None else dict(sorted(Counter(roles).items()))
    if by_role is None:
        return {} if count is None else {"members": count}
    return {"members": max(count or 0, sum(by_role.values())), "members_by_role": by_role}


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
