"""The list of teams, and the page on which a team sees where it stands and how it got there."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ..models import Assessment, Team
from ..permissions import roles
from ..permissions.access import get_team
from ..planning.target_progress import graded
from . import history
from .report import Standing
from .report_charts import history_chart, radar_chart, small_multiples

PER_PAGE = 100


@require_safe
@login_required
def teams(request):
    """What waits for this person's answers, then the teams they may see, by unit and name, a page at a time."""
    words = request.GET.get("q", "").strip()
    found = Team.objects.visible_to(request.user).matching(words).select_related("unit")
    page = Paginator(found.order_by("unit__name", "unit", "name"), PER_PAGE).get_page(request.GET.get("page"))
    latest = history.latest_by_team(page.object_list)
    waiting = Assessment.objects.asking(request.user).for_person(request.user).select_related("team", "edition")
    context = {
        "rows": [(team, latest.get(team.pk)) for team in page],
        "page": page,
        "words": words,
        "waiting": waiting,
        "facilitating": Assessment.objects.facilitated_by(request.user).select_related("team", "edition"),
        "may_create": roles.may_in_site(is_administrator=request.user.is_administrator, action="create team"),
    }
    return render(request, "organisation/teams.html", context)


@require_safe
@login_required
def team(request, pk):
    team, may = get_team(request, pk)
    past = history.TeamHistory(team, request.GET, tells=may("see result"))
    unfinished = Assessment.objects.unfinished().filter(team=team).select_related("edition__framework")
    context = {
        "team": team,
        "may": may,
        "past": past,
        "unfinished": unfinished.for_person(request.user),
        "standing": None,
    }
    if past.latest:
        wanted = team.targets.filter(framework=past.latest.framework_id).for_grading()
        targets = graded(wanted, results=past.all)
        standing = Standing(past.latest, past.previous, targets)
        lasting = [each.target for each in targets if not each.outdated]
        context |= {
            "targets": targets,
            "standing": standing,
            "radar": radar_chart(standing),
            "chart": history_chart(past, standing.contents, lasting),
            "multiples": small_multiples(past, standing.contents, lasting),
        }
    return render(request, "results/team.html", context)
