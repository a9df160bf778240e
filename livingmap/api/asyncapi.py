"""``/asyncapi.json``: the messages of the stream as an AsyncAPI 3.0 document, beside ``/openapi.json``."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from livingmap import __version__
from livingmap.api.messages import RECEIVED, SENT, SnapshotMessage

_QUERY: Final = {
    "feed": {"type": "string", "enum": ["map", "problems"], "description": "What is sent; by default the map"},
    "lang": {"type": "string", "description": "Language of the problems, before Accept-Language"},
    "layers": {"type": "string", "description": "Only these layers, separated by commas"},
    "cursor": {"type": "string", "description": "Resume after this cursor, without a snapshot"},
    "batch": {
        "type": "string",
        "enum": ["true", "false"],
        "description": "Whether messages that go out together come as an array in one frame; by default false",
    },
    "from": {"type": "string", "description": "Play the past from this moment: RFC 3339, a cursor, or like -15m"},
    "to": {
        "type": "string",
        "description": "End the play at this moment; without it the play goes on to the present",
    },
    "speed": {"type": "string", "description": "How many times faster than it was: 1 to 1000, or max"},
}


@cache
def document(snapshot_field: str = "payload") -> dict[str, Any]:
    """Return the document of a map that sends snapshots as ``snapshot_field``."""
    models = [(model, "serialization") for model in (*SENT, *RECEIVED)]
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    _rename(schemas["$defs"][SnapshotMessage.__name__], "payload", snapshot_field)
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Living Map: the stream", "version": __version__},
        "defaultContentType": "application/json",
        "channels": {
            "stream": {
                "address": "/living-map/stream",
                "description": "A WebSocket with one message per frame, or with batch=true an array of them.",
                "messages": _references("components", (*SENT, *RECEIVED)),
                "bindings": {"ws": {"query": {"type": "object", "properties": _QUERY}}},
            },
            "events": {
                "address": "/living-map/events",
                "description": "Server-sent events: each message as data, its cursor as id.",
                "messages": _references("components", SENT),
            },
        },
        "operations": {
            "send": _operation("send", "stream", SENT),
            "receive": _operation("receive", "stream", RECEIVED),
            "sendEvents": _operation("send", "events", SENT),
        },
        "components": {
            "messages": {model.__name__: _message(model) for model in (*SENT, *RECEIVED)},
            "schemas": schemas["$defs"],
        },
    }


def _rename(schema: dict[str, Any], before: str, after: str) -> None:
    schema["properties"][after] = schema["properties"].pop(before)
    schema["required"] = [after if name == before else name for name in schema["required"]]


def _message(model: type[BaseModel]) -> dict[str, Any]:
    payload = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"name": model.__name__, "summary": model.__doc__, "payload": payload}


def _references(where: str, models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    return {model.__name__: {"$ref": f"#/{where}/messages/{model.__name__}"} for model in models}


def _operation(action: str, channel: str, models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    messages = list(_references(f"channels/{channel}", models).values())
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "messages": messages}


def routes(snapshot_field: str) -> APIRouter:
    """Return the endpoint. It needs no token, as it reveals nothing of the map."""
    router = APIRouter(tags=["operations"])

    @router.get("/asyncapi.json", summary="Messages of the stream")
    async def asyncapi() -> dict[str, Any]:
        """Return the schema of the stream's messages."""
        return document(snapshot_field)

    return router
