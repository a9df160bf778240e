"""NATS: every server is reached and signed in to, and the rights of the account are tried out.

Nothing is changed: requests to JetStream are malformed, and what is published where a stream listens names another
stream as the one that it is for, so that none keeps it. The server judges the rights before it looks at either.
"""

import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from nats.errors import Error as NatsError

from livingmap.cluster.nats import subject_of
from livingmap.core.route import matches
from livingmap.doctor.asking import shortened
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.reaching import (
    Address,
    certificate_wanted,
    connecting_failed,
    tls_failed,
    unreachable,
)
from livingmap.transport.connection import call, connected
from livingmap.transport.settings import NatsSettings

_PORT: Final = 4222
_VIOLATION: Final = re.compile(r'permissions violation for (publish|subscription) to "?([^"\s]+)"?', re.IGNORECASE)
_SIGN_IN: Final = ("authorization", "authentication", "user jwt", "expired", "revoked", "nonce", "nkey")
_NOT_KEPT: Final = {"Nats-Expected-Stream": "livingmap-doctor", "Nats-Msg-Id": "livingmap-doctor"}
_INBOX: Final = "_INBOX.livingmap-doctor.*"
_MALFORMED: Final = b"{"
_NOBODY: Final = b"presence {}"
"""What the processes of a map take for a broadcast of none of them."""


@dataclass(slots=True)
class Complaints:
    """What a server complains of on one connection."""

    errors: list[Exception] = field(default_factory=list)

    async def note(self, error: Exception) -> None:
        """Keep a complaint."""
        self.errors.append(error)

    def refused(self, kind: str) -> list[str]:
        """Return the subjects on which the account may not do something: ``publish`` or ``subscription``.

        They are in lower case, as nats-py (2.16) hands on what a server says.
        """
        found = (_VIOLATION.search(str(error)) for error in self.errors)
        return [match[2].lower() for match in found if match and match[1].lower() == kind]


async def of_server(settings: NatsSettings, server: str) -> Sequence[Finding]:
    """Return why the map cannot use a server of ``nats.url``; nothing if it can."""
    try:
        async with connected(settings, [server]):
            return []
    except (OSError, ValueError, NatsError) as error:
        return [await _explained(settings, server, error)]


async def _explained(settings: NatsSettings, server: str, error: Exception) -> Finding:
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    parts = urlsplit(server)
    address = Address("nats.url", parts.hostname or "", parts.port or _PORT)
    if type(error) in (OSError, ValueError) and cause is error:  # of a file: nobody was asked yet
        what, fix = shortened(error), "write what belongs there into that file, readable by this account"
        return Finding(Code.SECRET_FILE, "nats", what, fix)
    if (obstacle := await unreachable(address)) is not None:
        return obstacle
    if isinstance(cause, ssl.SSLError):
        return tls_failed(address, cause)
    text = str(cause).lower()
    if "does not encrypt" in text:
        what = f"{address.shown} does not encrypt, and the address says tls://"
        return Finding(
            Code.TLS_NOT_SPOKEN, "nats.url", what, "write `nats://`, or give the server a section `tls`"
        )
    if any(word in text for word in _SIGN_IN):
        return _not_let_in(settings, shortened(cause))
    if isinstance(cause, BrokenPipeError | ConnectionResetError):
        return certificate_wanted(address)
    return connecting_failed(address, cause)


def _not_let_in(settings: NatsSettings, reason: str) -> Finding:
    names = ("credentials_file", "nkey_file", "token_file", "token", "password_file", "password")
    given = next((name for name in names if getattr(settings, name) is not None), None)
    if given is None and not settings.sign_in():
        fix = "give a way to sign in: `nats.user` and `nats.password_file`, or `nats.credentials_file`"
        return Finding(Code.SIGN_IN, "nats", f"the server lets nobody in without signing in ({reason})", fix)
    where = f"nats.{given or 'url'}"
    fix = f"correct `{where}`, or what the server's configuration says of this user"
    return Finding(Code.SIGN_IN, where, f"the server does not let this account in ({reason})", fix)


async def of_rights(settings: NatsSettings, patterns: Sequence[str]) -> Sequence[Finding]:
    """Return which subjects the account may not use that the map has to."""
    complaints = Complaints()
    inbound = [_INBOX, *patterns, *([subject_of(settings)] if settings.jetstream else [])]
    spoken = _published(settings) if settings.jetstream else {}
    async with connected(settings, on_error=complaints.note) as client:
        for pattern in inbound:
            await call(client.subscribe(pattern), f"subscribing to {pattern}")
        for subject, data in spoken.items():
            headers = None if subject.startswith(("$JS.", "_")) else _NOT_KEPT
            await call(client.publish(subject, data, headers=headers), f"publishing on {subject}")
        await call(client.flush(), "a ping")
    whole = [f"{start}>" for start in _starts(settings)]
    return [
        *_lacking("publish", "on", _refused(spoken, complaints.refused("publish"), whole)),
        *_lacking("subscribe", "to", _refused(inbound, complaints.refused("subscription"), whole)),
    ]


def _starts(settings: NatsSettings) -> tuple[str, ...]:
    """Return how the subjects begin of which the map needs all."""
    name = settings.stream
    return "$JS.API.", f"$KV.{name}.", f"$O.{name}.", "$JS.FC.", f"livingmap.{name}.", "_INBOX."


def _published(settings: NatsSettings) -> dict[str, bytes]:
    """Return what is published to try out the rights, by subject."""
    name = settings.stream
    asked = ["INFO", "STREAM.NAMES", f"STREAM.INFO.{name}", f"STREAM.CREATE.{name}", f"STREAM.UPDATE.{name}"]
    asked += [f"CONSUMER.CREATE.{name}", f"STREAM.MSG.GET.{name}", f"DIRECT.GET.KV_{name}"]
    published = {f"$JS.API.{what}": _MALFORMED for what in asked}
    kept = (f"$KV.{name}.doctor", f"$O.{name}.C.doctor", f"livingmap.{name}.doctor", f"$JS.FC.{name}.doctor")
    return {**published, **dict.fromkeys(kept, b"{}"), subject_of(settings): _NOBODY}


def _refused(tried: Iterable[str], refused: Sequence[str], whole: Sequence[str]) -> list[str]:
    """Return the patterns by which the rights are given that were refused."""
    subjects = [subject for subject in tried if subject.lower() in refused]
    return list(dict.fromkeys(next((one for one in whole if matches(one, each)), each) for each in subjects))


def _lacking(verb: str, preposition: str, patterns: Sequence[str]) -> list[Finding]:
    if not patterns:
        return []
    what = f"the account may not {verb} {preposition} {', '.join(patterns)}"
    listed = ", ".join(f'"{one}"' for one in patterns)
    fix = f"add to the account's permissions on the server: `{verb}: [{listed}]`"
    return [Finding(Code.NATS_RIGHTS, "nats", what, fix)]
