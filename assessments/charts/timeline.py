"""History: level and index of results on a true time axis."""

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from ..scoring import DASH, IndexScale
from .drawing import LINE, Number, Point, path_of, runs, tenth


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPoint:
    """A result in a history; `beside` marks one of the other questionnaire, which is never joined.

    `index` is exact: it is rounded once, where it is shown. It stands on the `scale` of its own edition.
    """

    date: datetime.date
    level: int | None
    index: Number | None
    scale: IndexScale
    title: str
    url: str
    beside: bool = False
    under_revision: bool = False
    #: The ladder is a new one from here on: the level before says nothing about this one.
    breaks: bool = False
    notes: tuple[str, ...] = ()
    #: Where the level begins on the scale of the index, if that is not at its number.
    level_at: Number | None = None

    @property
    def height(self) -> Number | None:
        """Where the level is drawn."""
        if self.level is None or self.level_at is None:
            return self.level
        return self.level_at

    def shown_index(self, now: IndexScale) -> str:
        """The index as it is read beside others on the scale in use now."""
        return now.text(self.index) if self.scale.is_comparable_to(now) else self.scale.text_of_top(self.index)

    def shown(self, now: IndexScale) -> str:
        """Level and index in one cell of a table."""
        level = [] if self.level is None else [str(self.level)]
        index = [] if self.index is None else [self.shown_index(now)]
        return " · ".join(level + index) or DASH


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened on a day: an edition that changed, a result that was opened again."""

    date: datetime.date
    letter: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A target: the level to reach, where it is drawn, from the day it was set to the day it is due."""

    level: Number
    since: datetime.date
    due: datetime.date
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A mark as it is drawn: a line at `x` with a letter at its head."""

    x: float
    letter: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AimLine:
    """A target as it is drawn: a dashed line at `y`, ending in a flag on the day it is due."""

    left: float
    right: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """The mark of one result. `reach` is the radius in which a pointer finds it without touching its neighbours."""

    x: float
    y: float
    title: str
    url: str
    beside: bool
    under_revision: bool
    reach: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayTick:
    """A day under the axis; `unit` is what of it there is room for: its year, its month and year, or all."""

    at: float
    day: datetime.date
    unit: Literal["year", "month", "day"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    date: datetime.date
    url: str
    level: str
    index: str
    beside: bool
    under_revision: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`steps`, `area` (level) and `line` (index) are path data, interrupted where there is no value."""

    width: int
    height: int
    left: float
    right: float
    bottom: float
    steps: str
    area: str
    line: str
    dots: tuple[Dot, ...]
    x_ticks: tuple[DayTick, ...]
    y_ticks: tuple[Tick, ...]
    points: tuple[HistoryPoint, ...]
    rows: tuple[HistoryRow, ...]
    #: The newest of the points that are joined.
    newest: HistoryPoint
    #: The days between which the time axis reaches.
    first: datetime.date
    last: datetime.date
    flags: tuple[Flag, ...] = ()
    aims: tuple[AimLine, ...] = ()

    @property
    def has_levels(self) -> bool:
        return bool(self.steps)

    @property
    def cells(self) -> list[str]:
        """Every point as one cell of a table."""
        return [point.shown(self.points[-1].scale) for point in self.points]

    @property
    def has_beside(self) -> bool:
        return any(dot.beside for dot in self.dots)

    @property
    def has_under_revision(self) -> bool:
        return any(dot.under_revision for dot in self.dots)


class Plane:
    """Where a day and a value lie. Days are spaced as they are in time; a single day stands in the middle."""

    def __init__(self, days: Sequence[datetime.date], *, top: Number, width: int, height: int, small: bool) -> None:
        self.left, self.right = (4.0, width - 4.0) if small else (30.0, width - 8.0)
        self.head, self.bottom = (6.0, height - 6.0) if small else (14.0, height - 28.0)
        # Room for half a label of a date, and for a mark, at either end.
        self.margin = 6.0 if small else 20.0
        self.first, self.last = min(days), max(days)
        self.top = float(top) or 1.0
        self._x: dict[datetime.date, float] = {}

    def x(self, day: datetime.date) -> float:
        # Steps, line and dots ask for the same days.
        if day not in self._x:
            span = self.right - self.left - 2 * self.margin
            days = (self.last - self.first).days
            share = (day - self.first).days / days if days else 0.5
            self._x[day] = tenth(self.left + self.margin + span * share)
        return self._x[day]

    def y(self, value: Number) -> float:
        return tenth(self.bottom - (self.bottom - self.head) * float(value) / self.top)


def history(
    points: Sequence[HistoryPoint],
    *,
    width: int = 600,
    height: int = 210,
    small: bool = False,
    marks: Sequence[Mark] = (),
    aims: Sequence[Aim] = (),
    until: datetime.date | None = None,
) -> History | None:
    """Level as steps and index as a line on a true time axis. `points` are in order of time; None without any.

    The axis reaches from the first point to the last day of any point or aim, or to `until`, with which several have
    the same axis; marks outside it are left out. `small`
    leaves out dots, rows and the ticks of the time axis and keeps the margins narrow, for many beside each other. An
    index is joined to the one before it only on a scale that ends at the same top; the axis reaches the highest top.
    """
    if not points:
        return None
    days = [*(point.date for point in points), *(aim.due for aim in aims if aim.due > points[0].date)]
    if until and until > points[0].date:
        days.append(until)
    plane = Plane(days, top=max(point.scale.top for point in points), width=width, height=height, small=small)
    joined = [point for point in points if not point.beside]
    now = (joined or points)[-1]
    steps = _steps(joined, plane)
    return History(
        width=width,
        height=height,
        left=plane.left,
        right=plane.right,
        bottom=plane.bottom,
        steps=" ".join(steps),
        area=" ".join(f"{path} V{plane.bottom} H{path[1:].split(',')[0]} Z" for path in steps),
        line=_line(joined, plane),
        dots=() if small else _dots(points, plane),
        x_ticks=() if small else _date_ticks(plane),
        y_ticks=_level_ticks(plane),
        points=tuple(points),
        rows=() if small else tuple(_row(point, now.scale) for point in points),
        newest=now,
        first=plane.first,
        last=plane.last,
        flags=_flags(marks, plane),
        aims=_aim_lines(aims, plane),
    )


