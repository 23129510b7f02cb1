"""CSV and Excel files, written while they are sent. A text that looks like a formula stays a text."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal

from django import forms
from django.http import StreamingHttpResponse
from django.utils.text import slugify
from django.utils.translation import get_language, override

from ..models.reading import FrameworkReader, read_by, reader
from .tables import Book, Cell, Table
from .workbooks import ROWS_AT_ONCE, xlsx_chunks

#: What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Where spreadsheets in some countries end a cell or a row, although it stands in quotes, before such a beginning. They
#: take semicolons or tabs for separators and do not heed quotes that begin elsewhere than a cell.
CELL_INSIDE = re.compile(r"([;\t\r\n][ \"]*)(?=[=+\-@＝＋－＠])")
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ExportForm(forms.Form):
    """Which kind of file, CSV without a choice; as CSV, which of the tables."""

    format = forms.ChoiceField(choices=[("csv", "CSV"), ("xlsx", "Excel")], required=False)
    sheet = forms.SlugField(max_length=20, required=False)

    def response(self, book: Book) -> StreamingHttpResponse:
        """The chosen file, to be saved."""
        self.is_valid()
        if self.cleaned_data.get("format") == "xlsx":
            return _download(xlsx_chunks(book.tables), "xlsx", book.name)
        table = book.table(self.cleaned_data.get("sheet", ""))
        name = book.name if table is book.tables[0] else f"{book.name}-{table.key}"
        return _download(csv_chunks(table), "csv", name)


def _download(chunks: Iterator[bytes], kind: str, name: str) -> StreamingHttpResponse:
    disposition = {"Content-Disposition": f'attachment; filename="{slugify(name) or "export"}.{kind}"'}
    chunks = _as_asked(chunks, get_language(), reader())
    return StreamingHttpResponse(chunks, content_type=TYPES[kind], headers=disposition)


def _as_asked(chunks: Iterator[bytes], language: str | None, reads: FrameworkReader | None) -> Iterator[bytes]:
    """The same, made in the language of the request and for its reader: the server has forgotten both by then."""
    while True:
        with override(language), read_by(reads):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


class _LastLine:
    """A file that keeps nothing but what was written last."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_chunks(table: Table) -> Iterator[bytes]:
    """With a mark of the encoding, without which Excel garbles names."""
    line = _LastLine()
    writer = csv.writer(line)
    writer.writerow([_as_text(name) for name in table.head])
    buffer = [f"\ufeff{line.text}"]
    for row in table.rows:
        writer.writerow([_as_text(cell) for cell in row])
        buffer.append(line.text)
        if len(buffer) >= ROWS_AT_ONCE:
            yield "".join(buffer).encode()
            buffer.clear()
    yield "".join(buffer).encode()


def _as_text(cell: Cell) -> str:
    """Numbers without an exponent, dates as in ISO 8601, and no text that a spreadsheet would take for a formula."""
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    text = str(cell)
    if not isinstance(cell, str):
        return text
    text = CELL_INSIDE.sub(r"\1'", text)
    return f"'{text}" if text.startswith(FORMULA) else text
