"""Levels, index and sums of criteria that are judged together: a dimension, a group, or all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .agreement import CriterionResult
from .figures import ONE, ZERO, low_median, mean
from .instrument import LEVELS, NA, NO_RULE, Criterion, Instrument, Rule, Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Level of one part under one rule, the best case, levels where nothing applies, and what is in the way."""

    level: int | None
    best: int | None
    vacuous: tuple[int, ...] = ()
    blockers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """The figures of a whole, a group or a dimension."""

    index: Fraction | None
    index_best: Fraction | None
    outcomes: Mapping[str, Outcome]
    answered: int
    not_applicable: int
    asked: int
    cells: Mapping[int, Fraction | None]
    agreement: Fraction | None
    discuss: int

    @property
    def unanswered(self) -> int:
        return self.asked - self.answered - self.not_applicable

    @property
    def coverage(self) -> Fraction:
        return Fraction(self.answered + self.not_applicable, self.asked) if self.asked else ZERO


class Part:
    """Criteria that are judged together, with their points in the real and in the best case.

    `touched` tells whether anything at all is answered in the assessment; without that there are no figures. A part
    that is left out while others are answered counts as zero, as every unanswered criterion does.
    """

    def __init__(
        self,
        instrument: Instrument,
        criteria: Sequence[Criterion],
        settled: Mapping[str, CriterionResult],
        *,
        touched: bool,
    ):
        self.instrument, self.criteria, self.touched = instrument, criteria, touched
        self.settled = {c.key: settled[c.key] for c in criteria}
        self.real = {key: s.points for key, s in self.settled.items() if s.points is not None}
        self.best = {key: ONE if self.settled[key].rating is None else points for key, points in self.real.items()}
        self.applicable = [c for c in criteria if c.key in self.real]
        self.cells: dict[tuple[int, str], list[Criterion]] = {}
        for criterion in self.applicable:
            if criterion.level is not None:
                self.cells.setdefault((criterion.level, criterion.dimension), []).append(criterion)
        self.answered = sum(s.rating not in {None, NA} for s in self.settled.values())
        self.not_applicable = len(criteria) - len(self.applicable)

    def result(self) -> PartResult:
        figures = self._by_levels() if self.instrument.method == LEVELS else self._by_sums()
        rwgs = [s.rwg for s in self.settled.values() if s.rwg is not None]
        return PartResult(
            **figures,
            answered=self.answered,
            not_applicable=self.not_applicable,
            asked=len(self.criteria),
            cells={level: self._level_mean(level, self.real) for level in self.instrument.levels[1:]},
            agreement=low_median(rwgs),
            discuss=sum(s.discuss for s in self.settled.values()),
        )

    # -- levels

    def _by_levels(self) -> dict:
        rules = self.instrument.rules
        if not self.touched:
            nothing = Outcome(level=None, best=None)
            return {"index": None, "index_best": None, "outcomes": {rule.key: nothing for rule in rules}}
        return {
            "index": self._index(self.real),
            "index_best": self._index(self.best),
            "outcomes": {rule.key: self._outcome(rule) for rule in rules},
        }

    def _cell_score(self, cell: list[Criterion], points: Mapping) -> Fraction:
        return sum((points[c.key] for c in cell), ZERO) / len(cell)

    def _level_mean(self, level: int, points: Mapping) -> Fraction | None:
        return mean([self._cell_score(cell, points) for (k, _), cell in self.cells.items() if k == level])

    def _index(self, points: Mapping) -> Fraction | None:
        means = [self._level_mean(level, points) for level in self.instrument.levels[1:]]
        value = mean([m for m in means if m is not None])
        return None if value is None else self.instrument.top * value

    def _meets(self, level: int, threshold: Threshold, unit: str, points: Mapping) -> bool:
        """Whether everything that applies at this level meets the threshold."""
        cells = [cell for (k, _), cell in self.cells.items() if k == level]
        if unit == "cell":
            return all(threshold.met_by(self._cell_score(cell, points)) for cell in cells)
        return all(threshold.met_by(points[c.key]) for cell in cells for c in cell)

    def _level(self, rule: Rule, points: Mapping) -> int | None:
        if not self.applicable:
            return None
        reached = self.instrument.levels[0]
        for level in self.instrument.levels[1:]:
            if not self._is_vacuous(level) and self._meets(level, rule.at, rule.unit, points):
                reached = level
            if not self._meets(level, rule.below, rule.unit, points):
                break
        return reached

    def _is_vacuous(self, level: int) -> bool:
        return not any(k == level for k, _ in self.cells)

    def _outcome(self, rule: Rule) -> Outcome:
        level = self._level(rule, self.real)
        return Outcome(
            level=level,
            best=self._level(rule, self.best),
            vacuous=tuple(k for k in self.instrument.levels[1:] if self._is_vacuous(k)),
            blockers=() if level is None else self._blockers(rule, level),
        )

    def _blockers(self, rule: Rule, reached: int) -> tuple[str, ...]:
        """What is missing for the next level: by level, then the smallest shortfall first, then in framework order."""
        wanted = next((k for k in self.instrument.levels if k > reached and not self._is_vacuous(k)), None)
        if wanted is None:
            return ()
        order = {c.key: place for place, c in enumerate(self.criteria)}
        missing: list[tuple[int, Fraction, int, str]] = []
        for (level, _), cell in self.cells.items():
            if level > wanted:
                continue
            threshold = rule.at if level == wanted else rule.below
            if rule.unit == "cell" and threshold.met_by(self._cell_score(cell, self.real)):
                continue
            missing += [
                (level, threshold.value - self.real[c.key], order[c.key], c.key)
                for c in cell
                if not threshold.met_by(self.real[c.key])
            ]
        return tuple(key for *_, key in sorted(missing))

    # -- sums

    def _by_sums(self) -> dict:
        sections: dict[str, list[Criterion]] = {}
        for criterion in self.criteria:
            sections.setdefault(criterion.dimension, []).append(criterion)
        if not self.touched:
            return {"index": None, "index_best": None, "outcomes": {NO_RULE: Outcome(level=None, best=None)}}
        real = {key: self._sum(section, self.real) for key, section in sections.items()}
        best = min(self._sum(section, self.best) for section in sections.values())
        lowest = min(real.values())
        level = self._band(lowest)
        outcome = Outcome(level=level, best=self._band(best), blockers=self._sum_blockers(sections, real, level))
        return {"index": lowest, "index_best": best, "outcomes": {NO_RULE: outcome}}

    def _sum(self, section: list[Criterion], points: Mapping) -> Fraction:
        return sum((points.get(c.key, ZERO) for c in section), ZERO)

    def _band(self, value: Fraction) -> int:
        bands = self.instrument.bands
        return next((i for i, band in enumerate(bands) if value <= band.upto), len(bands) - 1)

    def _sum_blockers(self, sections: Mapping, sums: Mapping, band: int) -> tuple[str, ...]:
        """Criteria without full points in the sections that hold the result below the next band, lowest first."""
        if band == len(self.instrument.bands) - 1:
            return ()
        holding = [key for key in sections if sums[key] <= self.instrument.bands[band].upto]
        return tuple(
            c.key
            for key in sorted(holding, key=sums.__getitem__)
            for c in sections[key]
            if self.real.get(c.key, ONE) < 1
        )
