"""iCalendar files read strictly, as RFC 5545 has them: ends of lines, folding, escaping, what an entry must have."""

import datetime
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments.web.calendar_files import CalendarDay, calendar_file

from ..calendars import entries_of, lines_of, unescaped
from ..examples import examples

MADE_AT = datetime.datetime(2026, 3, 4, 5, 6, 7, tzinfo=datetime.UTC)
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200)


def entry(**changes):
    known = {"key": "action-7", "day": datetime.date(2026, 12, 31), "title": "Write the runbook."}
    return CalendarDay(**{**known, **changes})


def test_an_entry_is_a_day_that_marks_nobody_as_busy(settings):
    settings.SITE_URL = "https://maturity.example.org:8443"
    data = calendar_file("Roadmap", [entry(url="https://maturity.example.org/x", revision=3)], made_at=MADE_AT)
    assert entries_of(data) == [
        {
            "UID": "action-7@maturity.example.org",
            "DTSTAMP": "20260304T050607Z",
            "DTSTART;VALUE=DATE": "20261231",
            "DTEND;VALUE=DATE": "20270101",
            "SEQUENCE": "3",
            "SUMMARY": "Write the runbook.",
            "URL": "https://maturity.example.org/x",
            "TRANSP": "TRANSPARENT",
        }
    ]


@pytest.mark.parametrize(
    "title",
    [
        "One, two; three \\ four: five",
        "Ends with a backslash\\",
        "A line\nand another\r\nand a third",
        "END:VEVENT\r\nEND:VCALENDAR",
        "Straße " * 30,
        "😀" * 60,
        '"Quoted"',
    ],
)
def test_every_text_comes_back(title):
    (found,) = entries_of(calendar_file("Roadmap", [entry(title=title)], made_at=MADE_AT))
    assert unescaped(found["SUMMARY"]) == title.replace("\r\n", "\n")


@examples(150)
@given(title=texts, text=texts)
def test_no_text_breaks_the_file(title, text):
    data = calendar_file(title, [entry(title=title, text=text), entry(key="other")], made_at=MADE_AT)
    first, second = entries_of(data)
    assert second["UID"].startswith("other@")
    kept = re.sub(r"[\x00-\x08\x0e-\x1f\x7f]", "", "\n".join(text.splitlines()))
    assert unescaped(first.get("DESCRIPTION", "")) == kept
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))


def test_a_calendar_without_entries_is_one():
    assert entries_of(calendar_file("Roadmap", [], made_at=MADE_AT)) == []
    assert "X-WR-CALNAME:Roadmap" in lines_of(calendar_file("Roadmap", [], made_at=MADE_AT))
