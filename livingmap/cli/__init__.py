"""The command line: ``livingmap --help``."""

import os
import signal
import sys


def main() -> None:
    """Run the command line.

    Process 1 of a container gets no signal that it does not handle, and what a command needs takes a second to
    import: till then nothing would obey SIGTERM, and ``docker stop`` would wait for its limit.
    """
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # there is nothing to stop yet
    if sys.argv[1:] == ["health"]:  # so that a container's check of it costs next to nothing
        from livingmap.cli.health import health  # noqa: PLC0415

        health()
    from livingmap.cli.program import run  # noqa: PLC0415

    run()
