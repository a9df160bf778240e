"""How a command ends that follows a map."""

import contextlib
import os
import sys
from collections.abc import Iterator

import typer

from livingmap.cli.options import fail
from livingmap.client import MapError


@contextlib.contextmanager
def following() -> Iterator[None]:
    """End a command that follows a map: at Ctrl-C, when nobody reads its output, or with why the map refuses."""
    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be flushed
    except MapError as error:
        fail(str(error))
