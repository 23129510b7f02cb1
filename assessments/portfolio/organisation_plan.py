"""The organisation's plan: every target and action of the teams that a person may see, by unit, overdue first."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.utils import timezone

from ..models import Action, Edition, Framework, Result, Target, Team, Unit, User
from ..models.installation import current_generation
from ..models.teams import TeamQuerySet
from ..permissions import roles as policy
from ..permissions.access import roles_in_many
from ..permissions.roles import Permission
from ..planning.target_progress import GradedTarget, graded
from ..web.kept_fragments import fragment_digest, kept

PAGE = 100
#: After how long a target that is over is left out, unless it is asked for.
LONG_OVER = datetime.timedelta(days=365)


@dataclass(slots=True, kw_only=True)
class Entry:
    """A target or an action of a team; a target is graded."""

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


class Listed(NamedTuple):
    """An entry before it is read: where it stands, and what it is."""

    place: tuple
    is_overdue: bool
    is_target: bool
    pk: int
    team: UUID


class OrganisationPlan:
    """Targets and pending actions, by unit. Only what a page shows is read whole: there may be very many.

    `teams` counts the teams that they are of, those whose pages the person may open; `covers_all` says that these are
    all. `left_out` counts the targets that are long over and not among the entries, `without_actions` the teams whose
    actions the person may not see.
    """

    def __init__(
        self, listed: Iterable[Listed], *, teams: int, covers_all: bool, left_out: int, without_actions: int
    ) -> None:
        self.listed = sorted(listed)
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
        visible = Team.objects.visible_to(user)
        if unit is not None:
            visible = visible.filter(unit__in=Unit.objects.subtree_ids([unit]))
        teams = {team.pk: team for team in _teams(visible)}
        rows = Target.objects.order_by("pk").values_list("pk", "team", "due", "revision", "baseline", named=True)
        all_targets = [row for row in rows if row.team in teams]
        targets = [row for row in all_targets if long_over or row.due >= teams[row.team].today - LONG_OVER]
        over = [row for row in targets if row.due < teams[row.team].today]
        overdue = {row.pk for row in over} - _met(over)
        listed = [
            teams[row.team].listed(row.pk, row.due, is_target=True, is_overdue=row.pk in overdue) for row in targets
        ]
        roles = roles_in_many(user)
        with_results = {
            pk for pk, team in teams.items() if policy.may_in_team(roles(pk, team.unit_id), Permission.SEE_RESULT)
        }
        if with_results:
            actions = Action.objects.pending().order_by().values_list("pk", "team", "due")
            listed += [
                teams[team].listed(pk, due, is_target=False, is_overdue=due is not None and due < teams[team].today)
                for pk, team, due in actions
                if team in with_results
            ]
        return cls(
            [entry for entry in listed if entry.is_overdue or not only_overdue],
            teams=len(teams),
            covers_all=user.is_administrator,
            left_out=len(all_targets) - len(targets),
            without_actions=len(teams) - len(with_results),
        )

    @property
    def total(self) -> int:
        return len(self.listed)

    @property
    def overdue(self) -> int:
        return sum(entry.is_overdue for entry in self.listed)

    @property
    def targets(self) -> int:
        return sum(entry.is_target for entry in self.listed)

    @property
    def actions(self) -> int:
        return self.total - self.targets

    def page(self, number: str | None) -> Page:
        """A page of entries."""
        page: Page = Paginator(self.listed, PAGE).get_page(number)
        page.object_list = read(list(page.object_list))
        return page


class TeamInPlan(NamedTuple):
    """What the order of the plan and somebody's roles need to know of a team."""

    pk: UUID
    name: str
    unit_id: int
    unit_name: str
    today: datetime.date

    def listed(self, pk: int, due: datetime.date | None, *, is_target: bool, is_overdue: bool) -> Listed:
        """By unit; within it overdue first, then by due date, those without one last; targets before actions."""
        day = due or datetime.date.max
        place = (self.unit_name.lower(), self.unit_id, not is_overdue, day, self.name.lower(), not is_target, pk)
        return Listed(place=place, is_overdue=is_overdue, is_target=is_target, pk=pk, team=self.pk)


def _teams(visible: TeamQuerySet) -> Iterator[TeamInPlan]:
    now, days = timezone.now(), dict[str, datetime.date]()
    rows = visible.order_by().values_list("pk", "name", "unit", "unit__name", "time_zone")
    for pk, name, unit, unit_name, zone in rows:
        if zone not in days:
            days[zone] = timezone.localdate(now, timezone=ZoneInfo(zone))
        yield TeamInPlan(pk=pk, name=name, unit_id=unit, unit_name=unit_name, today=days[zone])


def _met(over: Sequence[Any]) -> set[int]:
    """Keys of the targets that were met by their due date: they are over, but not overdue.

    Grading eight hundred takes a quarter of a second of CPU. It changes only with the targets, the current results of
    their teams, and what has been published since.
    """
    if not over:
        return set()
    chosen = Target.objects.filter(pk__in=[row.pk for row in over])
    results = Result.objects.current_only().filter(team__in=chosen.order_by().values("team")).order_by("pk")
    digest = fragment_digest(
        [[str(value) for value in row] for row in over],
        [[str(value) for value in row] for row in results.values_list("pk", "worked_out_again")],
        str(current_generation()),
        timezone.localdate().isoformat(),
    )

    def work_out() -> set[int]:
        return {how.target.pk for how in graded(chosen.for_grading(), with_shares=False) if how.is_met}

    return kept("met-targets", digest, work_out)


def read(listed: Sequence[Listed]) -> list[Entry]:
    """These entries with everything that a page shows, in the same order."""
    targets = _targets({entry.pk for entry in listed if entry.is_target})
    actions = _actions({entry.pk for entry in listed if not entry.is_target})
    entries = [(targets if entry.is_target else actions).get(entry.pk) for entry in listed]
    # One may be gone by now.
    return [entry for entry in entries if entry]


def _targets(pks: set[int]) -> dict[int, Entry]:
    """Targets by their keys. Three queries, and none without targets."""
    if not pks:
        return {}
    entries = {}
    for how in graded(Target.objects.filter(pk__in=pks).for_grading().select_related("team__unit"), with_shares=False):
        target = how.target
        is_overdue = target.due < target.team.today() and not how.is_met
        entries[target.pk] = Entry(team=target.team, due=target.due, is_overdue=is_overdue, target=target, graded=how)
    return entries


def _actions(pks: set[int]) -> dict[int, Entry]:
    """Actions by their keys. Two queries, and none without actions."""
    if not pks:
        return {}
    entries = {}
    for action in Action.objects.filter(pk__in=pks).select_related("owner", "framework", "team__unit"):
        entries[action.pk] = Entry(team=action.team, due=action.due, is_overdue=action.is_overdue, action=action)
    _name_criteria(entries.values())
    return entries


def _name_criteria(entries: Iterable[Entry]) -> None:
    """Says of each action which dimension it is in."""
    editions = {edition.framework_id: edition for edition in Edition.objects.usable()}
    for entry in entries:
        edition = entry.action and editions.get(entry.action.framework_id)
        if entry.action and edition:
            criterion = edition.contents.criterion_by_key.get(entry.action.criterion)
            entry.about = criterion.dimension.name if criterion else ""
