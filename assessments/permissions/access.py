"""Fetches rows that a person may see or change. Everything else is the same 404, whether it exists or not."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponse

from ..models import Assessment, Edition, Membership, Result, Team, Unit, User, answering_sql
from ..models.frameworks import published_contents
from ..web.requests import Request
from . import roles as policy
from .roles import Permission

Fetched = TypeVar("Fetched", bound=Model)


class Permissions:
    """What one person may do in one team; in templates `{% if may.close %}`, with underscores for spaces."""

    def __init__(self, roles: Iterable[str], *, reads_comments_since: datetime | None = None) -> None:
        self.roles = frozenset(roles)
        self.reads_comments_since = reads_comments_since

    def __call__(self, action: str) -> bool:
        return policy.may_in_team(self.roles, action)

    # Templates would call this object; it must be looked up like a mapping instead.
    do_not_call_in_templates = True

    def reads_comments_from(self, moment: datetime | None) -> bool:
        """Whether this person, if they may read comments at all, may read those of an assessment first closed then.

        `moment` is None if it was never closed.
        """
        return self.reads_comments_since is None or moment is None or self.reads_comments_since <= moment

    @property
    def drawn_from(self) -> list[str]:
        """All that a page which asks only for permissions depends on, as plain values."""
        return sorted(self.roles)

    @property
    def sees_team_page(self) -> bool:
        """Whether this person has another role than in one assessment."""
        return bool(self.roles - {policy.FACILITATOR, policy.GUEST})

    def __getitem__(self, name: str) -> bool:
        return self(name.replace("_", " "))


def roles_in(user: User, team: Team) -> tuple[set[str], datetime | None]:
    """A person's roles for a team: own membership, manager of its unit or a unit above, administrator.

    Also the time from which they may read comments; None means all of them.
    """
    memberships = list(Membership.objects.filter(Q(team=team) | Q(unit__isnull=False), user=user))
    managed = {membership.unit_id for membership in memberships if membership.unit_id}
    own = next((membership for membership in memberships if membership.team_id), None)
    roles: set[str] = {own.role} if own else set()
    if managed and team.unit_id in Unit.objects.subtree_ids(managed):
        roles.add(policy.MANAGER)
    if user.is_administrator:
        roles.add(policy.ADMINISTRATOR)
    return roles, own.reads_comments_since if own else None


def roles_in_many(user: User) -> Callable[[Team], set[str]]:
    """A function that returns this person's roles for a team; two queries for any number of teams."""
    rows = list(Membership.objects.filter(user=user).values_list("role", "team_id", "unit_id"))
    managed = Unit.objects.subtree_ids({unit for *others, unit in rows if unit})
    in_team: dict = {}
    for role, team, _ in rows:
        in_team.setdefault(team, set()).add(role)

    def roles(team: Team) -> set[str]:
        granted = set(in_team.get(team.pk, set()))
        if team.unit_id in managed:
            granted.add(policy.MANAGER)
        if user.is_administrator:
            granted.add(policy.ADMINISTRATOR)
        return granted

    return roles


def _require(request: Request, team: Team, may: Permission, *, assessment: Assessment | None = None) -> Permissions:
    """The person's permissions in the team or in one of its assessments, which they may facilitate.

    Raises 404 for people who may not see the team, and 403 for people who see it but may not do this.
    """
    roles, reads_comments_since = roles_in(request.user, team)
    facilitating = _facilitating(request, assessment) if assessment else set()
    permissions = Permissions(roles | facilitating, reads_comments_since=reads_comments_since)
    if not permissions(Permission.SEE_TEAM):
        raise Http404
    if not permissions(may):
        raise PermissionDenied
    return permissions


def _fetch(queryset: QuerySet[Fetched], pk: UUID | int) -> Fetched:
    row = queryset.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _fetch_wired(queryset: QuerySet[Any], pk: UUID | int) -> Any:
    """The row with its edition from memory, so that long texts are not read for every request."""
    row = _fetch(queryset, pk)
    row.edition = published_contents(row.edition_id).edition
    return row


