"""The JSON Schema of the YAML file, for editors."""

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from pydantic import ConfigDict, Field, create_model

from livingmap.access.settings import AccountSettings, AuthSettings, ItemRule, MapRule, PolicySettings
from livingmap.config.access import AccessConfig, account_provider, policy_engine, section_model
from livingmap.config.loading import Config, SourceConfig
from livingmap.config.page import UiSettings
from livingmap.config.server import ServerSettings
from livingmap.config.settings import LoggingSettings, Settings
from livingmap.config.stream import StreamSettings
from livingmap.history.settings import HistorySettings
from livingmap.sources.plugin_import import PluginError, installed
from livingmap.sources.registry import load_mock, load_source
from livingmap.transport.settings import NatsSettings

_PLACEHOLDER: Final = {
    "type": "string",
    "pattern": r"\$\{",
    "description": "A text with ${NAME} or ${NAME:-default}, which environment variables fill.",
}
_ABOUT: Final = {"title", "description", "default", "examples"}
"""What a schema says of a setting without limiting its value."""


def _auth(config: Config) -> type[Any]:
    """Return the model of ``auth`` with the settings of its plugins, also of those that are not used yet."""
    folder, authenticator = _folder(config), config.access.authenticator
    sections: dict[str, Any] = {
        "authenticator": ((authenticator.plugin.settings if authenticator else dict[str, Any]) | None, None)
    }
    with suppress(PluginError):
        policy = section_model(PolicySettings, policy_engine(config.auth, folder).settings)
        sections["pdp"] = (policy, _field("pdp", default_factory=policy))
    with suppress(PluginError):
        account = section_model(AccountSettings, account_provider(config.auth, folder).settings)
        sections["account"] = (account | None, _field("account", default=None))
    return create_model("Auth", __base__=AuthSettings, **sections)


def _field(name: str, **given: Any) -> Any:
    return Field(description=AuthSettings.model_fields[name].description, **given)


def _name_words(generated: dict[str, Any], config: Config) -> None:
    """Let the rules offer the words that the policy engine knows."""
    with suppress(PluginError):
        engine = policy_engine(config.auth, _folder(config))
        for model in (MapRule, ItemRule):
            properties = generated["$defs"][model.__name__]["properties"]
            for name, words in (("action", engine.actions), ("type", engine.resources)):
                if words is not None:
                    properties[name]["examples"] = sorted(words)


def _folder(config: Config) -> Path:
    return config.file.parent if config.file else Path.cwd()


def of_all_plugins() -> Config:
    """Return a configuration of every installed plugin, for the schema of one that is still to be written."""
    folder = Path.cwd()
    sources = []
    for name in installed():
        with suppress(PluginError):
            sources.append(SourceConfig(name, source=load_source(name, None, folder)))
    mock = None
    with suppress(PluginError):
        mock = load_mock(None, folder)
    settings = Settings()
    return Config(
        None,
        settings.server,
        settings.stream,
        settings.ui,
        settings.logging,
        settings.nats,
        settings.history,
        AccessConfig(settings.auth),
        settings.notify,
        tuple(sources),
        mock=mock,
    )


def schema(config: Config) -> dict[str, Any]:
    """Return the JSON Schema of the YAML file, with the settings of every enabled plugin in it."""
    sections: dict[str, Any] = {
        one.source.name: (one.source.settings | None, None) for one in config.sources if one.source
    }
    sources = create_model("Sources", __config__=ConfigDict(extra="allow"), **sections)
    mock: Any = config.mock.settings if config.mock else dict[str, Any]
    auth: Any = _auth(config)
    whole: Any = create_model(
        "LivingMapConfig",
        __config__=ConfigDict(extra="forbid"),
        server=(ServerSettings, ServerSettings()),
        stream=(StreamSettings, StreamSettings()),
        ui=(UiSettings, UiSettings()),
        logging=(LoggingSettings, LoggingSettings()),
        nats=(NatsSettings, NatsSettings()),
        history=(HistorySettings, HistorySettings()),
        auth=(auth, Field(default_factory=auth)),
        mock=(mock | None, None),
        sources=(sources, ...),
    )
    generated: dict[str, Any] = whole.model_json_schema()
    _name_words(generated, config)
    generated = _with_placeholders(generated)
    generated["$defs"]["Placeholder"] = _PLACEHOLDER
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **generated}


def _with_placeholders(node: Any) -> Any:
    """Return a schema in which a placeholder may stand for every value that is not just any text."""
    if isinstance(node, list):
        return [_with_placeholders(inner) for inner in node]
    if not isinstance(node, dict):
        return node
    if _is_limited(node):
        about = {name: value for name, value in node.items() if name in _ABOUT}
        limits = {name: value for name, value in node.items() if name not in _ABOUT}
        return {**about, "anyOf": [limits, {"$ref": "#/$defs/Placeholder"}]}
    return {name: value if name in _ABOUT else _with_placeholders(value) for name, value in node.items()}


def _is_limited(node: dict[str, Any]) -> bool:
    kind = node.get("type")
    return kind in ("integer", "number", "boolean") or (kind == "string" and ("enum" in node or "pattern" in node))
