"""The plugins of this repository: their folders are all alike."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest

from livingmap.plugin import SectionSettings

PLUGINS = Path(__file__).parent.parent / "plugins"
SOURCES = sorted(file.parent.name for name in ("fetch.py", "run.py") for file in PLUGINS.glob(f"*/{name}"))
ALL = sorted(folder.name for folder in PLUGINS.glob("livingmap_*"))
FILES = {"__init__.py", "plugin.py", "rows.py", "samples", "tests", "README.md"}
OF_HANDLERS = {"events.py", "sentences.yaml"}
ASKING = {"fetch.py", "run.py"}
OF_TYPES = {"types.py"}


def source_of(name):
    return import_module(f"{name}.plugin").livingmap_source()


def test_a_plugin_with_a_source_is_one_with_fetches_or_a_run():
    hooked = {name for name in ALL if "def livingmap_source" in (PLUGINS / name / "plugin.py").read_text()}
    assert hooked == set(SOURCES)


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_has_the_files_of_the_others(name):
    files = {file.name for file in (PLUGINS / name).iterdir() if file.name != "__pycache__"}
    assert files >= FILES
    assert (PLUGINS / name / "tests" / f"test_{name.removeprefix('livingmap_')}.py").exists()
    if source_of(name).handlers:
        assert files >= OF_HANDLERS
        assert (PLUGINS / name / "samples" / "messages.jsonl").exists()


@pytest.mark.parametrize("name", SOURCES)
def test_a_module_of_its_own_gives_its_reason(name):
    for file in (PLUGINS / name).glob("*.py"):
        if file.name not in FILES | OF_HANDLERS | OF_TYPES | ASKING:
            assert re.search(r"[Bb]ecause", ast.get_docstring(ast.parse(file.read_text()))), file


@pytest.mark.parametrize("name", SOURCES)
def test_plugin_py_holds_the_settings_and_the_description_alone(name):
    module = import_module(f"{name}.plugin")
    own = [thing for thing in vars(module).values() if getattr(thing, "__module__", None) == module.__name__]
    settings = [thing for thing in own if inspect.isclass(thing)]
    assert [thing.__name__ for thing in own if inspect.isfunction(thing)] == ["livingmap_source"]
    assert settings == [module.livingmap_source().settings]
    assert issubclass(settings[0], SectionSettings)


@pytest.mark.parametrize("name", SOURCES)
def test_fetches_are_in_fetch_py_and_have_its_names(name):
    source = source_of(name)
    fetches = [layer.fetch for layer in source.layers if layer.fetch]
    assert {function.__module__ for function in (*fetches, *source.details.values())} <= {f"{name}.fetch"}
    assert [function.__name__ for function in fetches if not function.__name__.startswith("fetch_")] == []
    assert source.run is None or source.run.__module__ == f"{name}.run"
    assert [
        function.__name__ for function in source.details.values() if not function.__name__.endswith("_details")
    ] == []


@pytest.mark.parametrize("name", SOURCES)
def test_handlers_are_in_events_py_or_a_module_that_gives_its_reason(name):
    handlers = source_of(name).handlers.values()
    assert {handler.__module__ for handler in handlers} <= {f"{name}.events", "livingmap_dao.voting"}
    assert [handler.__name__ for handler in handlers if not handler.__name__.startswith("on_")] == []


@pytest.mark.parametrize("name", SOURCES)
def test_models_are_in_rows_py_or_those_of_settings_in_sections_py(name):
    for file in (PLUGINS / name).glob("*.py"):
        models = [
            node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ClassDef) and node.bases
        ]
        assert file.name in {"rows.py", "plugin.py", "sections.py"} or models == [], file


@pytest.mark.parametrize("name", ALL)
def test_a_readme_begins_with_what_the_plugin_does(name):
    title, blank, first, *_ = (PLUGINS / name / "README.md").read_text().splitlines()
    assert title.startswith("# ")
    assert (blank, first[:1].isupper()) == ("", True)


@pytest.mark.parametrize("name", SOURCES)
def test_the_tests_of_a_source_import_nothing_else_of_the_host(name):
    for file in (PLUGINS / name / "tests").glob("*.py"):
        modules = {
            node.module for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)
        }
        host = {module for module in modules if module.partition(".")[0] in {"livingmap", "tests"}}
        assert host <= {"livingmap.plugin", "livingmap.testing"}, file
