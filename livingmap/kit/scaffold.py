"""New plugins: files from templates, in a folder of their own, whose tests pass before the first edit."""

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import unquote, urlsplit

from livingmap import __version__
from livingmap.errors import LivingMapError
from livingmap.sources.plugin_import import installed

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SUFFIX: Final = ".txt"
"""Templates are not modules: neither linters nor importers take them for such."""


class ScaffoldError(LivingMapError):
    """A plugin cannot be made: its name does not do, or its folder is there already."""


class Kind(StrEnum):
    """How a new source comes by its data."""

    HTTP = "http"
    PUSH = "push"
    EVENTS = "events"
    NO_CODE = "no-code"


_ASKS: Final = {
    Kind.HTTP: "asks | `GET /items`",
    Kind.PUSH: "reads | a connection to `host` and `port`, one JSON object a line",
    Kind.EVENTS: "understands | `{name}.seen`, `{name}.gone`",
    Kind.NO_CODE: "",
}


def invalid_reason(name: str) -> str | None:
    """Return why no plugin can be called ``name``; None if one can."""
    likely = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    if not _NAME.fullmatch(name):
        hint = f", like {likely}" if _NAME.fullmatch(likely) else ""
        return f"is not lower-case letters, digits and _, at most 40, a letter first{hint}"
    if keyword.iskeyword(name):
        return "is a word of Python"
    if name in installed():
        return "is the name of an installed plugin; livingmap plugins lists them"
    if find_spec(name) is not None:
        return "is the name of an installed Python module, which the plugin would hide"
    return None


def create(name: str, kind: Kind, parent: Path, *, package: bool = False) -> Path:
    """Write a plugin below ``parent`` and return its folder. Raises ScaffoldError; nothing is overwritten."""
    if reason := invalid_reason(name):
        raise ScaffoldError(f"{name!r} {reason}")
    if package and kind is Kind.NO_CODE:
        raise ScaffoldError("a source without code is a section of the YAML: there is nothing to package")
    words = _words(name, kind, package=package)
    folder = parent / (f"livingmap-{words['dashed']}" if package else name)
    if folder.exists():
        raise ScaffoldError(f"{folder} is there already; choose another name, or remove it")
    for path, text in _texts(name, kind, package=package):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(text).substitute(words), encoding="utf-8")
    return folder


def section(name: str, folder: Path, *, package: bool = False) -> list[str]:
    """Return the lines for the YAML that lies in the folder's parent."""
    module = [] if package else [f"    module: ./{folder.name}/{name}.py"]
    return ["sources:", f"  {name}:", *module, "    mock: true  # the samples stand in for the service"]


def requirement() -> str:
    """Return what to give pip for the map with what tests need: from where it came, if that was no index."""
    text = distribution("livingmap").read_text("direct_url.json")
    address = urlsplit(json.loads(text)["url"]) if text else None
    return f"{unquote(address.path) if address and address.scheme == 'file' else 'livingmap'}[testing]"


def _words(name: str, kind: Kind, *, package: bool) -> Mapping[str, str]:
    dashed = name.replace("_", "-")
    return {
        "name": name,
        "dashed": dashed,
        "title": name.replace("_", " ").capitalize(),
        "service": dashed if dashed.endswith("service") else f"{dashed}-service",
        "import_plugin": f"from livingmap_{name} import plugin" if package else f"import {name}",
        "plugin": "plugin" if package else name,
        "version": __version__.rpartition(".")[0],
        "next_version": str(int(__version__.partition(".")[0]) + 1),
        "asks": _ASKS[kind].format(name=name),
    }


def _texts(name: str, kind: Kind, *, package: bool) -> Iterator[tuple[str, str]]:
    """Yield the files of a plugin by path, before their words are filled in."""
    templates = files("livingmap.kit") / "templates"
    if kind is Kind.NO_CODE:
        yield from _plain(templates / kind)
        return
    inner = f"livingmap_{name}/" if package else ""
    module = "plugin" if package else name
    yield f"{inner}README.md", _text(templates / "README.md.txt")
    yield f"{inner}{module}.py", _text(templates / kind / "plugin.py.txt")
    yield f"{'tests/' if package else ''}test_{name}.py", _text(templates / kind / "test.py.txt")
    for path, text in _plain(templates / kind / "samples"):
        yield f"{inner}samples/{path}", text
    if package:
        yield f"{inner}__init__.py", '"""The source `$name` of $service."""\n'
        yield "pyproject.toml", _text(templates / "package" / "pyproject.toml.txt")
    else:
        yield "pytest.ini", "[pytest]\nasyncio_default_fixture_loop_scope = function\n"


def _plain(folder: Traversable) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder under their own names."""
    for template in folder.iterdir():
        yield template.name.removesuffix(_SUFFIX), _text(template)


def _text(template: Traversable) -> str:
    return template.read_text(encoding="utf-8")
