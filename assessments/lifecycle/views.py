"""An assessment's life as its lead sees it: start, follow, close, reopen, discard."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from ..invitations.tracking import Following
from ..models import Assessment, Conflict, Edition, Refused, Reopening
from ..permissions.access import get_assessment, get_team
from ..permissions.refusals import refusal_told
from ..questionnaire.previous_answers import MovingOn
from ..review.agenda import Agenda
from ..web.saving import changed_meanwhile, made_once
from .forms import DueForm, EditionForm, FacilitatorForm, ReopenForm, StartForm

STARTED = {
    Assessment.Status.DRAFT: "The assessment is prepared. Invite people, then open it.",
    Assessment.Status.OPEN: "The assessment is open. Everyone in the team finds it on their start page.",
}


def _edition_wanted(request, team):
    """The edition named in the address or form, else the one to offer first; None without any."""
    form = EditionForm({"edition": request.POST.get("edition") or request.GET.get("edition")})
    if form.is_valid():
        return form.cleaned_data["edition"]
    if request.method == "POST":
        raise Http404
    return Edition.objects.to_offer_first(team, framework=request.GET.get("framework", ""))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def start(request, pk):
    team, may = get_team(request, pk, may="start")
    edition = _edition_wanted(request, team)
    if edition is None:
        return render(request, "lifecycle/no_edition.html", {"team": team})
    form = StartForm(request.POST if request.method == "POST" else None, team=team, edition=edition)
    begun = {"team": team, "edition": edition, "by": request.user}
    assessment = made_once(request, form, Assessment, lambda: Assessment.objects.start(**begun, **form.terms()))
    if assessment is not None:
        messages.success(request, STARTED[Assessment.Status(assessment.status)])
        return redirect(assessment)
    context = {
        "team": team,
        "may": may,
        "form": form,
        "edition": edition,
        "offered": Edition.objects.published().select_related("framework"),
        "asked": team.memberships.answering().count(),
        "moving_on": MovingOn.of(team, edition),
        "under_way": team.assessments.unfinished().filter(edition__framework=edition.framework_id).first(),
    }
    return render(request, "lifecycle/start.html", context)


@require_safe
@login_required
def assessment(request, pk):
    """Who has answered and who has not, and what can be done next."""
    assessment, may = get_assessment(request, pk, may="see team", pulse=True)
    return _page(request, assessment, may)


def _page(request, assessment, may, *, due_form=None):
    """The page of an assessment; `due_form` with what was just entered and is wrong."""
    context = {
        "assessment": assessment,
        "may": may,
        "following": Following(assessment, may),
        "mine": assessment.participations.filter(user=request.user).first(),
        "result": assessment.results.current(),
        "due_form": due_form or (DueForm(assessment=assessment) if may("extend") else None),
        "facilitator_form": FacilitatorForm(assessment=assessment) if may("extend") else None,
        "mail_enabled": settings.MAIL_ENABLED,
        "undelivered": assessment.mails.undelivered() if may("invite") else None,
    }
    return render(request, "lifecycle/assessment.html", context)


@require_http_methods(["POST"])
@login_required
@refusal_told
def due(request, pk):
    assessment, may = get_assessment(request, pk, may="extend", pulse=True)
    form = DueForm(request.POST, assessment=assessment)
    if not form.is_valid() and not assessment.is_closed:
        return _page(request, assessment, may, due_form=form)
    try:
        assessment.set_due(form.cleaned_data.get("due"), by=request.user, seen=form.seen())
    except Conflict as conflict:
        form.conflict = conflict.stored
        return changed_meanwhile(request, form, what="Answers wanted by", back=assessment.get_absolute_url())
    messages.success(request, "The date is changed.")
    return redirect(assessment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def close(request, pk):
    """Asks first, naming what is still unanswered; closing what is closed leads to its result."""
    assessment, may = get_assessment(request, pk, may="close")
    if request.method == "POST":
        return redirect(assessment.close(by=request.user))
    if assessment.is_closed:
        return redirect(assessment.results.current())
    context = {
        "assessment": assessment,
        "may": may,
        # While an anonymous one is open, this would tell what has just been answered.
        "unanswered": [] if assessment.anonymous and assessment.is_open else assessment.unanswered_criteria(),
        "total": len(assessment.criteria_asked()),
        "waiting": [] if assessment.anonymous else assessment.participations.not_submitted().named(),
        "following": Following(assessment, may),
        "too_few": assessment.too_few(),
        "agenda": Agenda(assessment) if assessment.is_in_review else None,
    }
    return render(request, "lifecycle/close.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def reopen(request, pk):
    assessment, may = get_assessment(request, pk, may="reopen")
    form = ReopenForm(request.POST if request.method == "POST" else None, assessment=assessment)
    if made_once(request, form, Reopening, lambda: assessment.reopen(by=request.user, **form.terms())):
        messages.success(request, "The assessment is opened again. Its result stays until you close it again.")
        return redirect(assessment)
    if not assessment.is_closed:
        raise Refused("This assessment is not closed, so there is nothing to reopen.")
    return render(request, "lifecycle/reopen.html", {"assessment": assessment, "may": may, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def discard(request, pk):
    assessment, may = get_assessment(request, pk, may="discard")
    if request.method == "POST":
        assessment.discard(by=request.user)
        messages.success(request, "The assessment is discarded.")
        return redirect(assessment.team)
    if assessment.results.exists():
        raise Refused("This assessment has a result; what has a result is kept.")
    # While an anonymous one is open, a count would tell whenever somebody has just answered.
    answers = 0 if assessment.anonymous else assessment.ratings.given().count()
    return render(request, "lifecycle/discard.html", {"assessment": assessment, "may": may, "answers": answers})
