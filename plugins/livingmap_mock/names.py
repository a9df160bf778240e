"""Names that no two things share: of guilds, councils, agents and nodes; and what people say."""

from collections.abc import Callable, Collection
from random import Random
from typing import Final

from livingmap_mock import words
from livingmap_mock.words import Name, Trade

_UKRAINIAN: Final = 0.5
_DRAWS: Final = 6


class Namer:
    """Gives names that are not given yet; what runs out of names gets a number."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def guild(self) -> Name:
        """Return the name of a microDAO."""
        return self._free(self._guild)

    def council(self) -> Name:
        """Return the name of a DAO."""
        return self._free(lambda: self._rng.choice(words.COUNCILS))

    def agent(self) -> tuple[Name, Trade]:
        """Return the name of an agent, and its trade."""
        trade = self._rng.choice(words.TRADES)
        return self._free(lambda: self._agent(trade)), trade

    def node(self, number: int, use: str) -> Name:
        """Return the name of a node; its slug is made of town, number and use."""
        tree, town = self._rng.choice(words.TREES), self._rng.choice(words.TOWNS)
        return Name(f"{tree.shown}-{number}", f"{town}-{number}-{use}")

    def matter(self, used: Collection[str]) -> str:
        """Return the subject of a proposal, one that is not ``used`` if any is left."""
        return self._rng.choice([matter for matter in words.MATTERS if matter not in used] or words.MATTERS)

    def remark(self) -> str:
        """Return the text of a message."""
        return self._rng.choice(words.REMARKS)

    def purpose(self) -> str:
        """Return the description of a guild."""
        return self._rng.choice(words.ABOUT)

    def release(self, slug: str) -> None:
        """Make a name free again."""
        self._taken.discard(slug)

    def _guild(self) -> Name:
        if self._rng.random() < _UKRAINIAN:
            body, craft = self._rng.choice(words.SPILKY), self._rng.choice(words.CRAFTS)
            return Name(f"{body.shown} {craft.shown}", f"{body.slug}-{craft.slug}")
        shown = f"{self._rng.choice(words.FLAVOURS)} {self._rng.choice(words.BODIES)}"
        return Name(shown, shown.lower().replace(" ", "-"))

    def _agent(self, trade: Trade) -> Name:
        person = self._rng.choice(words.PEOPLE)
        where = f"of the {trade.english}" if person.shown.isascii() else f"з {trade.ukrainian}"
        return Name(f"{person.shown} {where}", f"{person.slug}-{trade.slug}")

    def _free(self, draw: Callable[[], Name]) -> Name:
        for _ in range(_DRAWS):
            name = draw()
            if name.slug not in self._taken:
                break
        else:
            number = self._numbers[name.slug] = self._numbers.get(name.slug, 1) + 1
            name = Name(f"{name.shown} {number}", f"{name.slug}-{number}")
        self._taken.add(name.slug)
        return name
