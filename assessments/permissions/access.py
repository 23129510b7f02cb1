"""Fetches rows that a person may see or change. Everything else is the same 404, whether it exists or not."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponseBase

from ..models import Assessment, CheckState, Edition, Membership, Result, Room, Round, Team, Unit, User, Webhook
from ..models.built_once import BuiltOnce
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


#: Those of a person in a team and in any unit. Every page asks; an order would join other tables.
_MEMBERSHIPS = BuiltOnce(
    lambda team, user: (
        Membership.objects.filter(Q(team=team) | Q(unit__isnull=False), user=user)
        .order_by()
        .values_list("role", "team_id", "unit_id", "reads_comments_since")
    ),
    UUID,
    UUID,
)
_TEAM = BuiltOnce(lambda pk: Team.objects.filter(pk=pk).select_related("unit").order_by(), UUID)
_RESULT = BuiltOnce(
    lambda pk: Result.objects.filter(pk=pk).select_related("team__unit", "assessment__provenance").order_by(), UUID
)


def _answered_by(pk: UUID, user: UUID) -> QuerySet[Assessment]:
    """The assessment with its team, `.role_of_user`, which is None outside that, and `.has_checks`."""
    own = Membership.objects.filter(team=OuterRef("team"), user=user).order_by()
    annotations: dict[str, Any] = {
        "role_of_user": Subquery(own.values("role")),
        "has_checks": Exists(CheckState.objects.filter(team=OuterRef("team"))),
    }
    return Assessment.objects.filter(pk=pk).select_related("team").annotate(**annotations).order_by()


ANSWERED_BY: BuiltOnce[Any] = BuiltOnce(_answered_by, UUID, UUID)


def roles_in(user: User, team: Team) -> tuple[set[str], datetime | None]:
    """A person's roles for a team: own membership, manager of its unit or a unit above, administrator.

    Also the time from which they may read comments; None means all of them.
    """
    memberships = _MEMBERSHIPS.rows(team.pk, user.pk)
    managed = {unit for _, _, unit, _ in memberships if unit}
    own = next(((role, since) for role, in_team, _, since in memberships if in_team), None)
    roles: set[str] = {own[0]} if own else set()
    if managed and team.unit_id in Unit.objects.subtree_ids(managed):
        roles.add(policy.MANAGER)
    if user.is_administrator:
        roles.add(policy.ADMINISTRATOR)
    return roles, own[1] if own else None


def roles_in_unit(user: User, unit: Unit) -> set[str]:
    """A person's roles for a unit: manager of it or of a unit above, administrator."""
    managed = Membership.objects.filter(user=user, unit__isnull=False).values_list("unit", flat=True)
    roles = {policy.MANAGER} if unit.pk in Unit.objects.subtree_ids(managed) else set()
    if user.is_administrator:
        roles.add(policy.ADMINISTRATOR)
    return roles


def teams_where_person_may(user: User, may: Permission) -> Q:
    """The teams in which this person may do this, as a condition on teams; two queries for any number of them."""
    allowing = policy.roles_with(may)
    if user.is_administrator and policy.ADMINISTRATOR in allowing:
        return Q()
    rows = list(Membership.objects.filter(user=user, role__in=allowing).order_by().values_list("team_id", "unit_id"))
    managed = [unit for _team, unit in rows if unit]
    # Only managers need the tree.
    units = Unit.objects.subtree_ids(managed) if managed else []
    return Q(pk__in=[team for team, _unit in rows if team]) | Q(unit__in=units)


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


def _or_404(row: Fetched | None) -> Fetched:
    if row is None:
        raise Http404
    return row


def _fetch(queryset: QuerySet[Fetched], pk: UUID | int) -> Fetched:
    return _or_404(queryset.filter(pk=pk).order_by().first())


def _wired(row: Any) -> Any:
    """The row with its edition from memory, so that long texts are not read for every request."""
    row.edition = published_contents(row.edition_id).edition
    return row


def _fetch_wired(queryset: QuerySet[Any], pk: UUID | int) -> Any:
    return _wired(_fetch(queryset, pk))


def get_team(request: Request, pk: UUID, *, may: Permission = Permission.SEE_TEAM) -> tuple[Team, Permissions]:
    team = _or_404(_TEAM.first(pk))
    return team, _require(request, team, may)


def teams_where(user: User, *, may: Permission) -> QuerySet[Team]:
    """The teams in which a membership allows this, by name."""
    roles = policy.roles_with(may)
    return (
        Team.objects.filter(memberships__user=user, memberships__role__in=roles).select_related("unit").order_by("name")
    )


