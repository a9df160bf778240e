"""Print the map's OpenAPI document, for the types of the front end."""

import asyncio
import json
from pathlib import Path

from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.history.memory import MemoryHistory

DEMO = Path(__file__).resolve().parent.parent / "config" / "demo.yaml"


async def document() -> str:
    """Return the document as JSON."""
    living = LivingMap(load(DEMO), MemoryHistory())
    try:
        return json.dumps(living.http.openapi(), ensure_ascii=False, indent=1)
    finally:
        await living.close()


if __name__ == "__main__":
    print(asyncio.run(document()))
