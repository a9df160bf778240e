"""Reaching a server: its name, its port and its TLS, one after the other, to find out which of them fails."""

import asyncio
import contextlib
import socket
import ssl
from dataclasses import dataclass
from typing import Final

from livingmap.doctor.finding import Code, Finding
from livingmap.supervision import within

_CONNECT_SECONDS: Final = 10.0
_HANDSHAKE_SECONDS: Final = 4.0
_ALERT_SECONDS: Final = 0.5
"""A server that wants a certificate says so after the handshake (TLS 1.3)."""
_WANTED: Final = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA")
_NAME_FAILED: Final = (62, 64)
_EXPIRED: Final = 10
"""Of OpenSSL's x509_vfy.h."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server, and the setting that names it."""

    setting: str
    """Such as ``sources.city.base_url``."""
    host: str
    port: int

    @property
    def section(self) -> str:
        """The section of the setting."""
        return self.setting.rpartition(".")[0]

    @property
    def shown(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"


async def unreachable(address: Address) -> Finding | None:
    """Return why no connection can be made; None if one can."""
    try:
        writer = await within(_CONNECT_SECONDS, _opened(address), f"connecting to {address.shown}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why
        return connecting_failed(address, error)
    writer.close()
    return None


def connecting_failed(address: Address, error: BaseException) -> Finding:
    """Return what an error of connecting means."""
    setting = f"`{address.setting}`"
    if isinstance(error, socket.gaierror):
        what = f"the name {address.host} is not known to this machine ({error.strerror})"
        fix = f"correct {setting}, or make the name known (DNS, or /etc/hosts)"
        return Finding(Code.HOST_UNKNOWN, address.setting, what, fix)
    if isinstance(error, ConnectionRefusedError):
        what = f"nothing listens on {address.shown}"
        return Finding(
            Code.REFUSED, address.setting, what, f"start what should answer there, or correct {setting}"
        )
    reason = "" if isinstance(error, TimeoutError) else f" ({str(error) or type(error).__name__})"
    what = f"{address.shown} does not answer{reason}"
    fix = f"see whether it runs and whether a firewall or a network lies between, or correct {setting}"
    return Finding(Code.NO_ANSWER, address.setting, what, fix)


async def untrusted(address: Address, context: ssl.SSLContext) -> Finding | None:
    """Return why a server that is reachable cannot be spoken to by TLS; None if it can."""
    try:
        await _shaken(address, context)
    except ssl.SSLError as error:
        return tls_failed(address, error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is why
        return _not_spoken(address, str(error) or type(error).__name__)
    return None


def tls_failed(address: Address, error: ssl.SSLError) -> Finding:
    """Return what an error of TLS means."""
    where, text = address.setting, str(error).upper().replace(" ", "_")
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message
        if error.verify_code in _NAME_FAILED:
            what = f"the certificate of {address.shown} is for another name ({reason})"
            return Finding(Code.TLS_NAME, where, what, f"write the name that the certificate has into `{where}`")
        if error.verify_code == _EXPIRED:
            what = f"the certificate of {address.shown} has expired"
            return Finding(Code.TLS_EXPIRED, where, what, f"renew the certificate of {address.host}")
        what = f"the certificate of {address.shown} is of an authority that is not trusted ({reason})"
        fix = f"name the file with the authority's certificate: `{address.section}.ca_file`"
        return Finding(Code.TLS_UNTRUSTED, where, what, fix)
    if any(word in text for word in _WANTED):
        return certificate_wanted(address)
    return _not_spoken(address, str(error.reason or error))


def _not_spoken(address: Address, reason: str) -> Finding:
    what = f"{address.shown} does not speak TLS ({reason})"
    fix = f"write `http://` into `{address.setting}`, or have it encrypt"
    return Finding(Code.TLS_NOT_SPOKEN, address.setting, what, fix)


def certificate_wanted(address: Address) -> Finding:
    """Return that a server wants to be shown a certificate."""
    what = f"{address.shown} wants to be shown a certificate that it accepts"
    fix = f"name one, and its key: `{address.section}.certificate_file`, `{address.section}.key_file`"
    return Finding(Code.TLS_CERTIFICATE_WANTED, address.setting, what, fix)


async def speaks_tls(address: Address) -> bool:
    """Tell whether a server answers a TLS handshake, whatever its certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is sent: only whether it encrypts is of interest
    try:
        await _shaken(address, context)
    except ssl.SSLError as error:
        return any(word in str(error).upper().replace(" ", "_") for word in _WANTED)
    except (OSError, EOFError):
        return False
    return True


async def _opened(address: Address) -> asyncio.StreamWriter:
    _, writer = await asyncio.open_connection(address.host, address.port)
    return writer


async def _shaken(address: Address, context: ssl.SSLContext) -> None:
    connecting = asyncio.open_connection(
        address.host, address.port, ssl=context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
    )
    reader, writer = await within(_CONNECT_SECONDS, connecting, f"encrypting to {address.shown}")
    try:
        with contextlib.suppress(TimeoutError):
            if not await within(_ALERT_SECONDS, reader.read(1), "an alert"):
                raise ssl.SSLError("certificate required")  # no server closes before it was asked
    except ConnectionResetError:
        raise ssl.SSLError("certificate required") from None
    finally:
        writer.close()
        with contextlib.suppress(Exception):
            await within(_ALERT_SECONDS, writer.wait_closed(), "closing")
