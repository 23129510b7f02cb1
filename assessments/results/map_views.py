"""The rubric map: the framework as a grid, with where a team stands on it."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..permissions.access import get_team
from ..permissions.roles import Permission
from ..web.requests import Request
from .history import TeamHistory
from .report import Standing
from .result_in_words import ResultInWords
from .rubric_map import RubricMap


@require_safe
@login_required
def rubric_map(request: Request, pk: UUID) -> HttpResponse:
    """By the newest result of a history; `dimension` and `level` open a cell."""
    team, may = get_team(request, pk, may=Permission.SEE_RESULT)
    past = TeamHistory.of(team, request.GET, tells=True)
    context = {"team": team, "may": may, "past": past, "map": None}
    if past.latest:
        standing = Standing(past.latest, None)
        seen = RubricMap(standing, request.GET)
        context |= {
            "map": seen,
            "standing": standing,
            "result": past.latest,
            "words": ResultInWords(standing, past.results),
            "behind": seen.behind(past.results),
        }
    return render(request, "results/map.html", context)
