"""Answering: one page per dimension, every answer saved as it is given. For members and for holders of a link alike."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..evidence.beside import Checks, FactBeside
from ..models import Assessment, Conflict, Criterion, Rating, Refused, answering_sql
from ..models.assessments import minutes
from ..models.participation import Pledge
from ..permissions.roles import Permission
from ..results.report import Standing
from ..results.result_in_words import ResultInWords
from ..web.kept_fragments import fragment_digest
from ..web.requests import Request
from .answer_form import AnswerForm, changed_by_question
from .forms import SymptomsForm
from .kept_pieces import KeptPieces
from .pages import MOST_DIGITS, Progress, Question, meanings_of, symptom_questions
from .previous_answers import MovingOn
from .session import SOMEONE_ELSE, Seat, seated


def _show(request: Request, template: str, seat: Seat, *, status: int = 200, **context: Any) -> HttpResponse:
    """A page or fragment of the questionnaire, with what all of them need."""
    context |= {"seat": seat, "assessment": seat.assessment, "may": seat.may}
    return render(request, f"questionnaire/{template}.html", context, status=status)


def _refused(request: Request, seat: Seat, sentence: object, *, lost: Sequence[Question] = ()) -> HttpResponse:
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
    """What it is about, who sees what and how long it takes; who has read it once is led to their answers."""
    total = len(seat.assessment.criteria_asked())
    context: dict[str, Any] = {"minutes": minutes(total), "total": total, "participation": seat.participation}
    if seat.needs_link:
        return _show(request, "take_link", seat, pledge=Pledge.make(), **context)
    if seat.assessment.is_open and Progress.of(seat).answered:
        return redirect(seat.url("answer-done"))
    if seat.sees_result:
        return redirect(seat.url("answer-done"))
    return _show(request, "begin", seat, **context)


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
    """Leads to the first question without an answer from the dimension `?from=` on, or to the page to submit."""
    progress = Progress.of(seat)
    criterion = progress.next_unanswered(start=request.GET.get("from", ""))
    if criterion is None:
        return redirect(seat.url("answer-done"))

    page = seat.url("answer-dimension", criterion.dimension.key)
    part = progress.part(criterion.dimension.key)
    if part is not None and part.criteria[0] is criterion:
        # The top of the page says what the dimension is about.
        return redirect(page)
    return redirect(f"{page}#c-{criterion.pk}")


def _page(
    request: Request,
    seat: Seat,
    dimension_key: str,
    *,
    unsaved: Sequence[Question] = (),
    saved: int = 0,
    status: int = 200,
) -> HttpResponse:
    """The questions of one dimension; `unsaved` are those with what was just posted and why it was not stored."""
    dimension = seat.assessment.edition.contents.dimension_by_key.get(dimension_key)
    if dimension is None:
        raise Http404
    answered, ratings = answering_sql.answers_around(seat.assessment, seat.who, dimension)
    progress = Progress.from_answered(seat.assessment, answered)
    part = progress.part(dimension_key)
    if part is None:
        raise Http404
    entered = {question.criterion.pk: question for question in unsaved}
    stored = {criterion.pk: Question.stored(criterion, ratings.get(criterion.pk)) for criterion in part.criteria}
    questions = [entered.get(pk) or question for pk, question in stored.items()]

    _hide_hints(seat, questions, progress)
    answers = {pk: question.code for pk, question in stored.items()}
    before, after = progress.neighbours(part)
    moving_on = _moving_on(seat, part.criteria)
    hints = moving_on.hints if moving_on else {}
    context = {
        "progress": progress,
        "part": part,
        "before": before,
        "after": after,
        "questions": questions,
        "unsaved": unsaved,
        "saved": saved,
        # Asked for only if the piece with them is not kept.
        "meanings": SimpleLazyObject(lambda: meanings_of(questions)),
        "moving_on": moving_on,
        "hints": hints,
        "kept": KeptPieces(
            assessment=seat.assessment, progress=progress, part=part, questions_asked=questions, hints=hints
        ),
        "checks": _checks(seat, part.criteria, answers),
        "has_levels": any(criterion.level_id for criterion in part.criteria),
        # Tells the saves of this page from those of any other.
        "page": secrets.token_hex(12),
    }
    return _show(request, "dimension", seat, status=status, **context)


def _hide_hints(seat: Seat, questions: Sequence[Question], progress: Progress) -> None:
    """Keeps the hints away from questions without a stored answer, if the lead chose so."""
    for question in questions:
        question.shows_hints = not seat.assessment.hides_hints or question.criterion.key in progress.answered_keys


def _checks(seat: Seat, criteria: Sequence[Criterion], answers: Mapping[int, str]) -> dict[str, list[FactBeside]]:
    """What pipelines reported about those criteria that the person has answered: before, it would draw the answer.

    `answers` has the stored codes by the id of the criterion. One query, and none while nothing was reported.
    """
    answered = [criterion for criterion in criteria if answers.get(criterion.pk)]
    if not seat.has_checks or not answered:
        return {}
    assessment = seat.assessment
    checks = Checks.of(assessment.team_id, assessment.edition.contents, answered)
    return {criterion.key: checks.beside(criterion, answers[criterion.pk]) for criterion in answered}


def _moving_on(seat: Seat, criteria: Sequence[Criterion]) -> MovingOn | None:
    """What is known of these criteria from the team's last result; None for people who may not see results."""
    if not seat.may(Permission.SEE_RESULT):
        return None
    return MovingOn.of(seat.assessment.team, seat.assessment.edition, before=seat.assessment, criteria=criteria)


