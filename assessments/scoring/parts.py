"""Levels, index and sums of criteria that are judged together: a dimension, a group, or all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from .agreement import CriterionScore
from .figures import ONE, ZERO, low_median
from .instrument import NA, Instrument, ScoredCriterion
from .tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Level of one part under one rule, the best case, levels where nothing applies, and what is in the way."""

    level: int | None
    best: int | None
    vacuous: tuple[int, ...] = ()
    blockers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartScore:
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


class ScoredPart:
    """Criteria that are judged together, with their points in the real and in the best case.

    `touched` tells whether anything at all is answered in the assessment; without that there are no figures. A part
    that is left out while others are answered counts as zero, as every unanswered criterion does.
    """

    def __init__(
        self,
        instrument: Instrument,
        criteria: Sequence[ScoredCriterion],
        settled: Mapping[str, CriterionScore],
        *,
        touched: bool,
    ) -> None:
        self.instrument, self.criteria, self.touched = instrument, criteria, touched
        self.settled = {c.key: settled[c.key] for c in criteria}
        points = {key: s.points for key, s in self.settled.items()}
        self.real = self.best = Tally(instrument, criteria, points)
        unanswered = [key for key, s in self.settled.items() if s.rating is None]
        if unanswered and touched:
            self.best = Tally(instrument, criteria, points | dict.fromkeys(unanswered, ONE))

    def result(self) -> PartScore:
        ratings = [s.rating for s in self.settled.values()]
        return PartScore(
            index=self.real.index if self.touched else None,
            index_best=self.best.index if self.touched else None,
            outcomes={rule: self._outcome(rule) for rule in self.instrument.rule_keys},
            answered=sum(rating not in {None, NA} for rating in ratings),
            not_applicable=ratings.count(NA),
            asked=len(self.criteria),
            cells={level: self.real.credit(level) for level in self.instrument.levels[1:]},
            agreement=low_median(s.rwg for s in self.settled.values() if s.rwg is not None),
            discuss=sum(s.discuss for s in self.settled.values()),
        )

    def _outcome(self, rule: str) -> Outcome:
        if not self.touched:
            return Outcome(level=None, best=None)
        level = self.real.level(rule)
        if not self.real.by_levels:
            blockers = self._rubric_blockers if self.instrument.rubric else self._sum_blockers
            held = () if level is None else blockers(level)
            return Outcome(level=level, best=self.best.level(rule), blockers=held)
        return Outcome(
            level=level,
            best=self.best.level(rule),
            vacuous=tuple(k for k in self.instrument.levels[1:] if not self.real.applies(k)),
            blockers=() if level is None else self._blockers(rule, level),
        )

    def _blockers(self, rule: str, reached: int) -> tuple[str, ...]:
        """What is missing for the next level: by level, then the smallest shortfall first, then in framework order."""
        wanted = next((k for k in self.instrument.levels if k > reached and self.real.applies(k)), None)
        if wanted is None:
            return ()
        at, below = self.real.rules[rule]
        missing: list[tuple[int, Fraction, int, str]] = []
        for order, c in enumerate(self.criteria):
            points = self.real.points[c.key]
            if points is None or c.level is None or c.level > wanted:
                continue
            demand = at if c.level == wanted else below
            threshold = self.real.demands[demand][1]
            if not threshold.met_by(points) and not self.real.cell_meets(self.real.cells[c.level, c.dimension], demand):
                missing.append((c.level, threshold.value - points, order, c.key))
        return tuple(key for *_, key in sorted(missing))

    def _rubric_blockers(self, reached: int) -> tuple[str, ...]:
        """What is below the edge of the next level in the dimensions that are: lowest answer first, then by weight."""
        rubric = self.instrument.rubric
        edge = next((edge for number, edge in rubric.edges.items() if number > reached), None) if rubric else None
        if rubric is None or edge is None:
            return ()
        scores = self.real.dimension_scores(rubric)
        missing: list[tuple[Fraction, Fraction, int, str]] = []
        for order, c in enumerate(self.criteria):
            points = self.real.points[c.key]
            if points is not None and scores[c.dimension] < edge and points * rubric.highest < edge:
                missing.append((points, -c.weight, order, c.key))
        return tuple(key for *_, key in sorted(missing))

    def _sum_blockers(self, band: int) -> tuple[str, ...]:
        """Criteria without full points in the sections that hold the result below the next band, lowest first."""
        if band == len(self.instrument.bands) - 1:
            return ()
        sums = {key: score for key, score in self.real.section_scores.items() if score is not None}
        holding = [key for key, total in sums.items() if total <= self.instrument.bands[band].upto]
        points = self.real.points
        return tuple(
            c.key
            for key in sorted(holding, key=sums.__getitem__)
            for c in self.criteria
            if c.dimension == key and (points[c.key] or ZERO) < 1 and points[c.key] is not None
        )
