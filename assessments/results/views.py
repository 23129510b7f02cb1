"""A frozen result: ladder, profile, blockers, and the answers behind each criterion."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from ..models import Result, SetbackReason
from ..permissions.access import get_result
from ..permissions.roles import Permission
from ..planning.target_progress import graded
from ..web.kept_fragments import fragment_digest, kept
from ..web.requests import Request
from ..web.unchanged_pages import unchanged_told
from .comments import is_mine_alone, said_behind
from .forms import SetbackForm
from .from_outside import OutsideRow, outside_rows
from .history import current_beside, in_line_with, is_newest, latest_before
from .report import Standing
from .report_charts import radar_chart
from .result_in_words import ResultInWords

#: The most characters of comments with which the answers are kept.
MOST_KEPT = 50_000


def _may_keep(result: Result, said: list) -> bool:
    """Whether to keep the answers with what people said about them.

    Comments of an anonymous assessment stand in another order each time, and the memory for pieces of pages is bounded
    by their number alone.
    """
    if not said:
        return True
    return not result.assessment.anonymous and len(repr(said)) <= MOST_KEPT


def _outside(result: Result) -> list[OutsideRow]:
    """How people outside the team saw it. Frozen beside the result, and no part of it."""
    parts = [part.beside for part in result.outside_parts.all()]
    return outside_rows(result.edition.contents, parts) if parts else []


@require_safe
@login_required
@unchanged_told
def result(request: Request, pk: UUID) -> HttpResponse:
    result, may = get_result(request, pk)
    beside = current_beside(result)
    targets = graded(result.targets_beside().for_grading(), results=beside)
    previous = latest_before(result, beside)
    newest = is_newest(result, beside)
    standing = Standing(result, previous, targets, is_newest=newest)
    digest = fragment_digest(
        may.drawn_from,
        [str(result.pk), result.is_current, previous and str(previous.pk), newest],
        [str(other.pk) for other in beside],
        [result.team.time_zone, result.team.today()],
        [target.drawn_from for target in targets],
    )
    fell = kept("fell", digest, lambda: standing.fell)
    generations = list(result.assessment.results.order_by("generation").defer("outcomes", "cells"))
    hides_others = bool(result.former_team) or not may.reads_comments_from(generations[0].created_at)
    voices, notes = said_behind(result, request.user, may, hides_others=hides_others)
    behind = "#answers-" if may(Permission.SEE_RESULT) else ""
    said = [(key, [tuple(voice) for voice in of_criterion]) for key, of_criterion in voices.items()]
    context = {
        "result": result,
        "team": result.team,
        "may": may,
        "standing": standing,
        "words": ResultInWords(standing, in_line_with(result, beside)),
        "targets": targets,
        "behind": behind,
        "digest": digest,
        "digest_of_answers": fragment_digest(digest, said, notes, hides_others) if _may_keep(result, said) else "",
        # Drawn only if the template asks.
        "radar": SimpleLazyObject(lambda: radar_chart(standing, behind=behind)),
        "outside": _outside(result) if may(Permission.SEE_RESULT) else [],
        "fell": fell,
        "reasons": SetbackReason.objects.of(result) if fell and may(Permission.SEE_RESULT) else [],
        "setback_form": SetbackForm(),
        "generations": generations,
        "reopenings": result.assessment.reopenings.select_related("by"),
        "is_mine_alone": is_mine_alone(result, voices),
        "hides_comments": may(Permission.SEE_VOTES) and hides_others,
        "voices": voices,
        "notes": notes,
    }
    return render(request, "results/result.html", context)
