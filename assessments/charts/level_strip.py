"""How many teams are at which level, as one strip: the lowest level first, each as wide as its share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .drawing import LEVEL_COLOURS, RIM_COLOURS, level_step, tenth

WIDTH, HEIGHT = 190, 22
#: Between two levels, and the least width of one: a team of a thousand must be seen.
GAP, NARROWEST = 3.0, 4.0
#: What a digit takes, and a number needs on both sides.
DIGIT, MARGIN = 7.0, 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StripPart:
    """The teams at one level; `label` is their number, empty where there is no room for it."""

    x: float
    width: float
    step: int
    label: str

    @property
    def middle(self) -> float:
        return tenth(self.x + self.width / 2)

    @property
    def colour(self) -> str:
        return LEVEL_COLOURS[self.step]

    @property
    def rim(self) -> str:
        return RIM_COLOURS[self.step]


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelStrip:
    """`counts` are (number of the level, teams), of the levels that a team is at."""

    parts: tuple[StripPart, ...]
    counts: tuple[tuple[int, int], ...]
    width: int = WIDTH
    height: int = HEIGHT


def level_strip(counts: Mapping[int, int], *, top: int) -> LevelStrip | None:
    """A strip of the number of teams by level on a ladder that ends at `top`; None if there is no team."""
    at_level = sorted((number, teams) for number, teams in counts.items() if teams)
    if not at_level:
        return None
    x = 0.0
    parts = []
    for (number, teams), width in zip(at_level, _widths([teams for _, teams in at_level]), strict=True):
        label = str(teams)
        has_room = width >= DIGIT * len(label) + MARGIN
        parts.append(
            StripPart(x=tenth(x), width=tenth(width), step=level_step(number, top), label=label if has_room else "")
        )
        x += width + GAP
    return LevelStrip(parts=tuple(parts), counts=tuple(at_level))


def _widths(teams: Sequence[int]) -> list[float]:
    """In proportion, but for those that would be too narrow to be seen: the others share what these leave."""
    free = WIDTH - GAP * (len(teams) - 1)
    narrow: set[int] = set()
    while True:
        others = sum(number for place, number in enumerate(teams) if place not in narrow)
        each = (free - NARROWEST * len(narrow)) / others if others else 0.0
        too_narrow = {place for place, number in enumerate(teams) if number * each < NARROWEST} - narrow
        if not too_narrow:
            return [NARROWEST if place in narrow else number * each for place, number in enumerate(teams)]
        narrow |= too_narrow
