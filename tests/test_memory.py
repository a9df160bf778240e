"""What a process that serves a map sets up about its memory, each in a process of its own."""

import subprocess
import sys

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
