"""Numbers of a framework file, exactly as they are written."""

import re
from fractions import Fraction
from typing import Any

#: Limited on purpose: no machine should write out a number such as 1e999999999.
NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?|[0-9]{1,9}/0*[1-9][0-9]{0,8}")
DECIMAL_PLACES = 12


def exact_number(value: Any) -> Fraction | None:
    """The number written as 1, 0.85, "0.85" or "2/3"; None for anything else, negative numbers included."""
    if isinstance(value, Fraction):
        return value if value >= 0 else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    written = str(value)
    return Fraction(written) if NUMBER.fullmatch(written) else None


def number_text(value: Fraction) -> str:
    """The shortest exact notation: a decimal if it is finite, otherwise a fraction."""
    places = next((n for n in range(DECIMAL_PLACES + 1) if 10**n % value.denominator == 0), None)
    if places is None:
        return str(value)
    digits = str(value.numerator * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
