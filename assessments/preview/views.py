"""A draft as people would meet it: its questionnaire, and a result with made-up answers. Nothing is stored."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from ..frameworks.editor.part_views import editing
from ..frameworks.publishing import Readiness
from ..models import Edition
from ..questionnaire.pages import Question, meanings_of
from ..results.report_charts import radar_chart
from ..results.result_in_words import ResultInWords
from ..web.requests import Request
from .forms import RANDOM, AnswersForm
from .made_up import PreviewSeat, made_up_result, open_assessment, unanswered


@require_safe
@editing
def questionnaire(request: Request, edition: Edition, dimension: str = "") -> HttpResponse:
    """The questions of one dimension, of the first one if none is named."""
    contents = edition.contents
    progress = unanswered(contents)
    part = progress.part(dimension) if dimension else next(iter(progress.parts), None)
    if dimension and part is None:
        raise Http404
    questions = [Question.stored(criterion, None) for criterion in part.criteria] if part else []
    before, after = progress.neighbours(part) if part else (None, None)
    context = {
        "edition": edition,
        "assessment": open_assessment(contents),
        "seat": PreviewSeat(contents),
        "progress": progress,
        "part": part,
        "before": before,
        "after": after,
        "questions": questions,
        "meanings": meanings_of(questions),
    }
    return render(request, "preview/questionnaire.html", context)


@require_safe
@editing
def result(request: Request, edition: Edition) -> HttpResponse:
    """What made-up answers come to, if the draft is a whole framework."""
    readiness = Readiness.of(edition)
    context = {"edition": edition, "readiness": readiness}
    if readiness.file is not None:
        contents = readiness.contents
        form = AnswersForm(request.GET if "answers" in request.GET else {"answers": RANDOM}, contents=contents)
        standing = made_up_result(contents, form.codes())
        context |= {
            "form": form,
            "standing": standing,
            "result": standing.result,
            "team": standing.result.team,
            "words": ResultInWords(standing, []),
            "may": {"see_result": True},
            "radar": SimpleLazyObject(lambda: radar_chart(standing)),
        }
    return render(request, "preview/result.html", context)
