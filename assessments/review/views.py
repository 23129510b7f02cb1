"""The review: one criterion after the other on a shared screen, the same on the devices of those who follow."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from ..models import Rating, Refused, Review
from ..permissions.access import Permissions, get_assessment, get_reviewed
from ..permissions.refusals import refusal_told
from ..questionnaire.session import seated
from ..web.saving import is_stored
from .agenda import Agenda
from .forms import AgreeForm


def _agenda(assessment, may: Permissions) -> Agenda:
    return Agenda(assessment, hides_comments=not may.reads_comments_from(assessment.first_closed_at))


def _screen(request, assessment, may, *, form=None, item=None):
    """The facilitator's screen; `form` and its item after they were not stored, whatever is on the screen by now."""
    agenda = item.agenda if item else _agenda(assessment, may)
    review = Review.objects.at(assessment)
    item = item or agenda.item(review.criterion_id)
    form = form or (AgreeForm(item=item) if item else None)
    context = {
        "assessment": assessment,
        "may": may,
        "agenda": agenda,
        "review": review,
        "item": item,
        "next": agenda.next(item) if item else next(iter(agenda.ordered), None),
        "previous": agenda.previous(item) if item else None,
        "form": form,
        "back": reverse("review", args=[assessment.pk]),
        "symptoms": [] if item else assessment.symptoms_found(),
    }
    return render(request, "review/screen.html", context, status=form.http_status if form else 200)


@require_safe
@login_required
@refusal_told
def review(request, pk):
    """For whoever facilitates the shared screen, with ?follow and for everybody else what is on it."""
    assessment, may = get_assessment(request, pk, may="follow review")
    if not assessment.is_in_review:
        status = assessment.get_status_display().lower()
        raise Refused(f"There is no review now: this assessment is {status}.")
    if may("facilitate") and "follow" not in request.GET:
        return _screen(request, assessment, may)
    return _followed(request, assessment, "review/follow.html", **_member(request, assessment, may))


@require_safe
@login_required
def now(request, pk):
    """What is on the screen, as a fragment; 204 where that is as the page has it."""
    assessment, may = get_reviewed(request, pk)
    return _now(request, assessment, **_member(request, assessment, may))


@require_safe
@seated
def guest_review(request, seat):
    if not seat.assessment.is_in_review:
        return redirect(seat.url("answer"))
    return _followed(request, seat.assessment, "review/follow.html", **_guest(seat))


@require_safe
@seated
def guest_now(request, seat):
    return _now(request, seat.assessment, **_guest(seat))


def _member(request, assessment, may: Permissions) -> dict:
    mine = Rating.objects.filter(assessment=assessment, respondent__user=request.user)
    return {"ratings": mine, "poll": reverse("review-now", args=[assessment.pk]), "may": may}


def _guest(seat) -> dict:
    return {"ratings": seat.ratings(), "poll": seat.url("review-now"), "may": seat.may, "seat": seat}


def _now(request, assessment, **whose):
    seen = Review.objects.filter(assessment=assessment).values_list("step", flat=True).first() or 0
    if assessment.is_in_review and request.GET.get("seen") == str(seen):
        return HttpResponse(status=204)
    return _followed(request, assessment, "review/_now.html", **whose)


def _followed(request, assessment, template, *, ratings, poll, may: Permissions, seat=None):
    """The item with the answer of the person who looks, on a device that nobody else sees."""
    context = {"assessment": assessment, "poll": poll, "seat": seat}
    if assessment.is_in_review:
        hides_comments = not may.reads_comments_from(assessment.first_closed_at)
        agenda, at = Agenda(assessment, hides_comments=hides_comments), Review.objects.at(assessment)
        item = agenda.item(at.criterion_id)
        own = item.own_answer(ratings) if item and not assessment.anonymous else ""
        context |= {"agenda": agenda, "review": at, "item": item, "own": own}
    return render(request, template, context)


@require_POST
@login_required
@refusal_told
def turn(request, pk):
    """Turns everybody to another criterion; an empty one leads back to the agenda."""
    assessment, _ = get_assessment(request, pk, may="facilitate")
    wanted = request.POST.get("criterion", "")
    criterion = next((each for each in assessment.criteria_asked() if str(each.pk) == wanted), None)
    if wanted and criterion is None:
        raise Http404
    Review.objects.at(assessment).turn_to(criterion, by=request.user)
    return redirect("review", pk)


@require_POST
@login_required
@refusal_told
def agree(request, pk, criterion):
    """Settles a criterion: on a value, that it does not apply, or that the median stays."""
    assessment, may = get_assessment(request, pk, may="facilitate")
    item = _agenda(assessment, may).item(criterion)
    if item is None:
        raise Http404
    form = AgreeForm(request.POST, item=item)
    review = Review.objects.at(assessment)
    if not is_stored(form, lambda: review.agree(item.criterion, by=request.user, **form.terms())):
        return _screen(request, assessment, may, form=form, item=item)
    messages.success(request, "Settled.")
    return redirect("review", pk)
