"""The life of a connection as a pure state machine: what to do next, whatever happens.

It knows no socket, no timer and no clock; `livingmap.client.following.Following` does what it says. The twin of
``frontend/src/features/livingMap/client/machine.ts``, with the same phases, inputs and effects::

       start                        loaded
    ┌────────► loading ─────────────────────────► opening: websocket ───────┐
    │           │   ▲                               │    ▲                  │
  idle          │   │ due, nothing loaded    ended, │    │ due,             │ heard
                │   │                        silent │    │ loaded           ▼
                │   │                               ▼    │         heard
                │   │                           opening: events ─────────► live
                │   │                               │    │                  │
          ended │   │                         ended,│    │            ended,│
                ▼   │                        silent ▼    │            silent│
               waiting ◄────────────────────────────┴────┴──────────────────┘

  from loading, opening and live:
    401, 4401        attempt once more with a new token; twice in a row: unauthenticated
    403, 4403        forbidden
    400, 422, 1008   refused

``retry`` begins an attempt at once from waiting, unauthenticated, forbidden and refused; ``stop`` leads to idle
from everywhere. ``due`` comes when a wait is over.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

_FIRST_WAIT_MS: Final = 500
_MOST_WAIT_MS: Final = 15_000
_MOST_DOUBLINGS: Final = 10
_UNAUTHENTICATED: Final = frozenset({401, 4401})
_FORBIDDEN: Final = frozenset({403, 4403})
_REFUSED: Final = frozenset({400, 422, 1008})


class Transport(StrEnum):
    """How the stream comes."""

    WEBSOCKET = "websocket"
    EVENTS = "events"


class Phase(StrEnum):
    """Where a connection is in its life."""

    IDLE = "idle"
    LOADING = "loading"
    OPENING = "opening"
    LIVE = "live"
    WAITING = "waiting"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    REFUSED = "refused"


_AT_REST: Final = frozenset({Phase.WAITING, Phase.UNAUTHENTICATED, Phase.FORBIDDEN, Phase.REFUSED})
_UNDER_WAY: Final = frozenset({Phase.LOADING, Phase.OPENING, Phase.LIVE})


@dataclass(frozen=True, slots=True)
class Machine:
    """A moment in the life of a connection."""

    phase: Phase = Phase.IDLE
    transport: Transport | None = None
    """That of the phases ``opening`` and ``live``."""
    loaded: bool = False
    """Whether there is a snapshot to go on from."""
    lived: bool = False
    """Whether there ever was a live connection: from then on the client reconnects rather than connects."""
    failures: int = 0
    """Attempts that failed in a row."""
    rejected: bool = False
    """Whether the map rejected the last token."""
    advised_ms: int | None = None
    """How long the map asks its clients to stay away; it is about to restart."""


@dataclass(frozen=True, slots=True)
class Start:
    """Begin."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End, from wherever the connection is."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Attempt at once instead of waiting."""


@dataclass(frozen=True, slots=True)
class Due:
    """The wait is over."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The snapshot is there."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of the stream came."""


@dataclass(frozen=True, slots=True)
class Advised:
    """The map restarts, and says when to come back."""

    retry_after_ms: int


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing came for too long: the connection counts as dead."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A request or a connection ended: with an HTTP status, a WebSocket close code, or neither."""

    status: int | None = None
    code: int | None = None


Input: TypeAlias = Start | Stop | Retry | Due | Loaded | Heard | Advised | Silent | Ended


@dataclass(frozen=True, slots=True)
class Load:
    """Read the snapshot."""


@dataclass(frozen=True, slots=True)
class Open:
    """Open the stream."""

    transport: Transport


@dataclass(frozen=True, slots=True)
class Close:
    """Close what is open."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait, then say `Due`."""

    ms: int


Effect: TypeAlias = Load | Open | Close | Wait


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from an input: the next moment, and what to do, in this order."""

    machine: Machine
    effects: tuple[Effect, ...] = ()


def step(machine: Machine, event: Input, chance: Callable[[], float]) -> Step:
    """Return what follows from ``event``. ``chance`` gives numbers from 0 to 1, to spread many clients in time."""
    phase = machine.phase
    match event:
        case Start() if phase is Phase.IDLE:
            return _attempt(machine)
        case Stop():
            return Step(Machine(loaded=machine.loaded), (Close(),))
        case Retry() if phase in _AT_REST:
            return _attempt(replace(machine, failures=0, rejected=False))
        case Due() if phase is Phase.WAITING:
            return _attempt(machine)
        case Loaded() if phase is Phase.LOADING:
            return _open(replace(machine, loaded=True), Transport.WEBSOCKET)
        case Heard() if phase is Phase.OPENING:
            return Step(Machine(Phase.LIVE, machine.transport, loaded=True, lived=True))
        case Advised(retry_after_ms):
            return Step(replace(machine, advised_ms=retry_after_ms))
        case Silent() if phase in _UNDER_WAY:
            return _failed(machine, chance, (Close(),))
        case Ended() if phase in _UNDER_WAY:
            return _ended(machine, event, chance)
    return Step(machine)


def _attempt(machine: Machine) -> Step:
    """Begin anew, from what is loaded if anything is."""
    if machine.loaded:
        return _open(machine, Transport.WEBSOCKET)
    return Step(replace(machine, phase=Phase.LOADING, transport=None), (Load(),))


def _open(machine: Machine, transport: Transport, effects: tuple[Effect, ...] = ()) -> Step:
    return Step(replace(machine, phase=Phase.OPENING, transport=transport), (*effects, Open(transport)))


def _ended(machine: Machine, end: Ended, chance: Callable[[], float]) -> Step:
    numbers = {end.status, end.code}
    if numbers & _UNAUTHENTICATED:
        rejected_again = machine.rejected
        return (
            _rest(machine, Phase.UNAUTHENTICATED) if rejected_again else _attempt(replace(machine, rejected=True))
        )
    if numbers & _FORBIDDEN:
        return _rest(machine, Phase.FORBIDDEN)
    if numbers & _REFUSED:
        return _rest(machine, Phase.REFUSED)
    return _failed(machine, chance, ())


def _rest(machine: Machine, phase: Phase) -> Step:
    return Step(replace(machine, phase=phase, transport=None, rejected=False))


def _failed(machine: Machine, chance: Callable[[], float], effects: tuple[Effect, ...]) -> Step:
    """Try server-sent events where a WebSocket does not pass; else wait, longer each time, and begin anew."""
    if machine.phase is Phase.OPENING and machine.transport is Transport.WEBSOCKET:
        return _open(machine, Transport.EVENTS, effects)
    ms = backoff_ms(machine.failures, chance) if machine.advised_ms is None else machine.advised_ms
    waiting = replace(machine, phase=Phase.WAITING, transport=None, failures=machine.failures + 1, advised_ms=None)
    return Step(waiting, (*effects, Wait(ms)))


def backoff_ms(failures: int, chance: Callable[[], float]) -> int:
    """Return how long to wait: between half and all of a time that doubles with each failure ("equal jitter")."""
    longest = min(_MOST_WAIT_MS, _FIRST_WAIT_MS << min(failures, _MOST_DOUBLINGS))
    return round(longest / 2 + longest / 2 * chance())


def status_of(machine: Machine) -> str:
    """Return the state of a connection in one word: ``connecting``, ``live`` or ``reconnecting``, or its phase."""
    if machine.phase in (Phase.LOADING, Phase.OPENING, Phase.WAITING):
        return "reconnecting" if machine.lived else "connecting"
    return machine.phase.value
