"""Reads the cells of an Excel workbook (XLSX) as text, strictly and within limits: anybody may have made it.

Only what is needed is unpacked: names of sheets, shared texts, formats of dates, cells. Formulas are not calculated;
what the spreadsheet saved as their value is read. Nothing in a workbook can refer to anything outside of it.
"""

import datetime
import io
import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from django.utils.translation import gettext as _

from ..frameworks.importers.zipped import BROKEN, METHODS

#: Of all parts that are read together, unpacked.
MAX_UNPACKED = 100_000_000
MAX_SHEETS = 60
MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELLS = 1_000_000
#: Letters of all texts together; a text that many cells share counts for each of them.
MAX_LETTERS = 40_000_000
PIECE = 200_000
#: Number formats that every workbook has, and that show a day.
DAY_FORMATS = {14, 15, 16, 17, 22}
#: What a format shows as it is written, which may hold letters of days: quoted, escaped, colours and conditions.
LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
#: How a workbook writes a character that XML cannot hold, or that only looks like this.
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")


class WorkbookError(ValueError):
    """The workbook cannot be read; str() is the sentence to show."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that holds something; `number` is that of the spreadsheet, from 1."""

    number: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    name: str
    rows: list[Row]


def looks_like_workbook(content: bytes) -> bool:
    return content.startswith(b"PK\x03\x04")


