"""Radar: one spoke per dimension, one outline per result, labels that do not touch each other."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..scoring import IndexScale
from .drawing import Number, Point, path_of, runs, tenth

#: Width of a character of a label, a little more than it is at 12 units in Inter, and the height of a line of them.
CHARACTER, LABEL_LINE = 6.8, 14.0
#: How far a line reaches above its baseline and below it.
ASCENT, DESCENT = 11.0, 3.0
#: Between one label and the next, and between a label and the circle.
LABEL_GAP, CLEARANCE = 3.0, 8.0
#: Beyond so many axes there is room for two lines of a label only, which may then be wider.
CROWDED = 12


class RadarSeries(NamedTuple):
    """`kind` is the class it is drawn with: now, previous or target. One value, or None, per axis."""

    name: str
    kind: str
    values: Sequence[Number | None]


#: Colours of outlines, by the kind of shape.
STROKES = {"now": "#1b589e", "target": "#1a2029", "previous": "#077892"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """`y` is the baseline of the first line; further ones follow. `whole` is the name, which may have been cut."""

    x: float
    y: float
    anchor: str
    lines: tuple[str, ...]
    whole: str

    @property
    def rows(self) -> list[tuple[float, str]]:
        """Each line with its baseline."""
        return [(tenth(self.y + number * LABEL_LINE), line) for number, line in enumerate(self.lines)]

    @property
    def width(self) -> float:
        return CHARACTER * max(map(len, self.lines))

    @property
    def left(self) -> float:
        return self.x - {"start": 0.0, "middle": self.width / 2, "end": self.width}[self.anchor]

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def top(self) -> float:
        return self.y - ASCENT

    @property
    def bottom(self) -> float:
        return self.y + LABEL_LINE * (len(self.lines) - 1) + DESCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class RadarPoint:
    """A value of the first series where it lies; `axis` and `value` are its words, `url` what is behind it."""

    x: float
    y: float
    axis: str
    value: str
    url: str


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
    """`rings` are polygons as `points`, from the inside; `rows` are the figures as (axis, one text per series).

    `ring_numbers` are (x, y, text) of what each ring stands for, between the first two spokes.
    """

    view_box: str
    rings: tuple[str, ...]
    ring_numbers: tuple[tuple[float, float, str], ...]
    spokes: tuple[Point, ...]
    labels: tuple[Label, ...]
    shapes: tuple[Shape, ...]
    points: tuple[RadarPoint, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def named_rows(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The same with the name of its series beside each figure."""
        names = [shape.name for shape in self.shapes]
        return [(axis, list(zip(names, values, strict=True))) for axis, values in self.rows]


def radar(
    axes: Sequence[str],
    series: Sequence[RadarSeries],
    *,
    scale: IndexScale,
    radius: float = 110,
    urls: Sequence[str] = (),
) -> Radar | None:
    """A radar around (0, 0) with one shape per series; the first series is drawn on top of the others.

    Spokes end at the top of the scale. A missing value interrupts the outline. `urls` are what the points of the first
    series lead to, one per axis. None with fewer than three axes, where a radar has no area.
    """
    if len(axes) < 3:
        return None
    series = [RadarSeries(*name_and_values) for name_and_values in series]

    def at(place: float, share: float) -> Point:
        angle = 2 * math.pi * place / len(axes) - math.pi / 2
        # Adding zero turns -0.0 into 0.0.
        return tenth(radius * share * math.cos(angle)) + 0.0, tenth(radius * share * math.sin(angle)) + 0.0

    labels = _axis_labels(axes, [at(place, 1) for place in range(len(axes))], radius)
    shapes = tuple(_shape(one, at, scale) for one in series)
    rings = max(1, min(10, math.ceil(scale.top)))
    return Radar(
        view_box=_view_box(labels, radius),
        rings=tuple(
            " ".join(f"{x},{y}" for x, y in (at(place, ring / rings) for place in range(len(axes))))
            for ring in range(1, rings + 1)
        ),
        ring_numbers=tuple(_ring_numbers(rings, at, scale, len(axes))),
        spokes=tuple(at(place, 1) for place in range(len(axes))),
        labels=labels,
        shapes=shapes,
        points=tuple(_points(axes, series[0], at, scale, urls)) if series else (),
        rows=tuple((axis, tuple(shape.values[place] for shape in shapes)) for place, axis in enumerate(axes)),
    )


def _ring_numbers(
    rings: int, at: Callable[[float, float], Point], scale: IndexScale, axes: int
) -> Iterator[tuple[float, float, str]]:
    """Of each ring, or of every second one where there are many, what it stands for."""
    # The middle of a side of a polygon lies inside the circle through its corners.
    inside = math.cos(math.pi / axes)
    every = 1 if rings <= 6 else 2
    for ring in range(every, rings + 1, every):
        value = float(scale.top) * ring / rings
        x, y = at(0.5, inside * ring / rings)
        yield x, tenth(y + 4), f"{value:g}"


def _points(
    axes: Sequence[str],
    series: RadarSeries,
    at: Callable[[float, float], Point],
    scale: IndexScale,
    urls: Sequence[str],
) -> Iterator[RadarPoint]:
    for place, (axis, value) in enumerate(zip(axes, series.values, strict=True)):
        if value is None:
            continue
        x, y = at(place, _share(value, scale))
        yield RadarPoint(x=x, y=y, axis=axis, value=scale.text(value), url=urls[place] if urls else "")


