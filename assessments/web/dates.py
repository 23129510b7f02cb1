"""Days and months: how pages write them, how far apart they are, and when a result is too old to rely on."""

import calendar
import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext

#: What is due by the day is reported from this hour on, by the clock of the team.
NOTICE_HOUR = datetime.timedelta(hours=9)
#: How many days the distribution over time has.
DAYS = 8


def shifted(day: datetime.date, months: int) -> datetime.date:
    """The same day that many months later, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_since(day: datetime.date, today: datetime.date) -> int:
    """Whole months that have passed."""
    months = (today.year - day.year) * 12 + today.month - day.month
    return max(0, months - (shifted(day, months) > today))


def notice_day(time_zone: str) -> datetime.date:
    """Today by the clock of a team; before nine in the morning it is still the day before."""
    local = timezone.localtime(timezone=ZoneInfo(time_zone)).replace(tzinfo=None)
    return (local - NOTICE_HOUR).date()


def day(date: datetime.date) -> str:
    """A date as pages show it."""
    return _written(date, "DATE_FORMAT")


def short_day(date: datetime.date) -> str:
    """The same with a short name of the month."""
    return _written(date, "SHORT_DATE_FORMAT")


def month(date: datetime.date) -> str:
    return _written(date, "YEAR_MONTH_FORMAT")


def short_month(date: datetime.date) -> str:
    """The month with a short name, and the year."""
    return _written(date, "SHORT_YEAR_MONTH_FORMAT")


def today() -> str:
    """Today by the clock of the server, as pages show it."""
    return day(timezone.localdate())


def _written(date: datetime.date, form: str) -> str:
    """A date in one of the forms of the language of the page."""
    if isinstance(date, datetime.datetime):
        # The same moment is written differently in another time zone.
        return date_format(date, form)
    return _written_once(date, form, get_language())


@lru_cache(maxsize=4096)
def _written_once(date: datetime.date, form: str, language: str | None) -> str:
    return date_format(date, form)


def same_month(date: datetime.date, other: datetime.date) -> bool:
    return (date.year, date.month) == (other.year, other.month)


def apart_from(date: datetime.date, other: datetime.date) -> str:
    """The month of a date; with its day if the other date is in the same month."""
    return day(date) if same_month(date, other) else month(date)


def briefly_apart_from(date: datetime.date, other: datetime.date) -> str:
    """The same with a short name of the month."""
    return short_day(date) if same_month(date, other) else short_month(date)


def is_stale(day: datetime.date, today: datetime.date) -> bool:
    """Whether a result of that day is too old to be relied on."""
    return shifted(day, settings.STALE_AFTER_MONTHS) <= today


def last_confirmed(day: datetime.date, today: datetime.date) -> str:
    """How long ago that was, if it is longer than a result can be relied on; else empty."""
    if not is_stale(day, today):
        return ""
    months = months_since(day, today)
    return ngettext("last confirmed {count} month ago", "last confirmed {count} months ago", months).format(
        count=months
    )


def now_everywhere() -> datetime.date:
    """The latest date that it is anywhere now."""
    return timezone.localdate(timezone=ZoneInfo("Pacific/Kiritimati"))


def past_days(last: datetime.date) -> list[datetime.date]:
    """The last days of the quarters before a day, oldest first, and the day itself."""
    first = last.replace(month=(last.month - 1) // 3 * 3 + 1, day=1)
    ends = [shifted(first, -3 * back) - datetime.timedelta(days=1) for back in range(DAYS - 1)]
    return [*reversed(ends), last]
