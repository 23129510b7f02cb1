"""How teams move between levels from one day to the next: a box for each level on each day, flows between them."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .drawing import LEVEL_COLOURS, RIM_COLOURS, level_step, tenth

#: From which level to which, and how many teams.
Moves = Mapping[tuple[int, int], int]

#: Room at both sides for the names of levels, over the boxes, and under them for what changed and for the days.
SIDE, HEAD, FOOT = 62.0, 16.0, 38.0
BOX, GAP, NARROWEST, READABLE = 34.0, 12.0, 2.0, 14.0
#: So many days are drawn at least; earlier ones only from the first with a team on.
FEWEST_DAYS = 4
APART_RIM = "#838a95"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelBox:
    """The teams at one level on a day; `step` is None for those that stand apart. `label` needs room."""

    number: int
    teams: int
    x: float
    y: float
    height: float
    step: int | None
    label: str

    @property
    def middle(self) -> tuple[float, float]:
        return tenth(self.x + BOX / 2), tenth(self.y + self.height / 2)

    @property
    def colour(self) -> str:
        return "none" if self.step is None else LEVEL_COLOURS[self.step]

    @property
    def rim(self) -> str:
        return APART_RIM if self.step is None else RIM_COLOURS[self.step]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayColumn:
    """A day with its boxes from the top; `counts` are in the order of the levels, from the lowest."""

    date: datetime.date
    x: float
    boxes: tuple[LevelBox, ...]
    counts: tuple[int, ...]
    total: int

    @property
    def middle(self) -> float:
        return tenth(self.x + BOX / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Teams that were at one level and then at one; `kind` is "up", "down", "stayed", or "apart" if neither counts."""

    before: int
    after: int
    teams: int
    kind: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What happened between two days: flows, and how many teams had a level on one of them only (`new`, `gone`)."""

    since: datetime.date
    until: datetime.date
    middle: float
    flows: tuple[Flow, ...]
    new: int
    gone: int

    def _teams(self, kind: str) -> int:
        return sum(flow.teams for flow in self.flows if flow.kind == kind)

    @property
    def up(self) -> int:
        return self._teams("up")

    @property
    def down(self) -> int:
        return self._teams("down")

    @property
    def stayed(self) -> int:
        return self._teams("stayed")

    @property
    def said(self) -> str:
        """The moves without words, such as `1 → 2: 3`; empty if all stayed."""
        moves = [flow for flow in self.flows if flow.kind in {"up", "down"}]
        return " · ".join(f"{flow.before} → {flow.after}: {flow.teams}" for flow in moves)

    @property
    def moved(self) -> tuple[Flow, ...]:
        """The flows of teams that are at another level than before."""
        return tuple(flow for flow in self.flows if flow.kind != "stayed")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxName:
    """Where the level of a box is named."""

    number: int
    x: float
    y: float
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    width: int
    height: int
    box: float
    #: Where what changed and the days stand.
    changes_y: float
    days_y: float
    columns: tuple[DayColumn, ...]
    passages: tuple[Passage, ...]
    levels: tuple[tuple[int, str], ...]
    #: What teams are called that stand apart; empty where there are none on any day.
    apart: str

    @property
    def numbers(self) -> frozenset[int]:
        """Of the levels; other boxes are of teams that stand apart."""
        return frozenset(number for number, _ in self.levels)

    @property
    def names(self) -> list[BoxName]:
        """Where levels are named: left of the first boxes that there are and right of the last."""
        filled = [column for column in self.columns if column.boxes]
        first, last = filled[0], filled[-1]
        left = [BoxName(number=box.number, x=first.x - 8, y=box.middle[1], anchor="end") for box in first.boxes]
        right = [BoxName(number=box.number, x=last.x + BOX + 8, y=box.middle[1], anchor="start") for box in last.boxes]
        return left + right

    @property
    def drawn_passages(self) -> list[tuple[Passage, str]]:
        """Each with the side on which its words stand, so that they stay within the drawing."""
        drawn = []
        for passage in self.passages:
            anchor = "middle"
            if passage.middle < self.width / 3:
                anchor = "start"
            elif passage.middle > self.width * 2 / 3:
                anchor = "end"
            drawn.append((passage, anchor))
        return drawn

    @property
    def rows(self) -> list[tuple[DayColumn, Passage | None]]:
        """Each day with what happened since the one before."""
        return list(zip(self.columns, [None, *self.passages], strict=True))


def movement(
    days: Sequence[tuple[datetime.date, Mapping[int, int]]],
    moves: Sequence[Moves],
    levels: Sequence[tuple[int, str]],
    *,
    top: int,
    apart: tuple[int, str] | None = None,
    newest: int | None = None,
    width: int = 1040,
    height: int = 380,
) -> Movement | None:
    """Boxes of the number of teams per level, the highest level on top, and flows; None where no day has a team.

    `days` are in order of time, each with its number of teams by level; `moves` are between each of them and the next,
    of the teams that are in both. `levels` are (number, name) from the lowest. `apart` is a number and a name for teams
    that have no place among the levels; they stand below them. Days before the first team are left out, and with
    `newest` all but so many of the last ones.
    """
    if newest is not None:
        days, moves = days[-newest:], moves[max(len(moves) - newest + 1, 0) :]
    most = max((sum(counts.values()) for _, counts in days), default=0)
    if not most:
        return None
    first = next(place for place, (_, counts) in enumerate(days) if any(counts.values()))
    first = max(min(first, len(days) - FEWEST_DAYS), 0)
    days, moves = days[first:], moves[first:]
    steps: dict[int, int | None] = {number: level_step(number, top) for number, _ in levels}
    order = [number for number, _ in levels]
    if apart and any(counts.get(apart[0]) for _, counts in days):
        steps = {apart[0]: None, **steps}
        order.insert(0, apart[0])
    else:
        apart = None
    bottom = height - FOOT
    unit = (bottom - HEAD - GAP * (len(order) - 1)) / most
    between = (width - 2 * SIDE - BOX) / max(len(days) - 1, 1)
    columns = []
    for place, (day, counts) in enumerate(days):
        boxes = _boxes(counts, order, steps, x=tenth(SIDE + place * between), bottom=bottom, unit=unit)
        columns.append(
            DayColumn(
                date=day,
                x=tenth(SIDE + place * between),
                boxes=boxes,
                counts=tuple(counts.get(number, 0) for number, _ in [*levels, *([apart] if apart else [])]),
                total=sum(counts.values()),
            )
        )
    passages = tuple(
        _passage(left, right, moved, order, steps, unit)
        for left, right, moved in zip(columns[:-1], columns[1:], moves, strict=True)
    )
    return Movement(
        width=width,
        height=height,
        box=BOX,
        changes_y=tenth(bottom + 14),
        days_y=tenth(bottom + 32),
        columns=tuple(columns),
        passages=passages,
        levels=tuple(levels),
        apart=apart[1] if apart else "",
    )


def _boxes(
    counts: Mapping[int, int],
    order: Sequence[int],
    steps: Mapping[int, int | None],
    *,
    x: float,
    bottom: float,
    unit: float,
) -> tuple[LevelBox, ...]:
    """From the bottom up, returned from the top."""
    y = bottom
    boxes = []
    for number in order:
        teams = counts.get(number, 0)
        if not teams:
            continue
        tall = max(teams * unit, NARROWEST)
        y -= tall
        boxes.append(
            LevelBox(
                number=number,
                teams=teams,
                x=x,
                y=tenth(y),
                height=tenth(tall),
                step=steps[number],
                label=str(teams) if tall >= READABLE else "",
            )
        )
        y -= GAP
    return tuple(reversed(boxes))


def _passage(
    left: DayColumn,
    right: DayColumn,
    moved: Moves,
    order: Sequence[int],
    steps: Mapping[int, int | None],
    unit: float,
) -> Passage:
    """Flows leave and enter each box in the order of the levels at their other end, so that few of them cross."""
    from_the_top = list(reversed(order))
    leaves = {box.number: box.y for box in left.boxes}
    enters = {box.number: box.y for box in right.boxes}
    starts: dict[tuple[int, int], float] = {}
    ends: dict[tuple[int, int], float] = {}
    for number in from_the_top:
        for other in from_the_top:
            out, into = moved.get((number, other), 0), moved.get((other, number), 0)
            if out:
                starts[number, other] = leaves[number]
                leaves[number] += out * unit
            if into:
                ends[other, number] = enters[number]
                enters[number] += into * unit
    x, until = left.x + BOX + 1, right.x - 1
    flows = []
    for (before, after), start in starts.items():
        teams = moved[before, after]
        flows.append(
            Flow(
                before=before,
                after=after,
                teams=teams,
                kind=_kind(before, after, steps),
                path=_ribbon(x, start, until, ends[before, after], max(teams * unit, 1.0)),
            )
        )
    # What changed is drawn over what stayed.
    flows.sort(key=lambda flow: flow.kind != "stayed")
    on_both = sum(moved.values())
    return Passage(
        since=left.date,
        until=right.date,
        middle=tenth((x + until) / 2),
        flows=tuple(flows),
        new=right.total - on_both,
        gone=left.total - on_both,
    )


def _kind(before: int, after: int, steps: Mapping[int, int | None]) -> str:
    if before == after:
        return "stayed"
    if steps[before] is None or steps[after] is None:
        return "apart"
    return "up" if after > before else "down"


def _ribbon(x: float, y: float, until: float, end: float, tall: float) -> str:
    x, until, middle = tenth(x), tenth(until), tenth((x + until) / 2)
    over, under = (tenth(y), tenth(end)), (tenth(y + tall), tenth(end + tall))
    return (
        f"M{x},{over[0]}C{middle},{over[0]} {middle},{over[1]} {until},{over[1]}"
        f"V{under[1]}C{middle},{under[1]} {middle},{under[0]} {x},{under[0]}Z"
    )
