"""How fast a team has moved so far, and when it would be somewhere if it went on like that: pure.

The pace between two results is

    (criteria that meet their threshold at the later one - at the earlier one) / months between them

counted over the criteria that were rated in both, with the same meaning. What was left unanswered in one of them, does
not apply or was not asked says nothing about the team's work, and is not counted. A month is a twelfth of 365.25 days.
A stretch of less than four weeks says little, and is joined with the one before it.

It takes three results: two stretches are the least of which one can say how much they differ. The usual pace is the
lower median of all stretches, the range goes from the slowest to the fastest of them.

With `remaining` criteria to go, counted from today:

    day = today + remaining / pace x month

at the usual, the fastest and the slowest pace. At a pace of nothing or less there is no day. That work goes on as it
did, and that every criterion takes as long as another, are assumptions: the forecast is a range and no promise.
"""

import datetime
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from math import ceil

#: Days of a month.
MONTH = Fraction(36525, 1200)
#: What is shorter, in days, is no stretch of its own.
SHORTEST = 28
#: How many results it takes.
FEWEST = 3
#: A day further ahead is no forecast, in days.
FURTHEST = 20 * 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A result: its day, and whether each criterion that was rated meets its threshold, by what tells it apart."""

    day: datetime.date
    met: Mapping[Hashable, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Criteria gained a month: usually, and in the slowest and the fastest stretch of `stretches`."""

    usual: Fraction
    slowest: Fraction
    fastest: Fraction
    stretches: int


class Chance(StrEnum):
    """Where a wanted day lies in a forecast."""

    #: Even the slowest pace is enough.
    SAFE = "safe"
    #: The usual pace is enough.
    LIKELY = "likely"
    #: Only a pace faster than usual is enough.
    HARD = "hard"
    #: No pace so far is enough.
    BEYOND = "beyond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """The days at the fastest, the usual and the slowest pace; None if there is none within twenty years."""

    earliest: datetime.date | None
    usual: datetime.date | None
    latest: datetime.date | None

    def chance(self, wanted: datetime.date) -> Chance:
        if self.earliest is None or wanted < self.earliest:
            return Chance.BEYOND
        if self.usual is None or wanted < self.usual:
            return Chance.HARD
        if self.latest is None or wanted < self.latest:
            return Chance.LIKELY
        return Chance.SAFE


def far_enough_apart(milestones: Sequence[Milestone]) -> list[Milestone]:
    """Oldest first, each at least four weeks after the one before. The newest is always among them."""
    kept: list[Milestone] = []
    for milestone in reversed(milestones):
        if not kept or (kept[-1].day - milestone.day).days >= SHORTEST:
            kept.append(milestone)
    return kept[::-1]


def pace_of(milestones: Sequence[Milestone]) -> Pace | None:
    """The pace so far; `milestones` are oldest first. None if there are too few that are far enough apart."""
    kept = far_enough_apart(milestones)
    if len(kept) < FEWEST:
        return None
    paces = sorted(_between(earlier, later) for earlier, later in pairwise(kept))
    # The lower median, so that of two stretches the slower one is the usual.
    usual = paces[(len(paces) - 1) // 2]
    return Pace(usual=usual, slowest=paces[0], fastest=paces[-1], stretches=len(paces))


def _between(earlier: Milestone, later: Milestone) -> Fraction:
    shared = earlier.met.keys() & later.met.keys()
    gained = sum(later.met[key] for key in shared) - sum(earlier.met[key] for key in shared)
    return Fraction(gained) / months_between(earlier.day, later.day)


def months_between(first: datetime.date, last: datetime.date) -> Fraction:
    return (last - first).days / MONTH


def forecast(remaining: int, pace: Pace, *, today: datetime.date) -> Forecast:
    """When `remaining` criteria more would meet their threshold."""
    return Forecast(
        earliest=_day_at(pace.fastest, remaining, today),
        usual=_day_at(pace.usual, remaining, today),
        latest=_day_at(pace.slowest, remaining, today),
    )


def _day_at(pace: Fraction, remaining: int, today: datetime.date) -> datetime.date | None:
    if remaining <= 0:
        return today
    if pace <= 0:
        return None
    days = ceil(remaining / pace * MONTH)
    return today + datetime.timedelta(days=days) if days <= FURTHEST else None
