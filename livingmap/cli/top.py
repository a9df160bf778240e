"""The command that shows how a running map is doing, live in a terminal."""

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.live import Live

from livingmap.cli.options import DEFAULT_URL, TokenFileOption, TokenOption, UrlOption, fail, token_of
from livingmap.cli.top_reading import NoAnswerError, read
from livingmap.cli.top_view import Screen, view
from livingmap.cli.views import show_view, terminal

_KEYS: Final = "q quit   p pause"
_TICK_SECONDS: Final = 0.2
_RATE_SECONDS: Final = 1.0
_END_OF_INPUT: Final = b"\x04"


def top(
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    every: Annotated[float, typer.Option("--every", min=0.2, max=3600, help="Seconds between two looks.")] = 2.0,
    once: Annotated[
        bool, typer.Option("--once", help="Print it once, for scripts. Exit status 1 without an answer.")
    ] = False,
) -> None:
    """Show live how a running map is doing: sources, events, lag, viewers, leader, problems."""
    token_of(token, token_file)  # a file that is not there is said before anything is shown
    look = _Look(url, _tokens(token, token_file))
    if once:
        raise typer.Exit(_print_once(look))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        fail("livingmap top needs a terminal; with --once it prints what it sees and ends")
    with contextlib.suppress(KeyboardInterrupt):
        _show(look, every)


def _tokens(token: str | None, file: Path | None) -> Callable[[], str | None]:
    """Return what gives the token of this moment: its file may be written anew at any time."""
    return lambda: (file.read_text(encoding="utf-8").strip() if file else token) or None


class _Look:
    """Looks at a map now and then, and keeps what was seen last."""

    def __init__(self, url: str, token: Callable[[], str | None]) -> None:
        self.screen = Screen(url, None)
        self._token = token
        self._lost: tuple[float, str] | None = None

    def again(self) -> None:
        """Ask the map, and have the screen say what came, or since when nothing has come."""
        screen, now, clock = self.screen, time.monotonic(), f"{datetime.now(UTC):%H:%M:%SZ}"
        try:
            reading = read(screen.url, self._token(), now, clock)
        except (NoAnswerError, OSError, UnicodeDecodeError) as error:
            self._lost = self._lost or (now, clock)
            self.screen = replace(screen, lost_at=self._lost[1], error=str(error))
            return
        self._lost = None
        self.screen = Screen(screen.url, reading, screen.reading)

    def shown(self, *, is_paused: bool) -> Screen:
        """Return the screen as it is now."""
        lost = time.monotonic() - self._lost[0] if self._lost else 0.0
        return replace(self.screen, lost_seconds=lost, is_paused=is_paused)


def _print_once(look: _Look) -> int:
    """Print what is seen; return the exit status."""
    look.again()
    if look.screen.reading is not None:
        time.sleep(_RATE_SECONDS)  # to count what happens in a second
        look.again()
    show_view(lambda width: view(look.shown(is_paused=False), width))
    return int(look.screen.lost_at is not None)


def _show(look: _Look, every: float) -> None:
    """Show the screen until q is pressed. Another thread asks the map, so that keys work while it hangs."""
    ended, paused = threading.Event(), threading.Event()
    asking = threading.Thread(target=_ask, args=(look, every, ended, paused), name="asking", daemon=True)
    asking.start()
    console = terminal()
    try:
        with _keys() as pressed, Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                screen = look.shown(is_paused=paused.is_set())
                width, height = console.size
                live.update(view(screen, width, height, f"{_KEYS}   every {every:g} s"), refresh=True)
                match pressed():
                    case b"q" | b"Q" | b"\x04":
                        return
                    case b"p" | b"P" | b" ":
                        paused.clear() if paused.is_set() else paused.set()
    finally:
        ended.set()


def _ask(look: _Look, every: float, ended: threading.Event, paused: threading.Event) -> None:
    while not ended.is_set():
        if not paused.is_set():
            look.again()
        ended.wait(every)


@contextlib.contextmanager
def _keys() -> Iterator[Callable[[], bytes]]:
    """Yield what waits a moment for a key and returns it, empty if none was pressed."""
    import termios  # noqa: PLC0415 - POSIX only
    import tty  # noqa: PLC0415

    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)

    def pressed() -> bytes:
        if not select.select([descriptor], [], [], _TICK_SECONDS)[0]:
            return b""
        return os.read(descriptor, 1) or _END_OF_INPUT

    tty.setcbreak(descriptor)
    try:
        yield pressed
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
