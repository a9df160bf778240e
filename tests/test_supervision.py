"""What is stopped ends within a bound, also when a library loses the cancellation."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import count

import pytest
from structlog.testing import capture_logs

from livingmap import supervision
from livingmap.supervision import Deadline, run_together, stop, within

FOREVER = 3600


async def deaf(cancellations=1):
    """Lose some cancellations, as a library does that catches too much."""
    for _ in range(cancellations):
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(FOREVER)
    await asyncio.sleep(FOREVER)


async def value(result):
    await asyncio.sleep(0)
    return result


async def failure(error):
    await asyncio.sleep(0)
    raise error


async def test_what_is_done_in_time_is_returned():
    assert await within(FOREVER, value(3), "a value") == 3


async def test_what_it_raises_is_raised():
    with pytest.raises(KeyError, match="x"):
        await within(FOREVER, failure(KeyError("x")), "a failure")


@pytest.mark.parametrize("late", [deaf, lambda: asyncio.sleep(FOREVER)])
async def test_what_is_late_is_left_behind_by_name(late):
    with pytest.raises(TimeoutError, match=r"the thing: not done within 0\.01 s"):
        await within(0.01, late(), "the thing")


async def test_what_goes_on_gets_its_time_again_and_no_more_than_ten_times():
    looks, enough = count(), asyncio.Event()

    def progress():
        look = next(looks)
        if look == 6:
            enough.set()
        return look

    assert await within(0.01, enough.wait(), "a large one", progress) is True
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.Event().wait(), "an endless one", progress)
    assert next(looks) == 7 + 2 * 10


async def test_a_caller_that_is_cancelled_goes_on_at_once():
    caller = asyncio.create_task(within(FOREVER, deaf(), "deaf"))
    await asyncio.sleep(0)
    caller.cancel()
    done, _ = await asyncio.wait([caller], timeout=20)
    assert done == {caller}
    assert caller.cancelled()


async def test_a_cancellation_from_inside_does_not_pass_for_one_of_the_caller():
    with pytest.raises(ConnectionError, match="the thing: broken off"):
        await within(FOREVER, failure(asyncio.CancelledError()), "the thing")


async def test_a_cancellation_that_is_lost_once_is_repeated():
    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    await stop([task], 0.01)
    assert task.cancelled()


async def test_a_task_that_does_not_end_is_left_behind_and_named():
    task = asyncio.create_task(deaf(3), name="deaf one")
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await stop([task], 0.01)
    assert [(line["event"], line["task"]) for line in logs] == [
        ("a task does not end and is left behind", "deaf one")
    ]


async def test_stopping_goes_on_when_the_caller_is_cancelled():
    ended = asyncio.Event()

    async def tidy():
        try:
            await asyncio.sleep(FOREVER)
        finally:
            await asyncio.sleep(0.05)
            ended.set()

    task = asyncio.create_task(tidy())
    await asyncio.sleep(0)
    stopping = asyncio.create_task(stop([task], 20))
    await asyncio.sleep(0)
    stopping.cancel()
    await asyncio.wait([stopping], timeout=20)
    assert stopping.cancelled()
    assert ended.is_set()


async def test_side_by_side_the_first_failure_stops_the_others():
    other = asyncio.Event()

    async def long():
        try:
            await asyncio.sleep(FOREVER)
        finally:
            other.set()

    with pytest.raises(KeyError):
        await run_together([("long", long()), ("short", value(1)), ("broken", failure(KeyError("x")))])
    assert other.is_set()


async def test_side_by_side_a_failure_is_raised_though_another_does_not_end():
    with pytest.raises(KeyError), capture_logs() as logs:
        await run_together([("deaf", deaf(3)), ("broken", failure(KeyError("x")))], 0.01)
    assert [line["task"] for line in logs] == ["deaf"]


async def test_side_by_side_all_may_end():
    await run_together([("one", value(None)), ("other", value(None))])
    await run_together([])


def test_a_deadline_ends_the_process_with_status_1():
    expired, statuses = threading.Event(), []

    def end(status):
        statuses.append(status)
        expired.set()

    deadline = Deadline(0.01, end)
    deadline.start()
    deadline.start()
    assert expired.wait(20)
    assert statuses == [1]


def test_a_deadline_that_is_cancelled_ends_nothing():
    statuses = []
    deadline = Deadline(FOREVER, statuses.append)
    deadline.cancel()
    deadline.start()
    deadline.cancel()
    assert statuses == []


def test_a_run_ends_though_a_task_is_deaf():
    program = """
import asyncio
from contextlib import suppress
from itertools import count
from livingmap import supervision
supervision._STOP_SECONDS = 0.01
async def deaf():
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
async def main():
    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    return 42
raise SystemExit(supervision.run(main()))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60, check=False)
    assert done.returncode == 42


def test_a_run_returns_and_raises_what_it_runs():
    assert supervision.run(value(5)) == 5
    with pytest.raises(KeyError):
        supervision.run(failure(KeyError("x")))


def test_an_interrupt_stops_what_runs_also_if_it_loses_a_cancellation(monkeypatch):
    monkeypatch.setattr(supervision.stop, "__defaults__", (0.01,))

    async def interrupted():
        os.kill(os.getpid(), signal.SIGINT)
        await deaf()

    with pytest.raises(KeyboardInterrupt):
        supervision.run(interrupted())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_interrupt_is_raised_at_once():
    async def impatient():
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        return "went on"

    assert supervision.run(impatient()) == "went on"


def test_a_handler_of_interrupts_that_is_there_stays():
    seen = []

    async def interrupted():
        os.kill(os.getpid(), signal.SIGINT)
        return "done"

    before = signal.signal(signal.SIGINT, lambda *_: seen.append("mine"))
    try:
        assert (supervision.run(interrupted()), seen) == ("done", ["mine"])
    finally:
        signal.signal(signal.SIGINT, before)


INTERRUPTED = """
import signal
import sys

from livingmap.supervision import stop_signals


def tracing(lines):
    \"\"\"Have a second signal interrupt the handler of the first at its line of this number.\"\"\"

    def trace(frame, event, argument):
        nonlocal lines
        if frame.f_code.co_name != "handle":
            return None
        lines -= event == "line"
        if lines == 0:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    return trace


with stop_signals(lambda: None):
    sys.settrace(tracing(int(sys.argv[1])))
    signal.raise_signal(signal.SIGTERM)
    sys.settrace(None)
    print("goes on")
"""


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_second_signal_that_interrupts_the_first_is_one_more(lines):
    command = [sys.executable, "-c", INTERRUPTED, str(lines)]
    program = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (program.returncode, program.stdout) == (1, "")
    assert "stopped at once by a second signal" in program.stderr
