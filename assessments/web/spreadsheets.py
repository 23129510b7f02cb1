"""Results as files for a spreadsheet: CSV and Excel. A text that looks like a formula stays a text."""

import csv
import datetime
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import xlsxwriter
from django import forms
from django.http import HttpResponse
from django.utils.text import slugify

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


def _write_rows(sheet: Any, rows: Iterable[Sequence[Cell]], *, day: datetime.date) -> None:
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


class ExportForm(forms.Form):
    """Which kind of file; CSV without a choice."""

    format = forms.ChoiceField(choices=[("csv", "CSV"), ("xlsx", "Excel")], required=False)

    def chosen(self) -> str:
        return (self.is_valid() and self.cleaned_data["format"]) or "csv"
