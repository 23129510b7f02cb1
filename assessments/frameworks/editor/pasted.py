"""What people paste: the cells of a spreadsheet, or one criterion on each line. Nothing is lost without being told."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from ..format.fields import UNSPEAKABLE
from ..format.problems import shortened
from ..part_names import FIELD_NAMES

#: The columns of a table, in the order that counts if it has no row of headings.
LEVEL, DIMENSION, STATEMENT, EVIDENCE, NEXT, NAME = "level", "dimension", "statement", "evidence", "next", "name"
MAX_STATEMENT = 2_000
MAX_NAME = 120
MAX_SHORT_NAME = 40
#: Other words that stand at the head of such a column.
HEADINGS = {
    LEVEL: ("level", "maturity level", "stage", "maturity"),
    DIMENSION: ("dimension", "area", "category", "section", "capability", "domain"),
    STATEMENT: ("criterion", "criteria", "statement", "practice", "question", "requirement"),
    EVIDENCE: ("how to check", "how to tell", "evidence", "check"),
    NEXT: ("next step", "next steps", "next"),
    NAME: ("short name",),
}
BULLET = re.compile(r"[-*•–‣·]\s+")
#: A level as people write it: `2`, `Level 2`, `2 Automated`, `L2: Automated`.
NUMBERED = re.compile(r"(?:level|stage|l)?\s*(\d{1,3})(?:\s*[.:)·–-]\s*|\s+|$)(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineProblem:
    """What is wrong with a line, which counts from 1, and what it says."""

    line: int
    text: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastedCriterion:
    """One criterion with the level and dimension as they are written; empty if nothing is said about them."""

    line: int
    statement: str
    level: str = ""
    dimension: str = ""
    evidence: str = ""
    next: str = ""
    name: str = ""

    def texts(self) -> dict[str, str]:
        return {"statement": self.statement, "evidence": self.evidence, "next": self.next, "name": self.name}


@dataclass(slots=True, kw_only=True)
class Pasted:
    criteria: list[PastedCriterion] = field(default_factory=list)
    problems: list[LineProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PastedRow:
    line: int
    cells: list[str]

    @property
    def text(self) -> str:
        return shortened(" · ".join(filter(None, self.cells)))

    def problem(self, sentence: str) -> LineProblem:
        return LineProblem(line=self.line, text=self.text, sentence=sentence)


def number_of(words: str) -> tuple[int | None, str]:
    """The number at the beginning of the words for a level, and the name that follows it."""
    match = NUMBERED.fullmatch(words.strip())
    return (int(match[1]), match[2].strip()) if match else (None, words.strip())


def delimiter_of(text: str) -> str:
    if "\t" in text:
        return "\t"
    first = text.strip().partition("\n")[0]
    return ";" if first.count(";") > first.count(",") else ","


def rows_of(text: str, delimiter: str) -> list[PastedRow]:
    """The rows with something in them. A cell in quotes may have line breaks and delimiters in it.

    A quote that is not closed at the end of its cell is a letter like any other, so that it swallows nothing.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    one = re.escape(delimiter)
    cell = re.compile(rf'"((?:[^"]|"")*)"(?={one}|\n|\Z)|[^{one}\n]*')
    rows: list[PastedRow] = []
    cells: list[str] = []
    place, line, begun = 0, 1, 1
    while True:
        match = cell.match(text, place)
        assert match is not None
        whole = match[0]
        cells.append((match[1].replace('""', '"') if match[1] is not None else whole).strip())
        line += whole.count("\n")
        place = match.end()
        if text[place : place + 1] == delimiter:
            place += 1
            continue
        if any(cells):
            rows.append(PastedRow(begun, cells))
        if place >= len(text):
            return rows
        place += 1
        line += 1
        begun, cells = line, []


def headings_of(row: PastedRow) -> list[str] | None:
    """The columns that a row of headings names, "" for one that is not known; None if it is no such row."""
    known = {word: column for column, words in HEADINGS.items() for word in words}
    known |= {str(FIELD_NAMES[column]).lower(): column for column in (LEVEL, DIMENSION, EVIDENCE, NEXT, STATEMENT)}
    found = [known.get(cell.lower().rstrip(":"), "") for cell in row.cells]
    named = [column for column in found if column]
    return found if len(named) > 1 and STATEMENT in named and len(set(named)) == len(named) else None


