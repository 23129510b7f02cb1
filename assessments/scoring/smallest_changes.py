"""The smallest set of changes that reaches a level: pure and exact.

Smallest means fewest criteria, then fewest steps on their scales, then first in the framework. Raising a rating never
lowers a level, so a level splits into demands that do not touch each other: criteria, cells or sections that must each
reach a threshold. Each is met as cheaply as it can be, and the cheapest ways add up to the cheapest whole.
"""

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from math import lcm

from .figures import ONE, ZERO
from .instrument import FIRST_SEMANTICS, LOWEST, NA, SUMS, Instrument, Rule, ScoredCriterion, Threshold
from .tally import Tally

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
    before: Fraction
    index: Fraction
    level: int | None

    @property
    def adds_exactly(self) -> bool:
        """Whether it adds the same after those before it; the smallest of several sums may not rise with one alone."""
        return self.before + self.adds == self.index


def tally_of(instrument: Instrument, ratings: Ratings, dimension: str | None = None) -> Tally:
    """Level and index with these ratings, of the whole or of one dimension."""
    criteria = [c for c in instrument.criteria if dimension in (None, c.dimension)]
    return Tally(instrument, criteria, {c.key: c.scale.points_of(ratings.get(c.key)) for c in criteria})


def steps(instrument: Instrument, ratings: Ratings, changes: Sequence[Raise], *, rule: str) -> list[Step]:
    """What each of the changes adds, in their order. Each costs its own cell, and not the whole framework again."""
    alone, together = tally_of(instrument, ratings), tally_of(instrument, ratings)
    start = before = alone.index or ZERO
    found = []
    for change in changes:
        present = alone.points[change.key]
        points = alone.criteria[change.key].scale.points_of(change.after)
        alone.rate(change.key, points)
        adds = (alone.index or ZERO) - start
        alone.rate(change.key, present)
        together.rate(change.key, points)
        index = together.index or ZERO
        found.append(Step(change=change, adds=adds, before=before, index=index, level=together.level(rule)))
        before = index
    return found


def smallest_changes(
    instrument: Instrument, ratings: Ratings, *, rule: str, goal: int, dimension: str | None = None
) -> tuple[Raise, ...] | None:
    """The smallest set of raises with which the level (or band) is at least `goal`, overall or in one dimension.

    Empty where it is reached already; None where nothing that the scales offer can reach it.
    """
    criteria = [c for c in instrument.criteria if dimension in (None, c.dimension)]
    applying = [c for c in criteria if ratings.get(c.key) != NA]
    demands = _sum_demands if instrument.method == SUMS else _level_demands
    if instrument.rubric:
        demands = _rubric_demands
    ways = [_way(list(each), ratings, applying) for each in demands(instrument, criteria, applying, rule, goal)]
    found = [way for way in ways if way is not None]
    return min(found, key=lambda way: way.cost).raises if found else None


#: Criteria with what their points are worth, which together must meet a threshold.
Demand = tuple[Sequence[tuple[ScoredCriterion, Fraction]], Threshold]


def _level_demands(
    instrument: Instrument,
    criteria: Sequence[ScoredCriterion],
    applying: Sequence[ScoredCriterion],
    rule: str,
    goal: int,
) -> Iterator[list[Demand]]:
    """One list of demands for each level from `goal` upwards that can be claimed."""
    chosen = next(each for each in instrument.rules if each.key == rule)
    if goal <= instrument.levels[0]:
        if applying:
            yield []
        return
    for level in instrument.levels:
        if level >= goal and any(c.level == level for c in applying):
            yield list(_demands_of(chosen, level, applying))


def _demands_of(rule: Rule, level: int, applying: Sequence[ScoredCriterion]) -> Iterator[Demand]:
    cells: dict[tuple, list[ScoredCriterion]] = {}
    for criterion in applying:
        if criterion.level is not None and criterion.level <= level:
            cells.setdefault((criterion.level, criterion.dimension), []).append(criterion)
    for (at, _), cell in cells.items():
        threshold = rule.at if at == level else rule.below
        for members in [cell] if rule.unit == "cell" else [[criterion] for criterion in cell]:
            total = Threshold(kind=threshold.kind, value=threshold.value * len(members))
            yield _worth_the_same(members), total


