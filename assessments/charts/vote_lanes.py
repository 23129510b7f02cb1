"""Votes of a live room as dots: one lane for each answer, votes now beside the first ones, all of one size."""

from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import tenth

WIDTH, HEIGHT = 310, 340
#: Above the dots stands the word that marks the median.
TOP, BOTTOM = 50, 332
#: From the largest on; the first with which the fullest lane fits is used.
RADII, RING_RADII = (28, 24, 20, 16, 13, 11, 9, 7, 5, 3), (12, 10, 8, 6, 5, 4, 3)
#: How far the middles of two dots are apart, in radii.
APART = 2.36


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneDot:
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLane:
    """`dots` are votes now, `rings` first votes."""

    dots: tuple[LaneDot, ...]
    rings: tuple[LaneDot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteLanes:
    lanes: tuple[VoteLane, ...]
    radius: int
    ring_radius: int
    width: int = WIDTH
    height: int = HEIGHT


def vote_lanes(votes: Sequence[tuple[int, int]]) -> VoteLanes:
    """Lanes for (votes now, first votes) of each answer. Without first votes, the dots stand in the middle."""
    has_rings = any(first for _now, first in votes)
    left, right = (110, 300) if has_rings else (20, 290)
    radius, dots = _stacks([now for now, _first in votes], RADII, left, right)
    ring_radius, rings = _stacks([first for _now, first in votes], RING_RADII, 16, 100)
    lanes = tuple(VoteLane(dots=d, rings=r) for d, r in zip(dots, rings, strict=True))
    return VoteLanes(lanes=lanes, radius=radius, ring_radius=ring_radius)


def _stacks(
    counts: Sequence[int], radii: Sequence[int], left: int, right: int
) -> tuple[int, list[tuple[LaneDot, ...]]]:
    """The radius, and the dots of each lane: as few columns side by side as the fullest lane needs."""
    most = max(counts, default=0)
    for radius in radii:
        step = APART * radius
        rows = max(1, int((BOTTOM - TOP) / step))
        columns = max(1, -(-most // rows))
        if columns * step <= right - left:
            break
    middle = (left + right) / 2
    start = middle - (columns - 1) * step / 2
    stacks = []
    for count in counts:
        places = [divmod(n, columns) for n in range(count)]
        dots = [LaneDot(x=tenth(start + c * step), y=tenth(BOTTOM - radius - r * step)) for r, c in places]
        stacks.append(tuple(dots))
    return radius, stacks
