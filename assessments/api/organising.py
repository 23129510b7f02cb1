"""Units, teams and their members: what their pages change."""

from typing import Annotated
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from pydantic import BeforeValidator, Field

from ..models import Membership, Team, Unit
from ..models.teams import default_time_zone
from ..organisation.forms import ManagerForm, MemberForm, RoleForm, TeamForm, UnitForm
from ..organisation.member_changes import MemberEntry, member_entries
from ..permissions.access import get_team
from ..permissions.roles import Permission
from .reading import require_in_site, router
from .replies import AfterNumber, IdempotencyKey, Limit, PageJson, carried_out, listed, page_of, require_unchanged
from .requests import ORGANISATION, ApiRequest
from .schemas import Day, MembershipJson, PersonRef, Shown, Taken, TeamJson, UnitJson, written_as_number
from .writing import saved, sent, valid

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]
EmailText = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x20]+@[^\x00-\x20]+$")]
PersonName = Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$", description="For an account that is new.")]
Role = Annotated[str, Field(json_schema_extra={"enum": ["lead", "member", "viewer"]}, pattern="^(lead|member|viewer)$")]
Number = Annotated[int, Field(ge=1, le=2**31 - 1), BeforeValidator(written_as_number)]


class NewUnit(Taken):
    """A unit; without `parent` it is at the top."""

    name: Name
    parent: Number | None = None


class UnitChange(Taken):
    """What is not named stays as it is; null as `parent` puts it at the top."""

    name: Name | None = None
    parent: Number | None = None


class NewTeam(Taken):
    """A team, without members yet."""

    name: Name
    unit: Number
    about: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""
    time_zone: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] | None = None


class TeamChange(Taken):
    """What is not named stays as it is. Only administrators move a team to another unit."""

    name: Name | None = None
    unit: Number | None = None
    about: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] | None = None
    time_zone: Annotated[str, Field(max_length=64, pattern=r"^[^\x00]*$")] | None = None


class NewMember(Taken):
    """A person by email; whoever has no account gets one, and a mail to set a password."""

    email: EmailText
    name: PersonName = ""
    role: Role = "member"


class NewManager(Taken):
    """A person by email; whoever has no account gets one, and a mail to set a password."""

    email: EmailText
    name: PersonName = ""


class RoleChange(Taken):
    role: Role


class MemberEventJson(Shown):
    """Who joined a team, left it or got another role, and who did that; null for an account that was deleted."""

    id: int
    on: Day
    kind: str
    person: PersonRef | None
    role: str
    by: PersonRef | None

    @classmethod
    def of(cls, entry: MemberEntry) -> "MemberEventJson":
        return cls(
            id=entry.pk,
            on=entry.day,
            kind=entry.kind,
            person=PersonRef.of(entry.person),
            role=entry.role,
            by=PersonRef.of(entry.by),
        )


# ---------------------------------------------------------------------- units


