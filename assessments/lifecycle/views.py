"""An assessment's life as its lead sees it: start, follow, end answering, close, reopen, discard."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..invitations.tracking import Following
from ..invitations.views import invite_page, personal_links
from ..models import Assessment, Conflict, Edition, OutsideView, Participation, Refused, Reopening, Team, User
from ..models.assessments import minutes
from ..models.frameworks import published_contents
from ..models.participation import link_to
from ..permissions.access import Permissions, get_assessment, get_team
from ..permissions.refusals import refusal_told
from ..permissions.roles import Permission
from ..questionnaire.previous_answers import MovingOn
from ..review.agenda import Agenda
from ..web.requests import Request
from ..web.saving import changed_meanwhile, done_once, made_once
from .actions import Actions
from .forms import DueForm, EditionForm, FacilitatorForm, ReopenForm, StartForm

STARTED = {
    Assessment.Status.DRAFT: gettext_lazy("The assessment is a draft. Invite people, then open it."),
    Assessment.Status.OPEN: gettext_lazy("The assessment is open. Everyone in the team sees it on their start page."),
}
NO_ANSWERING = {
    Assessment.Status.DRAFT: gettext_lazy("This assessment takes no answers yet: it is a draft."),
    Assessment.Status.REVIEW: gettext_lazy("This assessment takes no more answers: it is in review."),
    Assessment.Status.CLOSED: gettext_lazy("This assessment takes no more answers: it is closed."),
}


# ---------------------------------------------------------------------- starting


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def start(request: Request, pk: UUID) -> HttpResponse:
    team, may = get_team(request, pk, may=Permission.START)
    unfinished = team.assessments.unfinished().select_related("edition")
    under_way = {assessment.edition.framework_id: assessment for assessment in unfinished}
    edition = _chosen_edition(request, team, under_way)
    if edition is None:
        return render(request, "lifecycle/no_edition.html", {"team": team, "may": may})

    if request.method == "POST" and "choose" not in request.POST:
        form = StartForm(request.POST, team=team, edition=edition)
    else:
        form = StartForm(team=team, edition=edition, initial=_entered(request))
    assessment = made_once(request, form, Assessment, lambda: started(form, team, edition, by=request.user))
    if assessment is not None:
        messages.success(request, _told_of_the_start(assessment))
        return _after_the_start(request, assessment, form)

    offered = Edition.objects.published().select_related("framework").exclude(framework__in=under_way)
    context = {
        "team": team,
        "may": may,
        "form": form,
        "edition": edition,
        "frameworks": _offers(edition, offered),
        "mail_enabled": settings.MAIL_ENABLED,
        "moving_on": MovingOn.of(team, edition),
        "under_way": under_way.get(edition.framework_id),
    }
    return render(request, "lifecycle/start.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFramework:
    """A version to start with, and how long its full questionnaire takes."""

    edition: Edition
    questions: int
    minutes: int
    is_chosen: bool


def _offers(chosen: Edition, offered: Iterable[Edition]) -> list[OfferedFramework]:
    """The chosen one first."""
    editions = [chosen, *(edition for edition in offered if edition.pk != chosen.pk)]
    offers = []
    for edition in editions:
        questions = len(published_contents(edition.pk).criteria)
        is_chosen = edition.pk == chosen.pk
        offers.append(
            OfferedFramework(edition=edition, questions=questions, minutes=minutes(questions), is_chosen=is_chosen)
        )
    return offers


def _entered(request: Request) -> dict[str, Any]:
    """What was entered before another framework was chosen."""
    if "choose" not in request.POST:
        return {}
    kept = StartForm.KEPT
    if request.POST["choose"] == request.POST.get("edition"):
        # The same one again, as when somebody presses Enter in a field.
        kept = (*kept, "questionnaire", "rule")
    entered: dict[str, Any] = {name: request.POST[name] for name in kept if name in request.POST}
    if "picked" in request.POST:
        entered["members"] = request.POST.getlist("members")
    return entered


def started(form: StartForm, team: Team, edition: Edition, *, by: User) -> Assessment:
    """The assessment, with everybody on the page invited to it."""
    assessment = Assessment.objects.start(team=team, edition=edition, by=by, **form.terms())
    invited = form.invited()
    if invited["members"] or invited["addresses"]:
        assessment.invite(by=by, **invited)
    return assessment


def _told_of_the_start(assessment: Assessment) -> str:
    """That it is there, and who gets an email now."""
    told = str(STARTED[Assessment.Status(assessment.status)])
    if not (assessment.is_open and settings.MAIL_ENABLED):
        return told
    invited = assessment.invitations.personal().count()
    if not invited:
        return told
    mailed = ngettext(
        "{number} person gets an email with their own link.",
        "{number} people get an email with their own link.",
        invited,
    )
    return f"{told} {mailed.format(number=invited)}"


def _after_the_start(request: Request, assessment: Assessment, form: StartForm) -> HttpResponse:
    """The page of the assessment; or the links, if there are some to pass on: only this response can show them."""
    wants_shared_link = form.is_valid() and form.cleaned_data["share"]
    passes_links_on = form.is_valid() and form.cleaned_data["picked"] and not settings.MAIL_ENABLED
    if not (assessment.is_open or (assessment.is_draft and wants_shared_link)):
        return redirect(assessment)
    link = link_to(assessment.share(by=request.user)) if wants_shared_link else ""
    links = []
    if passes_links_on and assessment.is_open and not assessment.anonymous:
        links = personal_links(assessment, by=request.user)
    if not link and not links:
        return redirect(assessment)
    _team, may = get_team(request, assessment.team_id, may=Permission.INVITE)
    return invite_page(request, assessment, may, link=link, links=links)


def _chosen_edition(request: Request, team: Team, under_way: Container[int]) -> Edition | None:
    """The edition named in the address or form, else the one to offer first; None without any."""
    named = request.POST.get("choose") or request.POST.get("edition") or request.GET.get("edition")
    form = EditionForm({"edition": named})
    if form.is_valid():
        return form.cleaned_data["edition"]
    if request.method == "POST":
        raise Http404
    return Edition.objects.to_offer_first(team, framework=request.GET.get("framework", ""), under_way=under_way)


@require_POST
@login_required
@refusal_told
def open_draft(request: Request, pk: UUID) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.START)
    done_once(request, assessment, lambda: assessment.open(by=request.user))
    messages.success(request, _("The assessment is open."))
    return redirect(assessment)


# ---------------------------------------------------------------------- following


@require_safe
@login_required
def assessment(request: Request, pk: UUID) -> HttpResponse:
    """Who has answered and who has not, and what can be done next."""
    assessment, may = get_assessment(request, pk, may=Permission.SEE_TEAM, pulse=True)
    return _page(request, assessment, may)


def _page(
    request: Request, assessment: Assessment, may: Permissions, *, due_form: DueForm | None = None
) -> HttpResponse:
    """The page of an assessment; `due_form` with what was just entered and is wrong."""
    following = Following(assessment, may)
    result = assessment.results.current()
    actions = Actions.of(
        assessment,
        may,
        participation=assessment.participations.filter(user=request.user).first(),
        has_result=result is not None,
        has_people_to_remind=settings.MAIL_ENABLED and (assessment.anonymous or following.waiting > 0),
    )
    context = {
        "assessment": assessment,
        "may": may,
        "actions": actions,
        "following": following,
        "waits_for_answers": bool(actions.too_few),
        "result": result,
        "mail_enabled": settings.MAIL_ENABLED,
        "undelivered": following.undelivered if may(Permission.INVITE) else None,
    }
    if may(Permission.EXTEND):
        context["in_round"] = None if assessment.is_closed else assessment.in_round()
        context["due_form"] = due_form or DueForm(assessment=assessment)
        context["facilitator_form"] = FacilitatorForm(assessment=assessment)
    return render(request, "lifecycle/assessment.html", context)


@require_POST
@login_required
@refusal_told
def due(request: Request, pk: UUID) -> HttpResponse:
    assessment, may = get_assessment(request, pk, may=Permission.EXTEND, pulse=True)
    form = DueForm(request.POST, assessment=assessment)
    if not form.is_valid() and not assessment.is_closed:
        return _page(request, assessment, may, due_form=form)
    try:
        assessment.set_due(form.cleaned_data.get("due"), by=request.user, seen=form.seen())
    except Conflict as conflict:
        form.conflict = conflict.stored
        return changed_meanwhile(request, form, what=_("Due date"), back=assessment.get_absolute_url())
    messages.success(request, _("The due date is changed."))
    return redirect(assessment)


@require_POST
@login_required
@refusal_told
def facilitator(request: Request, pk: UUID) -> HttpResponse:
    """Sets who leads the review, by email; an empty one leaves it to the lead."""
    assessment, _may = get_assessment(request, pk, may=Permission.EXTEND)
    form = FacilitatorForm(request.POST, assessment=assessment)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["facilitator"])))
        return redirect(assessment)
    try:
        assessment.set_facilitator(form.cleaned_data["facilitator"], by=request.user, seen=form.seen())
    except Conflict as conflict:
        form.conflict = conflict.stored
        return changed_meanwhile(request, form, what=_("Facilitator"), back=assessment.get_absolute_url())
    messages.success(request, _("Saved."))
    return redirect(assessment)


# ---------------------------------------------------------------------- ending


def _not_submitted(assessment: Assessment) -> Iterable[Participation]:
    """The people who have not submitted, by name; nobody if the assessment is anonymous."""
    return [] if assessment.anonymous else assessment.participations.not_submitted().named()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def end_answering(request: Request, pk: UUID) -> HttpResponse:
    """Asks first, naming who has not submitted."""
    assessment, may = get_assessment(request, pk, may=Permission.END_ANSWERING)
    if request.method == "POST":
        done_once(request, assessment, lambda: assessment.end_answering(by=request.user))
        messages.success(request, _("Answering has ended. Discuss where you differ, and agree the ratings."))
        return redirect("review", pk)
    if not assessment.is_open:
        raise Refused(str(NO_ANSWERING[Assessment.Status(assessment.status)]))
    context = {
        "assessment": assessment,
        "may": may,
        "waiting": _not_submitted(assessment),
        "following": Following(assessment, may),
        "too_few": assessment.too_few(),
        "outside": OutsideView.objects.of(assessment),
    }
    return render(request, "lifecycle/end.html", context)


@require_POST
@login_required
@refusal_told
def answer_again(request: Request, pk: UUID) -> HttpResponse:
    assessment, _may = get_assessment(request, pk, may=Permission.END_ANSWERING)
    done_once(request, assessment, lambda: assessment.answer_again(by=request.user))
    messages.success(request, _("Everyone can answer again."))
    return redirect(assessment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def close(request: Request, pk: UUID) -> HttpResponse:
    """Asks first, with the level and what is still unanswered; closing what is closed leads to its result."""
    assessment, may = get_assessment(request, pk, may=Permission.CLOSE)
    if request.method == "POST":
        return redirect(assessment.close(by=request.user))
    if assessment.is_closed:
        return redirect(assessment.results.get(is_current=True))

    too_few = assessment.too_few()
    # While an anonymous one is open, its figures would show what has just been answered.
    hides_figures = assessment.anonymous and assessment.is_open
    context = {
        "assessment": assessment,
        "may": may,
        "too_few": too_few,
        "agenda": None if too_few or hides_figures else Agenda.of(assessment),
        "total": len(assessment.criteria_asked()),
        "outside": OutsideView.objects.of(assessment) if assessment.is_open else None,
        "waiting": _not_submitted(assessment),
        "following": Following(assessment, may),
    }
    return render(request, "lifecycle/close.html", context)


# ---------------------------------------------------------------------- reopening, discarding


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def reopen(request: Request, pk: UUID) -> HttpResponse:
    assessment, may = get_assessment(request, pk, may=Permission.REOPEN)
    form = ReopenForm(request.POST if request.method == "POST" else None, assessment=assessment)
    if made_once(request, form, Reopening, lambda: assessment.reopen(by=request.user, **form.terms())):
        messages.success(request, _("The assessment is open again. Its result stays until you close it again."))
        return redirect(assessment)
    if not assessment.is_closed:
        raise Refused(_("This assessment is not closed, so there is nothing to reopen."))
    if assessment.why_not_reopened:
        raise Refused(assessment.why_not_reopened)
    return render(request, "lifecycle/reopen.html", {"assessment": assessment, "may": may, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def discard(request: Request, pk: UUID) -> HttpResponse:
    assessment, may = get_assessment(request, pk, may=Permission.DISCARD)
    if request.method == "POST":
        assessment.discard(by=request.user)
        messages.success(request, _("The assessment is discarded."))
        return redirect(assessment.team)
    if assessment.results.exists():
        raise Refused(_("This assessment has a result, so it cannot be discarded."))
    # While an anonymous one is open, a count would show whenever somebody has just answered.
    answers = 0 if assessment.anonymous else assessment.ratings.given().count()
    return render(request, "lifecycle/discard.html", {"assessment": assessment, "may": may, "answers": answers})