def get_unit(request: Request, pk: int, *, may: Permission) -> Unit:
    """The unit; 403 for people who may not do this in it. It is no secret that it exists: the portfolio names them."""
    unit = _fetch(Unit.objects.all(), pk)
    if not Permissions(roles_in_unit(request.user, unit))(may):
        raise PermissionDenied
    return unit


def roles_in_round(user: User, round_: Round) -> set[str]:
    """A person's roles for a round: those for its unit; only administrators have one for the whole organisation."""
    if round_.unit is not None:
        return roles_in_unit(user, round_.unit)
    return {policy.ADMINISTRATOR} if user.is_administrator else set()


def runs_rounds(user: User) -> bool:
    """Whether there is a unit, or the whole organisation, in which this person may run rounds."""
    return user.is_administrator or Membership.objects.filter(user=user, role=Membership.Role.MANAGER).exists()


def get_round(request: Request, pk: UUID, *, may: Permission | None = None) -> tuple[Round, Permissions]:
    """404 for people who have nothing to do with it; 403 for managers who see some of its teams and may not do this."""
    round_ = _fetch(Round.objects.visible_to(request.user).select_related("unit", "edition__framework"), pk)
    permissions = Permissions(roles_in_round(request.user, round_))
    if may is not None and not permissions(may):
        raise PermissionDenied
    return round_, permissions


def get_assessment(
    request: Request, pk: UUID, *, may: Permission, pulse: bool = False
) -> tuple[Assessment, Permissions]:
    """`pulse` adds what a page that follows the assessment needs."""
    rows = Assessment.objects.select_related("team__unit", "facilitator", "provenance", "room")
    assessment = _fetch_wired(rows.with_pulse() if pulse else rows, pk)
    return assessment, _require(request, assessment.team, may, assessment=assessment)


def get_answering(request: Request, pk: UUID) -> tuple[Assessment, Permissions]:
    """The assessment, for a member who answers in it. One query, because every saved answer starts with it."""
    assessment = _wired(_or_404(ANSWERED_BY.first(pk, request.user.pk)))
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


def get_polled_room(request: Request, pk: UUID, *, may: Permission) -> Room | None:
    """An assessment's live room, for people of its team and its facilitator who may do this.

    One small query, because every phone in the room asks. None for everybody else, for whom `get_assessment` decides,
    and without a room that is on.
    """
    role = Membership.objects.filter(team=OuterRef("assessment__team"), user=request.user).values("role")[:1]
    rooms = Room.objects.running().filter(pk=pk).select_related("assessment")
    columns = ("state", "step", "version", "criterion", "round", "assessment__facilitator", "assessment__status")
    room = rooms.annotate(role_of_user=Subquery(role)).only(*columns).first()
    if room is None:
        return None
    granted = {room.role_of_user} if room.role_of_user else set()
    return room if Permissions(granted | _facilitating(request, room.assessment))(may) else None


def _facilitating(request: Request, assessment: Assessment) -> set[str]:
    return {policy.FACILITATOR} if assessment.facilitator_id == request.user.pk else set()


def get_result(request: Request, pk: UUID, *, may: Permission = Permission.SEE_TEAM) -> tuple[Result, Permissions]:
    result = _wired(_or_404(_RESULT.first(pk)))
    result.framework = result.edition.framework
    return result, _require(request, result.team, may, assessment=result.assessment)


def get_edition(request: Request, key: str, pk: UUID) -> Edition:
    """A published or retired edition of this framework; drafts are for administrators."""
    editions = Edition.objects.visible_to(request.user).filter(framework__key=key)
    editions = editions.select_related("framework", "based_on__framework")
    return _fetch(editions, pk)


def get_webhook(request: Request, pk: UUID) -> tuple[Webhook, Permissions | None]:
    """The webhook with its team and the person's permissions there; None if it is the organisation's."""
    webhook = _fetch(Webhook.objects.select_related("team__unit", "made_by"), pk)
    if webhook.team:
        return webhook, _require(request, webhook.team, Permission.MANAGE_WEBHOOKS)
    is_administrator = request.user.is_administrator
    if not policy.may_in_site(is_administrator=is_administrator, action=Permission.MANAGE_SITE_WEBHOOKS):
        raise Http404
    return webhook, None


def site_permission(action: Permission) -> Callable[[Callable[..., HttpResponseBase]], Callable[..., HttpResponseBase]]:
    """Decorator for views outside teams: people must sign in, and get 403 without this permission."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def wrapped(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not policy.may_in_site(is_administrator=request.user.is_administrator, action=action):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return wrapped

    return decorate
