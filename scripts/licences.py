"""Prints docs/licences.md: what the map and its page are made of besides its own code, and under which licences.

The Python packages are those that `uv.lock` names for the program and its extras, their licences from their own
metadata; the npm packages those that `package-lock.json` names for the page.
"""

import json
import re
import tomllib
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parents[1]

HEAD = """# Licences

The map is under the [MIT licence](../LICENSE). These are the libraries that it and its page use when they run, by
what each says of itself. Made by `scripts/licences.py`.
"""


def python_packages() -> list[str]:
    """Return the names of what the program and its extras bring along, on any platform."""
    packages = {one["name"]: one for one in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}
    own = packages["livingmap"]
    waiting = [one["name"] for one in own["dependencies"]]
    waiting += [one["name"] for extra in own.get("optional-dependencies", {}).values() for one in extra]
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += [one["name"] for one in packages[name].get("dependencies", ())]
            for extra in packages[name].get("optional-dependencies", {}).values():
                waiting += [one["name"] for one in extra]
    return sorted(names)


def licence(name: str) -> str | None:
    """Return what an installed package says of its licence, or None if it is not installed here."""
    try:
        about = cast(Message, metadata(name))
    except PackageNotFoundError:
        return None
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [
        text.rpartition(" :: ")[2] for text in about.get_all("Classifier", ()) if text.startswith("License :: ")
    ]
    return "; ".join(classifiers) or re.split(r"[\n.]", about.get("License") or "")[0] or "not stated"


def npm_packages() -> list[tuple[str, str]]:
    """Return the packages of the page that are not for its development alone, each with its licence."""
    packages = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    return sorted(
        (path.rpartition("node_modules/")[2], one.get("license", "not stated"))
        for path, one in packages.items()
        if path.startswith("node_modules/") and not (one.get("dev") or one.get("link"))
    )


def main() -> None:
    """Print the page."""
    print(HEAD)
    print("## Python\n\n| package | licence |\n|---|---|")
    for name in python_packages():
        if text := licence(name):
            print(f"| {name} | {text} |")
    print("\n## The page\n\n| package | licence |\n|---|---|")
    for name, text in npm_packages():
        print(f"| {name} | {text} |")


if __name__ == "__main__":
    main()
