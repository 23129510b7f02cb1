"""YAML text as plain values that know their lines.

YAML 1.2 with its core types, read strictly: `no` and `N` are text, and so is every number that is not a plain whole
number, letter by letter, so that 0.85 stays exactly that. Keys may not repeat. Aliases (`*name`) and tags (`!name`) are
refused altogether: a framework has no use for them, and a few lines of aliases can stand for gigabytes. Files of other
people's making may hold several documents, and aliases as far as what they stand for stays within bounds (`FOREIGN`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
#: After so many repeated keys reading stops; it is not the file its author meant.
MAX_REPEATED_KEYS = 100

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of YAML is read. `aliases` is how many values all aliases together may stand for."""

    max_bytes: int = MAX_BYTES
    values: int = MAX_VALUES
    documents: int = 1
    aliases: int = 0


OWN = Limits()
FOREIGN = Limits(max_bytes=3_000_000, documents=2, aliases=50_000)

WHOLE_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
SYNTAX_MENDS = {
    "mapping values are not allowed": "put the text in quotes if a colon belongs to it, else check the indentation",
    "cannot start any token": "indent with spaces, and put text in quotes that starts with a special character",
    "expected <block end>": "check that this line is indented like those it belongs with",
    "while scanning a simple key": "a field is written as 'name: value'",
    "found unexpected end of stream": "close the quote or bracket that was opened here",
    "unknown escape character": "write a backslash in double quotes as two",
    "nested more than": "check the brackets",
}


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a file, with the line on which each part of it starts."""

    name: str
    value: Any
    lines: dict[Place, int] = field(repr=False)

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it when the place itself is missing."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def path(self, place: Place) -> str:
        """A place in words: `criteria[3] (people.agreed-handover).statement`."""
        words, value = "", self.value
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
    """Reads a file; raises FrameworkFileError when it is not there, too large, or not sound YAML."""
    return parse_document(read_bytes(path, OWN.max_bytes), name=Path(path).name)


def read_bytes(path: str | Path, max_bytes: int) -> bytes:
    """The content of a file, at most one byte more than allowed; raises FrameworkFileError when it cannot be read."""
    path = Path(path)
    try:
        if not path.is_file():
            raise FileNotFoundError
        with path.open("rb") as file:
            return file.read(max_bytes + 1)
    except FileNotFoundError:
        message, mend = "there is no such file", "check the path"
        raise FrameworkFileError([_whole_file(path.name, message, mend, line=None)]) from None
    except OSError as error:
        message = f"the file cannot be read ({error.strerror or error})"
        raise FrameworkFileError([_whole_file(path.name, message, "check its permissions", line=None)]) from None


def parse_document(content: str | bytes, *, name: str) -> Document:
    """Reads text or bytes; raises FrameworkFileError with every repeated key, or with the first fault of syntax."""
    return parse_documents(content, name=name, limits=OWN)[0]


def parse_documents(content: str | bytes, *, name: str, limits: Limits) -> list[Document]:
    """The same for a file with one document or more; there is always at least one."""
    size = len(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    if size > limits.max_bytes:
        message = f"the file is larger than {limits.max_bytes:,} bytes"
        raise FrameworkFileError([_whole_file(name, message, "shorten its texts or split the framework")])
    text = _decoded(content, name) if isinstance(content, bytes) else content.removeprefix("\ufeff")
    try:
        return _Builder(name, text, limits).documents()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"there is a control character (U+{_code_point(error.character):04X}) that no text can hold"
        raise FrameworkFileError([_whole_file(name, message, "remove it", line=line)]) from None
    except MarkedYAMLError as error:
        raise FrameworkFileError([_syntax_problem(name, error)]) from None
    except (YAMLError, ValueError) as error:
        if isinstance(error, FrameworkFileError):
            raise
        raise FrameworkFileError([_whole_file(name, f"this is not YAML: {error}", "check the file")]) from None


def _code_point(character: Any) -> int:
    return character if isinstance(character, int) else ord(str(character)[:1] or "\0")


def _whole_file(name: str, message: str, mend: str, *, line: int | None = 1) -> Problem:
    return Problem(file=name, line=line, path="", message=message, mend=mend)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise FrameworkFileError(
            [_whole_file(name, "this is not UTF-8", "save the file as UTF-8", line=line)]
        ) from None


def _syntax_problem(name: str, error: MarkedYAMLError) -> Problem:
    begun, found = error.context_mark, error.problem_mark
    words = " ".join(part for part in (error.context, error.problem) if part)
    # What was never closed is found missing at the end of the file, far from the place to mend.
    mark = begun if begun and "end of stream" in words else found or begun
    if begun and mark and begun.line != mark.line:
        words += f" (begun on line {begun.line + 1})"
    mends = (mend for fault, mend in SYNTAX_MENDS.items() if fault in words)
    mend = next(mends, "check indentation, quotes and colons around this line")
    return _whole_file(name, f"this is not YAML: {words}", mend, line=mark.line + 1 if mark else 1)


class _Scanner(Scanner):
    """Scans ahead of what is read, and each open bracket makes every next one slower: it gives up before that hurts."""

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
    """Turns the parser's events into values, one after the other, so that every limit holds before memory is spent."""

    def __init__(self, name: str, text: str, limits: Limits):
        self.name = name
        self.limits = limits
        self.events = _events(text)
        self.lines: dict[Place, int] = {}
        self.problems: list[Problem] = []
        #: By anchor: the value, how many values are in it, and how deep it goes.
        self.anchors: dict[str, tuple[Any, int, int]] = {}
        self.read = self.repeated_by_aliases = self.deepest = 0

    def documents(self) -> list[Document]:
        found: list[Document] = []
        begun = 0
        for event in self.events:
            if isinstance(event, events.DocumentStartEvent):
                begun += 1
                if begun > self.limits.documents:
                    many = "one document" if self.limits.documents == 1 else f"{self.limits.documents} documents"
                    mend = "keep one and remove the line '---'" if self.limits.documents == 1 else "remove the rest"
                    self.refuse(event, (), f"there is more than {many}", mend)
                self.lines, self.anchors = {}, {}
            elif not isinstance(event, events.StreamStartEvent | events.StreamEndEvent | events.DocumentEndEvent):
                found.append(Document(self.name, self.value(event, ()), self.lines))
        if not found or all(document.value is None for document in found):
            self.problems.append(_whole_file(self.name, "the file is empty", "write a framework into it"))
        if self.problems:
            raise FrameworkFileError(self.problems)
        return found

    def refuse(self, event, place: Place, message: str, mend: str):
        """Stops reading: what follows cannot be understood, or is not worth the memory."""
        self.note(event, place, message, mend)
        raise FrameworkFileError(self.problems)

    def note(self, event, place: Place, message: str, mend: str):
        path = Document(self.name, None, {}).path(place)
        line = event.start_mark.line + 1
        self.problems.append(Problem(file=self.name, line=line, path=path, message=message, mend=mend))

    def value(self, event, place: Place) -> Any:
        self.lines.setdefault(place, event.start_mark.line + 1)
        self.deepest = max(self.deepest, len(place))
        if isinstance(event, events.AliasEvent):
            return self.alias(event, place)
        self.read += 1
        if self.read > self.limits.values:
            message = f"there are more than {self.limits.values:,} values up to here"
            self.refuse(event, place[:1], message, "shorten the file or split the framework")
        self.without_tag(event, place)
        if event.anchor is None:
            return self.content(event, place)
        read, deepest, self.deepest = self.read, self.deepest, len(place)
        value = self.content(event, place)
        # Known from here on only, so that nothing can contain itself.
        self.anchors[event.anchor] = (value, self.read - read + 1, self.deepest - len(place))
        self.deepest = max(deepest, self.deepest)
        return value

    def alias(self, event, place: Place) -> Any:
        what = f"*{shortened(event.anchor)}"
        if not self.limits.aliases:
            self.refuse(event, place, f"aliases such as {what} are not used here", "write the text out")
        if event.anchor not in self.anchors:
            self.refuse(event, place, f"the alias {what} stands for nothing", "define it further up")
        value, size, depth = self.anchors[event.anchor]
        self.read += size
        self.repeated_by_aliases += size
        if self.repeated_by_aliases > self.limits.aliases or len(place) + depth > MAX_DEPTH:
            message = f"the aliases up to {what} stand for more than {self.limits.aliases:,} values, or nest too deep"
            self.refuse(event, place[:1], message, "write out what is needed")
        return value

    def content(self, event, place: Place) -> Any:
        if isinstance(event, events.ScalarEvent):
            return self.scalar(event)
        if len(place) >= MAX_DEPTH:
            self.refuse(
                event, place[:1], f"this is nested more than {MAX_DEPTH} deep", "check the brackets and indentation"
            )
        return self.mapping(place) if isinstance(event, events.MappingStartEvent) else self.sequence(place)

    def without_tag(self, event, place: Place):
        if event.ctag is not None:
            self.refuse(event, place, f"tags such as {shortened(event.ctag)} are not used here", "remove the tag")

    def scalar(self, event) -> Any:
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
                self.refuse(event, place, f"there are more than {MAX_FIELDS:,} fields here", "check the indentation")
            self.lines[*place, key] = event.start_mark.line + 1
            entries[key] = self.value(next(self.events), (*place, key))
        return entries

    def repeated(self, event, place: Place):
        report = self.note if len(self.problems) < MAX_REPEATED_KEYS else self.refuse
        message = f"'{shortened(place[-1])}' is here twice, first on line {self.lines[place]}"
        report(event, place, message, "keep one of them")
        self.value(next(self.events), place)

    def key(self, event, place: Place) -> str:
        """The name of a field; always text, also where it looks like a number."""
        if not isinstance(event, events.ScalarEvent):
            self.refuse(event, place, "a field's name must be plain text", "write it as 'name: value'")
        self.without_tag(event, place)
        return event.value
