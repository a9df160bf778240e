"""The settings: environment over YAML over defaults; each plugin validates its own section.

Every setting can be given as ``LIVINGMAP_<SECTION>__<SETTING>``, e.g. ``LIVINGMAP_SOURCES__CITY__BASE_URL``.
"""

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, create_model, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from livingmap.access.settings import NONE, AuthSettings
from livingmap.core.source import Source
from livingmap.document import read_yaml
from livingmap.history.settings import HistorySettings
from livingmap.hookspecs import Authenticator, Mock
from livingmap.log.settings import NatsSettings
from livingmap.reading import PREFIX, Reading, instead
from livingmap.sources.registry import (
    AUTHENTICATORS,
    PluginError,
    installed,
    load_authenticator,
    load_mock,
    load_source,
)
from livingmap.sources.settings import ServiceSettings, SourceSettings
from livingmap.ui import UiSettings

S = TypeVar("S", bound=BaseModel)

DEFAULT_FILES: Final = (Path("config/livingmap.yaml"), Path("livingmap.yaml"))
_FILE_VARIABLE: Final = "LIVINGMAP_CONFIG"
_NOT_SETTINGS: Final = ("config", "url", "token", "token_file")
"""What the command line reads: the file, and the map that it talks to with the token for it."""
_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ServerSettings(BaseModel):
    """Where the map is served."""

    model_config = _DOCUMENTED

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 7017
    """Port to listen on; 0 takes a free one and logs it."""
    access_log: bool = False
    """Log every request."""
    cors_origins: tuple[str, ...] = ()
    """Pages of other origins that may read the map, such as https://city.example.org."""

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"{origin!r} is no origin; write it like https://city.example.org")
        return value

    @property
    def reachable(self) -> bool:
        """Whether others than this machine can reach the address."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"


class LoggingSettings(BaseModel):
    """What the program says of itself on standard error."""

    model_config = _DOCUMENTED

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least importance to be logged."""
    format: Literal["auto", "console", "json"] = "auto"
    """auto: console on a terminal, else one JSON object a line."""


