"""A configuration while it is read: every fault with its place, and what would have worked."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel, ValidationError

from livingmap.document import Document
from livingmap.errors import ConfigError, ConfigFault

PREFIX: Final = "LIVINGMAP_"


@dataclass(slots=True)
class Reading:
    """A configuration on its way: what is wrong with it so far."""

    document: Document
    faults: list[ConfigFault] = field(default_factory=list)

    def fault(self, path: Sequence[str | int], problem: str) -> None:
        """Keep what is wrong at ``path``, with the variable or the line that says so."""
        where = ".".join(map(str, path))
        variable = PREFIX + "__".join(map(str, path)).upper()
        if variable in {name.upper() for name in os.environ}:
            self.faults.append(ConfigFault(where, f"{problem} (from {variable})", from_file=False))
        elif where.upper().startswith(PREFIX):
            self.faults.append(ConfigFault(where, problem, from_file=False))
        else:
            self.faults.append(ConfigFault(where, problem, self.document.line(path)))

    def note(self, path: tuple[str, ...], error: ValidationError, model: type[BaseModel]) -> None:
        """Keep every error of a validation, with what would have worked; no values, they may be secret."""
        for one in error.errors(include_url=False, include_input=False):
            where = (*path, *one["loc"])
            if one["type"] == "extra_forbidden":
                self.fault(where, f"no such setting{instead(str(where[-1]), _fields(model, one['loc'][:-1]))}")
            else:
                self.fault(where, one["msg"].removeprefix("Value error, "))

    def end(self) -> None:
        """Raise ConfigError with all faults, if there are any."""
        if self.faults:
            raise ConfigError(self.faults, str(self.document.file) if self.document.file else None)


def _fields(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    for name in loc:
        inner = model.model_fields[str(name)].annotation if str(name) in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return sorted(model.model_fields)


def instead(wrong: str, names: Sequence[str]) -> str:
    """Return what to add to a message about a wrong name: the closest right one, or all."""
    close = difflib.get_close_matches(wrong, names, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (there are: {', '.join(names)})" if names else ""
