"""Links: where the things of the map have a page elsewhere, by templates such as ``https://city/microdao/{slug}``."""

import re
from typing import Final
from urllib.parse import quote, urlsplit

from livingmap.core.model import Fields, Json

_HOLE: Final = re.compile(r"\{(?P<field>[A-Za-z_]\w*)(?P<key>:key)?\}")
_WEB: Final = ("http", "https")
_SCHEMES: Final = (*_WEB, "mailto")
_DOTS: Final = re.compile(r"\.*")


def invalid_link(template: str) -> str | None:
    """Return why a template is not one of a link; None if it is."""
    scheme, colon, rest = template.partition(":")
    if not colon or scheme not in _SCHEMES:
        return f"begins with none of {', '.join(f'{one}:' for one in _SCHEMES)}"
    if re.search(r"[{}]", _HOLE.sub("", template)):
        return "has a placeholder that is not {field} or {field:key}"
    if not template.isprintable() or " " in template:
        return "holds white space"
    if scheme in _WEB and not _names_a_host(template):
        return "has no host, or a user or a placeholder in it"
    return None if rest else "has nothing after its scheme"


def _names_a_host(template: str) -> bool:
    try:
        parts = urlsplit(template)
        return bool(parts.hostname) and "@" not in parts.netloc and "{" not in parts.netloc
    except ValueError:
        return False


def filled_link(template: str, entity_id: str, item: Fields) -> str | None:
    """Return the address of an entity; None if it lacks a field that the template needs.

    ``{slug}`` is the field, ``{id}`` the id, and with ``:key`` what is after the colon of an id. Every value is
    percent-encoded, so that it can be neither a path of several parts nor a parameter.
    """
    safe = "@" if template.startswith("mailto:") else ""
    fields = {**item, "id": entity_id}
    texts = [_text(fields.get(hole["field"]), is_key=hole["key"] is not None) for hole in _HOLE.finditer(template)]
    if None in texts:
        return None
    values = iter(quote(text or "", safe=safe) for text in texts)
    return _HOLE.sub(lambda _: next(values), template)


def _text(value: Json, *, is_key: bool) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).partition(":")[2] or str(value) if is_key else str(value)
    return None if _DOTS.fullmatch(text) else text  # dots alone would lead to another path
