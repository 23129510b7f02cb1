"""A figure month by month, below a history and on its time axis."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import LINE, Number, Point, path_of, runs
from .timeline import History, Plane

#: Where in its month a value is drawn.
MIDDLE = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredPoint:
    """A value of one month, which is given by its first day."""

    month: datetime.date
    value: Number
    title: str

    @property
    def day(self) -> datetime.date:
        """Where it stands on a time axis."""
        return self.month.replace(day=MIDDLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredDot:
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A line between two bands, with the name of the one above it, if there is room for it."""

    y: float
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredChart:
    """`line` is path data, interrupted where a month is missing; `results` are where results of the history stand."""

    width: int
    height: int
    #: The value at the head.
    highest: Number
    left: float
    right: float
    head: float
    bottom: float
    line: str
    dots: tuple[MeasuredDot, ...]
    edges: tuple[Edge, ...]
    results: tuple[float, ...]


def measured(
    points: Sequence[MeasuredPoint],
    *,
    below: History,
    edges: Sequence[tuple[Number, str]] = (),
    base: Number = 0,
    height: int = 84,
) -> MeasuredChart | None:
    """`points` in order of time, from `base` to the highest of them, as wide as the history they stand below.

    `edges` are values between bands with the name of the band above; those
    above every point are left out. A month that is partly on the axis is drawn at its end; None if no month is on it.
    """
    first, last = below.first, below.last
    shown = [point for point in points if _month(first) <= _month(point.month) <= _month(last)]
    if not shown:
        return None
    highest = max(point.value for point in shown)
    plane = Plane([first, last], top=highest - base, width=below.width, height=height, small=False)
    plane.head, plane.bottom = 14.0, height - 8.0
    path: list[Point | None] = []
    dots = []
    before: datetime.date | None = None
    for point in shown:
        if before and (point.month.year - before.year) * 12 + point.month.month - before.month > 1:
            path.append(None)
        before = point.month
        x, y = plane.x(min(max(point.day, first), last)), plane.y(point.value - base)
        path.append((x, y))
        dots.append(MeasuredDot(x=x, y=y, title=point.title))
    return MeasuredChart(
        width=below.width,
        height=height,
        highest=highest,
        left=plane.left,
        right=plane.right,
        head=plane.head,
        bottom=plane.bottom,
        line=" ".join(path_of(run) for run in runs(path) if len(run) > 1),
        dots=tuple(dots),
        edges=_edges([(plane.y(value - base), name) for value, name in edges if base < value < highest]),
        results=tuple(sorted({plane.x(point.date) for point in below.points if not point.beside})),
    )


def _edges(lines: Sequence[tuple[float, str]]) -> tuple[Edge, ...]:
    """A name stands above its line unless another name is there already; from the top, where there is most room."""
    edges: list[Edge] = []
    named_at: float | None = None
    for y, name in sorted(lines):
        has_room = named_at is None or y - named_at >= LINE
        edges.append(Edge(y=y, name=name if has_room else ""))
        named_at = y if has_room else named_at
    return tuple(edges)


def _month(day: datetime.date) -> tuple[int, int]:
    return (day.year, day.month)
