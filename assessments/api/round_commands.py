"""Rounds: what their pages change."""

from typing import Annotated, Literal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field

from ..models import Round
from ..permissions.access import get_round, runs_rounds
from ..permissions.roles import Permission
from ..rounds.forms import ExtendForm, RoundForm, TeamsForm
from .reading import router
from .replies import IdempotencyKey, carried_out, carried_out_each_time, require_unchanged
from .requests import TEAMS, ApiRequest
from .schemas import Day, RoundJson, ShortText, Shown, Taken, Yes
from .writing import saved, sent, valid

RoundName = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*[^\x00-\x20][^\x00]*$")]
UnitNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
Leeway = Annotated[int, Field(ge=0, le=90)]
RepeatsText = Literal["once", "quarterly", "half-yearly", "yearly"]


class NewRound(Taken):
    """A draft. Without `unit` it is for the whole organisation, which only administrators can choose."""

    name: RoundName
    edition: UUID
    unit: UnitNumber | None = None
    opens: Day
    due: Day
    questionnaire: Literal["full", "short"] = "full"
    repeats: RepeatsText = "once"
    anonymous: Yes = False
    leeway: Leeway = Round.LEEWAY
    message: ShortText = ""


class RoundChange(Taken):
    """Of a draft; what is not named stays as it is. Null as `unit` is the whole organisation."""

    name: RoundName | None = None
    edition: UUID | None = None
    unit: UnitNumber | None = None
    opens: Day | None = None
    due: Day | None = None
    questionnaire: Literal["full", "short"] | None = None
    repeats: RepeatsText | None = None
    anonymous: Yes | None = None
    leeway: Leeway | None = None
    message: ShortText | None = None


class ChosenTeams(Taken):
    """Teams of the unit of the round, and of the units below it."""

    teams: Annotated[list[UUID], Field(min_length=1, max_length=10_000)]


class LaterDue(Taken):
    due: Day


class TeamCountJson(Shown):
    """In how many teams something was done."""

    teams: int


def _shown_again(request: ApiRequest, row: Round) -> RoundJson:
    counted = Round.objects.filter(pk=row.pk).with_counts(request.user).select_related("edition__framework")
    return RoundJson.of(counted.get())


def _round(request: ApiRequest, pk: UUID) -> Round:
    row, _may = get_round(request, pk, may=Permission.RUN_ROUNDS)
    return row


@router.post("/rounds", auth=TEAMS, response={201: RoundJson}, tags=["Rounds"], summary="Draft a round")
def draft_round(request: ApiRequest, body: NewRound, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    if not runs_rounds(request.user):
        raise PermissionDenied

    def do() -> RoundJson:
        values = body.model_dump() | {"anonymous": "yes" if body.anonymous else "no"}
        form = RoundForm(sent(values), by=request.user, today=timezone.localdate())
        row = saved(form, lambda: Round.objects.draft(by=request.user, **form.values()))
        return _shown_again(request, row)

    return carried_out(request, do, status=201, location="/api/v1/rounds/")


@router.patch("/rounds/{uuid:pk}", auth=TEAMS, response=RoundJson, tags=["Rounds"], summary="Change a draft")
def change_round(
    request: ApiRequest, pk: UUID, body: RoundChange, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    row = _round(request, pk)

    def do() -> RoundJson:
        require_unchanged(request, _shown_again(request, row))
        names = ("name", "opens", "due", "questionnaire", "repeats", "anonymous", "leeway", "message")
        stored = {name: getattr(row, name) for name in names} | {"edition": row.edition_id, "unit": row.unit_id}
        named = body.model_dump(exclude_unset=True)
        values = stored | {name: value for name, value in named.items() if value is not None or name == "unit"}
        values |= {"anonymous": "yes" if values["anonymous"] else "no", "revision": row.revision}
        form = RoundForm(sent(values), by=request.user, today=timezone.localdate(), stored=row)
        saved(form, lambda: row.change(by=request.user, seen=form.seen(), **form.values()))
        return _shown_again(request, row)

    return carried_out(request, do)


@router.delete("/rounds/{uuid:pk}", auth=TEAMS, response={204: None}, tags=["Rounds"], summary="Discard a draft")
def discard_round(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    row = _round(request, pk)

    def do() -> None:
        require_unchanged(request, _shown_again(request, row))
        row.discard(by=request.user)

    return carried_out(request, do)


@router.post(
    "/rounds/{uuid:pk}/start",
    auth=TEAMS,
    response=RoundJson,
    tags=["Rounds"],
    summary="Start a round",
    url_name="api-round-start",
)
def start_round(
    request: ApiRequest, pk: UUID, body: ChosenTeams, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """The server then starts one team after the other. Starting what is started changes nothing."""
    row = _round(request, pk)

    def do() -> RoundJson:
        require_unchanged(request, _shown_again(request, row))
        if row.is_draft:
            form = valid(TeamsForm(sent({"teams": body.teams}), round_=row))
            row.start(by=request.user, teams=form.cleaned_data["teams"])
        return _shown_again(request, row)

    return carried_out(request, do)


@router.post("/rounds/{uuid:pk}/extend", auth=TEAMS, response=TeamCountJson, tags=["Rounds"], summary="Extend a round")
def extend_round(request: ApiRequest, pk: UUID, body: LaterDue) -> HttpResponse:
    """A later due date for each team that has an earlier one; the reply says how many they were."""
    row = _round(request, pk)
    form = valid(ExtendForm(sent({"due": body.due}), round_=row))
    return carried_out_each_time(TeamCountJson(teams=row.extend(form.cleaned_data["due"], by=request.user)))


@router.post(
    "/rounds/{uuid:pk}/remind", auth=TEAMS, response=TeamCountJson, tags=["Rounds"], summary="Remind everybody"
)
def remind_round(request: ApiRequest, pk: UUID) -> HttpResponse:
    """Whoever has not submitted gets a mail, once a day; the reply says in how many teams, and nothing of people."""
    return carried_out_each_time(TeamCountJson(teams=_round(request, pk).remind(by=request.user)))


@router.post(
    "/rounds/{uuid:pk}/remind-leads", auth=TEAMS, response=TeamCountJson, tags=["Rounds"], summary="Remind leads"
)
def remind_leads(request: ApiRequest, pk: UUID) -> HttpResponse:
    """The leads of teams past their due date get a mail, once a day."""
    return carried_out_each_time(TeamCountJson(teams=_round(request, pk).remind_leads(by=request.user)))


@router.post("/rounds/{uuid:pk}/close", auth=TEAMS, response=RoundJson, tags=["Rounds"], summary="Close a round")
def close_round(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """No more teams are started. Assessments that are open stay open."""
    row = _round(request, pk)

    def do() -> RoundJson:
        require_unchanged(request, _shown_again(request, row))
        row.close(by=request.user)
        return _shown_again(request, row)

    return carried_out(request, do)
