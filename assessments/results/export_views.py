"""Results as files: all of a team, and one with everything that its page shows the same person."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.views.decorators.http import require_safe

from ..permissions.access import get_result, get_team
from ..planning.target_progress import graded
from ..web.from_replica import from_replica
from ..web.requests import Request
from ..web.spreadsheets import ExportForm
from .comments import said_behind
from .export import result_book, team_book
from .history import current_beside, is_newest, latest_before
from .report import Standing


@require_safe
@login_required
@from_replica
def export(request: Request, pk: UUID) -> HttpResponseBase:
    """Every current result of a team with its parts."""
    team, may = get_team(request, pk)
    return ExportForm(request.GET).response(team_book(team, may))


@require_safe
@login_required
@from_replica
def export_result(request: Request, pk: UUID) -> HttpResponseBase:
    """One result with every criterion."""
    result, may = get_result(request, pk)
    beside = current_beside(result)
    targets = graded(
        result.targets_beside().for_grading().select_related("team__unit"),
        results=beside,
    )
    standing = Standing(result, latest_before(result, beside), targets, is_newest=is_newest(result, beside))
    hides_others = bool(result.former_team) or not may.reads_comments_from(result.assessment.first_closed_at)
    voices, notes = said_behind(result, request.user, may, hides_others=hides_others)
    book = result_book(standing, may, targets=targets, voices=voices, notes=notes)
    return ExportForm(request.GET).response(book)
