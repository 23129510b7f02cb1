"""Excel workbooks, written straight into the answer: sheet by sheet and row by row, never as a whole in memory.

Only what a table needs: text, numbers, days, the colours of levels, a header that filters and stays in sight. Every
text is an inline string, so it can never be a formula, and nothing has to be known of later rows.
"""

import datetime
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice
from xml.sax.saxutils import escape, quoteattr

from ..charts import LEVEL_COLOURS
from .tables import Cell, LevelCell, Table

#: Text on the colours of levels: the light colours of tokens.css.
ON_COLOURS = ("#3f3e32", "#232d10", "#002217", *["#ffffff"] * 8)
#: What Excel can hold.
MAX_ROWS = 1_048_576
MAX_TEXT = 32_767
#: From this day on, Excel's calendar is right: it believes that 1900 was a leap year.
FIRST_DAY = datetime.date(1900, 3, 1)
DAY_ZERO = datetime.date(1899, 12, 30)
PLAIN, HEAD, DAY, FIRST_LEVEL = 0, 1, 2, 3
#: So many rows are written at once.
ROWS_AT_ONCE = 500

NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
#: Excel takes this for an escaped character.
LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def xlsx_chunks(tables: Iterable[Table]) -> Iterator[bytes]:
    """A workbook with one sheet for each table, or several where Excel cannot hold all of its rows in one."""
    sink = _Sink()
    ends: list[tuple[str, str]] = []
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:  # type: ignore[call-overload]
        for table in tables:
            rows = iter(table.rows)
            first: Sequence[Cell] | None = next(rows, None)
            part = 0
            while first is not None or not part:
                part += 1
                given = [] if first is None else chain([first], islice(rows, MAX_ROWS - 2))
                name = _sheet_name(table.title if part == 1 else f"{table.title} {part}")
                with archive.open(f"xl/worksheets/sheet{len(ends) + 1}.xml", "w") as file:
                    written = 1
                    for piece, row in _sheet(table, given, selected=not ends):
                        file.write(piece.encode())
                        written = row
                        yield sink.taken()
                ends.append((name, f"$A$1:${_letters(len(table.head))[-1]}${written}"))
                first = next(rows, None)
        for path, content in _frame(ends):
            archive.writestr(path, XML + content)
    yield sink.taken()