@router.post("/units", auth=ORGANISATION, response={201: UnitJson}, tags=["Organisation"], summary="Add a unit")
def add_unit(request: ApiRequest, body: NewUnit, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    require_in_site(request, Permission.MANAGE_UNITS)

    def do() -> UnitJson:
        form = UnitForm(sent(body.model_dump()), parents=Unit.objects.as_tree())
        return UnitJson.of(saved(form, lambda: form.instance.add(by=request.user)))

    return carried_out(request, do, status=201, location="/api/v1/units/")


def _unit_to_change(request: ApiRequest, pk: int) -> Unit:
    require_in_site(request, Permission.MANAGE_UNITS)
    row = Unit.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


@router.patch("/units/{int:pk}", auth=ORGANISATION, response=UnitJson, tags=["Organisation"], summary="Change a unit")
def change_unit(request: ApiRequest, pk: int, body: UnitChange, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    row = _unit_to_change(request, pk)

    def do() -> UnitJson:
        require_unchanged(request, UnitJson.of(row))
        named = body.model_dump(exclude_unset=True)
        given = {name: value for name, value in named.items() if value is not None or name == "parent"}
        values = {"name": row.name, "parent": row.parent_id, "revision": row.revision} | given
        form = UnitForm(sent(values), instance=Unit.objects.get(pk=pk), parents=row.possible_parents())
        changed = saved(form, lambda: row.change(by=request.user, seen=form.seen(), **form.values()))
        return UnitJson.of(changed)

    return carried_out(request, do)


@router.delete(
    "/units/{int:pk}", auth=ORGANISATION, response={204: None}, tags=["Organisation"], summary="Delete a unit"
)
def remove_unit(request: ApiRequest, pk: int, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Only an empty one."""
    row = _unit_to_change(request, pk)

    def do() -> None:
        require_unchanged(request, UnitJson.of(row))
        row.remove(by=request.user)

    return carried_out(request, do)


@router.get(
    "/units/{int:pk}/managers",
    response=PageJson[MembershipJson],
    tags=["Organisation"],
    summary="Who manages a unit, for administrators",
)
def managers(request: ApiRequest, pk: int, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    rows = _unit_to_change(request, pk).memberships.select_related("user")
    return page_of(request, rows, limit=limit, after=after, item=MembershipJson.of)


@router.post(
    "/units/{int:pk}/managers",
    auth=ORGANISATION,
    response={201: MembershipJson},
    tags=["Organisation"],
    summary="Add a manager of a unit",
)
def add_manager(request: ApiRequest, pk: int, body: NewManager, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    row = _unit_to_change(request, pk)

    def do() -> MembershipJson:
        form = ManagerForm(sent(body.model_dump()))
        return _joined(request, saved(form, lambda: row.add_manager(by=request.user, **form.cleaned_data)))

    return carried_out(request, do, status=201)


@router.delete(
    "/units/{int:pk}/managers/{int:membership}",
    auth=ORGANISATION,
    response={204: None},
    tags=["Organisation"],
    summary="Remove a manager of a unit",
)
def remove_manager(
    request: ApiRequest, pk: int, membership: int, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    row = _unit_to_change(request, pk)
    removed = _membership_or_404(row.memberships.all(), membership)
    return carried_out(request, lambda: row.remove_manager(removed, by=request.user))


# ---------------------------------------------------------------------- teams


@router.post("/teams", auth=ORGANISATION, response={201: TeamJson}, tags=["Organisation"], summary="Add a team")
def add_team(request: ApiRequest, body: NewTeam, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    require_in_site(request, Permission.CREATE_TEAM)

    def do() -> TeamJson:
        form = TeamForm(sent(_with_time_zone(body.model_dump())), units=Unit.objects.as_tree())
        return TeamJson.of(saved(form, lambda: form.instance.add(by=request.user)))

    return carried_out(request, do, status=201, location="/api/v1/teams/")


def _with_time_zone(values: dict[str, object]) -> dict[str, object]:
    return values | {"time_zone": values["time_zone"] or default_time_zone()}


@router.patch("/teams/{uuid:pk}", auth=ORGANISATION, response=TeamJson, tags=["Organisation"], summary="Change a team")
def change_team(
    request: ApiRequest, pk: UUID, body: TeamChange, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    row, _may = get_team(request, pk, may=Permission.EDIT_TEAM)
    if body.unit not in {None, row.unit_id} and not request.user.is_administrator:
        raise PermissionDenied

    def do() -> TeamJson:
        require_unchanged(request, TeamJson.of(row))
        given = body.model_dump(exclude_none=True)
        stored = {"name": row.name, "unit": row.unit_id, "about": row.about, "time_zone": row.time_zone}
        units = Unit.objects.as_tree() if request.user.is_administrator else None
        data = sent(stored | given | {"revision": row.revision})
        form = TeamForm(data, instance=Team.objects.get(pk=pk), units=units)
        return TeamJson.of(saved(form, lambda: row.change(by=request.user, seen=form.seen(), **form.values())))

    return carried_out(request, do)


# ---------------------------------------------------------------------- members


def _membership_or_404(rows: QuerySet[Membership], pk: int) -> Membership:
    row = rows.select_related("user").filter(pk=pk).first()
    if row is None:
        raise Http404
    return row


def _joined(request: ApiRequest, membership: Membership) -> MembershipJson:
    """As the page does, whoever has no password yet gets a mail; the API shows nobody a link."""
    if not membership.user.has_usable_password():
        membership.user.hand_over_link(shown_to=request.user)
    return MembershipJson.of(membership)


@router.post(
    "/teams/{uuid:pk}/memberships",
    auth=ORGANISATION,
    response={201: MembershipJson},
    tags=["Organisation"],
    summary="Add a member",
)
def add_member(request: ApiRequest, pk: UUID, body: NewMember, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Somebody who is in the team already gets this role."""
    row, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)

    def do() -> MembershipJson:
        form = MemberForm(sent(body.model_dump()))
        return _joined(request, saved(form, lambda: row.add_member(by=request.user, **form.cleaned_data)))

    return carried_out(request, do, status=201)


@router.patch(
    "/teams/{uuid:pk}/memberships/{int:membership}",
    auth=ORGANISATION,
    response=MembershipJson,
    tags=["Organisation"],
    summary="Change a role",
)
def change_role(
    request: ApiRequest, pk: UUID, membership: int, body: RoleChange, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    row, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)
    current = _membership_or_404(row.memberships.all(), membership)

    def do() -> MembershipJson:
        require_unchanged(request, MembershipJson.of(current))
        form = valid(RoleForm(sent({"role": body.role, "revision": current.revision})))
        row.change_role(current, form.cleaned_data["role"], by=request.user, seen=form.seen())
        return MembershipJson.of(_membership_or_404(row.memberships.all(), membership))

    return carried_out(request, do)


@router.delete(
    "/teams/{uuid:pk}/memberships/{int:membership}",
    auth=ORGANISATION,
    response={204: None},
    tags=["Organisation"],
    summary="Remove a member",
)
def remove_member(
    request: ApiRequest, pk: UUID, membership: int, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    row, _may = get_team(request, pk, may=Permission.MANAGE_MEMBERS)
    removed = _membership_or_404(row.memberships.all(), membership)

    def do() -> None:
        require_unchanged(request, MembershipJson.of(removed))
        row.remove_member(removed, by=request.user)

    return carried_out(request, do)


@router.get(
    "/teams/{uuid:pk}/events",
    response=PageJson[MemberEventJson],
    tags=["Organisation"],
    summary="Changes among the members of the last year",
)
def events(request: ApiRequest, pk: UUID, limit: Limit = 50, after: AfterNumber = None) -> HttpResponse:
    """What the page of the members lists, oldest first. Nothing that somebody does in an assessment is among it."""
    row, _may = get_team(request, pk)
    entries = member_entries(row, after=after or 0, limit=limit + 1)
    return listed(request, entries, limit=limit, item=MemberEventJson.of)
