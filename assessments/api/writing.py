"""What programs change: each address gives the form of the page what was sent, and calls the method that it calls."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from django import forms
from django.db import IntegrityError
from django.db.models import UniqueConstraint
from django.http import HttpResponse
from django.http.request import QueryDict
from django.utils.translation import gettext as _

from ..frameworks.format.files import reads
from ..frameworks.format.problems import FrameworkFileError
from ..frameworks.import_plan import plan
from ..frameworks.storing import VersionTaken
from ..invitations.forms import InviteForm
from ..lifecycle.forms import DueForm, ReopenForm, StartForm
from ..lifecycle.views import started
from ..models import Action, Assessment, Edition, EditRefused, Refused, Target
from ..permissions.access import get_assessment, get_team
from ..permissions.roles import Permission
from ..planning.context import Aspiration
from ..planning.forms import ActionForm, TargetForm
from .problems import ApiProblem, errors_of
from .reading import action_or_404, require_in_site, router, target_or_404, with_what_is_shown
from .replies import IdempotencyKey, carried_out, require_unchanged
from .requests import FRAMEWORKS, TEAMS, ApiRequest
from .schemas import (
    ActionChange,
    ActionJson,
    AssessmentJson,
    DueChange,
    FrameworkFileJson,
    ImportedJson,
    InvitedJson,
    NewAction,
    NewAssessment,
    NewTarget,
    People,
    Reopen,
    TargetJson,
)

Form = TypeVar("Form", bound=forms.Form)
Saved = TypeVar("Saved")
#: Values that are as described, and cannot be taken all the same: a day in the past, a criterion that is not asked.
WRONG = 422
#: What the state of things forbids, and would be taken at another time: a name that something else has.
TAKEN = 409


def sent(values: Mapping[str, Any]) -> QueryDict:
    """Values as a page sends them: nothing for None and False."""
    data = QueryDict(mutable=True)
    for name, value in values.items():
        if isinstance(value, list):
            data.setlist(name, [str(one) for one in value])
        elif value is True:
            data[name] = "on"
        elif value is not None and value is not False:
            data[name] = str(value)
    return data


def valid(form: Form, names: Mapping[str, str] | None = None) -> Form:
    """The form if it is valid; else 422 with what it says. `names` are fields that the API calls otherwise.

    If nothing is wrong but that something else has the same name, for example, it is 409.
    """
    if not form.is_valid():
        raise _refused(form, names)
    return form


def _refused(form: forms.Form, names: Mapping[str, str] | None) -> ApiProblem:
    said = {str(sentence) for sentences in form.errors.values() for sentence in sentences}
    status = TAKEN if said and said <= _said_of_what_is_taken(form) else WRONG
    return ApiProblem(status, _("Some values do not fit what is there."), errors=errors_of(form, names))


def _said_of_what_is_taken(form: forms.Form) -> set[str]:
    """What the form says if the database has a row already that may be there once only."""
    if not isinstance(form, forms.ModelForm):
        return set()
    constraints = form._meta.model._meta.constraints
    return {str(one.violation_error_message) for one in constraints if isinstance(one, UniqueConstraint)}


def saved(form: Form, save: Callable[[], Saved], names: Mapping[str, str] | None = None) -> Saved:
    """What `save` returns for a valid form; else what `valid` raises, also if somebody else was quicker."""
    valid(form, names)
    try:
        return save()
    except forms.ValidationError as error:
        form.add_error(None, error)
    except IntegrityError:
        # Somebody else has stored the same name meanwhile, for example: asked again, the form says so itself.
        form.full_clean()
        if form.is_valid():
            raise
    raise _refused(form, names)


def _about(team: Any, key: str) -> Aspiration:
    """The team and this framework; 422 if it is not in use."""
    about = Aspiration.of(team, key) if Edition.objects.published().filter(framework__key=key).exists() else None
    if about is None:
        problem = _("There is no framework with this key.")
        raise ApiProblem(WRONG, _("Some values do not fit what is there."), errors=[("framework", problem)])
    return about


def _shown_again(assessment: Assessment) -> AssessmentJson:
    return AssessmentJson.of(with_what_is_shown(Assessment.objects.all()).get(pk=assessment.pk))


# ---------------------------------------------------------------------- assessments


@router.post(
    "/teams/{uuid:pk}/assessments",
    auth=TEAMS,
    response={201: AssessmentJson},
    tags=["Assessments"],
    summary="Start an assessment",
)
def start(request: ApiRequest, pk: UUID, body: NewAssessment, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.START)

    def do() -> AssessmentJson:
        edition = Edition.objects.published().select_related("framework").filter(pk=body.edition).first()
        if edition is None:
            problem = _("There is no published version with this id.")
            raise ApiProblem(WRONG, _("Some values do not fit what is there."), errors=[("edition", problem)])
        values = body.model_dump(exclude={"edition", "members", "anonymous"})
        values["date"] = body.date or team.today()
        values["rule"] = body.rule or edition.contents.default_rule
        values["anonymous"] = "yes" if body.anonymous else "no"
        values["addresses"] = "\n".join(body.addresses)
        if body.members is not None:
            values |= {"picked": True, "members": body.members}
        form = valid(StartForm(sent(values), team=team, edition=edition))
        for name in ("questionnaire", "rule"):
            # The page does not ask for these where there is no choice.
            if name not in form.fields and getattr(body, name) not in {"", "full"}:
                problem = _("This version does not offer it.")
                raise ApiProblem(WRONG, _("Some values do not fit what is there."), errors=[(name, problem)])
        return _shown_again(started(form, team, edition, by=request.user))

    return carried_out(request, do, status=201, location="/api/v1/assessments/")


@router.patch(
    "/assessments/{uuid:pk}", auth=TEAMS, response=AssessmentJson, tags=["Assessments"], summary="Change the due date"
)
def set_due(
    request: ApiRequest,
    pk: UUID,
    body: DueChange,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.EXTEND)

    def do() -> AssessmentJson:
        require_unchanged(request, AssessmentJson.of(assessment))
        form = valid(DueForm(sent({"due": body.due, "revision": assessment.revision}), assessment=assessment))
        assessment.set_due(form.cleaned_data["due"], by=request.user, seen=form.seen())
        return _shown_again(assessment)

    return carried_out(request, do)


@router.post(
    "/assessments/{uuid:pk}/invitations",
    auth=TEAMS,
    response=InvitedJson,
    tags=["Assessments"],
    summary="Invite people",
)
def invite(request: ApiRequest, pk: UUID, body: People, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.INVITE)

    def do() -> InvitedJson:
        form = InviteForm.of(assessment, sent({"members": body.members, "addresses": "\n".join(body.addresses)}))
        return InvitedJson(invited=assessment.invite(by=request.user, **valid(form).people()))

    return carried_out(request, do)


def _moved(request: ApiRequest, pk: UUID, may: Permission, move: Callable[[Assessment], object]) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=may)

    def do() -> AssessmentJson:
        require_unchanged(request, AssessmentJson.of(assessment))
        move(assessment)
        return _shown_again(assessment)

    return carried_out(request, do)


@router.post(
    "/assessments/{uuid:pk}/open", auth=TEAMS, response=AssessmentJson, tags=["Assessments"], summary="Open a draft"
)
def open_draft(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    return _moved(request, pk, Permission.START, lambda assessment: assessment.open(by=request.user))


@router.post(
    "/assessments/{uuid:pk}/end", auth=TEAMS, response=AssessmentJson, tags=["Assessments"], summary="End answering"
)
def end_answering(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """The assessment goes on in review. Answers that were saved count, submitted or not."""
    return _moved(request, pk, Permission.END_ANSWERING, lambda assessment: assessment.end_answering(by=request.user))


@router.post("/assessments/{uuid:pk}/close", auth=TEAMS, response=AssessmentJson, tags=["Assessments"], summary="Close")
def close(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Freezes the answers into a result, to which `result` leads. Closing what is closed changes nothing."""
    return _moved(request, pk, Permission.CLOSE, lambda assessment: assessment.close(by=request.user))


