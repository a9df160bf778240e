"""The shape of a configuration: what decides, besides the log, what its entries become."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass

from livingmap import __version__
from livingmap.config.loading import Config
from livingmap.core.same_as import NOBODY


def shape_of(config: Config) -> bytes:
    """Return what the fold depends on besides the log."""
    sources = [source for source, _ in config.enabled()]
    deciding = [described(sorted({(layer.name, layer.collection) for one in sources for layer in one.layers}))]
    deciding += [described(source.lifetimes) for source in sources if source.lifetimes]
    deciding += [f"{source.name}={source.namespace}" for source in sources if source.namespace]
    deciding += [described(config.same_as)] if config.same_as != NOBODY else []
    return "|".join([__version__, *(source.name for source in sources), *deciding]).encode()


def described(value: object) -> str:
    """Return a value of the configuration as text, the same in every process: sets have an order of their own."""
    return json.dumps(value, default=_plain, sort_keys=True)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return dict(value) if isinstance(value, Mapping) else sorted(value)  # type: ignore[call-overload]
