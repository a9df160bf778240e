"""One plugin tried out: a map of its own, of which nothing but the plugin's file or name has to be given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from livingmap.config.loading import Config, load
from livingmap.core.source import Source
from livingmap.errors import LivingMapError
from livingmap.sources.plugin_import import SOURCES, PluginError, answer_of, import_plugin, installed


class TrialError(LivingMapError):
    """There is no such plugin to try."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A plugin by its file, its import path, or the name under which it is installed."""

    plugin: str

    @property
    def folder(self) -> Path:
        """Where the plugin's module is, found without importing it. Raises TrialError."""
        if self.plugin.endswith(".py"):
            file = Path(self.plugin)
        else:
            module = next((one.value for one in installed().get(self.plugin, [])), self.plugin)
            file = _origin(module)
        if not file.is_file():
            names = ", ".join(installed())
            raise TrialError(f"{self.plugin}: neither a file ending in .py, nor a module, nor one of {names}")
        return file.resolve().parent

    @contextmanager
    def file(self, *, live: bool = False, port: int = 7017) -> Iterator[Path]:
        """Lend a YAML file of a map of it."""
        with TemporaryDirectory() as folder:
            file = Path(folder) / "trial.yaml"
            file.write_text(yaml.safe_dump(self.sections(live=live, port=port)), encoding="utf-8")
            yield file

    def load(self) -> Config:
        """Return the configuration of a map of it."""
        with self.file() as file:
            return load(file)

    def sections(self, *, live: bool, port: int) -> dict[str, Any]:
        """Return the YAML of a map of it. The plugin is imported, to ask for its name.

        One that cannot be loaded is a source that failed, so that the map says why.
        """
        name, source = self._described()
        replays = source is not None and source.samples is not None and not live
        section = {"on_error": "skip", "mock": replays, **({"module": self._module} if self._module else {})}
        if source is not None and _lacks_address(source.settings):
            section["base_url"] = "http://localhost"
        return {"server": {"port": port}, "history": {"url": "memory:"}, "sources": {name: section}}

    @property
    def _module(self) -> str | None:
        if self.plugin.endswith(".py"):
            return str(Path(self.plugin).resolve())
        return None if self.plugin in installed() else self.plugin

    def _described(self) -> tuple[str, Source | None]:
        """Return the name of the source, as far as it can be known, and the source."""
        likely = re.sub(r"\W+", "_", Path(self.plugin.removesuffix(".py")).name)
        try:
            module = import_plugin(likely, self._module, Path.cwd(), SOURCES)
            source = answer_of(likely, module, "livingmap_source")
        except PluginError:
            return likely, None
        return (source.name, source) if isinstance(source, Source) else (likely, None)


def _lacks_address(settings: type[Any]) -> bool:
    """Tell whether nothing can be loaded without an address; the environment may give the true one."""
    fields = getattr(settings, "model_fields", {})
    return "base_url" in fields and fields["base_url"].is_required()


def _origin(module: str) -> Path:
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        spec = None
    return Path(spec.origin) if spec and spec.origin else Path(module)
