"""Languages: the text of words in the language that a reader asks for, and texts where a plugin has given none."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, TypeVar

from livingmap.core.types import Words

ENGLISH: Final = "en"
_PLURALS: Final = ((r"([^aeiou])y", r"\1ies"), (r"(s|x|z|ch|sh)", r"\1es"), (r"(.?)", r"\1s"))

T = TypeVar("T")


def preferred(header: str, languages: Iterable[str]) -> str:
    """Return the one of ``languages`` that an ``Accept-Language`` header likes best, else English.

    RFC 4647, 3.4 (lookup): ``uk`` serves those who ask for ``uk-UA``.
    """
    offered = {language.lower(): language for language in languages}
    subtags = (one.split("-") for one in _by_weight(header))
    wanted = ("-".join(some[:length]) for some in subtags for length in range(len(some), 0, -1))
    return next((offered[one] for one in wanted if one in offered), ENGLISH)


def _by_weight(header: str) -> list[str]:
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        try:
            weights[name.strip()] = float(parameters.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
    return sorted((name for name, weight in weights.items() if weight > 0), key=lambda name: -weights[name])


def text_in(language: str, words: Mapping[str, T], default: T) -> T:
    """Return the words in a language, else in English, else ``default``."""
    return words.get(language, words.get(ENGLISH, default))


def readable(name: str) -> str:
    """Return a name of the program as words: ``load balancer`` for ``load_balancer``, ``job`` for ``job_id``."""
    return re.sub(r"_ids?$", "", name).replace("_", " ").replace(".", " ").strip() or name


def label_of(name: str, words: Words, language: str) -> str:
    """Return what a type, a layer or a field is called, by default as its name reads: ``Load balancer``."""
    text = readable(name)
    return text_in(language, words, text[:1].upper() + text[1:])


def in_a_sentence(label: str) -> str:
    """Return a label as it stands after other words: ``target`` for ``Target``, and ``DAO`` as it is."""
    return label.lower() if label == label.capitalize() else label


def plural_of(noun: str) -> str:
    """Return an English noun in the plural, for what a plugin has not said: ``load balancers``."""
    return next(re.sub(f"{one}$", many, noun, count=1) for one, many in _PLURALS if re.search(f"{one}$", noun))
