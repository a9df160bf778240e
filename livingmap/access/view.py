"""Views: which layers a reader asked for, and what it may see of them. Equal views share what is encoded."""

from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple


class Rights(NamedTuple):
    """What a reader is shown, in canonical form: equal rights are equal values.

    A plain tuple, because the hub looks one up for every viewer at every event.
    """

    layers: frozenset[str] | None = None
    """The layers that are shown; None for all, also those that are still to come."""
    grants: tuple[frozenset[str], ...] | None = None
    """For every kind of question about items, in the order of the rules, the ids that are permitted.
    None: no question is asked."""
    summary: bool = False
    """Whether only counts are shown, and no items."""
    reports: bool = True
    """Whether the errors of services are shown."""
    memberships: frozenset[str] = frozenset()
    """What is shown because the reader belongs to it, whatever the rules say of what it belongs to in turn."""
    pending: bool = False
    """Whether more is being asked for: what is not decided yet is not shown."""

    @property
    def restricted(self) -> bool:
        """Whether there can be anything on the map that is not shown."""
        return self.layers is not None or self.grants is not None or self.summary


EVERYTHING = Rights()
"""The rights of an administrator, and of everybody on a map without access control."""


NOTHING = Rights(frozenset(), (), summary=False, reports=False)
"""The rights of a caller that is not identified yet."""


class View(NamedTuple):
    """What a reader asked for, and what it may see."""

    layers: tuple[str, ...] | None = None
    """The layers that are wanted; None for all."""
    rights: Rights = EVERYTHING

    @property
    def name(self) -> str:
        """The view's name in cursors: the layers, and a digest of the rights if those are not everything."""
        return _name(self)

    def wants(self, layer: str) -> bool:
        """Tell whether the reader asked for a layer."""
        return self.layers is None or layer in self.layers


WHOLE = View()
"""Everything, for readers that may see everything."""


@lru_cache(maxsize=1024)
def _name(view: View) -> str:
    layers, rights = ",".join(view.layers or ()), view.rights
    if rights == EVERYTHING:
        return layers
    layer_names = sorted(rights.layers) if rights.layers is not None else None
    grants = [sorted(ids) for ids in rights.grants] if rights.grants is not None else None
    text = repr((layer_names, grants, rights.summary, rights.reports, sorted(rights.memberships)))
    return f"{layers}#{blake2b(text.encode(), digest_size=16).hexdigest()}"
