"""A plugin for tests: a city of 10,000 things, of which those fail that a file names."""

import json
from pathlib import Path

from livingmap.plugin import Client, Layer, Put, Relation, Source, SourceSettings, Type, hookimpl

QUARTERS, TOWERS, LIGHTS = 150, 800, 9050
_FIRST = ("Amber", "Birch", "Cedar", "Delta", "Ember", "Falcon", "Granite", "Harbour", "Iris", "Juniper")
_SECOND = ("Bakers", "Bridge", "Circle", "Commons", "Cooperative", "Guild", "Quay", "Society", "Trust", "Weavers")


class Settings(SourceSettings):
    base_url: str = "http://capital.example.org"
    path: str


def _name(number: int) -> str:
    name = f"{_FIRST[number % 10]} {_SECOND[number // 10 % 10]}"
    return name if number < len(_FIRST) * len(_SECOND) else f"New {name}"


def _failing(settings: Settings) -> frozenset[str]:
    return frozenset(json.loads(Path(settings.path).read_text(encoding="utf-8")))


def _in_quarters(layer: str, kind: str, count: int, failing: frozenset[str] = frozenset()) -> list[Put]:
    """Return things that stand in all quarters by turns."""
    return [
        Put(
            layer,
            f"{kind}:{number}",
            {
                "name": f"{kind.title()} {number}",
                "status": "error" if f"{kind}:{number}" in failing else "online",
                "quarter_id": f"quarter:{number % QUARTERS}",
            },
        )
        for number in range(count)
    ]


async def fetch_quarters(_: Client) -> list[Put]:
    """Return the quarters: those of lower numbers are older, and stand nearer to the middle."""
    return [
        Put("town", f"quarter:{one}", {"name": _name(one), "created_at": f"{1800 + one}-01-01T00:00:00Z"})
        for one in range(QUARTERS)
    ]


async def fetch_towers(client: Client) -> list[Put]:
    return _in_quarters("towers", "tower", TOWERS, _failing(client.settings))


async def fetch_lights(_: Client) -> list[Put]:
    return _in_quarters("lights", "light", LIGHTS)


def _type(name: str, look: str) -> Type:
    return Type(
        name,
        (f"{name}s", "items"),
        label={"en": name.title()},
        plural={"en": f"{name}s"},
        relations=(Relation("quarter_id", {"en": "quarter"}, {"en": f"{name}s"}, arcs=False),),
        within=("quarter_id",),
        look=look,
    )


@hookimpl
def livingmap_source() -> Source:
    return Source(
        name="capital",
        service="town-hall",
        settings=Settings,
        layers=(
            Layer("town", fetch=fetch_quarters),
            Layer("towers", fetch=fetch_towers, references=("quarter_id",)),
            Layer("lights", fetch=fetch_lights, references=("quarter_id",)),
        ),
        types=(
            Type("quarter", ("town", "items"), label={"en": "Quarter"}, place="district", look="quarter"),
            _type("tower", "tower"),
            _type("light", "light"),
        ),
    )
