"""What publishing a draft would do to real data: how the last result of every team would come out under it."""

from dataclasses import dataclass
from fractions import Fraction

from django.db.models import OuterRef, Subquery

from .. import scoring
from ..models import CriterionResult, Edition, Result
from ..models.assessments import instrument_of
from ..models.results import as_fraction
from .publishing import Readiness

STEP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamImpact:
    """One team's last result, and what the same ratings come to under the draft.

    What is new or means something else counts as unanswered.
    """

    result: Result
    level: int | None
    best: int | None
    index: Fraction | None
    index_best: Fraction | None
    reconfirm: int
    new: int

    @property
    def change(self) -> int:
        """Change of the level; no level counts as below the lowest."""
        before, after = (-1 if level is None else level for level in (self.result.level, self.level))
        return after - before

    @property
    def index_before(self) -> Fraction | None:
        return as_fraction(self.result.index_exact)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Some of the teams, in the order of their names."""

    rows: list[TeamImpact]
    start: int
    total: int

    @property
    def done(self) -> int:
        return self.start + len(self.rows)

    @property
    def is_last(self) -> bool:
        return self.done >= self.total or not self.rows

    def tally(self) -> dict[str, int]:
        return {
            "lower": sum(row.change < 0 for row in self.rows),
            "same": sum(row.change == 0 for row in self.rows),
            "higher": sum(row.change > 0 for row in self.rows),
        }


def last_results(edition: Edition):
    """The current result of each team with this framework that is the newest, by the name of the team."""
    current = Result.objects.current_only().filter(framework=edition.framework_id)
    newest = current.filter(team=OuterRef("team")).order_by("-date", "-created_at", "-pk").values("pk")[:1]
    return current.filter(pk=Subquery(newest)).select_related("team", "edition").order_by("team__name", "pk")


def step(readiness: Readiness, *, start: int = 0) -> Step:
    """The impact on the teams from position `start` on, at most STEP of them. Five queries, however many there are."""
    contents = readiness.contents
    results = last_results(contents.edition)
    total, rows = results.count(), list(results[start : start + STEP])
    ratings: dict = {result.pk: {} for result in rows}
    for row in CriterionResult.objects.filter(result__in=rows).values_list("result_id", "key", "meaning", "rating"):
        ratings[row[0]][row[1]] = row[2:]
    instruments = _instruments(contents)
    meanings = _meanings(readiness)
    return Step(
        rows=[_impact(r, ratings[r.pk], contents, instruments, meanings) for r in rows], start=start, total=total
    )


def _instruments(contents) -> dict[bool, scoring.Instrument]:
    """By whether the questionnaire is the short one."""
    full = instrument_of(contents.edition, contents)
    return {False: full, True: full.restricted_to(contents.quick_keys) if contents.quick_keys else full}


def _meanings(readiness: Readiness) -> dict[str, int | None]:
    """The meaning of each criterion as it was, or None where publishing would change it."""
    changes = readiness.comparison.by_key if readiness.comparison else {}
    return {
        c.key: None if c.key in changes and readiness.changes_meaning(changes[c.key]) else c.meaning
        for c in readiness.contents.criteria
    }


def _impact(result, ratings, contents, instruments, meanings) -> TeamImpact:
    instrument = instruments[result.is_short]
    carried, reconfirm, new = {}, 0, 0
    for criterion in instrument.criteria:
        known = ratings.get(criterion.key)
        if known is None:
            new += 1
        elif known[0] != meanings[criterion.key]:
            reconfirm += 1
        elif known[1] == scoring.NA or known[1] in criterion.scale.values:
            carried[criterion.key] = known[1]
    whole = scoring.score(instrument, [carried], {}).whole
    rule = result.rule if result.rule in contents.rules else contents.default_rule
    outcome = whole.outcomes[rule or scoring.NO_RULE]
    return TeamImpact(
        result=result,
        level=outcome.level,
        best=outcome.best,
        index=whole.index,
        index_best=whole.index_best,
        reconfirm=reconfirm,
        new=new,
    )