def get_team(request: Request, pk: UUID, *, may: Permission = Permission.SEE_TEAM) -> tuple[Team, Permissions]:
    team = _fetch(Team.objects.select_related("unit"), pk)
    return team, _require(request, team, may)


def get_assessment(
    request: Request, pk: UUID, *, may: Permission, pulse: bool = False
) -> tuple[Assessment, Permissions]:
    """`pulse` adds what a page that follows the assessment needs."""
    rows = Assessment.objects.select_related("team__unit", "facilitator")
    assessment = _fetch_wired(rows.with_pulse() if pulse else rows, pk)
    return assessment, _require(request, assessment.team, may, assessment=assessment)


def get_answering(request: Request, pk: UUID) -> tuple[Assessment, Permissions]:
    """The assessment, for a member who answers in it. One query, because every saved answer starts with it."""
    assessment = answering_sql.with_role(Assessment, pk, request.user)
    if assessment is None:
        raise Http404
    assessment.edition = published_contents(assessment.edition_id).edition
    if assessment.role_of_user is None:
        _require(request, assessment.team, Permission.ANSWER)
    permissions = Permissions({assessment.role_of_user})
    if not permissions(Permission.ANSWER):
        raise PermissionDenied
    return assessment, permissions


def get_followed(request: Request, pk: UUID) -> tuple[Assessment, Permissions]:
    """The assessment with `.pulse`, for its lead: one small query, because pages ask every few seconds."""
    role = Membership.objects.filter(team=OuterRef("team"), user=request.user).values("role")[:1]
    rows = Assessment.objects.select_related("team").with_pulse()
    assessment = _fetch_wired(rows.annotate(role_of_user=Subquery(role)), pk)
    if assessment.role_of_user != Membership.Role.LEAD:
        _require(request, assessment.team, Permission.SEE_PARTICIPATION)
    return assessment, Permissions({assessment.role_of_user})


def get_reviewed(request: Request, pk: UUID) -> tuple[Assessment, Permissions]:
    """The assessment with its review, for people who follow it: one small query."""
    own = Membership.objects.filter(team=OuterRef("team"), user=request.user)
    of_user = {
        "role_of_user": Subquery(own.values("role")[:1]),
        "reads_comments_since": Subquery(own.values("reads_comments_since")[:1]),
    }
    assessment = _fetch_wired(Assessment.objects.select_related("team", "review").annotate(**of_user), pk)
    if assessment.role_of_user in {Membership.Role.LEAD, Membership.Role.MEMBER}:
        granted = {assessment.role_of_user, *_facilitating(request, assessment)}
        return assessment, Permissions(granted, reads_comments_since=assessment.reads_comments_since)
    return assessment, _require(request, assessment.team, Permission.FOLLOW_REVIEW, assessment=assessment)


def _facilitating(request: Request, assessment: Assessment) -> set[str]:
    return {policy.FACILITATOR} if assessment.facilitator_id == request.user.pk else set()


def get_result(request: Request, pk: UUID, *, may: Permission = Permission.SEE_TEAM) -> tuple[Result, Permissions]:
    rows = Result.objects.select_related("team__unit", "framework", "assessment__provenance")
    result = _fetch_wired(rows, pk)
    return result, _require(request, result.team, may, assessment=result.assessment)


def get_edition(request: Request, key: str, pk: UUID) -> Edition:
    """A published or retired edition of this framework; drafts are for administrators."""
    editions = Edition.objects.visible_to(request.user).filter(framework__key=key)
    editions = editions.select_related("framework", "based_on__framework")
    return _fetch(editions, pk)


def site_permission(action: Permission) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Decorator for views outside teams: people must sign in, and get 403 without this permission."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @login_required
        @wraps(view)
        def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
            if not policy.may_in_site(is_administrator=request.user.is_administrator, action=action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapped

    return decorate
