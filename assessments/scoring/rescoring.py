"""A score once more from what is kept of an assessment: a rating and perhaps the votes of each criterion, no person."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from .agreement import CriterionScore, alpha_of_counts, settle, settled_as
from .instrument import DK, NA, Instrument, ScoredCriterion
from .whole import Score, of_settled


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCriterion:
    """What is kept of one criterion: its rating, whether the group agreed on it, and how often each code was given."""

    rating: str | None
    is_agreed: bool
    votes: Mapping[str, int]


def rescore(instrument: Instrument, kept: Mapping[str, KeptCriterion], *, by_votes: bool) -> Score:
    """The figures that follow from what is kept of every criterion asked.

    `by_votes`: ratings that were not agreed follow from the votes, and so does agreement. Else ratings are taken as
    they are, and nothing is known about agreement.
    """
    if not by_votes:
        return of_settled(instrument, {c.key: _as_rated(c, kept[c.key]) for c in instrument.criteria})
    settled = {c.key: _by_votes(instrument, c, kept[c.key]) for c in instrument.criteria}
    counts = [_positions(c, kept[c.key].votes) for c in instrument.criteria]
    return of_settled(instrument, settled, alpha=alpha_of_counts(counts))


def _as_rated(criterion: ScoredCriterion, kept: KeptCriterion) -> CriterionScore:
    settled = settled_as(kept.rating, criterion.scale.points_of(kept.rating))
    return replace(settled, agreed=kept.is_agreed)


def _by_votes(instrument: Instrument, criterion: ScoredCriterion, kept: KeptCriterion) -> CriterionScore:
    return settle(
        Counter(kept.votes).elements(),
        criterion.scale,
        agreed=kept.rating if kept.is_agreed else None,
        discuss_spread=instrument.discuss_spread,
        discuss_split=instrument.discuss_split,
    )


def _positions(criterion: ScoredCriterion, votes: Mapping[str, int]) -> Counter[int]:
    """How often each step of the scale was chosen."""
    return Counter({criterion.scale.position(code): n for code, n in votes.items() if code not in {NA, DK}})
