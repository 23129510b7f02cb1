"""Profile: one segment per level. Solid up to the level that is reached, hatched for credit above it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .drawing import LEVEL_COLOURS, RIM_COLOURS, level_step, tenth

WIDTH, GAP = 240.0, 6.0
#: A credit that is narrower than this could not be seen.
NARROWEST = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A level in the profile of a dimension. `credit` is the width of what is hatched; `share` is of its points.

    `applies` is False where nothing applies, or nothing may be shown.
    """

    number: int
    x: float
    width: float
    is_reached: bool
    credit: float
    applies: bool
    share: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileBar:
    """All segments of one dimension; they share the colour `step` of the level `reached`, None if there is none.

    `target` is a level and `aim` where its line stands: in the gap after its segment.
    """

    segments: tuple[Segment, ...]
    reached: int | None
    step: int
    target: int | None = None
    aim: float | None = None

    @property
    def colour(self) -> str:
        return LEVEL_COLOURS[self.step]

    @property
    def rim(self) -> str:
        return RIM_COLOURS[self.step]


def profile_bar(
    cells: Sequence[tuple[int, Fraction | None]], *, reached: int | None, top: int, target: int | None = None
) -> ProfileBar:
    """Segments side by side, one per level above the floor; a cell is (level, share of its points or None).

    What is solid follows from the level alone: a level can be reached without every point in it, and points above it
    do not make it higher.
    """
    each = (WIDTH - GAP * (len(cells) - 1)) / max(1, len(cells))
    segments: list[Segment] = []
    aim = None
    for place, (number, share) in enumerate(cells):
        x = place * (each + GAP)
        is_reached = share is not None and reached is not None and number <= reached
        credit = 0.0
        if share and not is_reached:
            credit = max(NARROWEST, each * float(share))
        if number == target:
            aim = tenth(min(x + each + GAP / 2, WIDTH - 1))
        segments.append(
            Segment(
                number=number,
                x=tenth(x),
                width=tenth(each),
                is_reached=is_reached,
                credit=tenth(credit),
                applies=share is not None,
                share=share,
            )
        )
    return ProfileBar(
        segments=tuple(segments),
        reached=reached,
        step=level_step(reached or 0, top),
        target=target if aim is not None else None,
        aim=aim,
    )
