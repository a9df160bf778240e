"""A client for running maps: read one, or follow it live. The Python twin of the npm package ``@livingmap/react``.

It needs no configuration and no plugin, only the address of a map, and keeps its state by the one reducer that
fits every map. A complete program that prints the agents that are busy, after every change::

    import asyncio

    from livingmap.client import MapError, follow


    async def main() -> None:
        async with follow("http://127.0.0.1:7017", layers=["agents"]) as live:
            async for message in live:
                if message["kind"] == "disconnected":
                    print(f"{message['detail']}; next attempt in {message['retry_seconds']} s")
                    continue
                agents = live.state["agents"].items().values()
                busy = [agent["name"] for agent in agents if agent.get("status") == "busy"]
                print(message["kind"], *busy)


    try:
        asyncio.run(main())
    except MapError as error:
        raise SystemExit(f"the map cannot be followed: {error}")

`follow` connects by WebSocket, or by server-sent events where a WebSocket does not pass; after any interruption
it goes on from the last cursor, so that no change is lost or doubled. `follow_problems` does the same for what is
wrong. `MapClient` asks the HTTP API: the snapshot,
the catalogue, the history. `Replica` is the state alone, for messages that come from elsewhere.
"""

from livingmap.client.changes import ChangeTexts
from livingmap.client.errors import (
    Forbidden,
    InvalidAnswer,
    MapError,
    Refused,
    TooLarge,
    Unauthenticated,
    Unreachable,
)
from livingmap.client.http import Limits, MapClient, Token
from livingmap.client.live import LiveMap, LiveMessage, follow
from livingmap.client.machine import Transport
from livingmap.client.messages import (
    Change,
    ChangesMessage,
    DisconnectedMessage,
    EndMessage,
    ErrorMessage,
    EventMessage,
    GapMessage,
    HeartbeatMessage,
    Message,
    PausedMessage,
    PlayingMessage,
    PresentMessage,
    RestartingMessage,
    Snapshot,
    SnapshotMessage,
    WarningMessage,
)
from livingmap.client.play import Moment, Speed
from livingmap.client.problem_messages import Problem, ProblemFeedMessage, ProblemMessage, ProblemsMessage
from livingmap.client.problems import LiveProblems, LiveProblemsMessage, follow_problems
from livingmap.client.replica import Replica
from livingmap.client.sentences import EventTexts
from livingmap.core.reducer import LayerState, State, layers_of, reduce, state_of

__all__ = [
    "Change",
    "ChangeTexts",
    "ChangesMessage",
    "DisconnectedMessage",
    "EndMessage",
    "ErrorMessage",
    "EventMessage",
    "EventTexts",
    "Forbidden",
    "GapMessage",
    "HeartbeatMessage",
    "InvalidAnswer",
    "LayerState",
    "Limits",
    "LiveMap",
    "LiveMessage",
    "LiveProblems",
    "LiveProblemsMessage",
    "MapClient",
    "MapError",
    "Message",
    "Moment",
    "PausedMessage",
    "PlayingMessage",
    "PresentMessage",
    "Problem",
    "ProblemFeedMessage",
    "ProblemMessage",
    "ProblemsMessage",
    "Refused",
    "Replica",
    "RestartingMessage",
    "Snapshot",
    "SnapshotMessage",
    "Speed",
    "State",
    "Token",
    "TooLarge",
    "Transport",
    "Unauthenticated",
    "Unreachable",
    "WarningMessage",
    "follow",
    "follow_problems",
    "layers_of",
    "reduce",
    "state_of",
]
