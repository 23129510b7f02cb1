"""YAML text as plain values that know their lines.

YAML 1.2 with its core types, read strictly: `no` and `N` are text, and so is every number that is not a plain whole
number, letter by letter, so that 0.85 stays exactly that. Keys may not repeat. Aliases (`*name`) and tags (`!name`) are
not allowed: a framework does not need them, and a few lines of aliases can stand for gigabytes. Files in other formats
(`FOREIGN`) may hold several documents, and aliases that stand for a limited number of values.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scanner import Scanner, ScannerError

from .problems import FrameworkFileError, Problem, shortened

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
#: How many values a file may hold, and how many fields one mapping; the largest published library has 45,000 values.
MAX_VALUES = 60_000
MAX_FIELDS = 5_000
#: Reading stops after this many repeated keys; it is not the file that its author meant.
MAX_REPEATED_KEYS = 100

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a YAML file may contain. `aliases` is how many values all aliases together may stand for."""

    max_bytes: int = MAX_BYTES
    values: int = MAX_VALUES
    documents: int = 1
    aliases: int = 0


OWN = Limits()
FOREIGN = Limits(max_bytes=6_000_000, documents=2, aliases=50_000)

WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
SYNTAX_MENDS = {
    "mapping values are not allowed": gettext_lazy(
        "put the text in quotes if it contains a colon; otherwise check the indentation"
    ),
    "cannot start any token": gettext_lazy(
        "indent with spaces, and put text that starts with a special character in quotes"
    ),
    "expected <block end>": gettext_lazy("check that this line is indented like the lines it belongs with"),
    "while scanning a simple key": gettext_lazy("write a field as 'name: value'"),
    "found unexpected end of stream": gettext_lazy("close the quote or bracket that was opened here"),
    "unknown escape character": gettext_lazy("write a backslash in double quotes as two"),
    "nested more than": gettext_lazy("check the brackets"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a file, with the line on which each part of it starts."""

    name: str
    value: Any
    lines: dict[Place, int] = field(repr=False)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it if the place itself is missing."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def path(self, place: Place) -> str:
        """A place in words: `criteria[3] (people.agreed-handover).statement`."""
        words = ""
        value = self.value
        for step in place:
            value = _inside(value, step)
            name = f"[{step}]{_label(value)}" if isinstance(step, int) else shortened(step)
            words += name if not words or isinstance(step, int) else f".{name}"
        return words

    def problem(self, place: Place, message: str, mend: str = "") -> Problem:
        return Problem(file=self.name, line=self.line(place), path=self.path(place), message=message, mend=mend)


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _label(value: Any) -> str:
    """What an item of a list is known by, in brackets."""
    names = (value.get(name) for name in ("key", "code", "id", "ref")) if isinstance(value, dict) else ()
    return next((f" ({shortened(name)})" for name in names if isinstance(name, str) and name), "")


def read_document(path: str | Path) -> Document:
    """Reads a file; raises FrameworkFileError if it is missing, too large or not valid YAML."""
    return parse_document(read_bytes(path, OWN.max_bytes), name=Path(path).name)


def read_bytes(path: str | Path, max_bytes: int) -> bytes:
    """The content of a file, at most one byte more than allowed; raises FrameworkFileError if it cannot be read."""
    path = Path(path)
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        problem = _whole_file(path.name, _("this file does not exist"), _("check the path"), line=None)
        raise FrameworkFileError([problem]) from None
    except OSError as error:
        message = _("the file cannot be read ({reason})").format(reason=error.strerror or error)
        problem = _whole_file(path.name, message, _("check its permissions"), line=None)
        raise FrameworkFileError([problem]) from None


def parse_document(content: str | bytes, *, name: str) -> Document:
    """Reads text or bytes; raises FrameworkFileError with every repeated key, or with the first syntax error."""
    return parse_documents(content, name=name, limits=OWN)[0]


def parse_documents(content: str | bytes, *, name: str, limits: Limits) -> list[Document]:
    """The same for a file that may hold several documents; there is always at least one."""
    size = len(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        message = _("the file is larger than {limit} bytes").format(limit=f"{limits.max_bytes:,}")
        raise FrameworkFileError([_whole_file(name, message, _("shorten its texts or split the framework"))])
    text = _decoded(content, name) if isinstance(content, bytes) else content.removeprefix("\ufeff")
    try:
        return _Builder(name, text, limits).documents()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = control_character(_code_point(error.character))
        raise FrameworkFileError([_whole_file(name, message, _("remove it"), line=line)]) from None
    except MarkedYAMLError as error:
        raise FrameworkFileError([_syntax_problem(name, error)]) from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, FrameworkFileError):
            raise
        message = _("this is not YAML: {reason}").format(reason=error)
        raise FrameworkFileError([_whole_file(name, message, _("check the file"))]) from None


def _code_point(character: Any) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")


def control_character(code_point: int) -> str:
    """The message for a character that text cannot hold."""
    return _("there is a control character (U+{code}) that text cannot hold").format(code=f"{code_point:04X}")


def _whole_file(name: str, message: str, mend: str, *, line: int | None = 1) -> Problem:
    return Problem(file=name, line=line, path="", message=message, mend=mend)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = _whole_file(name, _("this is not UTF-8"), _("save the file as UTF-8"), line=line)
        raise FrameworkFileError([problem]) from None


def _syntax_problem(name: str, error: MarkedYAMLError) -> Problem:
    begun = error.context_mark
    noticed = error.problem_mark
    words = " ".join(part for part in (error.context, error.problem) if part)
    # An unclosed quote or bracket is noticed at the end of the file, far from the line to fix.
    mark = begun if begun and "end of stream" in words else noticed or begun
    mends = (str(mend) for fault, mend in SYNTAX_MENDS.items() if fault in words)
    mend = next(mends, _("check indentation, quotes and colons around this line"))
    if begun and mark and begun.line != mark.line:
        message = _("this is not YAML: {reason} (started on line {line})").format(reason=words, line=begun.line + 1)
    else:
        message = _("this is not YAML: {reason}").format(reason=words)
    return _whole_file(name, message, mend, line=mark.line + 1 if mark else 1)


class _Scanner(Scanner):
    """A scanner that stops early at deep nesting, because each open bracket makes the next one slower."""

    MAX_OPEN = 100

    def fetch_flow_collection_start(self, TokenClass: Any, to_push: str) -> None:
        if self.flow_level > self.MAX_OPEN:
            message = f"this is nested more than {MAX_DEPTH} deep"
            raise ScannerError(None, None, message, self.reader.get_mark())
        super().fetch_flow_collection_start(TokenClass, to_push)


def _events(text: str) -> Iterator[Any]:
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    return yaml.parse(text)


class _Builder:
    """Turns the parser's events into values, one after the other, so that every limit holds before memory is used."""

    def __init__(self, name: str, text: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.events = _events(text)
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        #: By anchor: the value, how many values are in it, and how deep it goes.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.read = 0
        self.repeated_by_aliases = 0
        self.deepest = 0

    def documents(self) -> list[Document]:
        documents: list[Document] = []
        started = 0
        for event in self.events:
            if isinstance(event, events.DocumentStartEvent):
                started += 1
                if started > self.limits.documents:
                    self.refuse_more_documents(event)
                self.lines = {}
                self.anchors = {}
            elif not isinstance(event, events.StreamStartEvent | events.StreamEndEvent | events.DocumentEndEvent):
                documents.append(Document(self.name, self.value(event, ()), self.lines))
        if not documents or all(document.value is None for document in documents):
            self.problems.append(_whole_file(self.name, _("the file is empty"), _("write a framework into it")))
        if self.problems:
            raise FrameworkFileError(self.problems)
        return documents

    def refuse_more_documents(self, event: Any) -> None:
        limit = self.limits.documents
        message = ngettext("there is more than one document", "there are more than {count} documents", limit)
        mend = _("keep one and remove the line '---'") if limit == 1 else _("remove the rest")
        self.refuse(event, (), message.format(count=limit), mend)

    def refuse(self, event: Any, place: Place, message: str, mend: str) -> None:
        """Stops reading: the rest cannot be understood, or would use too much memory."""
        self.note(event, place, message, mend)
        raise FrameworkFileError(self.problems)

    def note(self, event: Any, place: Place, message: str, mend: str) -> None:
        path = Document(self.name, None, {}).path(place)
        line = event.start_mark.line + 1
        self.problems.append(Problem(file=self.name, line=line, path=path, message=message, mend=mend))

    def value(self, event: Any, place: Place) -> Any:
        self.lines.setdefault(place, event.start_mark.line + 1)
        self.deepest = max(self.deepest, len(place))
        if isinstance(event, events.AliasEvent):
            return self.alias(event, place)
        self.read += 1
        if self.read > self.limits.values:
            message = _("there are more than {limit} values up to here").format(limit=f"{self.limits.values:,}")
            self.refuse(event, place[:1], message, _("shorten the file or split the framework"))
        self.without_tag(event, place)
        if event.anchor is None:
            return self.content(event, place)
        read, deepest, self.deepest = self.read, self.deepest, len(place)
        value = self.content(event, place)
        # It is only known from here on, so that nothing can contain itself.
        self.anchors[event.anchor] = (value, self.read - read + 1, self.deepest - len(place))
        self.deepest = max(deepest, self.deepest)
        return value

    def alias(self, event: Any, place: Place) -> Any:
        alias = f"*{shortened(event.anchor)}"
        if not self.limits.aliases:
            message = _("aliases such as {alias} are not allowed here").format(alias=alias)
            self.refuse(event, place, message, _("write the text out"))
        if event.anchor not in self.anchors:
            message = _("the alias {alias} is not defined").format(alias=alias)
            self.refuse(event, place, message, _("define it further up"))
        value, size, depth = self.anchors[event.anchor]
        self.read += size
        self.repeated_by_aliases += size
        if self.repeated_by_aliases > self.limits.aliases or len(place) + depth > MAX_DEPTH:
            message = _("the aliases up to {alias} stand for more than {limit} values, or are nested too deep")
            message = message.format(alias=alias, limit=f"{self.limits.aliases:,}")
            self.refuse(event, place[:1], message, _("write out what is needed"))
        return value

    def content(self, event: Any, place: Place) -> Any:
        if isinstance(event, events.ScalarEvent):
            return self.scalar(event)
        if len(place) >= MAX_DEPTH:
            message = _("this is nested more than {limit} deep").format(limit=MAX_DEPTH)
            self.refuse(event, place[:1], message, _("check the brackets and indentation"))
        return self.mapping(place) if isinstance(event, events.MappingStartEvent) else self.sequence(place)

    def without_tag(self, event: Any, place: Place) -> None:
        if event.ctag is not None:
            message = _("tags such as {tag} are not allowed here").format(tag=shortened(event.ctag))
            self.refuse(event, place, message, _("remove the tag"))

    def scalar(self, event: Any) -> Any:
        text = event.value
        if event.style is not None:
            return text
        if text in WORDS:
            return WORDS[text]
        return int(text) if WHOLE_NUMBER.fullmatch(text) else text

    def sequence(self, place: Place) -> list:
        items: list = []
        for event in self.events:
            if isinstance(event, events.SequenceEndEvent):
                break
            items.append(self.value(event, (*place, len(items))))
        return items

    def mapping(self, place: Place) -> dict:
        entries: dict = {}
        for event in self.events:
            if isinstance(event, events.MappingEndEvent):
                break
            key = self.key(event, place)
            if key in entries:
                self.repeated(event, (*place, key))
                continue
            if len(entries) == MAX_FIELDS:
                message = _("there are more than {limit} fields here").format(limit=f"{MAX_FIELDS:,}")
                self.refuse(event, place, message, _("check the indentation"))
            self.lines[*place, key] = event.start_mark.line + 1
            entries[key] = self.value(next(self.events), (*place, key))
        return entries

    def repeated(self, event: Any, place: Place) -> None:
        report = self.note if len(self.problems) < MAX_REPEATED_KEYS else self.refuse
        message = _("'{name}' is here twice, first on line {line}")
        message = message.format(name=shortened(place[-1]), line=self.lines[place])
        report(event, place, message, _("keep one of them"))
        self.value(next(self.events), place)

    def key(self, event: Any, place: Place) -> str:
        """The name of a field; always text, even if it looks like a number."""
        if not isinstance(event, events.ScalarEvent):
            self.refuse(event, place, _("a field’s name must be plain text"), _("write it as 'name: value'"))
        self.without_tag(event, place)
        return event.value
