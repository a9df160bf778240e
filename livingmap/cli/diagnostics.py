"""The command that puts into one file what somebody needs who helps from afar, without secrets."""

import asyncio
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from livingmap import __version__, supervision
from livingmap.cli import host
from livingmap.cli.answers import answer
from livingmap.cli.options import (
    DEFAULT_URL,
    ConfigOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    fail,
    show,
    token_of,
)
from livingmap.cli.plugins import installed_rows
from livingmap.cli.redacting import Redactor, secrets_in, secrets_of_environment
from livingmap.config.document import read_yaml
from livingmap.config.loading import Config, config_file, load
from livingmap.config.settings import Settings
from livingmap.errors import ConfigError, LivingMapError

if TYPE_CHECKING:
    from livingmap.cli.run_file import Running

_ANSWER_SECONDS: Final = 10.0
_PATHS: Final = {
    "map/sources.json": "/living-map/sources",
    "map/problems.json": "/living-map/problems",
    "map/health.json": "/living-map/health/ready",
    "map/metrics.txt": "/metrics",
}


def diagnostics(
    file: Annotated[
        Path | None, typer.Argument(help="Zip file to write; default: livingmap-diagnostics-TIME.zip.")
    ] = None,
    config: ConfigOption = None,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Write one file with what helps to find a fault from afar, without secrets. The map may be dead."""
    path = file or Path(f"livingmap-diagnostics-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.zip")
    shown = token_of(token, token_file)
    bundle = _Bundle()
    given, configuration, secrets = _configuration(bundle, config)
    bundle.collect("versions.json", host.versions)
    bundle.collect("limits.json", host.limits)
    bundle.collect("plugins.json", lambda: [[*row, wish] for row, wish in installed_rows()])
    _put_processes(bundle)
    _put_answers(bundle, url, shown, configuration)
    if configuration is not None:
        bundle.collect("doctor.json", lambda: _doctor(configuration))
    redactor = Redactor([*secrets, *secrets_of_environment(os.environ), *([shown] if shown else [])])
    bundle.put("summary.json", _summary(bundle, url, given))
    try:
        _write(path, bundle, redactor)
    except FileExistsError:
        fail(f"{path}: is there already and is not overwritten; choose another name")
    except OSError as error:
        path.unlink(missing_ok=True)
        fail(f"{path}: {error}")
    for name, reason in bundle.lacking.items():
        show(redactor.text(f"{name} is not in it: {reason}"))
    show(f"{path}: {len(bundle.content)} files without secrets; look through them before you send them")


@dataclass(slots=True)
class _Bundle:
    """What is put together: the content by name, JSON or text, and why something is lacking."""

    content: dict[str, Any] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, content: Any) -> None:
        self.content[name] = content

    def collect(self, name: str, find: Callable[[], Any]) -> None:
        """Put what ``find`` returns, or note what it raises: nothing keeps the rest from being written."""
        try:
            self.put(name, find())
        except Exception as error:  # noqa: BLE001 - a plugin or a service may do anything
            is_plain = isinstance(error, OSError | LivingMapError)
            self.lacking[name] = str(error) if is_plain else f"{type(error).__name__}: {error}"


def _configuration(bundle: _Bundle, given: Path | None) -> tuple[Path | None, Config | None, list[str]]:
    """Put the settings as they were written; return the file, what it means, and the secrets of both."""
    file, configuration = config_file(given), None
    folder = file.parent if file else Path.cwd()
    secrets: list[str] = []
    try:
        written: Any = read_yaml(file).data
        secrets += secrets_in(written, folder)
        with suppress(ValueError):  # what is wrong is said by `load`
            settings = Settings(**written)
            secrets += secrets_in(settings, folder)
            written = settings.model_dump(mode="json")
        bundle.put("configuration.json", written)
        configuration = load(file)
        written["history"]["url"] = configuration.history.shown
        models = [one.settings for one in configuration.sources]
        models += [one.settings for one in _of_access(configuration)]
        secrets += secrets_in(models, folder)
    except ConfigError as error:
        bundle.put("configuration-faults.json", error.lines())
    except Exception as error:  # noqa: BLE001 - a plugin that is loaded may raise anything
        bundle.lacking["configuration.json"] = f"{type(error).__name__}: {error}"
    return file, configuration, secrets


def _of_access(configuration: Config) -> Iterator[Any]:
    access = configuration.access
    return (one for one in (access.authenticator, access.policy, access.account) if one is not None)


def _put_processes(bundle: _Bundle) -> None:
    """Put the maps of this account that run here, and the end of the log of each that writes it into a file."""
    from livingmap.cli.run_file import running  # noqa: PLC0415

    maps: list[Running] = []
    with suppress(OSError, ImportError):
        maps = list(running())
    bundle.put("processes.json", [asdict(one) | {"system": host.process(one.pid)} for one in maps])
    for one in maps:
        name = f"log-{one.pid}.txt"
        log = Path(f"/proc/{one.pid}/fd/2")
        if log.is_file():
            bundle.collect(name, partial(host.tail, log))
        else:
            bundle.lacking[name] = (
                "the log goes elsewhere; add the end of it, such as of journalctl or docker logs"
            )
    if not maps:
        bundle.lacking["log.txt"] = "no map of this account runs here; add the end of its log by hand"


def _put_answers(bundle: _Bundle, url: str, token: str | None, configuration: Config | None) -> None:
    """Put what a running map says of itself."""
    scrape = None
    with suppress(OSError):
        scrape = configuration.server.scrape_token() if configuration else None
    for name, path in _PATHS.items():
        own = (scrape or token) if path == "/metrics" else token
        bundle.collect(name, partial(_answered, url, path, own))


def _answered(url: str, path: str, token: str | None) -> Any:
    """Return an answer, with its status if that is not 200. Raises OSError if nothing answers."""
    came = answer(url, path, token, _ANSWER_SECONDS)
    return came.body if came.is_success else {"status": came.status, "answer": came.body}


def _doctor(configuration: Config) -> Any:
    from livingmap.doctor.report import report  # noqa: PLC0415
    from livingmap.logs import configure  # noqa: PLC0415

    async def look() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of what is late nobody has to know
        return (await report(configuration)).to_json()

    configure(configuration.logging, quiet=True)
    return supervision.run(look())


def _summary(bundle: _Bundle, url: str, file: Path | None) -> dict[str, Any]:
    return {
        "made_at": datetime.now(UTC).isoformat(),
        "livingmap": __version__,
        "map": url,
        "configuration": str(file or "environment"),
        "files": sorted(bundle.content),
        "lacking": bundle.lacking,
    }


def _write(path: Path, bundle: _Bundle, redactor: Redactor) -> None:
    """Write what was collected, every value and then the text of each file without secrets."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw, zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in bundle.content.items():
            text = content
            if not isinstance(content, str):
                text = json.dumps(redactor.value(content), indent=1, ensure_ascii=False, default=str)
            archive.writestr(name, redactor.text(text))
