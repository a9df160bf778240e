"""A plugin for tests: a harbour whose ships are what a file says. Without the file the harbour does not answer."""

import json
from pathlib import Path

from livingmap.plugin import (
    Client,
    Layer,
    Put,
    Relation,
    Source,
    SourceSettings,
    Type,
    TypeField,
    Unreachable,
    hookimpl,
)


class Settings(SourceSettings):
    base_url: str = "http://harbour.example.org"
    path: str


def ships(settings: Settings) -> dict[str, dict[str, object]]:
    try:
        return json.loads(Path(settings.path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Unreachable(f"{settings.base_url}/ships: nobody answers") from None


async def fetch_ships(client: Client) -> list[Put]:
    return [
        Put("harbour", f"ship:{name}", {"name": name, **fields}) for name, fields in ships(client.settings).items()
    ]


SHIP = Type(
    "ship",
    ("harbour", "items"),
    label={"en": "Ship", "uk": "Корабель"},
    plural={"en": "ships", "uk": "кораблі"},
    counts={
        "en": {"one": "ship", "other": "ships"},
        "uk": {"one": "корабель", "few": "кораблі", "many": "кораблів", "other": "корабля"},
    },
    rank=100,
    fields=(
        TypeField("cargo", {"en": "cargo", "uk": "вантаж"}, "ratio"),
        TypeField("crew", {"en": "crew", "uk": "екіпаж"}, "number", additive=True),
    ),
    relations=(Relation("tug_of", {"en": "tows", "uk": "тягне"}, {"en": "tugs", "uk": "буксири"}),),
)


@hookimpl
def livingmap_source() -> Source:
    return Source(
        name="harbour",
        service="harbour-master",
        settings=Settings,
        layers=(
            Layer(
                "harbour",
                fetch=fetch_ships,
                references=("tug_of",),
                title={"en": "Harbour", "uk": "Гавань"},
            ),
        ),
        types=(SHIP,),
    )
