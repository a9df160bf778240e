"""The life of a connection: the same table as that of the TypeScript client, and laws over all of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livingmap.client.machine import (
    Advised,
    Close,
    Due,
    Ended,
    Heard,
    Load,
    Loaded,
    Machine,
    Open,
    Phase,
    Retry,
    Silent,
    Start,
    Step,
    Stop,
    Transport,
    Wait,
    backoff_ms,
    status_of,
    step,
)

IDLE = Machine()
LOADING = Machine(Phase.LOADING)
BY_WEBSOCKET = Machine(Phase.OPENING, Transport.WEBSOCKET)
BY_EVENTS = Machine(Phase.OPENING, Transport.EVENTS)
LIVE = Machine(Phase.LIVE, Transport.WEBSOCKET, loaded=True, lived=True)
LIVE_BY_EVENTS = Machine(Phase.LIVE, Transport.EVENTS, loaded=True, lived=True)
WAITING = Machine(Phase.WAITING)
UNAUTHENTICATED = Machine(Phase.UNAUTHENTICATED)
FORBIDDEN = Machine(Phase.FORBIDDEN)
REFUSED = Machine(Phase.REFUSED)
WEBSOCKET, EVENTS = Open(Transport.WEBSOCKET), Open(Transport.EVENTS)


def code(number):
    return Ended(code=number)


def status(number):
    return Ended(status=number)


LOST = Ended()

TABLE = {
    "a start asks for the snapshot": (IDLE, Start(), LOADING, [Load()]),
    "a second start goes on from what is there": (
        replace(IDLE, loaded=True),
        Start(),
        replace(BY_WEBSOCKET, loaded=True),
        [WEBSOCKET],
    ),
    "a start while running changes nothing": (LIVE, Start(), LIVE, []),
    "a stop closes and keeps what was loaded": (
        replace(LIVE, failures=3),
        Stop(),
        replace(IDLE, loaded=True),
        [Close()],
    ),
    "a snapshot opens the WebSocket": (LOADING, Loaded(), replace(BY_WEBSOCKET, loaded=True), [WEBSOCKET]),
    "a snapshot that fails is tried again later": (
        LOADING,
        status(503),
        replace(WAITING, failures=1),
        [Wait(500)],
    ),
    "the first message makes it live": (
        replace(BY_WEBSOCKET, failures=4, rejected=True, advised_ms=700),
        Heard(),
        LIVE,
        [],
    ),
    "the first event makes it live": (BY_EVENTS, Heard(), LIVE_BY_EVENTS, []),
    "a WebSocket that fails gives way to events": (BY_WEBSOCKET, code(1006), BY_EVENTS, [EVENTS]),
    "a WebSocket that stays silent gives way to events": (BY_WEBSOCKET, Silent(), BY_EVENTS, [Close(), EVENTS]),
    "events that fail too are tried again later": (
        replace(BY_EVENTS, failures=1),
        LOST,
        replace(WAITING, failures=2),
        [Wait(1000)],
    ),
    "a wait that is over begins with the WebSocket": (
        replace(WAITING, loaded=True, failures=2),
        Due(),
        replace(BY_WEBSOCKET, loaded=True, failures=2),
        [WEBSOCKET],
    ),
    "a wait that is over asks for the snapshot first": (
        replace(WAITING, failures=2),
        Due(),
        replace(LOADING, failures=2),
        [Load()],
    ),
    "a connection that breaks waits": (
        LIVE,
        code(1006),
        replace(WAITING, loaded=True, lived=True, failures=1),
        [Wait(500)],
    ),
    "a peer that is dead is closed": (
        LIVE,
        Silent(),
        replace(WAITING, loaded=True, lived=True, failures=1),
        [Close(), Wait(500)],
    ),
    "a restart is waited for as advised": (
        replace(LIVE, advised_ms=1834),
        code(1012),
        replace(WAITING, loaded=True, lived=True, failures=1),
        [Wait(1834)],
    ),
    "a client that did not read comes back": (
        LIVE,
        code(4408),
        replace(WAITING, loaded=True, lived=True, failures=1),
        [Wait(500)],
    ),
    "a token that ran out is asked for once more": (
        LIVE,
        code(4401),
        replace(LIVE, phase=Phase.OPENING, rejected=True),
        [WEBSOCKET],
    ),
    "a token that is rejected twice is given up": (
        replace(BY_WEBSOCKET, rejected=True),
        code(4401),
        UNAUTHENTICATED,
        [],
    ),
    "a snapshot without a token is asked for once more": (
        LOADING,
        status(401),
        replace(LOADING, rejected=True),
        [Load()],
    ),
    "events without a token are given up": (replace(BY_EVENTS, rejected=True), status(401), UNAUTHENTICATED, []),
    "a caller without rights is told so": (
        LIVE,
        code(4403),
        replace(FORBIDDEN, loaded=True, lived=True),
        [],
    ),
    "a caller who may not load is told so": (LOADING, status(403), FORBIDDEN, []),
    "a wrong address is not tried again": (BY_WEBSOCKET, code(1008), REFUSED, []),
    "a wrong parameter is not tried again": (LOADING, status(422), REFUSED, []),
    "a bad request is not tried again": (BY_EVENTS, status(400), REFUSED, []),
    "a new token is tried at once": (replace(UNAUTHENTICATED, failures=2), Retry(), LOADING, [Load()]),
    "a person need not wait": (
        replace(WAITING, loaded=True, failures=9),
        Retry(),
        replace(BY_WEBSOCKET, loaded=True),
        [WEBSOCKET],
    ),
    "a retry while live changes nothing": (LIVE, Retry(), LIVE, []),
    "what ends after the stop is of no interest": (IDLE, code(1006), IDLE, []),
    "advice is remembered": (LIVE, Advised(700), replace(LIVE, advised_ms=700), []),
}


@pytest.mark.parametrize(("before", "event", "after", "effects"), TABLE.values(), ids=TABLE)
def test_a_step(before, event, after, effects):
    assert step(before, event, lambda: 1) == Step(after, tuple(effects))


events = st.one_of(
    st.sampled_from([Start(), Stop(), Retry(), Due(), Loaded(), Heard(), Silent()]),
    st.builds(Advised, st.integers(0, 5000)),
    st.builds(Ended, status=st.sampled_from([None, 400, 401, 403, 404, 422, 429, 500, 503])),
    st.builds(Ended, code=st.sampled_from([None, 1000, 1006, 1008, 1011, 1012, 1013, 4401, 4403, 4408])),
)


@given(st.lists(events, max_size=30), st.floats(0, 1))
def test_a_phase_is_entered_with_the_effect_that_begins_it_and_with_no_other(inputs, chance):
    machine = Machine()
    begins = {Phase.LOADING: Load, Phase.OPENING: Open, Phase.WAITING: Wait}
    for event in inputs:
        after, effects = (following := step(machine, event, lambda: chance)).machine, following.effects
        kinds = [type(effect) for effect in effects if not isinstance(effect, Close)]
        if (after.phase, after.transport) != (machine.phase, machine.transport):
            assert kinds == ([begins[after.phase]] if after.phase in begins else [])
        assert (after.transport is not None) == (after.phase in (Phase.OPENING, Phase.LIVE))
        assert all(effect.transport is after.transport for effect in effects if isinstance(effect, Open))
        machine = after


@given(st.lists(events, max_size=30), st.floats(0, 1))
def test_what_was_loaded_stays_loaded_and_no_wait_is_longer_than_fifteen_seconds(inputs, chance):
    machine = Machine()
    for event in inputs:
        following = step(machine, event, lambda: chance)
        assert following.machine.loaded >= machine.loaded
        assert all(0 <= effect.ms <= 15_000 for effect in following.effects if isinstance(effect, Wait))
        machine = following.machine


@given(st.lists(events, max_size=30))
def test_from_wherever_it_got_to_a_connection_can_be_live(inputs):
    machine = Machine()
    for event in inputs:
        machine = step(machine, event, lambda: 0.5).machine
    for event in (Retry(), Start(), Loaded(), Heard()):
        machine = step(machine, event, lambda: 0.5).machine
    assert machine.phase is Phase.LIVE


def test_waits_double_are_spread_over_their_second_half_and_end_at_fifteen_seconds():
    failures = [0, 1, 2, 3, 4, 5, 6, 7, 50]
    longest = [backoff_ms(count, lambda: 1) for count in failures]
    assert longest == [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000, 15000]
    assert [backoff_ms(count, lambda: 0) for count in failures] == [ms / 2 for ms in longest]


@pytest.mark.parametrize(
    ("machine", "word"),
    [
        (IDLE, "idle"),
        (LOADING, "connecting"),
        (WAITING, "connecting"),
        (replace(BY_EVENTS, lived=True), "reconnecting"),
        (replace(WAITING, lived=True), "reconnecting"),
        (LIVE, "live"),
        (replace(UNAUTHENTICATED, lived=True), "unauthenticated"),
    ],
)
def test_the_status_is_one_word(machine, word):
    assert status_of(machine) == word
