"""When rounds repeat and what they are called: days and months only, so no clock and no time zone matters here."""

import calendar
import datetime
import re

from django.db import models
from django.utils.translation import gettext_lazy

#: The next round is drafted so long before it opens.
AHEAD = datetime.timedelta(days=7)

_QUARTER = re.compile(r"\bQ([1-4])([ /-]?)(\d{4})\b")
_HALF_YEAR = re.compile(r"\bH([12])([ /-]?)(\d{4})\b")
_YEAR = re.compile(r"\b(20\d\d)\b")


class Repeats(models.TextChoices):
    ONCE = "once", gettext_lazy("Once")
    QUARTERLY = "quarterly", gettext_lazy("Every quarter")
    HALF_YEARLY = "half-yearly", gettext_lazy("Every half year")
    YEARLY = "yearly", gettext_lazy("Every year")

    @property
    def months(self) -> int:
        """From one round to the next; 0 if there is no next."""
        return {"once": 0, "quarterly": 3, "half-yearly": 6, "yearly": 12}[self.value]


def later(opened: datetime.date, months: int, *, day: int) -> datetime.date:
    """The day of that number so many months later, or the last day of a shorter month.

    `day` is kept apart: after a 28 February, a round of the 31st opens on the 31st again.
    """
    year, month = divmod(opened.year * 12 + opened.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day, calendar.monthrange(year, month + 1)[1]))


def quarter_name(day: datetime.date) -> str:
    """`Q4 2026`"""
    return f"Q{(day.month + 2) // 3} {day.year}"


def next_name(name: str, months: int) -> str:
    """The name of a round so many months later: `Q4 2026` becomes `Q1 2027`. A name without a period stays."""
    for pattern, length in ((_QUARTER, 3), (_HALF_YEAR, 6)):
        if (period := pattern.search(name)) and months % length == 0:
            year, part = divmod(int(period[3]) * (12 // length) + int(period[1]) - 1 + months // length, 12 // length)
            return name[: period.start()] + f"{period[0][0]}{part + 1}{period[2]}{year}" + name[period.end() :]
    if (period := _YEAR.search(name)) and months % 12 == 0:
        return name[: period.start()] + str(int(period[1]) + months // 12) + name[period.end() :]
    return name
