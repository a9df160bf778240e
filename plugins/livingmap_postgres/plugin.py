"""PostgreSQL: the rows of queries become items, by the names of their columns."""

from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from livingmap.plugin import (
    LayerSettings,
    PlainName,
    SectionSettings,
    Source,
    TypeSettings,
    Unreachable,
    hookimpl,
)
from livingmap_postgres.description import as_configured
from livingmap_postgres.run import run_queries
from livingmap_postgres.sections import QuerySection


class PostgresSettings(SectionSettings):
    """Section ``sources.postgres``."""

    dsn: SecretStr | None = None
    """Address of the database, with user and password: postgresql://map@db/shop. Better given by environment or
    dsn_file than in the YAML."""
    dsn_file: Path | None = None
    """File with the address, sought beside the YAML; read for every connection."""
    service: str = ""
    """What the database is called; by default like the section."""
    queries: Annotated[dict[PlainName, QuerySection], Field(min_length=1)]
    """By name, the queries whose rows are items."""
    most_rows: Annotated[int, Field(ge=1, le=100_000)] = 1000
    """From how many rows on the answer to a query is refused."""
    listen: tuple[str, ...] = ()
    """Channels of NOTIFY on which the database says that something changed; it is then asked at once."""
    types: Annotated[dict[PlainName, TypeSettings], Field(default={})]
    """By type, what its things are called, how they are judged, and where they stand."""
    layers: Annotated[dict[PlainName, LayerSettings], Field(default={})]
    """By layer, what it is called."""

    @field_validator("dsn")
    @classmethod
    def _is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("postgres://", "postgresql://")):
            raise ValueError("is not an address; write it like postgresql://map@db/shop")
        return value

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.dsn is None) == (self.dsn_file is None):
            raise ValueError("give either dsn or dsn_file, the address of the database")
        types = {one.type for one in self.queries.values() if not one.decorates}
        layers = {one.layer for one in self.queries.values()}
        for what, given, listed in (("types", self.types, types), ("layers", self.layers, layers)):
            if unknown := sorted(given.keys() - listed):
                raise ValueError(
                    f"{what}: nothing lists {', '.join(unknown)} (there are: {', '.join(sorted(listed))})"
                )
        return self

    @property
    def address(self) -> str:
        """Where the database is, without user and password."""
        if self.dsn is None:
            return str(self.dsn_file)
        parts = urlsplit(self.dsn.get_secret_value())
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    def connection(self) -> str:
        """Return the address with user and password. Raises Unreachable if its file cannot be read."""
        if self.dsn is not None:
            return self.dsn.get_secret_value()
        try:
            return Path(str(self.dsn_file)).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise Unreachable(f"dsn_file: {error}") from None

    def by_place(self) -> dict[tuple[str, str], list[tuple[str, QuerySection]]]:
        """Return the queries, with their names, by the layer and collection that they fill."""
        places: dict[tuple[str, str], list[tuple[str, QuerySection]]] = {}
        for name, one in self.queries.items():
            places.setdefault((one.layer, one.collection), []).append((name, one))
        return places


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="postgres",
        service="postgres",
        settings=PostgresSettings,
        layers=(),
        run=run_queries,
        samples=Path(__file__).with_name("samples"),
        configured=as_configured,
    )
