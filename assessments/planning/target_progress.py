"""Targets with how they are doing, read for many teams at once."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .. import scoring
from ..models import PartResult, Questionnaire, Result, Target
from ..models.framework_texts import filled
from ..models.frameworks import Contents, published_contents
from ..models.frozen_scores import Recalled
from ..scoring import target_grading as grading
from ..scoring.target_grading import Grade, Grading, Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedTarget:
    """A target, what it is called in the framework, and how it is doing.

    `outdated`: its ladder is no longer in use. `reached_late` is the date of the newest result if that has the level
    of the target although the target was missed. `no_result_since` is the date of the result that decided, if that is
    before the due date and no result came after it.
    """

    target: Target
    name: str
    level_name: str
    uses_levels: bool
    grading: Grading
    outdated: bool
    days_left: int
    reached_late: datetime.date | None = None
    no_result_since: datetime.date | None = None

    @property
    def drawn_from(self) -> tuple[object, ...]:
        """Everything that is shown of it beside a result, as plain values."""
        target = self.target
        return (
            (target.pk, target.dimension, target.level, target.set_at, target.due),
            (self.name, self.level_name, self.uses_levels, self.days_left, self.outdated),
            (str(self.grading.grade), self.percent_value, self.reached_late, self.no_result_since),
        )

    @property
    def title(self) -> str:
        """The part and the level or band to reach: `Overall, level 3 Managed`."""
        values = {"part": self.name, "number": self.target.level, "name": self.level_name}
        if self.uses_levels:
            return filled(_("{part}, level {number} {name}"), **values)
        return filled(_("{part}, band {name}"), **values)

    @property
    def state(self) -> str:
        """How it is doing in a word or two."""
        if self.outdated:
            return _("levels changed: set a new target")
        if self.is_met:
            return _("met")
        if self.no_result_since and not self.reached_late:
            return _("past its due date")
        if self.is_missed or self.reached_late:
            return _("missed")
        return _("on the way") if self.is_on_the_way else _("not assessed")

    @property
    def percent_value(self) -> str | None:
        """How far it is on its way, from 0 to 100. Only a target that is met is all the way there."""
        share = self.grading.share
        if share == 1 and not self.is_met:
            return "99"
        return scoring.percent(share)

    @property
    def percent(self) -> str | None:
        """The same as people read it."""
        value = self.percent_value
        return None if value is None else _("{number}%").format(number=value)

    @property
    def has_bar(self) -> bool:
        """Whether its way can be drawn."""
        return self.grading.share is not None and not self.outdated

    @property
    def is_partway(self) -> bool:
        """Whether to say how far it is: not if it is met, reached late or has to be set again."""
        return self.has_bar and not self.is_met and self.reached_late is None

    @property
    def is_met(self) -> bool:
        return self.grading.grade == Grade.MET

    @property
    def is_missed(self) -> bool:
        return self.grading.grade == Grade.MISSED

    @property
    def is_on_the_way(self) -> bool:
        return self.grading.grade == Grade.ON_THE_WAY

    @property
    def is_over(self) -> bool:
        return self.days_left < 0


def next_by_part(targets: Iterable[GradedTarget]) -> dict[str, GradedTarget]:
    """Of each part (a dimension key, or empty for the whole) the target that is due next, else the one due last."""
    chosen: dict[str, GradedTarget] = {}
    for target in sorted(targets, key=lambda target: (not target.is_over, -abs(target.days_left))):
        chosen[target.target.dimension] = target
    return chosen


def graded(
    targets: Iterable[Target], *, with_shares: bool = True, results: Iterable[Result] | None = None
) -> list[GradedTarget]:
    """The targets of `for_grading`, in the given order. Two queries for any number of targets, teams and results.

    `results` are the current ones of the teams, oldest first, if the caller has read them already.

    Without shares the criteria are not read: enough for lists over many teams.
    """
    chosen = list(targets)
    if not chosen:
        return []
    for target in chosen:
        if target.baseline:
            target.baseline.edition = published_contents(target.baseline.edition_id).edition
    earliest = _earliest_day(chosen)
    stored = _stored(chosen, earliest) if results is None else results
    by_line: dict[tuple, list[Result]] = {}
    for result in stored:
        if not result.is_short and result.date >= earliest:
            by_line.setdefault((result.team_id, result.framework_id), []).append(result)
    grader = _Grader(chosen, by_line)
    grader.read(with_shares=with_shares)
    return grader.all()


def _earliest_day(targets: Sequence[Target]) -> datetime.date:
    """No result from before this day says anything about one of the targets."""
    # A day earlier, as the date is the team's.
    set_on = min(target.set_at for target in targets).date() - datetime.timedelta(days=1)
    baselines = [target.baseline.date for target in targets if target.baseline]
    return min([set_on, *baselines])


def _stored(targets: Sequence[Target], earliest: datetime.date) -> Iterable[Result]:
    rows = Result.objects.current_only().filter(
        team__in={target.team_id for target in targets},
        questionnaire=Questionnaire.FULL,
        date__gte=earliest,
    )
    # Their other columns are most of what a list over many teams would read.
    rows = rows.only(
        "team", "framework", "assessment", "edition", "questionnaire", "semantics", "date", "rule", "level", "outcomes"
    )
    return rows.chronological().wired()


class _Grader:
    """Grades targets by results that were read for all of them at once."""

    def __init__(self, targets: Sequence[Target], results: Mapping[tuple, Sequence[Result]]) -> None:
        """`results` are by (team, framework), oldest first; no target needs an earlier one."""
        self.targets = targets
        self.results = results
        self.newest: dict[int, Result | None] = {}
        self.deciding: dict[int, Result | None] = {}
        for target in targets:
            since = self._since(target)
            self.newest[target.pk] = since[-1] if since else None
            self.deciding[target.pk] = grading.decisive(since, due=target.due, today=target.team.today())
        #: Outcomes of dimensions by (result, key), and what results were made of; both are read by `read`.
        self.levels: dict[tuple, dict] = {}
        self.recalled: dict[Any, Recalled] = {}

    def read(self, *, with_shares: bool) -> None:
        """Reads what the deciding and newest results hold besides the level of the whole."""
        self.levels = self._part_levels()
        if with_shares:
            self.recalled = self._recalled()

    def _recalled(self) -> dict[Any, Recalled]:
        needed: dict[Any, Result] = {}
        for target in self.targets:
            deciding = self.deciding[target.pk]
            if deciding is None:
                continue
            needed[deciding.pk] = deciding
            if target.baseline:
                needed[target.baseline.pk] = target.baseline
        return {recalled.result.pk: recalled for recalled in Recalled.all(needed.values())}

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
        """Outcomes of dimensions by (result, key), if a target asks for one."""
        results = set()
        for target in self.targets:
            if target.dimension:
                results |= {result.pk for result in (self.deciding[target.pk], self.newest[target.pk]) if result}
        if not results:
            return {}
        rows = PartResult.objects.filter(result__in=results, kind=PartResult.Kind.DIMENSION).order_by()
        outcomes = {}
        for result, key, outcome in rows.values_list("result_id", "key", "outcomes"):
            outcomes[result, key] = outcome
        return outcomes

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

    def _contents(self, target: Target) -> Contents | None:
        """Of the edition in use; of the baseline's if the framework is no longer offered."""
        edition = target.edition_now or (target.baseline.edition_id if target.baseline else None)
        return published_contents(edition) if edition else None

    def _graded(self, target: Target) -> GradedTarget:
        today = target.team.today()
        result = self.deciding[target.pk]
        sightings = []
        if result:
            sighting = Sighting(
                date=result.date,
                level=self._level(target, result),
                count=self._count(target, result),
            )
            sightings.append(sighting)
        grade = grading.grade(
            level=target.level,
            due=target.due,
            today=today,
            baseline=self._count(target, target.baseline),
            sightings=sightings,
        )
        is_missed = grade.grade == Grade.MISSED
        contents = self._contents(target)
        return GradedTarget(
            target=target,
            name=_part_name(target, contents),
            level_name=_level_name(target, contents),
            uses_levels=contents is None or contents.edition.uses_levels,
            grading=grade,
            outdated=target.ladder_since is not None,
            days_left=(target.due - today).days,
            reached_late=self._reached_late(target) if is_missed else None,
            no_result_since=self._no_result_since(target) if is_missed else None,
        )

    def _reached_late(self, target: Target) -> datetime.date | None:
        newest = self.newest[target.pk]
        if newest is None:
            return None
        level = self._level(target, newest)
        return newest.date if level is not None and level >= target.level else None

    def _no_result_since(self, target: Target) -> datetime.date | None:
        """The date of the newest result if the team was not assessed again by the due date or after it."""
        newest = self.newest[target.pk]
        return newest.date if newest and newest.date < target.due else None

    def all(self) -> list[GradedTarget]:
        return [self._graded(target) for target in self.targets]


def _part_name(target: Target, contents: Contents | None) -> str:
    if not target.dimension:
        return _("Overall")
    dimension = contents and contents.dimension_by_key.get(target.dimension)
    return dimension.name if dimension else target.dimension


def _level_name(target: Target, contents: Contents | None) -> str:
    return contents.rung_name(target.level) if contents else ""
