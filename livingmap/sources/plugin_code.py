"""Where a plugin's code stands: file and line of a function, and of what raised in it."""

import functools
import traceback
from typing import Any


def place(function: object) -> str:
    """Return file and line at which ``function`` is defined; "" if that is not Python code."""
    while isinstance(function, functools.partial):
        function = function.func
    code: Any = getattr(function, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else ""


def place_of_error(error: BaseException, function: object) -> str:
    """Return file and line in the plugin at which ``error`` was raised, ``function`` being what was called.

    Code of the host and of libraries that the plugin called is passed over.
    """
    file = place(function).rpartition(":")[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    return f"{own[-1].filename}:{own[-1].lineno}" if own else place(function)
