"""What an anonymous assessment may show: pure functions over scores.

A criterion with fewer than four votes shows nothing of its own, but counts in the level and index above it. So that it
cannot be worked out from those and from what is shown beside it, no cell is shown that it is in, and where it is alone
in its dimension, another one there is hidden with it: then the index tells of the two together. Agreement is a figure
about votes: it is taken over the criteria that are shown, for the same reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from .. import scoring
from . import Criterion, CriterionResult, Instrument, Outcome, PartResult, Score

#: The fewest votes from which something is shown.
LEAST = 4


def votes_in(settled: CriterionResult) -> int:
    """How many people voted: everybody but those who do not know."""
    return sum(n for code, n in settled.votes.items() if code != scoring.DK)


def withheld(instrument: Instrument, score: Score) -> frozenset[str]:
    """Criteria of which nothing may be shown. One without any vote tells nothing, and is not among them.

    It depends on the votes alone, so that no generation of a result shows what another one hides.
    """
    voted: dict[str, list[Criterion]] = {}
    votes = {key: votes_in(settled) for key, settled in score.criteria.items()}
    for criterion in instrument.criteria:
        if votes[criterion.key]:
            voted.setdefault(criterion.dimension, []).append(criterion)
    hidden: set[str] = set()
    for criteria in voted.values():
        few = [c for c in criteria if votes[c.key] < LEAST]
        if len(few) == 1:
            # One of the same cell, if there is one, has the same weight: what they come to together tells least.
            others = [c for c in criteria if c not in few]
            few += sorted(others, key=lambda c: (c.level != few[0].level, votes[c.key], c.key))[:1]
        hidden |= {c.key for c in few}
    return frozenset(hidden)


def veiled(instrument: Instrument, score: Score, respondents: Sequence[Mapping[str, str | None]]) -> Score:
    """The score as it may be kept and shown."""
    hidden = withheld(instrument, score)
    shown = instrument.restricted_to(score.criteria.keys() - hidden)
    dimension_of = {c.key: c.dimension for c in instrument.criteria}
    level_of = {c.key: c.level for c in instrument.criteria}
    group_of = {d.key: d.group for d in instrument.dimensions}

    def part(whole: PartResult, keys: Collection[str]) -> PartResult:
        settled = [score.criteria[key] for key in keys if key not in hidden]
        rwgs = [s.rwg for s in settled if s.rwg is not None]
        outcomes = {rule: _without(outcome, hidden) for rule, outcome in whole.outcomes.items()}
        discuss = sum(s.discuss for s in settled)
        veiled_levels = {level_of[key] for key in keys if key in hidden}
        cells = {level: None if level in veiled_levels else points for level, points in whole.cells.items()}
        agreement = scoring.low_median(rwgs)
        return replace(whole, agreement=agreement, discuss=discuss, outcomes=outcomes, cells=cells)

    def of_dimension(key):
        return [c for c, dimension in dimension_of.items() if dimension == key]

    def of_group(key):
        return [c for c, dimension in dimension_of.items() if group_of[dimension] == key]

    return replace(
        score,
        whole=part(score.whole, dimension_of),
        groups={key: part(each, of_group(key)) for key, each in score.groups.items()},
        dimensions={key: part(each, of_dimension(key)) for key, each in score.dimensions.items()},
        criteria={key: _hidden() if key in hidden else _told(s) for key, s in score.criteria.items()},
        alpha=scoring.alpha(shown, respondents),
    )


def _without(outcome: Outcome, hidden: frozenset[str]) -> Outcome:
    return replace(outcome, blockers=tuple(key for key in outcome.blockers if key not in hidden))


def _hidden() -> CriterionResult:
    return CriterionResult(
        rating=None,
        agreed=False,
        points=None,
        votes=MappingProxyType({}),
        share=None,
        spread=None,
        rwg=None,
        split=False,
        discuss=False,
        withheld=True,
    )


def _told(settled: CriterionResult) -> CriterionResult:
    """Who does not know is not counted out loud: beside the number of people, it would tell of fewer than four."""
    votes = {code: n for code, n in settled.votes.items() if code != scoring.DK}
    return replace(settled, votes=MappingProxyType(votes))
