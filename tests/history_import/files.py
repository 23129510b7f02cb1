"""Small files in the shapes that people bring, made here."""

import io
import zipfile

import xlsxwriter

HEAD = "team,date,criterion,answer,respondent,comment,evidence"


def csv_text(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *lines]).encode()


def workbook(sheets: dict[str, list[list]], **options) -> bytes:
    """A workbook as a spreadsheet writes it: texts are shared, days are numbers with a format."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **options}) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if hasattr(cell, "year"):
                        sheet.write_datetime(number, column, cell, day)
                    elif cell is not None:
                        sheet.write(number, column, cell)
    return target.getvalue()


def changed(content: bytes, part: str, change) -> bytes:
    """The same workbook with another text in one of its parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            data = old.read(entry)
            new.writestr(entry.filename, change(data.decode()).encode() if entry.filename == part else data)
    return target.getvalue()
