"""permessage-deflate (RFC 7692) for many at once: what goes to all viewers is compressed once, not once for each.

The messages of one batch are one deflate stream that begins anew with the batch: within it a message may refer to
those before, which every client keeps at hand, and no client has to have had any earlier batch.
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
    """Agrees on permessage-deflate with clients that can read a stream which all share."""

    def __init__(self) -> None:
        # a window kept for what one client sends would be 32 KiB a client
        super().__init__(client_no_context_takeover=True)

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        """Answer an offer. Raises NegotiationError for one that would need a stream of its own."""
        answer, agreed = super().process_request_params(params, accepted_extensions)
        if agreed.local_no_context_takeover or agreed.local_max_window_bits != _WINDOW_BITS:
            raise NegotiationError("the client keeps too little to read a shared stream")
        # What is sent to this client alone does without what it was sent before.
        agreed.local_no_context_takeover = True
        del agreed.encoder
        return answer, agreed
