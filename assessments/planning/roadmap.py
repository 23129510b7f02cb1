"""A team's actions next to its newest result: which are open, which look done, which were done without effect."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ..models import Action, Criterion, User
from ..models.results import as_fraction
from ..scoring import target_grading
from ..web.criterion_places import place_of
from .context import Aspiration
from .target_progress import GradedTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An action with its criterion, and what the newest result says about it.

    `criterion` is None if the edition in use no longer has it.
    """

    action: Action
    criterion: Criterion | None
    rating: str
    is_overdue: bool
    seems_done: bool
    without_effect: bool

    @property
    def place(self) -> str:
        """Where its criterion stands; empty if the framework no longer has it."""
        return place_of(self.criterion) if self.criterion else ""

    @property
    def can_begin(self) -> bool:
        return self.action.status == Action.Status.OPEN


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
    """A blocker, whether an action is planned for it, and whether the edition in use still asks for it."""

    criterion: Criterion
    rating: str
    is_planned: bool
    is_asked: bool

    @property
    def place(self) -> str:
        return place_of(self.criterion)


class Roadmap:
    """Everything on the roadmap page of a team. `actions` are those that the filter leaves."""

    def __init__(
        self,
        about: Aspiration,
        actions: Sequence[Action],
        *,
        owner: User | None = None,
        until: datetime.date | None = None,
    ) -> None:
        self.about = about
        self.owner = owner
        self.until = until
        self.everything = [self._planned(action) for action in actions]
        self.actions = [planned for planned in self.everything if self._passes_filter(planned.action)]

    @classmethod
    def of(cls, about: Aspiration, *, owner: User | None = None, until: datetime.date | None = None) -> "Roadmap":
        actions = Action.objects.filter(team=about.team, framework=about.framework).select_related("owner", "team")
        return cls(about, list(actions), owner=owner, until=until)

    def _passes_filter(self, action: Action) -> bool:
        if self.owner is not None and action.owner_id != self.owner.pk:
            return False
        if self.until is not None:
            return action.due is not None and action.due <= self.until
        return True

    def _planned(self, action: Action) -> Planned:
        criterion = self.about.contents.criterion_by_key.get(action.criterion)
        is_met = self._is_met(action.criterion)
        is_past_due = action.due is not None and action.due < self.about.team.today()
        is_done = action.status == Action.Status.DONE
        return Planned(
            action=action,
            criterion=criterion,
            rating=self._rating(criterion),
            is_overdue=action.is_pending and is_past_due,
            seems_done=action.is_pending and is_met is True and self._was_made_after(action.created_at),
            without_effect=is_done and is_met is False and self._is_newer_than(action.status_at),
        )

    def _is_met(self, key: str) -> bool | None:
        """Whether the newest result has the criterion as its level demands; None if it says nothing about it."""
        recalled = self.about.recalled
        row = recalled.rows.get(key) if recalled else None
        if recalled is None or row is None:
            return None
        return target_grading.meets(recalled.instrument, self.about.rule, as_fraction(row.points_exact))

    def _rating(self, criterion: Criterion | None) -> str:
        recalled = self.about.recalled
        if criterion is None or recalled is None:
            return ""
        row = recalled.rows.get(criterion.key)
        return criterion.answer_name(row.rating) if row else ""

    def _is_newer_than(self, moment: datetime.datetime) -> bool:
        """Whether the newest result is of a later day of the team, or of that day and made afterwards."""
        latest = self.about.latest
        if latest is None:
            return False
        day = self.about.team.day_of(moment)
        return latest.date > day or (latest.date == day and latest.created_at >= moment)

    def _was_made_after(self, moment: datetime.datetime) -> bool:
        """Whether the newest result came later, even if its answers were given before."""
        latest = self.about.latest
        if latest is not None and latest.created_at >= moment:
            return True
        return self._is_newer_than(moment)

    @property
    def columns(self) -> list[Column]:
        columns = []
        for status in Action.Status:
            actions = [planned for planned in self.actions if planned.action.status == status]
            columns.append(Column(status=status.value, label=str(status.label), actions=actions))
        return columns

    @property
    def seem_done(self) -> list[Planned]:
        return [planned for planned in self.everything if planned.seems_done]

    @property
    def without_effect(self) -> list[Planned]:
        return [planned for planned in self.everything if planned.without_effect]

    @property
    def progress(self) -> list[TargetProgress]:
        return [self._progress(target) for target in self.about.targets]

    def _progress(self, graded: GradedTarget) -> TargetProgress:
        leading = [planned.action.status for planned in self.everything if _leads_to(planned, graded)]
        return TargetProgress(target=graded, done=leading.count(Action.Status.DONE), all=len(leading))

    @cached_property
    def gaps(self) -> list[Gap]:
        """What keeps the team from the next level, in the order of the scoring document."""
        recalled = self.about.recalled
        if recalled is None:
            return []
        planned_keys = {planned.action.criterion for planned in self.everything if planned.action.is_pending}
        by_key = recalled.result.edition.contents.criterion_by_key
        blocking = [row for row in recalled.rows.values() if row.blocker is not None and row.key in by_key]
        gaps = []
        for row in sorted(blocking, key=lambda row: row.blocker or 0):
            criterion = by_key[row.key]
            gap = Gap(
                criterion=criterion,
                rating=criterion.answer_name(row.rating),
                is_planned=row.key in planned_keys,
                is_asked=self.about.asks(row.key),
            )
            gaps.append(gap)
        return gaps


def _leads_to(planned: Planned, graded: GradedTarget) -> bool:
    """An action leads to a target if its criterion is in the part of the target, at its level or below."""
    criterion = planned.criterion
    if criterion is None or planned.action.status == Action.Status.DROPPED:
        return False
    if graded.target.dimension not in ("", criterion.dimension.key):
        return False
    return criterion.level is None or criterion.level.number <= graded.target.level
