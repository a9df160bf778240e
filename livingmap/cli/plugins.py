"""The command that lists the installed plugins."""

from pathlib import Path

from livingmap.cli.options import show, show_table
from livingmap.sources.grade import graded
from livingmap.sources.plugin_import import MOCKS, SOURCES, PluginError, installed
from livingmap.sources.registry import ACCOUNTS, AUTHENTICATORS, POLICIES, load_source


def plugins() -> None:
    """List the installed plugins with the grade of each source, and what the next grade wants."""
    rows, wishes = [], []
    auth = [(one.group, one.kind) for one in (AUTHENTICATORS, POLICIES, ACCOUNTS)]
    for group, kind in ((SOURCES, "source"), (MOCKS, "mock"), *auth):
        for name, entries in installed(group).items():
            grade, wish = _grade(name) if group == SOURCES else ("", "")
            wishes += [wish] if wish else []
            for entry in entries:
                owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
                rows.append((name, kind, grade, entry.value, owner))
    show_table(("plugin", "kind", "grade", "module", "distribution"), rows)
    for wish in wishes:
        show(wish)


def _grade(name: str) -> tuple[str, str]:
    """Return the grade of an installed source, and in a sentence what is wrong with it or what it lacks."""
    try:
        found = graded(load_source(name, None, Path.cwd()))
    except PluginError as error:
        return "broken", f"{name}: {error}"
    return found.grade, f"{name} lacks {found.lacks_in_short()}" if found.lacks else ""
