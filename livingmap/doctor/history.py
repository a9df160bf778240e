"""The history: where it is kept, and whether there is room."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from livingmap.doctor.database import of_database
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.serving import Maps
from livingmap.history.embedded import EmbeddedMissing, binaries, default_folder
from livingmap.history.settings import HistorySettings

_LEAST_BYTES: Final = 512 * 1024**2
"""What a PostgreSQL may take for its write-ahead log alone (``max_wal_size``), and a little for the data."""


async def of_history(settings: HistorySettings, file: Path | None, maps: Maps) -> Sequence[Finding]:
    """Return what is wrong with the history of the map with the configuration ``file``."""
    match settings.kind:
        case "postgresql":
            return await of_database(settings)
        case "embedded":
            folder = default_folder()
            return [*of_embedded(folder), *of_owner(folder, file, maps)]
        case _:
            return []


def of_embedded(folder: Path) -> list[Finding]:
    """Return what keeps the embedded PostgreSQL from running with its data in ``folder``. It is not started."""
    memory = "`history.url: memory:`"
    try:
        binaries()
    except EmbeddedMissing as error:
        what = f"the history would be kept in memory only: {str(error).removeprefix('history: ')}"
        fix = f"give a database, `history.url: postgresql://user@host/database`, or say so: {memory}"
        return [Finding(Code.EMBEDDED, "history.url", what, fix)]
    place = next(one for one in (folder, *folder.parents) if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        what = f"{folder} cannot be made or written: {place} is {'closed' if place.is_dir() else 'not a folder'}"
        fix = f"set `XDG_DATA_HOME` to a folder of this account, or {memory}"
        return [Finding(Code.EMBEDDED, "history.url", what, fix)]
    return of_room(place, shutil.disk_usage(place).free)


def of_room(place: Path, free_bytes: int) -> list[Finding]:
    """Return that a disk is nearly full."""
    if free_bytes >= _LEAST_BYTES:
        return []
    what = (
        f"the disk of {place} has {free_bytes // 1024**2} MiB left, and the history may take {_LEAST_BYTES >> 20}"
    )
    fix = "make room there, or set `XDG_DATA_HOME` to a folder on another disk"
    return [Finding(Code.DISK, "history.url", what, fix)]


def of_owner(folder: Path, file: Path | None, maps: Maps) -> list[Finding]:
    """Return that a map with another configuration has the embedded PostgreSQL."""
    try:
        pid = int((folder / "owner").read_text().strip())
    except (OSError, ValueError):  # none has it, or it was never started
        return []
    own = str(file.absolute()) if file else None
    if pid not in maps or maps[pid] == own:
        return []
    what = f"{folder} is in use by another map: process {pid}, with {maps[pid] or 'the environment'}"
    fix = "stop that map, or give this one a database of its own by `history.url`"
    return [Finding(Code.EMBEDDED, "history.url", what, fix)]
