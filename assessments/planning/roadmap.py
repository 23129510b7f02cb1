"""A team's actions, read beside its newest result: what is open, what seems done, what was done without effect."""

import datetime
from dataclasses import dataclass
from functools import cached_property

from ..models import Action, Criterion
from ..models.results import as_fraction
from ..scoring import target_grading
from .context import Aspiration
from .target_progress import GradedTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An action with its criterion (None where the edition in use no longer has it) and what the result says of it."""

    action: Action
    criterion: Criterion | None
    rating: str
    is_overdue: bool
    seems_done: bool
    without_effect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    status: str
    label: str
    actions: list[Planned]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetProgress:
    """How many of the actions that lead to a target are done."""

    target: GradedTarget
    done: int
    all: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A blocker, whether somebody works on it, and whether the edition in use still asks for it."""

    criterion: Criterion
    rating: str
    is_planned: bool
    is_asked: bool


class Roadmap:
    """Everything on the roadmap page of a team; `actions` are the ones that the filter leaves."""

    def __init__(self, about: Aspiration, *, owner=None, until: datetime.date | None = None):
        self.about = about
        rows = Action.objects.filter(team=about.team, framework=about.framework).select_related("owner", "team")
        self.everything = [self._planned(action) for action in rows]
        self.actions = [
            each
            for each in self.everything
            if (owner is None or each.action.owner_id == owner.pk)
            and (until is None or (each.action.due is not None and each.action.due <= until))
        ]

    def _planned(self, action: Action) -> Planned:
        about, today = self.about, self.about.team.today()
        recalled, met = about.recalled, None
        row = recalled.rows.get(action.criterion) if recalled else None
        if recalled and row:
            met = target_grading.meets(recalled.instrument, about.rule, as_fraction(row.points_exact))
        criterion = about.contents.criterion_by_key.get(action.criterion)
        return Planned(
            action=action,
            criterion=criterion,
            rating=self._rating(criterion),
            is_overdue=action.is_pending and action.due is not None and action.due < today,
            seems_done=action.is_pending and met is True and self._was_made_after(action.created_at),
            without_effect=action.status == Action.Status.DONE
            and met is False
            and self._is_newer_than(action.status_at),
        )

    def _rating(self, criterion: Criterion | None) -> str:
        recalled = self.about.recalled
        if criterion is None or recalled is None:
            return ""
        row = recalled.rows.get(criterion.key)
        return criterion.answer_name(row.rating) if row else ""

    def _is_newer_than(self, moment: datetime.datetime) -> bool:
        """Whether the newest result stands for a later day of the team, or for that day and was made afterwards."""
        latest, day = self.about.latest, self.about.team.day_of(moment)
        return latest is not None and (latest.date > day or (latest.date == day and latest.created_at >= moment))

    def _was_made_after(self, moment: datetime.datetime) -> bool:
        """Whether the newest result came later, even if its answers had been asked for before."""
        made = self.about.latest is not None and self.about.latest.created_at >= moment
        return made or self._is_newer_than(moment)

    @property
    def columns(self) -> list[Column]:
        return [
            Column(
                status=status.value,
                label=status.label,
                actions=[each for each in self.actions if each.action.status == status],
            )
            for status in Action.Status
        ]

    @property
    def seem_done(self) -> list[Planned]:
        return [each for each in self.everything if each.seems_done]

    @property
    def without_effect(self) -> list[Planned]:
        return [each for each in self.everything if each.without_effect]

    @property
    def progress(self) -> list[TargetProgress]:
        return [self._progress(target) for target in self.about.targets]

    def _progress(self, graded: GradedTarget) -> TargetProgress:
        """Actions serve a target where their criterion lies in its part, at its level or below."""
        leading = [
            each.action.status
            for each in self.everything
            if each.criterion
            and each.action.status != Action.Status.DROPPED
            and graded.target.dimension in ("", each.criterion.dimension.key)
            and (each.criterion.level is None or each.criterion.level.number <= graded.target.level)
        ]
        return TargetProgress(target=graded, done=leading.count(Action.Status.DONE), all=len(leading))

    @cached_property
    def gaps(self) -> list[Gap]:
        """What keeps the team from the next level, in the order of the scoring document."""
        recalled = self.about.recalled
        if recalled is None:
            return []
        planned = {each.action.criterion for each in self.everything if each.action.is_pending}
        by_key = recalled.result.edition.contents.criterion_by_key
        blocking = [row for row in recalled.rows.values() if row.blocker is not None]
        rows = sorted(blocking, key=lambda row: row.blocker or 0)
        return [
            Gap(
                criterion=by_key[row.key],
                rating=by_key[row.key].answer_name(row.rating),
                is_planned=row.key in planned,
                is_asked=self.about.asks(row.key),
            )
            for row in rows
            if row.key in by_key
        ]
