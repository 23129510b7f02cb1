"""Answering: one page per dimension, every answer saved as it is given."""

import secrets
from functools import wraps

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_POST, require_safe

from ..access import get_answering
from ..forms.assessments import AnswerForm, minutes
from ..models import Rating, Refused, StaleAnswer
from ..questionnaire import Progress, Question


def _criterion_or_404(assessment, dimension_key, pk):
    criterion = assessment.edition.contents.criterion_by_pk.get(pk)
    if criterion is None or criterion.dimension.key != dimension_key or (assessment.is_short and not criterion.quick):
        raise Http404
    return criterion


@require_safe
@login_required
def begin(request, pk):
    """What it is about, who sees what, how long it takes; from here to where the person left off."""
    assessment, may = get_answering(request, pk)
    progress = Progress.of(assessment, request.user)
    count = len(assessment.criteria_asked())
    context = {"assessment": assessment, "may": may, "progress": progress, "minutes": minutes(count)}
    return render(request, "questionnaire/begin.html", context)


@require_safe
@login_required
def next_unanswered(request, pk):
    """Leads to the first question without an answer from the dimension `?from=` on, or to the last page."""
    assessment, _ = get_answering(request, pk)
    criterion = Progress.of(assessment, request.user).next_unanswered(start=request.GET.get("from", ""))
    if criterion is None:
        return redirect("answer-done", pk)
    return redirect(reverse("answer-dimension", args=[pk, criterion.dimension.key]) + f"#c-{criterion.pk}")


@require_safe
@login_required
def dimension(request, pk, dimension):
    assessment, may = get_answering(request, pk)
    return _page(request, assessment, may, dimension)


def _page(request, assessment, may, dimension_key, *, bound=None, status=200):
    """The questions of one dimension; `bound` is a question with what was just posted and why it was not stored."""
    progress = Progress.of(assessment, request.user)
    part = progress.part(dimension_key)
    if part is None:
        raise Http404
    stored = Rating.objects.filter(respondent__assessment=assessment, respondent__user=request.user)
    ratings = {rating.criterion_id: rating for rating in stored.filter(criterion__dimension=part.dimension.pk)}
    questions = [
        bound if bound and bound.criterion is criterion else Question(criterion, ratings.get(criterion.pk))
        for criterion in part.criteria
    ]
    before, after = progress.neighbours(part)
    context = {
        "assessment": assessment,
        "may": may,
        "progress": progress,
        "part": part,
        "before": before,
        "after": after,
        "questions": questions,
        "page": secrets.token_hex(12),
    }
    return render(request, "questionnaire/dimension.html", context, status=status)


def _signed_in_or_401(view):
    """A save by somebody signed out is told so, and the answer stays on the page until it can be stored."""

    @wraps(view)
    def wrapped(request, pk, dimension, criterion):
        if request.user.is_authenticated:
            return view(request, pk, dimension, criterion)
        back = reverse("answer-dimension", args=[pk, dimension])
        template = "questionnaire/_signed_out.html" if request.htmx else "questionnaire/signed_out.html"
        context = {"criterion_pk": criterion, "back": back, "posted": request.POST}
        return render(request, template, context, status=401)

    return wrapped


@require_POST
@_signed_in_or_401
def save(request, pk, dimension, criterion):
    assessment, may = get_answering(request, pk)
    criterion = _criterion_or_404(assessment, dimension, criterion)
    form = AnswerForm(request.POST, criterion=criterion)
    question = Question(criterion, posted=request.POST, errors=form.errors)
    status = 200
    try:
        if not form.is_valid():
            question.errors, status = form.errors, 422
        elif form.cleaned_data["who"] != request.user.pk:
            raise Refused("This page was opened by somebody else, who has signed out since. Load it again to answer.")
        else:
            question = Question(
                criterion,
                assessment.save_rating(by=request.user, criterion=criterion, answer=form.answer(), mark=form.mark()),
            )
    except StaleAnswer as conflict:
        question.conflict, status = Question(criterion, conflict.stored), 409
    except Refused as refusal:
        question.refusal, status = str(refusal), 409
    return _answer_to_save(request, assessment, may, question, status)


def _answer_to_save(request, assessment, may, question, status):
    if request.htmx:
        # The counts change only when something was stored.
        progress = Progress.of(assessment, request.user) if status == 200 else None
        part = progress and progress.part(question.criterion.dimension.key)
        context = {
            "assessment": assessment,
            "question": question,
            "progress": progress,
            "part": part,
            "saved": status == 200,
        }
        response = render(request, "questionnaire/_saved.html", context, status=status)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if status == 200:
        page = reverse("answer-dimension", args=[assessment.pk, question.criterion.dimension.key])
        return redirect(f"{page}#c-{question.criterion.pk}")
    if not assessment.is_open:
        return render(
            request, "assessments/refused.html", {"assessment": assessment, "sentence": question.refusal}, status=409
        )
    return _page(request, assessment, may, question.criterion.dimension.key, bound=question, status=status)


@require_safe
@login_required
def done(request, pk):
    assessment, may = get_answering(request, pk)
    progress = Progress.of(assessment, request.user)
    participation = assessment.participations.filter(user=request.user).first()
    context = {"assessment": assessment, "may": may, "progress": progress, "participation": participation}
    return render(request, "questionnaire/done.html", context)


@require_POST
@login_required
def submit(request, pk):
    assessment, _ = get_answering(request, pk)
    try:
        assessment.submit(by=request.user)
    except Refused as refusal:
        return render(
            request, "assessments/refused.html", {"assessment": assessment, "sentence": str(refusal)}, status=409
        )
    messages.success(request, "Thank you, your answers are submitted. You can still change them until the lead closes.")
    return redirect("answer-done", pk)
