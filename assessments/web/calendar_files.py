"""Days as an iCalendar file (RFC 5545), written by hand: nothing here needs more than a dozen of its lines."""

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

#: Octets of a line, without its end; a longer one goes on in the next, which begins with a space.
LONGEST_LINE = 75
CALENDAR_TYPE = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """Something that is due on a day.

    `key` tells it from everything else in this installation and never changes, so that a file that is loaded again
    replaces what came from the one before. `revision` counts its changes. `url` is absolute.
    """

    key: str
    day: datetime.date
    title: str
    text: str = ""
    url: str = ""
    revision: int = 0


def calendar_file(name: str, days: Iterable[CalendarDay], *, made_at: datetime.datetime) -> bytes:
    """A calendar with an all-day entry for each of the days; `made_at` is an instant in UTC.

    The entries do not mark anybody as busy.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Maturity//Maturity//EN",
        "CALSCALE:GREGORIAN",
        # Not of the standard, and understood by every calendar.
        f"X-WR-CALNAME:{escaped(name)}",
    ]
    for entry in days:
        lines += _entry_lines(entry, made_at)
    lines.append("END:VCALENDAR")
    return b"".join(piece for line in lines for piece in folded(line))


def _entry_lines(entry: CalendarDay, made_at: datetime.datetime) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{entry.key}@{urlsplit(settings.SITE_URL).hostname}"
    yield f"DTSTAMP:{made_at:%Y%m%dT%H%M%SZ}"
    yield f"DTSTART;VALUE=DATE:{entry.day:%Y%m%d}"
    # The day after the last one. Without it an entry takes a day too (section 3.6.1).
    if entry.day < datetime.date.max:
        yield f"DTEND;VALUE=DATE:{entry.day + datetime.timedelta(days=1):%Y%m%d}"
    yield f"SEQUENCE:{entry.revision}"
    yield f"SUMMARY:{escaped(entry.title)}"
    if entry.text:
        yield f"DESCRIPTION:{escaped(entry.text)}"
    if entry.url:
        yield f"URL:{entry.url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def escaped(text: str) -> str:
    """A text as a value: what has a meaning there is escaped, lines become `\\n`, other control characters go."""
    text = "\n".join(text.splitlines())
    for character in ("\\", ";", ","):
        text = text.replace(character, f"\\{character}")
    return "".join("\\n" if character == "\n" else character for character in text if _is_text(character))


def _is_text(character: str) -> bool:
    return character in "\n\t" or (character >= " " and character != "\x7f")


def folded(line: str) -> Iterator[bytes]:
    """A line as lines of at most 75 octets with their ends; no character is torn apart."""
    piece = b""
    for character in line:
        octets = character.encode()
        if len(piece) + len(octets) > LONGEST_LINE:
            yield piece + b"\r\n"
            piece = b" "
        piece += octets
    yield piece + b"\r\n"
