"""The JSON Schema of the YAML file, for editors."""

from typing import Any

from pydantic import ConfigDict, create_model

from livingmap.access.settings import AuthSettings
from livingmap.config.loading import Config
from livingmap.config.page import UiSettings
from livingmap.config.settings import LoggingSettings, ServerSettings
from livingmap.history.settings import HistorySettings
from livingmap.transport.settings import NatsSettings


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
