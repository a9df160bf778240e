"""JMESPath: where a value is in JSON. A module of its own because settings check it and fetches evaluate it."""

from collections.abc import Callable
from typing import Annotated, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import AfterValidator

from livingmap.plugin import Json

Finder: TypeAlias = Callable[[Json], Json]
"""Returns the value that an expression finds; None if there is none. Raises ValueError."""


def _checked(expression: str) -> str:
    finder(expression)
    return expression


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
