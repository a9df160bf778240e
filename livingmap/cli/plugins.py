"""The command that lists plugins: the installed ones, and those that a configuration uses."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, show
from livingmap.cli.views import show_table
from livingmap.config.loading import SourceConfig
from livingmap.core.source import Source
from livingmap.sources.grade import graded
from livingmap.sources.plugin_import import MOCKS, SOURCES, PluginError, installed
from livingmap.sources.registry import ACCOUNTS, AUTHENTICATORS, POLICIES, load_source


def plugins(config: ConfigOption = None) -> None:
    """List the installed plugins with the grade of each source, and what the next grade wants.

    With --config, list the sources of that configuration instead, also those of single files.
    """
    if config is not None:
        _show_table(("source", "grade", "plugin"), map(_configured, load_config(config).sources))
        return
    _show_table(("plugin", "kind", "grade", "module", "distribution"), installed_rows())


def _show_table(heads: Sequence[str], rows: Iterable[tuple[tuple[str, ...], str]]) -> None:
    """Print rows below their heads, and then the sentence that each comes with."""
    listed = list(rows)
    show_table(heads, [row for row, _ in listed])
    for sentence in dict.fromkeys(sentence for _, sentence in listed if sentence):
        show(sentence)


def installed_rows() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield a row of each installed plugin, with a sentence of what it lacks."""
    auth = [(one.group, one.kind) for one in (AUTHENTICATORS, POLICIES, ACCOUNTS)]
    for group, kind in ((SOURCES, "source"), (MOCKS, "mock"), *auth):
        for name, entries in installed(group).items():
            grade, wish = _grade(name) if group == SOURCES else ("", "")
            for entry in entries:
                owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
                yield (name, kind, grade, entry.value, owner), wish


def _configured(one: SourceConfig) -> tuple[tuple[str, ...], str]:
    """Return the row of a configured source, and in a sentence what is wrong with it or what it lacks."""
    plugin = one.section.get("module") or one.section.get("plugin") or one.name
    if one.source is None:
        grade, wish = ("broken", f"{one.name}: {one.error}") if one.error else ("disabled", "")
    else:
        grade, wish = _graded(one.name, one.source)
    return (one.name, grade, str(plugin)), wish


def _grade(name: str) -> tuple[str, str]:
    """Return the grade of an installed source, and in a sentence what is wrong with it or what it lacks."""
    try:
        return _graded(name, load_source(name, None, Path.cwd()))
    except PluginError as error:
        return "broken", f"{name}: {error}"


def _graded(name: str, source: Source) -> tuple[str, str]:
    grade = graded(source)
    return grade.grade, f"{name} lacks {grade.lacks_in_short()}" if grade.lacks else ""
