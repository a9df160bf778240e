"""Migrations: once each, in order, never edited."""

import asyncio
import shutil

import asyncpg
import pytest

from livingmap.history import HistoryError, HistoryUnavailable, Query
from livingmap.history.migrate import MigrationError, migrate, migrations_folder
from livingmap.history.postgres import PostgresHistory

SCHEMA = """
SELECT
  table_name || '.' || column_name AS name,
  data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2"""

FILES = [
    "010_create_living_map_tables.sql",
    "011_add_position.sql",
    "012_create_living_map_gaps.sql",
    "013_add_changes.sql",
    "014_add_place.sql",
    "015_add_gap_events.sql",
    "016_create_living_map_states.sql",
    "017_partition_history.sql",
    "020_create_living_map_roll_ups.sql",
    "021_partition_states.sql",
]


@pytest.fixture
async def connection(database):
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(migrations_folder(), tmp_path / "migrations")


async def names(connection):
    return [row["name"] for row in await connection.fetch("SELECT name FROM living_map_migrations ORDER BY name")]


async def test_every_file_is_applied_once(connection, database):
    assert [step.name for step in await migrate(database)] == FILES
    assert await names(connection) == FILES
    assert await migrate(connection) == []


async def test_the_columns_of_the_specification_are_there(connection):
    await migrate(connection)
    columns = dict(list(map(tuple, await connection.fetch(SCHEMA))))
    view = "living_map_history"
    assert columns[f"{view}.id"] == "uuid YES gen_random_uuid()"  # no column of a view is known to be never null
    assert columns[f"{view}.timestamp"] == "timestamp with time zone YES now()"
    assert columns[f"{view}.event_type"] == "text YES -"
    assert columns[f"{view}.payload"] == "jsonb YES -"


async def test_step_by_step_gives_the_same_schema_as_all_at_once(folder, connection):
    for number in range(1, len(FILES) + 1):
        for name in FILES[number:]:
            (folder / name).unlink(missing_ok=True)
        for name in FILES[:number]:
            shutil.copy(migrations_folder() / name, folder)
        assert len(await migrate(connection, folder)) == 1
    stepwise = await connection.fetch(SCHEMA)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate(connection)
    assert await connection.fetch(SCHEMA) == stepwise


async def test_a_dry_run_changes_nothing(connection):
    assert [step.name for step in await migrate(connection, dry_run=True)] == FILES
    assert await connection.fetch(SCHEMA) == []
    await migrate(connection)
    assert await migrate(connection, dry_run=True) == []


async def test_a_database_with_010_applied_by_hand_is_taken_over_with_its_rows(connection, database):
    await connection.execute((migrations_folder() / FILES[0]).read_text())
    insert = "INSERT INTO living_map_history (event_type, payload) VALUES ($1, $2)"
    await connection.execute(insert, "by.hand", '{"n": 1}')
    await migrate(connection)
    await connection.execute(insert, "by.hand", '{"n": 2}')
    history = PostgresHistory(database)
    await history.open()
    entries = (await history.read(Query())).entries
    await history.close()
    assert [one.payload for one in entries] == [{"n": 2}, {"n": 1}]
    assert len({one.id for one in entries}) == 2


@pytest.mark.parametrize("dry_run", [False, True])
async def test_an_edited_file_is_refused(connection, folder, dry_run):
    await migrate(connection, folder)
    (folder / FILES[1]).write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"011_add_position\.sql was edited"):
        await migrate(connection, folder, dry_run=dry_run)


async def test_line_ends_are_no_edit(connection, folder):
    await migrate(connection, folder)
    for name in FILES:
        (folder / name).write_bytes((folder / name).read_bytes().replace(b"\n", b"\r\n"))
    assert await migrate(connection, folder) == []


async def test_a_vanished_file_is_refused(connection, folder):
    await migrate(connection, folder)
    (folder / FILES[2]).unlink()
    with pytest.raises(
        MigrationError, match=r"012_create_living_map_gaps\.sql was applied .* not among the files"
    ):
        await migrate(connection, folder)


async def test_a_file_that_comes_too_late_is_refused(connection, folder):
    await migrate(connection, folder)
    (folder / "009_early.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match=r"009_early\.sql, which comes before it"):
        await migrate(connection, folder)


async def test_a_file_that_fails_leaves_nothing_behind(connection, folder):
    (folder / "099_wrong.sql").write_text("CREATE TABLE half (id int); CREATE TABLE nonsense (")
    with pytest.raises(MigrationError, match=r"099_wrong\.sql: syntax error"):
        await migrate(connection, folder)
    assert await names(connection) == FILES
    assert await connection.fetchval("SELECT to_regclass('half')") is None
    (folder / "099_wrong.sql").write_text("CREATE TABLE half (id int)")
    assert [step.name for step in await migrate(connection, folder)] == ["099_wrong.sql"]


async def test_many_migrators_at_once_apply_each_file_once(connection, database):
    applied = await asyncio.gather(*(migrate(database) for _ in range(5)))
    assert sum(map(len, applied)) == len(FILES)
    assert await names(connection) == FILES


async def test_an_opened_history_is_migrated_and_opens_again(connection, database, folder):
    history = PostgresHistory(database)
    await asyncio.gather(history.open(), history.open())
    await history.close()
    await history.close()
    assert await names(connection) == FILES
    (folder / FILES[0]).write_text("SELECT 1")
    edited = PostgresHistory(database, migrations=folder)
    with pytest.raises(MigrationError):
        await edited.open()
    await edited.close()


async def test_an_account_that_may_not_create_tables_is_refused_until_they_are_there(connection, database):
    user = f"reader_{connection.get_server_pid()}"
    await connection.execute(f"CREATE ROLE {user} LOGIN")
    await connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # which had it before PostgreSQL 15
    other = database.replace("postgres@", f"{user}@")
    history = PostgresHistory(other)
    with pytest.raises(MigrationError, match=r"permission denied .* GRANT CREATE ON SCHEMA public"):
        await history.open()
    await migrate(connection)
    await connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user}")
    await history.open()
    assert (await history.read(Query())).entries == ()
    await history.close()
    await connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}")


async def test_a_database_that_lacks_most_characters_is_refused(connection, server):
    await connection.execute("DROP DATABASE IF EXISTS latin")
    await connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    latin = PostgresHistory(server.replace("/postgres?", "/latin?"))
    with pytest.raises(HistoryError, match=r"the encoding LATIN1, .* CREATE DATABASE livingmap ENCODING 'UTF8'"):
        await latin.open()
    await latin.close()
    await connection.execute("DROP DATABASE latin WITH (FORCE)")


async def test_a_database_that_may_only_be_read_is_waited_for(connection, database):
    await connection.execute("ALTER ROLE postgres SET default_transaction_read_only = on")
    history = PostgresHistory(database)
    with pytest.raises(HistoryUnavailable, match="ReadOnlySQLTransactionError"):
        await history.open()
    await connection.execute("ALTER ROLE postgres SET default_transaction_read_only = off")
    await history.open()
    await connection.execute("ALTER ROLE postgres RESET default_transaction_read_only")
    await history.close()
