"""The rows that usage-engine answers with and the payloads on NATS, as far as the map reads them."""

from typing import Annotated

from pydantic import AliasChoices, BaseModel, Field, StringConstraints

from livingmap.plugin import Json, id_of, load_ratio
from livingmap_usage.sums import tidy

Number = Annotated[int, Field(ge=0, le=2**53)]
Milliseconds = Annotated[float, Field(ge=0, le=1e12)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
AgentId = Annotated[str, Field(pattern=r"^(agent:)?[^\s:]+$")]


class Summary(BaseModel):
    """``summary`` of the answer, under the map's names. Its period moves at every poll and is not read."""

    llm_calls: Number = Field(validation_alias="llm_calls_total")
    tokens: Number | None = Field(default=None, validation_alias="llm_tokens_total")
    tokens_prompt: Number | None = Field(default=None, validation_alias="llm_tokens_prompt")
    tokens_completion: Number | None = Field(default=None, validation_alias="llm_tokens_completion")
    llm_latency_avg_ms: Milliseconds | None = None
    tool_calls: Number | None = Field(default=None, validation_alias="tool_calls_total")
    tool_calls_failed: Number | None = None
    tool_latency_avg_ms: Milliseconds | None = None
    invocations: Number | None = Field(default=None, validation_alias="agent_invocations_total")
    invocations_failed: Number | None = Field(default=None, validation_alias="agent_invocations_failed")
    messages: Number | None = Field(default=None, validation_alias="messages_sent")
    messages_length: Number | None = Field(default=None, validation_alias="messages_total_length")

    def fields(self) -> dict[str, Json]:
        """Return the totals of the layer."""
        return tidy(self.model_dump())


class ModelRow(BaseModel):
    """One of ``models``."""

    model: Name
    provider: Name
    calls: Number
    tokens: Number | None = None
    avg_latency_ms: Milliseconds | None = None

    @property
    def id(self) -> str:
        """The id on the map."""
        return model_id(self.provider, self.model)

    def fields(self) -> dict[str, Json]:
        """Return what the map shows of it."""
        numbers = {"calls": self.calls, "tokens": self.tokens, "avg_latency_ms": self.avg_latency_ms}
        return tidy({"name": self.model, "provider": self.provider, **numbers})


class ToolRow(BaseModel):
    """One of ``tools``; a tool that was renamed within the period has a row for each name."""

    tool_id: Name
    tool_name: str | None = None
    calls: Number
    success_rate: float | None = None
    avg_latency_ms: Milliseconds | None = None

    @property
    def id(self) -> str:
        """The id on the map."""
        return tool_id(self.tool_id)

    def fields(self) -> dict[str, Json]:
        """Return what the map shows of it."""
        numbers = {"calls": self.calls, "success_rate": load_ratio(self.success_rate)}
        named = {"name": self.tool_name or self.tool_id}
        return tidy({**named, **numbers, "avg_latency_ms": self.avg_latency_ms})


class AgentRow(BaseModel):
    """One of ``agents``."""

    agent_id: AgentId
    llm_calls: Number
    total_tokens: Number | None = None
    invocations: Number | None = None
    tool_calls: Number | None = None

    @property
    def id(self) -> str:
        """The id on the map."""
        return id_of("agent", self.agent_id)

    def fields(self) -> dict[str, Json]:
        """Return the agent's field ``usage``."""
        return {
            "llm_calls_24h": self.llm_calls,
            "tokens_24h": self.total_tokens,
            "invocations_24h": self.invocations,
            "tool_calls_24h": self.tool_calls,
        }


class UsageMessage(BaseModel):
    """The fields that every payload of ``usage.*`` may have."""

    agent_id: AgentId | None = None
    success: bool = True
    latency_ms: Milliseconds | None = None


class LlmCall(UsageMessage):
    """The payload of ``usage.llm``, as usage-engine or as agents-service names its fields."""

    model: Name | None = None
    provider: Name | None = None
    total_tokens: Number | None = None
    prompt_tokens: Number | None = Field(
        default=None, validation_alias=AliasChoices("prompt_tokens", "tokens_input")
    )
    completion_tokens: Number | None = Field(
        default=None, validation_alias=AliasChoices("completion_tokens", "tokens_output")
    )

    @property
    def tokens(self) -> int | None:
        """All tokens of the call; None if the message gives none."""
        if self.total_tokens is not None:
            return self.total_tokens
        tokens = [count for count in (self.prompt_tokens, self.completion_tokens) if count is not None]
        return sum(tokens) if tokens else None


class ToolCall(UsageMessage):
    """The payload of ``usage.tool``."""

    tool_id: Name
    tool_name: str | None = None

    @property
    def id(self) -> str:
        """The id on the map."""
        return tool_id(self.tool_id)


class Invocation(UsageMessage):
    """The payload of ``usage.agent``."""

    agent_id: AgentId


def model_id(provider: str, model: str) -> str:
    """Return a model's id on the map."""
    return f"model:{provider}/{model}"


def tool_id(tool: str) -> str:
    """Return a tool's id on the map."""
    return f"tool:{tool}"
