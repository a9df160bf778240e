"""Importing plugins: by entry point, import path or file, one by one, and only those that are enabled."""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

import pluggy

from livingmap import hookspecs
from livingmap.errors import LivingMapError
from livingmap.hookspecs import PROJECT
from livingmap.sources.plugin_code import innermost_place, place, place_of_error

SOURCES: Final = "livingmap.plugins"
MOCKS: Final = "livingmap.mocks"


class PluginError(LivingMapError):
    """A plugin cannot be used: it is missing, there twice, breaks on import, or answers its hook wrongly."""


def installed(group: str = SOURCES) -> dict[str, list[EntryPoint]]:
    """Return the plugins of an entry point group by name, without importing any."""
    return _installed(group, tuple(_searched()))


def _searched() -> Iterator[tuple[str, int]]:
    """Yield the folders that plugins are installed in, each with the time of its last change."""
    for folder in sys.path:
        with suppress(OSError):
            yield folder, Path(folder).stat().st_mtime_ns


@lru_cache(maxsize=4)
def _installed(group: str, _: tuple[tuple[str, int], ...]) -> dict[str, list[EntryPoint]]:
    entries: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        others = entries.setdefault(entry.name, [])
        if entry.value not in {other.value for other in others}:
            others.append(entry)
    return entries


def import_plugin(name: str, module: str | None, folder: Path, group: str) -> ModuleType:
    """Import the plugin ``name`` of an entry point group, or ``module``. Raises PluginError.

    ``module`` is an import path, or a file ``./weather.py`` relative to ``folder``, that of the YAML.
    """
    entries = installed(group).get(name, [])
    if module is not None and not str(module).strip():
        raise PluginError("module is empty; write it like my_network.weather or ./weather.py")
    if module is None and not entries:
        names = ", ".join(installed(group)) or "none"
        raise PluginError(f"no such plugin (installed: {names}; or say module:)")
    if module is None and len(entries) > 1:
        owners = ", ".join(f"{entry.dist.name if entry.dist else '?'}: {entry.value}" for entry in entries)
        raise PluginError(f"several plugins are installed under this name ({owners}); choose one with module:")
    try:
        if module is None:
            loaded = entries[0].load()
        elif module.endswith(".py"):
            loaded = _import_file(name, (folder / module).resolve())
        else:
            loaded = _import_path(module, folder)
    except PluginError:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        where = module or entries[0].value
        at = f" ({innermost})" if (innermost := innermost_place(error)) else ""
        raise PluginError(f"{where} failed on import: {type(error).__name__}: {error}{at}") from error
    if not isinstance(loaded, ModuleType):
        raise PluginError(f"{module or entries[0].value} is not a module")
    return loaded


def _import_path(module: str, folder: Path) -> ModuleType:
    """Import ``module`` from what is installed, from beside the YAML, or from the working folder."""
    nearby = [str(folder), str(Path.cwd())]
    sys.path.extend(nearby)
    try:
        return importlib.import_module(module)
    finally:
        for one in nearby:
            sys.path.remove(one)


def _import_file(name: str, file: Path) -> ModuleType:
    if not file.is_file():
        raise PluginError(f"there is no file {file}")
    loader = _PresentText(f"livingmap_file_{name}", str(file))
    spec = importlib.util.spec_from_file_location(loader.name, file, loader=loader)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} cannot be imported")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    with _neighbours(file.parent):
        spec.loader.exec_module(loaded)
    return loaded


class _PresentText(SourceFileLoader):
    """Loads what a file says now: bytecode beside it may be of another text of the same second and length."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - the signature is importlib's
        """Compile the text of the file."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


@contextmanager
def _neighbours(folder: Path) -> Iterator[None]:
    """Let a file import the modules beside it, which no other plugin then gets under the same names.

    Nothing of them is kept compiled: that would be used for another text of the same second and length, too.
    """
    own = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/__init__.py")}
    own -= {*sys.stdlib_module_names, PROJECT}
    others = _taken(own)
    sys.path.insert(0, str(folder))
    keeps_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = keeps_none
        sys.path.remove(str(folder))
        _taken(own)
        sys.modules.update(others)
        importlib.invalidate_caches()


def _taken(names: set[str]) -> dict[str, ModuleType]:
    """Take the modules of these names, and what is below them, out of those that are imported."""
    return {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in names}


def answer_of(name: str, plugin: ModuleType, hook: str) -> object:
    """Let pluggy check the plugin's hooks, and return its answer to ``hook``. Raises PluginError."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"{plugin.__name__}: {_first_line(error)}") from error
    if not getattr(manager.hook, hook).get_hookimpls():
        raise PluginError(f"{plugin.__name__} has no @hookimpl {hook}()")
    function = getattr(plugin, hook)
    try:
        answers = getattr(manager.hook, hook)()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit in a plugin is a fault of the plugin
        at = place_of_error(error, function)
        raise PluginError(f"{hook} of {plugin.__name__} raised {type(error).__name__}: {error} ({at})") from error
    if not answers:  # pluggy leaves out None
        raise PluginError(f"{hook} of {plugin.__name__} returned None; does it lack a return? ({place(function)})")
    return answers[0]


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())
