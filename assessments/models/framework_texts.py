"""The texts of an edition that can be translated: where each stands, what it says, and the language it is in."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from .frameworks import Contents

#: Where a text stands, as in a translation file: `("criteria", "people.handover", "statement")`.
Place = tuple[str, ...]

HEAD = ("name", "purpose", "unit_of_assessment")
LEVEL = ("name", "summary", "description", "highlights", "technology", "fits")
PART = ("name", "about")
CHOICE = ("name", "anchor")
CRITERION = ("statement", "name", "evidence", "next", "na")
SYMPTOM = ("statement",)
RULE = ("name",)
BAND = ("name", "meaning")


class FrameworkText(str):
    """A text that knows the language it is in. What is made of it, such as a sentence, is an ordinary text."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, text: str, lang: str = "") -> Self:
        made = super().__new__(cls, text)
        made.lang = lang
        return made


def fingerprint(text: str) -> str:
    """The hash of a source text, by which a translation knows that it is still the same."""
    return sha256(text.encode()).hexdigest()[:16]


class Slot:
    """One text of an edition: its place, and the row or mapping that holds it. A list is a text of several lines."""

    __slots__ = ("field", "owner", "place")

    def __init__(self, place: Place, owner: Any, field: str) -> None:
        self.place = (*place, field)
        self.owner = owner
        self.field = field

    @property
    def value(self) -> Any:
        return self.owner.get(self.field) if isinstance(self.owner, dict) else getattr(self.owner, self.field)

    @property
    def text(self) -> str:
        value = self.value
        return "\n".join(value) if isinstance(value, list) else value or ""

    def put(self, text: str, language: str) -> None:
        put: Any = FrameworkText(text, language)
        if isinstance(self.value, list):
            put = [FrameworkText(line.strip(), language) for line in text.splitlines() if line.strip()]
        if isinstance(self.owner, dict):
            self.owner[self.field] = put
        else:
            setattr(self.owner, self.field, put)


def slots(contents: "Contents") -> Iterator[Slot]:
    """Every text of an edition that can be translated, in the order of its file; empty ones as well."""
    edition = contents.edition
    yield from _each(("framework",), edition, HEAD)
    for rule in edition.scoring.get("rules", []):
        yield from _each(("rules", rule["key"]), rule, RULE)
    for position, band in enumerate(edition.scoring.get("bands", []), start=1):
        yield from _each(("bands", str(position)), band, BAND)
    for scale in contents.scales:
        for choice in scale.choices.all():
            yield from _each(("scales", scale.key, choice.code), choice, CHOICE)
        for answer in scale.other_answers:
            yield from _each(("scales", scale.key, answer["code"]), answer, RULE)
    for level in contents.levels:
        yield from _each(("levels", str(level.number)), level, LEVEL)
    for group in contents.groups:
        yield from _each(("groups", group.key), group, PART)
    for dimension in contents.dimensions:
        yield from _each(("dimensions", dimension.key), dimension, PART)
    for criterion in contents.criteria:
        yield from _each(("criteria", criterion.key), criterion, CRITERION)
    for symptom in contents.symptoms:
        yield from _each(("symptoms", symptom.key), symptom, SYMPTOM)


def _each(place: Place, owner: Any, fields: tuple[str, ...]) -> Iterator[Slot]:
    for field in fields:
        yield Slot(place, owner, field)


def source_texts(contents: "Contents") -> dict[Place, str]:
    """What there is to translate."""
    return {slot.place: str(slot.text) for slot in slots(contents) if slot.text}


def put_texts(contents: "Contents", translated: Mapping[Place, str], *, language: str) -> None:
    """Puts these texts, in this language, in place of the edition's own, and marks the rest with its language."""
    own = contents.edition.language
    for slot in list(slots(contents)):
        if slot.text:
            text = translated.get(slot.place)
            slot.put(text or slot.text, language if text else own)
