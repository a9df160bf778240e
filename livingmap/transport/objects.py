"""Objects: values of any size in an object store of the server (ADR-20 of NATS), replaced by compare and set.

nats-py's own `put` has no condition: of two processes the later one wins, however old its value is. What one that
is killed had begun to write stays for ever; and its `get` waits for what was replaced meanwhile.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson
from nats.js import JetStreamContext
from nats.js.api import Header, ObjectInfo, ObjectMetaOptions
from nats.js.errors import APIError, NotFoundError

from livingmap.supervision import within
from livingmap.transport.connection import NatsClient, call

_WRONG_SEQUENCE: Final = (10071, 10164)
"""Codes of the server's errors: another message came before."""
_TRANSFER_SECONDS: Final = 60.0
_CHUNK_SECONDS: Final = 10.0
_CHUNK_BYTES: Final = 128 * 1024
_SPARE_BYTES: Final = 512
_DIGEST: Final = "SHA-256="


class ObjectReplaced(ConnectionError):
    """Another process has replaced the object meanwhile."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What an object store has under a name, without the value itself."""

    revision: int
    """Changes whenever the object is replaced."""
    info: ObjectInfo | None
    """None if nobody can make anything of it."""

    def header(self, name: str) -> str:
        """Return a header of the object, an empty string if it does not have it."""
        values = (self.info.headers or {}).get(name) if self.info is not None else None
        return str(values[0]) if values else ""


async def look(js: JetStreamContext, bucket: str, name: str) -> Kept | None:
    """Return what is kept under ``name``; None if nothing is."""
    try:
        message = await call(js.get_last_msg(f"OBJ_{bucket}", _meta(bucket, name)), f"looking at the {name}")
    except NotFoundError:
        return None
    try:
        info = ObjectInfo.from_response(orjson.loads(message.data or b""))
    except (ValueError, TypeError, AttributeError):
        info = None
    return Kept(message.seq or 0, info)


async def get(js: JetStreamContext, bucket: str, kept: Kept) -> bytes:
    """Return the value. Raises ValueError if it is damaged, TimeoutError if it was replaced meanwhile."""
    if kept.info is None:
        raise ValueError("it is not an object")
    pieces: list[bytes] = []
    reading = _get(js, bucket, kept.info, pieces)
    await within(_TRANSFER_SECONDS, reading, f"NATS: reading the {kept.info.name}", lambda: len(pieces))
    data = b"".join(pieces)
    if kept.info.digest != _digest(data):
        raise ValueError("its digest is another")
    return data


async def _get(js: JetStreamContext, bucket: str, info: ObjectInfo, pieces: list[bytes]) -> None:
    subject = _chunks(bucket, info.nuid)
    reading = await js.subscribe(subject, stream=f"OBJ_{bucket}", ordered_consumer=True)
    try:
        for _ in range(info.chunks or 0):
            pieces.append((await reading.next_msg(timeout=_CHUNK_SECONDS)).data)  # noqa: PERF401 - they are counted
    finally:
        await reading.unsubscribe()


async def put(
    client: NatsClient, bucket: str, name: str, data: bytes, before: Kept | None, headers: dict[str, str]
) -> None:
    """Replace what was there ``before``. Raises ObjectReplaced if another process has done so.

    Pieces that other writers left behind under ``name`` are deleted.
    """
    chunk = min(_CHUNK_BYTES, client.max_payload - _SPARE_BYTES)
    info = ObjectInfo(
        name,
        bucket,
        nuid=f"{name}.{secrets.token_hex(11)}",
        size=len(data),
        mtime=datetime.now(UTC).isoformat(),
        chunks=-(-len(data) // chunk),
        digest=_digest(data),
        headers={key: [value] for key, value in headers.items()},
        options=ObjectMetaOptions(max_chunk_size=chunk),
    )
    pieces = [data[begin : begin + chunk] for begin in range(0, len(data), chunk)]
    written: list[int] = []
    writing = _put(client.jetstream(), info, pieces, before, written)
    await within(_TRANSFER_SECONDS, writing, f"NATS: writing the {name}", lambda: len(written))


async def _put(
    js: JetStreamContext, info: ObjectInfo, pieces: Sequence[bytes], before: Kept | None, seqs: list[int]
) -> None:
    stream, own = f"OBJ_{info.bucket}", _chunks(info.bucket, info.nuid)
    for piece in pieces:
        seqs.append((await js.publish(own, piece)).seq)  # noqa: PERF401 - they are counted
    last = str(before.revision if before else 0)
    headers = {Header.ROLLUP.value: "sub", Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: last}
    try:
        await js.publish(_meta(info.bucket, info.name), orjson.dumps(info.as_dict()), headers=headers)
    except APIError as error:
        await js.purge_stream(stream, subject=own)
        if error.err_code in _WRONG_SEQUENCE:
            raise ObjectReplaced(f"another process has replaced the {info.name}") from None
        raise
    # Writers that began earlier can only fail now, as the revision they expect is gone: their pieces can go, too.
    await js.purge_stream(stream, seq=seqs[0], subject=_chunks(info.bucket, f"{info.name}.>"))


def _digest(data: bytes) -> str:
    return _DIGEST + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode()


def _chunks(bucket: str, nuid: str) -> str:
    return f"$O.{bucket}.C.{nuid}"


def _meta(bucket: str, name: str) -> str:
    return f"$O.{bucket}.M.{base64.urlsafe_b64encode(name.encode()).decode()}"
