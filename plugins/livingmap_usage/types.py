"""What the map says of language models and tools, and of what agents use."""

from typing import Final

from livingmap.plugin import Type, TypeField

_ICON: Final = "M12 18a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM12 2v4M12 18v4M2 12h4M18 12h4"

AGENT: Final = Type(
    "agent",
    ("agents", "items"),
    fields=(
        TypeField("usage.tokens_24h", {"en": "tokens, 24 h", "uk": "токени, 24 год"}, "number", additive=True),
        TypeField(
            "usage.llm_calls_24h",
            {"en": "model calls, 24 h", "uk": "виклики моделей, 24 год"},
            "number",
            additive=True,
        ),
        TypeField("usage.invocations_24h", {"en": "runs, 24 h", "uk": "запуски, 24 год"}, "number", additive=True),
        TypeField(
            "usage.tool_calls_24h",
            {"en": "tool calls, 24 h", "uk": "виклики інструментів, 24 год"},
            "number",
            additive=True,
        ),
    ),
)
MODEL: Final = Type(
    "model",
    ("usage", "models"),
    label={"en": "Model", "uk": "Модель"},
    plural={"en": "models", "uk": "моделі"},
    counts={
        "en": {"one": "model", "other": "models"},
        "uk": {"one": "модель", "few": "моделі", "many": "моделей", "other": "моделі"},
    },
    icon=_ICON,
    rank=93,
    fields=(
        TypeField("provider", {"en": "provider", "uk": "постачальник"}, "text"),
        TypeField("calls", {"en": "calls", "uk": "виклики"}, "number", additive=True),
        TypeField("tokens", {"en": "tokens", "uk": "токени"}, "number", additive=True),
        TypeField("avg_latency_ms", {"en": "latency", "uk": "затримка"}, "number", "ms"),
    ),
    place="list",
)
TOOL: Final = Type(
    "tool",
    ("usage", "tools"),
    label={"en": "Tool", "uk": "Інструмент"},
    plural={"en": "tools", "uk": "інструменти"},
    counts={
        "en": {"one": "tool", "other": "tools"},
        "uk": {"one": "інструмент", "few": "інструменти", "many": "інструментів", "other": "інструмента"},
    },
    icon=_ICON,
    rank=94,
    fields=(
        TypeField("calls", {"en": "calls", "uk": "виклики"}, "number", additive=True),
        TypeField("success_rate", {"en": "succeeded", "uk": "успішні"}, "ratio"),
        TypeField("avg_latency_ms", {"en": "latency", "uk": "затримка"}, "number", "ms"),
    ),
    place="list",
)
