"""messaging-service (:7004): the channels, and every message that is sent in one; never its text.

The names of a channel that is direct or private, and who writes there, are not shown: that it exists and how
lively it is does no harm, but "layoffs" or two people's names would.
"""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from livingmap.plugin import Count, Layer, Source, SourceSettings, Tally, hookimpl, sentences_in
from livingmap_messaging.events import on_message
from livingmap_messaging.fetch import channel_details, fetch_channels
from livingmap_messaging.types import CHANNEL


class MessagingSettings(SourceSettings):
    """Section ``sources.messaging``."""

    base_url: str = "http://messaging-service:7004"
    """Address of messaging-service."""
    interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Time between two polls. Each asks about every channel; in between, messages count as they are sent."""
    recount_pages: Annotated[int, Field(ge=0, le=100)] = 5
    """Requests for messages per channel and poll, at most: 20 messages, then 200 each. 0 counts no messages."""


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="messaging",
        service="messaging-service",
        settings=MessagingSettings,
        layers=(
            Layer(
                "messaging",
                "channels",
                fetch=fetch_channels,
                references=("microdao_id", "last_sender_id"),
                defaults={"status": "active"},
                title={"en": "Messaging", "uk": "Канали"},
                hint={"en": "Channels that light up with messages", "uk": "Канали, що спалахують від повідомлень"},
            ),
        ),
        handlers={"messaging.message.created": on_message},
        details={"channel": channel_details},
        tallies=(Tally("messaging", "channels_total", (Count("messaging", "channels"),)),),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(CHANNEL,),
    )
