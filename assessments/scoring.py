"""How ratings become levels: pure functions over plain values, exact fractions throughout.

Words follow the domain (see `models`). Points of a rating are `value / highest value` of its scale, 0 to 1. Four answers
are kept apart: unanswered (None or not there), DK (does not know), NA (does not apply) and a choice's code.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType

NA = "NA"
DK = "DK"
ZERO, ONE = Fraction(0), Fraction(1)
LEVELS, SUMS = "levels", "min-of-sums"
#: The key under which a min-of-sums framework, which has no rules, holds its one outcome.
NO_RULE = ""


def exact(value) -> Fraction:
    """A number from text ("2/3", "0.85") or from a float as it is written, without rounding."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def rounded(value: Fraction | None, places: int) -> str | None:
    """A figure as text with that many decimals, rounded half up; None stays None."""
    if value is None:
        return None
    scale = 10**places
    scaled = abs(value) * scale
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    digits = str(whole).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 and whole else text


def mean(values: Sequence[Fraction]) -> Fraction | None:
    return sum(values, ZERO) / len(values) if values else None


def low_median(values: Iterable):
    """The middle value; of two middle ones the lower. None without values."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2] if ordered else None


# ---------------------------------------------------------------------- what is asked


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Ordered choices: whole-number value by code."""

    key: str
    values: Mapping[str, int]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(self.values, key=self.values.__getitem__))

    @cached_property
    def _points(self) -> dict[str, Fraction]:
        return {code: Fraction(value, self.values[self.codes[-1]]) for code, value in self.values.items()}

    def points(self, code: str) -> Fraction:
        return self._points[code]

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {code: position for position, code in enumerate(self.codes)}

    def position(self, code: str) -> int:
        return self._positions[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A practice to be rated; `level` is None where the framework is scored by sums."""

    key: str
    dimension: str
    level: int | None
    scale: Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    key: str
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What points must reach: `at_least` takes the value itself, `more_than` does not."""

    kind: str
    value: Fraction

    @classmethod
    def parsed(cls, data: Mapping) -> "Threshold":
        """From `{"at_least": "2/3"}` or `{"more_than": "0.85"}`."""
        ((kind, value),) = data.items()
        if kind not in {"at_least", "more_than"}:
            raise ValueError(f"unknown threshold {kind!r}")
        return cls(kind=kind, value=exact(value))

    def met_by(self, points: Fraction) -> bool:
        return points >= self.value if self.kind == "at_least" else points > self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When a level is achieved: unit (`criterion` or `cell`), threshold at the level, threshold below it."""

    key: str
    unit: str
    at: Threshold
    below: Threshold

    @classmethod
    def parsed(cls, data: Mapping) -> "Rule":
        return cls(
            key=data["key"], unit=data["unit"], at=Threshold.parsed(data["at"]), below=Threshold.parsed(data["below"])
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A range of section scores; `upto` is inclusive."""

    upto: Fraction
    name: str

    @classmethod
    def parsed(cls, data: Mapping) -> "Band":
        return cls(upto=exact(data["upto"]), name=data["name"])


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """Everything the engine needs to know of an edition. Criteria stand in the order of the framework."""

    method: str
    criteria: tuple[Criterion, ...]
    dimensions: tuple[Dimension, ...]
    groups: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    rules: tuple[Rule, ...] = ()
    default_rule: str | None = None
    bands: tuple[Band, ...] = ()
    discuss_spread: int = 2
    discuss_split: bool = True
    applicability_warning_below: Fraction = Fraction(7, 10)

    def restricted_to(self, keys) -> "Instrument":
        """The same with only these criteria asked, as in a short questionnaire."""
        return replace(self, criteria=tuple(c for c in self.criteria if c.key in keys))

    @property
    def top(self) -> int:
        return self.levels[-1] if self.levels else 0

    @property
    def rule_keys(self) -> tuple[str, ...]:
        return tuple(rule.key for rule in self.rules) if self.method == LEVELS else (NO_RULE,)


# ---------------------------------------------------------------------- from several people to one rating


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One criterion settled. `points` is 0 when unanswered and None when it does not apply."""

    rating: str | None
    agreed: bool
    points: Fraction | None
    votes: Mapping[str, int]
    share: Fraction | None
    spread: int | None
    rwg: Fraction | None
    split: bool
    discuss: bool

    @property
    def applies(self) -> bool:
        return self.rating != NA


def settle(
    votes: Iterable[str | None],
    scale: Scale,
    *,
    agreed: str | None = None,
    discuss_spread: int = 2,
    discuss_split: bool = True,
) -> CriterionResult:
    """From what each person said to one rating: the agreed one, else NA by majority, else the lower median."""
    counts = Counter(vote for vote in votes if vote is not None)
    positions = sorted(scale.position(code) for code, n in counts.items() if code not in {NA, DK} for _ in range(n))
    rating = agreed or _median_rating(counts[NA], positions, scale)
    split = len(positions) > 1 and positions[(len(positions) - 1) // 2] != positions[len(positions) // 2]
    spread = positions[-1] - positions[0] if positions else None
    return CriterionResult(
        rating=rating,
        agreed=agreed is not None,
        points=None if rating == NA else ZERO if rating is None else scale.points(rating),
        votes=MappingProxyType(dict(counts)),
        share=Fraction(max(Counter(positions).values()), len(positions)) if positions else None,
        spread=spread,
        rwg=_rwg(positions, len(scale.values)),
        split=split,
        discuss=spread is not None and (spread >= discuss_spread or (split and discuss_split)),
    )


def _median_rating(not_applicable: int, positions: list[int], scale: Scale) -> str | None:
    if not_applicable > len(positions):
        return NA
    return scale.codes[low_median(positions)] if positions else None


def _rwg(positions: list[int], choices: int) -> Fraction | None:
    """Within-group agreement, `max(0, 1 - s^2 / ((A^2 - 1) / 12))` with the sample variance s^2 (James et al. 1984)."""
    n = len(positions)
    if n < 2 or choices < 2:
        return None
    variance = (sum(p * p for p in positions) - Fraction(sum(positions) ** 2, n)) / (n - 1)
    return max(ZERO, 1 - variance / Fraction(choices**2 - 1, 12))


def krippendorff_alpha(rows: Sequence[Sequence[int | None]], metric: str = "ordinal") -> Fraction | None:
    """Krippendorff's alpha (Content Analysis, 2004) over rows of raters and columns of units; None is missing.

    None where fewer than two values can be paired, or where there is no variation.
    """
    units = [Counter(value for value in column if value is not None) for column in zip(*rows, strict=True)]
    units = [unit for unit in units if sum(unit.values()) > 1]
    totals: Counter = sum(units, Counter())
    n = sum(totals.values())
    delta = _difference(totals, metric)
    expected = sum(totals[a] * totals[b] * d for (a, b), d in delta.items())
    if not expected:
        return None
    observed = sum(
        Fraction(unit[a] * unit[b], sum(unit.values()) - 1) * d
        for unit in units
        for (a, b), d in delta.items()
        if unit[a]
    )
    return 1 - (n - 1) * observed / expected


def _difference(totals: Counter, metric: str) -> dict[tuple[int, int], Fraction]:
    """The squared difference between two values, for every ordered pair of different ones."""
    values, delta = sorted(totals), {}
    for i, a in enumerate(values):
        for j in range(i + 1, len(values)):
            b = values[j]
            if metric == "nominal":
                d = ONE
            elif metric == "interval":
                d = Fraction((b - a) ** 2)
            elif metric == "ordinal":
                d = (sum(totals[g] for g in values[i : j + 1]) - Fraction(totals[a] + totals[b], 2)) ** 2
            else:
                raise ValueError(f"unknown metric {metric!r}")
            delta[a, b] = delta[b, a] = d
    return delta


# ---------------------------------------------------------------------- levels, index, sums


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
    def coverage(self) -> Fraction:
        return Fraction(self.answered + self.not_applicable, self.asked) if self.asked else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Everything that follows from the ratings of one assessment."""

    whole: PartResult
    groups: Mapping[str, PartResult]
    dimensions: Mapping[str, PartResult]
    criteria: Mapping[str, CriterionResult]
    alpha: Fraction | None
    applicability_warnings: tuple[int, ...]


class _Part:
    """Criteria that are judged together, with their points in the real and in the best case."""

    def __init__(self, instrument: Instrument, criteria: Sequence[Criterion], settled: Mapping[str, CriterionResult]):
        self.instrument, self.criteria = instrument, criteria
        self.settled = {c.key: settled[c.key] for c in criteria}
        self.real = {key: s.points for key, s in self.settled.items()}
        self.best = {key: ONE if s.rating is None else s.points for key, s in self.settled.items()}
        self.applicable = [c for c in criteria if self.settled[c.key].applies]
        self.cells: dict[tuple[int | None, str], list[Criterion]] = {}
        for criterion in self.applicable:
            self.cells.setdefault((criterion.level, criterion.dimension), []).append(criterion)
        self.answered = sum(s.rating not in {None, NA} for s in self.settled.values())
        self.not_applicable = len(criteria) - len(self.applicable)

    @property
    def is_touched(self) -> bool:
        return self.answered + self.not_applicable > 0

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
        if not self.is_touched:
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
        missing = []
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
        if not self.is_touched:
            return {"index": None, "index_best": None, "outcomes": {NO_RULE: Outcome(level=None, best=None)}}
        real = {key: self._sum(section, self.real) for key, section in sections.items()}
        best = min(self._sum(section, self.best) for section in sections.values())
        lowest = min(real.values())
        level = self._band(lowest)
        outcome = Outcome(level=level, best=self._band(best), blockers=self._sum_blockers(sections, real, level))
        return {"index": lowest, "index_best": best, "outcomes": {NO_RULE: outcome}}

    def _sum(self, section: list[Criterion], points: Mapping) -> Fraction:
        return sum((points[c.key] or ZERO for c in section), ZERO)

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
            if self.real[c.key] is not None and self.real[c.key] < 1
        )


