"""The page at ``/``: what runs here, and where everything is."""

from collections import Counter
from html import escape

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from livingmap import __version__
from livingmap.api.picture import Picture
from livingmap.core.view import Catalogue, Entity

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --mute: #777; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } p.lead { color: var(--mute); margin-top: 0; }
table { border-collapse: collapse; width: 100%; } caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; vertical-align: top; }
tr { border-bottom: 1px solid var(--line); }
.numbers { display: flex; flex-wrap: wrap; gap: 1rem 2rem; padding: 0; list-style: none; }
.numbers b { display: block; font-size: 1.8rem; line-height: 1.2; }
.wide { overflow-x: auto; } code { font-size: .9em; }
"""

_LINKS = (
    ("/living-map/snapshot", "the state of the whole network"),
    ("/living-map/entities", "the catalogue of everything on the map"),
    ("/living-map/history", "what happened, newest first"),
    ("/living-map/events", "what happens, as it happens"),
    ("/living-map/sources", "where it comes from, and how fresh it is"),
    ("/living-map/health", "whether the map itself is well"),
    ("/docs", "the HTTP API, to read and to try"),
)

_NAMES = {
    "agent": "agents",
    "channel": "channels",
    "city": "public places",
    "dao": "DAOs",
    "microdao": "microDAOs",
    "node": "nodes",
    "space": "planets",
}

_SHAPES = {"fresh": "●", "mock": "◐", "stale": "▲", "down": "✕", "disabled": "○", "failed": "✕"}


def routes(picture: Picture) -> APIRouter:
    """Return the page."""
    router = APIRouter(include_in_schema=False)
    catalogue = Catalogue(picture.scene)

    @router.get("/", response_class=HTMLResponse)
    async def page() -> str:
        """Show what runs."""
        return _page(picture, catalogue.entities())

    return router


def _page(picture: Picture, entities: list[Entity]) -> str:
    counted = Counter(entity.type for entity in entities)
    numbers = "".join(f"<li><b>{counted[kind]}</b>{name}</li>" for kind, name in _NAMES.items() if counted[kind])
    rows = "".join(
        f"<tr><td>{escape(str(one['name']))}</td><td>{escape(str(one['service']))}</td>"
        f"<td>{_SHAPES[one['status']]} {one['status']}</td><td>{escape(str(one['error'] or ''))}</td></tr>"
        for one in picture.sources(picture.now())
    )
    links = "".join(f'<li><a href="{path}"><code>{path}</code></a>: {text}</li>' for path, text in _LINKS)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<link rel="icon" href="data:,">
<title>Living Map</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>Living Map</h1>
<p class="lead">Version {__version__}, position {picture.position.seq} of the log.</p>
<ul class="numbers">{numbers or "<li>Nothing is on the map yet.</li>"}</ul>
<div class="wide"><table>
<caption>Sources</caption>
<thead><tr><th>Name</th><th>Service</th><th>Status</th><th>What is wrong</th></tr></thead>
<tbody>{rows}</tbody>
</table></div>
<h2>Where to go</h2>
<ul>{links}</ul>
</main>
</body>
</html>
"""
