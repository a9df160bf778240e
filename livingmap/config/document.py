"""YAML documents: every value with its line number, so that a fault can be located; duplicate keys are refused."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from livingmap.config.placeholders import Placeholders
from livingmap.errors import ConfigError, ConfigFault

_INTEGER: Final = "tag:yaml.org,2002:int"
_TEXT: Final = "tag:yaml.org,2002:str"
_MERGE: Final = "tag:yaml.org,2002:merge"
_OCTAL: Final = re.compile(r"[-+]?0[0-7_]+")


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML mapping and the line of each of its keys."""

    file: Path | None = None
    data: dict[str, Any] = field(default_factory=dict)
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    variables: dict[tuple[str | int, ...], tuple[str, ...]] = field(default_factory=dict)
    """The variables that a value with placeholders was made from."""

    def line(self, path: Sequence[str | int]) -> int | None:
        """Return the line of ``path``, or of the innermost section around it that is in the file."""
        whole = tuple(path)
        return next(
            (self.lines[whole[:end]] for end in range(len(whole), 0, -1) if whole[:end] in self.lines), None
        )


def read_yaml(file: Path | None) -> Document:
    """Read ``file`` and fill its placeholders; None gives an empty document. Raises ConfigError."""
    if file is None:
        return Document()
    root = _composed(file)
    if root is not None and not isinstance(root, yaml.MappingNode):
        raise ConfigError([ConfigFault("", "the file has to be a mapping such as 'sources: …'", 1)], str(file))
    lines: dict[tuple[str | int, ...], int] = {}
    faults: list[ConfigFault] = []
    placeholders = Placeholders(os.environ)
    with _problems(file):
        _walk(root, (), lines, faults)
        placeholders.fill(root)
    if faults or placeholders.faults:
        raise ConfigError([*faults, *placeholders.faults], str(file))
    return Document(file, _constructed(root, file), lines, placeholders.variables)


def _composed(file: Path) -> yaml.Node | None:
    with _problems(file):
        return yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)


def _constructed(root: yaml.Node | None, file: Path) -> dict[str, Any]:
    """Return the values of a document. Its nodes may hold secrets, so it is not written and parsed again."""
    with _problems(file):
        data: dict[str, Any] = {} if root is None else yaml.constructor.SafeConstructor().construct_document(root)
        return data


@contextmanager
def _problems(file: Path) -> Iterator[None]:
    """Raise ConfigError for what makes a file unusable as YAML."""
    try:
        yield
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([ConfigFault("", f"cannot be read: {error}")], str(file)) from error
    except RecursionError as error:
        raise ConfigError([ConfigFault("", "an alias refers to something that contains it")], str(file)) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        raise ConfigError([ConfigFault("", problem, mark.line + 1 if mark else None)], str(file)) from error


def _walk(
    node: yaml.Node | None,
    path: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    faults: list[ConfigFault],
) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                faults.append(ConfigFault(".".join(map(str, path)), "a key is a list or a mapping", line))
                continue
            if key.tag != _MERGE:
                key.tag = _TEXT  # YAML 1.1 reads names such as on, no and 12 as something else
            inner = (*path, key.value)
            if inner in lines:
                where = ".".join(map(str, inner))
                faults.append(ConfigFault(where, f"is given twice, first on line {lines[inner]}", line))
            lines[inner] = line
            _walk(value, inner, lines, faults)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*path, index] = value.start_mark.line + 1
            _walk(value, (*path, index), lines, faults)
    elif isinstance(node, yaml.ScalarNode) and node.tag == _INTEGER and _OCTAL.fullmatch(node.value):
        problem = (
            f"{node.value} would be {int(node.value, 8)}, an octal number; write it without the 0, or in quotes"
        )
        faults.append(ConfigFault(".".join(map(str, path)), problem, node.start_mark.line + 1))
