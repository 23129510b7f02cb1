"""The organisation's plan: every target and action of the teams that a person may see, by unit, overdue first."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.paginator import Page, Paginator

from ..models import Action, Edition, Framework, Target, Team, Unit, User
from ..permissions import roles as policy
from ..permissions.access import roles_in_many
from ..permissions.roles import Permission
from ..planning.target_progress import GradedTarget, graded

PAGE = 100
#: After how long a target that is over is left out, unless it is asked for.
LONG_OVER = datetime.timedelta(days=365)


@dataclass(slots=True, kw_only=True)
class Entry:
    """A target or an action of a team. `graded` is filled in for what a page shows."""

    team: Team
    due: datetime.date | None
    is_overdue: bool
    target: Target | None = None
    action: Action | None = None
    graded: GradedTarget | None = None
    about: str = ""

    @property
    def framework(self) -> Framework | None:
        """Levels and criteria mean something in their framework only, so the page names it."""
        planned = self.target or self.action
        return planned.framework if planned else None


class OrganisationPlan:
    """Targets and pending actions. Actions name what is missing, so they need `see result`.

    Without `long_over`, targets that were due more than a year ago are left out and counted in `left_out`.
    `without_actions` counts the teams whose actions the person may not see.
    """

    def __init__(
        self,
        user: User,
        *,
        units: list[Unit],
        unit: int | None = None,
        only_overdue: bool = False,
        long_over: bool = False,
    ) -> None:
        self.user = user
        self.units = units
        self.long_over = long_over
        self.left_out = 0
        teams = Team.objects.visible_to(user).select_related("unit")
        if unit is not None:
            teams = teams.filter(unit__in=Unit.objects.subtree_ids([unit]))
        self.teams = {team.pk: team for team in teams}
        targets = list(self._targets())
        self._grade([entry for entry in targets if entry.is_overdue])
        teams_with_results = self._teams_with_results()
        self.without_actions = len(self.teams) - len(teams_with_results)
        entries = [*targets, *self._actions(teams_with_results)]
        if only_overdue:
            entries = [entry for entry in entries if entry.is_overdue]
        self.entries = sorted(entries, key=self._order)

    def _targets(self) -> Iterable[Entry]:
        rows = Target.objects.filter(team__in=self.teams).for_grading()
        for target in rows:
            team = self.teams[target.team_id]
            target.team = team
            today = team.today()
            if not self.long_over and target.due < today - LONG_OVER:
                self.left_out += 1
            else:
                yield Entry(team=team, due=target.due, is_overdue=target.due < today, target=target)

    @staticmethod
    def _grade(entries: list[Entry]) -> None:
        """Fills in how targets are doing. One that was met by its due date is over, but not overdue."""
        targets = [entry.target for entry in entries if entry.target]
        for entry, graded_target in zip(entries, graded(targets, with_shares=False), strict=True):
            entry.graded = graded_target
            entry.is_overdue = entry.is_overdue and not graded_target.is_met

    def _actions(self, teams: set) -> Iterable[Entry]:
        rows = Action.objects.pending().filter(team__in=teams).select_related("owner", "framework")
        for action in rows:
            team = self.teams[action.team_id]
            overdue = action.due is not None and action.due < team.today()
            yield Entry(team=team, due=action.due, is_overdue=overdue, action=action)

    def _teams_with_results(self) -> set:
        roles = roles_in_many(self.user)
        return {pk for pk, team in self.teams.items() if policy.may_in_team(roles(team), Permission.SEE_RESULT)}

    @staticmethod
    def _order(entry: Entry) -> tuple:
        """By unit; within it overdue first, then by due date, those without one last."""
        day = entry.due or datetime.date.max
        return entry.team.unit.name.lower(), entry.team.unit_id, not entry.is_overdue, day, entry.team.name.lower()

    @property
    def overdue(self) -> int:
        return sum(entry.is_overdue for entry in self.entries)

    @property
    def targets(self) -> int:
        return sum(entry.target is not None for entry in self.entries)

    @property
    def actions(self) -> int:
        return len(self.entries) - self.targets

    def page(self, number: str | None) -> Page:
        """A page of entries. Of the targets that are not over, only those on the page are graded."""
        page = Paginator(self.entries, PAGE).get_page(number)
        self._grade([entry for entry in page.object_list if entry.target and not entry.graded])
        self._name_criteria(page.object_list)
        return page

    @staticmethod
    def _name_criteria(entries: Iterable[Entry]) -> None:
        """Says of each action which dimension it is in."""
        editions = {edition.framework_id: edition for edition in Edition.objects.usable()}
        for entry in entries:
            edition = entry.action and editions.get(entry.action.framework_id)
            if entry.action and edition:
                criterion = edition.contents.criterion_by_key.get(entry.action.criterion)
                entry.about = criterion.dimension.name if criterion else ""
