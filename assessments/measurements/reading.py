"""Months and values as people and programs write them."""

import datetime
import re
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from ..web.dates import month as month_in_words
from .definitions import MetricDefinition

FIRST_MONTH = datetime.date(2000, 1, 1)
MONTH = re.compile(r"(\d{4})-(\d{1,2})(?:-\d{1,2})?")
#: The column holds so many decimals; more are rounded.
PLACES = Decimal("0.001")


def read_month(text: str, *, today: datetime.date) -> datetime.date:
    """The first day of the month, from `2026-10` or a day in it. Raises ValidationError."""
    match = MONTH.fullmatch(text.strip())
    try:
        month = datetime.date(int(match[1]), int(match[2]), 1) if match else None
    except ValueError:
        month = None
    if month is None:
        raise ValidationError(_("Write the month as year and month, such as 2026-10."))
    if month > today:
        raise ValidationError(_("This month has not begun yet."))
    if month < FIRST_MONTH:
        raise ValidationError(_("Choose a month from {first} on.").format(first=month_in_words(FIRST_MONTH)))
    return month


def as_entered(value: float) -> str:
    """A number that a program gave, as somebody would write it into the form."""
    return f"{Decimal(repr(value)).quantize(PLACES):f}"


def read_value(text: str, metric: MetricDefinition) -> Decimal:
    """A number with a point or a comma for decimals, and perhaps a percent sign. Raises ValidationError."""
    number = text.strip().removesuffix("%").rstrip()
    if number.count(",") == 1 and "." not in number:
        number = number.replace(",", ".")
    try:
        value = Decimal(number) if re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]*)?", number) else None
    except InvalidOperation:
        value = None
    if value is None:
        raise ValidationError(_("Write the value as a number, such as 52 or 12.5."))
    metric.check(value)
    return value.quantize(PLACES)
