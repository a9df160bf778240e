"""A fault: what may happen to something that the map depends on. It begins, lasts, and ends."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tests.endurance.matrix.network import Network, Part

Disturb = Callable[[Network], AbstractAsyncContextManager[None]]
Generator = Callable[[Network], AsyncIterator[None]]
EVERY = (1, 3)


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell of the matrix: what happens to what, in a map of how many processes."""

    of: str
    name: str
    disturb: Disturb
    processes: tuple[int, ...] = EVERY
    at_start: bool = False
    """The map starts while it lasts."""
    all_ready: bool = True
    """Every process of the map has to say that it is ready all the while."""
    needs: frozenset[Part] = frozenset()
    """What the network has to have besides what it always has."""

    @property
    def expected(self) -> str:
        """What a process may say of its readiness meanwhile."""
        return "ready" if self.all_ready else "any"


FAULTS: Final[list[Fault]] = []


def fault(
    of: str,
    name: str,
    *needs: Part,
    processes: tuple[int, ...] = EVERY,
    at_start: bool = False,
    all_ready: bool = True,
) -> Callable[[Generator], Generator]:
    """Register a generator that begins a fault, yields while it lasts, and ends it."""

    def register(generator: Generator) -> Generator:
        disturb = asynccontextmanager(generator)
        FAULTS.append(Fault(of, name, disturb, processes, at_start, all_ready, frozenset(needs)))
        return generator

    return register
