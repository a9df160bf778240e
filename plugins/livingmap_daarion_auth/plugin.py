"""DAARION's auth-service (:7011) and pdp-service (:7012): callers, policies, and the map's own account."""

from livingmap.plugin import AccountProvider, Authenticator, PolicyEngine, hookimpl
from livingmap_daarion_auth import account, authenticator, memberships, policy
from livingmap_daarion_auth.settings import DaarionSettings


@hookimpl
def livingmap_authenticator() -> Authenticator:
    """Describe the authenticator ``daarion``."""
    return Authenticator(
        name="daarion",
        service="auth-service",
        settings=DaarionSettings,
        identify=authenticator.identify,
        schemes=authenticator.schemes,
        summary=authenticator.summary,
        session_cookie=authenticator.SESSION_COOKIE,
        memberships=memberships.LOOKUP,
    )


@hookimpl
def livingmap_policy() -> PolicyEngine:
    """Describe the policy engine ``daarion``."""
    return PolicyEngine(
        name="daarion",
        service="pdp-service",
        settings=policy.PdpSettings,
        decide=policy.decide,
        actions=policy.ACTIONS,
        resources=policy.RESOURCES,
        members_may=policy.MEMBERS_MAY,
        namespace="external",
    )


@hookimpl
def livingmap_account() -> AccountProvider:
    """Describe the account provider ``daarion``."""
    return AccountProvider(
        name="daarion",
        service="auth-service",
        settings=account.DaarionAccount,
        sign_in=account.sign_in,
        refresh=account.refresh,
    )
