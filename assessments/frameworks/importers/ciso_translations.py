"""The translations in a CISO Assistant library: `translations: {fr: {name: …}}` inside each node, question and choice.

What a text of ours is made of differs, so the library is read once more for each language, with its texts in place of
the own ones. Both readings have the same parts in the same order; their keys may come from names and are not compared.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..format.document import Document
from ..format.schema import FrameworkFile
from .building import TextPlace
from .ciso_answers import NAMES_OF_NOT_APPLICABLE

#: More languages than any published library has.
MOST_LANGUAGES = 40
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
#: Texts of a library.
TEXTS = ("name", "description", "annotation", "typical_evidence", "text", "value")
#: Texts of ours that can differ with them.
HEAD = ("name", "purpose")
LEVEL = ("name", "summary")
PART = ("name", "about")
CRITERION = ("statement", "evidence")
CHOICE = ("name", "anchor")


def languages_in(value: Any) -> list[str]:
    """The languages that something in the library is translated into, by name."""
    found: set[str] = set()
    _find(value, found)
    return sorted(found)[:MOST_LANGUAGES]


def _find(value: Any, found: set[str]) -> None:
    if isinstance(value, dict):
        translations = value.get("translations")
        if isinstance(translations, dict):
            found.update(str(language) for language in translations if LANGUAGE.fullmatch(str(language)))
        for inner in value.values():
            _find(inner, found)
    elif isinstance(value, list):
        for inner in value:
            _find(inner, found)


def localized(document: Document, language: str) -> Document:
    """The same library with the texts of one language, where it has them."""
    return replace(document, value=_localized(document.value, language))


def _localized(value: Any, language: str) -> Any:
    if isinstance(value, list):
        return [_localized(inner, language) for inner in value]
    if not isinstance(value, dict):
        return value
    own = {name: _localized(inner, language) for name, inner in value.items() if name != "translations"}
    translations = value.get("translations")
    given = translations.get(language) if isinstance(translations, dict) else None
    given = given if isinstance(given, dict) else {}
    for name in TEXTS:
        text = given.get(name)
        if isinstance(own.get(name), str) and isinstance(text, str) and text.strip() and _may_change(name, own[name]):
            own[name] = text
    return own


def _may_change(name: str, text: str) -> bool:
    """A choice is known by its text as one that does not apply, so that stays."""
    return name != "value" or text.strip().lower() not in NAMES_OF_NOT_APPLICABLE


def translated_texts(source: FrameworkFile, other: FrameworkFile) -> dict[TextPlace, str] | None:
    """The texts of the other reading by their places in the source, where they differ; None if it has other parts."""
    pairs = list(_pairs(source, other))
    if any(one is None or another is None for _place, one, another, _fields in pairs):
        return None
    texts: dict[TextPlace, str] = {}
    for place, one, another, fields in pairs:
        for field in fields:
            before, now = _text(one, field), _text(another, field)
            if before and now and before != now:
                texts[*place, field] = now
    return texts


def _text(entry: Any, field: str) -> str:
    value = getattr(entry, field, None)
    return "\n".join(value) if isinstance(value, tuple) else value or ""


def _pairs(source: FrameworkFile, other: FrameworkFile) -> Iterator[tuple[TextPlace, Any, Any, tuple[str, ...]]]:
    """Each part of the source with the same one of the other reading; None for one that the other does not have."""
    yield ("framework",), source.framework, other.framework, HEAD
    yield from _in_order("levels", "level", source.levels, other.levels, LEVEL)
    yield from _in_order("groups", "key", source.groups, other.groups, PART)
    yield from _in_order("dimensions", "key", source.dimensions, other.dimensions, PART)
    yield from _in_order("criteria", "key", source.criteria, other.criteria, CRITERION)
    # Choices that are the same in one language may differ in another: a scale is that of the criteria it belongs to.
    seen = set()
    for criterion, another in zip(source.criteria, other.criteria, strict=False):
        scale, counterpart = source.scale_of(criterion), other.scale_of(another)
        if scale.key not in seen:
            seen.add(scale.key)
            by_code = {choice.code: choice for choice in counterpart.values}
            for choice in scale.values:
                yield ("scales", scale.key, choice.code), choice, by_code.get(choice.code), CHOICE


def _in_order(section: str, key: str, source: Any, other: Any, fields: tuple[str, ...]) -> Iterator[Any]:
    if len(source) != len(other):
        yield (section,), None, None, fields
        return
    for one, another in zip(source, other, strict=True):
        yield (section, str(getattr(one, key))), one, another, fields
