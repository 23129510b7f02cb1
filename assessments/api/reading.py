"""What programs read: each address shows what the page of the same thing shows the owner of the key, or less."""

from typing import Annotated
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpResponse
from ninja import Query, Router

from ..frameworks.format.files import write
from ..frameworks.storing import file_of
from ..models import (
    Action,
    Assessment,
    Edition,
    Framework,
    Membership,
    Result,
    Round,
    Target,
    Team,
    Unit,
    User,
    Webhook,
)
from ..models.frameworks import EditionQuerySet
from ..permissions import roles
from ..permissions.access import get_assessment, get_result, get_round, get_team, get_webhook
from ..permissions.roles import Permission
from .replies import AfterNumber, Limit, PageJson, page_of, shown
from .requests import READ, ApiRequest
from .schemas import (
    ActionJson,
    ActionStatus,
    AssessmentJson,
    Day,
    EditionContentsJson,
    EditionJson,
    FrameworkJson,
    KeyJson,
    MeJson,
    MembershipJson,
    PersonJson,
    ResultJson,
    ResultPartsJson,
    RoundJson,
    TargetJson,
    TeamJson,
    UnitJson,
    WebhookJson,
)

router = Router(auth=READ)
AfterId = Annotated[UUID | None, Query(description="The `next` of the page before.")]
OfTeam = Annotated[UUID | None, Query(description="Only of this team.")]
OfFramework = Annotated[str | None, Query(max_length=120, pattern=r"^[^\x00]*$", description="Only of this framework.")]


def teams_in_which(user: User, may: Permission) -> QuerySet[Team]:
    """Teams in which a role of this person allows it: their own teams, those of their units, or all."""
    allowing = set(roles.roles_with(may))
    if user.is_administrator and roles.ADMINISTRATOR in allowing:
        return Team.objects.all()
    own = Membership.objects.filter(user=user, role__in=allowing, team__isnull=False).values("team")
    units = Unit.objects.managed_by(user) if roles.MANAGER in allowing else set()
    return Team.objects.filter(Q(pk__in=own) | Q(unit__in=units))


def require_in_site(request: ApiRequest, action: Permission) -> None:
    """Raises 403 like the pages outside teams."""
    if not roles.may_in_site(is_administrator=request.user.is_administrator, action=action):
        raise PermissionDenied


# ---------------------------------------------------------------------- people and places


@router.get("/me", response=MeJson, tags=["People"], summary="The owner of the key")
def me(request: ApiRequest) -> HttpResponse:
    user, key = request.user, request.key
    about = KeyJson(name=key.name, scopes=key.scopes, expires_on=key.expires_on)
    body = MeJson(id=user.pk, name=user.name, email=user.email, is_administrator=user.is_administrator, key=about)
    return shown(request, body)


@router.get("/people", response=PageJson[PersonJson], tags=["People"], summary="Accounts, for administrators")
def people(request: ApiRequest, limit: Limit = 50, after: AfterId = None) -> HttpResponse:
    require_in_site(request, Permission.MANAGE_ACCOUNTS)
    return page_of(request, User.objects.all(), limit=limit, after=after, item=PersonJson.of)


@router.get("/people/{uuid:pk}", response=PersonJson, tags=["People"], summary="One account, for administrators")
def person(request: ApiRequest, pk: UUID) -> HttpResponse:
    require_in_site(request, Permission.MANAGE_ACCOUNTS)
    return shown(request, PersonJson.of(_row(User.objects.all(), pk)))


def _units(user: User) -> QuerySet[Unit]:
    """All for administrators; else those that a person manages and those of their teams."""
    if user.is_administrator:
        return Unit.objects.all()
    managed = Unit.objects.managed_by(user)
    return Unit.objects.filter(Q(pk__in=managed) | Q(teams__in=Team.objects.visible_to(user))).distinct()


