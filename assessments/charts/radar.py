"""Radar: one spoke per dimension, one outline per result."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..scoring import IndexScale
from .drawing import LINE, Number, Point, path_of, runs, tenth

#: Width of a character of a label, a little more than it is at 11 units in Inter.
CHARACTER = 6.2


class RadarSeries(NamedTuple):
    """`kind` is the class it is drawn with: now, previous or target. One value, or None, per axis."""

    name: str
    kind: str
    values: Sequence[Number | None]


#: Colours of outlines, by the kind of shape.
STROKES = {"now": "#1b589e", "target": "#575e69", "previous": "#077892"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`y` is the baseline of the first line; further ones follow at `LINE`."""

    x: float
    y: float
    anchor: str
    lines: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[float, str]]:
        """Each line with its baseline."""
        return [(tenth(self.y + number * LINE), line) for number, line in enumerate(self.lines)]

    @property
    def left(self) -> float:
        width = CHARACTER * max(map(len, self.lines))
        return self.x - {"start": 0.0, "middle": width / 2, "end": width}[self.anchor]

    @property
    def right(self) -> float:
        return self.left + CHARACTER * max(map(len, self.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One series of a radar: an outline, closed where every axis has a value, and dots for what has no neighbour."""

    name: str
    kind: str
    outline: str
    closed: bool
    dots: tuple[Point, ...]
    values: tuple[str, ...]

    @property
    def stroke(self) -> str:
        """The colour of its outline where no style sheet reaches."""
        return STROKES[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Radar:
    """`rings` are polygons as `points`, from the inside; `rows` are the figures as (axis, one text per series)."""

    view_box: str
    center: Point
    rings: tuple[str, ...]
    spokes: tuple[Point, ...]
    labels: tuple[Label, ...]
    shapes: tuple[Shape, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def radar(
    axes: Sequence[str], series: Sequence[RadarSeries], *, scale: IndexScale, radius: float = 110
) -> Radar | None:
    """A radar around (0, 0) with one shape per series; the first series is drawn on top of the others.

    Spokes end at the top of the scale. A missing value interrupts the outline. None with fewer than three axes, where a
    radar has no area.
    """
    if len(axes) < 3:
        return None
    series = [RadarSeries(*each) for each in series]

    def at(place: int, share: float) -> Point:
        angle = 2 * math.pi * place / len(axes) - math.pi / 2
        # Adding zero turns -0.0 into 0.0.
        return tenth(radius * share * math.cos(angle)) + 0.0, tenth(radius * share * math.sin(angle)) + 0.0

    labels = tuple(_axis_label(name, at(place, 1), radius) for place, name in enumerate(axes))
    shapes = tuple(_shape(each, at, scale) for each in series)
    rings = max(1, min(10, math.ceil(scale.top)))
    return Radar(
        view_box=_view_box(labels, radius),
        center=(0.0, 0.0),
        rings=tuple(
            " ".join(f"{x},{y}" for x, y in (at(place, ring / rings) for place in range(len(axes))))
            for ring in range(1, rings + 1)
        ),
        spokes=tuple(at(place, 1) for place in range(len(axes))),
        labels=labels,
        shapes=shapes,
        rows=tuple((axis, tuple(shape.values[place] for shape in shapes)) for place, axis in enumerate(axes)),
    )


def _shape(series: RadarSeries, at: Callable[[int, float], Point], scale: IndexScale) -> Shape:
    points = [
        None if value is None else at(place, min(1.0, max(0.0, float(value / scale.top))))
        for place, value in enumerate(series.values)
    ]
    present = [point for point in points if point is not None]
    closed = len(present) == len(points)
    runs = [present] if closed else list(_runs_around(points))
    return Shape(
        name=series.name,
        kind=series.kind,
        outline=" ".join(path_of(run) for run in runs if len(run) > 1) + (" Z" if closed else ""),
        closed=closed,
        dots=tuple(run[0] for run in runs if len(run) == 1),
        values=tuple(scale.text(value) for value in series.values),
    )


def _runs_around(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """Stretches of neighbours on a circle that has at least one gap."""
    gap = points.index(None)
    yield from runs([*points[gap:], *points[:gap]])


def wrapped(text: str, width: int = 13) -> tuple[str, ...]:
    """A label in lines of about that many characters, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines) or ("",)


def _axis_label(name: str, tip: Point, radius: float) -> Label:
    """Beside the tip of its spoke: above the circle lines grow upwards, below it downwards, at the sides both ways."""
    lines, (x, y) = wrapped(name), tip
    down = y / radius
    anchor = "middle" if abs(x) < radius * 0.12 else "start" if x > 0 else "end"
    return Label(
        x=tenth(x * 1.08),
        y=tenth(y * 1.08 + 4 * (1 + down) - LINE * (len(lines) - 1) * (1 - down) / 2),
        anchor=anchor,
        lines=lines,
    )


def _view_box(labels: Sequence[Label], radius: float) -> str:
    """Everything, with a margin; as wide to the left as to the right, so that the circle stands in the middle."""
    half = max([radius, *(-label.left for label in labels), *(label.right for label in labels)]) + 4
    over = min([-radius, *(label.y - LINE for label in labels)])
    under = max([radius, *(label.y + LINE * (len(label.lines) - 1) for label in labels)]) + 6
    return f"{tenth(-half)} {tenth(over)} {tenth(2 * half)} {tenth(under - over)}"