def _worth_the_same(members: Sequence[ScoredCriterion]) -> list[tuple[ScoredCriterion, Fraction]]:
    """Criteria whose points are worth the same."""
    return [(criterion, ONE) for criterion in members]


def _sum_demands(
    instrument: Instrument,
    criteria: Sequence[ScoredCriterion],
    applying: Sequence[ScoredCriterion],
    rule: str,
    goal: int,
) -> Iterator[list[Demand]]:
    """Every section must exceed the upper limit of the band below the goal, scaled to what applies in it."""
    if goal > len(instrument.bands) - 1:
        return
    is_scaled = instrument.semantics > FIRST_SEMANTICS
    if is_scaled and not applying:
        return
    if goal <= 0:
        yield []
        return
    limit = instrument.bands[goal - 1].upto
    sections: dict[str, list[ScoredCriterion]] = {criterion.dimension: [] for criterion in criteria}
    asked = Counter(criterion.dimension for criterion in criteria)
    for criterion in applying:
        sections[criterion.dimension].append(criterion)
    demands: list[Demand] = []
    for dimension, section in sections.items():
        share = Fraction(len(section), asked[dimension]) if is_scaled else ONE
        if section or not is_scaled:
            demands.append((_worth_the_same(section), Threshold(kind="more_than", value=limit * share)))
    yield demands


def _rubric_demands(
    instrument: Instrument,
    criteria: Sequence[ScoredCriterion],
    applying: Sequence[ScoredCriterion],
    rule: str,
    goal: int,
) -> Iterator[list[Demand]]:
    """The weighted mean of all values must reach the edge of the goal; or that of each dimension by itself."""
    rubric = instrument.rubric
    if rubric is None or not applying or goal > instrument.top:
        return
    if goal <= instrument.levels[0]:
        yield []
        return
    edge = Threshold(kind="at_least", value=rubric.edges[goal] / rubric.highest)
    dimensions: dict[str, list[ScoredCriterion]] = {}
    for criterion in applying:
        dimensions.setdefault(criterion.dimension, []).append(criterion)
    shares = {
        dimension: [(c, c.weight / sum(other.weight for other in members)) for c in members]
        for dimension, members in dimensions.items()
    }
    if rubric.result == LOWEST:
        yield [(members, edge) for members in shares.values()]
        return
    weights = {d.key: d.weight for d in instrument.dimensions if d.key in shares}
    together = sum(weights.values())
    worth = {
        c.key: share * weights[dimension] / together for dimension, members in shares.items() for c, share in members
    }
    yield [([(criterion, worth[criterion.key]) for criterion in applying], edge)]


def _way(demands: list[Demand], ratings: Ratings, order: Sequence[ScoredCriterion]) -> _Way | None:
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


def _cheapest(
    members: Sequence[tuple[ScoredCriterion, Fraction]], threshold: Threshold, ratings: Ratings
) -> list[Raise] | None:
    """The cheapest raises that bring the sum of points to the threshold; None where the scales do not offer it."""
    needed, options = _missing(members, threshold, ratings)
    if needed <= 0:
        return []
    most = [max((adds for _, adds in raises), default=0) for raises in options]
    number = bisect_left(_sums_of_the_largest(most), needed)
    if number > len(most):
        return None
    # From the last member to the first: what the members from there on can add. The members before can add no more
    # than the largest of theirs, so much of it can be left out.
    largest_before: list[list[int]] = [[0]]
    ordered: list[int] = []
    for adds in most[:-1]:
        insort(ordered, adds)
        largest_before.append(_sums_of_the_largest(ordered[-number:]))
    ways = [_Ways([(NOTHING, 0)], enough=needed)]
    for raises, before in zip(reversed(options), reversed(largest_before), strict=True):
        ways.append(ways[-1].with_one_of(raises, number=number, before=before))
    ways.reverse()
    cost = ways[0].least(needed)
    if cost is None:
        return None
    # Of equal cost the first in the framework: a criterion is raised, and by as little, wherever the cost allows it.
    chosen: list[Raise] = []
    for raises, rest in zip(options, ways[1:], strict=True):
        for change, adds in raises:
            left = cost[0] - 1, cost[1] - change.steps
            if rest.least(needed - adds) == left:
                chosen.append(change)
                needed, cost = needed - adds, left
                break
    return chosen