def score(
    instrument: Instrument,
    respondents: Sequence[Mapping[str, str | None]],
    agreed: Mapping[str, str] | None = None,
) -> Score:
    """Scores what people said: one mapping from criterion key to code per respondent, agreed ratings beside them."""
    agreed = agreed or {}
    settled = {
        c.key: settle(
            [person.get(c.key) for person in respondents],
            c.scale,
            agreed=agreed.get(c.key),
            discuss_spread=instrument.discuss_spread,
            discuss_split=instrument.discuss_split,
        )
        for c in instrument.criteria
    }

    def of(criteria) -> PartResult:
        return _Part(instrument, criteria, settled).result()

    dimensions = {d.key: [c for c in instrument.criteria if c.dimension == d.key] for d in instrument.dimensions}
    group_of = {d.key: d.group for d in instrument.dimensions}
    groups = {g: [c for c in instrument.criteria if group_of[c.dimension] == g] for g in instrument.groups}
    sections = {key: of(criteria) for key, criteria in dimensions.items() if criteria}
    if instrument.method == SUMS:
        sections = {key: _without_level(section) for key, section in sections.items()}
    return Score(
        whole=of(instrument.criteria),
        groups={key: of(criteria) for key, criteria in groups.items() if criteria},
        dimensions=sections,
        criteria=settled,
        alpha=_alpha(instrument, respondents),
        applicability_warnings=_warnings(instrument, settled),
    )


