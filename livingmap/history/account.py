"""What asyncpg takes from the account that the map runs as: its name, and files in its home."""

import getpass
import os
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import structlog

from livingmap.history import HistoryError

_NO_HOME: Final = "/nonexistent"
"""The home of an account without one, as Debian names it."""

_logger = structlog.get_logger(__name__)


def check_name(url: str) -> None:
    """Raise HistoryError if ``url`` names no user, and the account has no name to be used instead."""
    parts = urlsplit(url)
    if parts.username or "user" in parse_qs(parts.query) or os.environ.get("PGUSER"):
        return
    try:
        getpass.getuser()
    except (KeyError, OSError):
        raise HistoryError(
            "history.url: names no user, and this account has no name; "
            "write postgresql://user:password@host/database"
        ) from None


def has(file: Path) -> bool:
    """Tell whether a file in the home is there, as far as this account may know."""
    try:
        return file.expanduser().exists()
    except (RuntimeError, OSError):  # there is no home, or it is closed
        return False


def leave_closed_home() -> None:
    """Let a home that this account may not enter pass for one that is not there; asyncpg would fail over it."""
    try:
        Path("~/.postgresql/postgresql.key").expanduser().exists()
    except PermissionError:
        home, os.environ["HOME"] = os.environ.get("HOME"), _NO_HOME
        _logger.warning(
            "the home of this account cannot be read; PostgreSQL's files are not sought there", home=home
        )
    except RuntimeError:  # there is none
        return
