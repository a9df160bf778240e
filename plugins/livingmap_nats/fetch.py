"""Requests to the monitoring port: the server and its peers, streams, consumers."""

from typing import Final
from urllib.parse import unquote

from livingmap.plugin import (
    Client,
    Fields,
    InvalidAnswer,
    Json,
    Put,
    Unreachable,
    id_of,
    read_one,
    rfc3339,
    without_none,
)
from livingmap_nats.rows import (
    ConnectionsAnswer,
    ConsumerRow,
    Group,
    HealthAnswer,
    JetStreamAnswer,
    ServerRow,
    StreamRow,
)

LAYER: Final = "nats"
_SERVER: Final = "/varz"
_CONNECTIONS: Final = "/connz"
_HEALTH: Final = "/healthz"
_JETSTREAM: Final = "/jsz"


async def fetch_servers(client: Client) -> list[Put]:
    """Return the server that is asked, and the peers that it knows of if it has a JetStream with them."""
    row = await _server(client)
    peers = (await _jetstream(client)).meta_cluster or Group()
    return [_put("servers", id_of("server", row.server_name), await _own(client, row)), *_peers(peers, row)]


async def fetch_streams(client: Client) -> list[Put]:
    """Return the streams that the server keeps, alone or with others."""
    server = (await _server(client)).server_name
    return [_stream(row, server) for row in await _streams(client)]


async def fetch_consumers(client: Client) -> list[Put]:
    """Return the consumers of these streams."""
    server, now = (await _server(client)).server_name, (await _jetstream(client)).now
    seconds = client.settings.stalled_seconds
    return [
        _consumer(row, stream, server, row.status(server, now, seconds))
        for stream in await _streams(client)
        for row in client.read(ConsumerRow, stream.consumer_detail, f"{_JETSTREAM} {stream.key}")
    ]


async def server_details(client: Client, name: str) -> Fields:
    """Return what the server that is asked uses. Of its peers it does not know that."""
    row = await _server(client)
    if unquote(name) != row.server_name:
        return {}
    return without_none(
        {
            "started_at": rfc3339(row.start),
            "cpu": None if row.cpu is None else row.cpu / 100,
            "memory": row.mem,
            "storage": row.jetstream.stats.storage,
            "subscriptions": row.subscriptions,
            "messages_in": row.in_msgs,
            "messages_out": row.out_msgs,
        }
    )


async def _server(client: Client) -> ServerRow:
    return client.read_one(ServerRow, await client.get(_SERVER), _SERVER)


async def _jetstream(client: Client) -> JetStreamAnswer:
    answer = await client.get(_JETSTREAM, accounts="true", streams="true", consumers="true", config="true")
    return client.read_one(JetStreamAnswer, answer, _JETSTREAM)


async def _streams(client: Client) -> list[StreamRow]:
    accounts = (await _jetstream(client)).account_details
    return [
        row.model_copy(update={"account": account.name})
        for account in accounts
        for row in client.read(StreamRow, account.stream_detail, f"{_JETSTREAM} {account.name}")
    ]


async def _own(client: Client, row: ServerRow) -> dict[str, Json]:
    answer = await client.get(_CONNECTIONS, sort="pending", limit="1")
    waiting = client.read_one(ConnectionsAnswer, answer, _CONNECTIONS).connections
    pending = max((one.pending_bytes for one in waiting), default=0)
    error = await _error(client)
    slow = pending >= client.settings.slow_bytes
    return {
        "name": row.server_name,
        "status": "unhealthy" if error else "slow" if slow else "online",
        "error": error,
        "version": row.version,
        "connections": row.connections,
        "slow_consumers": row.slow_consumers,
        "pending_bytes": pending if slow else 0,
    }


async def _error(client: Client) -> str | None:
    """Return what the server says is wrong with it, if anything. It says so with a status of 503."""
    try:
        answer = read_one(HealthAnswer, await client.get(_HEALTH), _HEALTH)
    except (Unreachable, InvalidAnswer) as error:
        return str(error)
    return None if answer.status == "ok" else answer.error or answer.status


def _peers(group: Group, own: ServerRow) -> list[Put]:
    """Return the other servers. How they are, only the leader of the group knows."""
    leads = group.leader == own.server_name
    return [
        _put("servers", f"server:{peer.name}", {"name": peer.name, "status": peer.status if leads else None})
        for peer in group.replicas
        if peer.name != own.server_name
    ]


def _stream(row: StreamRow, server: str) -> Put:
    group = row.cluster or Group()
    fields = {
        "name": row.key,
        "status": row.status(server),
        "description": row.config.description,
        "subjects": row.config.subjects,
        "messages": row.state.messages,
        "bytes": row.state.bytes,
        "last_at": rfc3339(row.state.last_ts),
        "server_id": f"server:{group.leader or server}",
        "replica_ids": [f"server:{peer.name}" for peer in group.replicas if peer.name != group.leader],
    }
    return _put("streams", f"stream:{row.key}", fields)


def _consumer(row: ConsumerRow, stream: StreamRow, server: str, status: str | None) -> Put:
    leads = row.cluster is None or row.cluster.leader in (server, None)
    fields = {
        "name": row.name,
        "status": status,
        "stream_id": f"stream:{stream.key}",
        "delivery": "push" if row.config.deliver_subject else "pull",
    }
    numbers = {
        "pending": row.num_pending,
        "unacknowledged": row.num_ack_pending,
        "redelivered": row.num_redelivered,
        "last_active": rfc3339(row.delivered.last_active),
    }
    return _put("consumers", f"consumer:{stream.key}.{row.name}", {**fields, **(numbers if leads else {})})


def _put(collection: str, entity_id: str, fields: dict[str, Json]) -> Put:
    return Put(LAYER, entity_id, fields, collection=collection)
