"""Results as files for a spreadsheet: CSV and Excel. A text that looks like a formula stays a text."""

import csv
import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import xlsxwriter
from django.http import HttpResponse
from django.utils.text import slugify

from ..models import Assessment, PartResult, Team
from ..models.results import as_fraction
from ..portfolio.heatmap import columns_of
from ..portfolio.portfolio import Portfolio
from ..portfolio.rows import Row

#: What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
#: The first year that Excel has days of.
FIRST_YEAR = 1900
Cell = str | int | Decimal | datetime.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def portfolio_table(portfolio: Portfolio) -> Table:
    """One row per team by name: newest result, its date and edition, and the level of the whole and of each part."""
    edition = portfolio.query.edition
    columns, units = columns_of(edition), {unit.pk: unit.name for unit in portfolio.units}
    rows = portfolio.with_parts(portfolio.sorted())
    versions = {edition.pk: edition.version for edition in edition.framework.editions.all()}
    return Table(
        title=f"{edition.framework.name}, {portfolio.today.isoformat()}",
        head=["Team", "Unit", "Assessed", "Months ago", "Edition", "Index", *(name for *_, name in columns)],
        rows=[
            [
                row.team.name,
                units[row.team.unit_id],
                *_newest(row, versions),
                row.level,
                *(row.parts.get((kind, key)) for kind, key, _ in columns[1:]),
            ]
            for row in rows
        ],
    )


def _newest(row: Row, versions: dict) -> list[Cell]:
    """Date, age, edition and index of the newest result; empty without one."""
    newest = row.newest
    if newest is None:
        return [None] * 4
    index = newest.index_scale.number(as_fraction(newest.index_exact))
    return [newest.date, row.months, versions.get(newest.edition_id), index]


def team_table(team: Team) -> Table:
    """One row per current result of a team and per part of it, the oldest first."""
    results = team.results.current_only().select_related("edition__framework").chronological()
    parts: dict = {}
    for part in PartResult.objects.filter(result__in=results).order_by("order"):
        parts.setdefault(part.result_id, []).append(part)
    rows: list[list[Cell]] = []
    for result in results:
        contents = result.edition.contents
        names = {("dimension", d.key): d.name for d in contents.dimensions}
        names |= {("group", g.key): g.name for g in contents.groups}
        questionnaire = Assessment.Questionnaire(result.questionnaire).label
        known = [result.date, result.edition.framework.name, result.edition.version, questionnaire]
        known.append(contents.rules.get(result.rule, ""))
        figures = [("Overall", result), *((names.get((p.kind, p.key), p.key), p) for p in parts.get(result.pk, []))]
        for name, each in figures:
            index = result.index_scale.number(as_fraction(each.index_exact))
            counts = [each.settled, each.asked, each.not_applicable]
            rows.append([*known, name, each.level, each.best, index, *counts])
    head = ["Date", "Framework", "Edition", "Questionnaire", "Rule", "Part", "Level", "Best case", "Index"]
    return Table(title=team.name, head=[*head, "Answered", "Asked", "Of these not applicable"], rows=rows)


def response(table: Table, format: str, *, name: str) -> HttpResponse:
    """The table as a file to be saved; `format` is csv or xlsx."""
    types = {
        "csv": "text/csv; charset=utf-8",
        "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    content = as_csv(table) if format == "csv" else as_xlsx(table)
    filename = f"{slugify(name) or 'export'}.{format}"
    disposition = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return HttpResponse(content, content_type=types[format], headers=disposition)


def as_csv(table: Table) -> bytes:
    """With a mark of the encoding, without which Excel garbles names."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerows([_as_text(cell) for cell in row] for row in [table.head, *table.rows])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _as_text(cell: Cell) -> str:
    """Numbers without an exponent, dates as in ISO 8601, and no text that a spreadsheet would take for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    return f"'{text}" if isinstance(cell, str) and text.startswith(FORMULA) else text


def as_xlsx(table: Table) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Results")
        sheet.freeze_panes(1, 1)
        for column, text in enumerate(table.head):
            sheet.write_string(0, column, text, bold)
        _write_rows(sheet, table.rows, day=book.add_format({"num_format": "yyyy-mm-dd"}))
        sheet.set_column(0, 0, 28)
    return out.getvalue()


def _write_rows(sheet, rows: Iterable[Sequence[Cell]], *, day):
    for line, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(line, column, cell)
            elif isinstance(cell, datetime.date) and cell.year >= FIRST_YEAR:
                sheet.write_datetime(line, column, cell, day)
            elif isinstance(cell, datetime.date):
                sheet.write_string(line, column, cell.isoformat())
            elif cell is not None:
                sheet.write_number(line, column, cell)
