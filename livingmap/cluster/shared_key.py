"""The key that all processes on one log share: the secret by which they sign cursors, kept in their bucket."""

import secrets
from typing import Final

from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from livingmap.cluster.replicas import BUCKET, CHECKPOINTS, naming, replicate
from livingmap.transport.connection import NatsClient, call
from livingmap.transport.settings import NatsSettings

_NAME: Final = "key"


async def open_bucket(js: JetStreamContext, settings: NatsSettings) -> KeyValue:
    """Return the bucket of the log; make it if it is not there."""
    with naming(f"{BUCKET}{settings.stream}"):
        try:
            bucket = await call(js.key_value(settings.stream), "opening the bucket")
        except NotFoundError:
            bucket = await call(js.create_key_value(bucket=settings.stream), "making the bucket")
    for kind in (BUCKET, CHECKPOINTS):
        await replicate(js, settings.stream, kind)
    return bucket


async def shared_key(bucket: KeyValue, made: bytes | None = None) -> bytes:
    """Return the key that the processes share; the first of them makes it: a random one, if not ``made``."""
    try:
        return (await call(bucket.get(_NAME), "reading the key")).value or b""
    except KeyNotFoundError:
        key = made or secrets.token_bytes(32)
    try:
        await call(bucket.create(_NAME, key), "making the key")
    except KeyWrongLastSequenceError:
        return (await call(bucket.get(_NAME), "reading the key")).value or b""
    return key


async def present_key(client: NatsClient, settings: NatsSettings) -> bytes | None:
    """Return the key; None if no process has made one yet."""
    try:
        bucket = await call(client.jetstream().key_value(settings.stream), "opening the bucket")
        return (await call(bucket.get(_NAME), "reading the key")).value
    except NotFoundError:  # of the bucket, or of the key in it
        return None
