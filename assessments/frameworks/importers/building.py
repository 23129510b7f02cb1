"""What every adapter needs: careful reading, a report, and problems that point into the source."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from pydantic import ValidationError

from ..format.document import FOREIGN, Document, Limits, Place, parse_documents, read_bytes
from ..format.files import problem_of
from ..format.problems import MAX_PROBLEMS, FrameworkFileError, Problem, not_as_expected, shortened
from ..format.schema import FrameworkFile

MAX_KEY = 100
#: Where a text stands in a translation file: `("criteria", "people.handover", "statement")`.
TextPlace = tuple[str, ...]
NPLF: dict[str, Any] = {
    "key": "steps",
    "values": [
        {"code": "N", "value": 0, "name": "Not implemented"},
        {"code": "P", "value": 1, "name": "Partially implemented"},
        {"code": "L", "value": 2, "name": "Largely implemented"},
        {"code": "F", "value": 3, "name": "Fully implemented"},
    ],
    "other_answers": [
        {"code": "NA", "name": "Does not apply", "needs_reason": True},
        {"code": "DK", "name": "I do not know"},
    ],
}
NOT_RATINGS = NPLF["other_answers"]
#: Rules for formats that have levels but do not say when one is reached.
RULES: dict[str, Any] = {
    "default_rule": "largely",
    "rules": [
        {
            "key": "largely",
            "name": "Largely achieved",
            "unit": "criterion",
            "at": {"at_least": "2/3"},
            "below": {"at_least": "2/3"},
        },
        {
            "key": "fully",
            "name": "Fully achieved",
            "unit": "criterion",
            "at": {"at_least": "1"},
            "below": {"at_least": "1"},
        },
    ],
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file to import: its name for messages, and its bytes."""

    name: str
    content: bytes

    @classmethod
    def read(cls, path: Path, *, name: str = "") -> "Source":
        return cls(name or path.name, read_bytes(path, FOREIGN.max_bytes))

    def documents(self, limits: Limits = FOREIGN) -> list[Document]:
        return parse_documents(self.content, name=self.name, limits=limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person has chosen about an import.

    `version` replaces the one in the files, or provides it if they have none. `levels` names the groups of the source
    that become levels, the lowest first; none do if it is empty, and those whose names say an order if it is None.
    """

    version: str = ""
    levels: tuple[str, ...] | None = None


def named_levels(text: str) -> tuple[str, ...]:
    """`Options.levels` as people write them: names with commas between them, or `none`."""
    return () if text.strip() == "none" else tuple(name.strip() for name in text.split(",") if name.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """A framework file made from another format, with what was changed to fit and what could not be imported.

    `offered` is how many things to rate the other file has, which it calls `things`; those imported are the criteria.
    `groups` are what could be a level, as `Options.levels` names them, and `levels` those that are.
    """

    file: FrameworkFile
    offered: int
    things: str
    adapted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    #: What the source says in other languages: by language, then by place in the file.
    translations: Mapping[str, Mapping[TextPlace, str]] = field(default_factory=dict)


class Lines:
    """Sentences of a report. A repeated sentence stays one line, with a count and a few examples."""

    MAX, EXAMPLES = 50, 3

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.examples: defaultdict[str, list[str]] = defaultdict(list)

    def say(self, sentence: str, *, example: str = "", times: int = 1) -> None:
        if times:
            self.times[sentence] += times
        if example and len(self.examples[sentence]) < self.EXAMPLES:
            self.examples[sentence].append(f"“{shortened(example)}”")

    def listed(self) -> tuple[str, ...]:
        lines = [self._line(sentence, times) for sentence, times in self.times.items()]
        if len(lines) > self.MAX:
            more = len(lines) - self.MAX
            message = ngettext("{count} other thing", "{count} other things", more)
            lines[self.MAX :] = [message.format(count=f"{more:,}")]
        return tuple(lines)

    def _line(self, sentence: str, times: int) -> str:
        examples = self.examples[sentence]
        counted = sentence
        if times > 1:
            counted = _("{sentence} ({count} times)").format(sentence=sentence.rstrip("."), count=f"{times:,}")
        if not examples:
            return counted
        more = times - len(examples)
        if more > 0:
            message = _("{sentence}: {examples} and {count} more")
            return message.format(sentence=counted, examples=", ".join(examples), count=f"{more:,}")
        return _("{sentence}: {examples}").format(sentence=counted, examples=", ".join(examples))


@dataclass(slots=True)
class Report:
    """Collects problems, adaptations and what is left out while a format is read."""

    problems: list[Problem] = field(default_factory=list)
    adapted: Lines = field(default_factory=Lines)
    refused: Lines = field(default_factory=Lines)
    #: How many things to rate the file has, imported or not.
    offered: int = 0

    def problem(self, document: Document, place: Place, message: str, mend: str = "") -> None:
        """Records a problem; reading stops once no more are listed."""
        self.problems.append(document.problem(place, message, mend))
        if len(self.problems) > MAX_PROBLEMS:
            raise FrameworkFileError(self.problems)

    def stop_if_broken(self) -> None:
        if self.problems:
            raise FrameworkFileError(self.problems)


class Reader:
    """Fields of one mapping in a source. Reports those that are missing or of the wrong kind."""

    def __init__(self, report: Report, document: Document, place: Place, value: Any) -> None:
        self.report = report
        self.document = document
        self.place = place
        self.value: dict = value if isinstance(value, dict) else {}
        self.seen: set[str] = set()
        if not isinstance(value, dict):
            message = not_as_expected(value, _("a mapping"))
            self.problem((), message, _("write lines of the form 'name: value'"))

    def problem(self, place: Place, message: str, mend: str = "") -> None:
        self.report.problem(self.document, (*self.place, *place), message, mend)

    def get(self, name: str) -> Any:
        self.seen.add(name)
        return self.value.get(name)

    def text(self, name: str, *, needed: bool = False) -> str:
        value = self.get(name)
        if isinstance(value, bool | int) and value is not None:
            value = str(value).lower() if isinstance(value, bool) else str(value)
        if value is None or (isinstance(value, str) and not value.strip()):
            if needed:
                self.problem((name,), _("the field '{name}' is missing").format(name=name), _("add it"))
            return ""
        if not isinstance(value, str):
            self.problem((name,), not_as_expected(value, _("text")), _("write plain text"))
            return ""
        return value.strip()

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        value = self.get(name)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            message = _("'{value}' is not a whole number from {least} to {most}")
            if value is None:
                message = _("this is missing; a whole number from {least} to {most} is expected")
            message = message.format(value=shortened(value), least=least, most=most)
            self.problem((name,), message, _("write only digits"))
            return None
        return value

    def lines(self, name: str) -> list[str]:
        """A list of texts; one text counts as a list of one."""
        value = self.get(name)
        if value is None or value == "":
            return []
        if isinstance(value, str | int):
            return [str(value)]
        if not isinstance(value, list):
            self.problem((name,), not_as_expected(value, _("a list")), _("begin each entry with '- '"))
            return []
        return [str(item).strip() for item in value if isinstance(item, str | int) and str(item).strip()]

    def rest(self) -> list[str]:
        """Names of fields that hold something and were never read."""
        return [name for name, value in self.value.items() if name not in self.seen and value not in (None, "", [], {})]


class Keys:
    """Keys made from names; a repeated name gets a number."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        #: The last number that each name got.
        self.last: Counter[str] = Counter()

    def make(self, name: str, fallback: str) -> str:
        base = slug(name)[:MAX_KEY].strip("-.") or fallback
        key = base
        while key in self.taken:
            self.last[base] += 1
            key = f"{base}-{self.last[base] + 1}"
        self.taken.add(key)
        return key


def slug(name: str) -> str:
    """The name in lower case, with only unaccented letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def short(name: str, length: int = 120) -> str:
    """A name no longer than the format allows."""
    return name if len(name) <= length else f"{name[: length - 1].rstrip()}…"


def kept_whole(name: str, about: str = "") -> str:
    """What stands beside `short(name)`: the whole name where it was too long, and `about`."""
    return paragraphs(name if short(name) != name else "", about)


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def bullets(items: Iterable[str]) -> str:
    return "\n".join(f"- {' '.join(item.split())}" for item in items)


def titled(title: str, text: str) -> str:
    """A paragraph with a title in bold, or nothing without a text."""
    if not text:
        return ""
    return f"**{title}:**\n\n{text}" if text.startswith("- ") else f"**{title}:** {text}"


def without_empty(data: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in (None, "", [], ())}


def built(
    data: dict[str, Any],
    origins: dict[Place, tuple[Document, Place]],
    document: Document,
    report: Report,
    *,
    things: str,
) -> Adapted:
    """Validates what an adapter made. Problems are reported at the place in the source that they came from.

    `origins` maps parts such as `("criteria", 3)` to their place in the source; everything else is reported at the
    beginning of `document`.
    """
    report.stop_if_broken()
    try:
        file = FrameworkFile.model_validate(data)
    except ValidationError as error:
        made = Document(document.name, data, {})
        for line in error.errors(include_url=False):
            problem = problem_of(made, line)
            place = tuple(step for step in line["loc"] if step != "[key]")
            source, there = next(
                (origins[place[:n]] for n in range(len(place), 0, -1) if place[:n] in origins), (document, ())
            )
            report.problem(source, there, f"{problem.path}: {problem.message}", problem.mend)
        raise FrameworkFileError(report.problems) from None
    return Adapted(
        file=file,
        offered=report.offered,
        things=things,
        adapted=report.adapted.listed(),
        refused=report.refused.listed(),
    )