@router.post(
    "/assessments/{uuid:pk}/answer-again",
    auth=TEAMS,
    response=AssessmentJson,
    tags=["Assessments"],
    summary="Answer again",
)
def answer_again(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Goes back from review to answering."""
    return _moved(request, pk, Permission.END_ANSWERING, lambda assessment: assessment.answer_again(by=request.user))


@router.post(
    "/assessments/{uuid:pk}/reopen", auth=TEAMS, response=AssessmentJson, tags=["Assessments"], summary="Reopen"
)
def reopen(request: ApiRequest, pk: UUID, body: Reopen, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """The result stays until it is closed again. Everyone in the team can read the reason."""

    def move(assessment: Assessment) -> None:
        to = body.to or ("review" if assessment.anonymous else "open")
        form = valid(ReopenForm(sent({"to": to, "reason": body.reason}), assessment=assessment))
        # Of an anonymous one the form does not ask where to, and the command says what is possible.
        assessment.reopen(by=request.user, **(form.terms() | {"to": to}))

    return _moved(request, pk, Permission.REOPEN, move)


@router.delete(
    "/assessments/{uuid:pk}",
    auth=TEAMS,
    response={204: None},
    tags=["Assessments"],
    summary="Discard",
)
def discard(request: ApiRequest, pk: UUID, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Deletes an assessment that has no result yet, with every answer in it."""
    assessment, _may = get_assessment(request, pk, may=Permission.DISCARD)

    def do() -> None:
        require_unchanged(request, AssessmentJson.of(assessment))
        assessment.discard(by=request.user)

    return carried_out(request, do)


# ---------------------------------------------------------------------- plans


@router.post("/teams/{uuid:pk}/targets", auth=TEAMS, response={201: TargetJson}, tags=["Plans"], summary="Set a target")
def set_target(request: ApiRequest, pk: UUID, body: NewTarget, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.SET_TARGETS)

    def do() -> TargetJson:
        about = _about(team, body.framework)
        there = team.targets.filter(framework=about.framework, dimension=body.dimension, due=body.due).first()
        values = body.model_dump(exclude={"framework", "dimension"}) | {"part": body.dimension}
        values["revision"] = there.revision if there else 0
        form = valid(TargetForm(sent(values), team=team, contents=about.contents), {"part": "dimension"})
        target = Target.objects.set(
            team=team,
            framework=about.framework,
            rule=about.rule,
            baseline=about.latest,
            by=request.user,
            **form.terms(),
        )
        return TargetJson.of(target)

    return carried_out(request, do, status=201, location="/api/v1/targets/")


@router.delete("/targets/{int:pk}", auth=TEAMS, response={204: None}, tags=["Plans"], summary="Remove a target")
def remove_target(request: ApiRequest, pk: int, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    target = target_or_404(request, pk, may=Permission.SET_TARGETS)

    def do() -> None:
        require_unchanged(request, TargetJson.of(target))
        target.give_up(by=request.user, seen=target.revision)

    return carried_out(request, do)


@router.post(
    "/teams/{uuid:pk}/actions", auth=TEAMS, response={201: ActionJson}, tags=["Plans"], summary="Plan an action"
)
def plan_action(request: ApiRequest, pk: UUID, body: NewAction, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    team, _may = get_team(request, pk, may=Permission.PLAN_ACTIONS)

    def do() -> ActionJson:
        about = _about(team, body.framework)
        if not about.asks(body.criterion):
            problem = _("This framework has no criterion with this key.")
            raise ApiProblem(WRONG, _("Some values do not fit what is there."), errors=[("criterion", problem)])
        form = valid(ActionForm(sent(body.model_dump(exclude={"framework", "criterion"})), team=team))
        action = Action.objects.plan(
            team=team, framework=about.framework, criterion=body.criterion, by=request.user, **form.values()
        )
        return ActionJson.of(action)

    return carried_out(request, do, status=201, location="/api/v1/actions/")


@router.patch("/actions/{int:pk}", auth=TEAMS, response=ActionJson, tags=["Plans"], summary="Change an action")
def change_action(
    request: ApiRequest,
    pk: int,
    body: ActionChange,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    action = action_or_404(request, pk, may=Permission.PLAN_ACTIONS)

    def do() -> ActionJson:
        require_unchanged(request, ActionJson.of(action))
        stored = {
            "text": action.text,
            "owner": action.owner_id,
            "due": action.due,
            "status": action.status,
            "reason": action.reason,
            "link": action.link,
        }
        named = body.model_dump(exclude_unset=True)
        # Null empties what can be empty, and means nothing elsewhere.
        given = {name: value for name, value in named.items() if value is not None or name in {"owner", "due"}}
        values = stored | given | {"revision": action.revision}
        instance = Action.objects.select_related("framework", "owner", "team").get(pk=pk)
        form = ActionForm(sent(values), team=action.team, instance=instance)
        changed = action.change(by=request.user, seen=action.revision, **valid(form).values())
        return ActionJson.of(changed)

    return carried_out(request, do)


# ---------------------------------------------------------------------- frameworks


@router.post(
    "/frameworks/import",
    auth=FRAMEWORKS,
    response={201: ImportedJson},
    tags=["Frameworks"],
    summary="Import a framework file",
    url_name="api-framework-import",
)
def import_framework(
    request: ApiRequest, body: FrameworkFileJson, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """The file becomes a draft, which an administrator publishes in the browser; a known version is found again."""
    require_in_site(request, Permission.EDIT_FRAMEWORKS)

    def do() -> ImportedJson:
        try:
            stored = plan(reads(body.text.encode(), name=body.name)).carry_out(by=request.user)
        except FrameworkFileError as error:
            problems = [(problem.path or problem.file, str(problem)) for problem in error.problems]
            raise ApiProblem(WRONG, _("This file cannot be imported."), errors=problems) from error
        except (VersionTaken, EditRefused) as error:
            raise Refused(str(error)) from error
        edition = Edition.objects.select_related("framework").get(pk=stored.edition.pk)
        return ImportedJson(**ImportedJson.values_of(edition), is_new=stored.is_new)

    return carried_out(request, do, status=201, location="/api/v1/editions/")
