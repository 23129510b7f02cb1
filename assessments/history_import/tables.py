"""Tables of earlier answers: a CSV file, or a sheet of a workbook, one answer a line."""

import csv
import io
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from ..web.given_tables import as_meant, separator_of
from .lines import BesideFile, GivenHistory, GivenLine, HistoryFileError
from .workbook import MAX_ROWS, Row, Sheet

#: In this order, unless a line names the columns.
COLUMNS = ("team", "date", "criterion", "answer", "respondent", "comment", "evidence")
NAMES = {
    "team": ("team",),
    "date": ("date", "day", "assessed"),
    "criterion": ("criterion", "criterion key", "key", "statement", "question"),
    "answer": ("answer", "rating", "choice", "code"),
    "respondent": ("respondent", "person", "answered by"),
    "comment": ("comment", "comments", "note", "notes"),
    "evidence": ("evidence", "link", "url"),
    "framework": ("framework",),
    "version": ("version",),
    "rule": ("rule", "scoring rule"),
    "questionnaire": ("questionnaire",),
}
#: The names of columns stand in one of the first rows.
HEAD_WITHIN = 20
LONGEST_CELL = 20_000


def rows_of_text(text: str) -> list[Row]:
    """The rows of a CSV text, each with the number of the line that it begins on."""
    separator = separator_of(line for line in text[:100_000].splitlines() if line.strip())
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = []
    begins = 1
    try:
        for cells in reader:
            meant = [as_meant(cell.strip()) for cell in cells]
            if any(meant):
                rows.append(Row(begins, meant))
            begins = reader.line_num + 1
            if len(rows) > MAX_ROWS:
                raise HistoryFileError(
                    _("These are more than {number} lines. Import them in parts.").format(number=MAX_ROWS)
                )
    except csv.Error:
        raise HistoryFileError(
            _("Line {number} cannot be read. A text with quotes or line breaks stands in quotes.").format(number=begins)
        ) from None
    return rows


def column_names() -> dict[str, str]:
    """What a column may be called, in lower case, in English or the language of the page."""
    own = {
        "team": _("Team"),
        "date": _("Date"),
        "criterion": _("Criterion"),
        "answer": _("Answer"),
        "respondent": _("Respondent"),
        "comment": _("Comment"),
        "evidence": _("Evidence"),
    }
    names = {name: column for column, known in NAMES.items() for name in known}
    return names | {name.lower(): column for column, name in own.items()}


def head_of(rows: Sequence[Row]) -> tuple[int, list[str]] | None:
    """Where the names of the columns stand, and the columns in their order; None if there is no such line."""
    names = column_names()
    for place, row in enumerate(rows[:HEAD_WITHIN]):
        columns = [names.get(" ".join(cell.lower().split()), "") for cell in row.cells]
        if "criterion" in columns and "answer" in columns:
            # Of two columns with the same meaning the first one counts.
            first = [column if column not in columns[:number] else "" for number, column in enumerate(columns)]
            return place, first
    return None


def table_in(sheets: Iterable[Sheet]) -> Sheet | None:
    """The first sheet whose columns are named."""
    return next((sheet for sheet in sheets if head_of(sheet.rows)), None)


def lines_of(rows: Sequence[Row], about: BesideFile, *, sheet: str = "") -> GivenHistory:
    """Every line with an answer. Raises HistoryFileError if the columns are not known."""
    head = head_of(rows)
    if head is None:
        if not rows or len(rows[0].cells) < 4:
            raise HistoryFileError(
                _("The first line must name the columns: team, date, criterion, answer. Others are optional.")
            )
        head = (-1, list(COLUMNS))
    place, columns = head
    if ("team" not in columns and not about.team) or ("date" not in columns and not about.date):
        raise HistoryFileError(_("The file has no column for the team or the date. Enter what is missing beside it."))
    given = GivenHistory()
    for row in rows[place + 1 :]:
        where = _("line {number}").format(number=row.number)
        if sheet:
            where = _("{sheet}, line {number}").format(sheet=sheet[:40], number=row.number)
        values = {column: cell for column, cell in zip(columns, row.cells, strict=False) if column}
        if any(row.cells[len(columns) :]):
            given.problem(
                where, _("This line has more values than columns. Put a text that contains the separator in quotes.")
            )
            continue
        if any(len(cell) > LONGEST_CELL for cell in values.values()):
            given.problem(where, _("A text is longer than {number} characters.").format(number=LONGEST_CELL))
            continue
        others = {name: values[name] for name in ("framework", "version", "rule", "questionnaire") if values.get(name)}
        given.lines.append(
            GivenLine(
                where=where,
                team=values.get("team", "") if "team" in columns else about.team,
                date=values.get("date", "") if "date" in columns else about.date,
                criterion=values.get("criterion", ""),
                answer=values.get("answer", ""),
                respondent=values.get("respondent", ""),
                comment=values.get("comment", ""),
                evidence=values.get("evidence", ""),
                of=others,
            )
        )
    return given
