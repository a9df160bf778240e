"""Loading the configuration: the YAML file and the environment are read, and each plugin validates its section."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError

from livingmap.access.settings import NONE, AuthSettings
from livingmap.config.access import AccessConfig, access
from livingmap.config.document import read_yaml
from livingmap.config.environment import check_environment
from livingmap.config.faults import Faults, check_tls
from livingmap.config.files import FileState, with_neighbours
from livingmap.config.notify import NotifySettings, invalid_routes, invalid_subject
from livingmap.config.page import UiSettings
from livingmap.config.server import ServerSettings
from livingmap.config.settings import LoggingSettings, Settings, files_beside
from livingmap.config.stream import StreamSettings
from livingmap.core.route import Routes
from livingmap.core.same_as import NOBODY, SameAs, same_as
from livingmap.core.source import Source
from livingmap.history.settings import HistorySettings
from livingmap.hookspecs import Mock
from livingmap.sources.plugin_import import PluginError, installed
from livingmap.sources.registry import configured, load_mock, load_source
from livingmap.sources.settings import SectionSettings, SourceSettings
from livingmap.tls import TlsSettings
from livingmap.transport.settings import NatsSettings

DEFAULT_FILES: Final = (Path("config/livingmap.yaml"), Path("livingmap.yaml"))
_FILE_VARIABLE: Final = "LIVINGMAP_CONFIG"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One section of ``sources:``, validated by its plugin."""

    name: str
    enabled: bool = True
    source: Source | None = None
    settings: SectionSettings | None = None
    error: str | None = None
    """Why the plugin could not be loaded, with ``on_error: skip``."""
    section: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the file and the environment say, secrets and all, before the plugin has seen it."""
    files: tuple[FileState, ...] = ()
    """The files that it was made of, as they were."""

    @property
    def runs(self) -> bool:
        """Whether it has a place on the map."""
        return self.source is not None and self.settings is not None

    def is_of(self, section: Mapping[str, Any]) -> bool:
        """Tell whether ``section`` would still make the same source."""
        return self.runs and self.section == section and all(one.is_present() for one in self.files)


@dataclass(frozen=True, slots=True)
class WorldConfig:
    """A world of its own that some sources have: those whose ``mock`` is the same section."""

    sources: tuple[str, ...]
    mock: Mock
    settings: Any


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be run."""

    file: Path | None
    server: ServerSettings
    stream: StreamSettings
    ui: UiSettings
    logging: LoggingSettings
    nats: NatsSettings
    history: HistorySettings
    access: AccessConfig
    notify: NotifySettings
    sources: tuple[SourceConfig, ...]
    same_as: SameAs = NOBODY
    mock: Mock | None = None
    mock_settings: Any = None
    worlds: tuple[WorldConfig, ...] = ()
    """The worlds that sources have of their own."""

    @property
    def auth(self) -> AuthSettings:
        """Section ``auth``."""
        return self.access.auth

    def enabled(self) -> list[tuple[Source, SectionSettings]]:
        """Return the sources that run, the strongest first."""
        return [(one.source, one.settings) for one in self.sources if one.source and one.settings]


def config_file(file: Path | None = None) -> Path | None:
    """Return the file to read: ``file``, that of ``LIVINGMAP_CONFIG``, or the first default that exists."""
    if file is None and os.environ.get(_FILE_VARIABLE):
        file = Path(os.environ[_FILE_VARIABLE]).expanduser()  # no shell did it where systemd or compose sets it
    return file or next((default for default in DEFAULT_FILES if default.is_file()), None)


def demo_file() -> Path:
    """Return the configuration of a simulated network: inside an installed package, or in the repository."""
    package = Path(__file__).parents[1]
    files = (package / "_demo.yaml", package.parent / "config" / "demo.yaml")
    return next((file for file in files if file.is_file()), files[0])


def load(file: Path | None, previous: Config | None = None) -> Config:
    """Read the file and the environment and check both. Raises ConfigError with all faults.

    A source whose section and files are as in ``previous`` is the same object there and here: nothing is imported.
    """
    faults = Faults(read_yaml(file))
    check_environment(faults)
    settings = _settings(faults)
    folder = file.parent if file else Path.cwd()
    kept = {one.name: one for one in previous.sources} if previous else {}
    sources = tuple(
        _kept_or_new(faults, name, section or {}, folder, kept.get(name))
        for name, section in settings.sources.items()
    )
    if not sources and not faults.faults:
        faults.add(("sources",), f"names no source (installed: {', '.join(installed())})")
    mock, mock_settings = _mock(faults, settings.mock, sources, folder)
    worlds = tuple(_worlds(faults, sources, folder))
    checked = access(faults, settings.auth, folder)
    _check_access(faults, settings, sources)
    joined = _same_as(faults, settings)
    server = files_beside(folder, settings.server)
    notify = settings.notify.beside(folder)
    nats, history = files_beside(folder, settings.nats), files_beside(folder, settings.history)
    for number, problem in invalid_routes(notify.routes):
        faults.add(("notify", "routes", number), problem)
    if notify.nats is not None:
        _check_subject(faults, notify.nats.subject, nats, sources)
    check_tls(faults, ("nats",), nats)
    check_tls(faults, ("history",), history)
    faults.raise_any()
    return Config(
        file,
        server,
        settings.stream,
        settings.ui,
        settings.logging,
        nats,
        history,
        checked,
        notify,
        sources,
        joined,
        mock,
        mock_settings,
        worlds,
    )


