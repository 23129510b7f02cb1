"""How many teams are at which level, day by day: stacked bars, one per day."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .drawing import LEVEL_COLOURS, RIM_COLOURS, level_step, tenth


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The teams at one level; `step` is None for those that stand apart. `label` is empty where there is no room."""

    x: float
    y: float
    width: float
    height: float
    step: int | None
    label: str

    @property
    def colour(self) -> str:
        return "none" if self.step is None else LEVEL_COLOURS[self.step]

    @property
    def rim(self) -> str:
        return APART_RIM if self.step is None else RIM_COLOURS[self.step]

    @property
    def middle(self) -> tuple[float, float]:
        return tenth(self.x + self.width / 2), tenth(self.y + self.height / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One day; `counts` are in the order of the levels."""

    date: datetime.date
    middle: float
    slices: tuple[Slice, ...]
    counts: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    width: int
    height: int
    bottom: float
    bars: tuple[Bar, ...]
    levels: tuple[tuple[int, str], ...]
    #: What teams are called that stand apart; empty where there are none on any day.
    apart: str


APART_RIM = "#838a95"
#: Room under the bars for the days, and the height below which a number does not fit into a slice.
FOOT, READABLE = 20.0, 14.0


def stack(
    days: Sequence[tuple[datetime.date, Mapping[int, int]]],
    levels: Sequence[tuple[int, str]],
    *,
    top: int,
    apart: tuple[int, str] | None = None,
    width: int = 600,
    height: int = 220,
) -> Stack | None:
    """Bars of the number of teams per level, the lowest level at the bottom; None where no day has a team.

    `days` are in order of time, each with its number of teams by level; `levels` are (number, name) from the lowest.
    `apart` is a number and a name for teams that have no place among the levels; they are drawn on top, as a frame.
    """
    most = max((sum(counts.values()) for _, counts in days), default=0)
    if not most:
        return None
    each = width / len(days)
    unit = (height - FOOT) / most
    steps: list[tuple[int, int | None]] = [(number, level_step(number, top)) for number, _ in levels]
    if apart and any(counts.get(apart[0]) for _, counts in days):
        steps.append((apart[0], None))
    else:
        apart = None
    bars = tuple(
        _bar(day, counts, steps, left=place * each + each * 0.12, width=each * 0.76, unit=unit, height=height)
        for place, (day, counts) in enumerate(days)
    )
    return Stack(
        width=width,
        height=height,
        bottom=height - FOOT,
        bars=bars,
        levels=tuple(levels),
        apart=apart[1] if apart else "",
    )


def _bar(
    day: datetime.date,
    counts: Mapping[int, int],
    steps: Sequence[tuple[int, int | None]],
    *,
    left: float,
    width: float,
    unit: float,
    height: float,
) -> Bar:
    y, slices = height - FOOT, []
    for number, step in steps:
        tall = counts.get(number, 0) * unit
        if not tall:
            continue
        y -= tall
        slices.append(
            Slice(
                x=tenth(left),
                y=tenth(y),
                width=tenth(width),
                height=tenth(tall),
                step=step,
                label=str(counts[number]) if tall >= READABLE else "",
            )
        )
    return Bar(
        date=day,
        middle=tenth(left + width / 2),
        slices=tuple(slices),
        counts=tuple(counts.get(number, 0) for number, _ in steps),
        total=sum(counts.values()),
    )
