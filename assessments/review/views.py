"""The review: one criterion after the other on a shared screen, and the same on the devices of those who follow."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from ..models import Action, Assessment, OutsideView, Rating, Refused, Review
from ..permissions.access import Permissions, get_assessment, get_reviewed
from ..permissions.refusals import refusal_told
from ..permissions.roles import Permission
from ..questionnaire.session import Seat, seated
from ..results.from_outside import OutsideRow, outside_rows
from ..web.requests import Request
from ..web.saving import is_stored
from .agenda import Agenda, Item
from .forms import AgreeForm

NO_REVIEW = {
    Assessment.Status.DRAFT: gettext_lazy("There is no review yet: this assessment is a draft."),
    Assessment.Status.OPEN: gettext_lazy("There is no review yet: people are still answering."),
    Assessment.Status.CLOSED: gettext_lazy("The review is over: this assessment is closed."),
}


#: In an address and in forms: the agenda with what could change the level alone.
DECISIVE = "level"


def _agenda(assessment: Assessment, may: Permissions, *, only: str = "") -> Agenda:
    hides_comments = not may.reads_comments_from(assessment.first_closed_at)
    return Agenda.of(assessment, hides_comments=hides_comments, only_decisive=only == DECISIVE)


def _back_to_screen(request: Request, pk: UUID) -> HttpResponse:
    """The shared screen, with the filter that the form was sent from."""
    query = f"?only={DECISIVE}" if request.POST.get("only") == DECISIVE else ""
    return redirect(reverse("review", args=[pk]) + query)


# ---------------------------------------------------------------------- the shared screen


@require_safe
@login_required
@refusal_told
def review(request: Request, pk: UUID) -> HttpResponse:
    """The shared screen for the person who leads the review; what is on it for everyone else, and with ?follow."""
    assessment, may = get_assessment(request, pk, may=Permission.FOLLOW_REVIEW)
    if not assessment.is_in_review:
        raise Refused(str(NO_REVIEW[Assessment.Status(assessment.status)]))
    if may(Permission.FACILITATE) and "follow" not in request.GET:
        return _screen(request, assessment, may)
    return _followed(request, assessment, "review/follow.html", _member(request, assessment, may))


def _screen(
    request: Request,
    assessment: Assessment,
    may: Permissions,
    *,
    form: AgreeForm | None = None,
    item: Item | None = None,
) -> HttpResponse:
    """The facilitator's screen; `form` and its item if they were not stored, whatever is on the screen by now."""
    agenda = item.agenda if item else _agenda(assessment, may, only=request.GET.get("only", ""))
    review = Review.objects.at(assessment)
    if item is None:
        item = agenda.item(review.criterion_id)
    if form is None and item is not None:
        form = AgreeForm(item=item)
    context = {
        "assessment": assessment,
        "may": may,
        "agenda": agenda,
        "review": review,
        "item": item,
        "next": agenda.next(item),
        "previous": agenda.previous(item),
        "form": form,
        "back": reverse("review", args=[assessment.pk]),
        "symptoms": [] if item else assessment.symptoms_found(),
        "open_actions": _open_actions(assessment, may, item),
        "outside": [] if item else _seen_from_outside(agenda),
    }
    return render(request, "review/screen.html", context, status=form.http_status if form else 200)


def _open_actions(assessment: Assessment, may: Permissions, item: Item | None) -> list[Action]:
    """What the team planned before and has not done yet, about this criterion if one is on the screen."""
    if not may(Permission.SEE_RESULT):
        return []
    keys = [criterion.key for criterion in assessment.criteria_asked()] if item is None else [item.criterion.key]
    actions = Action.objects.pending().filter(team=assessment.team, framework=assessment.edition.framework)
    return list(actions.filter(criterion__in=keys).select_related("team"))


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideEntry:
    """A dimension that people outside see differently, with the question of it to talk about first."""

    row: OutsideRow
    item: Item


def _seen_from_outside(agenda: Agenda) -> list[OutsideEntry]:
    """The largest differences first."""
    view = OutsideView.objects.of(agenda.assessment)
    if view is None:
        return []
    first: dict[str, Item] = {}
    for item in agenda.ordered:
        first.setdefault(item.criterion.dimension.key, item)
    rows = outside_rows(agenda.contents, view.beside(agenda.instrument, agenda.score))
    return [OutsideEntry(row=row, item=first[row.dimension.key]) for row in rows]


