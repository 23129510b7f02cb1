"""Everything that follows from the answers in one assessment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from .agreement import CriterionScore, krippendorff_alpha, settle
from .instrument import DK, NA, NO_RULE, SUMS, Instrument, ScoredCriterion
from .parts import Outcome, PartScore, ScoredPart
from .tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Everything that follows from the ratings of one assessment."""

    whole: PartScore
    groups: Mapping[str, PartScore]
    dimensions: Mapping[str, PartScore]
    criteria: Mapping[str, CriterionScore]
    alpha: Fraction | None
    applicability_warnings: tuple[int, ...]


def score(
    instrument: Instrument,
    respondents: Sequence[Mapping[str, str | None]],
    agreed: Mapping[str, str] | None = None,
) -> Score:
    """Scores what people said: one mapping from criterion key to code per respondent, agreed ratings beside them."""
    settled = settled_criteria(instrument, respondents, agreed)
    return of_settled(instrument, settled, alpha=alpha(instrument, respondents))


def settled_criteria(
    instrument: Instrument,
    respondents: Sequence[Mapping[str, str | None]],
    agreed: Mapping[str, str] | None = None,
) -> dict[str, CriterionScore]:
    """What each criterion comes to, by key: the part of `score` from which everything else follows."""
    agreed = agreed or {}
    return {
        c.key: settle(
            [person.get(c.key) for person in respondents],
            c.scale,
            agreed=agreed.get(c.key),
            discuss_spread=instrument.discuss_spread,
            discuss_split=instrument.discuss_split,
        )
        for c in instrument.criteria
    }


def of_settled(
    instrument: Instrument, settled: Mapping[str, CriterionScore], *, alpha: Fraction | None = None
) -> Score:
    """The figures that follow from one rating per criterion; `alpha` needs the votes, so it is known elsewhere."""
    touched = any(criterion.rating is not None for criterion in settled.values())

    def of(criteria: Sequence[ScoredCriterion]) -> PartScore:
        return ScoredPart(instrument, criteria, settled, touched=touched).result()

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
        alpha=alpha,
        applicability_warnings=_warnings(instrument, settled),
    )


def figures_of_whole(instrument: Instrument, settled: Mapping[str, CriterionScore]) -> PartScore:
    """The figures of everything that is asked, without those of its parts."""
    touched = any(criterion.rating is not None for criterion in settled.values())
    return ScoredPart(instrument, instrument.criteria, settled, touched=touched).result()


def part(instrument: Instrument, settled: Mapping[str, CriterionScore]) -> PartScore:
    """The figures of those criteria alone that are in `settled`, judged together: part of something answered."""
    criteria = [c for c in instrument.criteria if c.key in settled]
    return ScoredPart(instrument, criteria, settled, touched=bool(criteria)).result()


def _without_level(section: PartScore) -> PartScore:
    """A section of a min-of-sums framework has a score and no level."""
    return replace(section, outcomes={NO_RULE: Outcome(level=None, best=None)})


class LevelIf:
    """The level (or band) of the whole or of one dimension, as it is and if one of its criteria were rated otherwise.

    Made once: each question then costs no more than the cell of the criterion. None for a section of a framework that
    is scored by sums, which has no level of its own.
    """

    def __init__(
        self, instrument: Instrument, settled: Mapping[str, CriterionScore], rule: str, *, dimension: str | None = None
    ) -> None:
        criteria = [c for c in instrument.criteria if dimension in {None, c.dimension}]
        self._tally = Tally(instrument, criteria, {key: outcome.points for key, outcome in settled.items()})
        self._rule = rule
        self._has_level = dimension is None or self._tally.by_levels

    @property
    def now(self) -> int | None:
        return self._tally.level(self._rule) if self._has_level else None

    def __call__(self, key: str, code: str) -> int | None:
        before = self._tally.points[key]
        self._tally.rate(key, self._tally.criteria[key].scale.points_of(code))
        level = self.now
        self._tally.rate(key, before)
        return level


def alpha(instrument: Instrument, respondents: Sequence[Mapping[str, str | None]]) -> Fraction | None:
    """Krippendorff's alpha over the votes on everything that is asked."""

    def position(person: Mapping[str, str | None], criterion: ScoredCriterion) -> int | None:
        code = person.get(criterion.key)
        return None if code in {None, NA, DK} else criterion.scale.position(code)

    return krippendorff_alpha([[position(person, c) for c in instrument.criteria] for person in respondents])


def _warnings(instrument: Instrument, settled: Mapping[str, CriterionScore]) -> tuple[int, ...]:
    """Levels where fewer criteria apply than the share that the framework sets."""
    low = []
    for level in instrument.levels[1:]:
        at = [settled[c.key].applies for c in instrument.criteria if c.level == level]
        if at and Fraction(sum(at), len(at)) < instrument.applicability_warning_below:
            low.append(level)
    return tuple(low)