def _flags(marks: Sequence[Mark], plane: Plane) -> tuple[Flag, ...]:
    """One per day: what happened on the same day shares a line and is read out together."""
    by_day: dict[datetime.date, list[Mark]] = {}
    for mark in sorted(marks, key=lambda mark: mark.date):
        if plane.first <= mark.date <= plane.last:
            by_day.setdefault(mark.date, []).append(mark)
    return tuple(
        Flag(
            x=plane.x(day),
            letter="".join(dict.fromkeys(mark.letter for mark in together)),
            title="; ".join(mark.title for mark in together),
        )
        for day, together in by_day.items()
    )


def _aim_lines(aims: Sequence[Aim], plane: Plane) -> tuple[AimLine, ...]:
    return tuple(
        AimLine(
            left=plane.x(max(aim.since, plane.first)) if aim.since < aim.due else plane.left,
            right=plane.x(aim.due),
            y=plane.y(aim.level),
            title=aim.title,
        )
        for aim in aims
        if plane.first <= aim.due <= plane.last
    )


def _steps(points: Sequence[HistoryPoint], plane: Plane) -> list[str]:
    """Paths of the level, held from each result to the next; a result without a level ends a path."""
    paths: list[str] = []
    path = ""
    for place, point in enumerate(points):
        if path and point.breaks:
            paths, path = [*paths, path], ""
        if point.height is None:
            paths, path = ([*paths, path] if path else paths), ""
            continue
        x, y = plane.x(point.date), plane.y(point.height)
        # The newest level holds until today at least: a short stub instead of a point without width.
        until = plane.x(points[place + 1].date) if place + 1 < len(points) else min(plane.right, x + plane.margin)
        path += (f" V{y}" if path else f"M{x},{y}") + f" H{tenth(until)}"
    return [*paths, path] if path else paths


def _line(points: Sequence[HistoryPoint], plane: Plane) -> str:
    """The path of the index; a result without one interrupts it, and so does a scale with another top."""
    path: list[Point | None] = []
    before: IndexScale | None = None
    for point in points:
        if before and not point.scale.is_comparable_to(before):
            path.append(None)
        path.append(None if point.index is None else (plane.x(point.date), plane.y(point.index)))
        before = point.scale
    return " ".join(path_of(run) for run in runs(path) if len(run) > 1)


def _dots(points: Sequence[HistoryPoint], plane: Plane) -> tuple[Dot, ...]:
    """One mark per result with a figure: on its index, or on its level where it has no index."""
    drawn = [(point, point.height if point.index is None else point.index) for point in points]
    places = [(point, (plane.x(point.date), plane.y(value))) for point, value in drawn if value is not None]
    # A neighbour in time is the nearest mark, so the cost grows with the number of points only.
    gaps = [math.inf, *(math.dist(here, there) for (_, here), (_, there) in pairwise(places)), math.inf]
    return tuple(
        Dot(
            x=x,
            y=y,
            title=point.title,
            url=point.url,
            beside=point.beside,
            under_revision=point.under_revision,
            reach=tenth(max(5.0, min(12.0, gaps[place] / 2, gaps[place + 1] / 2))),
        )
        for place, (point, (x, y)) in enumerate(places)
    )


def _row(point: HistoryPoint, now: IndexScale) -> HistoryRow:
    return HistoryRow(
        date=point.date,
        url=point.url,
        level="–" if point.level is None else str(point.level),
        index=point.shown_index(now),
        beside=point.beside,
        under_revision=point.under_revision,
        notes=point.notes,
    )


def _level_ticks(plane: Plane) -> tuple[Tick, ...]:
    """One per level, or every second, fifth … where they would stand closer than lines of text."""
    top = math.floor(plane.top)
    room = (plane.bottom - plane.head) / LINE
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100, top + 1) if top / step <= room or step > top)
    return tuple(Tick(at=plane.y(n), label=str(n)) for n in range(0, top + 1, every))


def _date_ticks(plane: Plane) -> tuple[DayTick, ...]:
    """Starts of months, as many as fit; first and last day where fewer than two such starts lie between them."""
    first, last = plane.first, plane.last
    starts = [
        datetime.date(n // 12, n % 12 + 1, 1)
        for n in range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    ]
    starts = [start for start in starts if first <= start <= last]
    for every in (1, 2, 3, 6, 12, 24, 60, 120):
        chosen = [start for start in starts if (start.year * 12 + start.month - 1) % every == 0]
        wide = 40 if every >= 12 else 60
        if all(plane.x(b) - plane.x(a) >= wide for a, b in pairwise(chosen)):
            break
    if len(chosen) >= 2:
        return tuple(DayTick(at=plane.x(day), day=day, unit="year" if every >= 12 else "month") for day in chosen)
    ends = [first] if first == last else [first, last]
    return tuple(DayTick(at=plane.x(day), day=day, unit="day") for day in ends)