@require_POST
@login_required
@refusal_told
def turn(request: Request, pk: UUID) -> HttpResponse:
    """Shows everybody another criterion; an empty one leads back to the agenda."""
    assessment, _may = get_assessment(request, pk, may=Permission.FACILITATE)
    chosen = request.POST.get("criterion", "")
    by_pk = {str(criterion.pk): criterion for criterion in assessment.criteria_asked()}
    if chosen and chosen not in by_pk:
        raise Http404
    Review.objects.at(assessment).turn_to(by_pk.get(chosen), by=request.user)
    return _back_to_screen(request, pk)


@require_POST
@login_required
@refusal_told
def agree(request: Request, pk: UUID, criterion: int) -> HttpResponse:
    """Decides on a criterion: a value, that it does not apply, or that the median stays; with `then`, goes on."""
    assessment, may = get_assessment(request, pk, may=Permission.FACILITATE)
    item = _agenda(assessment, may, only=request.POST.get("only", "")).item(criterion)
    if item is None:
        raise Http404
    form = AgreeForm(request.POST, item=item)
    review = Review.objects.at(assessment)
    if not is_stored(form, lambda: review.agree(item.criterion, by=request.user, **form.terms())):
        return _screen(request, assessment, may, form=form, item=item)
    messages.success(request, _("Decision saved."))
    if request.POST.get("then") == "next":
        following = item.agenda.next_open(item)
        review.turn_to(following.criterion if following else None, by=request.user)
    return _back_to_screen(request, pk)


# ---------------------------------------------------------------------- following


@dataclass(frozen=True, kw_only=True)
class Follower:
    """A person who looks at the review on a device that nobody else sees."""

    #: Their own answers.
    ratings: QuerySet[Rating]
    #: Where their page asks for what is on the screen.
    poll: str
    may: Permissions
    seat: Seat | None = None


def _member(request: Request, assessment: Assessment, may: Permissions) -> Follower:
    ratings = Rating.objects.filter(assessment=assessment, respondent__user=request.user)
    return Follower(ratings=ratings, poll=reverse("review-now", args=[assessment.pk]), may=may)


def _guest(seat: Seat) -> Follower:
    return Follower(ratings=seat.ratings(), poll=seat.url("review-now"), may=seat.may, seat=seat)


@require_safe
@login_required
def now(request: Request, pk: UUID) -> HttpResponse:
    """What is on the screen, as a fragment; 204 if the page has it already."""
    assessment, may = get_reviewed(request, pk)
    return _now(request, assessment, _member(request, assessment, may))


@require_safe
@seated
def guest_review(request: Request, seat: Seat) -> HttpResponse:
    if not seat.assessment.is_in_review:
        return redirect(seat.url("answer"))
    return _followed(request, seat.assessment, "review/follow.html", _guest(seat))


@require_safe
@seated
def guest_now(request: Request, seat: Seat) -> HttpResponse:
    return _now(request, seat.assessment, _guest(seat))


def _now(request: Request, assessment: Assessment, follower: Follower) -> HttpResponse:
    step = Review.objects.filter(assessment=assessment).values_list("step", flat=True).first() or 0
    if assessment.is_in_review and request.GET.get("seen") == str(step):
        return HttpResponse(status=204)
    return _followed(request, assessment, "review/_now.html", follower)


def _followed(request: Request, assessment: Assessment, template: str, follower: Follower) -> HttpResponse:
    """What is on the screen, with the follower's own answer."""
    context = {"assessment": assessment, "poll": follower.poll, "seat": follower.seat, "may": follower.may}
    if assessment.is_in_review:
        agenda = _agenda(assessment, follower.may)
        review = Review.objects.at(assessment)
        item = agenda.item(review.criterion_id)
        own = ""
        if item is not None and not assessment.anonymous:
            own = item.own_answer(follower.ratings)
        context |= {"agenda": agenda, "review": review, "item": item, "own": own}
    return render(request, template, context)
