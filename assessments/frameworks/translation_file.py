"""Translation files: the texts of one edition in another language, each with the hash of the text it was made from.

    format: 1
    translation: {framework: mlops, version: 1.0.0, digest: "sha256:…", language: de}
    criteria:
      people.handover:
        statement: {source: The handover is agreed., of: 3f2a9c…, text: Die Übergabe ist vereinbart.}

`source` and `stale`, the translation of an earlier source, are there for whoever translates. A text may also stand
alone (`statement: Die Übergabe …`): it then belongs to the version with the digest of the file. An empty text is one
that is not translated yet.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML

from ..models.framework_texts import Place, fingerprint
from ..models.reading import normal
from ..models.translations import Translated
from .format import fields
from .format.document import Document, Limits, parse_documents, read_bytes
from .format.files import folded
from .format.problems import MAX_PROBLEMS, FrameworkFileError, Problem, not_as_expected, shortened

#: The parts of a framework that have texts, in the order of its file, and how many keys deep their texts lie.
SECTIONS = {
    "framework": 0,
    "rules": 1,
    "bands": 1,
    "scales": 2,
    "levels": 1,
    "groups": 1,
    "dimensions": 1,
    "criteria": 1,
    "symptoms": 1,
    "adviser": 0,
}
#: Below these, texts lie one key deeper.
NESTED = {("adviser", name) for name in ("inputs", "rules", "adjustments", "confirm")}
HEAD = ("framework", "version", "digest", "language")
LIMITS = Limits(max_bytes=6_000_000, values=60_000)
#: No text may be longer, as no form could carry it.
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslationFile:
    """What a file says, before it is known which edition it is for. `of` is empty for a text that stands alone."""

    framework: str
    version: str
    digest: str
    language: str
    texts: dict[Place, Translated]
    document: Document

    def for_sources(self, sources: Mapping[Place, str], *, digest: str) -> tuple[dict[Place, Translated], list[str]]:
        """The texts that an edition has places for, and a line for each place that it does not have.

        Raises FrameworkFileError if it cannot be known which source a text was made from.
        """
        alone = [place for place, (of, _text) in self.texts.items() if not of and place in sources]
        if alone and self.digest != digest:
            message = _("this file is for another version, and this text does not say what it was made from")
            mend = _("export the translation of this version, and copy the texts into that file")
            raise FrameworkFileError(self.document.problem(place, message, mend) for place in alone[:MAX_PROBLEMS])
        texts = {
            place: Translated(of or fingerprint(sources[place]), text)
            for place, (of, text) in self.texts.items()
            if place in sources
        }
        return texts, [self.document.path(place) for place in self.texts if place not in sources]


def is_translation(document: Document) -> bool:
    """Whether the file is meant to be a translation, as against a framework."""
    return isinstance(document.value, dict) and "translation" in document.value


def read_translation(path: str | Path) -> TranslationFile:
    """Raises FrameworkFileError with everything that is wrong."""
    return reads_translation(read_bytes(path, LIMITS.max_bytes), name=Path(path).name)


def reads_translation(content: str | bytes, *, name: str) -> TranslationFile:
    """The same from text or uploaded bytes; `name` is what problems call the file."""
    return translation_of(parse_documents(content, name=name, limits=LIMITS)[0])


def translation_of(document: Document) -> TranslationFile:
    """What a document says; raises FrameworkFileError with everything that is wrong with it."""
    return _Reading(document).file()


class _Reading:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []

    def file(self) -> TranslationFile:
        value = self.mapping((), self.document.value)
        head = self.head(value)
        texts: dict[Place, Translated] = {}
        for name, part in value.items():
            if name in ("format", "translation"):
                continue
            if name not in SECTIONS:
                message = _("there is no field '{name}' here").format(name=shortened(name))
                self.note((name,), message, _("write one of: {names}").format(names=", ".join(SECTIONS)))
                continue
            texts |= dict(self.texts((name,), part, SECTIONS[name]))
        if self.problems:
            raise FrameworkFileError(self.problems)
        return TranslationFile(**head, texts=texts, document=self.document)

    def head(self, value: dict[Any, Any]) -> dict[str, str]:
        if value.get("format") != 1:
            self.note(("format",), _("this is not format 1"), _("begin with 'format: 1'"))
        given = self.mapping(("translation",), value.get("translation"))
        for name in given:
            if name not in HEAD:
                message = _("there is no field '{name}' here").format(name=shortened(name))
                self.note(("translation", name), message, _("write one of: {names}").format(names=", ".join(HEAD)))
        head = {name: str(given.get(name) or "").strip() for name in HEAD}
        for name in ("framework", "language"):
            if not head[name]:
                self.note(("translation", name), _("this field is missing"), _("add it"))
        language = normal(head["language"])
        if head["language"] and not language:
            message = _("'{value}' is not the name of a language").format(value=shortened(head["language"]))
            self.note(("translation", "language"), message, _("write a code such as de, fr or pt-BR"))
        return head | {"language": language}

    def texts(self, place: Place, value: Any, depth: int) -> Iterator[tuple[Place, Translated]]:
        """The texts in one part of the file; `depth` is how many keys stand above them."""
        for name, inner in self.mapping(place, value).items():
            at = (*place, str(name))
            if at in NESTED:
                yield from self.texts(at, inner, 1)
            elif depth:
                yield from self.texts(at, inner, depth - 1)
            elif text := self.text(at, inner):
                yield at, text

    def text(self, place: Place, value: Any) -> Translated | None:
        of = ""
        if isinstance(value, dict):
            for name in value:
                if name not in ("source", "of", "stale", "text"):
                    message = _("there is no field '{name}' here").format(name=shortened(name))
                    self.note((*place, name), message, _("write 'of' and 'text'"))
            of = str(value.get("of") or "")
            if not of and isinstance(value.get("source"), str):
                of = fingerprint(value["source"])
            value = value.get("text")
        if value is None:
            return None
        if not isinstance(value, str | int) or isinstance(value, bool):
            self.note(place, not_as_expected(value, _("text")), _("put it in quotes"))
            return None
        text = str(value).replace("\r\n", "\n").strip()
        if fields.UNSPEAKABLE.search(text):
            self.note(place, _("there is a character in this text that cannot be stored"), _("remove it"))
        if len(text) > MAX_TEXT:
            message = _("this has more than {limit} characters").format(limit=f"{MAX_TEXT:,}")
            self.note(place, message, _("shorten it"))
        return Translated(of, text) if text else None

    def mapping(self, place: tuple[Any, ...], value: Any) -> dict[Any, Any]:
        if isinstance(value, dict):
            return value
        if value is not None or len(place) < 2:
            self.note(place, not_as_expected(value, _("a mapping")), _("write lines of the form 'name: value'"))
        return {}

    def note(self, place: tuple[Any, ...], message: str, mend: str) -> None:
        self.problems.append(self.document.problem(place, message, mend))
        if len(self.problems) > MAX_PROBLEMS:
            raise FrameworkFileError(self.problems)


def write_translation(head: Mapping[str, str], sources: Mapping[Place, str], texts: Mapping[Place, Translated]) -> str:
    """The file of a translation: `text` is empty for what is missing or stale."""
    data: dict[str, Any] = {"format": 1, "translation": {name: head[name] for name in HEAD}}
    for place, source in sources.items():
        part = data
        for name in place[:-1]:
            part = part.setdefault(name, {})
        now = fingerprint(source)
        of, text = texts.get(place, (now, ""))
        entry = part[place[-1]] = {"source": source, "of": now}
        if of != now:
            entry["stale"] = text
        entry["text"] = text if of == now else ""
    yaml = YAML(typ="rt", pure=True)
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = LIMITS.max_bytes
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump(folded(data), stream)
    return stream.getvalue()