def read_table(text: str, columns: Sequence[str]) -> Pasted:
    """A table as it is copied from a spreadsheet; `columns` are its columns if it has no row of headings.

    A level or dimension that a row leaves empty is that of the row above, as in merged cells.
    """
    pasted = Pasted()
    rows = rows_of(text, delimiter_of(text))
    headings = headings_of(rows[0]) if rows else None
    if headings:
        columns = headings
        titles = rows[0].cells
        rows = rows[1:]
        for i, column in enumerate(headings):
            if not column and any(len(row.cells) > i and row.cells[i] for row in rows):
                sentence = _("The column “{name}” is not known. Its cells would be left out.")
                name = shortened(titles[i]) or str(i + 1)
                pasted.problems.append(LineProblem(line=1, text="", sentence=sentence.format(name=name)))
    above = _Above(pasted)
    for row in rows:
        values = {column: row.cells[i] for i, column in enumerate(columns) if column and i < len(row.cells)}
        if not headings and any(row.cells[len(columns) :]):
            pasted.problems.append(row.problem(_("There are more cells than columns. The rest would be left out.")))
        if values.get(STATEMENT):
            _take(pasted, row, above.filled(row, values, columns))
        elif any(values.get(column) for column in (EVIDENCE, NEXT, NAME)) or not any(values.values()):
            pasted.problems.append(row.problem(_("The criterion is missing.")))
        else:
            above.take_heading(row, values)
    above.end()
    return pasted


class _Above:
    """The level and the dimension that the rows below an empty cell have: those of the last row that named one.

    A row that names nothing else is a heading of the rows below it. If none of them takes what it names, it is told.
    """

    def __init__(self, pasted: Pasted) -> None:
        self.pasted = pasted
        self.values = {LEVEL: "", DIMENSION: ""}
        self.headings: dict[str, PastedRow] = {}
        self.has_filled = False

    def filled(self, row: PastedRow, values: dict[str, str], columns: Sequence[str]) -> dict[str, str]:
        for column, value in self.values.items():
            if column not in columns:
                continue
            if values.get(column):
                self._forget(column)
                self.values[column] = values[column]
            elif value:
                values[column] = value
                self.headings.pop(column, None)
                self.has_filled = True
        return values

    def take_heading(self, row: PastedRow, values: dict[str, str]) -> None:
        for column in self.values:
            if values.get(column):
                self._forget(column)
                self.values[column] = values[column]
                self.headings[column] = row

    def _forget(self, column: str) -> None:
        if row := self.headings.pop(column, None):
            self.pasted.problems.append(row.problem(_("The criterion is missing.")))

    def end(self) -> None:
        for column in list(self.headings):
            self._forget(column)
        if self.has_filled:
            self.pasted.notes.append(_("An empty level or dimension is that of the row above it."))


def _take(pasted: Pasted, row: PastedRow, values: dict[str, str]) -> None:
    """Takes a criterion over, or says what is wrong with it."""
    sentence = next(_faults(values), None)
    if sentence:
        pasted.problems.append(row.problem(sentence))
    else:
        pasted.criteria.append(PastedCriterion(line=row.line, **values))


def _faults(values: dict[str, str]) -> Iterator[str]:
    limits = {STATEMENT: MAX_STATEMENT, DIMENSION: MAX_NAME, LEVEL: MAX_NAME, NAME: MAX_SHORT_NAME}
    for column, value in values.items():
        limit = limits.get(column, 20_000)
        if len(value) > limit:
            name = str(FIELD_NAMES["statement" if column == STATEMENT else column])
            sentence = _("{column} has {count} letters, and at most {limit} are allowed.")
            yield sentence.format(column=name, count=len(value), limit=limit)
        if UNSPEAKABLE.search(value):
            yield _("There is a control character in this line. Remove it.")


def read_list(text: str, levels: Collection[str]) -> Pasted:
    """One criterion on each line for one dimension; `levels` are the names of its levels, if criteria have levels.

    The level stands in the first column, as a number in front of every line, or on a line of its own above criteria.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        columns = (LEVEL, STATEMENT, EVIDENCE, NEXT) if levels else (STATEMENT, EVIDENCE, NEXT)
        return read_table(text, columns)
    names = {name.casefold() for name in levels}
    pasted = Pasted()
    rows = [PastedRow(i, [line.strip()]) for i, line in enumerate(text.split("\n"), start=1) if line.strip()]
    heads = [bool(names) and _is_heading(row.cells[0], names) for row in rows]
    bodies = [BULLET.sub("", row.cells[0], count=1) for row in rows]
    plain = [body for body, is_head in zip(bodies, heads, strict=True) if not is_head]
    is_numbered = bool(names) and not any(heads) and all(number_of(body)[0] is not None for body in plain)
    level = ""
    for row, body, is_head in zip(rows, bodies, heads, strict=True):
        if is_head:
            level = row.cells[0].rstrip(":")
        elif is_numbered:
            number, statement = number_of(body)
            if statement:
                _take(pasted, row, {LEVEL: str(number), STATEMENT: statement})
            else:
                pasted.problems.append(row.problem(_("The criterion is missing.")))
        else:
            _take(pasted, row, {LEVEL: level, STATEMENT: body})
    return pasted


def _is_heading(line: str, names: Collection[str]) -> bool:
    """Whether a line names a level and nothing else: `Level 2`, `2`, `Automated training:`."""
    number, name = number_of(line.rstrip(":"))
    if number is None:
        return name.casefold() in names
    return not name or name.casefold() in names
