"""Findings of the doctor: what is wrong, where, and what mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """What kind of finding it is. The codes stay: scripts may go by them."""

    CONFIGURATION = "configuration"

    # any server that is reached over the network
    HOST_UNKNOWN = "host_unknown"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    TLS_UNTRUSTED = "tls_untrusted"
    TLS_NAME = "tls_name"
    TLS_EXPIRED = "tls_expired"
    TLS_CERTIFICATE_WANTED = "tls_certificate_wanted"
    TLS_NOT_SPOKEN = "tls_not_spoken"
    TLS_NEEDED = "tls_needed"
    SECRET_FILE = "secret_file"  # noqa: S105 - a word
    SIGN_IN = "sign_in"

    # services
    NOT_THERE = "not_there"
    REFUSES = "refuses"
    FAILS = "fails"
    OTHER_SHAPE = "other_shape"
    SOURCE_FAILS = "source_fails"
    PLUGIN_FAILS = "plugin_fails"
    ROWS_DROPPED = "rows_dropped"

    # where the map is served
    PORT_TAKEN = "port_taken"
    PORT_OF_A_MAP = "port_of_a_map"
    CANNOT_LISTEN = "cannot_listen"
    FEW_DESCRIPTORS = "few_descriptors"
    PUBLIC_URL = "public_url"
    PROXY_UNTRUSTED = "proxy_untrusted"
    PROXY_HEADERS = "proxy_headers"
    PROXY_UNSEEN = "proxy_unseen"
    EVERYBODY_TRUSTED = "everybody_trusted"

    # NATS
    NATS_RIGHTS = "nats_rights"
    NO_JETSTREAM = "no_jetstream"
    NO_QUORUM = "no_quorum"
    STREAM_REFUSED = "stream_refused"
    STREAM_KEEPS_MORE = "stream_keeps_more"
    REPLICAS = "replicas"
    REPLICA_AWAY = "replica_away"
    SINGLE_REPLICA = "single_replica"
    STORAGE = "storage"
    MAX_PAYLOAD = "max_payload"

    # the history
    DATABASE_MISSING = "database_missing"
    DATABASE_URL = "database_url"
    DATABASE_FAILS = "database_fails"
    ENCODING = "encoding"
    VERSION = "version"
    READ_ONLY = "read_only"
    POOL_MODE = "pool_mode"
    DATABASE_RIGHTS = "database_rights"
    MIGRATIONS = "migrations"
    MIGRATIONS_PENDING = "migrations_pending"
    FEW_CONNECTIONS = "few_connections"
    DISK = "disk"
    EMBEDDED = "embedded"
    CLOCK = "clock"

    # access
    POLICIES_WITHOUT_RULES = "policies_without_rules"
    TOKEN = "token"  # noqa: S105
    TOKEN_REFUSED = "token_refused"  # noqa: S105

    # the processes of the map
    CONFIGURATION_REFUSED = "configuration_refused"
    LACKS_SOURCES = "lacks_sources"
    OTHERS_LACK_SOURCES = "others_lack_sources"
    CANNOT_LEAD = "cannot_lead"
    NO_LEADER = "no_leader"
    HISTORY_NOT_SHARED = "history_not_shared"
    PEER_UNREACHABLE = "peer_unreachable"

    # the doctor itself
    NOT_DONE = "not_done"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, or without a ``fix`` only worth knowing. It never holds a secret."""

    code: Code
    where: str
    """The path into the YAML, such as ``nats.url``."""
    what: str
    fix: str = ""
    """What mends it, in one line; commands, settings and names stand between backticks."""

    @property
    def is_fault(self) -> bool:
        """Whether something is wrong."""
        return bool(self.fix)
