"""Answering from outside: one page for each dimension, saved as a whole; nothing to submit."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from .. import scoring
from ..invitations.links import link_problems
from ..invitations.outside_links import open_outside
from ..models import Choice, Criterion, Dimension, Refused
from ..models.outside import OutsideSeat
from ..web.requests import Request
from .pages import AnswerOption, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsidePage:
    """The questions of one dimension, with how many of them this person has answered."""

    dimension: Dimension
    criteria: list[Criterion]
    answered: int

    @property
    def is_done(self) -> bool:
        return self.answered == len(self.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideQuestion:
    """A criterion with what an outsider can say to it: a choice of its scale, or that they do not know."""

    criterion: Criterion
    question: Question
    name: str

    @property
    def options(self) -> list[AnswerOption]:
        return [option for option in self.question.options if option.code != scoring.NA]


class OutsideAnswersForm(forms.Form):
    """The answers of one page. A question without one stays as it is."""

    def __init__(self, data: object = None, *, questions: Sequence[OutsideQuestion]) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # what a request posted
        self.questions = questions
        for question in questions:
            choices = [(option.code, option.name) for option in question.options]
            not_one = {"invalid_choice": _("This is not one of the answers to this question.")}
            self.fields[question.name] = forms.ChoiceField(choices=choices, required=False, error_messages=not_one)

    def answers(self) -> dict[Criterion, Choice | None]:
        given = {}
        for question in self.questions:
            code = self.cleaned_data[question.name]
            if code:
                given[question.criterion] = question.criterion.scale.by_code.get(code)
        return given


def _pages(seat: OutsideSeat) -> list[OutsidePage]:
    answered = set(seat.ratings().values_list("criterion", flat=True))
    by_dimension: dict[int, list[Criterion]] = {}
    for criterion in seat.view.criteria_asked():
        by_dimension.setdefault(criterion.dimension_id, []).append(criterion)
    pages = []
    for dimension in seat.assessment.edition.contents.dimensions:
        if criteria := by_dimension.get(dimension.pk):
            number = sum(criterion.pk in answered for criterion in criteria)
            pages.append(OutsidePage(dimension=dimension, criteria=criteria, answered=number))
    return pages


@require_safe
@link_problems
def overview(request: Request, token: str) -> HttpResponse:
    """Every dimension with how far the person is; everything is saved, so there is nothing to submit."""
    seat = open_outside(request, token)
    if seat.is_shared:
        return redirect("outside", token)
    pages = _pages(seat)
    total = sum(len(page.criteria) for page in pages)
    answered = sum(page.answered for page in pages)
    context = {
        "seat": seat,
        "assessment": seat.assessment,
        "token": token,
        "pages": pages,
        "total": total,
        "answered": answered,
        "next": next((page for page in pages if not page.is_done), None),
    }
    return render(request, "questionnaire/outside_overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@link_problems
def dimension(request: Request, token: str, dimension: str) -> HttpResponse:
    seat = open_outside(request, token)
    if seat.is_shared:
        return redirect("outside", token)
    pages = _pages(seat)
    page = next((page for page in pages if page.dimension.key == dimension), None)
    if page is None:
        raise Http404
    questions = _questions(seat, page)
    form = OutsideAnswersForm(request.POST if request.method == "POST" else None, questions=questions)
    place = pages.index(page)
    before, following = pages[:place], pages[place + 1 :]
    if form.is_valid():
        try:
            seat.assessment.save_from_outside(seat, form.answers())
        except Refused as refusal:
            context = {"assessment": seat.assessment, "sentence": str(refusal)}
            return render(request, "invitations/refused.html", context, status=409)
        then = request.POST.get("then")
        if before and then == "back":
            return redirect("outside-dimension", token, before[-1].dimension.key)
        if following and then not in {"back", "stop"}:
            return redirect("outside-dimension", token, following[0].dimension.key)
        return redirect("outside-answer", token)
    context = {
        "seat": seat,
        "assessment": seat.assessment,
        "token": token,
        "pages": pages,
        "page": page,
        "questions": questions,
        "meanings": _meanings(questions),
        "form": form,
        "is_first": not before,
        "is_last": not following,
    }
    return render(request, "questionnaire/outside_page.html", context, status=422 if form.is_bound else 200)


def _questions(seat: OutsideSeat, page: OutsidePage) -> list[OutsideQuestion]:
    codes = {rating.criterion_id: rating.code for rating in seat.ratings()}
    return [
        OutsideQuestion(
            criterion=criterion,
            question=Question(criterion=criterion, code=codes.get(criterion.pk, "")),
            name=f"c-{criterion.pk}",
        )
        for criterion in page.criteria
    ]


def _meanings(questions: Sequence[OutsideQuestion]) -> list[list[AnswerOption]]:
    """The choices of every scale on the page that say what they mean."""
    by_scale = {each.criterion.scale_id: each.question.explained_options for each in questions}
    return [options for options in by_scale.values() if options]
