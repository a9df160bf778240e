"""Labels: what things are called. The twin of ``frontend/src/features/livingMap/domain/entities.ts``."""

import re
from typing import Final

from livingmap.core.model import Fields

_UUID: Final = re.compile(r"([0-9a-f]{8})(-?)[0-9a-f]{4}(\2[0-9a-f]{4}){2}\2[0-9a-f]{12}", re.IGNORECASE)
_FIELDS: Final = ("name", "title", "slug")


def label_in(entity_id: str, item: Fields) -> str:
    """Return what an item is called: its name, title or slug, or else its `short_id`. A UUID is no name."""
    labels = (item.get(field) for field in _FIELDS)
    names = (one for one in labels if isinstance(one, str) and one and not _UUID.fullmatch(one))
    return next(names, short_id(entity_id))


def short_id(entity_id: str) -> str:
    """Return what an id has after the colon; of a UUID the first eight digits: nobody reads them all."""
    name = entity_id.partition(":")[2] or entity_id
    uuid = _UUID.fullmatch(name)
    return uuid[1] if uuid else name


def is_named(entity_id: str, label: str) -> bool:
    """Tell whether a label is a name, and not only the beginning of a UUID."""
    return label != short_id(entity_id) or entity_id.endswith(f":{label}")
