"""Faults of the history's database: each is found, and what the doctor proposes mends it."""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from livingmap.doctor.database import explained
from livingmap.doctor.history import of_embedded, of_owner, of_room
from livingmap.history.migrate import migrate
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings
from livingmap.log.local import utc_now
from tests.doctor.conftest import kinds, proposed
from tests.history.making import entry
from tests.support.pgbouncer import pgbouncer
from tests.support.ports import free_port

URL = "history.url"


@pytest.fixture
async def owner(database):
    """A connection of the owner to an empty database."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def account(owner, database):
    """The URL for an account that owns nothing."""
    await owner.execute("CREATE ROLE reader LOGIN")
    yield database.replace("postgres@", "reader@")
    await owner.execute("DROP OWNED BY reader")
    await owner.execute("DROP ROLE reader")


def statement(fault, start):
    """Return the SQL that a fix proposes."""
    [one] = [text for text in proposed(fault) if text.startswith(start)]
    return one


async def test_a_database_that_is_new_or_up_to_date_is_well(patient, database):
    patient.set(URL, database)
    assert (await patient.report()).findings == ()
    await migrate(database)
    assert (await patient.report()).findings == ()


async def test_the_doctor_writes_nothing(patient, database, owner):
    patient.set(URL, database)
    await patient.faults()
    assert await owner.fetch("SELECT 1 FROM pg_class WHERE relname LIKE 'living%'") == []


async def test_a_server_that_does_not_run(patient, database):
    patient.set(URL, f"postgresql://map:not-shown@127.0.0.1:{free_port()}/livingmap")
    fault = await patient.fault()
    assert kinds([fault]) == [("refused", URL)]
    assert "not-shown" not in fault.what + fault.fix
    patient.set(URL, database)
    assert await patient.faults() == []


async def test_a_database_that_is_not_there(patient, database, owner):
    patient.set(URL, database.replace(urlsplit(database).path, "/doctors_own"))
    fault = await patient.fault()
    assert kinds([fault]) == [("database_missing", URL)]
    await owner.execute(statement(fault, "CREATE DATABASE"))
    try:
        assert await patient.faults() == []
    finally:
        await owner.execute("DROP DATABASE doctors_own")


async def test_an_encoding_that_lacks_most_characters(patient, database, owner):
    await owner.execute("CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
    try:
        patient.set(URL, database.replace(urlsplit(database).path, "/latin"))
        fault = await patient.fault()
        assert kinds([fault]) == [("encoding", URL)]
        assert "ENCODING 'UTF8'" in fault.fix
        patient.set(URL, database)
        assert await patient.faults() == []
    finally:
        await owner.execute("DROP DATABASE latin")


async def test_an_account_that_the_server_does_not_know(patient, database):
    patient.set(URL, database.replace("postgres@", "nobody_at_all@"))
    fault = await patient.fault()
    assert kinds([fault]) == [("sign_in", URL)]
    assert proposed(fault)[0] == URL
    patient.set(URL, database)
    assert await patient.faults() == []


async def test_a_file_with_the_password_that_is_not_there(patient, database):
    patient.set("history", {"url": database, "password_file": "password"})
    fault = await patient.fault()
    assert kinds([fault]) == [("secret_file", "history.password_file")]
    (patient.folder / "password").write_text("any")
    assert await patient.faults() == []


@pytest.mark.parametrize("whose", ["DATABASE {database}", "ROLE postgres"])
async def test_a_database_in_which_nothing_can_be_written(patient, database, owner, whose):
    name = urlsplit(database).path.strip("/")
    where = whose.format(database=name) if "DATABASE" in whose else f"{whose} IN DATABASE {name}"
    await owner.execute(f"ALTER {where} SET default_transaction_read_only = on")
    patient.set(URL, database)
    fault = await patient.fault()
    assert kinds([fault]) == [("read_only", URL)]
    await owner.execute("SET default_transaction_read_only = off")
    await owner.execute(statement(fault, "ALTER"))
    assert await patient.faults() == []


async def test_tables_that_the_account_may_not_use(patient, database, owner, account):
    await migrate(database)
    patient.set(URL, account)
    fault = await patient.fault()
    assert kinds([fault]) == [("database_rights", URL)]
    await owner.execute(statement(fault, "GRANT"))
    assert await patient.faults() == []


async def test_migrations_that_the_account_may_not_apply(patient, owner, account):
    patient.set(URL, account)
    fault = await patient.fault()
    assert kinds([fault]) == [("migrations_pending", URL)]
    assert proposed(fault)[0] == "livingmap migrate"
    await owner.execute(statement(fault, "GRANT CREATE"))
    assert await patient.faults() == []


async def test_tables_of_a_newer_version(patient, database, owner):
    await migrate(database)
    await owner.execute("INSERT INTO living_map_migrations (name, checksum) VALUES ('999_later.sql', 'x')")
    patient.set(URL, database)
    fault = await patient.fault()
    assert kinds([fault]) == [("migrations", URL)]
    assert fault.fix == "restore it, or run the version of livingmap that brought it"
    await owner.execute("DELETE FROM living_map_migrations WHERE name = '999_later.sql'")
    assert await patient.faults() == []


async def test_an_account_that_may_have_few_connections(patient, owner, account):
    await owner.execute("ALTER ROLE reader CONNECTION LIMIT 2")
    await owner.execute("GRANT CREATE ON SCHEMA public TO reader")
    patient.set(URL, account)
    fault = await patient.fault()
    assert kinds([fault]) == [("few_connections", URL)]
    await owner.execute(statement(fault, "ALTER ROLE"))
    assert await patient.faults() == []


async def test_a_pooler_that_refuses_transactions(patient, server, database):
    sockets = Path(parse_qs(urlsplit(server).query)["host"][0])

    def by(port):
        return f"postgresql://postgres@127.0.0.1:{port}{urlsplit(database).path}"

    async with pgbouncer(sockets, "statement") as port:
        patient.set(URL, by(port))
        fault = await patient.fault()
        assert kinds([fault]) == [("pool_mode", URL)]
    mode = proposed(fault)[0].partition(" = ")[2]
    async with pgbouncer(sockets, mode) as port:
        patient.set(URL, by(port))
        assert (await patient.report()).findings == ()


async def test_a_server_that_does_not_encrypt(patient, server, database, authority):
    sockets = Path(parse_qs(urlsplit(server).query)["host"][0])
    async with pgbouncer(sockets, "transaction") as port:
        url = f"postgresql://postgres@localhost:{port}{urlsplit(database).path}"
        patient.set("history", {"url": url, "ca_file": str(authority.ca_file)})
        fault = await patient.fault()
        assert kinds([fault]) == [("tls_not_spoken", URL)]
        assert "history.ca_file" in proposed(fault)
        patient.set("history.ca_file", None)
        assert await patient.faults() == []


def test_what_a_driver_says_of_an_address_is_not_shown():
    settings = HistorySettings(url="postgresql://map:not-shown@host/livingmap")
    fault = explained(settings, ValueError("invalid DSN: postgresql://map:not-shown@host"))
    assert kinds([fault]) == [("database_url", URL)]
    assert "not-shown" not in fault.what + fault.fix


def test_a_folder_that_cannot_be_made(tmp_path):
    file = tmp_path / "file"
    file.touch()
    [fault] = of_embedded(file / "livingmap" / "postgres")
    assert kinds([fault]) == [("embedded", URL)]
    assert proposed(fault)[0] == "XDG_DATA_HOME"
    assert of_embedded(tmp_path / "livingmap" / "postgres") == []


def test_a_folder_that_another_map_has(tmp_path):
    (tmp_path / "owner").write_text("123")
    [fault] = of_owner(tmp_path, Path("/own.yaml"), {123: "/other.yaml"})
    assert kinds([fault]) == [("embedded", URL)]
    assert "process 123, with /other.yaml" in fault.what
    assert of_owner(tmp_path, Path("/own.yaml"), {123: "/own.yaml"}) == []
    assert of_owner(tmp_path, Path("/own.yaml"), {}) == []


async def test_a_disk_that_is_full_before_everything_is_kept(patient, database):
    history = PostgresHistory(database)
    await history.open()
    yesterday = utc_now() - timedelta(days=1)
    await history.write([entry(seq, received_at=yesterday) for seq in range(1000)])
    held = await history.holdings(utc_now())
    await history.close()
    patient.set(URL, database)
    patient.set("history.disk_bytes", held.bytes + round(3.5 * held.yesterday_bytes))
    fault = await patient.fault()
    assert kinds([fault]) == [("disk", "history.disk_bytes")]
    assert re.search(r"full in 3\.[3-6] days", fault.what)  # PostgreSQL may tidy up meanwhile
    patient.follow(fault, "history.retention_days")
    assert await patient.faults() == []


def test_a_disk_that_is_nearly_full(tmp_path):
    [fault] = of_room(tmp_path, 100 * 1024**2)
    assert kinds([fault]) == [("disk", URL)]
    assert of_room(tmp_path, 10 * 1024**3) == []
