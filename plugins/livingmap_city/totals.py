"""Totals of the city: how many people are in it, and how well it is.

A module of its own because fetches, handlers and tallies all need them.
"""

from collections.abc import Iterable

from livingmap.plugin import Fields, Total


def active_users(rooms: Iterable[Fields]) -> Total:
    """Return how many people are in the city; None if no room has a count.

    The service shows the whole city's number in every default room, and in the others an estimate from it: so the
    greatest of the default rooms counts. Without one it is the sum.
    """
    counted = [room for room in rooms if room.get("members_online") is not None]
    defaults = [room["members_online"] for room in counted if room.get("is_default")]
    users = max(defaults) if defaults else sum(room["members_online"] for room in counted)
    return Total("city", {"active_users": users if counted else None})


def city_health(nodes: int, offline: int, degraded: int) -> str | None:
    """Return ``red`` when half of the nodes or more are offline, ``green`` when all are well, else ``yellow``.

    None for a city without nodes.
    """
    if not nodes:
        return None
    if offline * 2 >= nodes:
        return "red"
    return "yellow" if offline or degraded else "green"
