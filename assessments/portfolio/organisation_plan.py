"""The organisation's plan: every target and action of the teams that a person may see, by unit, overdue first."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

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
    """Targets and pending actions, by unit.

    `teams` counts the teams that they are of, those whose pages the person may open; `covers_all` says that these are
    all. `left_out` counts the targets that are long over and not among the entries, `without_actions` the teams whose
    actions the person may not see.
    """

    def __init__(
        self, entries: Iterable[Entry], *, teams: int, covers_all: bool, left_out: int, without_actions: int
    ) -> None:
        self.entries = sorted(entries, key=_by_unit)
        self.teams = teams
        self.covers_all = covers_all
        self.left_out = left_out
        self.without_actions = without_actions

    @classmethod
    def of(
        cls, user: User, *, unit: int | None = None, only_overdue: bool = False, long_over: bool = False
    ) -> "OrganisationPlan":
        """What this person may see. Actions name what is missing, so they need `see result`.

        Without `long_over`, targets that were due more than a year ago are left out.
        """
        visible = Team.objects.visible_to(user).select_related("unit")
        if unit is not None:
            visible = visible.filter(unit__in=Unit.objects.subtree_ids([unit]))
        teams = {team.pk: team for team in visible}
        all_targets = _targets(teams)
        targets = [entry for entry in all_targets if long_over or not _is_long_over(entry)]
        _grade([entry for entry in targets if entry.is_overdue])

        roles = roles_in_many(user)
        with_results = {
            pk: team for pk, team in teams.items() if policy.may_in_team(roles(team), Permission.SEE_RESULT)
        }
        entries = [*targets, *_actions(with_results)]
        if only_overdue:
            entries = [entry for entry in entries if entry.is_overdue]
        return cls(
            entries,
            teams=len(teams),
            covers_all=user.is_administrator,
            left_out=len(all_targets) - len(targets),
            without_actions=len(teams) - len(with_results),
        )

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
        _grade([entry for entry in page.object_list if entry.target and not entry.graded])
        _name_criteria(page.object_list)
        return page


def _by_unit(entry: Entry) -> tuple:
    """By unit; within it overdue first, then by due date, those without one last."""
    day = entry.due or datetime.date.max
    return entry.team.unit.name.lower(), entry.team.unit_id, not entry.is_overdue, day, entry.team.name.lower()


def _targets(teams: Mapping[UUID, Team]) -> list[Entry]:
    entries = []
    for target in Target.objects.filter(team__in=teams).for_grading():
        team = teams[target.team_id]
        target.team = team
        entries.append(Entry(team=team, due=target.due, is_overdue=target.due < team.today(), target=target))
    return entries


def _is_long_over(entry: Entry) -> bool:
    return entry.due is not None and entry.due < entry.team.today() - LONG_OVER


def _actions(teams: Mapping[UUID, Team]) -> list[Entry]:
    entries = []
    for action in Action.objects.pending().filter(team__in=teams).select_related("owner", "framework"):
        action.team = teams[action.team_id]
        entries.append(Entry(team=action.team, due=action.due, is_overdue=action.is_overdue, action=action))
    return entries


def _grade(entries: list[Entry]) -> None:
    """Fills in how targets are doing. One that was met by its due date is over, but not overdue."""
    targets = [entry.target for entry in entries if entry.target]
    for entry, graded_target in zip(entries, graded(targets, with_shares=False), strict=True):
        entry.graded = graded_target
        entry.is_overdue = entry.is_overdue and not graded_target.is_met


def _name_criteria(entries: Iterable[Entry]) -> None:
    """Says of each action which dimension it is in."""
    editions = {edition.framework_id: edition for edition in Edition.objects.usable()}
    for entry in entries:
        edition = entry.action and editions.get(entry.action.framework_id)
        if entry.action and edition:
            criterion = edition.contents.criterion_by_key.get(entry.action.criterion)
            entry.about = criterion.dimension.name if criterion else ""
