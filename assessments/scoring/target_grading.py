"""How a target is doing, judged by results: pure.

A target keeps its baseline. Its share is (criteria up to the target level that meet their threshold now - at baseline)
divided by (all of them - at baseline). Before the due date it is met or on the way; after it the last result dated on
or before that date decides, met or missed. Without a result since it was set it is not assessed.
"""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Protocol, TypeVar

from .. import scoring
from . import NA, Instrument
from .smallest_changes import Ratings


class Grade(StrEnum):
    MET = "met"
    ON_THE_WAY = "on the way"
    MISSED = "missed"
    NOT_ASSESSED = "not assessed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Criteria up to a level that apply, and how many of them meet their threshold."""

    meeting: int
    all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A result as a target sees it: its date, the level it gives, and the criteria up to the target."""

    date: datetime.date
    level: int | None
    count: Count | None = None


class _HasDate(Protocol):
    @property
    def date(self) -> datetime.date: ...


#: A sighting, or the result behind it.
Dated = TypeVar("Dated", bound=_HasDate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grading:
    """`share` is from 0 to 1, None while nothing can be said; `by` is what decided."""

    grade: Grade
    share: Fraction | None
    by: Sighting | None


def grade(
    *,
    level: int,
    due: datetime.date,
    today: datetime.date,
    baseline: Count | None,
    sightings: Sequence[Sighting],
) -> Grading:
    """`sightings` are the results since the target was set, oldest first."""
    last = decisive(sightings, due=due, today=today)
    if last is None:
        return Grading(grade=Grade.NOT_ASSESSED, share=None, by=None)
    is_over = today > due
    met = last.level is not None and last.level >= level
    grade = Grade.MET if met else Grade.MISSED if is_over else Grade.ON_THE_WAY
    return Grading(grade=grade, share=share_of(baseline, last.count, met=met), by=last)


def decisive(seen: Sequence[Dated], *, due: datetime.date, today: datetime.date) -> Dated | None:
    """The last of what was seen, oldest first; once the due date is over the last one dated on or before it."""
    counting = [sighting for sighting in seen if sighting.date <= due] if today > due else seen
    return counting[-1] if counting else None


def share_of(baseline: Count | None, now: Count | None, *, met: bool) -> Fraction | None:
    """From 0 (as at baseline, or behind it) to 1 (everything meets its threshold)."""
    if now is None:
        return Fraction(1) if met else None
    start = baseline.meeting if baseline else 0
    if now.all <= start:
        return Fraction(int(met))
    return max(Fraction(0), min(Fraction(1), Fraction(now.meeting - start, now.all - start)))


def meets(instrument: Instrument, rule: str, points: Fraction | None, *, level: int | None = None) -> bool | None:
    """Whether a criterion alone is as it has to be at its level; None where it does not apply.

    In a rubric criteria have no level: there it is the level to reach, or the highest.
    """
    if points is None:
        return None
    if instrument.method == scoring.SUMS:
        return points == 1
    if instrument.rubric:
        edges = instrument.rubric.edges
        return points * instrument.rubric.highest >= edges.get(level or instrument.top, edges[instrument.top])
    return next((row.at.met_by(points) for row in instrument.rules if row.key == rule), None)


def count(
    instrument: Instrument,
    ratings: Ratings,
    *,
    rule: str,
    level: int,
    dimension: str | None = None,
) -> Count:
    """Of the criteria up to a level (of all, in a framework without levels) how many meet what the level asks."""
    criteria = [c for c in instrument.criteria if dimension in (None, c.dimension) and ratings.get(c.key) != NA]
    points: Mapping[str, Fraction] = {
        c.key: c.scale.least if ratings.get(c.key) is None else c.scale.points(ratings[c.key] or "") for c in criteria
    }
    if instrument.rubric:
        start = instrument.rubric.edges.get(level, instrument.rubric.lowest) / instrument.rubric.highest
        return Count(meeting=sum(points[c.key] >= start for c in criteria), all=len(criteria))
    if instrument.method == scoring.SUMS:
        return Count(meeting=sum(points[c.key] == 1 for c in criteria), all=len(criteria))
    chosen = next(row for row in instrument.rules if row.key == rule)
    cells: dict[tuple, list[str]] = {}
    for c in criteria:
        if c.level is not None and c.level <= level:
            cells.setdefault((c.level, c.dimension), []).append(c.key)
    meeting = 0
    for (at, _), keys in cells.items():
        threshold = chosen.at if at == level else chosen.below
        passes = chosen.unit == "cell" and threshold.met_by(sum((points[k] for k in keys), scoring.ZERO) / len(keys))
        meeting += len(keys) if passes else sum(threshold.met_by(points[k]) for k in keys)
    return Count(meeting=meeting, all=sum(map(len, cells.values())))
