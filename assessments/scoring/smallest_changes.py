"""The smallest set of changes that reaches a level: pure and exact.

Smallest means fewest criteria, then fewest steps on their scales, then first in the framework. Raising a rating never
lowers a level, so a level splits into demands that do not touch each other: criteria, cells or sections that must each
reach a threshold. Each is met as cheaply as it can be, and the cheapest ways add up to the cheapest whole.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .. import scoring
from . import NA, ZERO, Criterion, Instrument, Rule, Threshold

#: A criterion's code, NA, or None (also: not there) while it is unanswered.
Ratings = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raise:
    """One criterion to be rated higher; `steps` counts the choices from the present rating up to the new one."""

    key: str
    before: str | None
    after: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What a demand costs, and the raises that meet it; ordered by number, steps, place in the framework."""

    cost: tuple
    raises: tuple[Raise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A raise with what it adds to the index by itself, and where index and level are after it and those before it."""

    change: Raise
    adds: Fraction
    index: Fraction | None
    level: int | None


def figures(instrument: Instrument, ratings: Ratings) -> scoring.PartResult:
    """The figures of the whole with these ratings."""
    return scoring.part(instrument, _settled(instrument, ratings))


def steps(instrument: Instrument, ratings: Ratings, changes: Sequence[Raise], *, rule: str) -> list[Step]:
    """What each of the changes adds, in their order."""
    present = _settled(instrument, ratings)
    by_key = {criterion.key: criterion for criterion in instrument.criteria}
    start = scoring.part(instrument, present).index or ZERO
    so_far, found = dict(present), []
    for change in changes:
        raised = scoring.settle([change.after], by_key[change.key].scale)
        so_far[change.key] = raised
        alone = scoring.part(instrument, {**present, change.key: raised}).index or ZERO
        together = scoring.part(instrument, so_far)
        level = together.outcomes[rule].level
        found.append(Step(change=change, adds=alone - start, index=together.index, level=level))
    return found


def _settled(instrument: Instrument, ratings: Ratings) -> dict[str, scoring.CriterionResult]:
    return {c.key: scoring.settle([ratings.get(c.key)], c.scale) for c in instrument.criteria}


def smallest_changes(
    instrument: Instrument, ratings: Ratings, *, rule: str, wanted: int, dimension: str | None = None
) -> tuple[Raise, ...] | None:
    """The smallest set of raises with which the level (or band) is at least `wanted`, overall or in one dimension.

    Empty where it is reached already; None where nothing that the scales offer can reach it.
    """
    criteria = [c for c in instrument.criteria if dimension in (None, c.dimension)]
    applying = [c for c in criteria if ratings.get(c.key) != NA]
    demands = _sum_demands if instrument.method == scoring.SUMS else _level_demands
    ways = [_way(list(each), ratings, applying) for each in demands(instrument, criteria, applying, rule, wanted)]
    found = [way for way in ways if way is not None]
    return min(found, key=lambda way: way.cost).raises if found else None


#: Criteria whose points together must meet a threshold.
Demand = tuple[Sequence[Criterion], Threshold]


def _level_demands(
    instrument: Instrument, criteria: Sequence[Criterion], applying: Sequence[Criterion], rule: str, wanted: int
) -> Iterator[list[Demand]]:
    """One list of demands for each level from `wanted` upwards that can be claimed."""
    chosen = next(each for each in instrument.rules if each.key == rule)
    if wanted <= instrument.levels[0]:
        if applying:
            yield []
        return
    for level in instrument.levels:
        if level >= wanted and any(c.level == level for c in applying):
            yield list(_demands_of(chosen, level, applying))


def _demands_of(rule: Rule, level: int, applying: Sequence[Criterion]) -> Iterator[Demand]:
    cells: dict[tuple, list[Criterion]] = {}
    for criterion in applying:
        if criterion.level is not None and criterion.level <= level:
            cells.setdefault((criterion.level, criterion.dimension), []).append(criterion)
    for (at, _), cell in cells.items():
        threshold = rule.at if at == level else rule.below
        for members in [cell] if rule.unit == "cell" else [[criterion] for criterion in cell]:
            total = Threshold(kind=threshold.kind, value=threshold.value * len(members))
            yield members, total


def _sum_demands(
    instrument: Instrument, criteria: Sequence[Criterion], applying: Sequence[Criterion], rule: str, wanted: int
) -> Iterator[list[Demand]]:
    """Every section must exceed the upper limit of the band below the wanted one."""
    if wanted > len(instrument.bands) - 1:
        return
    if wanted <= 0:
        yield []
        return
    limit = Threshold(kind="more_than", value=instrument.bands[wanted - 1].upto)
    sections: dict[str, list[Criterion]] = {criterion.dimension: [] for criterion in criteria}
    for criterion in applying:
        sections[criterion.dimension].append(criterion)
    yield [(section, limit) for section in sections.values()]


def _way(demands: list[Demand], ratings: Ratings, order: Sequence[Criterion]) -> _Way | None:
    place = {criterion.key: i for i, criterion in enumerate(order)}
    raises: list[Raise] = []
    for members, threshold in demands:
        met = _cheapest(members, threshold, ratings)
        if met is None:
            return None
        raises += met
    raises.sort(key=lambda each: place[each.key])
    cost = (len(raises), sum(each.steps for each in raises), [place[each.key] for each in raises])
    return _Way(cost=cost, raises=tuple(raises))


def _cheapest(members: Sequence[Criterion], threshold: Threshold, ratings: Ratings) -> list[Raise] | None:
    """The cheapest raises that bring the sum of points to the threshold: for every sum, the best way there."""
    best: dict[Fraction, tuple] = {ZERO: (0, 0, ())}
    for place, criterion in enumerate(members):
        present = _points(criterion, ratings)
        following: dict[Fraction, tuple] = {}
        for total, (number, steps, raises) in best.items():
            _keep(following, total + present, (number, steps, raises))
            for each, points in _raises(criterion, ratings.get(criterion.key), present):
                way = (number + 1, steps + each.steps, (*raises, (place, each.steps, each)))
                _keep(following, total + points, way)
        best = following
    reached = [way for total, way in best.items() if threshold.met_by(total)]
    return [each for *_, each in min(reached, key=_cost)[2]] if reached else None


def _cost(way: tuple) -> tuple:
    number, steps, raises = way
    return number, steps, [(place, taken) for place, taken, _ in raises]


def _keep(best: dict, total: Fraction, way: tuple):
    if total not in best or _cost(way) < _cost(best[total]):
        best[total] = way


def _points(criterion: Criterion, ratings: Ratings) -> Fraction:
    code = ratings.get(criterion.key)
    return ZERO if code is None else criterion.scale.points(code)


def _raises(criterion: Criterion, code: str | None, present: Fraction) -> Iterable[tuple[Raise, Fraction]]:
    higher = [each for each in criterion.scale.codes if criterion.scale.points(each) > present]
    for steps, each in enumerate(higher, 1):
        yield Raise(key=criterion.key, before=code, after=each, steps=steps), criterion.scale.points(each)
