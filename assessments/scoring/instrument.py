"""What is asked and by which rules: everything that the engine needs to know about an edition."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from .figures import ONE, ZERO, exact

NA = "NA"
DK = "DK"
LEVELS, SUMS, RUBRIC = "levels", "min-of-sums", "rubric"
#: How the score of several dimensions follows from theirs, in a rubric.
MEAN, LOWEST = "mean", "lowest"
#: How ratings become figures, by number: results keep the one that they were frozen with.
#: 1: in a sum, what does not apply counted as zero. 2: a section is scaled to what applies.
FIRST_SEMANTICS, SEMANTICS = 1, 2
#: The key under which a framework without rules (min-of-sums, rubric) holds its one outcome.
NO_RULE = ""


@dataclass(frozen=True, kw_only=True)
class ScoredScale:
    """Ordered choices: whole-number value by code.

    `from_lowest`: an unanswered criterion counts as the lowest choice, as in a rubric, and not as zero.
    """

    key: str
    values: Mapping[str, int]
    from_lowest: bool = False

    @cached_property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(self.values, key=self.values.__getitem__))

    @cached_property
    def _points(self) -> dict[str, Fraction]:
        return {code: Fraction(value, self.values[self.codes[-1]]) for code, value in self.values.items()}

    def points(self, code: str) -> Fraction:
        return self._points[code]

    def points_of(self, rating: str | None) -> Fraction | None:
        """Of a rating: None where the criterion does not apply, the least while it is unanswered."""
        if rating == NA:
            return None
        return self.least if rating is None else self.points(rating)

    @cached_property
    def least(self) -> Fraction:
        """What an unanswered criterion counts as."""
        return self.points(self.codes[0]) if self.from_lowest else ZERO

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {code: position for position, code in enumerate(self.codes)}

    def position(self, code: str) -> int:
        return self._positions[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredCriterion:
    """A practice to rate; `level` is None unless the method is `levels`. Only a rubric has weights."""

    key: str
    dimension: str
    level: int | None
    scale: ScoredScale
    weight: Fraction = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredDimension:
    key: str
    group: str | None = None
    weight: Fraction = ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """What points must reach: `at_least` includes the value itself, `more_than` does not."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rubric:
    """How answers that are levels become levels: where each level but the lowest begins, on the scale of the values.

    `lowest` and `highest` are the values at the ends of every scale; `result` is MEAN or LOWEST.
    """

    edges: Mapping[int, Fraction]
    lowest: Fraction
    highest: Fraction
    result: str = MEAN

    @classmethod
    def parsed(cls, levels: Iterable[tuple[int, str | None]], values: Collection[int], result: str | None) -> "Rubric":
        """From the numbers of the levels, lowest first, with their `from`, and from the values of one of the scales."""
        _floor, *higher = levels
        return cls(
            edges={number: exact(start) if start else Fraction(number) for number, start in higher},
            lowest=Fraction(min(values)),
            highest=Fraction(max(values)),
            result=result or MEAN,
        )


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """Everything the engine needs to know about an edition. Criteria are in the order of the framework."""

    method: str
    criteria: tuple[ScoredCriterion, ...]
    dimensions: tuple[ScoredDimension, ...]
    groups: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    rules: tuple[Rule, ...] = ()
    default_rule: str | None = None
    bands: tuple[Band, ...] = ()
    rubric: Rubric | None = None
    semantics: int = SEMANTICS
    discuss_spread: int = 2
    discuss_split: bool = True
    applicability_warning_below: Fraction = Fraction(7, 10)

    def restricted_to(self, keys: Collection[str]) -> "Instrument":
        """The same with only these criteria asked, as in a short questionnaire."""
        return replace(self, criteria=tuple(c for c in self.criteria if c.key in keys))

    @property
    def top(self) -> int:
        return self.levels[-1] if self.levels else 0

    @property
    def rule_keys(self) -> tuple[str, ...]:
        return tuple(rule.key for rule in self.rules) if self.method == LEVELS else (NO_RULE,)
