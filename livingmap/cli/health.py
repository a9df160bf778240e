"""The command for health checks of containers. Standard library alone: it is run every few seconds."""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import Final

from livingmap.cli import run_folder
from livingmap.core.printable import printable

_TIMEOUT_SECONDS: Final = 2.0
_PATH: Final = "/living-map/health/live"
_DEFAULT: Final = "http://127.0.0.1:{port}"


def health() -> None:
    """Ask the map that runs here, wherever it listens, and say that it responds. Exit status 1 if it does not."""
    addresses = _addresses()
    faults = [printable(fault) for fault in map(_fault, addresses) if fault]
    if not faults:
        sys.stdout.writelines(f"{printable(address)} responds\n" for address in addresses)
    sys.exit("\n".join(faults) or 0)  # a text goes to standard error, and the status is 1 then


def _addresses() -> list[str]:
    """Return where the maps of this account listen, or where one would that could not write it down."""
    port = os.environ.get("LIVINGMAP_SERVER__PORT") or os.environ.get("PORT") or 7017
    try:
        return list(_running()) or [_DEFAULT.format(port=port)]
    except OSError:
        return [_DEFAULT.format(port=port)]


def _running() -> Iterator[str]:
    for content in run_folder.contents():
        try:
            address = json.loads(content).get("address")
        except ValueError:  # a disk was full
            continue
        if address:
            yield address


def _fault(address: str) -> str | None:
    no_proxy = urllib.request.ProxyHandler({})  # none is asked about this machine
    try:
        with urllib.request.build_opener(no_proxy).open(address + _PATH, timeout=_TIMEOUT_SECONDS):
            return None
    except (OSError, HTTPException) as error:  # the latter if something else has the port
        return f"{address}: {str(error).strip()}"
