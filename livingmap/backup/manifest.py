"""The manifest of a backup: what is in the file, and by which checksums it is verified."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from pydantic import TypeAdapter, ValidationError

from livingmap.backup import BackupError

FORMAT: Final = 1
KEY: Final = "key"
"""The part that is the key which signs cursors."""

TABLES: Final = (
    "living_map_kinds",
    "living_map_dictionaries",
    "living_map_days",
    "living_map_epochs",
    "living_map_gaps",
    "living_map_rolled_up",
    "living_map_minutes",
    "living_map_silences",
    "living_map_troubles",
    "living_map_numbers",
    "living_map_entries_odd",  # before its siblings: which of these there can be depends on what it has
    "living_map_states_odd",
)
"""What a history consists of, beside the partitions of days."""

PARTITIONED: Final = ("living_map_entries", "living_map_states")
SEQUENCES: Final = ("living_map_positions", "living_map_kinds_kind_seq")


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of the file, in the order in which it stands there."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Table:
    """What a table had. Its parts, one after the other, are what COPY gave in the binary format."""

    name: str
    columns: tuple[str, ...]
    rows: int
    parts: tuple[Part, ...]
    day: date | None = None
    """The day of which the table is a partition."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Where a sequence stood."""

    name: str
    last_value: int
    is_called: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup."""

    format: int
    livingmap: str
    """The version that wrote it."""
    made_at: datetime
    postgresql: str
    migrations: dict[str, str]
    """The checksums of the migrations that the tables come from, by name."""
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    entries: int
    newest: datetime | None
    """When the newest entry was received; None in an empty history."""
    epochs: dict[str, int] = field(default_factory=dict)
    """How far each log had come."""
    key: Part | None = None

    def parts(self) -> Iterator[Part]:
        """Yield all parts in the order of the file."""
        if self.key is not None:
            yield self.key
        for table in self.tables:
            yield from table.parts

    def rows_of(self, prefix: str) -> int:
        """Return how many rows the tables have whose names begin with ``prefix``."""
        return sum(table.rows for table in self.tables if table.name.startswith(prefix))


_JSON: Final = TypeAdapter(Manifest)
_FORMAT: Final = TypeAdapter(dict[str, object])


def encoded(manifest: Manifest) -> bytes:
    """Return a manifest as JSON."""
    return _JSON.dump_json(manifest, indent=1)


def decoded(data: bytes) -> Manifest:
    """Return what `encoded` wrote. Raises BackupError, as for the format of another version."""
    try:
        head = _FORMAT.validate_json(data)
        if head.get("format") != FORMAT:
            raise BackupError(
                f"has the format {head.get('format')!r} of livingmap {head.get('livingmap')}, and this version "
                f"reads {FORMAT}; restore it by the version that wrote it"
            )
        return _JSON.validate_json(data)
    except ValidationError as error:
        raise BackupError(f"damaged: its manifest cannot be read: {error.errors()[0]['msg']}") from None
