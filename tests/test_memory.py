"""What a process that serves a map does about its memory; what it sets up, in processes of their own."""

import asyncio
import contextlib
import subprocess
import sys

import pytest

from livingmap import memory

_THRESHOLDS = """
import gc
from livingmap import memory
before = gc.get_threshold()
memory.set_up()
memory.settle()
print(gc.get_threshold() != before, gc.get_threshold()[2] > 1000, gc.get_freeze_count() > 1000)
"""

_BLOCKS = """
import ctypes, sys
from livingmap import memory

NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()

class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in NAMES]

c = ctypes.CDLL(None)
if "set_up" in sys.argv:
    memory.set_up()
if not hasattr(c, "mallinfo2"):  # not glibc: other C libraries map long blocks by themselves
    print("set_up" in sys.argv)
else:
    c.mallinfo2.restype = Info
    first = bytearray(30_000_000)
    del first  # from now on, by itself glibc keeps blocks of this size
    before = c.mallinfo2().hblks
    second = bytearray(2_000_000)
    print(c.mallinfo2().hblks == before + 1)
"""


def output(code: str, *arguments: str) -> str:
    """Return what a program prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_garbage_is_collected_by_thresholds_for_a_heap_that_lives_for_days():
    assert output(_THRESHOLDS) == "True True True"


def test_a_long_block_is_mapped_by_itself_even_after_a_longer_one():
    assert output(_BLOCKS) == "False"
    assert output(_BLOCKS, "set_up") == "True"


class Collector:
    """In place of `gc`, notes what it is asked to do."""

    def __init__(self, steps):
        self.asked = []
        self._steps = steps

    def collect(self, generation):
        self.asked.append(generation)
        if len(self.asked) >= self._steps:
            raise asyncio.CancelledError

    def freeze(self):
        self.asked.append("freeze")


@pytest.fixture
def collect(monkeypatch):
    async def collected(steps, sizes):
        collector, sizes = Collector(steps), iter(sizes)
        monkeypatch.setattr(memory, "gc", collector)
        monkeypatch.setattr(memory, "_STEP_SECONDS", 0)
        monkeypatch.setattr(memory, "_LOOK", 2)
        with contextlib.suppress(asyncio.CancelledError):
            await memory.collect_in_steps(lambda: next(sizes, 0))
        return collector.asked

    return collected


async def test_what_is_new_is_looked_through_in_each_step_and_what_outlasted_one_in_each_fourth(collect):
    assert await collect(9, []) == [0, 0, 0, 1, 0, 0, 0, 1, 0]


async def test_what_there_is_lasts_once_a_large_map_has_grown_by_a_tenth(collect):
    asked = await collect(16, [5_500, 5_501, 6_051, 6_052, 0, 6_052])
    assert asked == [0, 0, 0, 1, 1, "freeze", 0, 0, 0, 1, 1, "freeze", 0, 0, 0, 1]