def _signed_in_or_401(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: a person who is signed out learns that, and the answer stays on the page until it can be saved."""

    @wraps(view)
    def wrapped(
        request: Request, *, dimension: str, criterion: int, pk: UUID | None = None, token: str = ""
    ) -> HttpResponse:
        if token or request.user.is_authenticated:
            return view(request, pk=pk, token=token, dimension=dimension, criterion=criterion)
        if not request.htmx:
            return _signed_out(request, pk, dimension, [request.POST])
        context = {"criterion_pk": criterion, "posted": request.POST}
        return render(request, "questionnaire/_signed_out.html", context, status=401)

    return wrapped


def _signed_out(
    request: Request, pk: UUID | None, dimension: str, entries: Sequence[Mapping[str, str]]
) -> HttpResponse:
    """401: shows what was entered, so that nothing is lost silently."""
    context = {"back": reverse("answer-dimension", args=[pk, dimension]), "entries": entries}
    return render(request, "questionnaire/signed_out.html", context, status=401)


def _page_signed_in_or_401(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Decorator: the same for a whole page that is saved without script."""

    @wraps(view)
    def wrapped(request: Request, *, dimension: str, pk: UUID | None = None, token: str = "") -> HttpResponse:
        changed = list(changed_by_question(request.POST).values())
        if token or request.user.is_authenticated or not changed:
            return view(request, pk=pk, token=token, dimension=dimension)
        return _signed_out(request, pk, dimension, changed)

    return wrapped


@require_http_methods(["GET", "HEAD", "POST"])
@_page_signed_in_or_401
@seated
@by_link_only
def dimension(request: Request, seat: Seat, dimension: str) -> HttpResponse:
    """One page of questions. Without script it is saved at once; with script nothing is posted here."""
    if request.method == "POST":
        return _save_page(request, seat, dimension)
    saved = request.GET.get("saved", "")
    return _page(request, seat, dimension, saved=int(saved) if saved.isdecimal() and len(saved) < MOST_DIGITS else 0)


def _save_page(request: Request, seat: Seat, dimension_key: str) -> HttpResponse:
    """Saves every answer that was changed on the page, one by one; what fails stays on it with the reason."""
    part = Progress.of(seat).part(dimension_key)
    if part is None:
        raise Http404
    changed = changed_by_question(request.POST)
    asked = {str(criterion.pk): criterion for criterion in part.criteria}
    tried = [_tried(request, seat, asked[number], data) for number, data in changed.items() if number in asked]
    unsaved = [question for question in tried if not question.is_saved]
    saved = len(tried) - len(unsaved)
    if not unsaved:
        return redirect(seat.url("answer-dimension", dimension_key) + f"?saved={saved}")
    if not seat.assessment.is_open:
        return _refused(request, seat, unsaved[0].refusal, lost=unsaved)
    status = max(question.http_status for question in unsaved)
    return _page(request, seat, dimension_key, unsaved=unsaved, saved=saved, status=status)


@require_POST
@_signed_in_or_401
@seated
def save(request: Request, seat: Seat, dimension: str, criterion: int) -> HttpResponse:
    """Saves one answer as it is given."""
    asked = _criterion_or_404(seat.assessment, dimension, criterion)
    return _after_save(request, seat, _tried(request, seat, asked, request.POST))


def _tried(request: Request, seat: Seat, criterion: Criterion, data: Mapping[str, str]) -> Question:
    """The question as it is stored now, or with what was entered and why it could not be stored."""
    form = AnswerForm(data, criterion=criterion)
    question = Question.posted(criterion, data)
    try:
        seat.assessment.refuse_unless_open()
        if form.is_valid():
            return Question.stored(criterion, _store(request, seat, form), is_saved=True)
    except Conflict as conflict:
        question.conflict = Question.stored(criterion, conflict.stored)
        return question
    except Refused as refusal:
        question.refusal = str(refusal)
    question.errors = form.errors
    return question


def _store(request: Request, seat: Seat, form: AnswerForm) -> Rating:
    """The rating as it is stored now. Raises Conflict or Refused."""
    if str(form.cleaned_data["who"]) != seat.mark:
        raise Refused(str(SOMEONE_ELSE))
    answer = form.answer()
    rating = seat.assessment.save_rating(by=seat.who, criterion=form.criterion, answer=answer, mark=form.mark())
    if not request.htmx and not rating.says(answer):
        # An old page that was sent again: without script its number never rises.
        raise Conflict(rating)
    return rating


def _after_save(request: Request, seat: Seat, question: Question) -> HttpResponse:
    """For the script the status beside the question, and the counts if they may have changed; else the whole page."""
    key = question.criterion.dimension.key
    if request.htmx:
        context: dict[str, object] = {"question": question}
        if question.is_saved:
            progress = Progress.of(seat)
            context |= {
                "progress": progress,
                "part": progress.part(key),
                "edition_digest": fragment_digest(seat.assessment.edition.digest),
            }
            if seat.has_checks:
                context["checks"] = _checks(seat, [question.criterion], {question.criterion.pk: question.code})
            if seat.assessment.hides_hints:
                _hide_hints(seat, [question], progress)
                context["moving_on"] = _moving_on(seat, [question.criterion])
        response = _show(request, "_saved", seat, status=question.http_status, **context)
        patch_vary_headers(response, ["HX-Request"])
        return response
    if question.is_saved:
        return redirect(seat.url("answer-dimension", key) + f"#c-{question.criterion.pk}")
    if not seat.assessment.is_open:
        return _refused(request, seat, question.refusal, lost=[question])
    return _page(request, seat, key, unsaved=[question], status=question.http_status)


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
    """Review and submit: every section with what is missing in it. Afterwards it says so, and what happens next."""
    assessment = seat.assessment
    is_unlinked = assessment.anonymous and (assessment.is_in_review or assessment.is_closed)
    noticing = symptom_questions(seat)
    progress = Progress.of(seat)
    participation = seat.participation
    is_submitted = participation is not None and participation.is_submitted
    context: dict[str, Any] = {
        "heading": _heading(assessment, is_submitted=is_submitted),
        "progress": progress,
        "sections": progress.sections(seat),
        "participation": participation,
        "is_unlinked": is_unlinked,
        "shows_answers": assessment.is_open or (assessment.is_in_review and not is_unlinked),
        "can_submit": assessment.is_open and bool(progress.answered) and not is_submitted,
        "noticing": noticing,
        "has_noticed": any(question.agrees is not None for question in noticing),
        "contradicted": [question for question in noticing if question.contradicted_by],
    }
    if seat.sees_result and (own_result := _own_result(assessment)):
        context |= own_result | {"heading": _("Result")}
    return _show(request, "done", seat, **context)


def _own_result(assessment: Assessment) -> dict[str, Any]:
    """What the assessment came to, for people who see nothing else of the team: not what was before, nor a target."""
    result = assessment.results.current()
    if result is None:
        return {}
    standing = Standing(result, None)
    return {"standing": standing, "words": ResultInWords(standing, [result])}


def _heading(assessment: Assessment, *, is_submitted: bool) -> str:
    if assessment.is_closed:
        return _("Closed")
    if is_submitted:
        return _("Submitted")
    return _("Review and submit") if assessment.is_open else _("Your answers")


@require_POST
@seated
@by_link_only
def submit(request: Request, seat: Seat) -> HttpResponse:
    try:
        seat.assessment.submit(by=seat.who)
    except Refused as refusal:
        return _refused(request, seat, refusal)
    return redirect(seat.url("answer-done"))
