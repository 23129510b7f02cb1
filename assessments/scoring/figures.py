"""Exact numbers, and how they are shown."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import overload

ZERO, ONE = Fraction(0), Fraction(1)


def exact(value) -> Fraction:
    """A number from text ("2/3", "0.85") or from a float as it is written, without rounding."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


@overload
def rounded(value: Fraction, places: int) -> str: ...
@overload
def rounded(value: Fraction | None, places: int) -> str | None: ...
def rounded(value, places):
    """A figure as text with that many decimals, rounded half up; None stays None."""
    if value is None:
        return None
    return _half_up(value.numerator, value.denominator, places)


def rounded_text(value: str, places: int) -> str | None:
    """The same for an exact figure that is kept as text ("5/3"); None for an empty one."""
    if not value:
        return None
    numerator, _, denominator = value.partition("/")
    return _half_up(int(numerator), int(denominator or 1), places)


def _half_up(numerator: int, denominator: int, places: int) -> str:
    whole = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    digits = str(whole).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if numerator < 0 and whole else text


def mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, ZERO) / len(values) if values else None


def low_median(values: Iterable):
    """The middle value; of two middle ones the lower. None without values."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None
