"""Redacting: takes every secret out of what leaves the machine for somebody who helps.

Three nets, one behind the other: settings whose names or types say that they are secret are masked; the values of
these, of the files that they name and of the environment are masked wherever they stand, in whatever spelling; and
so is what looks like a token, a key or the password in an address.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from pydantic import BaseModel, SecretStr

from livingmap.core.model import Json
from livingmap.kit.scrubbing import SECRET_NAME, SECRET_TEXT

HIDDEN: Final = "***"
_MASKED_WHOLE: Final = frozenset({"headers", "parameters", "params", "cookies", "urls", "credentials"})
"""Settings of which every value may be secret."""
_MORE_NAMES: Final = re.compile(
    r"(?i)(^|_|-)(passphrase|private_key|secret_key|access_key|seed|signature|auth_key)$"
)
_MORE_TEXT: Final = re.compile(
    r"(?i:(?<=nats://)|(?<=tls://))[^/\s:@]+(?=@)"  # a token of NATS
    r"|\bS[OUANCX][A-Z2-7]{54,}\b"  # the seed of an nkey
)
_PUBLIC: Final = re.compile(r"(postgres(ql)?://|nats://|embedded$|memory:$)")
"""What begins a setting of which only a part is secret, though all of it is treated so."""
_PARAMETER: Final = re.compile(r"[?&]([\w.-]+)=([^&\s\"']+)")
_SECRET_PARAMETER: Final = re.compile(
    r"(?i)([?&][\w.-]*(?:token|key|secret|password|signature|sig|auth)=)[^&\s\"']+"
)
_USER: Final = re.compile(r"://([^/\s@]*)@")
_LEAST: Final = 4
"""A shorter secret could not be told from any other text."""
_WORD: Final = 8
"""A shorter secret is masked only where it stands alone."""
_MOST_FILE_BYTES: Final = 64 * 1024


def is_secret_name(name: str) -> bool:
    """Tell whether what has this name is a secret, going by it."""
    return bool(SECRET_NAME.search(name) or _MORE_NAMES.search(name))


def secrets_in(value: Any, folder: Path, name: str = "", *, hidden: bool = False) -> Iterator[str]:
    """Yield the secrets of settings, also those in the files that they name, beside the YAML in ``folder``."""
    match value:
        case SecretStr():
            yield from _of_secret(value.get_secret_value())
        case BaseModel():
            fields = {field: getattr(value, field) for field in type(value).model_fields}
            yield from secrets_in(fields, folder, name, hidden=hidden)
        case Mapping():
            user, password = value.get("username") or value.get("user"), value.get("password")
            if user and password:
                yield f"{user}:{_plain(password)}"  # which is how HTTP has it, encoded
            for key, one in value.items():
                inner = hidden or str(key) in _MASKED_WHOLE
                yield from secrets_in(one, folder, str(key), hidden=inner)
        case list() | tuple() | set() | frozenset():
            for one in value:
                yield from secrets_in(one, folder, name, hidden=hidden)
        case str() | Path():
            yield from _of_text(str(value), folder, name, hidden=hidden)


def _of_secret(text: str) -> Iterator[str]:
    if not _PUBLIC.match(text):
        yield text
    yield from _of_addresses(text)


def _plain(secret: Any) -> str:
    return secret.get_secret_value() if isinstance(secret, SecretStr) else str(secret)


def _of_text(text: str, folder: Path, name: str, *, hidden: bool) -> Iterator[str]:
    if name.endswith("_file") and name not in ("ca_file", "certificate_file"):
        yield from _in_file(folder / Path(text).expanduser())
    elif hidden or is_secret_name(name):
        yield text
    yield from _of_addresses(text)


def _of_addresses(text: str) -> Iterator[str]:
    for user in _USER.findall(text):
        name, _, password = user.partition(":")
        if not password and text.startswith(("nats://", "tls://")):
            yield name  # a token
        if password:
            yield from (password, unquote(password), user, f"{name}:{unquote(password)}")
    for name, given in _PARAMETER.findall(text):
        if is_secret_name(name):
            yield from (given, unquote(given))


def _in_file(file: Path) -> Iterator[str]:
    try:
        with file.open(encoding="utf-8") as opened:
            text = opened.read(_MOST_FILE_BYTES)
    except (OSError, UnicodeDecodeError):
        return
    yield text.strip()
    yield from (line.strip() for line in text.splitlines())
    yield from _of_addresses(text)


def secrets_of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what variables hold whose names say that it is secret, and the passwords in addresses of all."""
    for name, value in environment.items():
        setting = name.rpartition("__")[2]
        if is_secret_name(setting) or setting.lower() in _MASKED_WHOLE or setting.upper().endswith("PASSWORD"):
            yield value
            yield from _strings(value)
        yield from _of_addresses(value)


def _strings(text: str) -> Iterator[str]:
    """Yield the texts of a variable that is JSON."""
    try:
        value = json.loads(text)
    except ValueError:
        return
    yield from (str(one) for one in (value.values() if isinstance(value, dict) else [value]))


class Redactor:
    """Masks ``secrets`` wherever they stand, and whatever looks like one."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spelled = {one for secret in secrets for one in _spellings(secret) if len(one) >= _LEAST}
        patterns = [_pattern(one) for one in sorted(spelled, key=len, reverse=True)]
        self._secrets = re.compile("|".join(patterns)) if patterns else None

    def text(self, text: str) -> str:
        """Return ``text`` without secrets."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        text = _SECRET_PARAMETER.sub(rf"\1{HIDDEN}", text)
        return _MORE_TEXT.sub(HIDDEN, SECRET_TEXT.sub(HIDDEN, text))

    def value(self, value: Json, name: str = "", *, hidden: bool = False) -> Json:
        """Return a JSON value without secrets; its keys stay, and what they are of is masked by them."""
        match value:
            case dict():
                return {
                    self.text(key): self.value(one, key, hidden=hidden or key in _MASKED_WHOLE)
                    for key, one in value.items()
                }
            case list():
                return [self.value(one, name, hidden=hidden) for one in value]
            case str() | int() | float() if not isinstance(value, bool) and (hidden or is_secret_name(name)):
                return HIDDEN if value else value
            case str():
                return self.text(value)
        return value


def _spellings(secret: str) -> Iterator[str]:
    secret = secret.strip()
    yield from (secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    if len(secret) >= _LEAST:
        yield base64.b64encode(secret.encode()).decode().rstrip("=")
        yield base64.urlsafe_b64encode(secret.encode()).decode().rstrip("=")


def _pattern(secret: str) -> str:
    whole = re.escape(secret)
    return rf"(?<!\w){whole}(?!\w)" if len(secret) < _WORD else whole
