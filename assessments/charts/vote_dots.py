"""Votes on one criterion as a row of circles, each filled by how much of the answer's points it has."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .drawing import tenth

STEP, RADIUS, MIDDLE = 12.0, 4.5, 6.0
#: With more votes than this there is one circle for each answer, with a number.
SINGLE = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteDot:
    """A circle around `x`; `fill` is path data of its filled part, `count` how many votes it stands for."""

    x: float
    fill: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteDots:
    """`has_numbers` says that circles stand for several votes, with their number beside them."""

    width: float
    dots: tuple[VoteDot, ...]
    has_numbers: bool


def vote_dots(votes: Sequence[tuple[Fraction, int]]) -> VoteDots:
    """Circles for (share of the points of an answer, number of people who gave it), in the order of the answers."""
    total = sum(count for _share, count in votes)
    has_numbers = total > SINGLE
    dots: list[VoteDot] = []
    x = MIDDLE
    for share, count in votes:
        times = 1 if has_numbers else count
        for _ in range(times):
            dots.append(VoteDot(x=tenth(x), fill=_filled(x, share), count=count if has_numbers else 1))
            x += STEP + (4 + 7 * len(str(count)) if has_numbers else 0)
    return VoteDots(width=tenth(max(x - MIDDLE, STEP)), dots=tuple(dots), has_numbers=has_numbers)


def _filled(x: float, share: Fraction) -> str:
    """The part of a circle from the top, clockwise."""
    if share <= 0:
        return ""
    top = tenth(MIDDLE - RADIUS)
    if share >= 1:
        bottom = tenth(MIDDLE + RADIUS)
        half = f"A{RADIUS},{RADIUS} 0 1 1 {tenth(x)},"
        return f"M{tenth(x)},{top} {half}{bottom} {half}{top} Z"
    angle = 2 * math.pi * float(share)
    end_x, end_y = tenth(x + RADIUS * math.sin(angle)), tenth(MIDDLE - RADIUS * math.cos(angle))
    is_large = int(share > Fraction(1, 2))
    return f"M{tenth(x)},{MIDDLE} V{top} A{RADIUS},{RADIUS} 0 {is_large} 1 {end_x},{end_y} Z"
