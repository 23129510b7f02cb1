"""Answering: one page per dimension, every answer saved as it is given. For members and for holders of a link alike."""

import secrets
from functools import wraps

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..models import Conflict, Refused
from ..models.assessments import minutes
from ..models.participation import Pledge
from .answer_form import AnswerForm
from .forms import SymptomsForm
from .pages import Progress, Question, symptom_questions
from .previous_answers import MovingOn
from .session import Seat, seated


def _show(request, template, seat: Seat, *, status=200, **context):
    """A page or fragment of the questionnaire, with what all of them need."""
    always = {"seat": seat, "assessment": seat.assessment, "may": seat.may}
    return render(request, f"questionnaire/{template}.html", {**always, **context}, status=status)


def _refused(request, seat: Seat, sentence, *, lost: Question | None = None):
    """409: says why, and shows what was entered, so that nothing is lost without a word."""
    return _show(request, "refused", seat, sentence=str(sentence), lost=lost, status=409)


def by_link_only(view):
    """Decorator under `seated`: in an anonymous assessment a member is led to where the personal link is handed out."""

    @wraps(view)
    def wrapped(request, seat, *args, **kwargs):
        if seat.needs_link:
            return redirect(seat.url("answer"))
        return view(request, seat, *args, **kwargs)

    return wrapped


def _criterion_or_404(assessment, dimension_key, pk):
    criterion = assessment.edition.contents.criterion_by_pk.get(pk)
    if criterion is None or criterion.dimension.key != dimension_key or (assessment.is_short and not criterion.quick):
        raise Http404
    return criterion


@require_safe
@seated
def begin(request, seat):
    """What it is about, who sees what, how long it takes; from here to where the person left off."""
    count = len(seat.assessment.criteria_asked())
    context = {"minutes": minutes(count), "total": count, "participation": seat.participation}
    if seat.needs_link:
        return _show(request, "take_link", seat, pledge=Pledge.make(), **context)
    return _show(request, "begin", seat, progress=Progress.of(seat), **context)


@require_POST
@seated
def take_link(request, seat):
    """Hands a member the personal link to an anonymous assessment, and leads there."""
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
def next_unanswered(request, seat):
    """Leads to the first question without an answer from the dimension `?from=` on, or to the last page."""
    progress = Progress.of(seat)
    criterion = progress.next_unanswered(start=request.GET.get("from", ""))
    if criterion is None:
        has_symptoms = seat.assessment.edition.contents.symptoms
        return redirect(seat.url("answer-symptoms" if has_symptoms else "answer-done"))
    page, first = seat.url("answer-dimension", criterion.dimension.key), progress.part(criterion.dimension.key)
    # At the first question the page begins where it begins: with what the dimension is about.
    is_first = first is not None and first.criteria[0] is criterion
    return redirect(page if is_first else f"{page}#c-{criterion.pk}")


@require_safe
@seated
@by_link_only
def dimension(request, seat, dimension):
    return _page(request, seat, dimension)


def _page(request, seat, dimension_key, *, bound=None, status=200):
    """The questions of one dimension; `bound` is a question with what was just posted and why it was not stored."""
    progress = Progress.of(seat)
    part = progress.part(dimension_key)
    if part is None:
        raise Http404
    stored = seat.ratings().filter(criterion__dimension=part.dimension.pk)
    ratings = {rating.criterion_id: rating for rating in stored}
    questions = [
        bound if bound and bound.criterion is criterion else Question(criterion, ratings.get(criterion.pk))
        for criterion in part.criteria
    ]
    before, after = progress.neighbours(part)
    context = {"progress": progress, "part": part, "before": before, "after": after, "questions": questions}
    if seat.may("see result"):
        asked = {"before": seat.assessment, "criteria": part.criteria}
        context["moving_on"] = MovingOn.of(seat.assessment.team, seat.assessment.edition, **asked)
    return _show(request, "dimension", seat, status=status, page=secrets.token_hex(12), **context)


def _signed_in_or_401(view):
    """A save by somebody signed out is told so, and the answer stays on the page until it can be stored."""

    @wraps(view)
    def wrapped(request, *, dimension, criterion, pk=None, token=""):
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
def save(request, seat, dimension, criterion):
    criterion = _criterion_or_404(seat.assessment, dimension, criterion)
    form = AnswerForm(request.POST, criterion=criterion)
    question = Question(criterion, posted=request.POST, errors=form.errors)
    status = 200
    try:
        seat.assessment.refuse_unless_open()
        if not form.is_valid():
            question.errors, status = form.errors, 422
        elif str(form.cleaned_data["who"]) != seat.mark:
            raise Refused("This page was opened by somebody else, who has signed out since. Load it again to answer.")
        else:
            answer = {"criterion": criterion, "answer": form.answer(), "mark": form.mark()}
            stored = seat.assessment.save_rating(by=seat.who, **answer)
            if not request.htmx and stored.code != form.answer().code:
                # A page from before, sent again: without script its number never rises.
                raise Conflict(stored)
            question = Question(criterion, stored)
    except Conflict as conflict:
        question.conflict, status = Question(criterion, conflict.stored), 409
    except Refused as refusal:
        question.refusal, status = str(refusal), 409
    return _answer_to_save(request, seat, question, status)


def _answer_to_save(request, seat, question, status):
    key = question.criterion.dimension.key
    if request.htmx:
        # The counts change only when something was stored.
        progress = Progress.of(seat) if status == 200 else None
        context = {"question": question, "progress": progress, "part": progress and progress.part(key)}
        response = _show(request, "_saved", seat, status=status, saved=status == 200, **context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if status == 200:
        return redirect(seat.url("answer-dimension", key) + f"#c-{question.criterion.pk}")
    if not seat.assessment.is_open:
        return _refused(request, seat, question.refusal, lost=question)
    return _page(request, seat, key, bound=question, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@seated
@by_link_only
def symptoms(request, seat):
    """The last page: what people notice in daily work. Not scored; what contradicts the ratings is only pointed out."""
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
def done(request, seat):
    contradicted = [question for question in symptom_questions(seat) if question.contradicted_by]
    context = {"progress": Progress.of(seat), "participation": seat.participation, "contradicted": contradicted}
    return _show(request, "done", seat, **context)


@require_POST
@seated
@by_link_only
def submit(request, seat):
    try:
        seat.assessment.submit(by=seat.who)
    except Refused as refusal:
        return _refused(request, seat, refusal)
    if not seat.assessment.anonymous:
        messages.success(
            request, "Thank you, your answers are submitted. You can still change them until the answering ends."
        )
    return redirect(seat.url("answer-done"))
