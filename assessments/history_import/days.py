"""Days as spreadsheets and people write them."""

import datetime
import re

ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?")
DOTTED = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})")


def read_day(text: str) -> datetime.date | None:
    """The day that is meant, for 2026-03-31 and 31.3.2026; None for what can be read in two ways, or not at all."""
    text = text.strip()
    if found := ISO.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := DOTTED.fullmatch(text):
        day, month, year = map(int, found.groups())
    else:
        return None
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
