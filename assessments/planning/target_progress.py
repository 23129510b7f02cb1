"""Targets with how they are doing, read for many teams at once."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .. import scoring
from ..models import PartResult, Questionnaire, Result, Target
from ..models.frameworks import published_contents
from ..models.frozen_scores import Recalled
from ..scoring import target_grading as grading
from ..scoring.target_grading import Grade, Grading, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTarget:
    """A target, what it is called in the framework, and how it is doing.

    `outdated`: its ladder is no longer in use. `reached_late` is the date of the newest result where it has what was
    wanted though the target was missed.
    """

    target: Target
    name: str
    level_name: str
    grading: Grading
    outdated: bool
    days_left: int
    reached_late: datetime.date | None = None

    @property
    def percent(self) -> str | None:
        """How far it is on its way; all of it is said of a target that is met only."""
        share = self.grading.share
        if share == 1 and not self.is_met:
            return "99"
        return scoring.percent(share)

    @property
    def is_met(self) -> bool:
        return self.grading.grade == Grade.MET

    @property
    def is_over(self) -> bool:
        return self.days_left < 0


def next_by_part(targets: Iterable[GradedTarget]) -> dict[str, GradedTarget]:
    """Of each part (a dimension key, or empty for the whole) the target that is due next, else the one due last."""
    chosen: dict[str, GradedTarget] = {}
    for each in sorted(targets, key=lambda each: (not each.is_over, -abs(each.days_left))):
        chosen[each.target.dimension] = each
    return chosen


def graded(
    targets: Iterable[Target], *, with_shares: bool = True, results: Iterable[Result] | None = None
) -> list[GradedTarget]:
    """Of `for_grading`, in the given order. Two queries, however many targets, teams and results there are.

    `results` are the current ones of the teams, oldest first, where somebody has read them already.

    Without shares the criteria are not read: enough for lists over many teams.
    """
    chosen = list(targets)
    return _Grader(chosen, with_shares, results).all() if chosen else []


class _Grader:
    def __init__(self, targets: Sequence[Target], with_shares: bool, results: Iterable[Result] | None):
        self.targets = targets
        for target in targets:
            if target.baseline:
                target.baseline.edition = published_contents(target.baseline.edition_id).edition
        # A day earlier, as the date is the team's.
        set_on = min(target.set_at for target in targets).date() - datetime.timedelta(days=1)
        earliest = min([set_on, *(target.baseline.date for target in targets if target.baseline)])
        self.results: dict[tuple, list[Result]] = {}
        for result in self._stored(earliest) if results is None else results:
            if not result.is_short and result.date >= earliest:
                self.results.setdefault((result.team_id, result.framework_id), []).append(result)
        since = {target.pk: self._since(target) for target in targets}
        self.newest = {pk: seen[-1] if seen else None for pk, seen in since.items()}
        self.deciding = {
            target.pk: grading.decisive(since[target.pk], due=target.due, today=target.team.today())
            for target in targets
        }
        self.levels = self._part_levels()
        judged = [target for target in targets if with_shares and self.deciding[target.pk]]
        needed = [result for target in judged for result in (self.deciding[target.pk], target.baseline) if result]
        self.recalled = {each.result.pk: each for each in Recalled.all({r.pk: r for r in needed}.values())}

    def _stored(self, earliest: datetime.date) -> Iterable[Result]:
        rows = Result.objects.current_only().filter(
            team__in={target.team_id for target in self.targets},
            questionnaire=Questionnaire.FULL,
            date__gte=earliest,
        )
        return rows.defer("cells", "warnings").chronological().wired()

    def _since(self, target: Target) -> list[Result]:
        """Results that say something about the target: made since it was set, on its ladder, not its own baseline.

        One dated before it was set but after its baseline was closed later, as the baseline was the newest one then.
        """
        first_day = target.team.day_of(target.set_at)
        ladder = target.ladder_since
        own = target.baseline and target.baseline.assessment_id
        return [
            result
            for result in self.results.get((target.team_id, target.framework_id), [])
            if (result.date >= first_day or (target.baseline and result.date > target.baseline.date))
            and result.assessment_id != own
            and not (ladder and (result.edition.publication or 0) >= ladder)
        ]

    def _part_levels(self) -> dict[tuple, dict]:
        """Outcomes of dimensions by (result, key), where a target asks for one."""
        asked = [target.pk for target in self.targets if target.dimension]
        looked_at = [each[pk] for pk in asked for each in (self.deciding, self.newest)]
        results = {result.pk for result in looked_at if result}
        if not results:
            return {}
        rows = PartResult.objects.filter(result__in=results, kind=PartResult.Kind.DIMENSION)
        return {(pk, key): o for pk, key, o in rows.order_by().values_list("result_id", "key", "outcomes")}

    def _level(self, target: Target, result: Result) -> int | None:
        if not target.dimension and result.rule == target.rule:
            return result.level
        if not target.dimension:
            return result.outcomes.get(target.rule, {}).get("level")
        return self.levels.get((result.pk, target.dimension), {}).get(target.rule, {}).get("level")

    def _count(self, target: Target, result: Result | None) -> grading.Count | None:
        recalled = self.recalled.get(result.pk) if result else None
        if recalled is None or target.rule not in recalled.instrument.rule_keys:
            return None
        return grading.count(
            recalled.instrument,
            recalled.ratings,
            rule=target.rule,
            level=target.level,
            dimension=target.dimension or None,
        )

    def _contents(self, target: Target):
        """Of the edition in use; of the baseline's where the framework is no longer offered."""
        edition = target.edition_now or (target.baseline.edition_id if target.baseline else None)
        return published_contents(edition) if edition else None

    def _graded(self, target: Target) -> GradedTarget:
        result, today = self.deciding[target.pk], target.team.today()
        sightings = []
        if result:
            level, count = self._level(target, result), self._count(target, result)
            sightings = [Sighting(date=result.date, level=level, count=count)]
        grade = grading.grade(
            level=target.level,
            due=target.due,
            today=today,
            baseline=self._count(target, target.baseline),
            sightings=sightings,
        )
        contents = self._contents(target)
        dimension = contents and contents.dimension_by_key.get(target.dimension)
        return GradedTarget(
            target=target,
            name=dimension.name if dimension else target.dimension or "Overall",
            level_name=next((r.name for r in contents.rungs if r.number == target.level), "") if contents else "",
            grading=grade,
            outdated=target.ladder_since is not None,
            days_left=(target.due - today).days,
            reached_late=self._reached_late(target) if grade.grade == Grade.MISSED else None,
        )

    def _reached_late(self, target: Target) -> datetime.date | None:
        newest = self.newest[target.pk]
        level = self._level(target, newest) if newest else None
        return newest.date if newest and level is not None and level >= target.level else None

    def all(self) -> list[GradedTarget]:
        return [self._graded(target) for target in self.targets]
