"""Level and index of criteria that are judged together, kept up while single ratings change."""

from collections.abc import Iterable, Mapping
from fractions import Fraction

from .figures import ONE, ZERO, mean
from .instrument import FIRST_SEMANTICS, LEVELS, LOWEST, NO_RULE, Instrument, Rubric, ScoredCriterion, Threshold

#: Points by criterion key; None where a criterion does not apply.
Points = Mapping[str, Fraction | None]
#: Points and weight that several criteria have in common, and how many they are.
Alike = tuple[Fraction | None, Fraction, int]


class TallyCell:
    """What applies in one dimension at one level (or in one section): how many criteria, and their points together.

    In a rubric both are weighted.
    """

    __slots__ = ("asked", "count", "misses", "total")

    def __init__(self, demands: int) -> None:
        self.count: int | Fraction = 0
        self.total = ZERO
        #: How many criteria are in it, whether they apply or not.
        self.asked = 0
        #: How many criteria miss each demand.
        self.misses = [0] * demands

    @property
    def score(self) -> Fraction:
        """The mean of the points; asked only where something applies."""
        return self.total / self.count


class Tally:
    """Made once over all criteria; from then on a change costs no more than the cell that it is in.

    `demands` is what rules ask of a level, each once, as (unit, threshold).
    """

    def __init__(self, instrument: Instrument, criteria: Iterable[ScoredCriterion], points: Points) -> None:
        self.instrument = instrument
        self.by_levels = instrument.method == LEVELS
        self.rubric = instrument.rubric
        self.weights = {dimension.key: dimension.weight for dimension in instrument.dimensions}
        asked = [(rule.unit, threshold) for rule in instrument.rules for threshold in (rule.at, rule.below)]
        self.demands: list[tuple[str, Threshold]] = list(dict.fromkeys(asked))
        #: Of each rule the places of its two demands, at the level and below it.
        self.rules = {
            rule.key: (self.demands.index((rule.unit, rule.at)), self.demands.index((rule.unit, rule.below)))
            for rule in instrument.rules
        }
        self.criteria = {criterion.key: criterion for criterion in criteria}
        self.points: dict[str, Fraction | None] = {key: points[key] for key in self.criteria}
        self.cells: dict[tuple[int | None, str], TallyCell] = {}
        for place, groups in self._alike().items():
            self.cells[place] = TallyCell(len(self.demands))
            for value, weight, number in groups.values():
                self.cells[place].asked += number
                self._add(self.cells[place], value, weight, number)
        #: Of each level: cells in which anything applies, the sum of their scores, and how many miss each demand.
        self._applying: dict[int | None, int] = {}
        self._scores: dict[int | None, Fraction] = {}
        self._missing: dict[int | None, list[int]] = {level: [0] * len(self.demands) for level, _ in self.cells}
        for (level, _), cell in self.cells.items():
            self._count(level, cell, 1)

    def _alike(self) -> dict[tuple[int | None, str], dict[tuple[int, int], Alike]]:
        """How many criteria of each cell have the same points and weight: exact numbers take long to add and compare.

        Points of a choice are the same object in every criterion that is rated with it, which is found faster.
        """
        cells: dict[tuple[int | None, str], dict[tuple[int, int], Alike]] = {}
        for key, criterion in self.criteria.items():
            groups = cells.setdefault((criterion.level, criterion.dimension), {})
            value, weight = self.points[key], criterion.weight
            same = id(value), id(weight)
            number = groups[same][2] if same in groups else 0
            groups[same] = value, weight, number + 1
        return cells

    def rate(self, key: str, points: Fraction | None) -> None:
        """Counts other points for a criterion; None where it does not apply."""
        criterion = self.criteria[key]
        cell = self.cells[criterion.level, criterion.dimension]
        self._count(criterion.level, cell, -1)
        self._add(cell, self.points[key], criterion.weight, -1)
        self._add(cell, points, criterion.weight, 1)
        self._count(criterion.level, cell, 1)
        self.points[key] = points

    def _add(self, cell: TallyCell, points: Fraction | None, weight: Fraction, times: int) -> None:
        """Counts that many criteria with these points in their cell; with -1 one is taken away."""
        if points is None:
            return
        if weight is ONE:
            cell.count += times
            cell.total += times * points
        else:
            cell.count += times * weight
            cell.total += times * weight * points
        for place, (_, threshold) in enumerate(self.demands):
            if not threshold.met_by(points):
                cell.misses[place] += times

    def _count(self, level: int | None, cell: TallyCell, times: int) -> None:
        """Counts a cell at its level; with -1 it is taken away."""
        if not cell.count or not self.by_levels:
            return
        self._applying[level] = self._applying.get(level, 0) + times
        self._scores[level] = self._scores.get(level, ZERO) + times * cell.score
        for place in range(len(self.demands)):
            if not self.cell_meets(cell, place):
                self._missing[level][place] += times

    def cell_meets(self, cell: TallyCell, demand: int) -> bool:
        unit, threshold = self.demands[demand]
        if unit == "cell":
            return not cell.count or threshold.met_by(cell.score)
        return not cell.misses[demand]

    def applies(self, level: int) -> bool:
        """Whether anything at the level applies."""
        return bool(self._applying.get(level))

    def level_mean(self, level: int) -> Fraction | None:
        """The mean of the cells at a level; None where nothing applies."""
        return self._scores[level] / self._applying[level] if self.applies(level) else None

    @property
    def index(self) -> Fraction | None:
        """The index, None where nothing applies; or the smallest section score, or the score of a rubric."""
        if self.rubric:
            return self._rubric_score(self.rubric)
        if not self.by_levels:
            return min((score for score in self.section_scores.values() if score is not None), default=None)
        means = [self.level_mean(level) for level in self.instrument.levels[1:]]
        value = mean([score for score in means if score is not None])
        return None if value is None else self.instrument.top * value

    def level(self, rule: str = NO_RULE) -> int | None:
        """The level under a rule, None where nothing applies; or the band, which no rule decides."""
        if self.rubric:
            return self._rubric_level(self.rubric)
        if not self.by_levels:
            return self._band()
        if not any(self._applying.values()):
            return None
        at, below = self.rules[rule]
        reached, *higher = self.instrument.levels
        for level in higher:
            if self.applies(level) and not self._missing[level][at]:
                reached = level
            if self.applies(level) and self._missing[level][below]:
                break
        return reached

    @property
    def section_scores(self) -> dict[str, Fraction | None]:
        """Of each section the sum of its points, scaled to what applies; None where nothing applies."""
        sections = {dimension: cell for (_, dimension), cell in self.cells.items()}
        if self.instrument.semantics == FIRST_SEMANTICS:
            return {dimension: cell.total for dimension, cell in sections.items()}
        return {dimension: cell.score * cell.asked if cell.count else None for dimension, cell in sections.items()}

    def _band(self) -> int | None:
        lowest, bands = self.index, self.instrument.bands
        if lowest is None:
            return None
        return next((place for place, band in enumerate(bands) if lowest <= band.upto), len(bands) - 1)

    def dimension_scores(self, rubric: Rubric) -> dict[str, Fraction]:
        """Of each dimension in which anything applies its score on the scale of the values."""
        return {dimension: rubric.highest * cell.score for (_, dimension), cell in self.cells.items() if cell.count}

    def _rubric_score(self, rubric: Rubric) -> Fraction | None:
        scores = self.dimension_scores(rubric)
        if not scores:
            return None
        if rubric.result == LOWEST:
            return min(scores.values())
        weights = {dimension: self.weights[dimension] for dimension in scores}
        return sum((weights[key] * score for key, score in scores.items()), ZERO) / sum(weights.values())

    def _rubric_level(self, rubric: Rubric) -> int | None:
        score = self._rubric_score(rubric)
        if score is None:
            return None
        reached = [number for number, edge in rubric.edges.items() if score >= edge]
        return reached[-1] if reached else self.instrument.levels[0]

    def credit(self, level: int) -> Fraction | None:
        """How far a level is reached, 0 to 1: the mean of its cells; in a rubric the way from one edge to the next."""
        if not self.rubric:
            return self.level_mean(level)
        score = self._rubric_score(self.rubric)
        if score is None:
            return None
        edges = self.rubric.edges
        below = edges.get(level - 1, self.rubric.lowest)
        if score >= edges[level]:
            return ONE
        return max(ZERO, (score - below) / (edges[level] - below))
