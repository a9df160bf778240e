"""An agent's use of models and tools."""

from operator import add, sub
from typing import NamedTuple


class Usage(NamedTuple):
    """The usage of 24 hours."""

    invocations: int = 0
    llm_calls: int = 0
    tool_calls: int = 0
    messages: int = 0
    prompt: int = 0
    """Tokens that went in."""
    completion: int = 0
    """Tokens that came out."""
    llm_ms: int = 0
    tool_ms: int = 0

    @property
    def tokens(self) -> int:
        """All tokens."""
        return self.prompt + self.completion

    def plus(self, other: "Usage") -> "Usage":
        """Return both together."""
        return Usage(*map(add, self, other))

    def minus(self, other: "Usage") -> "Usage":
        """Return what is left without ``other``."""
        return Usage(*map(sub, self, other))
