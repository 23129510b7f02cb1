"""How figures are shown, on pages, in files and by commands alike: rounded half up, once, from the exact number.

A shown figure never reassures falsely: 100 % and 0 % are said of all and of none, no index reads like a level that it
does not reach, and a change that rounds to nothing is neither better nor worse.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import overload

from .figures import ONE, ZERO
from .instrument import Band, Instrument, Rubric, Threshold

DASH = "–"
Figure = Fraction | int
INDEX_PLACES, SUM_PLACES, FILE_PLACES = 2, 1, 4
PACE_PLACES = 1


@overload
def rounded(value: Figure, places: int) -> str: ...
@overload
def rounded(value: Figure | None, places: int) -> str | None: ...
def rounded(value: Figure | None, places: int) -> str | None:
    """A figure as text with that many decimals, rounded half up; None stays None."""
    if value is None:
        return None
    steps = _steps(value, places)
    digits = str(abs(steps)).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if steps < 0 else text


def change_number(change: Figure | None) -> Decimal | None:
    """A change of a level or an index for programs, with the decimals of an index in files."""
    return None if change is None else Decimal(rounded(change, FILE_PLACES)).normalize()


def _steps(value: Figure, places: int) -> int:
    """The figure in units of its last decimal, rounded half up, away from zero."""
    numerator, denominator = abs(value.numerator), value.denominator
    steps = (2 * numerator * 10**places + denominator) // (2 * denominator)
    return -steps if value < 0 else steps


def told_apart(value: Figure, places: int, edges: Iterable[Threshold]) -> str:
    """A figure with that many decimals, or as many more as it takes to stay on its side of each edge."""
    exact = Fraction(value)
    sides = [(edge, edge.met_by(exact)) for edge in edges]
    while True:
        # Reading the text back took half of the time of drawing a history.
        read = Fraction(_steps(exact, places), 10**places)
        if all(edge.met_by(read) == side for edge, side in sides):
            return rounded(exact, places)
        places += 1


@overload
def percent(share: Fraction) -> str: ...
@overload
def percent(share: Fraction | None) -> str | None: ...
def percent(share: Fraction | None) -> str | None:
    """A share from 0 to 1 in whole percent; 100 is said of all only, and 0 of none: 201 of 202 are 99."""
    if share is None:
        return None
    if ZERO < share < ONE:
        return str(min(99, max(1, int(rounded(share * 100, 0)))))
    return rounded(share * 100, 0)


def pace_text(criteria_a_month: Figure) -> str:
    """A pace, in criteria a month, with one decimal."""
    return rounded(criteria_a_month, PACE_PLACES)


def signed(change: Figure, places: int) -> str:
    """A change with its sign: +0.25, −1.00; what rounds to nothing is ±0.00."""
    sign = {1: "+", 0: "±", -1: "−"}[direction(change, places)]
    return sign + rounded(change if change >= 0 else -change, places)


def direction(change: Figure | None, places: int) -> int:
    """Whether a change reads as better (1), worse (-1), or as none (0)."""
    steps = 0 if change is None else _steps(change, places)
    return (steps > 0) - (steps < 0)


def add_up(parts: Sequence[Figure], total: Figure, places: int) -> bool:
    """Whether figures add up to their total as they are shown."""
    return sum(Fraction(rounded(part, places)) for part in parts) == Fraction(rounded(total, places))


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexScale:
    """What indexes or section scores are read on: from 0 to `top`, with edges between one level or band and the next.

    Figures on scales that end at another top are not compared.
    """

    top: Fraction
    places: int
    edges: tuple[Threshold, ...]

    @classmethod
    def of_levels(cls, numbers: Sequence[int]) -> "IndexScale":
        edges = tuple(Threshold(kind="at_least", value=Fraction(number)) for number in numbers)
        return cls(top=Fraction(numbers[-1]), places=INDEX_PLACES, edges=edges)

    @classmethod
    def of_bands(cls, bands: Sequence[Band]) -> "IndexScale":
        """Section scores; the upper limit of a band belongs to it."""
        edges = tuple(Threshold(kind="more_than", value=band.upto) for band in bands)
        return cls(top=bands[-1].upto, places=SUM_PLACES, edges=edges)

    @classmethod
    def of_rubric(cls, rubric: Rubric) -> "IndexScale":
        """Scores between the values of the answers; each level begins at its edge."""
        edges = tuple(Threshold(kind="at_least", value=edge) for edge in rubric.edges.values())
        return cls(top=rubric.highest, places=INDEX_PLACES, edges=edges)

    @classmethod
    def of(cls, instrument: Instrument) -> "IndexScale":
        if instrument.rubric:
            return cls.of_rubric(instrument.rubric)
        return cls.of_bands(instrument.bands) if instrument.bands else cls.of_levels(instrument.levels)

    @property
    def top_text(self) -> str:
        return rounded(self.top, 0 if self.top.denominator == 1 else self.places)

    def text(self, value: Figure | None) -> str:
        """A figure as it is read; a dash for none."""
        return DASH if value is None else told_apart(value, self.places, self.edges)

    def text_of_top(self, value: Figure | None) -> str:
        """The same with where the scale ends, for beside figures on another one."""
        return DASH if value is None else f"{self.text(value)} of {self.top_text}"

    def number(self, value: Figure | None) -> Decimal | None:
        """A figure as a number for files, with four decimals where it has so many."""
        return None if value is None else Decimal(told_apart(value, FILE_PLACES, self.edges)).normalize()

    def sum_in_parts(self, parts: Sequence[Figure], total: Figure) -> tuple[list[str], str, bool]:
        """Figures above their total, and whether they add up as they are read; one decimal more if that helps."""
        places = self.places if add_up(parts, total, self.places) else self.places + 1
        return [rounded(part, places) for part in parts], rounded(total, places), add_up(parts, total, places)

    def change(self, change: Figure | None) -> str:
        return DASH if change is None else signed(change, self.places)

    def adds_up(self, before: str, change: Figure, after: str) -> bool:
        """Whether a change as it is shown leads from one figure to another, given as they are shown.

        A figure just below an edge is shown with more decimals than a change has.
        """
        return Fraction(before) + Fraction(rounded(change, self.places)) == Fraction(after)

    def direction(self, change: Figure | None) -> int:
        return direction(change, self.places)

    def reads_lower(self, now: Fraction, before: Fraction) -> bool:
        """Whether the change to `now` reads as worse; in whole numbers, as this is asked of thousands of teams."""
        numerator, denominator = now.as_integer_ratio()
        numerator_before, denominator_before = before.as_integer_ratio()
        fall = numerator_before * denominator - numerator * denominator_before
        # What is half a unit of the last decimal or more is rounded to one.
        return 2 * 10**self.places * fall >= denominator * denominator_before

    def is_comparable_to(self, other: "IndexScale") -> bool:
        return self.top == other.top
