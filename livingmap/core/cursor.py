"""Cursors: positions in the log as clients keep them, opaque and signed.

``base64url(payload || mac)`` with payload ``epoch-seq|view`` and a 16-byte BLAKE2b MAC of it (RFC 7693, keyed).
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from livingmap.core.model import Position

_MAC_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Cursor:
    """The position that a client has reached, and the view that it follows."""

    position: Position
    view: str = ""
    """The view's name; empty for all."""

    def encode(self, key: bytes) -> str:
        """Return the cursor as text, signed with ``key``."""
        payload = f"{self.position}|{self.view}".encode()
        return opaque(payload + _mac(payload, key))

    @classmethod
    def decode(cls, text: str, key: bytes) -> "Cursor":
        """Return what `encode` wrote with the same key. Raises ValueError for anything else."""
        try:
            raw = revealed(text)
            payload, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
            if not hmac.compare_digest(mac, _mac(payload, key)):
                raise ValueError("not signed by this map")
            position, _, view = payload.decode().partition("|")
            epoch, _, seq = position.rpartition("-")
            return cls(Position(epoch, int(seq)), view)
        except ValueError as error:
            raise ValueError(f"not a cursor of this map: {error}") from error


def opaque(raw: bytes) -> str:
    """Return ``raw`` as text that needs no escaping in a URL (RFC 4648, 5, without padding)."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def revealed(text: str) -> bytes:
    """Return the bytes that `opaque` wrote. Raises ValueError for any other text."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _mac(payload: bytes, key: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=_MAC_BYTES, key=key[:64]).digest()
