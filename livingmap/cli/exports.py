"""The commands for a stretch of the past in a file: write it, and serve it without the network."""

import asyncio
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from json import dumps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final

import typer

from livingmap import __version__, supervision
from livingmap.cli.options import DEFAULT_URL, TokenFileOption, TokenOption, UrlOption, fail, show, token_of
from livingmap.config.settings import LoggingSettings
from livingmap.core.units import rfc3339

if TYPE_CHECKING:
    from livingmap.client import MapClient
    from livingmap.past.export import Export

_LANGUAGES: Final = ("en", "uk")
_LEFT_OUT: Final = frozenset({"playing", "paused", "heartbeat", "disconnected", "warning"})


def export(
    start: Annotated[str, typer.Option("--from", help="From this moment: 2026-01-02T03:04:05Z, or -8h.")],
    to: Annotated[str, typer.Option(help="To this moment; default: now.")] = "-0s",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write, compressed if it ends in .zst.")
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Write what happened on a running map, and how it was, as JSON lines; livingmap replay serves such a file."""
    from livingmap.client import MapError  # noqa: PLC0415

    wanted = _Wanted(url, lambda: token_of(token, token_file), start, to)
    try:
        with _opened(output) as file:
            counts = supervision.run(_write(wanted, file))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except (MapError, OSError) as error:
        if output is not None:
            output.unlink(missing_ok=True)
        fail(str(error))
    if output is not None:
        show(f"{output}: {counts['event']} events, {counts['snapshot']} states, {counts['gap']} gaps")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is exported."""

    url: str
    token: Callable[[], str | None]
    start: str
    to: str


async def _write(wanted: _Wanted, file: IO[bytes]) -> Counter[str]:
    """Write the header and then each message of a play; return how many there are of each kind."""
    from livingmap.client import MapClient, follow  # noqa: PLC0415

    counts: Counter[str] = Counter()
    store = file.write
    async with MapClient(wanted.url, token=wanted.token) as client:
        header = await _header(client)
    play = follow(wanted.url, token=wanted.token, from_=wanted.start, to=wanted.to, speed="max")
    async with play as live:
        async for message in live:
            if live.cursor is None and live.error is not None:
                raise live.error
            if message["kind"] in _LEFT_OUT:
                continue
            lines = [message] if counts else [header, message]
            counts[message["kind"]] += 1
            store(b"".join(map(_line, lines)))
    return counts


async def _header(client: "MapClient") -> dict[str, Any]:
    from livingmap.past.export import FORMAT  # noqa: PLC0415

    types = {language: await client.types(language) for language in _LANGUAGES}
    sentences = (await client.sentences())["sentences"]
    return {"kind": "export", "format": FORMAT, "version": __version__, "types": types, "sentences": sentences}


def _line(message: Any) -> bytes:
    return dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    """Open what is written to: a file, compressed or not, or the standard output."""
    import zstandard  # noqa: PLC0415

    if output is None:
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    with output.open("wb") as file:
        if output.suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(file) as compressed:
                yield compressed
        else:
            yield file


def serve_export(file: Path, port: int) -> None:
    """Serve a file that `export` wrote, until Ctrl-C."""
    from livingmap.past.export import ExportError, read  # noqa: PLC0415
    from livingmap.past.exported_source import ExportedWordsError  # noqa: PLC0415

    try:
        asyncio.run(_serve(read(file), file, port))
    except (ExportError, OSError) as error:
        fail(str(error))
    except ExportedWordsError as error:
        fail(f"{file}:1: {error}")


async def _serve(exported: "Export", file: Path, port: int) -> None:
    from livingmap.api.server import Server, listen  # noqa: PLC0415
    from livingmap.config.server import ServerSettings  # noqa: PLC0415
    from livingmap.kit.exported_map import ExportedMap  # noqa: PLC0415
    from livingmap.logs import configure  # noqa: PLC0415

    settings = ServerSettings(port=port)
    configure(LoggingSettings(), quiet=True)
    served, listener = ExportedMap(exported, await exported.history(), settings), listen(settings)
    host, port = listener.getsockname()[:2]
    show(f"{file}: {rfc3339(exported.start)} to {rfc3339(exported.end)}, served at http://{host}:{port}")
    if not exported.is_complete:
        show("the file ends before its end: it was cut off", "red")
    server, stopping = Server(served.serving()), asyncio.Event()
    stop = partial(asyncio.get_running_loop().call_soon_threadsafe, stopping.set)
    serving = asyncio.create_task(server.serve([listener]), name="http")
    with supervision.stop_signals(lambda: None, stop):
        await stopping.wait()
    served.living.hub.close()
    server.should_exit = True
    await serving
    await served.living.close()
