"""JMESPath: where a value is in JSON. A module of its own because settings check it and fetches evaluate it."""

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from pydantic import AfterValidator

from livingmap.plugin import Json

Finder: TypeAlias = Callable[[Json], Json]
"""Returns the value that an expression finds; None if there is none. Raises ValueError."""


def _checked(expression: str) -> str:
    finder(expression)
    functions = sorted(Functions.FUNCTION_TABLE)
    for name in _called(jmespath.compile(expression).parsed):
        if name not in functions:
            close = difflib.get_close_matches(name, functions, n=1)
            there = f"did you mean {close[0]}?" if close else f"there are: {', '.join(functions)}"
            raise ValueError(f"{expression!r} calls {name}(), which JMESPath does not have; {there}")
    return expression


def _called(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the functions that a parsed expression calls."""
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        if isinstance(child, dict):
            yield from _called(child)


def finder(expression: str) -> Finder:
    """Return what evaluates an expression. Raises ValueError if it is not JMESPath."""
    try:
        return jmespath.compile(expression).search
    except JMESPathError as error:
        problem = " ".join(str(error).split())
        raise ValueError(
            f"{expression!r} is not JMESPath ({problem}); write it like name, reading.celsius or rows[?active]"
        ) from None


Expression = Annotated[str, AfterValidator(_checked)]
"""A setting that holds an expression."""
