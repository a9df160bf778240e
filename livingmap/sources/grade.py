"""Grades of plugins: how much of what makes a source a pleasure to use it has, computed from its description.

``bronze``: it loads, and what it declares keeps the rules. ``silver``: its samples show what it reads, and its
messages are sentences. ``gold``: its things have types with fields, words in two languages, and a README.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from livingmap.core.route import matches
from livingmap.core.source import Source
from livingmap.core.types import Type
from livingmap.sources.samples import Samples

_LANGUAGES: Final = 2
_MOST_LACKS: Final = 3


class Grade(StrEnum):
    """The grade of a plugin."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Graded:
    """A grade, and what the next one wants."""

    grade: Grade
    lacks: tuple[str, ...] = ()

    def lacks_in_short(self) -> str:
        """Return the first few things that it lacks, as the end of a sentence; empty if it lacks nothing."""
        more = len(self.lacks) - _MOST_LACKS
        return ", ".join(self.lacks[:_MOST_LACKS]) + (f" and {more} more" if more > 0 else "")


def graded(source: Source) -> Graded:
    """Return the grade of a source that was loaded."""
    if lacks := tuple(_for_silver(source)):
        return Graded(Grade.BRONZE, lacks)
    if lacks := tuple(_for_gold(source)):
        return Graded(Grade.SILVER, lacks)
    return Graded(Grade.GOLD)


def _for_silver(source: Source) -> Iterator[str]:
    try:
        samples = Samples.load(source.samples) if source.samples else Samples()
    except (OSError, ValueError, KeyError) as error:
        yield f"samples that can be read ({error})"
        return
    if "base_url" in source.settings.model_fields and any(layer.fetch for layer in source.layers):
        yield from [] if samples.answers else ["samples of answers"]
    for pattern in source.handlers:
        if not any(matches(pattern, message.type) for message in samples.messages):
            yield f"a sample of a message on {pattern}"
        if not _is_sentence(pattern, source, samples):
            yield f"a sentence for {pattern}"
    for name, info in source.settings.model_fields.items():
        if not info.description:
            yield f"a docstring of the setting {name}"


def _for_gold(source: Source) -> Iterator[str]:
    if not source.types and any(not layer.decorates for layer in source.layers):
        yield "types of what it lists"
    listed = {(layer.name, layer.collection) for layer in source.layers if not layer.decorates}
    own = [one for one in source.types if one.home in listed]  # what decorates says little of others' things
    if not any(one.fields for one in own):  # some things have nothing but a name
        yield from (f"fields of the type {one.name}" for one in own)
    for one in own:
        yield from _of_type(one)
    for pattern, texts in source.sentences.items():
        if len(texts) < _LANGUAGES:
            yield f"a sentence for {pattern} in a second language"
    if not (_folder(source) / "README.md").is_file():
        yield "a README.md beside the plugin"


def _is_sentence(pattern: str, source: Source, samples: Samples) -> bool:
    """Tell whether messages on ``pattern`` are sentences: by one of its own, or by one for each of its samples."""
    if any(own == pattern or matches(own, pattern) for own in source.sentences):
        return True
    subjects = [message.type for message in samples.messages if matches(pattern, message.type)]
    covered = (any(matches(own, subject) for own in source.sentences) for subject in subjects)
    return bool(subjects) and all(covered)


def _of_type(one: Type) -> Iterator[str]:
    words: Mapping[str, Mapping[str, str]] = {
        f"the label of the type {one.name}": one.label,
        f"the plural of the type {one.name}": one.plural,
        **{f"the label of the field {one.name}.{field.name}": field.label for field in one.fields},
    }
    for what, texts in words.items():
        if len(texts) < _LANGUAGES:
            yield f"{what} in two languages"


def _folder(source: Source) -> Path:
    """Return where the plugin is: beside its samples, or where its functions and settings were defined."""
    if source.samples is not None:
        return source.samples.parent
    functions = [layer.fetch for layer in source.layers if layer.fetch]
    names = [getattr(one, "__module__", "") for one in (*functions, *source.handlers.values(), source.settings)]
    files = (getattr(sys.modules.get(name), "__file__", None) for name in names)
    return Path(next((file for file in files if file), ".")).parent
