"""Translations of editions: what is translated, missing or stale, and their files."""

from collections import Counter
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import Edition, EditRefused, Framework, Translation, User
from ..models.framework_texts import Place, fingerprint, source_texts
from ..models.writing import writing
from .part_names import field_name
from .storing import digest_of
from .translation_file import TranslationFile, write_translation

MISSING, STALE, DONE = "missing", "stale", "done"
#: What a part is called, by the section of a translation file that it is in.
SECTION_NAMES = {
    "framework": gettext_lazy("Framework"),
    "rules": gettext_lazy("Rule"),
    "bands": gettext_lazy("Band"),
    "scales": gettext_lazy("Choice"),
    "levels": gettext_lazy("Level"),
    "groups": gettext_lazy("Group"),
    "dimensions": gettext_lazy("Dimension"),
    "criteria": gettext_lazy("Criterion"),
    "symptoms": gettext_lazy("Symptom"),
    "adviser": gettext_lazy("Adviser"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedRow:
    """One text of an edition beside its translation."""

    place: Place
    source: str
    text: str
    state: str

    @property
    def key(self) -> str:
        """What a form calls it."""
        return fingerprint("/".join(self.place))

    @property
    def section(self) -> str:
        return str(SECTION_NAMES[self.place[0]])

    @property
    def part(self) -> str:
        """Which of them, by its key."""
        return " ".join(self.place[1:-1])

    @property
    def field(self) -> str:
        return field_name(self.place[-1])

    @property
    def is_stale(self) -> bool:
        return self.state == STALE

    @property
    def lines(self) -> int:
        """How tall the field for its translation is."""
        return min(12, 1 + max(len(self.source), len(self.text)) // 60 + self.source.count("\n"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far a translation is."""

    translation: Translation
    rows: list[TranslatedRow]

    @classmethod
    def of(cls, translation: Translation) -> "Coverage":
        texts = translation.by_place()
        rows = []
        for place, source in source_texts(translation.edition.source).items():
            of, text = texts.get(place, ("", ""))
            state = MISSING if not text else DONE if of == fingerprint(source) else STALE
            rows.append(TranslatedRow(place=place, source=source, text=text, state=state))
        return cls(translation=translation, rows=rows)

    @property
    def counts(self) -> Counter[str]:
        return Counter(row.state for row in self.rows)

    @property
    def done(self) -> int:
        return self.counts[DONE]

    @property
    def stale(self) -> int:
        return self.counts[STALE]

    @property
    def missing(self) -> int:
        return self.counts[MISSING]

    def first_to_do(self) -> list[TranslatedRow]:
        """What is stale, what is missing, and what is done, each in the order of the framework."""
        order = {STALE: 0, MISSING: 1, DONE: 2}
        return sorted(self.rows, key=lambda row: order[row.state])


def file_of_translation(edition: Edition, language: str) -> str:
    """The file of a translation; without one, a skeleton with every text of the edition."""
    translation = edition.translations.filter(language=language).first()
    head = {
        "framework": edition.framework.key,
        "version": edition.version,
        "digest": digest_of(edition),
        "language": language,
    }
    texts = translation.by_place() if translation else {}
    return write_translation(head, source_texts(edition.source), texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a file brought. `unknown` are its texts that the edition has no place for."""

    translation: Translation
    texts: int
    stale: int
    unknown: list[str]


def edition_for(file: TranslationFile) -> Edition:
    """The edition that a file is for: the one with its digest, else with its version, else the one in use.

    Raises EditRefused if there is none.
    """
    framework = Framework.objects.filter(key=file.framework).first()
    if framework is None:
        raise EditRefused(_("There is no framework “{key}” to translate.").format(key=file.framework))
    editions = framework.editions.select_related("framework")
    edition = (
        (editions.filter(digest=file.digest).first() if file.digest else None)
        or editions.filter(version=file.version).order_by("-publication").first()
        or framework.default_edition()
    )
    if edition is None:
        raise EditRefused(_("This framework has no version that could be translated."))
    return edition


def bring_file(file: TranslationFile, edition: Edition, *, by: User | None, checked: bool = False) -> Brought:
    """Stores the texts of a file beside an edition. Raises FrameworkFileError or EditRefused, and then stores nothing.

    A text that was made from another source than the edition has is stored as stale.
    """
    if file.framework != edition.framework.key:
        sentence = _("This file translates “{key}”, which is another framework.")
        raise EditRefused(sentence.format(key=file.framework))
    if file.language == edition.language:
        sentence = _("{language} is the framework’s own language.")
        raise EditRefused(sentence.format(language=file.language))
    sources = source_texts(edition.source)
    texts, unknown = file.for_sources(sources, digest=digest_of(edition))
    with writing(by):
        translation = Translation.objects.begin(edition, file.language, by=by).bring(texts, by=by)
        if checked:
            translation = translation.say_checked(True, seen=translation.revision, by=by)
    stale = sum(of != fingerprint(sources[place]) for place, (of, _text) in texts.items())
    return Brought(translation=translation, texts=len(texts), stale=stale, unknown=unknown)
