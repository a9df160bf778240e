"""The sentences of the entries that the map itself appends to the log, and of what a viewer may not see."""

from types import MappingProxyType
from typing import Final

from livingmap.core.fold import (
    ACKNOWLEDGED,
    CLOCK_SET,
    DOWN,
    NOTIFIED,
    POSSIBLE_LOSS,
    RECALLED,
    REFRESHED,
    RESUMED,
    SET_ASIDE,
    SOURCES_CHANGED,
    TIME_PASSED,
    TOUCHED,
    UP,
)
from livingmap.core.templates import Sentences

OWN_SENTENCES: Final[Sentences] = MappingProxyType(
    {
        REFRESHED: {
            "en": (
                "Source {source} was polled: {changed:count change|changes}",
                "Source {source} was polled",
            ),
            "uk": (
                "Джерело {source} опитано: {changed:count зміна|зміни|змін}",
                "Джерело {source} опитано",
            ),
        },
        TOUCHED: {"en": "Source {source} was polled", "uk": "Джерело {source} опитано"},
        RECALLED: {
            "en": "Source {source}: what the history has of it was taken over",
            "uk": "Джерело {source}: дані взято з історії",
        },
        DOWN: {"en": "Source {source} is not responding", "uk": "Джерело {source} не відповідає"},
        UP: {"en": "Source {source} is responding again", "uk": "Джерело {source} знову відповідає"},
        SET_ASIDE: {
            "en": "Messages on {handler} are left out for source {source}: its plugin held up the map",
            "uk": "Повідомлення {handler} для джерела {source} пропускаються: його плагін затримував мапу",
        },
        RESUMED: {
            "en": "Source {source} gets messages on {handler} again",
            "uk": "Джерело {source} знову отримує повідомлення {handler}",
        },
        TIME_PASSED: {
            "en": ("{subject} has not been heard of for too long", "Something has not been heard of for too long"),
            "uk": ("{subject}: надто довго немає звістки", "Про щось надто довго немає звістки"),
        },
        CLOCK_SET: {
            "en": ("The clock of the map was set by {seconds} s", "The clock of the map was set"),
            "uk": ("Годинник мапи переставлено на {seconds} сек.", "Годинник мапи переставлено"),
        },
        SOURCES_CHANGED: {
            "en": "The sources of the map were changed",
            "uk": "Джерела мапи змінено",
        },
        POSSIBLE_LOSS: {
            "en": (
                "{messages:count message was|messages were} published while the log could not take any",
                "Messages may have been published while the log could not take any",
            ),
            "uk": (
                "Опубліковано, коли журнал не приймав: {messages:count повідомлення|повідомлення|повідомлень}",
                "Можливо, є повідомлення, опубліковані, коли журнал не приймав",
            ),
        },
        ACKNOWLEDGED: {
            "en": ("{by} has acknowledged: {what}", "Acknowledged: {what}", "A problem was acknowledged"),
            "uk": ("{by} підтверджує: {what}", "Підтверджено: {what}", "Проблему підтверджено"),
        },
        NOTIFIED: {"en": "A notification was sent", "uk": "Сповіщення надіслано"},
        "livingmap.withheld": {
            "en": ("Something about {subject} has changed", "Something has happened that is not shown to you"),
            "uk": ("{subject}: щось змінилося", "Сталося щось, чого вам не показано"),
        },
    }
)
