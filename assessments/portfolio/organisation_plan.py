"""The organisation's plan: every target and action of the teams that a person may see, by unit, overdue first."""

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.utils import timezone

from ..models import Action, Edition, Framework, Result, Target, Team, Unit, User
from ..models.installation import current_generation
from ..models.plans import TargetQuerySet
from ..permissions.access import teams_where_person_may
from ..permissions.roles import Permission
from ..planning.target_progress import GradedTarget, graded
from ..web.kept_fragments import fragment_digest, kept_while

PAGE = 50
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


class Days(dict[str, datetime.date]):
    """The date that it is now in each time zone."""

    def __init__(self) -> None:
        super().__init__()
        self.now = timezone.now()

    def __missing__(self, zone: str) -> datetime.date:
        self[zone] = timezone.localdate(self.now, timezone=ZoneInfo(zone))
        return self[zone]


class OrganisationPlan:
    """Targets and pending actions, by unit. Only what a page shows is read whole: there may be very many.

    `teams` counts the teams that they are of, those whose pages the person may open; `covers_all` says that these are
    all. `left_out` counts the targets that are long over and not among the entries, `without_actions` the teams whose
    actions the person may not see.
    """

    def __init__(
        self, listed: Iterable[Listed], days: Days, *, teams: int, covers_all: bool, left_out: int, without_actions: int
    ) -> None:
        self.listed = sorted(listed)
        self.days = days
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
        with_results = visible.filter(teams_where_person_may(user, Permission.SEE_RESULT))
        days = Days()
        covers_everything = user.is_administrator and unit is None
        # Looking up each team again would cost 4 ms of the database.
        in_teams = Target.objects.all() if covers_everything else Target.objects.filter(team__in=visible)
        all_targets = list(InPlan.rows(in_teams))
        targets = [row for row in all_targets if long_over or row.day >= days[row.time_zone] - LONG_OVER]
        over = [row.day for row in targets if row.is_over(days)]
        met = _met(in_teams.filter(due__range=(min(over), max(over)))) if over else set()
        listed = [row.listed(is_target=True, is_overdue=row.is_over(days) and row.pk not in met) for row in targets]
        for row in InPlan.rows(Action.objects.pending().filter(team__in=with_results)):
            listed.append(row.listed(is_target=False, is_overdue=row.is_over(days)))
        teams = visible.count()
        return cls(
            [entry for entry in listed if entry.is_overdue or not only_overdue],
            days,
            teams=teams,
            covers_all=user.is_administrator,
            left_out=len(all_targets) - len(targets),
            without_actions=teams - with_results.count(),
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
        """A page of what is listed, for `read`."""
        return Paginator(self.listed, PAGE).get_page(number)

    def digest_of(self, listed: Sequence[Listed]) -> str:
        """Stands for all that is shown of these entries, from small rows.

        A page of 50 that was drawn before takes 35 ms of CPU: they are neither graded nor drawn again, which takes 25.
        """
        targets = Target.objects.filter(pk__in=[entry.pk for entry in listed if entry.is_target]).order_by("pk")
        actions = Action.objects.filter(pk__in=[entry.pk for entry in listed if not entry.is_target]).order_by("pk")
        results = Result.objects.current_only().filter(team__in=targets.order_by().values("team")).order_by("pk")
        return fragment_digest(
            [(entry.pk, entry.is_target, entry.is_overdue) for entry in listed],
            list(targets.values_list(*_columns(Target), "set_by__name", "set_by__email")),
            list(actions.values_list(*_columns(Action), "owner__name", "owner__email")),
            list(results.values_list("pk", flat=True)),
            sorted(self.days.items()),
            # Frameworks and their editions.
            str(current_generation()),
        )


def _columns(model: type[Target | Action]) -> list[str]:
    """All of a target or an action, and what is shown of its team."""
    own = [field.attname for field in model._meta.concrete_fields]
    return [*own, "team__name", "team__unit", "team__unit__name", "team__time_zone"]


class InPlan(NamedTuple):
    """What the order of the plan needs to know of a target or an action, and no more: there may be very many.

    An action without a due date has the last `day` that there is.
    """

    pk: int
    day: datetime.date
    team: str
    unit: int
    unit_name: str
    time_zone: str

    @classmethod
    def rows(cls, planned: QuerySet) -> "Iterator[InPlan]":
        columns = ("pk", "due", "team__name", "team__unit", "team__unit__name", "team__time_zone")
        for pk, due, *place in planned.order_by().values_list(*columns):
            yield cls(pk, due or datetime.date.max, *place)

    def is_over(self, days: Days) -> bool:
        return self.day < days[self.time_zone]

    def listed(self, *, is_target: bool, is_overdue: bool) -> Listed:
        """By unit; within it overdue first, then by due date, those without one last; targets before actions."""
        place = (self.unit_name.lower(), self.unit, not is_overdue, self.day, self.team.lower(), not is_target, self.pk)
        return Listed(place, is_overdue, is_target, self.pk)


def _met(over: TargetQuerySet) -> set[int]:
    """Keys of these targets that were met by their due date: they are over, but not overdue.

    Grading eight hundred takes a quarter of a second of CPU. It changes only with the targets, the current results of
    their teams, and what has been published since.
    """
    targets = over.order_by("pk").values_list("pk", "team", "due", "revision", "baseline")
    results = Result.objects.current_only().filter(team__in=over.order_by().values("team")).order_by("pk")
    digest = fragment_digest(
        # Bytes, as writing down thousands of UUIDs takes longer than reading them.
        [(pk, team.bytes, due, revision, baseline and baseline.bytes) for pk, team, due, revision, baseline in targets],
        b"".join(pk.bytes for pk in results.values_list("pk", flat=True)),
        str(current_generation()),
        timezone.localdate().isoformat(),
    )

    def work_out() -> set[int]:
        return {how.target.pk for how in graded(over.for_grading(), with_shares=False) if how.is_met}

    return kept_while("met-targets", digest, lambda: digest, work_out)


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
