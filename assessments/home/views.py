"""The start page, which says what waits for a person and where their teams stand, and the search."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..web.requests import Request
from .changes import changes_for
from .getting_started import GettingStarted
from .own_teams import OwnTeams
from .search import LONGEST, SHORTEST, search
from .waiting import tasks_for


@require_safe
@login_required
def home(request: Request) -> HttpResponse:
    """Nothing here tells more than the pages that it leads to."""
    teams = OwnTeams.of(request.user)
    since = request.user.see_home() if request.method == "GET" else request.user.home_seen_before
    context: dict[str, Any] = {
        "teams": teams,
        "tasks": tasks_for(request.user, teams),
        "changes": changes_for(request.user, since),
        "since": since,
        "runs_rounds": request.user.is_administrator or teams.has_units,
    }
    if request.user.is_administrator:
        context["getting_started"] = GettingStarted.unless_done()
    return render(request, "home/home.html", context)


@require_safe
@login_required
def find(request: Request) -> HttpResponse:
    words = " ".join(request.GET.get("q", "").split())[:LONGEST]
    context = {
        "words": words,
        "groups": search(request.user, words),
        "is_too_short": 0 < len(words) < SHORTEST,
    }
    return render(request, "home/search.html", context)