#: A raise, and what it adds to the points in units of their common denominator.
Gain = tuple[Raise, int]
#: What raises cost: their number, then their steps.
Cost = tuple[int, int]
NOTHING: Cost = (0, 0)


def _sums_of_the_largest(adds: Iterable[int]) -> list[int]:
    """The most that none, one, two … of these can add."""
    return list(accumulate(sorted(adds, reverse=True), initial=0))


def _missing(
    members: Sequence[tuple[ScoredCriterion, Fraction]], threshold: Threshold, ratings: Ratings
) -> tuple[int, list[list[Gain]]]:
    """What is missing for the threshold, none or less where it is met, and what can be raised in each member."""
    present = sum((worth * (c.scale.points_of(ratings.get(c.key)) or ZERO) for c, worth in members), ZERO)
    missing = threshold.value - present
    options = [
        [(change, worth * adds) for change, adds in _raises(criterion, ratings.get(criterion.key))]
        for criterion, worth in members
    ]
    unit = lcm(missing.denominator, *(adds.denominator for raises in options for _, adds in raises))
    needed = int(missing * unit) + (threshold.kind == "more_than")
    return needed, [[(change, int(adds * unit)) for change, adds in raises] for raises in options]


class _Ways:
    """Ways to raise some criteria, the cheapest first.

    What adds no more than something cheaper, or costs more than what is enough, is left out. So there are never more
    ways than different costs, whatever the scales are.
    """

    def __init__(self, ways: Iterable[tuple[Cost, int]], *, enough: int) -> None:
        self.enough = enough
        self.costs: list[Cost] = []
        self.adds: list[int] = []
        for cost, adds in sorted(ways, key=lambda way: (way[0], -way[1])):
            if self.adds and self.adds[-1] >= enough:
                break
            if not self.adds or adds > self.adds[-1]:
                self.costs.append(cost)
                self.adds.append(adds)

    def with_one_of(self, raises: Sequence[Gain], *, number: int, before: Sequence[int]) -> "_Ways":
        """The same with one more criterion, raised or not.

        Left out is what cannot become enough with `number` raised in all; `before` is the most that none, one, two …
        of the criteria that are still to come can add.
        """
        present = list(zip(self.costs, self.adds, strict=True))
        more = [
            ((raised + 1, steps + change.steps), adds + gain)
            for (raised, steps), adds in present
            for change, gain in raises
        ]
        worth_keeping = [
            (cost, adds)
            for cost, adds in present + more
            if cost[0] <= number and adds + before[min(number - cost[0], len(before) - 1)] >= self.enough
        ]
        return _Ways(worth_keeping, enough=self.enough)

    def least(self, needed: int) -> Cost | None:
        """What it costs at least to add that much; None where it cannot be added."""
        place = bisect_left(self.adds, needed)
        return self.costs[place] if place < len(self.costs) else None


def _raises(criterion: ScoredCriterion, code: str | None) -> Iterator[tuple[Raise, Fraction]]:
    """Every higher rating with the points that it adds."""
    present = criterion.scale.points_of(code) or ZERO
    higher = [each for each in criterion.scale.codes if criterion.scale.points(each) > present]
    for steps, each in enumerate(higher, 1):
        change = Raise(key=criterion.key, before=code, after=each, steps=steps)
        yield change, criterion.scale.points(each) - present
