"""Exact numbers."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

Ordered = TypeVar("Ordered", int, Fraction)
ZERO, ONE = Fraction(0), Fraction(1)


def exact(value: Fraction | float | str) -> Fraction:
    """A number from text ("2/3", "0.85") or from a float as it is written, without rounding."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, ZERO) / len(values) if values else None


def low_median(values: Iterable[Ordered]) -> Ordered | None:
    """The middle value; of two middle ones the lower. None without values."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


def low_median_of_counts(counts: Mapping[Ordered, int]) -> Ordered | None:
    """The same of values of which is known how often each of them is there."""
    place = (sum(counts.values()) - 1) // 2
    for value, times in sorted(counts.items()):
        if 0 <= place < times:
            return value
        place -= times
    return None
