"""The source postgres against a real PostgreSQL."""

import asyncio
import contextlib
from urllib.parse import quote

import asyncpg
import pytest

from livingmap.core.freshness import Freshness
from tests.support.maps import living_map, snapshot
from tests.support.nats_server import until
from tests.support.postgres import PostgresServer

TABLES = """
CREATE TABLE products (sku text PRIMARY KEY, title text, stock int, price numeric, supplier_id int, more jsonb);
INSERT INTO products VALUES ('A-17', 'Kettle', 12, 899.50, 1, '{"colour": "blue"}');
INSERT INTO products VALUES ('B-03', 'Teapot', 0, 1250, 1, null);
"""
PRODUCTS = {
    "sql": "SELECT sku AS id, title AS name, stock, price, supplier_id, more FROM products",
    "layer": "shop",
    "collection": "products",
    "type": "product",
    "references": {"supplier_id": {"type": "supplier"}},
}


@pytest.fixture
async def shop():
    """The address of a database with two products, and a connection that may change them."""
    async with PostgresServer() as server:
        connection = await asyncpg.connect(server.url)
        await connection.execute(TABLES)
        yield server.url, connection
        await connection.close()


@contextlib.asynccontextmanager
async def running(tmp_path, dsn, queries, **settings):
    """Run a map of the queries; give it once its source has run."""
    section = {"dsn": dsn, "queries": queries, "timeout_seconds": 20, "interval_seconds": 0.05, **settings}
    async with living_map(tmp_path, {"postgres": section}, polled=False) as living:
        poller = living.pollers["postgres"]
        task = asyncio.create_task(poller.run(), name="postgres")
        await until(lambda: poller.state.error or poller.state.observed_at, 60)
        yield living
        task.cancel()
        await asyncio.wait([task])


async def products(living):
    items = (await snapshot(living))["layers"].get("shop", {}).get("products", [])
    return {item.pop("id"): item for item in items}


async def test_rows_are_items_and_change_with_the_table(tmp_path, shop):
    url, connection = shop
    async with running(tmp_path, url, {"products": PRODUCTS}) as living:
        assert await products(living) == {
            "product:A-17": {
                "name": "Kettle",
                "stock": 12,
                "price": 899.5,
                "supplier_id": "supplier:1",
                "more": {"colour": "blue"},
            },
            "product:B-03": {
                "name": "Teapot",
                "stock": 0,
                "price": 1250,
                "supplier_id": "supplier:1",
                "more": None,
            },
        }
        await connection.execute("DELETE FROM products WHERE sku = 'B-03'; UPDATE products SET stock = 11")

        async def is_told():
            shown = await products(living)
            return shown.keys() == {"product:A-17"} and shown["product:A-17"]["stock"] == 11

        await until(is_told, 60)


async def test_a_notification_has_the_queries_asked_at_once(tmp_path, shop):
    url, connection = shop
    rest = {"listen": ["stock_changed"], "interval_seconds": 3600}
    async with running(tmp_path, url, {"products": PRODUCTS}, **rest) as living:
        await connection.execute("UPDATE products SET stock = 3 WHERE sku = 'A-17'; NOTIFY stock_changed")

        async def is_told():
            return (await products(living))["product:A-17"]["stock"] == 3

        await until(is_told, 60)


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("SELECT skuu AS id FROM products", 'queries.bad: column "skuu" does not exist'),
        (
            "DELETE FROM products RETURNING sku AS id",
            "queries.bad: cannot execute DELETE in a read-only transaction",
        ),
        ("SELECT n AS id FROM generate_series(1, 11) n", "queries.bad: gives more than most_rows = 10"),
        ("SELECT title FROM products", "queries.bad[1].id: Field required"),
    ],
)
async def test_a_query_that_fails_costs_its_own_collection(tmp_path, shop, sql, problem):
    url, connection = shop
    bad = {"sql": sql, "layer": "shop", "collection": "bad", "type": "bad"}
    async with running(tmp_path, url, {"bad": bad, "products": PRODUCTS}, most_rows=10) as living:
        state = living.pollers["postgres"].state
        await until(lambda: state.error, 60)
        assert problem in state.error
        assert (await products(living)).keys() == {"product:A-17", "product:B-03"}
        assert await connection.fetchval("SELECT count(*) FROM products") == 2


async def test_a_query_that_takes_too_long_is_ended(tmp_path, shop):
    url, _ = shop
    slow = {**PRODUCTS, "sql": "SELECT 1 AS id, pg_sleep(60)"}
    async with running(tmp_path, url, {"slow": slow}, timeout_seconds=0.5) as living:
        assert (
            "queries.slow: canceling statement due to statement timeout" in living.pollers["postgres"].state.error
        )


@pytest.mark.parametrize(
    "dsn",
    ["postgresql://map:hush-hush@127.0.0.1:1/shop", f"postgresql://map:{quote('hu', safe='')}/hush@db:x/shop"],
)
async def test_a_database_that_cannot_be_reached_is_down_and_its_password_is_not_shown(tmp_path, dsn):
    async with running(tmp_path, dsn, {"products": PRODUCTS}) as living:
        state = living.pollers["postgres"].state
        assert state.status is Freshness.DOWN
        assert "hush" not in state.error
