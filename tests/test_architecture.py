"""docs/architecture.md is true: its paths, names, terms and import rights are those of the code."""

import ast
import importlib
import pkgutil
import re
import tomllib
import xml.etree.ElementTree as ET
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import livingmap

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

_PLACE = re.compile(r"`(?P<file>[\w/]+\.py)`: (?P<names>`[\w.]+`(?:, `[\w.]+`)*)")
_PATH = re.compile(r"`((?:livingmap|plugins|frontend)/[\w./]*)`")
_SPAN = re.compile(r"`([^`\n]+)`")
_CLASS = re.compile(r"[A-Z][a-z]\w*(\.\w+)?")


@cache
def names_in(file: str) -> frozenset[str]:
    """Return what a module defines: `Class`, `Class.method`, `function`, `CONSTANT`."""
    return frozenset(_names(ast.parse((ROOT / file).read_text(encoding="utf-8")).body, ""))


def _names(body, prefix):
    for node in body:
        match node:
            case ast.ClassDef():
                yield prefix + node.name
                yield from _names(node.body, f"{prefix}{node.name}.")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield prefix + node.name
            case ast.AnnAssign(target=ast.Name() as target):
                yield prefix + target.id
            case ast.Assign(targets=[ast.Name() as target]):
                yield prefix + target.id


def places():
    """Yield every file of the page with each name that is said to be in it."""
    for match in _PLACE.finditer(PAGE):
        for name in _SPAN.findall(match["names"]):
            yield match["file"], name


def table(heading: str) -> list[list[str]]:
    """Return the cells below a heading, row by row, without the table's head."""
    below = re.split(rf"^#+ {re.escape(heading)}$", PAGE, flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", below, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[1:]]


@pytest.mark.parametrize("path", sorted(set(_PATH.findall(PAGE))))
def test_every_path_is_there(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize(("file", "name"), sorted(set(places())))
def test_every_name_is_defined_in_its_file(file, name):
    assert name in names_in(file)


def test_every_python_file_stands_with_a_name():
    named = {file for file, _ in places()}
    assert {path for path in _PATH.findall(PAGE) if path.endswith(".py")} == named


def test_every_class_is_one_of_the_program():
    defined = {
        name for file in (ROOT / "livingmap").rglob("*.py") for name in names_in(str(file.relative_to(ROOT)))
    }
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    assert {span for span in _SPAN.findall(prose) if _CLASS.fullmatch(span)} <= defined


def test_every_method_of_a_walk_follows_its_class_within_the_step():
    for step in re.findall(r"^\d\. .+(?:\n   .+)*", PAGE, flags=re.MULTILINE):
        files = {file for file, _ in _of(step)}
        for span in _SPAN.findall(step):
            if re.fullmatch(r"[A-Z]\w+\.\w+", span):
                assert any(span in names_in(file) for file in files), span


def _of(text):
    return [(match["file"], match["names"]) for match in _PLACE.finditer(text)]


# rooms


def contracts() -> list[dict[str, Any]]:
    """Return the import rules."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    rules: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return rules


def layers() -> list[list[str]]:
    """Return the steps of the import rules, the highest first, each with its rooms."""
    [rule] = [one for one in contracts() if one["type"] == "layers"]
    return [[room.strip() for room in step.split("|")] for step in rule["layers"]]


def importers() -> dict[str, list[str]]:
    """Return the rooms that only some rooms may import, each with those that may."""
    return {
        module.removeprefix("livingmap."): [
            one.removeprefix("livingmap.") for one in rule["allowed_importers"] if one.startswith("livingmap.")
        ]
        for rule in contracts()
        if rule["type"] == "protected"
        for module in rule["protected_modules"]
        if re.fullmatch(r"livingmap\.\w+", module)
    }


def test_the_rooms_stand_in_the_order_of_the_import_rules():
    shown = [row[0].strip("`") for row in table("Rooms")]
    steps = layers()
    assert sorted(shown) == sorted(module.name for module in pkgutil.iter_modules(livingmap.__path__))
    assert [{room for room in shown if room in step} for step in steps] == [set(step) for step in steps]
    order = [next(index for index, step in enumerate(steps) if room in step) for room in shown]
    assert order == sorted(order)


def test_the_rights_of_the_rooms_are_those_of_the_import_rules():
    steps, restricted, expected = layers(), importers(), {}
    for step, below in pairwise([*steps, []]):
        rights = ", ".join(f"`{room}`" for room in sorted(set(below) - restricted.keys())) or "nothing"
        more = " and below" if below not in ([], steps[-1]) else ""
        expected |= dict.fromkeys(step, rights + more)
    assert {row[0].strip("`"): row[2] for row in table("Rooms")} == expected


def test_a_room_that_only_some_may_import_stands_with_them():
    holds = {row[0].strip("`"): row[1] for row in table("Rooms")}
    assert importers()
    for room, allowed in importers().items():
        assert holds[room].endswith(f"of the host only {', '.join(f'`{one}`' for one in allowed)} uses it")


def test_the_picture_shows_rooms():
    picture = ET.fromstring((ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8"))
    names = {text.text for text in picture.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "name"}
    rooms = {row[0].strip("`") for row in table("Rooms")}
    assert names - {"services", "NATS", "plugins"} <= rooms


# bounds


@pytest.mark.parametrize(
    "row", [row for row in table("What ends the process, and what is bounded") if "MOST_" in row[0]]
)
def test_every_bound_stands_as_it_is(row):
    for match in _PLACE.finditer(row[0]):
        module = importlib.import_module(match["file"].removesuffix(".py").replace("/", "."))
        for name in _SPAN.findall(match["names"]):
            assert any(text in row[1] for text in _spellings(getattr(module, name)))


def _spellings(value: int) -> list[str]:
    return [f"{value:,}", f"{value // 1024} KiB", f"{value // 1024**2} MiB"]


# glossary


@pytest.mark.parametrize(("term", "name"), [(row[0], row[1].strip("`")) for row in table("Glossary")])
def test_every_term_names_something_that_can_be_imported(term, name):
    found = resolved(f"livingmap.{name}")
    assert found is not None, term


def resolved(name: str) -> object:
    """Return what a dotted name means: a module's attribute, or an attribute of that."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for attribute in parts[length:]:
            found = getattr(found, attribute)
        return found
    raise ModuleNotFoundError(name)


def test_the_terms_are_in_order():
    terms = [row[0] for row in table("Glossary")]
    assert terms == sorted(set(terms))


# the questions of a newcomer


@pytest.mark.parametrize(
    "heading",
    [
        "A NATS message",
        "Who decides what a viewer sees",
        "Where a new part goes",
        "A snapshot",
        "A late poll does not undo a newer event",
    ],
)
def test_a_newcomers_question_has_its_heading(heading):
    assert re.search(rf"^#+ {heading}$", PAGE, flags=re.MULTILINE)
