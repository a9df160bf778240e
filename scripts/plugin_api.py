"""Write what plugins and clients may rely on, from the code: the list of public names, and their reference."""

import difflib
import inspect
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import griffe

ROOT: Final = Path(__file__).parents[1]
SURFACE: Final = ROOT / "tests" / "public_api.txt"
REFERENCE: Final = ROOT / "docs" / "plugin-reference.md"
MODULES: Final = ("plugin", "testing", "client")
_HEAD: Final = """\
# Plugin reference

Every public name of `livingmap.plugin`, `livingmap.testing` and `livingmap.client`, written by
`scripts/plugin_api.py` from the code. [Writing a plugin](writing-a-plugin.md) explains how they go together, and
what is [promised](writing-a-plugin.md#compatibility) about them.
"""


def public_names() -> Iterator[tuple[str, griffe.Object]]:
    """Yield the public names with what they stand for, module by module. Nothing is imported."""
    loader = griffe.GriffeLoader(search_paths=[str(ROOT)], allow_inspection=False)
    package = loader.load("livingmap")
    loader.resolve_aliases(implicit=True)
    for module in MODULES:
        for name in sorted(map(str, package[module].exports or ())):
            yield f"livingmap.{module}.{name}", _target(package[module][name])


def surface() -> str:
    """Return one line for each name, and for each of its members, as callers see them."""
    lines = []
    for path, thing in public_names():
        lines.append(f"{path}{_shape(thing)}")
        lines += [f"{path}.{name}{_shape(member)}" for name, member in _members(thing)]
    return "\n".join(lines) + "\n"


def reference() -> str:
    """Return the page that describes each name."""
    parts, section = [_HEAD], ""
    for path, thing in public_names():
        module, _, name = path.rpartition(".")
        if module != section:
            parts.append(f"## {module}\n")
            section = module
        parts.append(f"### `{name}`\n")
        if not isinstance(thing, griffe.Class):
            parts.append(f"```text\n{name}{_shape(thing)}\n```\n")
        parts += [f"{_text(thing)}\n"] if _text(thing) else []
        if members := [_item(name, member) for name, member in _members(thing)]:
            parts.append("\n".join(members) + "\n")
    return "\n".join(parts)


def differences(file: Path, text: str) -> list[str]:
    """Return how a file differs from what it should be."""
    before = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return list(difflib.unified_diff(before, text.splitlines(), file.name, "the code", n=0, lineterm=""))


def _members(thing: griffe.Object) -> Iterator[tuple[str, griffe.Object]]:
    """Yield the public members of a class, those of its bases in this project first."""
    if not isinstance(thing, griffe.Class):
        return
    for name, member in thing.all_members.items():
        own = not name.startswith("_") and name != "model_config"
        if own or (name == "__init__" and "dataclass" not in thing.labels):
            yield name, _target(member)


def _target(thing: griffe.Object | griffe.Alias) -> griffe.Object:
    return thing.final_target if isinstance(thing, griffe.Alias) else thing


def _shape(thing: griffe.Object) -> str:
    """Return what follows a name: a signature, or a type and a value."""
    match thing:
        case griffe.Function():
            parameters = [one for one in thing.parameters if one.name not in ("self", "cls")]
            returned = f" -> {thing.returns}" if thing.returns else ""
            return f"({', '.join(map(_parameter, parameters))}){returned}"
        case griffe.Class():
            return f"({', '.join(map(str, thing.bases))})" if thing.bases else ""
        case griffe.Attribute():
            annotation = f": {thing.annotation}" if thing.annotation else ""
            value = f" = {thing.value}" if thing.value is not None and "property" not in thing.labels else ""
            return textwrap.shorten(f"x{annotation}{value}", 400)[1:]
        case _:
            return ""


def _parameter(one: griffe.Parameter) -> str:
    stars = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}
    star = stars.get(one.kind, "") if one.kind else ""
    default = f" = {one.default}" if one.default is not None and not star else ""
    return f"{star}{one.name}{f': {one.annotation}' if one.annotation else ''}{default}"


def _text(thing: griffe.Object) -> str:
    text = inspect.cleandoc(thing.docstring.value) if thing.docstring else ""
    return text.replace("::\n", ":\n")


def _item(name: str, member: griffe.Object) -> str:
    text = " ".join(_text(member).split("\n\n")[0].split())
    return f"- `{name}{_shape(member)}`" + (f": {text}" if text else "")


if __name__ == "__main__":
    for file, text in ((SURFACE, surface()), (REFERENCE, reference())):
        sys.stdout.writelines(f"{line}\n" for line in differences(file, text))
        file.write_text(text, encoding="utf-8")
