"""Tables that people bring: pasted, or as the text files that spreadsheets save."""

import re
from collections.abc import Iterable

from .spreadsheets import FORMULA

SEPARATORS = ("\t", ";", ",")
#: What an export put before something like a formula.
DEFUSED_INSIDE = re.compile(r"([;\t\r\n][ \"]*)'(?=[=+\-@＝＋－＠])")


def text_of(content: bytes) -> str | None:
    """The text of a file, in the encodings that spreadsheets save; None if it is not text."""
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    return None


def separator_of(lines: Iterable[str]) -> str:
    """That of the first line which has one: spreadsheets are pasted with tabs, some save CSV with semicolons."""
    for line in lines:
        for separator in SEPARATORS:
            if separator in line:
                return separator
    return ","


def as_meant(cell: str) -> str:
    """Without what an export adds so that a spreadsheet does not calculate."""
    if cell.startswith("'") and cell[1:].startswith(FORMULA):
        cell = cell[1:]
    return DEFUSED_INSIDE.sub(r"\1", cell)
