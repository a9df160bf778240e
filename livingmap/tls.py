"""TLS towards other servers: which of their certificates are trusted, and which one of the map's own is shown."""

import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, model_validator

_BUNDLES: Final = (
    Path("/etc/ssl/certs/ca-certificates.crt"),  # Debian, Alpine
    Path("/etc/pki/tls/certs/ca-bundle.crt"),  # Fedora
    Path("/etc/ssl/ca-bundle.pem"),  # openSUSE
    Path("/etc/ssl/cert.pem"),  # macOS, BSD
)
"""Where systems keep what they trust: a Python that was built elsewhere may look in another place."""


class TlsSettings(BaseModel):
    """The settings of every connection that may be encrypted."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    ca_file: Path | None = None
    """Certificates of the authorities to trust instead of the system's, as PEM, sought beside the YAML. Without it
    SSL_CERT_FILE, SSL_CERT_DIR and the system's trust store count."""
    certificate_file: Path | None = None
    """Certificate to show to a server that asks for one, as PEM, with those between it and its authority."""
    key_file: Path | None = None
    """Private key of certificate_file, as PEM and not encrypted, if that file does not hold it."""

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> Self:
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("key_file needs certificate_file")
        return self

    @property
    def has_own_tls(self) -> bool:
        """Whether anything about TLS differs from what the system says."""
        return self.ca_file is not None or self.certificate_file is not None

    def ssl_context(self) -> ssl.SSLContext:
        """Return how to encrypt; its files are read anew. Raises ValueError that names the setting at fault."""
        if not self.has_own_tls:
            return _system_context()
        context = _new_context(self.ca_file)
        if self.certificate_file is not None:
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, password=_no_password)
            except (OSError, ValueError) as error:
                where = f"certificate_file: {self.certificate_file}"
                raise ValueError(f"{where}{f', {self.key_file}' if self.key_file else ''}: {error}") from None
        return context


@lru_cache(maxsize=1)
def _system_context() -> ssl.SSLContext:
    return _new_context(None)


def _new_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except (OSError, ValueError) as error:
        raise ValueError(f"ca_file: {ca_file}: {error}") from None
    paths = ssl.get_default_verify_paths()
    if ca_file is None and paths.cafile is None and paths.capath is None:
        for bundle in filter(Path.is_file, _BUNDLES):
            context.load_verify_locations(bundle)
            break
    return context


def _no_password() -> str:
    """Refuse an encrypted key: OpenSSL would ask on the terminal, and wait."""
    raise ValueError("the key is encrypted")


def secret_in(file: Path, setting: str) -> str:
    """Return the secret that a file holds. Raises OSError that names the setting, and never shows the content."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except UnicodeDecodeError:
        raise OSError(f"{setting}: {file} is not text in UTF-8") from None
    except OSError as error:
        raise OSError(f"{setting}: {error}") from None
