"""Which plugins there are: found by entry point or module, imported one by one, and only if enabled."""

import importlib
import importlib.util
import sys
from collections import Counter
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

import pluggy

from livingmap import hookspecs
from livingmap.core.route import invalid_reason
from livingmap.core.source import Layer, Source
from livingmap.errors import LivingMapError
from livingmap.hookspecs import PROJECT, Authenticator, Mock
from livingmap.sources.settings import ServiceSettings, SourceSettings

SOURCES: Final = "livingmap.plugins"
MOCKS: Final = "livingmap.mocks"
AUTHENTICATORS: Final = "livingmap.authenticators"


class PluginError(LivingMapError):
    """A plugin cannot be used: it is not there, there twice, breaks on import, or answers its hook wrongly."""


def installed(group: str = SOURCES) -> dict[str, list[EntryPoint]]:
    """Return the plugins of an entry point group by name, without importing any."""
    found: dict[str, list[EntryPoint]] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        others = found.setdefault(entry.name, [])
        if entry.value not in {other.value for other in others}:
            others.append(entry)
    return found


def load_source(name: str, module: str | None, folder: Path) -> Source:
    """Import the plugin of section ``name`` and return its checked source. Raises PluginError.

    ``module`` is an import path, or a file ``./weather.py`` relative to ``folder``, that of the YAML.
    """
    plugin = _import(name, module, folder, SOURCES)
    source = _ask(name, plugin, "livingmap_source")
    if not isinstance(source, Source):
        raise PluginError(f"livingmap_source of {plugin.__name__} returned {source!r}, not a Source")
    if source.name != name:
        raise PluginError(f"{plugin.__name__} describes the source {source.name!r}; name the section so")
    _check(source)
    return source


def load_mock(module: str | None, folder: Path) -> Mock:
    """Import the plugin that simulates services and return what it contributes. Raises PluginError."""
    plugin = _import("world", module, folder, MOCKS)
    mock = _ask("mock", plugin, "livingmap_mock")
    if not isinstance(mock, Mock):
        raise PluginError(f"livingmap_mock of {plugin.__name__} returned {mock!r}, not a Mock")
    return mock


def load_authenticator(name: str, module: str | None, folder: Path) -> Authenticator:
    """Import the authenticator that ``auth.mode`` names and return what it contributes. Raises PluginError."""
    plugin = _import(name, module, folder, AUTHENTICATORS)
    found = _ask(name, plugin, "livingmap_authenticator")
    if not isinstance(found, Authenticator):
        raise PluginError(f"livingmap_authenticator of {plugin.__name__} returned {found!r}, not an Authenticator")
    if found.name != name:
        raise PluginError(f"{plugin.__name__} describes the authenticator {found.name!r}; name it so in auth.mode")
    settings: object = found.settings
    if not (isinstance(settings, type) and issubclass(settings, ServiceSettings)):
        raise PluginError(f"its settings are {settings!r}, not a subclass of ServiceSettings")
    return found


def _import(name: str, module: str | None, folder: Path, group: str) -> ModuleType:
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
        raise PluginError(f"{where} failed on import: {type(error).__name__}: {error}") from error
    if not isinstance(loaded, ModuleType):
        raise PluginError(f"{module or entries[0].value} is no module")
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
    spec = importlib.util.spec_from_file_location(f"livingmap_file_{name}", file)
    if spec is None or spec.loader is None:
        raise PluginError(f"{file} cannot be imported")
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def _ask(name: str, plugin: ModuleType, hook: str) -> object:
    """Let pluggy check the plugin's hooks, and return what its one answer to ``hook`` is."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise PluginError(f"{plugin.__name__}: {_first_line(error)}") from error
    if not getattr(manager.hook, hook).get_hookimpls():
        raise PluginError(f"{plugin.__name__} has no @hookimpl {hook}()")
    try:
        return getattr(manager.hook, hook)()[0]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit in a plugin is a fault of the plugin
        raise PluginError(f"{hook} of {plugin.__name__} raised {type(error).__name__}: {error}") from error


def _first_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _check(source: Source) -> None:
    settings: object = source.settings
    if not (isinstance(settings, type) and issubclass(settings, SourceSettings)):
        raise PluginError(f"its settings are {settings!r}, not a subclass of SourceSettings")
    handlers: object = source.handlers
    if not (isinstance(handlers, Mapping) and all(map(callable, handlers.values()))):
        raise PluginError("its handlers are no mapping from subject to function")
    if not all(isinstance(layer, Layer) for layer in source.layers):
        raise PluginError("its layers are not all a Layer")
    faults = [f"handler {pattern!r} {fault}" for pattern in source.handlers if (fault := invalid_reason(pattern))]
    places = [(layer.name, layer.collection) for layer in source.layers]
    faults += [f"layer {'.'.join(place)} is declared twice" for place, n in Counter(places).items() if n > 1]
    if not source.layers:
        faults.append("it has no layers")
    if faults:
        raise PluginError("; ".join(faults))
