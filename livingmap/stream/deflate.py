"""permessage-deflate (RFC 7692) for many clients at once: what all viewers get is compressed once.

The messages of one batch are one deflate stream, which begins anew with the next batch. Within a batch a message
may refer to those before it, which every client has just read; no client needs to have read an earlier batch.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from isal import isal_zlib
from websockets.exceptions import NegotiationError
from websockets.extensions.base import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.typing import ExtensionParameter

_LEVEL: Final = 1
_RAW: Final = -15
_WINDOW_BITS: Final = 15
_TAIL: Final = b"\x00\x00\xff\xff"


def deflated(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the payload of each message of a batch."""
    stream = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _RAW)
    for message in messages:
        yield (stream.compress(message) + stream.flush(isal_zlib.Z_SYNC_FLUSH)).removesuffix(_TAIL)


class SharedDeflate(ServerPerMessageDeflateFactory):
    """Negotiates permessage-deflate with clients that can read a deflate stream that they share with others."""

    def __init__(self) -> None:
        # a window for what a client sends would cost 32 KiB for each client
        super().__init__(client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Answer an offer. Raises NegotiationError for a client that would need a deflate stream of its own."""
        answer, agreed = super().process_request_params(params, accepted_extensions)
        if agreed.local_no_context_takeover or agreed.local_max_window_bits != _WINDOW_BITS:
            raise NegotiationError("the client's window is too small for a shared stream")
        # A message for this client alone is compressed without reference to earlier ones.
        agreed.local_no_context_takeover = True
        del agreed.encoder
        return answer, agreed
