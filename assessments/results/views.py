"""A frozen result: ladder, profile, blockers, and the answers behind each criterion."""

from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.functional import SimpleLazyObject
from django.views.decorators.http import require_safe

from ..evidence.beside import FactBeside
from ..measurements.team_figures import TeamFigures
from ..models import Result, SetbackReason
from ..permissions.access import Permissions, get_result
from ..permissions.roles import Permission
from ..planning.target_progress import graded
from ..web.kept_fragments import fragment_digest, kept, kept_while
from ..web.requests import Request
from ..web.unchanged_pages import told_from
from .checks import checks_behind, contradicted
from .comments import is_mine_alone, said_behind
from .forms import SetbackForm
from .from_outside import OutsideRow, outside_rows
from .history import current_beside, in_line_with, is_newest, latest_before
from .page_state import result_page_state
from .report import Standing
from .report_charts import radar_chart
from .result_in_words import ResultInWords

#: A page longer than this is drawn each time, as the memory for pieces of pages is bounded by their number alone.
MOST_KEPT = 250_000


class Drawn(NamedTuple):
    """A result in the pieces around the one with a form. `reasons` are why it fell, if it did and that may be seen."""

    actions: str
    above: str
    fell: bool
    reasons: str
    below: str

    @property
    def may_be_kept(self) -> bool:
        return len(self.above) + len(self.below) <= MOST_KEPT


def _outside(result: Result) -> list[OutsideRow]:
    """How people outside the team saw it. Frozen beside the result, and no part of it."""
    parts = [part.beside for part in result.outside_parts.all()]
    return outside_rows(result.edition.contents, parts) if parts else []


def _figures(result: Result, may: Permissions) -> TeamFigures | None:
    """Those of its team; a result that came with another team has none, as there is one value a month."""
    if result.former_team or not may(Permission.SEE_RESULT):
        return None
    return TeamFigures.beside(result.team, result.edition.contents)


def _checks(standing: Standing, may: Permissions) -> dict[str, list[FactBeside]]:
    """What pipelines had reported when it was frozen, by criterion."""
    return checks_behind(standing) if may(Permission.SEE_RESULT) else {}


@require_safe
@login_required
def result(request: Request, pk: UUID) -> HttpResponse:
    state = result_page_state(pk)
    result, may = get_result(request, pk)
    sees_votes = may(Permission.SEE_VOTES)
    # With its answers a page is one person's, as their own stand out in it; else it is for all with the same roles.
    seen_by = [may.drawn_from, (str(request.user.pk), str(may.reads_comments_since)) if sees_votes else ""]

    def digest_of(state: object) -> str:
        return fragment_digest(state, seen_by, result.team.today())

    digest = digest_of(state)
    if sees_votes and result.assessment.anonymous:
        # Comments of an anonymous assessment stand in another order each time.
        return _page(request, result, may, _drawn(request, result, may))
    drawn = kept_while(
        "result-page",
        digest,
        lambda: digest_of(result_page_state(pk)),
        lambda: _drawn(request, result, may),
        may_keep=lambda drawn: drawn.may_be_kept,
    )
    if drawn.fell and may(Permission.EXPLAIN_SETBACK):
        # The form on it is another one each time.
        return _page(request, result, may, drawn)
    return told_from(request, digest, lambda: _page(request, result, may, drawn))


def _page(request: Request, result: Result, may: Permissions, drawn: Drawn) -> HttpResponse:
    context = {
        "result": result,
        "team": result.team,
        "may": may,
        "drawn": drawn,
        "setback_form": SetbackForm(),
    }
    return render(request, "results/result.html", context)


def _drawn(request: Request, result: Result, may: Permissions) -> Drawn:
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
    generations = list(result.assessment.results.order_by("generation").defer("outcomes", "cells"))
    hides_others = bool(result.former_team) or not may.reads_comments_from(generations[0].created_at)
    voices, notes = said_behind(result, request.user, may, hides_others=hides_others)
    behind = "#answers-" if may(Permission.SEE_RESULT) else ""
    figures = _figures(result, may)
    checks = _checks(standing, may)
    context = {
        "result": result,
        "team": result.team,
        "may": may,
        "previous": previous and previous.pk,
        "standing": standing,
        "words": ResultInWords(standing, in_line_with(result, beside)),
        "targets": targets,
        "behind": behind,
        "digest": digest,
        # Drawn only if the template asks.
        "radar": SimpleLazyObject(lambda: radar_chart(standing, behind=behind)),
        "outside": _outside(result) if may(Permission.SEE_RESULT) else [],
        "figures": figures.for_result(result, previous) if figures else [],
        "checks": checks,
        "contradicted": contradicted(standing, checks),
        "not_followed": figures.not_followed(result, previous) if figures else "",
        "generations": generations,
        "reopenings": result.assessment.reopenings.select_related("by"),
        "is_mine_alone": is_mine_alone(result, voices),
        "hides_comments": may(Permission.SEE_VOTES) and hides_others,
        "voices": voices,
        "notes": notes,
    }
    fell = kept("fell", digest, lambda: standing.fell)
    reasons = ""
    if fell and may(Permission.SEE_RESULT):
        known = {"reasons": SetbackReason.objects.of(result), "team": result.team}
        reasons = render_to_string("results/_setback_reasons.html", known, request)
    return Drawn(
        actions=render_to_string("results/_result_actions.html", context, request),
        above=render_to_string("results/_result_above.html", context, request),
        fell=fell,
        reasons=reasons,
        below=render_to_string("results/_result_below.html", context, request),
    )
