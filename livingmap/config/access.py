"""The plugins of access control that the configuration names: loaded, and their sections validated."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import new_class
from typing import Any, Final, Generic

from pydantic import BaseModel, ConfigDict, ValidationError

from livingmap.access.settings import NONE, AccountSettings, AuthSettings, ItemRule, MapRule, PolicySettings
from livingmap.config.faults import Faults, check_tls, suggestion
from livingmap.config.settings import files_beside
from livingmap.core.auth import AccountProvider, Authenticator, PolicyEngine
from livingmap.sources.plugin_import import PluginError, installed
from livingmap.sources.registry import (
    ACCOUNTS,
    AUTHENTICATORS,
    POLICIES,
    AuthPlugin,
    D,
    default_name,
    load_auth_plugin,
)
from livingmap.sources.settings import ServiceSettings

_PDP: Final = ("auth", "pdp")
_ACCOUNT: Final = ("auth", "account")


@dataclass(frozen=True, slots=True)
class Configured(Generic[D]):
    """A plugin of access control, and its validated settings."""

    plugin: D
    settings: ServiceSettings


@dataclass(frozen=True, slots=True)
class AccessConfig:
    """Section ``auth`` after its plugins have seen their parts of it."""

    auth: AuthSettings
    authenticator: Configured[Authenticator] | None = None
    """None with mode none."""
    policy: Configured[PolicyEngine] | None = None
    """None if no policy engine is asked."""
    account: Configured[AccountProvider] | None = None


def access(faults: Faults, auth: AuthSettings, folder: Path) -> AccessConfig:
    """Load the plugins that ``auth`` names; what is wrong is added to ``faults``."""
    policy = _policy(faults, auth, folder) if auth.pdp != PolicySettings() else None
    account = None
    if auth.account is not None:
        account = _shared(faults, _ACCOUNT, ACCOUNTS, auth.mode, auth.account, auth.account.provider, folder)
    authenticator, account = _with_one_address(_authenticator(faults, auth, folder), account)
    whole = auth.model_copy(
        update={
            "pdp": policy.settings if policy else auth.pdp,
            "account": account.settings if account else auth.account,
        }
    )
    return AccessConfig(whole, authenticator, policy if auth.pdp.enabled else None, account)


def _with_one_address(
    authenticator: Configured[Authenticator] | None, account: Configured[AccountProvider] | None
) -> tuple[Configured[Authenticator] | None, Configured[AccountProvider] | None]:
    """Let two plugins that ask one service share its address, if that is given for one of them alone."""
    if authenticator is None or account is None or authenticator.plugin.service != account.plugin.service:
        return authenticator, account
    given = [one.settings for one in (authenticator, account) if "base_url" in one.settings.model_fields_set]
    if len(given) != 1:
        return authenticator, account
    address = {"base_url": given[0].base_url}
    return (
        replace(authenticator, settings=authenticator.settings.model_copy(update=address)),
        replace(account, settings=account.settings.model_copy(update=address)),
    )


def section_model(host: type[BaseModel], plugin: type[ServiceSettings]) -> type[Any]:
    """Return the model of a section that has settings of the host and of a plugin. Raises PluginError."""
    both = sorted(host.model_fields.keys() & plugin.model_fields)
    if both:
        raise PluginError(f"its settings have names that are the host's: {', '.join(both)}")
    own = {"model_config": ConfigDict(extra="forbid"), "__doc__": host.__doc__}
    model: type[Any] = new_class(host.__name__, (host, plugin), exec_body=lambda names: names.update(own))
    return model


def policy_engine(auth: AuthSettings, folder: Path) -> PolicyEngine:
    """Return the engine that ``auth.pdp`` means, whether it is asked or not. Raises PluginError."""
    return _load(POLICIES, auth.mode, auth.pdp.engine, auth.pdp.module, folder)


def account_provider(auth: AuthSettings, folder: Path) -> AccountProvider:
    """Return the provider that ``auth.account`` means, be there an account or not. Raises PluginError."""
    section = auth.account or AccountSettings()
    return _load(ACCOUNTS, auth.mode, section.provider, section.module, folder)


def _load(what: AuthPlugin[D], mode: str, name: str | None, module: str | None, folder: Path) -> D:
    return load_auth_plugin(what, name or default_name(what, mode), module, folder)


def _policy(faults: Faults, auth: AuthSettings, folder: Path) -> Configured[PolicyEngine] | None:
    policy = _shared(faults, _PDP, POLICIES, auth.mode, auth.pdp, auth.pdp.engine, folder)
    if policy is not None:
        _check_rules(faults, policy.plugin, auth.pdp)
    return policy


def _shared(
    faults: Faults,
    path: tuple[str, ...],
    what: AuthPlugin[D],
    mode: str,
    section: PolicySettings | AccountSettings,
    name: str | None,
    folder: Path,
) -> Configured[D] | None:
    """Load the plugin of a section that it shares with the host."""
    setting = what.setting.rpartition(".")[2]
    try:
        plugin = _load(what, mode, name, section.module, folder)
        model = section_model(type(section), plugin.settings)
    except PluginError as error:
        faults.add((*path, setting), f"{name}: {error}" if name else str(error))
        return None
    settings = _validated(faults, path, model, section.model_dump(exclude_unset=True), folder)
    return Configured(plugin, settings) if settings else None


def _authenticator(faults: Faults, auth: AuthSettings, folder: Path) -> Configured[Authenticator] | None:
    if auth.mode == NONE:
        return None
    section = {name: value for name, value in auth.authenticator.items() if name != "module"}
    module = auth.authenticator.get("module")
    try:
        plugin = load_auth_plugin(AUTHENTICATORS, auth.mode, None if module is None else str(module), folder)
    except PluginError as error:
        known = ", ".join([NONE, *installed(AUTHENTICATORS.group)])
        faults.add(("auth", "mode"), f"{auth.mode}: {error} (there are: {known})")
        return None
    settings = _validated(faults, ("auth", "authenticator"), plugin.settings, section, folder)
    return Configured(plugin, settings) if settings else None


def _validated(
    faults: Faults, path: tuple[str, ...], model: type[Any], section: Mapping[str, Any], folder: Path
) -> ServiceSettings | None:
    try:
        settings: ServiceSettings = files_beside(folder, model.model_validate(dict(section)))
    except ValidationError as error:
        faults.add_validation(path, error, model)
    except Exception as error:  # noqa: BLE001 - a plugin's own validator; its message may hold a secret
        faults.add(path, f"its settings raised {type(error).__name__}")
    else:
        check_tls(faults, path, settings)
        return settings
    return None


def _check_rules(faults: Faults, engine: PolicyEngine, section: PolicySettings) -> None:
    """Note rules that ask for what the engine does not know."""
    for number, over_map in enumerate(section.map):
        _check_rule(faults, engine, over_map, (*_PDP, "map", number))
    for number, over_items in enumerate(section.items):
        if over_items.type is not None:
            _check_rule(faults, engine, over_items, (*_PDP, "items", number))


def _check_rule(
    faults: Faults, engine: PolicyEngine, rule: MapRule | ItemRule, path: tuple[str | int, ...]
) -> None:
    for name, value, known in (("action", rule.action, engine.actions), ("type", rule.type, engine.resources)):
        if known is not None and value not in known:
            problem = f"{engine.name} does not know {value!r}{suggestion(str(value), sorted(known))}"
            faults.add((*path, name), problem)
