"""What the map says of channels."""

from typing import Final

from livingmap.plugin import Relation, Type, TypeField

CHANNEL: Final = Type(
    "channel",
    ("messaging", "channels"),
    label={"en": "Channel", "uk": "Канал"},
    plural={"en": "channels", "uk": "канали"},
    counts={
        "en": {"one": "channel", "other": "channels"},
        "uk": {"one": "канал", "few": "канали", "many": "каналів", "other": "каналу"},
    },
    icon="M4 5h16v11H9l-5 4V5ZM8 9h8M8 12h5",
    rank=50,
    fields=(
        TypeField("messages_1h", {"en": "messages, 1 h", "uk": "повідомлення, 1 год"}, "number", additive=True),
        TypeField("messages_24h", {"en": "messages, 24 h", "uk": "повідомлення, 24 год"}, "number", additive=True),
        TypeField("visibility", {"en": "visibility", "uk": "видимість"}),
        TypeField("last_message_at", {"en": "last message", "uk": "останнє повідомлення"}, "time"),
        TypeField("created_at", {"en": "created", "uk": "створено"}, "time", table=False),
    ),
    relations=(
        Relation("microdao_id", {"en": "microDAO", "uk": "мікроДАО"}, {"en": "channels", "uk": "канали"}),
        Relation(  # without arcs: whoever writes last changes with every message
            "last_sender_id",
            {"en": "last message from", "uk": "останнє повідомлення від"},
            {"en": "wrote last in", "uk": "останнє повідомлення в каналах"},
            arcs=False,
        ),
    ),
    within=("microdao_id",),
    look="lamp",
    glow=("messages_1h", "messages_24h"),
)
