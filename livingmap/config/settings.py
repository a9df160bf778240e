"""The sections of the YAML file: environment variables win over the file, the file wins over the defaults.

Every setting can be given as ``LIVINGMAP_<SECTION>__<SETTING>``, e.g. ``LIVINGMAP_SOURCES__CITY__BASE_URL``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from livingmap.access.settings import AuthSettings
from livingmap.config.notify import NotifySettings
from livingmap.config.page import UiSettings
from livingmap.config.server import ServerSettings
from livingmap.config.stream import StreamSettings
from livingmap.history.settings import HistorySettings
from livingmap.transport.settings import NatsSettings

PREFIX: Final = "LIVINGMAP_"
"""The first part of every environment variable that the map reads."""

S = TypeVar("S", bound=BaseModel)

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LoggingSettings(BaseModel):
    """Section ``logging``: what is logged to standard error."""

    model_config = _DOCUMENTED

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""
    format: Literal["auto", "console", "json"] = "auto"
    """console for people, json for one object per line; auto is console on a terminal, else json."""

    @field_validator("level", "format", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value


class Settings(BaseSettings):
    """The whole configuration, before plugins have validated their sections."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,  # compose's ${X:-} sets what nobody gave
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    server: ServerSettings = ServerSettings()
    stream: StreamSettings = StreamSettings()
    ui: UiSettings = UiSettings()
    logging: LoggingSettings = LoggingSettings()
    nats: NatsSettings = NatsSettings()
    history: HistorySettings = HistorySettings()
    auth: AuthSettings = AuthSettings()
    notify: NotifySettings = NotifySettings()
    same_as: dict[str, str] = {}
    """Ids that mean one thing, such as node:12: node:gpu-1. With a source before the id, such as
    city/microdao:oak: microdao:oak-street, what that source alone calls so."""
    mock: dict[str, Any] = {}
    """How services are simulated for sources that say ``mock: true``; see the mock plugin."""
    sources: dict[str, dict[str, Any] | None] = {}
    """The sources by plugin name. Where several fill a field, the first in this order wins."""

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


def files_beside(folder: Path, settings: S, names: Iterable[str] | None = None) -> S:
    """Return ``settings`` with its relative files, or ``names`` of them, resolved against ``folder``."""
    values = {name: getattr(settings, name) for name in names or type(settings).model_fields}
    files = {name: folder / value for name, value in values.items() if isinstance(value, Path)}
    return settings.model_copy(update=files)
