"""Votes on one criterion: a bar for each answer, as long as the number of people who gave it."""

from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import tenth

ROW, BAR, LABEL, END = 30.0, 18.0, 150.0, 34.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VoteBar:
    """`y` is the top of the bar, `text_y` the base line of its words; `is_settled`: this is what counts."""

    name: str
    number: int
    y: float
    width: float
    text_y: float
    number_x: float
    is_settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    width: float
    height: float
    left: float
    name_x: float
    bars: tuple[VoteBar, ...]


def votes(rows: Sequence[tuple[str, int, bool]], *, width: float = 460) -> Votes:
    """Bars for (name of the answer, number of people, whether it is what counts), from top to bottom."""
    most = max((number for _, number, _ in rows), default=0) or 1
    room = width - LABEL - END
    bars = tuple(
        VoteBar(
            name=name,
            number=number,
            y=tenth(place * ROW + (ROW - BAR) / 2),
            width=tenth(room * number / most),
            text_y=tenth(place * ROW + ROW / 2 + 4),
            number_x=tenth(LABEL + room * number / most + 8),
            is_settled=settled,
        )
        for place, (name, number, settled) in enumerate(rows)
    )
    return Votes(width=width, height=ROW * len(bars), left=LABEL, name_x=LABEL - 10, bars=bars)
