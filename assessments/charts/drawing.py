"""What all charts share: numbers as they are drawn, colours, paths with gaps."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

Number = int | Fraction
Point = tuple[float, float]

#: The light colours of tokens.css, as presentation attributes for a renderer that knows no style sheet.
LEVEL_COLOURS = (
    "#eeede4",
    "#d7e6ae",
    "#74d0aa",
    "#077892",
    "#204c8a",
    "#4b2f88",
    "#6d2180",
    "#8a1c5c",
    "#8a2b1f",
    "#5f3d0f",
    "#2c2c34",
)
RIM_COLOURS = ("#7d7b6a", "#728235", "#2c8865", *LEVEL_COLOURS[3:])
#: Height of a line of text in a chart.
LINE = 13.0


def tenth(value: float) -> float:
    return round(value, 1)


def level_step(number: int, top: int) -> int:
    """The colour step of a level on a ladder that ends at `top`: its number, so that it looks the same everywhere.

    A ladder with more levels than there are colours is spread over them.
    """
    last = len(LEVEL_COLOURS) - 1
    step = number if top <= last else (last * number + top // 2) // top
    return max(0, min(last, step))


def runs(points: Sequence[Point | None]) -> Iterator[list[Point]]:
    """Stretches between the gaps of a row."""
    run: list[Point] = []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            yield run
            run = []


def path_of(points: Sequence[Point]) -> str:
    return "M" + " L".join(f"{x},{y}" for x, y in points)
