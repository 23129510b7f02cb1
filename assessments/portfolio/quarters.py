"""A slider through the quarters: each stop shows the organisation as it was on the last day of one."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from ..web.dates import day, past_days, shifted
from .portfolio import Portfolio

#: So many quarters stand under the slider.
MOST_LINKS = 9


def quarter_number(date: datetime.date) -> int:
    """Quarters are numbered through, so that a slider can move over the turn of a year."""
    return date.year * 4 + (date.month - 1) // 3


def last_day_of(quarter: int) -> datetime.date:
    """Of a quarter by its number; raises ValueError outside the calendar."""
    year, place = divmod(quarter, 4)
    return shifted(datetime.date(year, place * 3 + 1, 1), 3) - datetime.timedelta(days=1)


def day_of_quarter(text: str) -> str:
    """The day that a position of the slider means, as the address has it; empty for today, or if it means none."""
    try:
        quarter = int(text)
        if quarter >= quarter_number(timezone.localdate()):
            return ""
        return last_day_of(quarter).isoformat()
    except (ValueError, OverflowError):
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterStop:
    """`label` is short, `day` is written out; `query` is that of the page as it was then."""

    number: int
    label: str
    day: str
    query: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterSlider:
    """`stops` are all quarters in order of time, the last of them is today; `value` is the one that is shown."""

    stops: tuple[QuarterStop, ...]
    value: int

    @property
    def first(self) -> int:
        return self.stops[0].number

    @property
    def last(self) -> int:
        return self.stops[-1].number

    @property
    def links(self) -> tuple[QuarterStop, ...]:
        """As many as there is room for, equally far apart, today among them."""
        step = -(-len(self.stops) // MOST_LINKS)
        return self.stops[::-1][::step][::-1]


def quarter_slider(portfolio: Portfolio, address: Callable[..., str]) -> QuarterSlider | None:
    """From the first known quarter in which a team by name has a result; None if that is the present one.

    `address` makes the query of the page with other values. Nothing is fetched: what is known are the quarters before
    today and before the day shown. On the earliest of them, more are known.
    """
    today = timezone.localdate()
    as_of = portfolio.query.as_of
    first = min((date for date, counts in portfolio.over_time if counts), default=None)
    if first is None or (as_of and as_of > today):
        first = past_days(today)[0]
    now = quarter_number(today)
    stops = []
    for number in range(quarter_number(first), now):
        date = last_day_of(number)
        stops.append(
            QuarterStop(
                number=number,
                label=_("Q{quarter} {year}").format(quarter=number % 4 + 1, year=f"{date:%y}"),
                day=day(date),
                query=address(as_of=date.isoformat()),
                is_current=date == as_of,
            )
        )
    if not stops:
        return None
    last = QuarterStop(number=now, label=_("today"), day=day(today), query=address(as_of=""), is_current=as_of is None)
    value = quarter_number(as_of or today)
    return QuarterSlider(stops=(*stops, last), value=min(max(value, stops[0].number), now))