@router.get("/units", response=PageJson[UnitJson], tags=["Organisation"], summary="Units")
def units(request: ApiRequest, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    return page_of(request, _units(request.user), limit=limit, after=after, item=UnitJson.of)


@router.get("/units/{int:pk}", response=UnitJson, tags=["Organisation"], summary="One unit")
def unit(request: ApiRequest, pk: int) -> HttpResponse:
    return shown(request, UnitJson.of(_row(_units(request.user), pk)))


@router.get("/teams", response=PageJson[TeamJson], tags=["Organisation"], summary="Teams")
def teams(request: ApiRequest, limit: Limit = 50, after: AfterId = None) -> HttpResponse:
    return page_of(request, Team.objects.visible_to(request.user), limit=limit, after=after, item=TeamJson.of)


@router.get("/teams/{uuid:pk}", response=TeamJson, tags=["Organisation"], summary="One team")
def team(request: ApiRequest, pk: UUID) -> HttpResponse:
    row, _may = get_team(request, pk)
    return shown(request, TeamJson.of(row))


@router.get(
    "/teams/{uuid:pk}/memberships",
    response=PageJson[MembershipJson],
    tags=["Organisation"],
    summary="Who is in a team",
)
def memberships(request: ApiRequest, pk: UUID, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    row, _may = get_team(request, pk)
    rows = row.memberships.select_related("user")
    return page_of(request, rows, limit=limit, after=after, item=MembershipJson.of)


# ---------------------------------------------------------------------- frameworks


@router.get("/frameworks", response=PageJson[FrameworkJson], tags=["Frameworks"], summary="Frameworks")
def frameworks(request: ApiRequest, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    seen = Edition.objects.visible_to(request.user).values("framework")
    return page_of(request, Framework.objects.filter(pk__in=seen), limit=limit, after=after, item=FrameworkJson.of)


@router.get("/editions", response=PageJson[EditionJson], tags=["Frameworks"], summary="Versions of frameworks")
def editions(
    request: ApiRequest, framework: OfFramework = None, limit: Limit = 50, after: AfterId = None
) -> HttpResponse:
    rows = Edition.objects.visible_to(request.user).select_related("framework")
    if framework is not None:
        rows = rows.filter(framework__key=framework)
    return page_of(request, rows, limit=limit, after=after, item=EditionJson.of)


@router.get(
    "/editions/{uuid:pk}", response=EditionContentsJson, tags=["Frameworks"], summary="A version with what it asks"
)
def edition(request: ApiRequest, pk: UUID) -> HttpResponse:
    return shown(request, EditionContentsJson.of(_row(_editions(request.user), pk)))


@router.get("/editions/{uuid:pk}/file", response=str, tags=["Frameworks"], summary="A version as a framework file")
def edition_file(request: ApiRequest, pk: UUID) -> HttpResponse:
    row = _row(_editions(request.user).frozen(), pk)
    return HttpResponse(write(file_of(row)), content_type="application/yaml")


def _editions(user: User) -> EditionQuerySet:
    return Edition.objects.visible_to(user).select_related("framework")


# ---------------------------------------------------------------------- assessments and results


@router.get("/assessments", response=PageJson[AssessmentJson], tags=["Assessments"], summary="Assessments")
def assessments(
    request: ApiRequest,
    team: OfTeam = None,
    status: Annotated[Assessment.Status | None, Query(description="Only in this state.")] = None,
    limit: Limit = 50,
    after: AfterId = None,
) -> HttpResponse:
    rows = Assessment.objects.visible_to(request.user)
    if team is not None:
        rows = rows.filter(team=team)
    if status is not None:
        rows = rows.filter(status=status)
    return page_of(request, with_what_is_shown(rows), limit=limit, after=after, item=AssessmentJson.of)


def with_what_is_shown(rows: QuerySet[Assessment]) -> QuerySet[Assessment]:
    # Edition and result are named only, and their long texts would be most of what is read.
    current = Result.objects.current_only().only("assessment", "is_current")
    rows = rows.select_related("team", "edition__framework").defer("edition__blocks", "edition__scoring")
    return rows.prefetch_related(Prefetch("results", current))


@router.get("/assessments/{uuid:pk}", response=AssessmentJson, tags=["Assessments"], summary="One assessment")
def assessment(request: ApiRequest, pk: UUID) -> HttpResponse:
    row, _may = get_assessment(request, pk, may=Permission.SEE_TEAM)
    return shown(request, AssessmentJson.of(row))


@router.get("/results", response=PageJson[ResultJson], tags=["Results"], summary="Results that count today")
def results(
    request: ApiRequest,
    team: OfTeam = None,
    framework: OfFramework = None,
    since: Annotated[Day | None, Query(description="Only of this day or later.")] = None,
    limit: Limit = 50,
    after: AfterId = None,
) -> HttpResponse:
    rows = Result.objects.visible_to(request.user).current_only().defer("outcomes", "cells")
    if team is not None:
        rows = rows.filter(team=team)
    if framework is not None:
        rows = rows.filter(framework__key=framework)
    if since is not None:
        rows = rows.filter(date__gte=since)
    return page_of(request, rows, limit=limit, after=after, item=ResultJson.of, fetched=lambda part: part.wired())


@router.get(
    "/results/{uuid:pk}", response=ResultPartsJson, tags=["Results"], summary="One result with parts and criteria"
)
def result(request: ApiRequest, pk: UUID) -> HttpResponse:
    row, may = get_result(request, pk)
    return shown(request, ResultPartsJson.with_parts(row, criteria=may(Permission.SEE_RESULT)))


# ---------------------------------------------------------------------- plans


@router.get("/targets", response=PageJson[TargetJson], tags=["Plans"], summary="Targets")
def targets(request: ApiRequest, team: OfTeam = None, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    rows = Target.objects.visible_to(request.user).select_related("framework")
    if team is not None:
        rows = rows.filter(team=team)
    return page_of(request, rows, limit=limit, after=after, item=TargetJson.of)


@router.get("/targets/{int:pk}", response=TargetJson, tags=["Plans"], summary="One target")
def target(request: ApiRequest, pk: int) -> HttpResponse:
    return shown(request, TargetJson.of(target_or_404(request, pk)))


def target_or_404(request: ApiRequest, pk: int, *, may: Permission = Permission.SEE_TEAM) -> Target:
    row = _row(Target.objects.select_related("framework", "team"), pk)
    get_team(request, row.team_id, may=may)
    return row


@router.get("/actions", response=PageJson[ActionJson], tags=["Plans"], summary="Actions")
def actions(
    request: ApiRequest,
    team: OfTeam = None,
    status: Annotated[ActionStatus | None, Query(description="Only in this state.")] = None,
    limit: Limit = 50,
    after: AfterNumber = None,
) -> HttpResponse:
    rows = Action.objects.filter(team__in=teams_in_which(request.user, Permission.SEE_RESULT))
    if team is not None:
        rows = rows.filter(team=team)
    if status is not None:
        rows = rows.filter(status=status)
    return page_of(
        request, rows.select_related("framework", "owner", "issue"), limit=limit, after=after, item=ActionJson.of
    )


@router.get("/actions/{int:pk}", response=ActionJson, tags=["Plans"], summary="One action")
def action(request: ApiRequest, pk: int) -> HttpResponse:
    return shown(request, ActionJson.of(action_or_404(request, pk, may=Permission.SEE_RESULT)))


def action_or_404(request: ApiRequest, pk: int, *, may: Permission) -> Action:
    row = _row(Action.objects.select_related("framework", "owner", "team", "issue"), pk)
    get_team(request, row.team_id, may=may)
    return row


# ---------------------------------------------------------------------- rounds and webhooks


@router.get("/rounds", response=PageJson[RoundJson], tags=["Rounds"], summary="Rounds")
def rounds(request: ApiRequest, limit: Limit = 50, after: AfterId = None) -> HttpResponse:
    rows = Round.objects.visible_to(request.user).with_counts(request.user).select_related("edition__framework")
    rows = rows.defer("edition__blocks", "edition__scoring")
    return page_of(request, rows, limit=limit, after=after, item=RoundJson.of)


@router.get("/rounds/{uuid:pk}", response=RoundJson, tags=["Rounds"], summary="One round")
def round_(request: ApiRequest, pk: UUID) -> HttpResponse:
    row, _may = get_round(request, pk)
    counted = Round.objects.filter(pk=row.pk).with_counts(request.user).select_related("edition__framework")
    return shown(request, RoundJson.of(counted.get()))


@router.get("/webhooks", response=PageJson[WebhookJson], tags=["Webhooks"], summary="Webhooks")
def webhooks(request: ApiRequest, team: OfTeam = None, limit: Limit = 50, after: AfterId = None) -> HttpResponse:
    user = request.user
    managed = Q(team__in=teams_in_which(user, Permission.MANAGE_WEBHOOKS))
    if roles.may_in_site(is_administrator=user.is_administrator, action=Permission.MANAGE_SITE_WEBHOOKS):
        managed |= Q(team=None)
    rows = Webhook.objects.filter(managed)
    if team is not None:
        rows = rows.filter(team=team)
    return page_of(request, rows, limit=limit, after=after, item=WebhookJson.of)


@router.get("/webhooks/{uuid:pk}", response=WebhookJson, tags=["Webhooks"], summary="One webhook")
def webhook(request: ApiRequest, pk: UUID) -> HttpResponse:
    row, _may = get_webhook(request, pk)
    return shown(request, WebhookJson.of(row))


def _row(rows: QuerySet, pk: UUID | int):  # type: ignore[no-untyped-def]
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row
