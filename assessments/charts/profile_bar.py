"""Profile: one segment per level, filled by the share of its points."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .drawing import LEVEL_COLOURS, RIM_COLOURS, level_step, tenth


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A level in the profile of a dimension. `filled` is a width; `applies` is False where nothing applies."""

    number: int
    x: float
    width: float
    filled: float
    step: int
    applies: bool
    share: Fraction | None

    @property
    def colour(self) -> str:
        return LEVEL_COLOURS[self.step]

    @property
    def rim(self) -> str:
        return RIM_COLOURS[self.step]


def track(
    cells: Sequence[tuple[int, Fraction | None]], *, top: int, width: int = 200, gap: int = 4
) -> tuple[Segment, ...]:
    """Segments side by side, one per level above the floor; a cell is (level, share of its points or None)."""
    each = (width - gap * (len(cells) - 1)) / max(1, len(cells))
    return tuple(
        Segment(
            number=number,
            x=tenth(place * (each + gap)),
            width=tenth(each),
            filled=tenth(each * float(share or 0)),
            step=level_step(number, top),
            applies=share is not None,
            share=share,
        )
        for place, (number, share) in enumerate(cells)
    )