class Settings(BaseSettings):
    """The whole configuration before plugins have seen their sections."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    server: ServerSettings = ServerSettings()
    ui: UiSettings = UiSettings()
    logging: LoggingSettings = LoggingSettings()
    nats: NatsSettings = NatsSettings()
    history: HistorySettings = HistorySettings()
    auth: AuthSettings = AuthSettings()
    mock: dict[str, Any] = {}
    """How services are simulated for sources that say ``mock: true``; see the mock plugin."""
    sources: dict[str, dict[str, Any] | None] = {}
    """The sources by plugin name. The order decides who wins a field that several fill."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what the YAML says."""
        return env_settings, init_settings


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One section of ``sources:`` after its plugin has seen it."""

    name: str
    enabled: bool = True
    source: Source | None = None
    settings: SourceSettings | None = None
    error: str | None = None
    """Why the plugin could not be loaded, with ``on_error: skip``."""


@dataclass(frozen=True, slots=True)
class Config:
    """A configuration that can be run."""

    file: Path | None
    server: ServerSettings
    ui: UiSettings
    logging: LoggingSettings
    nats: NatsSettings
    history: HistorySettings
    auth: AuthSettings
    sources: tuple[SourceConfig, ...]
    authenticator: Authenticator | None = None
    """None with mode none."""
    authenticator_settings: ServiceSettings | None = None
    mock: Mock | None = None
    mock_settings: Any = None

    def enabled(self) -> list[tuple[Source, SourceSettings]]:
        """Return the sources that run, the strongest first."""
        return [(one.source, one.settings) for one in self.sources if one.source and one.settings]


def config_file(given: Path | None = None) -> Path | None:
    """Return the file to read: the one given, ``LIVINGMAP_CONFIG``, or the first default that is there."""
    if given is None and os.environ.get(_FILE_VARIABLE):
        given = Path(os.environ[_FILE_VARIABLE])
    return given or next((file for file in DEFAULT_FILES if file.is_file()), None)


def load(file: Path | None) -> Config:
    """Read and check everything. Raises ConfigError with all faults that were found."""
    reading = Reading(read_yaml(file))
    _check_environment(reading)
    settings = _settings(reading)
    folder = file.parent if file else Path.cwd()
    sources = tuple(_source(reading, name, section or {}, folder) for name, section in settings.sources.items())
    if not sources and not reading.faults:
        reading.fault(("sources",), f"names no source (installed: {', '.join(installed())})")
    mock, mock_settings = _mock(reading, settings.mock, sources, folder)
    authenticator, authenticator_settings = _authenticator(reading, settings, folder)
    _check_access(reading, settings, sources)
    reading.end()
    return Config(
        file,
        settings.server,
        settings.ui,
        settings.logging,
        _files_beside(folder, settings.nats),
        settings.history,
        _account_beside(folder, settings.auth),
        sources,
        authenticator,
        authenticator_settings,
        mock,
        mock_settings,
    )


def _check_environment(reading: Reading) -> None:
    known = {*Settings.model_fields, *_NOT_SETTINGS}
    for variable in sorted(os.environ):
        if variable.upper().startswith(PREFIX):
            section = variable[len(PREFIX) :].partition("__")[0].lower()
            if section not in known:
                reading.fault((variable,), f"no such setting{instead(section, sorted(known))}")


def _settings(reading: Reading) -> Settings:
    try:
        return Settings(**reading.document.data)
    except ValidationError as error:
        reading.note((), error, Settings)
    except ValueError as error:  # a variable that should be JSON and is not
        reading.fault(("environment",), str(error))
    given = reading.document.data.get("sources")
    sections = given.items() if isinstance(given, dict) else ()
    sound = {name: one for name, one in sections if one is None or isinstance(one, dict)}
    return Settings.model_construct(sources=sound)  # to find what is wrong there too


def _source(reading: Reading, name: str, section: Mapping[str, Any], folder: Path) -> SourceConfig:
    path = ("sources", name)
    try:
        if not TypeAdapter(bool).validate_python(section.get("enabled", True)):
            return SourceConfig(name, enabled=False)
    except ValidationError as error:
        reading.fault((*path, "enabled"), error.errors()[0]["msg"])
        return SourceConfig(name)
    try:
        source = load_source(name, _module(section), folder)
    except PluginError as error:
        if section.get("on_error") != "skip":
            reading.fault(path, str(error))
        return SourceConfig(name, error=str(error))
    try:
        settings = source.settings.model_validate(dict(section))
        if settings.token_file is not None:
            settings = settings.model_copy(update={"token_file": folder / settings.token_file})
        return SourceConfig(name, source=source, settings=settings)
    except ValidationError as error:
        reading.note(path, error, source.settings)
    except Exception as error:  # noqa: BLE001 - a plugin's own validator
        reading.fault(path, f"its settings raised {type(error).__name__}: {error}")
    return SourceConfig(name)


def _module(section: Mapping[str, Any]) -> str | None:
    module = section.get("module")
    return None if module is None else str(module)


def _account_beside(folder: Path, auth: AuthSettings) -> AuthSettings:
    return (
        auth if auth.account is None else auth.model_copy(update={"account": _files_beside(folder, auth.account)})
    )


def _files_beside(folder: Path, settings: S) -> S:
    """Return settings whose files are sought beside the YAML."""
    found = {name: getattr(settings, name) for name in type(settings).model_fields}
    files = {name: folder / file for name, file in found.items() if isinstance(file, Path)}
    return settings.model_copy(update=files)


def _authenticator(
    reading: Reading, settings: Settings, folder: Path
) -> tuple[Authenticator | None, ServiceSettings | None]:
    auth = settings.auth
    if auth.mode == NONE:
        return None, None
    section = {name: value for name, value in auth.authenticator.items() if name != "module"}
    try:
        found = load_authenticator(auth.mode, _module(auth.authenticator), folder)
    except PluginError as error:
        known = ", ".join([NONE, *installed(AUTHENTICATORS)])
        reading.fault(("auth", "mode"), f"{auth.mode}: {error} (there are: {known})")
        return None, None
    try:
        return found, _files_beside(folder, found.settings.model_validate(section))
    except ValidationError as error:
        reading.note(("auth", "authenticator"), error, found.settings)
    return None, None


def _check_access(reading: Reading, settings: Settings, sources: Sequence[SourceConfig]) -> None:
    auth, server = settings.auth, settings.server
    if auth.mode == NONE and not auth.allow_anonymous and server.reachable:
        problem = (
            f"others can reach {server.host}, and everybody may read everything; give auth.mode, "
            "listen on 127.0.0.1, or say auth.allow_anonymous: true"
        )
        reading.fault(("server", "host"), problem)
    for one in sources:
        if one.settings is not None and one.settings.account and auth.account is None:
            reading.fault(("sources", one.name, "account"), "there is no auth.account")


def _mock(
    reading: Reading, section: Mapping[str, Any], sources: Sequence[SourceConfig], folder: Path
) -> tuple[Mock | None, Any]:
    if not any(one.settings and one.settings.mock for one in sources):
        return None, None
    try:
        mock = load_mock(_module(section), folder)
        return mock, mock.settings.model_validate(dict(section))
    except PluginError as error:
        reading.fault(("mock",), str(error))
    except ValidationError as error:
        reading.note(("mock",), error, mock.settings)
    return None, None


def schema(config: Config) -> dict[str, Any]:
    """Return the JSON Schema of the YAML file, with the settings of every enabled plugin in it."""
    sections: dict[str, Any] = {
        one.source.name: (one.source.settings | None, None) for one in config.sources if one.source
    }
    sources = create_model("Sources", __config__=ConfigDict(extra="allow"), **sections)
    mock: Any = config.mock.settings if config.mock else dict[str, Any]
    checked: Any = config.authenticator.settings if config.authenticator else dict[str, Any]
    auth: Any = create_model("Auth", __base__=AuthSettings, authenticator=(checked | None, None))
    whole: Any = create_model(
        "LivingMapConfig",
        __config__=ConfigDict(extra="forbid"),
        server=(ServerSettings, ServerSettings()),
        ui=(UiSettings, UiSettings()),
        logging=(LoggingSettings, LoggingSettings()),
        nats=(NatsSettings, NatsSettings()),
        history=(HistorySettings, HistorySettings()),
        auth=(auth, auth()),
        mock=(mock | None, None),
        sources=(sources, ...),
    )
    generated: dict[str, Any] = whole.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}
