"""The run: asks all queries, and again when the interval is over or the database says that something changed."""

from collections.abc import Iterable

from livingmap.plugin import Client, Emit, Json, Put, SourceError
from livingmap_postgres.connection import Database, connected
from livingmap_postgres.rows import Row
from livingmap_postgres.sections import QuerySection


async def run_queries(client: Client, emit: Emit) -> None:
    """Emit what the queries give, once; with ``listen`` whenever there is a notification."""
    settings = client.settings
    dsn, where = settings.connection(), settings.address
    async with connected(dsn, where, settings.timeout_seconds, settings.most_rows) as database:
        await database.listen(settings.listen)
        while True:
            await _emit_all(client, emit, database)
            if not settings.listen:
                return
            await database.notified(settings.interval_seconds)


async def _emit_all(client: Client, emit: Emit, database: Database) -> None:
    """Emit each collection of which all queries are answered. Raises the first failure of the others."""
    failures: list[SourceError] = []
    found: list[tuple[tuple[str, str], list[Put]]] = []
    async with database.reading():
        for place, queries in client.settings.by_place().items():
            try:
                found.append((place, [put for query in queries for put in await _puts(client, database, *query)]))
            except SourceError as error:
                failures.append(error)
    for (layer, collection), puts in found:
        await emit.replace(layer, puts, collection)
    if failures:
        raise failures[0]


async def _puts(client: Client, database: Database, name: str, section: QuerySection) -> list[Put]:
    rows = client.read(Row, await database.rows(name, section.sql), f"queries.{name}")
    return list(_items(section, rows))


def _items(section: QuerySection, rows: Iterable[Row]) -> Iterable[Put]:
    for row in rows:
        fields: dict[str, Json] = row.fields(section)
        yield Put(section.layer, row.item_id(section), fields, collection=section.collection)
