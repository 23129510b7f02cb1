"""Answering: one page per dimension, every answer saved as it is given. For members and for holders of a link alike."""

import secrets
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Assessment, Conflict, Criterion, Rating, Refused
from ..models.assessments import minutes
from ..models.participation import Pledge
from ..permissions.roles import Permission
from ..web.requests import Request
from .answer_form import AnswerForm
from .forms import SymptomsForm
from .pages import Progress, Question, symptom_questions
from .previous_answers import MovingOn
from .session import Seat, seated


def _show(request: Request, template: str, seat: Seat, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page or fragment of the questionnaire, with what all of them need."""
    context |= {"seat": seat, "assessment": seat.assessment, "may": seat.may}
    return render(request, f"questionnaire/{template}.html", context, status=status)


def _refused(request: Request, seat: Seat, sentence: object, *, lost: Question | None = None) -> HttpResponse:
    """409: says why, and shows what was entered, so that nothing is lost silently."""
    return _show(request, "refused", seat, sentence=str(sentence), lost=lost, status=409)


def by_link_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator under `seated`: in an anonymous assessment, sends a member to the page that gives out the links."""

    @wraps(view)
    def wrapped(request: Request, seat: Seat, *args: Any, **kwargs: Any) -> HttpResponse:
        if seat.needs_link:
            return redirect(seat.url("answer"))
        return view(request, seat, *args, **kwargs)

    return wrapped


def _criterion_or_404(assessment: Assessment, dimension_key: str, pk: int) -> Criterion:
    criterion = assessment.edition.contents.criterion_by_pk.get(pk)
    if criterion is None or criterion.dimension.key != dimension_key or (assessment.is_short and not criterion.quick):
        raise Http404
    return criterion


@require_safe
@seated
def begin(request: Request, seat: Seat) -> HttpResponse:
    """What it is about, who sees what and how long it takes; leads on to where the person left off."""
    total = len(seat.assessment.criteria_asked())
    context: dict[str, Any] = {"minutes": minutes(total), "total": total, "participation": seat.participation}
    if seat.needs_link:
        return _show(request, "take_link", seat, pledge=Pledge.make(), **context)
    return _show(request, "begin", seat, progress=Progress.of(seat), **context)


@require_POST
@seated
def take_link(request: Request, seat: Seat) -> HttpResponse:
    """Gives a member the personal link to an anonymous assessment, and leads there."""
    token = Pledge.redeem(request.POST.get("pledge", ""))
    if token is None or not seat.needs_link:
        return redirect(seat.url("answer"))
    try:
        seat.assessment.take_link(request.user, token=token)
    except Refused as refusal:
        return _refused(request, seat, refusal)
    return redirect("guest-answer", token)


@require_safe
@seated
@by_link_only
def next_unanswered(request: Request, seat: Seat) -> HttpResponse:
    """Leads to the first question without an answer from the dimension `?from=` on, or to the last page."""
    progress = Progress.of(seat)
    criterion = progress.next_unanswered(start=request.GET.get("from", ""))
    if criterion is None:
        return redirect(seat.url(_last_page(seat)))

    page = seat.url("answer-dimension", criterion.dimension.key)
    part = progress.part(criterion.dimension.key)
    if part is not None and part.criteria[0] is criterion:
        # The top of the page says what the dimension is about.
        return redirect(page)
    return redirect(f"{page}#c-{criterion.pk}")


def _last_page(seat: Seat) -> str:
    """The name of the page that follows the last dimension."""
    return "answer-symptoms" if seat.assessment.edition.contents.symptoms else "answer-done"


@require_safe
@seated
@by_link_only
def dimension(request: Request, seat: Seat, dimension: str) -> HttpResponse:
    return _page(request, seat, dimension)


def _page(
    request: Request, seat: Seat, dimension_key: str, *, bound: Question | None = None, status: int = 200
) -> HttpResponse:
    """The questions of one dimension; `bound` is a question with what was just posted and why it was not stored."""
    progress = Progress.of(seat)
    part = progress.part(dimension_key)
    if part is None:
        raise Http404
    ratings_of_part = seat.ratings().filter(criterion__dimension=part.dimension.pk)
    ratings = {rating.criterion_id: rating for rating in ratings_of_part}
    questions = []
    for criterion in part.criteria:
        if bound is not None and bound.criterion is criterion:
            questions.append(bound)
        else:
            questions.append(Question.stored(criterion, ratings.get(criterion.pk)))

    before, after = progress.neighbours(part)
    context = {
        "progress": progress,
        "part": part,
        "before": before,
        "after": after,
        "last_page": _last_page(seat),
        "questions": questions,
        # Tells the saves of this page from those of any other.
        "page": secrets.token_hex(12),
    }
    if seat.may(Permission.SEE_RESULT):
        context["moving_on"] = MovingOn.of(
            seat.assessment.team, seat.assessment.edition, before=seat.assessment, criteria=part.criteria
        )
    return _show(request, "dimension", seat, status=status, **context)


def _signed_in_or_401(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: a person who is signed out learns that, and the answer stays on the page until it can be saved."""

    @wraps(view)
    def wrapped(
        request: Request, *, dimension: str, criterion: int, pk: UUID | None = None, token: str = ""
    ) -> HttpResponse:
        if token or request.user.is_authenticated:
            return view(request, pk=pk, token=token, dimension=dimension, criterion=criterion)
        back = reverse("answer-dimension", args=[pk, dimension])
        template = "questionnaire/_signed_out.html" if request.htmx else "questionnaire/signed_out.html"
        context = {"criterion_pk": criterion, "back": back, "posted": request.POST}
        return render(request, template, context, status=401)

    return wrapped


@require_POST
@_signed_in_or_401
@seated
def save(request: Request, seat: Seat, dimension: str, criterion: int) -> HttpResponse:
    asked = _criterion_or_404(seat.assessment, dimension, criterion)
    form = AnswerForm(request.POST, criterion=asked)
    try:
        seat.assessment.refuse_unless_open()
        if form.is_valid():
            rating = _store(request, seat, form)
            return _after_save(request, seat, Question.stored(asked, rating, is_saved=True), 200)
    except Conflict as conflict:
        question = Question.posted(asked, request.POST)
        question.conflict = Question.stored(asked, conflict.stored)
        return _after_save(request, seat, question, 409)
    except Refused as refusal:
        question = Question.posted(asked, request.POST)
        question.errors = form.errors
        question.refusal = str(refusal)
        return _after_save(request, seat, question, 409)
    question = Question.posted(asked, request.POST)
    question.errors = form.errors
    return _after_save(request, seat, question, 422)


def _store(request: Request, seat: Seat, form: AnswerForm) -> Rating:
    """The rating as it is stored now. Raises Conflict or Refused."""
    if str(form.cleaned_data["who"]) != seat.mark:
        raise Refused(_("Someone else opened this page and has signed out since. Reload the page to answer."))
    answer = form.answer()
    rating = seat.assessment.save_rating(by=seat.who, criterion=form.criterion, answer=answer, mark=form.mark())
    if not request.htmx and rating.code != answer.code:
        # An old page that was sent again: without script its number never rises.
        raise Conflict(rating)
    return rating


def _after_save(request: Request, seat: Seat, question: Question, status: int) -> HttpResponse:
    """For the script the status beside the question, and the counts if they may have changed; else the whole page."""
    key = question.criterion.dimension.key
    if request.htmx:
        context: dict[str, object] = {"question": question}
        if question.is_saved:
            progress = Progress.of(seat)
            context |= {"progress": progress, "part": progress.part(key)}
        response = _show(request, "_saved", seat, status=status, **context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if question.is_saved:
        return redirect(seat.url("answer-dimension", key) + f"#c-{question.criterion.pk}")
    if not seat.assessment.is_open:
        return _refused(request, seat, question.refusal, lost=question)
    return _page(request, seat, key, bound=question, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
@by_link_only
def symptoms(request: Request, seat: Seat) -> HttpResponse:
    """The last page: what people notice in daily work. It is not scored; contradictions are only pointed out."""
    questions = symptom_questions(seat)
    form = SymptomsForm(request.POST if request.method == "POST" else None, questions=questions)
    if form.is_valid():
        try:
            seat.assessment.save_symptoms(by=seat.who, answers=form.answers())
        except Refused as refusal:
            return _refused(request, seat, refusal)
        return redirect(seat.url("answer-done"))
    return _show(request, "symptoms", seat, progress=Progress.of(seat), questions=questions, form=form)


@require_safe
@seated
@by_link_only
def done(request: Request, seat: Seat) -> HttpResponse:
    contradicted = [question for question in symptom_questions(seat) if question.contradicted_by]
    progress = Progress.of(seat)
    participation = seat.participation
    is_submitted = participation is not None and participation.is_submitted
    if is_submitted:
        heading = _("Thank you")
    elif seat.assessment.is_closed:
        heading = _("Closed")
    else:
        heading = _("Finish")
    context: dict[str, Any] = {
        "heading": heading,
        "progress": progress,
        "participation": participation,
        "can_submit": bool(progress.answered) and not is_submitted,
        "contradicted": contradicted,
    }
    return _show(request, "done", seat, **context)


@require_POST
@seated
@by_link_only
def submit(request: Request, seat: Seat) -> HttpResponse:
    try:
        seat.assessment.submit(by=seat.who)
    except Refused as refusal:
        return _refused(request, seat, refusal)
    if not seat.assessment.anonymous:
        messages.success(
            request, _("Thank you, your answers are submitted. You can still change them until answering ends.")
        )
    return redirect(seat.url("answer-done"))
