"""Access control: whether callers can be identified and policies decided, and whose a token is."""

import base64
import json
from collections.abc import Sequence
from typing import Any, Final

from livingmap.access.access import Admission
from livingmap.access.denied import Denied
from livingmap.app import LivingMap
from livingmap.config.access import Configured
from livingmap.config.loading import Config
from livingmap.core.actor import ANONYMOUS, Credential, Scheme
from livingmap.core.auth import AccountProvider, Authenticator, PolicyEngine, Question
from livingmap.core.layers import Layers, layer_names
from livingmap.core.units import rfc3339
from livingmap.doctor.asking import explained, shortened
from livingmap.doctor.finding import Code, Finding
from livingmap.errors import InvalidCredential, RequestRejected, SourceError
from livingmap.sources.account import Account
from livingmap.sources.service_client import ServiceClient

_AUTHENTICATOR: Final = "auth.authenticator"
_POLICIES: Final = "auth.pdp"
_ACCOUNT: Final = "auth.account"


async def of_authenticator(configured: Configured[Authenticator]) -> Sequence[Finding]:
    """Return why callers cannot be identified: a token is shown that nobody has, and has to be refused."""
    plugin, settings = configured.plugin, configured.settings
    client = ServiceClient(_AUTHENTICATOR, settings)
    try:
        await plugin.identify(client, Credential(Scheme.BEARER, _nobodys_token()))
    except InvalidCredential:
        return []
    except SourceError as error:
        return [await explained(plugin.service, _AUTHENTICATOR, settings, error)]
    except Exception as error:  # noqa: BLE001 - the plugin rim; its message may hold a secret
        return [_plugin_failed(_AUTHENTICATOR, plugin.name, error)]
    finally:
        await client.close()
    what = f"{plugin.service} takes a token that nobody has made: everybody is let in"
    fix = f"see how {plugin.service} checks tokens, or take another authenticator by `auth.mode`"
    return [Finding(Code.SIGN_IN, _AUTHENTICATOR, what, fix)]


def _nobodys_token() -> str:
    """Return a JSON Web Token with a signature that no key has made."""
    parts: tuple[dict[str, Any], ...] = (
        {"alg": "RS256", "kid": "livingmap-doctor", "typ": "JWT"},
        {"sub": "livingmap-doctor", "exp": 0},
    )
    texts = [json.dumps(part).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in (*texts, b"not a signature"))


def _plugin_failed(section: str, name: str, error: Exception) -> Finding:
    what = f"the plugin {name} raised {type(error).__name__}"
    return Finding(Code.PLUGIN_FAILS, section, what, f"mend the plugin {name}")


async def of_account(configured: Configured[AccountProvider]) -> Sequence[Finding]:
    """Return why the map cannot sign in."""
    account = Account(configured.plugin, configured.settings)
    try:
        await account.bearer()
    except RequestRejected as error:
        service = configured.plugin.service
        fix = f"correct what `{_ACCOUNT}` signs in with: {service} does not know it, or another password"
        return [Finding(Code.SIGN_IN, _ACCOUNT, shortened(error), fix)]
    except SourceError as error:
        return [await explained(configured.plugin.service, _ACCOUNT, configured.settings, error)]
    finally:
        await account.close()
    return []


async def of_policies(config: Config, configured: Configured[PolicyEngine]) -> Sequence[Finding]:
    """Return why policies cannot be decided: the first question of the rules is asked about anonymous."""
    question = _question(config)
    if question is None:
        what = "the policy engine is asked nothing: everybody who is known sees everything"
        fix = "write rules, `auth.pdp.map` or `auth.pdp.items`, or `auth.pdp.enabled: false`"
        return [Finding(Code.POLICIES_WITHOUT_RULES, _POLICIES, what, fix)]
    plugin, settings = configured.plugin, configured.settings
    client = ServiceClient(_POLICIES, settings)
    try:
        await plugin.decide(client, ANONYMOUS, question)
    except SourceError as error:
        return [await explained(plugin.service, _POLICIES, settings, error)]
    except Exception as error:  # noqa: BLE001 - the plugin rim
        return [_plugin_failed(_POLICIES, plugin.name, error)]
    finally:
        await client.close()
    return []


def _question(config: Config) -> Question | None:
    rules = config.auth.pdp
    about = [(rule.action, rule.type, rule.id.replace("{actor_id}", ANONYMOUS.actor_id)) for rule in rules.map]
    about += [(rule.action, rule.type, "livingmap-doctor") for rule in rules.items if rule.type is not None]
    return Question(*about[0]) if about else None


async def of_token(living: LivingMap, token: str) -> Sequence[Finding]:
    """Return whose a token is, and what it may see of a map that was polled; or why it is refused."""
    if living.access.is_open:
        what = "auth.mode is none: everybody sees everything, and no token is looked at"
        return [Finding(Code.TOKEN, "auth.mode", what)]
    try:
        admission = await living.access.admit(Credential(Scheme.BEARER, token), None)
    except Denied as denied:
        fix = (
            "sign in anew and give the new token; if it is good elsewhere, see `auth.authenticator` and `auth.pdp`"
        )
        return [Finding(Code.TOKEN_REFUSED, "auth", shortened(denied), fix)]
    return [Finding(Code.TOKEN, "auth", _described(living, admission))]


def _described(living: LivingMap, admission: Admission) -> str:
    """Say whose a token is, and what it may see."""
    actor, rights = admission.actor, admission.rights
    parts = [f"{actor.actor_id} ({actor.actor_type})"]
    parts += [f"roles: {', '.join(sorted(actor.roles))}"] if actor.roles else []
    parts += [f"groups: {', '.join(sorted(actor.group_ids))}"] if actor.group_ids else []
    if admission.expires_at is not None:
        parts.append(f"until {rfc3339(admission.expires_at.replace(microsecond=0))}")
    shown, scene = living.reader.shown(rights), living.fold.scene
    for name in layer_names(scene):
        seen, there = _items(shown, name), _items(scene, name)
        if rights.layers is not None and name not in rights.layers:
            parts.append(f"{name}: hidden")
        elif there:
            parts.append(f"{name}: {seen} of {there}")
    parts += ["counts only"] if rights.summary else []
    parts += ["more is still being decided"] if rights.pending else []
    return "; ".join(parts)


def _items(scene: Layers, layer: str) -> int:
    """Return how many items a layer has, in all its collections."""
    return sum(len(scene.items(layer, collection)) for collection in scene.layers().get(layer, []))
