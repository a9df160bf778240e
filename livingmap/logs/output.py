"""Output: standard error and standard output that never raise and never block, whatever becomes of their readers.

A disk may be full, a reader gone, or there and not reading. Then lines are dropped and counted: a map without
its log is worth more than none.
"""

import io
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO, cast

_MOST_WAITING: Final = 2000
"""So many pieces of text wait at most."""
_MOST_CHARACTERS: Final = 64 * 1024
"""So long is one piece at most."""
_AT_ONCE: Final = 100
_FLUSH_SECONDS: Final = 1.0
_BUSY_SECONDS: Final = 0.05
_CUT: Final = " … (cut)\n"


class Output(io.TextIOBase):
    """What stands in for the standard stream of the descriptor ``number``: a thread does the writing.

    ``on_return`` is called, by that thread, with how many lines were dropped, once lines can be written again.
    """

    def __init__(self, number: int, on_return: Callable[[int], object]) -> None:
        self.dropped = 0
        """How many lines were dropped so far."""
        self._number = number
        self._on_return = on_return
        self._reported = 0
        self._is_terminal = os.isatty(number)
        # written to in signal handlers as well: a queue with a lock of Python's own could lock itself out
        self._waiting: queue.SimpleQueue[str | threading.Event] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=f"output {number}", daemon=True).start()

    def write(self, text: str) -> int:
        """Have ``text`` written; drop it if too much waits already."""
        if not isinstance(text, str):  # click finds out in this way what kind of stream it has
            raise TypeError(f"text is written here, not {type(text).__name__}")
        if self._waiting.qsize() >= _MOST_WAITING:
            self.dropped += text.count("\n")
        else:
            self._waiting.put(text if len(text) <= _MOST_CHARACTERS else text[:_MOST_CHARACTERS] + _CUT)
        return len(text)

    def settle(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Wait until what was written so far has got through, for ``seconds`` at most."""
        through = threading.Event()
        self._waiting.put(through)
        through.wait(seconds)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._number

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return self._is_terminal

    def writable(self) -> bool:
        """Return True."""
        return True

    def _run(self) -> None:
        while True:
            pieces, through = self._next()
            if pieces:
                self._put_through("".join(pieces))
            if through is not None:
                through.set()

    def _next(self) -> tuple[list[str], threading.Event | None]:
        """Wait for text and return it; up to the next one who waits for it to get through."""
        pieces: list[str] = []
        piece = self._waiting.get()
        while not isinstance(piece, threading.Event):
            pieces.append(piece)
            if len(pieces) == _AT_ONCE or self._waiting.empty():
                return pieces, None
            piece = self._waiting.get()
        return pieces, piece

    def _put_through(self, text: str) -> None:
        rest = text.encode(errors="backslashreplace")
        try:
            while rest:
                rest = rest[os.write(self._number, rest) :]
        except BlockingIOError:  # somebody who shares the descriptor does not want it to block
            self.dropped += rest.count(b"\n")
            time.sleep(_BUSY_SECONDS)
        except OSError:
            self.dropped += rest.count(b"\n")
        else:
            self._report()

    def _report(self) -> None:
        lines, self._reported = self.dropped - self._reported, self.dropped
        if lines:
            self._on_return(lines)


@contextmanager
def standard_streams(on_return: Callable[[int], object]) -> Iterator[Output]:
    """Have an `Output` stand in for standard error and standard output each; yield that of standard error."""
    _open_missing()
    before = sys.stdout, sys.stderr
    out, errors = Output(1, on_return), Output(2, on_return)
    sys.stdout, sys.stderr = cast(TextIO, out), cast(TextIO, errors)
    try:
        yield errors
    finally:
        sys.stdout, sys.stderr = before
        out.settle()
        errors.settle()


def _open_missing() -> None:
    """Have standard descriptors that are closed lead nowhere, or the next connection would get their number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