def _share(value: Number, scale: IndexScale) -> float:
    return min(1.0, max(0.0, float(value / scale.top)))


def _shape(series: RadarSeries, at: Callable[[float, float], Point], scale: IndexScale) -> Shape:
    points = [None if value is None else at(place, _share(value, scale)) for place, value in enumerate(series.values)]
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


# ---------------------------------------------------------------------- labels


def wrapped(text: str, width: int = 13, most: int | None = None) -> tuple[str, ...]:
    """A label in lines of about that many characters, broken between words.

    What does not fit into `most` lines is cut, and so is a word that is longer than two such lines.
    """
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + len(word) < width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if most and len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
        lines[-1] = _cut(lines[-1], width)
    return tuple(_cut(line, 2 * width) for line in lines) or ("",)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def _axis_labels(axes: Sequence[str], tips: Sequence[Point], radius: float) -> tuple[Label, ...]:
    """Beside the tips of their spokes: a column on either side, and one label over and one under the circle.

    Where the labels of a column would overlap they are moved up and down, and away from the circle; the two in the
    middle stand above and below everything that they could touch.
    """
    width, most = (13, 4) if len(axes) <= CROWDED else (18, 2)
    lines = [wrapped(name, width, most) for name in axes]
    sides: dict[str, list[int]] = {"start": [], "end": [], "middle": []}
    for place, (x, _y) in enumerate(tips):
        sides["middle" if abs(x) < 1 else "start" if x > 0 else "end"].append(place)
    labels: dict[int, Label] = {}
    for anchor in ("start", "end"):
        places = sorted(sides[anchor], key=lambda place: tips[place][1])
        heights = [_height(lines[place]) for place in places]
        middles = _spread([_wanted(tips[place][1], _height(lines[place]), radius) for place in places], heights)
        for place, middle, height in zip(places, middles, heights, strict=True):
            x = max(abs(tips[place][0]), _edge(middle, height, radius)) + CLEARANCE
            labels[place] = Label(
                x=tenth(x if anchor == "start" else -x),
                y=tenth(middle - height / 2 + ASCENT),
                anchor=anchor,
                lines=lines[place],
                whole=axes[place],
            )
    beside = list(labels.values())
    for place in sides["middle"]:
        labels[place] = _middle_label(axes[place], lines[place], beside, radius, is_above=tips[place][1] < 0)
    return tuple(labels[place] for place in range(len(axes)))


def _height(lines: Sequence[str]) -> float:
    return ASCENT + DESCENT + LABEL_LINE * (len(lines) - 1)


def _wanted(tip: float, height: float, radius: float) -> float:
    """The middle of a label beside its tip: above the circle lines grow upwards, below it downwards."""
    return tip + tip / radius * (height / 2)


def _spread(middles: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Middles in the same order, moved as little as it takes for boxes of these heights not to touch.

    Boxes that touch form a block, which stands where its boxes want to be on average; blocks that touch become one.
    """
    blocks: list[tuple[list[int], float, float]] = []
    for place, (middle, height) in enumerate(zip(middles, heights, strict=True)):
        block = ([place], middle, height + LABEL_GAP)
        while blocks and blocks[-1][1] + blocks[-1][2] / 2 > block[1] - block[2] / 2:
            before = blocks.pop()
            count, more = len(before[0]), len(block[0])
            middle_of_both = (before[1] * count + block[1] * more) / (count + more)
            block = (before[0] + block[0], middle_of_both, before[2] + block[2])
        blocks.append(block)
    spread = list(middles)
    for places, middle, height in blocks:
        top = middle - height / 2
        for place in places:
            room = heights[place] + LABEL_GAP
            spread[place] = top + room / 2
            top += room
    return spread


def _edge(middle: float, height: float, radius: float) -> float:
    """How far the circle reaches to the side at the height of a box."""
    nearest = max(0.0, abs(middle) - height / 2)
    return math.sqrt(max(0.0, radius**2 - nearest**2))


def _middle_label(
    name: str, lines: tuple[str, ...], beside: Sequence[Label], radius: float, *, is_above: bool
) -> Label:
    half = CHARACTER * max(map(len, lines)) / 2
    near = [label for label in beside if label.left < half and label.right > -half]
    if is_above:
        end = min([-radius - CLEARANCE / 2, *(label.top - LABEL_GAP for label in near)])
        y = end - DESCENT - LABEL_LINE * (len(lines) - 1)
    else:
        end = max([radius + CLEARANCE / 2, *(label.bottom + LABEL_GAP for label in near)])
        y = end + ASCENT
    return Label(x=0.0, y=tenth(y), anchor="middle", lines=lines, whole=name)


def _view_box(labels: Sequence[Label], radius: float) -> str:
    """Everything, with a margin; as wide to the left as to the right, so that the circle stands in the middle."""
    half = max([radius, *(-label.left for label in labels), *(label.right for label in labels)]) + 4
    over = min([-radius, *(label.top for label in labels)]) - 2
    under = max([radius, *(label.bottom for label in labels)]) + 4
    return f"{tenth(-half)} {tenth(over)} {tenth(2 * half)} {tenth(under - over)}"
