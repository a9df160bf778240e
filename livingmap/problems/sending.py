"""Sending: a message to one address, by Apprise; and messages for programs, over NATS."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal, TypeAlias

from livingmap.errors import LivingMapError, LogError
from livingmap.supervision import within
from livingmap.transport.connection import publish_once
from livingmap.transport.settings import NatsSettings

Tone: TypeAlias = Literal["failure", "warning", "info", "success"]
"""How services that colour or sort messages are to take one; the words are Apprise's."""
Send: TypeAlias = Callable[[str, str, str, Tone], Awaitable[None]]
"""Sends to an address a message with a title, a text and a tone. Raises NotSent."""
Publish: TypeAlias = Callable[[Sequence[bytes]], Awaitable[None]]
"""Publishes messages for programs. Raises NotSent."""
_SEND_SECONDS: Final = 30.0


class NotSent(LivingMapError):
    """A message that could not be sent. Its text does not hold the address, which holds secrets."""


def publisher(settings: NatsSettings, subject: str) -> Publish:
    """Return what publishes messages on ``subject`` of the map's NATS. It raises NotSent."""

    async def publish(payloads: Sequence[bytes]) -> None:
        try:
            await publish_once(settings, subject, *payloads)
        except (OSError, LogError) as error:
            raise NotSent(f"nats: {type(error).__name__}") from None

    return publish


async def send(address: str, title: str, text: str, tone: Tone) -> None:
    """Send a message. Raises NotSent."""
    import apprise  # noqa: PLC0415 - large, and of an extra: only maps that notify have it

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # it names addresses
    scheme = address.partition(":")[0]
    target = apprise.Apprise.instantiate(address)
    if not isinstance(target, apprise.NotifyBase):
        raise NotSent(f"Apprise does not understand an address that begins with {scheme!r}")
    try:
        notifying = target.async_notify(body=text, title=title, notify_type=apprise.NotifyType(tone))
        sent = await within(_SEND_SECONDS, notifying, "sending a notification")
    except Exception as error:  # noqa: BLE001 - a library of many services raises many things
        raise NotSent(f"{scheme}: {type(error).__name__}") from None
    if not sent:
        raise NotSent(f"{scheme}: the service did not take it")