def settled_as(rating: str | None, points: Fraction | None) -> CriterionResult:
    """A criterion that was settled earlier, of which only rating and points are known any more."""
    return CriterionResult(
        rating=rating,
        agreed=False,
        points=points,
        votes={},
        share=None,
        spread=None,
        rwg=None,
        split=False,
        discuss=False,
    )


def part(instrument: Instrument, settled: Mapping[str, CriterionResult]) -> PartResult:
    """The figures of those criteria alone that are in `settled`, judged together."""
    return _Part(instrument, [c for c in instrument.criteria if c.key in settled], settled).result()


def _without_level(section: PartResult) -> PartResult:
    """A section of a min-of-sums framework has a score and no level."""
    return replace(section, outcomes={NO_RULE: Outcome(level=None, best=None)})


def _alpha(instrument: Instrument, respondents) -> Fraction | None:
    def position(person, criterion) -> int | None:
        code = person.get(criterion.key)
        return None if code in {None, NA, DK} else criterion.scale.position(code)

    return krippendorff_alpha([[position(person, c) for c in instrument.criteria] for person in respondents])


def _warnings(instrument: Instrument, settled) -> tuple[int, ...]:
    """Levels of which less than the set share of criteria applies."""
    low = []
    for level in instrument.levels[1:]:
        at = [settled[c.key].applies for c in instrument.criteria if c.level == level]
        if at and Fraction(sum(at), len(at)) < instrument.applicability_warning_below:
            low.append(level)
    return tuple(low)
