"""Backup files: a tar archive, compressed with zstd, of parts that fit into memory; the manifest is the last one.

A file has its name only when it is complete and on disk. Until then it is ``NAME.partial``, which its writer
locks: what a killed process left is overwritten by the next.
"""

import contextlib
import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, Self

import zstandard

from livingmap.backup import BackupError
from livingmap.backup.manifest import KEY, Manifest, Part, decoded, encoded

PART_BYTES: Final = 16 * 1024 * 1024
_MOST_BYTES: Final = 64 * 1024 * 1024
"""No part is larger; a header that says so is damaged."""
_MANIFEST: Final = "manifest.json"
_LEVEL: Final = 3
_DAMAGED: Final = (tarfile.TarError, zstandard.ZstdError, EOFError, ValueError)


class BackupWriter:
    """Writes the parts of a backup one after the other."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, data: bytes) -> Part:
        """Write a part."""
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(data), 0o600
        self._archive.addfile(info, io.BytesIO(data))
        return Part(name, len(data), hashlib.sha256(data).hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which makes the backup complete."""
        self.add(_MANIFEST, encoded(manifest))


@contextlib.contextmanager
def writing(path: Path) -> Iterator[BackupWriter]:
    """Yield a writer for a new file, which appears under its name at the end, or not at all.

    Raises BackupError and OSError.
    """
    _refuse_existing(path)
    partial = path.with_name(f"{path.name}.partial")
    with _locked(partial) as raw:
        try:
            raw.truncate(0)
            compressor = zstandard.ZstdCompressor(_LEVEL, write_checksum=True)
            with (
                compressor.stream_writer(raw, closefd=False) as stream,
                tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
            ):
                yield BackupWriter(archive)
            raw.flush()
            os.fsync(raw.fileno())
            _refuse_existing(path)
            partial.rename(path)
            _settle(path.parent)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise BackupError(f"{path}: is there already and is not overwritten; choose another name")


@contextlib.contextmanager
def _locked(partial: Path) -> Iterator[IO[bytes]]:
    """Open a file that only this account may read, and keep other writers from it."""
    import fcntl  # noqa: PLC0415 - POSIX only

    while True:
        file = os.fdopen(os.open(partial, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise BackupError(f"{partial}: another backup is being written there") from None
        with contextlib.suppress(FileNotFoundError):
            if partial.stat().st_ino == os.fstat(file.fileno()).st_ino:  # else another writer has just renamed it
                break
        file.close()
    with file:
        yield file


def _settle(folder: Path) -> None:
    """Have the name of a file outlive a power failure."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Backup:
    """A file whose checksums were verified. What is read of it later is the same file, even if it was renamed."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        self._path = path
        self._raw = raw
        self.manifest = self._verified()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of each part in its order, but not the manifest."""
        return (one for one in self._members() if one[0] != _MANIFEST)

    def key(self) -> bytes | None:
        """Return the key that signs cursors, if it is in the file."""
        return next((data for name, data in self.parts() if name == KEY), None) if self.manifest.key else None

    def _verified(self) -> Manifest:
        parts, manifest = list[Part](), None
        for name, data in self._members():
            if name == _MANIFEST:
                manifest = self._decoded(data)
            else:
                parts.append(Part(name, len(data), hashlib.sha256(data).hexdigest()))
        if manifest is None:
            raise BackupError(f"{self._path}: damaged: it has no manifest, so that something was cut off")
        for expected, present in zip(manifest.parts(), parts, strict=False):
            if expected != present:
                raise BackupError(f"{self._path}: damaged: {present.name} is not what was written")
        if len(parts) != sum(1 for _ in manifest.parts()):
            raise BackupError(f"{self._path}: damaged: it does not have the parts that its manifest lists")
        return manifest

    def _decoded(self, data: bytes) -> Manifest:
        try:
            return decoded(data)
        except BackupError as error:
            raise BackupError(f"{self._path}: {error}") from None

    def _members(self) -> Iterator[tuple[str, bytes]]:
        self._raw.seek(0)
        try:
            stream = zstandard.ZstdDecompressor().stream_reader(self._raw, closefd=False)
            with tarfile.open(fileobj=stream, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member) if member.isreg() else None
                    if content is None or member.size > _MOST_BYTES:
                        raise BackupError(f"{self._path}: damaged: {member.name!r} is not a part of a backup")
                    yield member.name, content.read()
            while stream.read(PART_BYTES):  # so that the checksum of the frame is verified, too
                pass
        except _DAMAGED as error:
            raise BackupError(f"{self._path}: damaged, or not a backup: {error}") from None


def opened(path: Path) -> Backup:
    """Open a backup and verify all of it. Raises BackupError and OSError."""
    raw = path.open("rb")
    try:
        return Backup(path, raw)
    except BaseException:
        raw.close()
        raise