def _check_subject(faults: Faults, subject: str, nats: NatsSettings, sources: Sequence[SourceConfig]) -> None:
    """Check where problems are to be published."""
    if nats.url is None:
        faults.add(("notify", "nats"), "needs nats.url, where to publish")
    patterns = Routes([one.source for one in sources if one.source]).patterns()
    if problem := invalid_subject(subject, [*patterns, f"livingmap.{nats.stream}.>"]):
        faults.add(("notify", "nats", "subject"), problem)


def _settings(faults: Faults) -> Settings:
    try:
        return Settings(**faults.document.data)
    except ValidationError as error:
        faults.add_validation((), error, Settings)
    except ValueError as error:  # a variable that should be JSON and is not
        faults.add(("environment",), str(error))
    sources = faults.document.data.get("sources")
    sections = sources.items() if isinstance(sources, dict) else ()
    usable = {name: section for name, section in sections if section is None or isinstance(section, dict)}
    return Settings.model_construct(sources=usable)  # so that their faults are reported too


def _kept_or_new(
    faults: Faults, name: str, section: Mapping[str, Any], folder: Path, previous: SourceConfig | None
) -> SourceConfig:
    if previous is not None and previous.is_of(section):
        return previous
    module = _text(section, "module")
    files = with_neighbours(folder / module) if module and module.endswith(".py") else []
    states = [FileState.of(file) for file in files]  # as it was before it was read
    one = _source(faults, name, section, folder)
    if previous is not None and previous.runs and one.error and section.get("on_error") == "skip":
        faults.add(("sources", name), one.error)  # one that runs goes on, and is not skipped
    if one.settings is not None:
        values = (getattr(one.settings, setting) for setting in type(one.settings).model_fields)
        states += [FileState.of(value) for value in values if isinstance(value, Path)]
    return replace(one, section=section, files=tuple(states))


def _source(faults: Faults, name: str, section: Mapping[str, Any], folder: Path) -> SourceConfig:
    path = ("sources", name)
    try:
        if not TypeAdapter(bool).validate_python(section.get("enabled", True)):
            return SourceConfig(name, enabled=False)
    except ValidationError as error:
        faults.add((*path, "enabled"), error.errors()[0]["msg"])
        return SourceConfig(name)
    try:
        source = load_source(name, _text(section, "module"), folder, _text(section, "plugin"))
    except PluginError as error:
        return _unusable(faults, name, section, error)
    try:
        settings = source.settings.model_validate(dict(section))
        settings = files_beside(folder, settings, _files(source.settings))
        if isinstance(settings, TlsSettings):
            check_tls(faults, path, settings)
        return SourceConfig(name, source=configured(source, settings), settings=settings)
    except PluginError as error:
        return _unusable(faults, name, section, error)
    except ValidationError as error:
        faults.add_validation(path, error, source.settings)
    except Exception as error:  # noqa: BLE001 - a plugin's own validator
        faults.add(path, f"its settings raised {type(error).__name__}: {error}")
    return SourceConfig(name)


def _files(settings: type[BaseModel]) -> list[str]:
    """Return the settings whose files are sought beside the YAML: the map's own, and those of a plugin by name."""
    return [
        name for name in settings.model_fields if name in SourceSettings.model_fields or name.endswith("_file")
    ]


def _unusable(faults: Faults, name: str, section: Mapping[str, Any], error: PluginError) -> SourceConfig:
    if section.get("on_error") != "skip":
        faults.add(("sources", name), str(error))
    return SourceConfig(name, error=str(error))


def _text(section: Mapping[str, Any], setting: str) -> str | None:
    value = section.get(setting)
    return None if value is None else str(value)


def _check_access(faults: Faults, settings: Settings, sources: Sequence[SourceConfig]) -> None:
    auth, server = settings.auth, settings.server
    if auth.mode == NONE and not auth.allow_anonymous and server.reachable:
        problem = (
            f"others can reach {server.host}, and everybody may read everything; give auth.mode, "
            "listen on 127.0.0.1, or say auth.allow_anonymous: true"
        )
        faults.add(("server", "host"), problem)
    for source in sources:
        own = source.settings
        if isinstance(own, SourceSettings) and own.account and auth.account is None:
            faults.add(("sources", source.name, "account"), "needs auth.account, which is not set")


def _same_as(faults: Faults, settings: Settings) -> SameAs:
    try:
        return same_as(settings.same_as, settings.sources)
    except ValueError as error:
        faults.add(("same_as",), str(error))
        return NOBODY


def _mock(
    faults: Faults, section: Mapping[str, Any], sources: Sequence[SourceConfig], folder: Path
) -> tuple[Mock | None, Any]:
    if not any(one.settings and one.settings.mock is True for one in sources):
        return None, None
    world = _world(faults, ("mock",), section, folder)
    return world or (None, None)


def _worlds(faults: Faults, sources: Sequence[SourceConfig], folder: Path) -> Iterator[WorldConfig]:
    sections = [(one.name, one.settings.mock) for one in sources if one.settings]
    own = [(name, section) for name, section in sections if isinstance(section, dict)]
    for index, (name, section) in enumerate(own):
        if section in [earlier for _, earlier in own[:index]]:
            continue
        if world := _world(faults, ("sources", name, "mock"), section, folder, name):
            yield WorldConfig(tuple(other for other, same in own if same == section), *world)


def _world(
    faults: Faults, path: tuple[str, ...], section: Mapping[str, Any], folder: Path, source: str = ""
) -> tuple[Mock, Any] | None:
    try:
        mock = load_mock(_text(section, "module"), folder, source)
        return mock, mock.settings.model_validate(dict(section))
    except PluginError as error:
        faults.add(path, str(error))
    except ValidationError as error:
        faults.add_validation(path, error, mock.settings)
    return None
