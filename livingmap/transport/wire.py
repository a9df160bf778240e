"""The wire of NATS: reads messages of subscriptions that are taken straight off what the server sent.

nats-py matches every frame against its regular expressions and awaits a coroutine for each; at thousands of
messages a second that is most of what taking them in costs.
Source: https://docs.nats.io/reference/reference-protocols/nats-protocol
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from nats.aio.client import Client
from nats.protocol.parser import AWAITING_MSG_PAYLOAD, Parser

_END: Final = b"\r\n"
_PLAIN: Final = frozenset({4, 5})
"""How many words the line of a message has: ``MSG subject sid [reply] bytes``."""
_WITH_HEADERS: Final = frozenset({5, 6})
"""And that of one with headers: ``HMSG subject sid [reply] header-bytes bytes``."""


class Arrival(NamedTuple):
    """A message as it came."""

    subscription: str
    """The pattern by which it came."""
    subject: str
    reply: bytes
    data: bytes
    headers: bytes | None


OnArrival: TypeAlias = Callable[[Arrival], None]
"""Called where messages are read off the wire. Must return at once and never raise."""


class Wire(Parser):
    """nats-py's parser, but the messages of ``taken`` subscriptions are handed on here, in order.

    Everything else, and a message of which only the beginning has come, is left to nats-py frame by frame.
    """

    def __init__(self, client: Client) -> None:
        self.taken: dict[bytes, tuple[str, OnArrival]] = {}
        """By the id of a subscription, as it travels, its pattern and who gets its messages."""
        super().__init__(client)

    def reset(self) -> None:
        """Forget what has come of an unfinished frame."""
        super().reset()
        self._line = b""  # the beginning of a line whose end has not come yet

    async def parse(self, data: bytes = b"") -> None:
        """Hand on what the server sent; ``data`` may begin and end in the middle of a frame."""
        data, self._line = self._line + data, b""
        start = 0
        while start < len(data):
            if self.state == AWAITING_MSG_PAYLOAD:
                stop = start + self.needed + len(_END) - len(self.buf)
            else:
                start = self._take(data, start)
                end = data.find(_END, start)
                if end < 0:
                    self._line = data[start:]
                    return
                stop = end + len(_END)
            await super().parse(data[start:stop])
            start = stop

    def _take(self, data: bytes, start: int) -> int:
        """Hand on the whole messages of taken subscriptions from ``start`` on; return where the next frame is."""
        while (has_headers := data.startswith(b"HMSG ", start)) or data.startswith(b"MSG ", start):
            end = data.find(_END, start)
            words = data[start:end].split()
            if end < 0 or len(words) not in (_WITH_HEADERS if has_headers else _PLAIN):
                break
            subscription = self.taken.get(words[2])
            if subscription is None or not words[-1].isdigit():
                break
            begin = end + len(_END)
            stop = begin + int(words[-1])
            if stop + len(_END) > len(data):
                break
            pattern, on_arrival = subscription
            subject, headers = words[1].decode("utf-8", "replace"), None
            if has_headers:
                if not words[-2].isdigit():
                    break
                headers = data[begin : (begin := begin + int(words[-2]))]
            reply = words[3] if len(words) == (6 if has_headers else 5) else b""
            on_arrival(Arrival(pattern, subject, reply, data[begin:stop], headers or None))
            start = stop + len(_END)
        return start
