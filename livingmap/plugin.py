"""Everything a plugin needs, and the one module of the host that it imports.

A plugin answers one hook, once, at start, without I/O::

    from livingmap.plugin import Client, Layer, Put, Source, SourceSettings, hookimpl

    class Settings(SourceSettings):
        base_url: str = "http://weather:8080"

    async def stations(client: Client) -> list[Put]:
        rows = await client.get("/stations")
        return [Put("weather", f"station:{row['id']}", {"name": row["name"]}) for row in rows]

    @hookimpl
    def livingmap_source() -> Source:
        return Source("weather", "weather-service", Settings, (Layer("weather", fetch=stations),))
"""

from livingmap.core.actor import Actor, Credential, Identity, Scheme
from livingmap.core.api_version import API_VERSION
from livingmap.core.auth import (
    EVERYBODY,
    AccountProvider,
    AuthClient,
    Authenticator,
    MembershipLookup,
    PolicyEngine,
    Question,
    Tokens,
)
from livingmap.core.members import Roles, member_counts, moved_digest, moved_members
from livingmap.core.model import (
    Change,
    Drop,
    Event,
    Fields,
    Json,
    Message,
    Put,
    Total,
    id_and_aliases,
    id_of,
    id_or_none,
    namespaces_of,
)
from livingmap.core.paging import ByCursor, ByLink, ByNumber, ByOffset, Paging
from livingmap.core.part import Part
from livingmap.core.source import (
    Amounts,
    Client,
    Count,
    Details,
    Emit,
    Fetch,
    Handler,
    Layer,
    Lifetime,
    Run,
    Source,
    Tally,
)
from livingmap.core.types import Relation, Status, Type, TypeField, Words
from livingmap.core.units import (
    add_amounts,
    add_counts,
    canonical_status,
    format_amount,
    is_later,
    load_ratio,
    rfc3339,
    updated_amount,
    without_none,
)
from livingmap.errors import InvalidAnswer, InvalidCredential, NotFound, RequestRejected, SourceError, Unreachable
from livingmap.hookspecs import Mock, Reply, Request, World, hookimpl
from livingmap.sources.ask_each import Answers, ask_each, member_roles
from livingmap.sources.hidden import hidden_fields
from livingmap.sources.in_time import in_time
from livingmap.sources.rows import Amount, Identifier, read_event, read_one, rows_in
from livingmap.sources.samples import Samples
from livingmap.sources.sentences import sentences_in
from livingmap.sources.settings import SectionSettings, ServiceSettings, SourceSettings
from livingmap.sources.type_settings import (
    FieldName,
    GivenWords,
    LayerSettings,
    NestedSettings,
    PlainName,
    TypeSettings,
)
from livingmap.tls import TlsSettings

__all__ = [
    "API_VERSION",
    "EVERYBODY",
    "AccountProvider",
    "Actor",
    "Amount",
    "Amounts",
    "Answers",
    "AuthClient",
    "Authenticator",
    "ByCursor",
    "ByLink",
    "ByNumber",
    "ByOffset",
    "Change",
    "Client",
    "Count",
    "Credential",
    "Details",
    "Drop",
    "Emit",
    "Event",
    "Fetch",
    "FieldName",
    "Fields",
    "GivenWords",
    "Handler",
    "Identifier",
    "Identity",
    "InvalidAnswer",
    "InvalidCredential",
    "Json",
    "Layer",
    "LayerSettings",
    "Lifetime",
    "MembershipLookup",
    "Message",
    "Mock",
    "NestedSettings",
    "NotFound",
    "Paging",
    "Part",
    "PlainName",
    "PolicyEngine",
    "Put",
    "Question",
    "Relation",
    "Reply",
    "Request",
    "RequestRejected",
    "Roles",
    "Run",
    "Samples",
    "Scheme",
    "SectionSettings",
    "ServiceSettings",
    "Source",
    "SourceError",
    "SourceSettings",
    "Status",
    "Tally",
    "TlsSettings",
    "Tokens",
    "Total",
    "Type",
    "TypeField",
    "TypeSettings",
    "Unreachable",
    "Words",
    "World",
    "add_amounts",
    "add_counts",
    "ask_each",
    "canonical_status",
    "format_amount",
    "hidden_fields",
    "hookimpl",
    "id_and_aliases",
    "id_of",
    "id_or_none",
    "in_time",
    "is_later",
    "load_ratio",
    "member_counts",
    "member_roles",
    "moved_digest",
    "moved_members",
    "namespaces_of",
    "read_event",
    "read_one",
    "rfc3339",
    "rows_in",
    "sentences_in",
    "updated_amount",
    "without_none",
]
