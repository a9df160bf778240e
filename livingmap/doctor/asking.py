"""Asking a service: what an error of it means, and what mends it."""

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.reaching import (
    Address,
    speaks_tls,
    unreachable,
    untrusted,
)
from livingmap.errors import NotFound, RequestRejected, Unreachable
from livingmap.sources.settings import ServiceSettings, SourceSettings

_PORTS: Final = {"http": 80, "https": 443}
_NOT_LET_IN: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_MOST_TEXT: Final = 300


async def explained(service: str, section: str, settings: ServiceSettings, error: Exception) -> Finding:
    """Return what an error of a service means, whose settings are in ``section`` of the YAML."""
    if secret := unreadable_secret(section, settings):
        return secret
    address = _address(section, settings)
    if isinstance(error, Unreachable) and error.status is None:
        return await _unanswered(service, address, settings, error)
    if isinstance(error, NotFound):
        return _not_there(service, section, error)
    if isinstance(error, RequestRejected):
        mistaken = error.status == HTTPStatus.BAD_REQUEST and await _unencrypted(address, settings)
        return mistaken or _rejected(service, section, settings, error)
    if isinstance(error, Unreachable):
        fix = f"see the log of {service}: it fails by itself"
        return Finding(Code.FAILS, address.setting, shortened(error), fix)
    fix = f"see whether `{address.setting}` is the address of {service}, and not of a page or of another service"
    return Finding(Code.OTHER_SHAPE, address.setting, shortened(error), fix)


async def _unanswered(service: str, address: Address, settings: ServiceSettings, error: Unreachable) -> Finding:
    """Return why no answer came."""
    if (obstacle := await unreachable(address)) is not None:
        return obstacle
    if "no answer within" in str(error):
        fix = f"see why {service} is slow, or raise `{address.section}.timeout_seconds`"
        slow = Finding(Code.NO_ANSWER, address.setting, shortened(error), fix)
        return await untrusted(address, settings.ssl_context()) or slow if _encrypts(settings) else slow
    if _encrypts(settings):
        obstacle = await untrusted(address, settings.ssl_context())
    else:
        obstacle = await _unencrypted(address, settings)
    fix = f"see the log of {service}: it breaks off connections"
    return obstacle or Finding(Code.FAILS, address.setting, shortened(error), fix)


async def _unencrypted(address: Address, settings: ServiceSettings) -> Finding | None:
    """Return that a service which encrypts is asked without TLS; None if it is not so."""
    if _encrypts(settings) or not await speaks_tls(address):
        return None
    what = f"{address.shown} encrypts, and is asked without TLS"
    return Finding(Code.TLS_NEEDED, address.setting, what, f"write `https://` into `{address.setting}`")


def _encrypts(settings: ServiceSettings) -> bool:
    return urlsplit(settings.base_url).scheme == "https"


def unreadable_secret(section: str, settings: ServiceSettings) -> Finding | None:
    """Return what keeps the secrets of a section from being read; None if nothing does."""
    if not isinstance(settings, SourceSettings):
        return None
    try:
        settings.credentials()
    except (OSError, ValueError) as error:
        fix = "write the secret into that file, as text that this account may read, or correct the path"
        return Finding(Code.SECRET_FILE, section, shortened(error), fix)
    return None


def shortened(error: object) -> str:
    """Return what an error says, short enough for one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"


def _not_there(service: str, section: str, error: NotFound) -> Finding:
    setting = f"{section}.base_url"
    fix = f"correct `{setting}`: it has to be where the paths of {service} begin"
    return Finding(Code.NOT_THERE, setting, shortened(error), fix)


def _rejected(service: str, section: str, settings: ServiceSettings, error: RequestRejected) -> Finding:
    if error.status not in _NOT_LET_IN:
        fix = f"see what {service} expects; the plugin and the service may be of different versions"
        return Finding(Code.REFUSES, section, shortened(error), fix)
    given = _way_in(settings)
    if given is None:
        fix = f"give what it lets in: `{section}.token_file`, or `{section}.account: true`"
    else:
        fix = (
            f"{service} does not take what `{section}.{given}` gives: replace it by one that is valid and may read"
        )
    return Finding(Code.SIGN_IN, section, shortened(error), fix)


def _way_in(settings: ServiceSettings) -> str | None:
    """Return the setting by which requests are let in."""
    if not isinstance(settings, SourceSettings):
        return None
    names = ("token", "token_file", "username", "account", "api_key", "api_key_file")
    return next((name for name in names if getattr(settings, name)), None)


def _address(section: str, settings: ServiceSettings) -> Address:
    parts = urlsplit(settings.base_url)
    return Address(f"{section}.base_url", parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80))
