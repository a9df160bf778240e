"""Faults of a configuration: each with its place in the file and, where known, what would work instead."""

import difflib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from pydantic import BaseModel, ValidationError

from livingmap.config.document import Document
from livingmap.config.settings import PREFIX
from livingmap.errors import ConfigError, ConfigFault
from livingmap.tls import TlsSettings


@dataclass(slots=True)
class Faults:
    """The faults of one configuration, collected while it is loaded so that all are reported at once."""

    document: Document
    faults: list[ConfigFault] = field(default_factory=list)

    def add(self, path: Sequence[str | int], problem: str) -> None:
        """Note that ``path`` is wrong, with the environment variable or the line of the file that sets it."""
        where = ".".join(map(str, path))
        variable = PREFIX + "__".join(map(str, path)).upper()
        if variable in {name.upper() for name in os.environ}:
            self.faults.append(ConfigFault(where, f"{problem} (from {variable})", from_file=False))
        elif where.upper().startswith(PREFIX):
            self.faults.append(ConfigFault(where, problem, from_file=False))
        else:
            made_from = ", ".join(self.document.variables.get(tuple(path), ()))
            origin = f" (from {made_from})" if made_from else ""
            self.faults.append(ConfigFault(where, problem + origin, self.document.line(path)))

    def add_validation(self, path: tuple[str, ...], error: ValidationError, model: type[BaseModel]) -> None:
        """Note every error of a validation, with what would work; never the value, which may be secret."""
        for detail in error.errors(include_url=False, include_input=False):
            where = (*path, *detail["loc"])
            if detail["type"] == "extra_forbidden":
                self.add(where, f"no such setting{suggestion(str(where[-1]), _fields(model, detail['loc'][:-1]))}")
            else:
                self.add(where, detail["msg"].removeprefix("Value error, "))

    def raise_any(self) -> None:
        """Raise ConfigError with all faults, if there are any."""
        if self.faults:
            raise ConfigError(self.faults, str(self.document.file) if self.document.file else None)


def check_tls(faults: Faults, path: tuple[str, ...], settings: TlsSettings) -> None:
    """Note a file of a section's TLS that cannot be used."""
    if settings.has_own_tls:
        try:
            settings.ssl_context()
        except ValueError as error:
            setting, _, problem = str(error).partition(": ")
            faults.add((*path, setting), problem)


def _fields(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """Return the settings of the model at ``loc``, be it an element of a list or of a mapping; none if unclear."""
    kind: object = model
    for name in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            info = kind.model_fields.get(str(name))
            kind = info.annotation if info else None
        else:
            kind = _element(kind)
    return sorted(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _element(kind: object) -> object:
    """Return the type of the elements of ``tuple[X, ...]``, ``list[X]`` or ``dict[…, X]``."""
    arguments = [one for one in get_args(kind) if one is not Ellipsis]
    return arguments[-1] if arguments else None


def suggestion(wrong: str, names: Sequence[str]) -> str:
    """Return the end of a message about a wrong name: the closest right one, or all of them."""
    close = difflib.get_close_matches(wrong, names, n=1)
    if close:
        return f"; did you mean {close[0]}?"
    return f" (there are: {', '.join(names)})" if names else ""
