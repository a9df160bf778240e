"""A clock that is set is noticed, whichever way, and one that only runs is not."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog

from livingmap.core.fold import CLOCK_SET
from livingmap.log.clock import ClockWatch
from livingmap.log.local import LocalLog

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class Machine:
    """The two clocks of a machine."""

    def __init__(self):
        self.counted = 0.0
        self.ahead = 0.0

    def now(self):
        return NOON + timedelta(seconds=self.counted + self.ahead)

    def seconds(self):
        return self.counted


@pytest.mark.parametrize("step", [-3601, -2.5, 2.5, 40 * 86_400])
async def test_a_step_is_logged_counted_and_an_entry_of_the_log(step):
    machine = Machine()
    log, entries = LocalLog(now=machine.now), []
    log.subscribe(entries.append)
    watch = ClockWatch(machine.now, log.append, machine.seconds)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            machine.counted += 1
            await watch.look()
        assert (watch.steps, entries) == (0, [])
        machine.ahead += step
        for _ in range(3):
            machine.counted += 1
            await watch.look()
    assert watch.steps == 1
    assert [(one.type, one.payload) for one in entries] == [(CLOCK_SET, {"seconds": step})]
    assert entries[0].received_at == NOON + timedelta(seconds=4 + step)
    assert [(line["event"], line["seconds"]) for line in logs] == [("the clock of this machine was set", step)]


async def test_a_clock_that_is_adjusted_little_by_little_was_not_set():
    machine = Machine()
    watch = ClockWatch(machine.now, None, machine.seconds)
    for _ in range(100):
        machine.counted += 1
        machine.ahead += 0.5
        await watch.look()
    assert watch.steps == 0


async def test_a_process_that_was_paused_was_not_set():
    machine = Machine()
    watch = ClockWatch(machine.now, None, machine.seconds)
    machine.counted += 3600
    await watch.look()
    assert watch.steps == 0


async def test_on_a_shared_log_the_step_of_one_machine_is_no_entry():
    machine = Machine()
    watch = ClockWatch(machine.now, None, machine.seconds)
    machine.ahead = 60
    await watch.look()
    assert watch.steps == 1
