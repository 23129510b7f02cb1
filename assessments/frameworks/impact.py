"""What publishing a draft would do to real data: how the last result of every team would come out under it."""

from dataclasses import dataclass, replace
from fractions import Fraction

from django.db.models import OuterRef, Subquery
from django.utils.translation import ngettext

from .. import scoring
from ..models import CriterionResult, Edition, Result
from ..models.assessments import instrument_of
from ..models.frameworks import published_contents
from ..models.results import ResultQuerySet, as_fraction
from ..scoring.agreement import CriterionScore, settle
from ..scoring.parts import ScoredPart
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
        """Change of the level, if levels mean the same; no level counts as below the lowest."""
        if not self.same_ladder:
            return None
        before = -1 if self.result.level is None else self.result.level
        after = -1 if self.level is None else self.level
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
class ImpactStep:
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

    def tally(self) -> list[str]:
        """How many of these teams would be lower, at the same level and higher, and how many cannot be compared."""
        changes = [row.change for row in self.rows if row.change is not None]
        lower = sum(change < 0 for change in changes)
        same = sum(change == 0 for change in changes)
        higher = sum(change > 0 for change in changes)
        apart = len(self.rows) - len(changes)
        counts = [
            ngettext("{count} team lower", "{count} teams lower", lower).format(count=lower),
            ngettext("{count} team at the same level", "{count} teams at the same level", same).format(count=same),
            ngettext("{count} team higher", "{count} teams higher", higher).format(count=higher),
        ]
        if apart:
            counts.append(
                ngettext("{count} team on another ladder", "{count} teams on another ladder", apart).format(count=apart)
            )
        return counts


def last_results(edition: Edition) -> ResultQuerySet:
    """The current result of each team with this framework that is the newest, by the name of the team."""
    current = Result.objects.current_only().filter(framework=edition.framework_id)
    newest = current.filter(team=OuterRef("team")).newest_first().values("pk")[:1]
    return current.filter(pk=Subquery(newest)).select_related("team", "edition").order_by("team__name", "pk")


def step(readiness: Readiness, *, start: int = 0) -> ImpactStep:
    """The impact on the teams from position `start` on, at most STEP of them. Four queries, however many there are."""
    results = last_results(readiness.contents.edition)
    step_results = list(results[start : start + STEP])
    is_all = not start and len(step_results) < STEP
    total = len(step_results) if is_all else results.count()

    ratings: dict = {result.pk: {} for result in step_results}
    rated = CriterionResult.objects.filter(result__in=step_results)
    for result, key, meaning, rating in rated.values_list("result_id", "key", "meaning", "rating"):
        ratings[result][key] = meaning, rating

    trial = Trial(readiness)
    rows = [trial.impact(result, ratings[result.pk]) for result in step_results]
    return ImpactStep(rows=rows, start=start, total=total)


class Trial:
    """A draft under which earlier ratings are scored again, as far as is shown: the whole, under one rule."""

    def __init__(self, readiness: Readiness) -> None:
        self.contents = readiness.contents
        self.full = instrument_of(self.contents.edition, self.contents)
        base = self.contents.edition.based_on
        self.has_ladder_of_base = base is not None and not readiness.is_new_ladder
        self.ladder = base.contents.ladder if base else None
        changes = readiness.comparison.by_key if readiness.comparison else {}
        #: The meaning of each criterion as it was, or None if publishing would change it.
        self.meanings: dict[str, int | None] = {}
        for criterion in self.contents.criteria:
            change = changes.get(criterion.key)
            is_new = change is not None and readiness.changes_meaning(change)
            self.meanings[criterion.key] = None if is_new else criterion.meaning
        self.instruments: dict[tuple[str, bool], scoring.Instrument] = {}
        self.settled: dict[tuple[str, str | None], CriterionScore] = {}

    def instrument(self, rule: str, is_short: bool) -> scoring.Instrument:
        """What is asked in a short or full questionnaire, with this rule alone."""
        if (rule, is_short) not in self.instruments:
            asked = self.full
            if is_short and self.contents.quick_keys:
                asked = asked.restricted_to(self.contents.quick_keys)
            only_this = tuple(candidate for candidate in asked.rules if candidate.key == rule)
            self.instruments[rule, is_short] = replace(asked, rules=only_this)
        return self.instruments[rule, is_short]

    def settle(self, criterion: scoring.ScoredCriterion, code: str | None) -> CriterionScore:
        """One rating by itself; the same for every team that has it."""
        known = (criterion.scale.key, code)
        if known not in self.settled:
            self.settled[known] = settle([code], criterion.scale)
        return self.settled[known]

    def impact(self, result: Result, ratings: dict[str, tuple[int, str]]) -> TeamImpact:
        rule = result.rule if result.rule in self.contents.rules else self.contents.default_rule
        instrument = self.instrument(rule, result.is_short)
        settled = {}
        reconfirm = 0
        new = 0
        for criterion in instrument.criteria:
            meaning, code = ratings.get(criterion.key, (0, ""))
            new += not meaning
            reconfirm += meaning not in (0, self.meanings[criterion.key])
            is_kept = meaning == self.meanings[criterion.key] and (code == scoring.NA or code in criterion.scale.values)
            settled[criterion.key] = self.settle(criterion, code if is_kept else None)
        touched = any(score.rating is not None for score in settled.values())
        whole = ScoredPart(instrument, instrument.criteria, settled, touched=touched).result()
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
