"""The texts of an edition that can be translated: where each stands, what it says, and the language it is in."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import groupby
from string import Formatter
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
ADVISER = ("question", "principle", "cautions")
ASKED = ("ask",)
REASON = ("why",)
DIFFERENCE = ("topic", "note")
METRIC = ("name", "ask")
CHECK = ("asks",)


class FrameworkText(str):
    """A text that knows the language it is in. What is made of it does not, except by `filled` and `joined`."""

    __slots__ = ("lang",)
    lang: str

    def __new__(cls, text: str, lang: str = "") -> Self:
        made = super().__new__(cls, text)
        made.lang = lang
        return made


class MixedText(str):
    """A text with texts of frameworks in it: `pieces` are (text, its language), without a language what is around."""

    __slots__ = ("pieces",)
    pieces: tuple[tuple[str, str], ...]

    def __new__(cls, pieces: Iterable[tuple[str, str]]) -> Self:
        runs = [("".join(text for text, _language in run), of) for of, run in groupby(pieces, lambda piece: piece[1])]
        made = super().__new__(cls, "".join(text for text, _language in runs))
        made.pieces = tuple(run for run in runs if run[0])
        return made


def pieces_of(text: object) -> tuple[tuple[str, str], ...]:
    """What a text is made of, as (text, its language); without a language if it does not know any."""
    if isinstance(text, MixedText):
        return text.pieces
    return ((str(text), getattr(text, "lang", "")),)


def filled(sentence: str, **values: object) -> str:
    """`sentence.format(…)`, which still knows the languages of the texts of frameworks in it."""
    pieces: list[tuple[str, str]] = []
    for literal, name, _spec, _conversion in Formatter().parse(sentence):
        pieces.append((literal, ""))
        if name is not None:
            pieces += pieces_of(values[name])
    return MixedText(pieces)


def joined(separator: str, texts: Iterable[object]) -> str:
    """`separator.join(…)`, which still knows the languages of the texts of frameworks in it."""
    pieces: list[tuple[str, str]] = []
    for text in texts:
        if pieces:
            pieces.append((separator, ""))
        pieces += pieces_of(text)
    return MixedText(pieces)


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
    yield from _adviser(edition.blocks.get("adviser") or {})


def _adviser(block: dict[str, Any]) -> Iterator[Slot]:
    yield from _each(("adviser",), block, ADVISER)
    for question in block.get("inputs", []):
        yield from _each(("adviser", "inputs", question["key"]), question, ASKED)
    for section in ("rules", "adjustments"):
        for rule in block.get(section) or []:
            yield from _each(("adviser", section, rule["key"]), rule, REASON)
    for confirmation in block.get("confirm") or []:
        yield from _each(("adviser", "confirm", str(confirmation["level"])), confirmation, ASKED)


def _untranslated(contents: "Contents") -> Iterator[Slot]:
    """Texts that people read in the language of the edition only."""
    for position, difference in enumerate(contents.edition.blocks.get("source_differences", []), start=1):
        yield from _each(("source_differences", str(position)), difference, DIFFERENCE)
    for level in contents.levels:
        yield Slot(("levels", str(level.number)), level, "also_called")
    for metric in contents.edition.blocks.get("metrics", []):
        place = ("metrics", metric["key"])
        yield from _each(place, metric, METRIC)
        yield from _each(place, metric.get("values") or {}, tuple(metric.get("values") or ()))
    for check in contents.edition.blocks.get("checks", []):
        yield from _each(("checks", check["criterion"], check["source"]), check, CHECK)


def _each(place: Place, owner: Any, fields: tuple[str, ...]) -> Iterator[Slot]:
    for field in fields:
        yield Slot(place, owner, field)


def source_texts(contents: "Contents") -> dict[Place, str]:
    """What there is to translate."""
    return {slot.place: str(slot.text) for slot in slots(contents) if slot.text}


def put_texts(contents: "Contents", translated: Mapping[Place, str], *, language: str) -> None:
    """Puts these texts, in this language, in place of the edition's own, and marks the rest with its language."""
    own = contents.edition.language
    for slot in [*slots(contents), *_untranslated(contents)]:
        if slot.text:
            text = translated.get(slot.place)
            slot.put(text or slot.text, language if text else own)
