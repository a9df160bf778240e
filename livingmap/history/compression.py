"""Compression: the changes of entries resemble each other, so a dictionary trained with some of them halves them.

The database keeps the dictionaries; a frame names the one that it needs. The first is trained when enough
changes have been written, the next when that is a month old. Until then frames need none.
"""

import asyncio
from typing import Any, Final

import structlog
import zstandard

_LEVEL: Final = 3
_SAMPLES: Final = 4000
_LARGEST_SAMPLE: Final = 16 * 1024
_DICTIONARY_BYTES: Final = 16 * 1024
_MOST_BYTES: Final = 16 * 1024 * 1024
"""No changes are larger when they are unpacked: a row that claims to be is damaged."""

_ALL: Final = """
SELECT dictionary, content, made_at < now() - interval '30 days' AS is_old
FROM living_map_dictionaries ORDER BY dictionary"""

_ADD: Final = "INSERT INTO living_map_dictionaries (dictionary, content) VALUES ($1, $2) ON CONFLICT DO NOTHING"

_logger = structlog.get_logger(__name__)


class MissingDictionaryError(Exception):
    """A dictionary has to be read first."""


class Compression:
    """Packs and unpacks changes by the dictionaries of a database, as far as they were read from it."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(_LEVEL)
        self._decompressors = {0: zstandard.ZstdDecompressor()}
        self._newest = 0
        self._is_read = False
        self._lost: set[int] = set()
        """Dictionaries that were looked for."""
        self._samples: list[bytes | bytearray | memoryview] | None = None
        """What the next dictionary is trained with; None while none is due."""

    @property
    def is_read(self) -> bool:
        """Whether the dictionaries were read."""
        return self._is_read

    def packed(self, raw: bytes | None) -> bytes | None:
        """Return ``raw`` as it is kept."""
        if raw is None:
            return None
        if self._samples is not None and len(raw) <= _LARGEST_SAMPLE:
            self._samples.append(raw)
        frame = self._compressor.compress(raw)
        return frame if len(frame) < len(raw) or raw.startswith(zstandard.FRAME_HEADER) else raw

    def unpacked(self, stored: bytes | None) -> bytes | None:
        """Return what `packed` was given; None if it is damaged.

        Raises MissingDictionaryError if `read` may help.
        """
        if stored is None or not stored.startswith(zstandard.FRAME_HEADER):
            return stored
        try:
            number = zstandard.get_frame_parameters(stored).dict_id
            if number not in self._decompressors and number not in self._lost:
                self._lost.add(number)
                raise MissingDictionaryError
            return self._decompressors[number].decompress(stored, max_output_size=_MOST_BYTES)
        except (KeyError, zstandard.ZstdError) as error:
            _logger.warning("changes of an entry could not be unpacked", error=repr(error))
            return None

    async def read(self, connection: Any) -> None:
        """Read the dictionaries."""
        is_due, self._is_read = True, True
        for number, content, is_old in await connection.fetch(_ALL):
            is_due = is_old
            if number not in self._decompressors:
                self._add(number, zstandard.ZstdCompressionDict(content))
        self._samples = (self._samples or []) if is_due else None

    @property
    def is_due(self) -> bool:
        """Whether a dictionary can be trained, and should be."""
        return self._samples is not None and len(self._samples) >= _SAMPLES

    async def trained(self) -> tuple[int, bytes] | None:
        """Return the number and content of a new dictionary; None if nothing can be learnt from the samples."""
        samples, self._samples = self._samples or [], None
        try:
            dictionary = await asyncio.to_thread(
                zstandard.train_dictionary, _DICTIONARY_BYTES, samples, dict_id=self._newest + 1
            )
        except zstandard.ZstdError:  # they are all alike, or all empty
            return None
        return self._newest + 1, dictionary.as_bytes()

    def _add(self, number: int, dictionary: zstandard.ZstdCompressionDict) -> None:
        self._decompressors[number] = zstandard.ZstdDecompressor(dict_data=dictionary)
        dictionary.precompute_compress(level=_LEVEL)
        self._compressor, self._newest = zstandard.ZstdCompressor(_LEVEL, dict_data=dictionary), number


async def keep(connection: Any, number: int, content: bytes) -> None:
    """Keep a dictionary, unless another process has kept one of that number; it counts when it is read."""
    await connection.execute(_ADD, number, content)
