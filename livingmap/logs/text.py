"""Text in a log line: whatever comes from outside is one line, steers no terminal, and is not endless."""

import traceback
from types import TracebackType
from typing import Any, Final, TextIO, TypeAlias

import structlog

from livingmap.core.printable import printable

MOST_CHARACTERS: Final = 2000
"""So long is one value at most."""
_MOST_TRACE: Final = 8000
_RENDERED: Final = structlog.processors.JSONRenderer()
_INDENT: Final = "    "
_CUT: Final = " … "

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]


def bounded(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Cut what is too long for a line: as a processor of structlog."""
    return {name: _bounded(name, value) for name, value in event.items()}


def one_line(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Escape what would end the line or steer a terminal, for a renderer that escapes nothing itself."""
    return {printable(name): _escaped(value) for name, value in event.items()}


def json_line(logger: object, method: str, event: structlog.typing.EventDict) -> str:
    """Return the line as JSON, in which also that is escaped which JSON lets stand."""
    return printable(str(_RENDERED(logger, method, event)))


def write_traceback(file: TextIO, error: _ExcInfo) -> None:
    """Write a traceback, indented: so its lines, and those of the message, are not taken for lines of the log."""
    text = _cut("".join(traceback.format_exception(*error)).rstrip("\n"), _MOST_TRACE)
    file.writelines(f"\n{_INDENT}{printable(line)}" for line in text.split("\n"))


def _bounded(name: str, value: Any) -> Any:
    match value:
        case None | bool() | float():
            return value
        case str():
            return _cut(value, _MOST_TRACE if name == "exception" else MOST_CHARACTERS)
        case int() | dict() | list():
            text = repr(value)
            return value if len(text) <= MOST_CHARACTERS else _cut(text, MOST_CHARACTERS)
    return value if name == "exc_info" else _cut(str(value), MOST_CHARACTERS)


def _escaped(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {printable(str(key)): _escaped(one) for key, one in value.items()}
        case list():
            return [_escaped(one) for one in value]
    return value


def _cut(text: str, most: int) -> str:
    """Return ``text`` without its middle, if it is longer than ``most``."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]}{_CUT}{len(text) - 2 * half} characters{_CUT}{text[-half:]}"
