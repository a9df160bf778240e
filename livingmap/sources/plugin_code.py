"""Where a plugin's code stands: file and line of a function, and of what raised in it."""

import functools
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

_HOST: Final = f"{Path(__file__).parents[1]}/"
_RIMS: Final = frozenset({"contained", "_answer"})
"""The functions of the host that call a plugin's: what is above them in a stack is the plugin's."""


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


def innermost_place(error: BaseException) -> str:
    """Return file and line at which ``error`` was raised while a module was imported; "" if no code of it ran."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not (_is_of_host(frame) or "importlib" in frame.filename)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


@dataclass(frozen=True, slots=True)
class RunningCode:
    """What a plugin is in the middle of."""

    at: str
    """File and line; "" if that cannot be seen."""
    stack: str
    """The calls from there on, the latest last."""


def running_code(frame: FrameType | None) -> RunningCode:
    """Return what of a plugin runs in the stack that ends in ``frame``."""
    frames = list(traceback.extract_stack(frame)) if frame else []
    rims = [index for index, one in enumerate(frames) if _is_of_host(one) and one.name in _RIMS]
    plugin = frames[rims[0] + 1 :] if rims else []
    own = next((one for one in plugin if not _is_of_host(one)), None)
    at = f"{own.filename}:{own.lineno}" if own else ""
    return RunningCode(at, "".join(traceback.format_list(plugin or frames)))


def is_calling(frame: FrameType | None) -> bool:
    """Tell whether a plugin is being called in the stack that ends in ``frame``."""
    return (
        any(_is_of_host(one) and one.name in _RIMS for one in traceback.extract_stack(frame)) if frame else False
    )


def _is_of_host(frame: traceback.FrameSummary) -> bool:
    return frame.filename.startswith(_HOST)
