"""The tables of the history: whether they are up to date, and whether the account may use and migrate them."""

from typing import Final

import asyncpg

from livingmap.doctor.asking import shortened
from livingmap.doctor.finding import Code, Finding
from livingmap.history.migrate import MigrationError, Step, migrate

_URL: Final = "history.url"
_RIGHTS: Final = ("SELECT", "INSERT", "UPDATE", "DELETE")
_MAY_MIGRATE: Final = """
SELECT current_schema() IS NOT NULL AND has_schema_privilege(current_schema(), 'CREATE') AND NOT EXISTS (
  SELECT 1 FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname LIKE 'living\\_map\\_%'
  AND relkind IN ('r', 'p', 'v') AND NOT pg_has_role(relowner, 'USAGE'))"""
_LACKING: Final = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE relnamespace = current_schema()::regnamespace AND relname LIKE 'living\\_map\\_%'
AND relkind IN ('r', 'p', 'v') AND NOT relispartition
AND NOT (SELECT bool_and(has_table_privilege(c.oid, one)) FROM unnest($1::text[]) AS one)
ORDER BY 1"""


async def row_of(connection: asyncpg.Connection, query: str) -> asyncpg.Record:
    """Return the one row of a query."""
    [row] = await connection.fetch(query)
    return row


async def of_schema(connection: asyncpg.Connection) -> list[Finding]:
    """Return what is wrong with the tables. Runs within a transaction."""
    schema, user, may_migrate = await row_of(
        connection, f"SELECT current_schema(), current_user, ({_MAY_MIGRATE})"
    )
    if schema is None:
        what = "there is no schema that the tables could be in: none of search_path exists"
        return [Finding(Code.DATABASE_RIGHTS, _URL, what, "`CREATE SCHEMA public`")]
    lacking = [row[0] for row in await connection.fetch(_LACKING, list(_RIGHTS))]
    if lacking:
        what = f"{user} may not read and write {', '.join(lacking)}"
        fix = f'`GRANT {", ".join(_RIGHTS)} ON {", ".join(lacking)} TO "{user}"`'
        return [Finding(Code.DATABASE_RIGHTS, _URL, what, fix)]
    try:
        pending = await migrate(connection, dry_run=True)
    except MigrationError as error:
        what, _, fix = shortened(str(error).removeprefix("migrations: ")).partition("; ")
        return [
            Finding(Code.MIGRATIONS, _URL, what, fix or "install the version of livingmap that made the tables")
        ]
    return [] if may_migrate or not pending else [_pending(pending, schema, user)]


def _pending(pending: list[Step], schema: str, user: str) -> Finding:
    what = f"{len(pending)} migrations are pending ({pending[0].name} …), and {user} may not apply them"
    fix = (
        "run `livingmap migrate` with the owner's `history.url`, or let the account do it: "
        f'`GRANT CREATE ON SCHEMA "{schema}" TO "{user}"`'
    )
    return Finding(Code.MIGRATIONS_PENDING, _URL, what, fix)
