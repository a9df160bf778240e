"""What admits callers, built from the configuration: the authenticator, the policies and what they ask."""

from collections.abc import Callable
from datetime import datetime

from livingmap.access.access import Access
from livingmap.access.authenticator import CachedAuthenticator
from livingmap.access.decisions import Decisions
from livingmap.access.memberships import Memberships
from livingmap.access.policy import Policies
from livingmap.access.policy_targets import PolicyTargets
from livingmap.api.connections import stream_capacity
from livingmap.config.loading import Config
from livingmap.core.scene import Scene
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import SourceSettings


def policies(config: Config, scene: Scene, memberships: Memberships | None) -> Policies:
    """Return what turns an actor into rights."""
    auth, policy = config.auth, config.access.policy
    targets = PolicyTargets(scene, auth.pdp.items)
    decisions = Decisions(policy.plugin, auth.pdp, policy.settings) if policy else None
    return Policies(auth, (), targets, decisions, scene, memberships)


def memberships(config: Config) -> Memberships | None:
    """Return what finds out memberships by asking sources, if policies need it; simulated ones know no callers."""
    checked = config.access.authenticator
    lookup = checked.plugin.memberships if checked and config.access.policy else None
    if lookup is None:
        return None
    clients = {
        source.plugin: ServiceClient(f"sources.{source.name}", settings)
        for source, settings in config.enabled()
        if source.plugin in lookup.sources and not source.namespace
        if isinstance(settings, SourceSettings) and not settings.mock
    }
    return Memberships(lookup, clients, config.auth.pdp.memberships_seconds) if clients else None


def access(config: Config, policies: Policies, now: Callable[[], datetime]) -> Access:
    """Return what admits callers and counts their streams."""
    auth, checked = config.auth, config.access.authenticator
    authenticator = None
    if checked is not None:
        authenticator = CachedAuthenticator(checked.plugin, checked.settings, auth.ttl_seconds, now)
    return Access(auth, authenticator, policies, now, most_streams=stream_capacity(config.server))