def sheets_of(content: bytes) -> list[Sheet]:
    """The sheets in their order; raises WorkbookError. Days are written as 2026-11-26, numbers as they are stored."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _Workbook(archive).sheets()
    except WorkbookError:
        raise
    except (*BROKEN, expat.ExpatError):
        raise WorkbookError(
            _("This workbook cannot be read. Save it as XLSX again, without a password, or as CSV.")
        ) from None


@dataclass(slots=True)
class _Element:
    """What the parser calls while it reads one part. Names are without namespaces."""

    begin: Callable[[str, dict[str, str]], None] = lambda _name, _attributes: None
    end: Callable[[str], None] = lambda _name: None
    text: Callable[[str], None] = lambda _text: None


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.unpacked = 0
        self.letters = 0
        self.cells = 0
        self.begins_1904 = False

    def sheets(self) -> list[Sheet]:
        main = next(iter(self._targets("_rels/.rels", kind="officeDocument").values()), "xl/workbook.xml")
        folder, name = posixpath.split(main)
        related = f"{folder}/_rels/{name}.rels"
        listed = self._listed(main)
        parts = self._targets(related, folder=folder)
        texts = self._shared_texts(self._targets(related, kind="sharedStrings", folder=folder))
        days = self._day_styles(self._targets(related, kind="styles", folder=folder))
        sheets = []
        for name, relation in listed:
            part = parts.get(relation, "")
            if "worksheets/" in part:
                sheets.append(Sheet(name, _SheetReader(self, texts, days).rows(part)))
        return sheets

    # ------------------------------------------------------------------ parts

    def parse(self, part: str, element: _Element) -> None:
        """Reads one part in pieces, so that a limit stops it before memory is used."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True

        def refuse(*_declared: object) -> NoReturn:
            raise WorkbookError(_("This workbook contains declarations that no spreadsheet writes. Save it again."))

        # Without a document type there are no entities, inside or outside.
        parser.StartDoctypeDeclHandler = refuse
        parser.StartElementHandler = lambda name, attributes: element.begin(_local(name), attributes)
        parser.EndElementHandler = lambda name: element.end(_local(name))
        parser.CharacterDataHandler = element.text
        entry = self.archive.getinfo(part)
        if entry.compress_type not in METHODS:
            raise zipfile.BadZipFile
        with self.archive.open(entry) as file:
            while piece := file.read(PIECE):
                self.unpacked += len(piece)
                if self.unpacked > MAX_UNPACKED:
                    self.refuse_size()
                parser.Parse(piece)
        parser.Parse(b"", True)

    def has(self, part: str) -> bool:
        return part in self.archive.NameToInfo

    def refuse_size(self) -> NoReturn:
        raise WorkbookError(_("This workbook holds more than can be imported at once. Split it into several."))

    def count_text(self, length: int) -> None:
        self.letters += length
        if self.letters > MAX_LETTERS:
            self.refuse_size()

    def count_cell(self) -> None:
        self.cells += 1
        if self.cells > MAX_CELLS:
            self.refuse_size()

    # ------------------------------------------------------------------ what stands beside the sheets

    def _targets(self, part: str, *, kind: str = "", folder: str = "") -> dict[str, str]:
        """Paths of the parts that another one refers to, by the id of the relation; only of one kind if it is given."""
        targets: dict[str, str] = {}

        def begin(name: str, attributes: dict[str, str]) -> None:
            if name != "Relationship" or attributes.get("TargetMode") == "External" or len(targets) > 1_000:
                return
            if not kind or attributes.get("Type", "").endswith(f"/{kind}"):
                target = attributes.get("Target", "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")
                targets[attributes.get("Id", "")] = path.lstrip("/")

        if self.has(part):
            self.parse(part, _Element(begin=begin))
        return targets

    def _listed(self, main: str) -> list[tuple[str, str]]:
        """Name and relation of each sheet."""
        listed: list[tuple[str, str]] = []

        def begin(name: str, attributes: dict[str, str]) -> None:
            if name == "workbookPr":
                self.begins_1904 = attributes.get("date1904") in {"1", "true"}
            if name == "sheet":
                relation = next((value for key, value in attributes.items() if _local(key) == "id"), "")
                listed.append((attributes.get("name", ""), relation))
                if len(listed) > MAX_SHEETS:
                    self.refuse_size()

        self.parse(main, _Element(begin=begin))
        return listed

    def _shared_texts(self, targets: dict[str, str]) -> list[str]:
        texts: list[str] = []
        reading = _TextReader()

        def begin(name: str, _attributes: dict[str, str]) -> None:
            if name == "si":
                reading.clear()
            reading.begin(name)

        def end(name: str) -> None:
            reading.end(name)
            if name == "si":
                texts.append(reading.text)
                self.count_text(len(reading.text))
                if len(texts) > MAX_CELLS:
                    self.refuse_size()

        for part in targets.values():
            self.parse(part, _Element(begin=begin, end=end, text=reading.take))
        return texts

    def _day_styles(self, targets: dict[str, str]) -> set[int]:
        """The numbers of the cell styles that show a day."""
        formats: dict[str, str] = {}
        styles: list[str] = []
        inside: list[str] = []

        def begin(name: str, attributes: dict[str, str]) -> None:
            inside.append(name)
            if name == "numFmt":
                formats[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")[:400]
            elif name == "xf" and "cellXfs" in inside:
                styles.append(attributes.get("numFmtId", ""))
            if len(styles) > MAX_CELLS or len(formats) > MAX_CELLS:
                self.refuse_size()

        def end(_name: str) -> None:
            inside.pop()

        for part in targets.values():
            self.parse(part, _Element(begin=begin, end=end))

        def shows_day(number: str) -> bool:
            if number in formats:
                shown = LITERAL.sub("", formats[number]).lower()
                return "y" in shown or "d" in shown
            return number.isdecimal() and int(number) in DAY_FORMATS

        return {place for place, number in enumerate(styles) if shows_day(number)}

    def day(self, number: float) -> str:
        """The day that a number of days stands for; the number as it is if there is no such day."""
        # Counted from 1900, with a 29 February that there was not; or from 1904.
        first = datetime.date(1904, 1, 1) if self.begins_1904 else datetime.date(1899, 12, 30)
        try:
            return (first + datetime.timedelta(days=int(number))).isoformat()
        except OverflowError:
            return str(number)


@dataclass(slots=True)
class _TextReader:
    """Collects the text of a cell, without what explains how to pronounce it."""

    pieces: list[str] = field(default_factory=list)
    depth: int = 0
    in_text: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def clear(self) -> None:
        self.pieces.clear()

    def begin(self, name: str) -> None:
        self.depth += name == "rPh"
        self.in_text = name == "t" and not self.depth

    def end(self, name: str) -> None:
        self.depth -= name == "rPh"
        if name == "t":
            self.in_text = False

    def take(self, text: str) -> None:
        if self.in_text:
            self.pieces.append(text)


class _SheetReader:
    """The rows of one sheet."""

    def __init__(self, workbook: _Workbook, texts: list[str], days: set[int]) -> None:
        self.workbook = workbook
        self.texts = texts
        self.days = days
        self.found: list[Row] = []
        self.cells: dict[int, str] = {}
        self.number = 0
        self.column = 0
        self.kind = ""
        self.style = ""
        self.value: list[str] = []
        self.in_value = False
        self.inline = _TextReader()

    def rows(self, part: str) -> list[Row]:
        self.workbook.parse(part, _Element(begin=self.begin, end=self.end, text=self.take))
        return self.found

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self.cells = {}
            number = attributes.get("r", "")
            self.number = int(number) if number.isdecimal() and len(number) < 8 else self.number + 1
            self.column = 0
        elif name == "c":
            place = REFERENCE.fullmatch(attributes.get("r", ""))
            self.column = _column(place[1]) if place else self.column + 1
            self.kind, self.style = attributes.get("t", "n"), attributes.get("s", "")
            self.value.clear()
            self.inline.clear()
        elif name == "v":
            self.in_value = True
        self.inline.begin(name)

    def take(self, text: str) -> None:
        if self.in_value:
            self.value.append(text)
        self.inline.take(text)

    def end(self, name: str) -> None:
        self.inline.end(name)
        if name == "v":
            self.in_value = False
        elif name == "c":
            text = ESCAPED.sub(_unescaped, self.cell()).strip()
            if text and self.column <= MAX_COLUMNS:
                self.workbook.count_cell()
                self.workbook.count_text(len(text))
                self.cells[self.column] = text
        elif name == "row" and self.cells:
            if len(self.found) == MAX_ROWS:
                self.workbook.refuse_size()
            last = max(self.cells)
            self.found.append(Row(self.number, [self.cells.get(column, "") for column in range(1, last + 1)]))

    def cell(self) -> str:
        value = "".join(self.value)
        if self.kind == "s":
            place = int(value) if value.isdecimal() else -1
            return self.texts[place] if 0 <= place < len(self.texts) else ""
        if self.kind == "inlineStr":
            return self.inline.text
        if self.kind != "n" or not value:
            return value
        number = float(value)
        if self.style.isdecimal() and int(self.style) in self.days:
            return self.workbook.day(number)
        return str(int(number)) if number.is_integer() else str(number)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if letter.isprintable() or letter in "\n\t" else " "


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