class _Sink:
    """Where the archive writes to, and where what was written is taken from."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def flush(self) -> None:
        pass

    def taken(self) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


def _sheet(table: Table, rows: Iterable[Sequence[Cell]], *, selected: bool) -> Iterator[tuple[str, int]]:
    """The XML of a sheet in pieces, each with the number of its last row."""
    letters = _letters(len(table.head))
    pane = '<pane xSplit="1" ySplit="1" topLeftCell="B2" activePane="bottomRight" state="frozen"/>'
    chosen = ' tabSelected="1"' if selected else ""
    view = f'<sheetView{chosen} workbookViewId="0">{pane}</sheetView>'
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{table.widths.get(name, 28 if n == 1 else 14)}" customWidth="1"/>'
        for n, name in enumerate(table.head, 1)
    )
    # On paper all columns stand side by side, however many sheets the rows take.
    fits = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
    yield f'{XML}<worksheet xmlns="{MAIN}">{fits}<sheetViews>{view}</sheetViews><cols>{columns}</cols><sheetData>', 0
    head = "".join(_text(f"{letter}1", name, HEAD) for letter, name in zip(letters, table.head, strict=True))
    buffer = [f'<row r="1">{head}</row>']
    last = 1
    for last, row in enumerate(rows, 2):
        cells = "".join(_cell(letter, last, cell) for letter, cell in zip(letters, row, strict=True))
        buffer.append(f'<row r="{last}">{cells}</row>')
        if len(buffer) >= ROWS_AT_ONCE:
            yield "".join(buffer), last
            buffer.clear()
    yield "".join(buffer), last
    paper = '<pageSetup orientation="landscape" fitToWidth="1" fitToHeight="0"/>'
    yield f'</sheetData><autoFilter ref="A1:{letters[-1]}{last}"/>{paper}</worksheet>', last


def _cell(letter: str, row: int, cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, LevelCell):
        return f'<c r="{letter}{row}" s="{FIRST_LEVEL + cell.step}"><v>{int(cell)}</v></c>'
    if isinstance(cell, Decimal):
        return f'<c r="{letter}{row}"><v>{cell:f}</v></c>'
    if isinstance(cell, int):
        return f'<c r="{letter}{row}"><v>{cell}</v></c>'
    if isinstance(cell, datetime.date):
        if cell >= FIRST_DAY:
            return f'<c r="{letter}{row}" s="{DAY}"><v>{(cell - DAY_ZERO).days}</v></c>'
        return _text(f"{letter}{row}", cell.isoformat(), PLAIN)
    return _text(f"{letter}{row}", cell, PLAIN) if cell else ""


def _text(place: str, text: str, style: int) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT - 1]}…"
    text = LOOKS_ESCAPED.sub("_x005F_", NOT_IN_XML.sub("\ufffd", text))
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _letters(columns: int) -> list[str]:
    """The names of the first columns: A to Z, AA to ZZ, AAA and so on."""
    names = []
    for number in range(1, columns + 1):
        name = ""
        while number:
            number, place = divmod(number - 1, 26)
            name = chr(ord("A") + place) + name
        names.append(name)
    return names


def _sheet_name(title: str) -> str:
    return NOT_IN_NAMES.sub(" ", title)[:31]


def _frame(ends: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The other parts of the file as (path, XML); `ends` are names of sheets and what their filters reach over."""
    numbers = range(1, len(ends) + 1)
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{KIND}.worksheet+xml"/>' for n in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>{parts}</Types>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    targets = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in numbers
    )
    yield (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{PACKAGE}/relationships">{targets}'
        f'<Relationship Id="rId{len(ends) + 1}" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>',
    )
    sheets = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="rId{n}"/>' for n, (name, _reach) in enumerate(ends, 1)
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{n}" hidden="1">'
        f"{escape(_quoted(name))}!{reach}</definedName>"
        for n, (name, reach) in enumerate(ends)
    )
    heads = "".join(
        f'<definedName name="_xlnm.Print_Titles" localSheetId="{n}">{escape(_quoted(name))}!$1:$1</definedName>'
        for n, (name, _reach) in enumerate(ends)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{sheets}</sheets>'
        f"<definedNames>{filters}{heads}</definedNames></workbook>",
    )
    yield "xl/styles.xml", _styles()


def _quoted(name: str) -> str:
    doubled = name.replace("'", "''")
    return f"'{doubled}'"


def _styles() -> str:
    """Plain, header, day, and one style for each colour of a level."""
    plain = '<sz val="11"/><name val="Calibri"/>'
    on_levels = [f'<font><b/><color rgb="FF{colour[1:]}"/>{plain}</font>' for colour in ON_COLOURS]
    fonts = [f"<font>{plain}</font>", f"<font><b/>{plain}</font>", *on_levels]
    solid = '<fill><patternFill patternType="solid"><fgColor rgb="FF{}"/></patternFill></fill>'
    fills = [f'<fill><patternFill patternType="{kind}"/></fill>' for kind in ("none", "gray125")]
    fills += [solid.format(colour[1:]) for colour in LEVEL_COLOURS]
    used = '<xf numFmtId="{}" fontId="{}" fillId="{}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1"'
    used += ' applyFill="1"/>'
    styles = [used.format(0, 0, 0), used.format(0, 1, 0), used.format(164, 0, 0)]
    styles += [used.format(0, 2 + step, 2 + step) for step in range(len(LEVEL_COLOURS))]
    return (
        f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/></numFmts>'
        f'<fonts count="{len(fonts)}">{"".join(fonts)}</fonts><fills count="{len(fills)}">{"".join(fills)}</fills>'
        '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(styles)}">{"".join(styles)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
