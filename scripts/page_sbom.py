"""Prints what the page is made of: of what `npm sbom` writes to standard input, the packages that reach browsers.

`npm sbom --omit dev` leaves out react, which packages for development want, too.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

LOCK: Final = Path(__file__).resolve().parent.parent / "frontend" / "package-lock.json"


def of_page(sbom: dict[str, Any]) -> dict[str, Any]:
    """Return ``sbom`` without what the lock file has for development alone."""
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    kept = {
        f"{path.rpartition('node_modules/')[2]}@{one['version']}"
        for path, one in packages.items()
        if path.startswith("node_modules/") and not (one.get("dev") or one.get("link"))
    }
    components = [one for one in sbom["components"] if one["bom-ref"] in kept]
    references = {one["bom-ref"] for one in components} | {sbom["metadata"]["component"]["bom-ref"]}
    dependencies = [
        {**one, "dependsOn": [other for other in one.get("dependsOn", ()) if other in references]}
        for one in sbom["dependencies"]
        if one["ref"] in references
    ]
    return {**sbom, "components": components, "dependencies": dependencies}


if __name__ == "__main__":
    json.dump(of_page(json.load(sys.stdin)), sys.stdout, indent=2)
