import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest
import yaml
from pydantic import ValidationError

from livingmap.plugin import Unreachable
from livingmap.testing import SourceContract
from livingmap_postgres import plugin
from livingmap_postgres.rows import Row, record_of
from livingmap_postgres.sections import QuerySection

README = Path(plugin.__file__).with_name("README.md").read_text()
SETTINGS = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0])["sources"]["postgres"]
QUERY = {"sql": "SELECT 1 AS id", "layer": "shop", "type": "product"}
DSN = "postgresql://map:hush-hush@db.shop:5433/shop"


class TestContract(SourceContract):
    plugin = plugin
    settings: ClassVar = SETTINGS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        (2**53 + 1, "9007199254740993"),
        (0.5, 0.5),
        (float("nan"), None),
        (Decimal("12.50"), 12.5),
        (Decimal("3.00"), 3),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (Decimal("NaN"), None),
        (datetime(2026, 1, 2, 12, tzinfo=UTC), "2026-01-02T12:00:00Z"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(minutes=2), 120.0),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        ([1, Decimal("2.5"), None], [1, 2.5, None]),
        ({"a": [1]}, {"a": [1]}),
        (b"\x00", None),
        (True, True),
        (None, None),
    ],
)
def test_values_of_the_database_have_a_form_in_json(value, expected):
    assert record_of({"v": value}) == {"v": expected}


def test_columns_are_fields_and_references_ids():
    section = QuerySection.model_validate(
        {**QUERY, "references": {"supplier_id": {"type": "supplier"}, "tag_ids": {"type": "tag"}}}
    )
    row = Row.model_validate({"id": 5, "name": "Kettle", "status": "UP", "supplier_id": 1, "tag_ids": ["a", None]})
    assert row.item_id(section) == "product:5"
    assert row.fields(section) == {
        "name": "Kettle",
        "status": "online",
        "supplier_id": "supplier:1",
        "tag_ids": ["tag:a"],
    }


@pytest.mark.parametrize(
    ("status", "expected"), [("2", "degraded"), (2, "degraded"), (True, "online"), (None, None)]
)
def test_words_of_the_status_may_be_given(status, expected):
    section = QuerySection.model_validate({**QUERY, "status_words": {"2": "degraded", "true": "online"}})
    assert Row.model_validate({"id": "x", "status": status}).fields(section) == {"status": expected}


def test_a_query_describes_a_layer_and_a_type():
    source = TestContract().source
    assert [(one.name, one.collection, one.references) for one in source.layers] == [
        ("shop", "products", ("supplier_id",)),
        ("shop", "suppliers", ()),
    ]
    product, supplier = source.types
    assert (product.home, product.within) == (("shop", "products"), ("supplier_id",))
    assert product.statuses["low"].tone == "warn"
    assert product.relations[0].referrers == {"en": "products", "uk": "товари"}
    assert supplier.place == "district"
    assert source.layers[0].title["uk"] == "Крамниця"


def test_the_address_is_shown_without_user_and_password():
    settings = plugin.PostgresSettings(dsn=DSN, queries={"q": QUERY})
    assert settings.address == "postgresql://db.shop:5433/shop"
    assert "hush" not in f"{settings!r}"


def test_the_address_may_be_in_a_file_that_is_read_each_time(tmp_path):
    file = tmp_path / "dsn"
    file.write_text(f"{DSN}\n")
    settings = plugin.PostgresSettings(dsn_file=file, queries={"q": QUERY})
    assert settings.connection() == DSN
    file.unlink()
    with pytest.raises(Unreachable, match="dsn_file: "):
        settings.connection()


@pytest.mark.parametrize(
    ("settings", "place", "problem"),
    [
        ({"queries": {"q": QUERY}}, (), "give either dsn or dsn_file"),
        ({"dsn": DSN, "queries": {}}, ("queries",), "at least 1 item"),
        ({"dsn": "db.shop", "queries": {"q": QUERY}}, ("dsn",), "write it like postgresql://map@db/shop"),
        ({"dsn": DSN, "queries": {"q": {**QUERY, "sqll": ""}}}, ("queries", "q", "sqll"), "Extra inputs"),
        ({"dsn": DSN, "queries": {"q": QUERY}, "types": {"prodcut": {}}}, (), "nothing lists prodcut"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(settings, place, problem):
    with pytest.raises(ValidationError) as caught:
        plugin.PostgresSettings(**settings)
    [error] = caught.value.errors(include_input=False)
    assert error["loc"] == place
    assert problem in error["msg"]
