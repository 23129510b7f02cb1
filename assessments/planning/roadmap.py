"""A team's actions next to its newest result: which are open, which look done, which were done without effect."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from django.utils.translation import gettext as _

from ..models import Action, Criterion, Dimension, User
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
    seems_done: bool
    without_effect: bool

    @property
    def place(self) -> str:
        """Where its criterion stands; empty if the framework no longer has it."""
        return place_of(self.criterion) if self.criterion else ""

    @property
    def can_become_an_issue(self) -> bool:
        """Whether the team has a tracker, and the action neither a link nor an end."""
        return self.action.is_pending and not self.action.link and hasattr(self.action.team, "tracker")

    @property
    def is_overdue(self) -> bool:
        return self.action.is_overdue

    @property
    def moves(self) -> list[tuple[str, str]]:
        """Where its buttons move it, as (status, label)."""
        if self.action.status == Action.Status.OPEN:
            return [(Action.Status.DOING.value, _("Start")), (Action.Status.DONE.value, _("Done"))]
        if self.action.status == Action.Status.DOING:
            return [(Action.Status.DONE.value, _("Done"))]
        return [(Action.Status.OPEN.value, _("Open again"))]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedActions:
    """Which actions of a roadmap to show; without a choice all of them.

    `owner` is the id of a person, or `NOBODY`. `dimension` is the key of one.
    """

    owner: str = ""
    overdue: bool = False
    until: datetime.date | None = None
    dimension: str = ""

    NOBODY: ClassVar[str] = "none"

    def includes(self, planned: Planned) -> bool:
        action = planned.action
        owner = str(action.owner_id) if action.owner_id else self.NOBODY
        if self.owner and owner != self.owner:
            return False
        if self.overdue and not planned.is_overdue:
            return False
        if self.until and (action.due is None or action.due > self.until):
            return False
        criterion = planned.criterion
        return not self.dimension or (criterion is not None and criterion.dimension.key == self.dimension)


class Roadmap:
    """Everything on the roadmap page of a team. `actions` are those that are wanted of `everything`."""

    def __init__(self, about: Aspiration, actions: Sequence[Action]) -> None:
        self.about = about
        self.everything = [self._planned(action) for action in actions]
        self.actions = self.everything

    @classmethod
    def of(cls, about: Aspiration, wanted: WantedActions | None = None) -> "Roadmap":
        actions = Action.objects.filter(team=about.team, framework=about.framework)
        roadmap = cls(about, list(actions.select_related("owner", "team__tracker", "issue")))
        if wanted is not None:
            roadmap.show(wanted)
        return roadmap

    def show(self, wanted: WantedActions) -> None:
        self.actions = [planned for planned in self.everything if wanted.includes(planned)]

    @property
    def owners(self) -> list[User]:
        """Everyone who owns an action, by name."""
        owners = {planned.action.owner for planned in self.everything if planned.action.owner}
        return sorted(owners, key=lambda owner: owner.name)

    @property
    def dimensions(self) -> list[Dimension]:
        """Those with an action, in the order of the framework."""
        keys = {planned.criterion.dimension.key for planned in self.everything if planned.criterion}
        return [dimension for dimension in self.about.contents.dimensions if dimension.key in keys]

    def _planned(self, action: Action) -> Planned:
        criterion = self.about.contents.criterion_by_key.get(action.criterion)
        is_met = self._is_met(action.criterion)
        is_done = action.status == Action.Status.DONE
        return Planned(
            action=action,
            criterion=criterion,
            rating=self._rating(criterion),
            seems_done=action.is_pending and is_met is True and self._was_made_after(action.created_at),
            without_effect=is_done and is_met is False and self._is_newer_than(action.status_at),
        )

    def _is_met(self, key: str) -> bool | None:
        """Whether the newest result has the criterion as its level demands; None if it says nothing about it."""
        recalled = self.about.recalled
        row = recalled.rows.get(key) if recalled else None
        if recalled is None or row is None:
            return None
        instrument, points = recalled.instrument, as_fraction(row.points_exact)
        met = target_grading.meets(instrument, self.about.rule, points, level=self.about.next_level)
        # In a rubric nothing says up to which level an action was to lead: what is not met may be better all the same.
        return met or None if instrument.rubric else met

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
