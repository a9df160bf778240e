"""Scrubbing: takes out of recordings what is nobody's business, and leaves their shape.

Example: ``{"owner": "ann@dam.org", "api_key": "k1", "note": "Bearer abcdefgh"}`` becomes
``{"owner": "person-1@example.org", "note": "***"}``. One address has one replacement in a whole recording.
"""

import re
from collections.abc import Iterable
from typing import Final

from livingmap.core.model import Json
from livingmap.core.redaction import Redaction

_HIDDEN: Final = "***"
SECRET_NAME: Final = re.compile(r"(?i)(^|_|-)(token|secret|password|passwd|api_?key|authorization|cookie|jwt)s?$")
_MAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
SECRET_TEXT: Final = re.compile(
    r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|(?i:\b(?:bearer|basic))\s+[\w.~+/=-]{6,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user and password of an address
    r"|(?i:(?<=token=)|(?<=api_key=)|(?<=apikey=)|(?<=password=))[^&\s\"]+"
)
_LEAST_SECRET: Final = 6
"""A shorter text is a word that stands elsewhere for something else."""


class Scrubber:
    """Scrubs the values of one recording. ``secrets`` are texts that must not be in it, wherever they stand."""

    def __init__(self, redaction: Redaction, secrets: Iterable[str] = ()) -> None:
        self._redaction = redaction
        self._secrets = sorted((one for one in secrets if len(one) >= _LEAST_SECRET), key=len, reverse=True)
        self._mails: dict[str, str] = {}

    def clean(self, value: Json) -> Json:
        """Return ``value`` without secrets, and with invented addresses."""
        return self._shown("", self._redaction.payload({"": value})[""])

    def _shown(self, name: str, value: Json) -> Json:
        if isinstance(value, dict):
            return {self.text(key): self._shown(key, one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._shown(name, one) for one in value]
        if isinstance(value, str):
            return _HIDDEN if value and SECRET_NAME.search(name) else self.text(value)
        return value

    def text(self, text: str) -> str:
        """Return ``text`` without secrets, and with invented addresses."""
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _MAIL.sub(self._invented, SECRET_TEXT.sub(_HIDDEN, text))

    def _invented(self, match: re.Match[str]) -> str:
        return self._mails.setdefault(match[0].lower(), f"person-{len(self._mails) + 1}@example.org")
