"""Moves of an assessment that need no form of their own: opening a draft, ending the answering, answering again."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from ..invitations.tracking import Following
from ..models import Conflict, Refused
from ..permissions.access import get_assessment
from ..permissions.refusals import refusal_told
from ..web.saving import changed_meanwhile, done_once
from .forms import FacilitatorForm


@require_POST
@login_required
@refusal_told
def open_draft(request, pk):
    assessment, _ = get_assessment(request, pk, may="start")
    done_once(request, assessment, lambda: assessment.open(by=request.user))
    messages.success(request, "The assessment is open.")
    return redirect(assessment)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@refusal_told
def end_answering(request, pk):
    """Asks first, naming who has not submitted."""
    assessment, may = get_assessment(request, pk, may="end answering")
    if request.method == "POST":
        done_once(request, assessment, lambda: assessment.end_answering(by=request.user))
        messages.success(request, "Answering has ended. Look at what you see differently, and agree.")
        return redirect("review", pk)
    if not assessment.is_open:
        status = assessment.get_status_display().lower()
        raise Refused(f"This assessment takes no answers: it is {status}.")
    context = {
        "assessment": assessment,
        "may": may,
        "waiting": [] if assessment.anonymous else assessment.participations.not_submitted().named(),
        "following": Following(assessment, may),
        "too_few": assessment.too_few(),
    }
    return render(request, "lifecycle/end.html", context)


@require_POST
@login_required
@refusal_told
def answer_again(request, pk):
    assessment, _ = get_assessment(request, pk, may="end answering")
    done_once(request, assessment, lambda: assessment.answer_again(by=request.user))
    messages.success(request, "Everybody can answer again.")
    return redirect(assessment)


@require_POST
@login_required
@refusal_told
def facilitator(request, pk):
    """Names who leads through the review, by address; an empty one leaves it to the lead."""
    assessment, _ = get_assessment(request, pk, may="extend")
    form = FacilitatorForm(request.POST, assessment=assessment)
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.errors["facilitator"])))
        return redirect(assessment)
    try:
        assessment.set_facilitator(form.cleaned_data["facilitator"], by=request.user, seen=form.seen())
    except Conflict as conflict:
        form.conflict = conflict.stored
        return changed_meanwhile(request, form, what="Facilitator", back=assessment.get_absolute_url())
    messages.success(request, "Saved.")
    return redirect(assessment)
