"""Print what `GET /living-map/types` answers of this repository's plugins, for the tests of the front end."""

import asyncio
import sys
from pathlib import Path

from livingmap.api.types import type_table
from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.history.memory import MemoryHistory

DEMO = Path(__file__).resolve().parent.parent / "config" / "demo.yaml"


async def answer(language: str) -> str:
    """Return the answer as JSON."""
    living = LivingMap(load(DEMO), MemoryHistory())
    try:
        vocabulary = living.reader.scene.vocabulary
        places = {name: (one.home, *one.elsewhere) for name, one in vocabulary.types.items()}
        layers = sorted(vocabulary.layers, key=vocabulary.place_of)
        return type_table(vocabulary, layers, places, language).model_dump_json(indent=2)
    finally:
        await living.close()


if __name__ == "__main__":
    print(asyncio.run(answer(sys.argv[1])))
