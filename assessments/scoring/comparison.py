"""Two results of a team beside each other: what became of each criterion, and what the change is made of. Pure.

A criterion is *shared* where both sides have it under the same key and in the same meaning. A change of the index (or
of the level, under one rule) is the sum of three parts:

- team: new minus old ratings of the shared criteria, both under the old edition;
- edition: the new ratings of the shared criteria, under the new edition minus under the old one;
- scope: the rest. Each side is computed on its own, with and without the criteria that only this side has.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from .. import scoring
from . import NA, CriterionScore, IndexScale, Instrument, PartScore

Number = Fraction | int


class Kind(StrEnum):
    """What became of a criterion."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    NEWLY_APPLICABLE = "newly applicable"
    NO_LONGER_APPLICABLE = "no longer applies"
    REWORDED = "different meaning"
    ONLY_NEW = "only in the later result"
    ONLY_OLD = "only in the earlier result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One result: what was asked (an instrument of exactly that), what each criterion came to, and what it meant."""

    instrument: Instrument
    settled: Mapping[str, CriterionScore]
    meanings: Mapping[str, int]

    def only(self, keys: Iterable[str], dimension: str | None = None) -> PartScore:
        """The figures of these criteria alone, in one dimension or overall."""
        included = set(keys)
        chosen = {
            c.key: self.settled[c.key]
            for c in self.instrument.criteria
            if c.key in included and dimension in (None, c.dimension)
        }
        return scoring.part(self.instrument, chosen)

    def keys(self, dimension: str | None = None) -> set[str]:
        return {c.key for c in self.instrument.criteria if dimension in (None, c.dimension)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A figure before and after, and what its change is made of; None where one side has no figure.

    `is_comparable` is False where the two stand on different scales: then there is no change.
    """

    before: Number | None
    after: Number | None
    team: Number | None = None
    edition: Number | None = None
    scope: Number | None = None
    is_comparable: bool = True

    @property
    def total(self) -> Number | None:
        if self.before is None or self.after is None or not self.is_comparable:
            return None
        return self.after - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class PartChange:
    """The whole or one dimension; `key` is empty for the whole."""

    key: str
    index: Split
    level: Split


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionChange:
    """`before` and `after` are codes, NA or None (not answered); `difference` is in points, where there is one."""

    key: str
    dimension: str
    kind: Kind
    before: str | None
    after: str | None
    difference: Fraction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    whole: PartChange
    dimensions: tuple[PartChange, ...]
    criteria: tuple[CriterionChange, ...]

    def of_kind(self, *kinds: Kind) -> list[CriterionChange]:
        return [criterion for criterion in self.criteria if criterion.kind in kinds]


def shared(old: Side, new: Side, dimension: str | None = None) -> set[str]:
    keys = old.keys(dimension) & new.keys(dimension)
    return {key for key in keys if old.meanings[key] == new.meanings[key]}


def compare(old: Side, new: Side, *, rule: str, same_ladder: bool = True) -> Comparison:
    """Everything that differs between two results.

    Levels are compared under `rule`, on the same ladder only; indexes only on scales that end at the same top.
    """
    dimensions = list(dict.fromkeys(d.key for side in (new, old) for d in side.instrument.dimensions))
    parts = [_part_change(key, old, new, rule, same_ladder) for key in ["", *dimensions]]
    criteria = [*(_change(c, old, new) for c in new.instrument.criteria)]
    criteria += [_change(c, old, new) for c in old.instrument.criteria if c.key not in new.settled]
    present = [part for part in parts[1:] if old.keys(part.key) or new.keys(part.key)]
    return Comparison(whole=parts[0], dimensions=tuple(present), criteria=tuple(criteria))


def _part_change(key: str, old: Side, new: Side, rule: str, same_ladder: bool) -> PartChange:
    dimension = key or None

    def level(part: PartScore) -> int | None:
        outcome = part.outcomes.get(rule)
        return outcome.level if outcome and same_ladder else None

    index = _split(lambda part: part.index, old, new, dimension, is_comparable=_same_scale(old, new))
    by_level = new.instrument.method != scoring.SUMS or dimension is None
    nothing = Split(before=None, after=None)
    return PartChange(key=key, index=index, level=_split(level, old, new, dimension) if by_level else nothing)


def _same_scale(old: Side, new: Side) -> bool:
    return IndexScale.of(new.instrument).is_comparable_to(IndexScale.of(old.instrument))


def _split(
    figure: Callable[[PartScore], Number | None],
    old: Side,
    new: Side,
    dimension: str | None,
    *,
    is_comparable: bool = True,
) -> Split:
    before = figure(old.only(old.keys(dimension), dimension))
    after = figure(new.only(new.keys(dimension), dimension))
    if before is None or after is None or not is_comparable:
        return Split(before=before, after=after, is_comparable=is_comparable)
    both = shared(old, new, dimension)
    # Without a figure of its own (no shared criterion applies) a step counts as zero; the parts still add up.
    then = figure(old.only(both, dimension)) or 0
    now_as_then = figure(_as_in(old, new, both).only(both, dimension)) or 0
    now = figure(new.only(both, dimension)) or 0
    return Split(
        before=before,
        after=after,
        team=now_as_then - then,
        edition=now - now_as_then,
        scope=(after - now) - (before - then),
    )


def _as_in(old: Side, new: Side, keys: set[str]) -> Side:
    """The new ratings of these criteria under the old edition. Points carry over, whatever the scales call them."""
    return Side(instrument=old.instrument, settled={key: new.settled[key] for key in keys}, meanings=old.meanings)


def _change(criterion: scoring.ScoredCriterion, old: Side, new: Side) -> CriterionChange:
    key = criterion.key
    before, after = old.settled.get(key), new.settled.get(key)
    comparable = before is not None and after is not None and old.meanings[key] == new.meanings[key]
    difference = None
    if before and after and comparable and before.points is not None and after.points is not None:
        difference = after.points - before.points
    return CriterionChange(
        key=key,
        dimension=criterion.dimension,
        kind=_kind(before, after, comparable, difference),
        before=before.rating if before else None,
        after=after.rating if after else None,
        difference=difference,
    )


def _kind(
    before: CriterionScore | None, after: CriterionScore | None, comparable: bool, difference: Fraction | None
) -> Kind:
    if before is None:
        return Kind.ONLY_NEW
    if after is None:
        return Kind.ONLY_OLD
    if not comparable:
        return Kind.REWORDED
    if difference is None:
        if before.rating == after.rating:
            return Kind.SAME
        return Kind.NEWLY_APPLICABLE if before.rating == NA else Kind.NO_LONGER_APPLICABLE
    return Kind.BETTER if difference > 0 else Kind.WORSE if difference < 0 else Kind.SAME
