"""What publishing a draft would do to real data: how the last result of every team would come out under it."""

from dataclasses import dataclass, replace
from fractions import Fraction

from django.db.models import OuterRef, Subquery

from .. import scoring
from ..models import CriterionResult, Edition, Result
from ..models.assessments import instrument_of
from ..models.frameworks import published_contents
from ..models.results import as_fraction
from ..scoring.agreement import CriterionResult as CriterionScore
from ..scoring.agreement import settle
from ..scoring.parts import Part
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
    scale: scoring.IndexScale
    same_ladder: bool
    reconfirm: int
    new: int

    @property
    def change(self) -> int | None:
        """Change of the level, where levels mean the same; no level counts as below the lowest."""
        if not self.same_ladder:
            return None
        before, after = (-1 if level is None else level for level in (self.result.level, self.level))
        return after - before

    @property
    def index_text(self) -> str:
        is_alone = not self.scale.is_comparable_to(self.result.index_scale)
        return self.scale.text_of_top(self.index) if is_alone else self.scale.text(self.index)

    @property
    def index_best_text(self) -> str:
        return self.scale.text(self.index_best)

    @property
    def index_before_text(self) -> str:
        scale = self.result.index_scale
        exact = as_fraction(self.result.index_exact)
        return scale.text(exact) if self.scale.is_comparable_to(scale) else scale.text_of_top(exact)


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
        changes = [row.change for row in self.rows if row.change is not None]
        return {
            "lower": sum(change < 0 for change in changes),
            "same": sum(change == 0 for change in changes),
            "higher": sum(change > 0 for change in changes),
            "apart": len(self.rows) - len(changes),
        }


def last_results(edition: Edition):
    """The current result of each team with this framework that is the newest, by the name of the team."""
    current = Result.objects.current_only().filter(framework=edition.framework_id)
    newest = current.filter(team=OuterRef("team")).newest_first().values("pk")[:1]
    return current.filter(pk=Subquery(newest)).select_related("team", "edition").order_by("team__name", "pk")


def step(readiness: Readiness, *, start: int = 0) -> Step:
    """The impact on the teams from position `start` on, at most STEP of them. Four queries, however many there are."""
    results = last_results(readiness.contents.edition)
    rows = list(results[start : start + STEP])
    total = len(rows) if not start and len(rows) < STEP else results.count()
    ratings: dict = {result.pk: {} for result in rows}
    known = CriterionResult.objects.filter(result__in=rows).values_list("result_id", "key", "meaning", "rating")
    for result, key, meaning, rating in known:
        ratings[result][key] = meaning, rating
    trial = Trial(readiness)
    return Step(rows=[trial.impact(result, ratings[result.pk]) for result in rows], start=start, total=total)


class Trial:
    """A draft under which earlier ratings are scored again, as far as is shown: the whole, under one rule."""

    def __init__(self, readiness: Readiness):
        self.contents = readiness.contents
        self.full = instrument_of(self.contents.edition, self.contents)
        base = self.contents.edition.based_on
        self.has_ladder_of_base = base is not None and not readiness.is_new_ladder
        self.ladder = base.contents.ladder if base else None
        changes = readiness.comparison.by_key if readiness.comparison else {}
        #: The meaning of each criterion as it was, or None where publishing would change it.
        self.meanings = {
            c.key: None if c.key in changes and readiness.changes_meaning(changes[c.key]) else c.meaning
            for c in self.contents.criteria
        }
        self.instruments: dict[tuple[str, bool], scoring.Instrument] = {}
        self.settled: dict[tuple[str, str | None], CriterionScore] = {}

    def instrument(self, rule: str, is_short: bool) -> scoring.Instrument:
        """What is asked in a short or full questionnaire, with this rule alone."""
        if (rule, is_short) not in self.instruments:
            asked = self.full
            if is_short and self.contents.quick_keys:
                asked = asked.restricted_to(self.contents.quick_keys)
            rules = tuple(each for each in asked.rules if each.key == rule)
            self.instruments[rule, is_short] = replace(asked, rules=rules)
        return self.instruments[rule, is_short]

    def settle(self, criterion: scoring.Criterion, code: str | None) -> CriterionScore:
        """One rating by itself; the same for every team that has it."""
        known = (criterion.scale.key, code)
        if known not in self.settled:
            self.settled[known] = settle([code], criterion.scale)
        return self.settled[known]

    def impact(self, result: Result, ratings: dict[str, tuple[int, str]]) -> TeamImpact:
        rule = result.rule if result.rule in self.contents.rules else self.contents.default_rule
        instrument = self.instrument(rule, result.is_short)
        settled, reconfirm, new = {}, 0, 0
        for criterion in instrument.criteria:
            meaning, code = ratings.get(criterion.key, (0, ""))
            new += not meaning
            reconfirm += meaning not in (0, self.meanings[criterion.key])
            is_kept = meaning == self.meanings[criterion.key] and (code == scoring.NA or code in criterion.scale.values)
            settled[criterion.key] = self.settle(criterion, code if is_kept else None)
        touched = any(each.rating is not None for each in settled.values())
        whole = Part(instrument, instrument.criteria, settled, touched=touched).result()
        outcome = whole.outcomes[rule or scoring.NO_RULE]
        return TeamImpact(
            result=result,
            level=outcome.level,
            best=outcome.best,
            index=whole.index,
            index_best=whole.index_best,
            scale=self.contents.index_scale,
            same_ladder=self.has_ladder_of_base and published_contents(result.edition_id).ladder == self.ladder,
            reconfirm=reconfirm,
            new=new,
        )
