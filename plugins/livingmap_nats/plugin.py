"""NATS: a server, its peers, its streams and their consumers, from its monitoring port (``http: 8222``)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Layer, Source, SourceSettings, hookimpl
from livingmap_nats.fetch import LAYER, fetch_consumers, fetch_servers, fetch_streams, server_details
from livingmap_nats.types import CONSUMER, SERVER, STREAM


class NatsSettings(SourceSettings):
    """Section ``sources.nats``."""

    base_url: str = "http://nats:8222"
    """Address of the monitoring port of a server."""
    stalled_seconds: Annotated[float, Field(gt=0, le=31_536_000)] = 300.0
    """A consumer with messages to deliver that has delivered none for so long is stalled."""
    slow_bytes: Annotated[int, Field(ge=1)] = 1_048_576
    """From how many bytes that wait for one client on its server is slow."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    online = {"status": "online"}  # unless a source that asks the leader says otherwise
    return Source(
        name="nats",
        service="nats",
        settings=NatsSettings,
        layers=(
            Layer(
                LAYER,
                "servers",
                fetch=fetch_servers,
                defaults={"status": "unknown"},
                title={"en": "NATS", "uk": "NATS"},
                hint={"en": "Servers, streams and their consumers", "uk": "Сервери, потоки та їхні споживачі"},
                icon="M4 5h16v11h-6l-4 4v-4H4z",
            ),
            Layer(LAYER, "streams", fetch=fetch_streams, references=("server_id", "replica_ids"), defaults=online),
            Layer(LAYER, "consumers", fetch=fetch_consumers, references=("stream_id",), defaults=online),
        ),
        details={"server": server_details},
        types=(SERVER, STREAM, CONSUMER),
        samples=Path(__file__).with_name("samples"),
    )
