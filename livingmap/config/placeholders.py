"""Placeholders in the YAML file: ``${NAME}`` and ``${NAME:-default}`` stand for what the environment holds."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import yaml

from livingmap.errors import ConfigFault

_MARK: Final = re.compile(r"\$(?:\$|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<odd>\{))")
_TEXT: Final = "tag:yaml.org,2002:str"


class _PlaceholderError(Exception):
    """What is wrong with a value."""


@dataclass(slots=True)
class Placeholders:
    """Fills the placeholders of one document.

    A value is replaced after the file was parsed. Whatever a variable holds is therefore text: it cannot add
    keys, and the setting decides whether ``7017`` is a number. A value of a mapping that comes out empty is
    removed, as an empty variable of the map itself sets nothing.
    """

    environment: Mapping[str, str]
    variables: dict[tuple[str | int, ...], tuple[str, ...]] = field(default_factory=dict)
    """The variables that each value was made from."""
    faults: list[ConfigFault] = field(default_factory=list)
    _filled: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The variables of each node that was filled: an alias is the same node in another place."""

    def fill(self, node: yaml.Node | None, path: tuple[str | int, ...] = ()) -> None:
        """Replace the placeholders in ``node`` and all that it holds."""
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
            for key, value in pairs:
                self.fill(value, (*path, key.value))
            node.value = [(key, value) for key, value in pairs if not self._is_emptied(value, path, key)]
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.fill(value, (*path, index))
        elif isinstance(node, yaml.ScalarNode) and node.tag == _TEXT:
            if id(node) not in self._filled:
                self._filled[id(node)] = self._fill_text(node, path)
            if names := self._filled[id(node)]:
                self.variables[path] = names

    def _is_emptied(self, value: yaml.Node, path: tuple[str | int, ...], key: yaml.ScalarNode) -> bool:
        return value.value == "" and (*path, key.value) in self.variables

    def _fill_text(self, node: yaml.ScalarNode, path: tuple[str | int, ...]) -> tuple[str, ...]:
        names: list[str] = []
        try:
            node.value = _MARK.sub(lambda mark: self._replacement(mark, names), node.value)
        except _PlaceholderError as error:
            where = ".".join(map(str, path))
            self.faults.append(ConfigFault(where, str(error), node.start_mark.line + 1))
        return tuple(names)

    def _replacement(self, mark: re.Match[str], names: list[str]) -> str:
        name, default = mark["name"], mark["default"]
        if mark["odd"]:
            raise _PlaceholderError(
                "not a placeholder: write ${NAME} or ${NAME:-default}, and $${ for the text ${"
            )
        if name is None:
            return "$"
        names.append(name)
        value = self.environment.get(name) or default
        if value is None:
            raise _PlaceholderError(
                f"{name} is not set; set it, or write ${{{name}:-…}} with what holds without it"
            )
        return value
