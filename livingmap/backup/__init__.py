"""Backups: the history of a map in one file, written while the map runs, and a database made of such a file."""

from livingmap.errors import LivingMapError


class BackupError(LivingMapError):
    """A backup cannot be written, read or restored. The message says why, and what would work."""
